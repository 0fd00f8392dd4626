"""Opening: what Pillow reads of an image file before it decodes any pixel."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ExifTags import Base as Tag

from noiser.core.adapters import PIL_MODES
from noiser.core.errors import LimitError, UnsupportedError, decoding, sentence
from noiser.io.formats import LOSSY_QUALITY
from noiser.io.limits import Limits, check_size
from noiser.io.metadata.read import check_profiles
from noiser.io.metadata.standard.tiff_pages import is_tiff, picture_page
from noiser.io.metadata.tiff_kind import check_kind, kind_in_words
from noiser.io.metadata.tiff_tags import directory_at

OPENERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "JP2": Jpeg2KImagePlugin.Jpeg2KImageFile,
}
"""Pillow's reader of each format: no other is ever asked, whatever else is installed."""

WEBP = 50001
"""TIFF's number of a compression that Pillow's wheels are built without."""

FILE_MODES = frozenset(PIL_MODES) - {"I", "F", "HSV"}
"""Pillow's modes that a file of 8 bits, or of gray of 16, is opened in."""

UNKNOWN_BMP = ("bitfields layout", "compression", "pixel depth")
"""What Pillow does not know of a sound BMP; other words are of damaged ones."""

TIFF_COMPRESSIONS = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
"""Kept as they are; a lossy or 1-bit compression becomes deflate."""


@contextmanager
def opened(
    file: BinaryIO, format_: str, limits: Limits, max_bits: int = 8, *, may_move: bool = False
) -> Iterator[ImageFile.ImageFile]:
    """Open an image whose pixels are not decoded yet; the one gate for decoders' errors.

    Args:
        file: Is read as far as the header goes.
        format_: Of the file, as `formats.sniff` says: a key of `OPENERS`.
        limits: How large the image may be.
        max_bits: Of a TIFF's colours; Pillow's pixels have 8, whatever the file has.
        may_move: Whether it may have several frames.

    Raises:
        ImageError: Of the kind that `decode` would raise by the header alone.
    """
    file.seek(0)
    with decoding(format_):
        page = _checked_page(file) if format_ == "TIFF" else 0
        try:
            with OPENERS[format_](file) as image:
                if page:
                    image.info.clear()  # of the first page, a smaller copy
                    image.seek(page)
                check_size(*image.size, limits)
                _check_kind(image, limits, max_bits, may_move)
                yield image
        except Image.DecompressionBombError as error:  # some of Pillow's readers have their own
            raise LimitError(sentence(error)) from error
        except (OSError, SyntaxError) as error:
            if (found := _unknown_kind(file, sentence(error), max_bits)) is None:
                raise
            raise UnsupportedError(found) from error


def _checked_page(file: BinaryIO) -> int:
    """Find the page of a TIFF that is the picture; refuses what there is no look for."""
    page = picture_page(file)
    check_kind(directory_at(file, page.at))
    file.seek(0)
    return page.number


def _unknown_kind(file: BinaryIO, said: str, max_bits: int) -> str | None:
    """Put into words what Pillow says of a sound file of a kind it does not know; else None."""
    if said == "unknown pixel mode":
        page = picture_page(file)
        if page.number:  # Pillow opens the first one first
            return "a smaller copy of an unusual kind before the picture; such a TIFF is not read"
        where = " in strips" if max_bits == 16 else ""
        return f"{kind_in_words(directory_at(file, page.at))}; such a TIFF is not read{where}"
    if said == "decoder error -2" and is_tiff(file):
        tags = directory_at(file, picture_page(file).at)
        is_webp = tags.get(Tag.Compression) == WEBP
        return "compression by WebP (50001), which Pillow was built without" if is_webp else None
    found = said.removeprefix("Unsupported BMP ")
    if found.startswith(UNKNOWN_BMP):
        return f"a BMP of an unusual {found}; noiser reads those of 1 to 8, 16, 24 and 32 bits"
    return None


def tiff_bits(image: ImageFile.ImageFile) -> int:
    """Read the depth of a TIFF's deepest channel; 1 for other formats, which have a gate."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 1
    return int(max(image.tag_v2.get(Tag.BitsPerSample, (1,))))


def _check_kind(image: ImageFile.ImageFile, limits: Limits, max_bits: int, may_move: bool) -> None:
    """Refuse animations, and depths that Pillow would cut or misread."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = tiff_bits(image)
        if bits > max_bits and not image.mode.startswith("I;16"):
            raise not_taken_whole(bits)
        if 8 < bits < 16:
            raise UnsupportedError(f"{bits} bits; noiser reads 8, 16 and floats of 32")
    elif not may_move and getattr(image, "n_frames", 1) > 1:
        raise UnsupportedError("several frames, which only noiser enhance takes")
    if image.mode not in FILE_MODES:
        raise UnsupportedError(f"pixels of the kind {image.mode}; there is no look for them")
    check_profiles(image.info, limits)


def encoding_of(image: ImageFile.ImageFile, data: bytes = b"") -> dict[str, Any]:
    """Find out how to write the same format as the input's."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        tables = image.quantization
        # Without tables of its own (a damaged or abbreviated stream) it gets ours.
        options: dict[str, Any] = {"qtables": tables} if tables else {"quality": LOSSY_QUALITY}
        sampling = JpegImagePlugin.get_sampling(image)
        if sampling >= 0:
            options["subsampling"] = sampling
        if image.info.get("progressive"):
            options["progressive"] = True
        return options
    if image.format == "WEBP":
        return {"lossless": True} if _is_lossless(data) else {"quality": LOSSY_QUALITY}
    if image.format == "AVIF":
        return {"quality": LOSSY_QUALITY}
    if image.format == "TIFF":
        compression = image.info.get("compression")
        return {
            "compression": compression if compression in TIFF_COMPRESSIONS else "tiff_adobe_deflate"
        }
    return {}


def _is_lossless(data: bytes) -> bool:
    """Tell whether the pixels of a WebP, or of its first frame, are kept as they were."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind in (b"VP8 ", b"VP8L"):
            return kind == b"VP8L"
        at += 8 + (16 if kind == b"ANMF" else size + size % 2)  # a frame has chunks of its own
    return False


def several_frames() -> UnsupportedError:
    """Say that an animation of another format than `formats.ANIMATED` is not read."""
    return UnsupportedError("several frames; noiser reads those of WebP, PNG, GIF and AVIF")


def not_taken_whole(bits: int) -> UnsupportedError:
    """Say that Pillow, which cuts colours to 8 bits, is not to read these."""
    return UnsupportedError(f"{bits} bits a colour; Pillow would cut them to 8")
