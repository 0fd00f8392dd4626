"""JPEG 2000: read through Pillow (OpenJPEG), and never written."""

import io

import numpy as np

from noiser.core.adapters import pil_pixels
from noiser.core.errors import DecodeError, LimitError
from noiser.core.types import Pixels
from noiser.io.codecs.boxed.jpeg_2000_boxes import Header, read_header
from noiser.io.codecs.header import opened
from noiser.io.codecs.high_bit_depth import full_range
from noiser.io.formats import INSTEAD
from noiser.io.limits import Limits, check_size
from noiser.io.metadata.orientation import turned
from noiser.io.metadata.tiff_tags import carried
from noiser.io.photo import Photo
from noiser.io.source import Source


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`; width and height are as stored."""
    header = _checked(source)
    return header.width, header.height


def memory_factor(_source: Source) -> int:
    """See `Codec`; measured with 12 megapixels."""
    return 3


def decode(source: Source) -> Photo:
    """Read a JPEG 2000, upright.

    Returns:
        The photo: uint8, or uint16 of gray with 9 to 16 bits; to be written as a TIFF by default.

    Raises:
        UnsupportedError: It is of a kind that Pillow would cut or misread.
        LimitError: It is larger than the limits allow; no pixel was decoded.
        DecodeError: The data is damaged or incomplete.
    """
    header = _checked(source)
    with opened(io.BytesIO(source.data), "JP2", source.limits) as image:
        if image.size != (header.width, header.height):
            raise DecodeError("damaged JP2 data: its two headers differ")
        image.load()
        found = {"dpi": image.info.get("dpi")} | header.info
        pixels = _whole(pil_pixels(image), header.bits)
    metadata = carried(found, source.limits, (header.width, header.height))
    if "iptc" in header.info:
        metadata["iptc"] = _iptc(header.info["iptc"], source.limits)
    pixels = turned(pixels, int(metadata.pop("orientation", 1)))
    bits = header.bits if header.bits in (10, 12) else None
    return Photo(pixels, INSTEAD, metadata, {"compression": "tiff_adobe_deflate"}, bits=bits)


def _iptc(data: bytes, limits: Limits) -> bytes:
    """Check how long it is."""
    if len(data) > limits.max_profile_bytes:
        raise LimitError(f"iptc of {len(data)} bytes; the limit is {limits.max_profile_bytes}")
    return data


def _checked(source: Source) -> Header:
    """Read the header; refuses what is too large."""
    header = read_header(source.data)
    check_size(header.width, header.height, source.limits)
    return header


def _whole(pixels: Pixels, bits: int) -> Pixels:
    """Let white be white: Pillow moves few bits to the top and leaves the lowest empty."""
    if bits in (8, 16):
        return pixels
    if bits > 8:
        return full_range(pixels >> (16 - bits), bits)
    return (full_range(pixels.astype(np.uint16) >> (8 - bits), bits) >> 8).astype(np.uint8)
