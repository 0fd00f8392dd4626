"""Decode and encode: bytes to pixels and what belongs to them, and back."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from noiser.carriers import PIL_MODES, pil_array, pil_pixels
from noiser.errors import DecodeError, ImageError, LimitError, OutputError, UnsupportedError
from noiser.io.attaching import save_options
from noiser.io.gate import Limits, check_header, check_size, deep_color, sniff
from noiser.io.metadata import read_metadata, turn_upright
from noiser.io.profiles import from_cmyk
from noiser.types import Pixels

OPENERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}
"""Pillow's reader of each format: no other is ever asked, whatever else is installed."""

SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG",
    ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".dib": "BMP",
    ".avif": "AVIF",
}  # fmt: skip
"""Formats by the suffix of a file that is to be written."""

LOSSY_QUALITY = 90
"""For WebP, AVIF, and JPEGs made from another format; JPEGs keep their own tables."""

PNG_LEVEL = 4
"""Of zlib: files are 2 % larger than at 6, the usual, and take half the time."""

TIFF_COMPRESSIONS = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
"""Kept as they are; a lossy or 1-bit compression becomes deflate."""


@dataclass(frozen=True, eq=False)
class Photo:
    """The pixels of an image file, upright, and what the file said about them."""

    pixels: Pixels
    """uint8 or uint16 [H,W] or [H,W,C], as the user sees it."""

    format: str
    """`JPEG`, `PNG`, `WEBP`, `TIFF`, `BMP` or `AVIF`."""

    metadata: dict[str, Any] = field(default_factory=dict)
    """As `read_metadata` gives them."""

    encoding: dict[str, Any] = field(default_factory=dict)
    """Arguments of `save` for the same format: tables, subsampling, compression."""

    note: str | None = None
    """What the user should know of the conversion, if there was one."""


def decode(data: bytes, limits: Limits | None = None) -> Photo:
    """Read an image file.

    Args:
        data: The whole file.
        limits: How large the image may be.

    Returns:
        The photo. 1-bit becomes gray; a palette becomes RGB, or RGBA with transparency;
        CMYK becomes sRGB, through its own profile where it has one.

    Raises:
        UnsupportedError: The file is of a kind that noiser does not handle.
        LimitError: It is larger than the limits allow; no pixel was decoded.
        DecodeError: The data is damaged or incomplete.
    """
    limits = limits or Limits()
    with _opened(data, limits) as image:
        encoding = encoding_of(image, data)
        metadata = read_metadata(image, limits, io.BytesIO(data))
        image.load()
        turn_upright(image, metadata.pop("orientation", 1))
        if image.mode == "CMYK":
            pixels, note = pil_array(from_cmyk(image, metadata)), "CMYK was converted to sRGB"
        else:
            pixels, note = pil_pixels(image), None
        return Photo(pixels, sniff(data), metadata, encoding, note)


def read_size(data: bytes, limits: Limits | None = None) -> tuple[int, int]:
    """Read width and height [pixels] from the header; refuses what `decode` would refuse."""
    with _opened(data, limits or Limits()) as image:
        return image.size


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[ImageFile.ImageFile]:
    """Open an image that is to be decoded by Pillow, whole."""
    check_header(sniff(data), data, limits)
    with opened(io.BytesIO(data), limits) as image:
        yield image


@contextmanager
def opened(file: BinaryIO, limits: Limits, max_bits: int = 8) -> Iterator[ImageFile.ImageFile]:
    """Open an image whose pixels are not decoded yet; the one gate for decoders' errors.

    Args:
        file: Is read as far as the header goes.
        limits: How large the image may be.
        max_bits: Of a TIFF's colours; Pillow's pixels have 8, whatever the file has.

    Raises:
        ImageError: Of the kind that `decode` would raise by the header alone.
    """
    file.seek(0)
    format_ = sniff(file.read(64))
    file.seek(0)
    try:
        with OPENERS[format_](file) as image:
            check_size(*image.size, limits)
            _check_kind(image, limits, max_bits)
            yield image
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # some of Pillow's readers have their own
        raise LimitError(sentence(error)) from error
    except Exception as error:  # decoders raise what they don't document
        raise DecodeError(f"damaged {format_} data: {sentence(error)}") from error


