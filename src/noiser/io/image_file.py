"""Image files: bytes to pixels and what belongs to them, and back.

    bytes -> identify -> Source -> decode -> Photo -> ... -> Photo -> encode -> bytes

Each codec is a module of `codecs/`; here is chosen which one reads and which one writes.
"""

import io
from collections.abc import Callable

import numpy as np

from noiser.io.codecs import (
    animation,
    gif,
    high_bit_depth,
    multipage,
    pillow,
    raw,
)
from noiser.io.codecs.bit_depth import check_holds
from noiser.io.codecs.boxed import avif, heif, jpeg_2000, jpeg_xl
from noiser.io.codecs.strips import writer
from noiser.io.formats import check_header, may_move, sniff
from noiser.io.limits import Limits
from noiser.io.metadata.png import damage as png_damage
from noiser.io.metadata.standard.tiff_pages import picture_pages
from noiser.io.metadata.tiff_tags import picture_tags, read_directories
from noiser.io.photo import Photo
from noiser.io.source import Source

CODECS = {"RAW": raw, "HEIC": heif, "JXL": jpeg_xl, "JP2": jpeg_2000}
"""Who reads formats that Pillow does not, or not at once; `high_bit_depth` what it would cut."""


OWN_ENCODERS = {"HEIC": heif.encode, "JXL": jpeg_xl.encode, "GIF": gif.encode}
"""Who writes formats of which one writer takes all kinds of pictures."""


def identify(data: bytes, limits: Limits | None = None, suffix: str = "") -> Source:
    """Tell what an image file is, and who reads it.

    Args:
        data: The whole file.
        limits: How large the image may be.
        suffix: Of the file's name; only tells camera raws that say nowhere that they are one.

    Raises:
        UnsupportedError: The file is of a kind that noiser does not handle.
        LimitError: A JPEG has too many scans.
        DecodeError: The tags of a TIFF cannot be read.
    """
    limits = limits or Limits()
    format_ = sniff(data)
    check_header(format_, data, limits)
    if format_ == "TIFF":
        directories = read_directories(io.BytesIO(data))
        tags = picture_tags(io.BytesIO(data), directories)
        if raw.is_raw(directories, suffix, tags):
            return Source(data, "RAW", limits, raw, directories[0])
        if (parts := len(picture_pages(io.BytesIO(data)))) > 1:
            return Source(data, format_, limits, multipage, tags, parts)
        codec = high_bit_depth if high_bit_depth.tiff_is_deep(tags) else pillow
        return Source(data, format_, limits, codec, tags)
    notes: list[str] = []
    if format_ == "PNG" and (spans := png_damage.damaged(io.BytesIO(data))):
        data, notes = png_damage.without(data, spans), png_damage.notes_on(spans)
    if may_move(format_, data) and (parts := animation.count(format_, data, limits)) > 1:
        return Source(data, format_, limits, animation, parts=parts, notes=tuple(notes))
    if format_ in ("PNG", "AVIF") and high_bit_depth.is_deep(format_, data):
        return Source(data, format_, limits, high_bit_depth, notes=tuple(notes))
    return Source(data, format_, limits, CODECS.get(format_, pillow), notes=tuple(notes))


def decode(data: bytes, limits: Limits | None = None, suffix: str = "") -> Photo:
    """Read an image file.

    Args:
        data: The whole file.
        limits: How large the image may be.
        suffix: As for `identify`.

    Returns:
        The photo. 1-bit becomes gray; a palette becomes RGB, or RGBA with transparency;
        CMYK becomes sRGB, through its own profile where it has one; 10 and 12 bits become
        uint16; floats, which are linear light, come to the sRGB curve; a camera raw is developed.

    Raises:
        UnsupportedError: The file is of a kind that noiser does not handle.
        LimitError: It is larger than the limits allow; no pixel was decoded.
        DecodeError: The data is damaged or incomplete.
        MissingExtraError: Its kind needs a part of noiser that is not installed.
    """
    source = identify(data, limits, suffix)
    return source.codec.decode(source)


def encode(photo: Photo, format_: str | None = None) -> bytes:
    """Write an image file.

    Args:
        photo: The pixels, the metadata, and the encoding where the format stays. Floats are
            written as linear light.
        format_: By default the photo's own. Nothing is cut to fit it: see `bit_depth.reduced`.

    Returns:
        The whole file.

    Raises:
        OutputError: The format cannot hold the image.
        MissingExtraError: The format needs a part of noiser that is not installed.
    """
    format_ = format_ or photo.format
    write = _encoder(photo, format_)
    check_holds(photo, format_)
    tail: bytes = photo.metadata.get("tail", b"")
    return write(photo, format_) + tail


def _encoder(photo: Photo, format_: str) -> Callable[[Photo, str], bytes]:
    """Choose who writes a picture."""
    if format_ in OWN_ENCODERS:
        return OWN_ENCODERS[format_]
    if photo.pixels.dtype == np.uint8 or (photo.depth == 16 and photo.channels == 1):
        return pillow.encode
    return avif.encode if format_ == "AVIF" else writer.encode
