"""Holding: what a decoder must keep in memory of a picture that is read in strips."""

import math
import mmap
from typing import BinaryIO

from PIL import ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin
from PIL.ExifTags import Base as Tag

from noiser.core.errors import DecodeError, LimitError, UnsupportedError
from noiser.io.codecs.header import tiff_bits
from noiser.io.formats import check_header
from noiser.io.limits import MEGA, Limits

COEFFICIENT_BYTES = 2
"""libjpeg keeps the coefficients of all blocks where they come in several scans."""


def check_held(file: BinaryIO, image: ImageFile.ImageFile, channels: int, limits: Limits) -> None:
    """Refuse a picture of which the decoder would have to hold too much.

    Args:
        file: The file, open.
        image: Its header.
        channels: Of the picture as decoded.
        limits: Of what may be held, and of the scans of a JPEG.

    Raises:
        LimitError: The file's kind makes the decoder hold more than the limit.
        UnsupportedError: Its transparency is of a kind that is not read in strips.
        DecodeError: The file has no pixels.
    """
    pixels = math.prod(image.size)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if not _in_several_scans(image, data):
                return
            held = int(pixels * _samples_a_pixel(image) * COEFFICIENT_BYTES)
            _check("a progressive JPEG", "save it as a baseline JPEG", held, limits)
            check_header("JPEG", data, limits)
    elif isinstance(image, PngImagePlugin.PngImageFile) and image.info.get("interlace"):
        held = pixels * channels * _bytes_a_channel(file)
        _check("an interlaced PNG", "save it without interlacing", held, limits)
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        tags = image.tag_v2
        if 1 in tags.get(Tag.ExtraSamples, ()):
            raise UnsupportedError("premultiplied transparency; it is not read in strips")
        if Tag.TileWidth not in tags and tags.get(Tag.Compression, 1) == 1:
            return  # a strip that is not compressed is read by rows, however high it is
        rows = min(
            int(tags.get(Tag.TileLength, tags.get(Tag.RowsPerStrip, image.height))), image.height
        )
        held = rows * image.width * channels * (tiff_bits(image) // 8 or 1)
        _check(f"a TIFF with {rows} rows in a piece", "save it in smaller tiles", held, limits)


def _check(kind: str, advice: str, held: int, limits: Limits) -> None:
    """Refuse what is above the limit."""
    if held > limits.max_held_bytes:
        raise LimitError(
            f"{kind} of this size needs {held / MEGA:.0f} MB of memory; the limit is "
            f"{limits.max_held_bytes / MEGA:.0f} MB: {advice}"
        )


def _in_several_scans(image: JpegImagePlugin.JpegImageFile, data: mmap.mmap) -> bool:
    """Tell whether a JPEG is progressive, or has less than all of its components in a scan.

    Where the first scan has them all and is sequential, no other can follow.
    """
    if image.info.get("progressive"):
        return True
    at = 2
    while at < len(data) - 5:
        if data[at] != 0xFF or data[at + 1] == 0xFF:
            at += 1  # fill bytes, and what Pillow would skip
        elif data[at + 1] == 0xDA:
            return data[at + 4] < image.layers
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise DecodeError("damaged JPEG data: there is no scan")


def _samples_a_pixel(image: JpegImagePlugin.JpegImageFile) -> float:
    """Count samples as subsampled: 3 for 4:4:4, 1.5 for 4:2:0."""
    factors = [(max(h, 1), max(v, 1)) for _, h, v, _ in image.layer]
    widest, highest = (max(axis) for axis in zip(*factors, strict=True))
    return float(sum(h * v for h, v in factors) / (widest * highest))


def _bytes_a_channel(file: BinaryIO) -> int:
    """Read the depth from a PNG's header."""
    file.seek(24)
    return 2 if file.read(1) == b"\x10" else 1