def tiff_bits(image: ImageFile.ImageFile) -> int:
    """Read the depth of a TIFF's deepest channel; 1 for other formats, which have a gate."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 1
    return int(max(image.tag_v2.get(258, (1,))))


def encode(photo: Photo, format_: str | None = None) -> bytes:
    """Write an image file.

    Args:
        photo: The pixels, the metadata, and the encoding where the format stays.
        format_: By default the photo's own.

    Returns:
        The whole file.

    Raises:
        OutputError: The format cannot hold the image.
    """
    format_ = format_ or photo.format
    channels = photo.pixels.shape[2] if photo.pixels.ndim == 3 else 1
    if photo.pixels.dtype == np.uint16 and format_ not in ("PNG", "TIFF"):
        raise OutputError(f"{format_} cannot hold 16 bits; choose PNG or TIFF")
    if channels in (2, 4) and format_ == "JPEG":
        raise OutputError("JPEG cannot hold transparency; choose PNG, WebP, TIFF or AVIF")
    image = Image.fromarray(photo.pixels)
    if image.mode == "LA" and format_ not in ("PNG", "TIFF"):
        image = image.convert("RGBA")
    options = {"quality": LOSSY_QUALITY} if format_ in ("JPEG", "WEBP", "AVIF") else {}
    if format_ == photo.format:
        options = photo.encoding
    if format_ == "PNG":
        options = options | {"compress_level": PNG_LEVEL}
    buffer = io.BytesIO()
    try:
        image.save(buffer, format_, **options | save_options(photo.metadata, format_))
    except Exception as error:  # encoders raise what they don't document
        raise OutputError(f"cannot be written as {format_}: {sentence(error)}") from error
    return buffer.getvalue()


def _check_kind(image: ImageFile.ImageFile, limits: Limits, max_bits: int) -> None:
    """Refuse animations, camera raw, and depths that Pillow would cut or misread."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        tags = image.tag_v2
        if 50706 in tags or tags.get(254) == 1:  # DNGVersion; a first page that is a preview
            raise UnsupportedError("camera raw; this version reads developed pictures only")
        bits = tiff_bits(image)
        if bits > max_bits and not image.mode.startswith("I;16"):
            raise deep_color(bits)
        if 8 < bits < 16:
            raise UnsupportedError(f"{bits} bits; this version reads 8 and 16")
    frames = _frames(image)
    if frames > 1:
        raise UnsupportedError("several pages or frames; noiser enhances single pictures")
    if image.mode not in PIL_MODES:
        raise UnsupportedError(f"pixels of the kind {image.mode}; there is no look for them")
    for name in ("icc_profile", "exif", "xmp"):
        size = len(image.info.get(name) or b"")
        if size > limits.max_profile_bytes:
            raise LimitError(
                f"{name} of {size} bytes; the limit is {limits.max_profile_bytes} bytes"
            )


def _frames(image: ImageFile.ImageFile) -> int:
    """Count frames, as far as two: a TIFF's page list can be long, or a loop."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(getattr(image, "n_frames", 1))
    try:
        image.seek(1)
    except EOFError:
        return 1
    return 2


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
        lossless = b"VP8L" in data[:64]
        return {"lossless": True} if lossless else {"quality": LOSSY_QUALITY}
    if image.format == "AVIF":
        return {"quality": LOSSY_QUALITY}
    if image.format == "TIFF":
        compression = image.info.get("compression")
        return {
            "compression": compression if compression in TIFF_COMPRESSIONS else "tiff_adobe_deflate"
        }
    return {}


def sentence(error: BaseException) -> str:
    """Make one short line of whatever an error says."""
    text = " ".join(str(error).split())
    if not any(character.isalpha() for character in text):
        text = f"{type(error).__name__} {text}".rstrip()
    return text if len(text) <= 160 else f"{text[:157]}..."
