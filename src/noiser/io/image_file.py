"""Decode and encode: bytes to pixels and what belongs to them, and back."""

import io
from dataclasses import replace

import numpy as np

from noiser.core.adapters import pil_array, pil_pixels
from noiser.core.color import linear_from_srgb
from noiser.io.codecs import avif
from noiser.io.codecs.header import encoding_of, opened
from noiser.io.codecs.heif import decode_heic, encode_heic, read_heic_size
from noiser.io.codecs.high_bit_depth import apply, colors, decode_deep, is_deep, read_deep_size
from noiser.io.codecs.pillow import check_holds, encode_with_pillow
from noiser.io.codecs.raw import decode_raw, is_raw, read_raw_size
from noiser.io.codecs.strip_layout import Layout
from noiser.io.codecs.strip_writer import write_strips
from noiser.io.color.profiles import from_cmyk
from noiser.io.limits import Limits, check_header, sniff
from noiser.io.metadata.orientation import turn_upright
from noiser.io.metadata.read import read_metadata
from noiser.io.metadata.tiff_tags import Directory, has_floats, read_directories
from noiser.io.photo import Photo

WEIGHTS = {"deep": 2, "HEIC": 2, "RAW": 5, "floats": 6}
"""Memory against that of 8 bits a colour: measured with 24 megapixels, file and output counted."""


def decode(data: bytes, limits: Limits | None = None, suffix: str = "") -> Photo:
    """Read an image file.

    Args:
        data: The whole file.
        limits: How large the image may be.
        suffix: Of the file's name; only tells camera raws that say nowhere that they are one.

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
    limits = limits or Limits()
    kind, tags = kind_of(data, limits, suffix)
    if kind == "RAW":
        return decode_raw(data, limits)
    if kind == "HEIC":
        return decode_heic(data, limits)
    if is_deep(kind, data, tags):
        return decode_deep(kind, data, tags, limits)
    with opened(io.BytesIO(data), limits) as image:
        encoding = encoding_of(image, data)
        metadata = read_metadata(image, limits, io.BytesIO(data))
        image.load()
        turn_upright(image, metadata.pop("orientation", 1))
        if image.mode == "CMYK":
            pixels, note = pil_array(from_cmyk(image, metadata)), "CMYK was converted to sRGB"
        else:
            pixels, note = pil_pixels(image), None
        return Photo(pixels, kind, metadata, encoding, note)


def read_size(data: bytes, limits: Limits | None = None, suffix: str = "") -> tuple[int, int]:
    """Read width and height [pixels] from the header; refuses what `decode` would refuse."""
    limits = limits or Limits()
    kind, tags = kind_of(data, limits, suffix)
    if kind == "RAW":
        return read_raw_size(data, limits)
    if kind == "HEIC":
        return read_heic_size(data, limits)
    if is_deep(kind, data, tags):
        return read_deep_size(kind, data, tags, limits)
    with opened(io.BytesIO(data), limits) as image:
        return image.size


def weight_of(data: bytes, limits: Limits | None = None, suffix: str = "") -> int:
    """Say as how many pixels of 8 bits a picture weighs in memory, by its header [pixels].

    Raises:
        ImageError: `decode` would refuse it by the header alone.
    """
    limits = limits or Limits()
    width, height = read_size(data, limits, suffix)
    kind, tags = kind_of(data, limits, suffix)
    if kind == "TIFF" and tags is not None and has_floats(tags):
        kind = "floats"
    elif is_deep(kind, data, tags):
        kind = "deep"
    return width * height * WEIGHTS.get(kind, 1)


def encode(photo: Photo, format_: str | None = None) -> bytes:
    """Write an image file.

    Args:
        photo: The pixels, the metadata, and the encoding where the format stays. Floats are
            written as linear light.
        format_: By default the photo's own. Nothing is cut to fit it: see `pillow.reduced`.

    Returns:
        The whole file.

    Raises:
        OutputError: The format cannot hold the image.
        MissingExtraError: The format needs a part of noiser that is not installed.
    """
    format_ = format_ or photo.format
    check_holds(photo, format_)
    if format_ == "HEIC":
        return encode_heic(photo)
    if photo.pixels.dtype == np.uint8 or (photo.depth == 16 and photo.channels == 1):
        return encode_with_pillow(photo, format_)
    if format_ == "AVIF":
        return avif.encode_deep(photo)
    if photo.pixels.dtype == np.float32:
        photo = _linear(photo)
    height, width = photo.pixels.shape[:2]
    encoding = photo.encoding if format_ == photo.format else {"compression": "deflate"}
    layout = Layout(
        format_, width, height, photo.channels, photo.pixels.dtype, photo.metadata, encoding
    )
    buffer = io.BytesIO()
    write_strips(buffer, [photo.pixels], layout)
    return buffer.getvalue()


def kind_of(data: bytes, limits: Limits, suffix: str) -> tuple[str, Directory | None]:
    """Tell what a file is; of a TIFF, with its first directory."""
    format_ = sniff(data)
    check_header(format_, data, limits)
    if format_ != "TIFF":
        return format_, None
    directories = read_directories(io.BytesIO(data))
    return ("RAW" if is_raw(directories, suffix) else "TIFF"), directories[0]


def _linear(photo: Photo) -> Photo:
    """Bring floats back to linear light, and give the part above white back."""
    linear = photo.pixels.copy()
    apply(linear_from_srgb, colors(linear))
    if photo.above is not None:
        linear += photo.above
    return replace(photo, pixels=linear, above=None)
