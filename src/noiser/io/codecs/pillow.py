"""Pillow: pictures of 8 bits a colour, and gray of 16, of all formats but HEIC."""

import io
from typing import Any

from PIL import Image

from noiser.core.adapters import pil_array, pil_pixels
from noiser.core.errors import encoding
from noiser.io.codecs.header import encoding_of, opened
from noiser.io.codecs.quality import encoding_for
from noiser.io.color.profiles import SRGB, from_cmyk
from noiser.io.metadata.embed import save_options, without_page_number
from noiser.io.metadata.orientation import turn_upright
from noiser.io.metadata.read import read_metadata
from noiser.io.metadata.standard.required import completed
from noiser.io.metadata.standard.tiff_types import mend
from noiser.io.photo import Photo
from noiser.io.source import Source

PNG_LEVEL = 4
"""Of zlib: files are 2 % larger than at 6, the usual, and take half the time."""


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`."""
    with opened(io.BytesIO(source.data), source.format, source.limits) as image:
        return image.size


def memory_factor(_source: Source) -> int:
    """See `Codec`."""
    return 1


def decode(source: Source) -> Photo:
    """Read a picture, upright; CMYK and Lab become sRGB.

    Raises:
        ImageError: It cannot be read.
    """
    with opened(io.BytesIO(source.data), source.format, source.limits) as image:
        encoding = encoding_of(image, source.data)
        file = io.BytesIO(source.data)
        metadata = read_metadata(image, source.limits, file, notes=source.notes)
        image.load()
        turn_upright(image, metadata.pop("orientation", 1))
        if image.mode == "CMYK":
            pixels, note = pil_array(from_cmyk(image, metadata)), "CMYK was converted to sRGB"
        elif image.mode == "LAB":
            pixels, note = pil_pixels(image), "Lab was converted to sRGB"
            metadata["icc_profile"] = SRGB
        else:
            pixels, note = pil_pixels(image), None
        return Photo(pixels, source.format, metadata, encoding, note)


def encode(photo: Photo, format_: str) -> bytes:
    """Write an image file of 8 bits a colour, or of gray of 16 as PNG or TIFF.

    Args:
        photo: The pixels, the metadata, and the encoding where the format stays.
        format_: Any but HEIC.

    Returns:
        The whole file.

    Raises:
        OutputError: The format cannot hold the image.
    """
    image = Image.fromarray(photo.pixels)
    if image.mode == "LA" and format_ not in ("PNG", "TIFF"):
        image = image.convert("RGBA")
    is_own = photo.format == format_
    metadata = completed(photo.metadata, format_, image.size, is_own=is_own)
    options = _options(photo, format_) | save_options(metadata, format_)
    if format_ == "TIFF":
        options = without_page_number(options)
    buffer = io.BytesIO()
    with encoding(format_):
        image.save(buffer, format_, **options)
    if format_ == "TIFF":
        with buffer.getbuffer() as written:
            mend(written, metadata.get("exif", b""))
    return buffer.getvalue()


def _options(photo: Photo, format_: str) -> dict[str, Any]:
    """Say how to write it: as the input was, where the format stays."""
    options = encoding_for(format_, photo.format, photo.encoding, photo.quality)
    return options | {"compress_level": PNG_LEVEL} if format_ == "PNG" else options
