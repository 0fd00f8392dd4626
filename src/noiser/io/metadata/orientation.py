"""Orientation: what changes with it, the pixels and what is said of their size."""

from typing import Any

import numpy as np
from PIL import Image, ImageOps
from PIL.ExifTags import Base as Tag

from noiser.core.types import Pixels
from noiser.io.metadata import exif, xmp


def turn_upright(image: Image.Image, orientation: int) -> None:
    """Turn pixels in place; a TIFF's are turned by Pillow when they are decoded."""
    if orientation == 1 or image.format == "TIFF":
        return
    image.info["exif"] = exif.serialize(
        exif.Exif().with_number("main", Tag.Orientation, orientation)
    )
    image.getexif()[exif.ORIENTATION] = orientation
    ImageOps.exif_transpose(image, in_place=True)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Turn pixels as EXIF's orientation says (TIFF 6.0, tag 274).

    Args:
        pixels: [H,W] or [H,W,C], as stored.
        orientation: 1 to 8; any other is as 1.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def orientation_in(packet: bytes | None) -> int:
    """Read the orientation from XMP, for files that have it nowhere else."""
    if packet is None:
        return 1
    value = xmp.properties(xmp.parse(packet), xmp.TIFF).get("Orientation", "1")
    return int(value) if value.isascii() and value.isdigit() and len(value) == 1 else 1


def sized(block: exif.Exif, width: int, height: int) -> exif.Exif:
    """Let the size in EXIF, where there is one, be the picture's."""
    for tag, size in ((exif.WIDTH, width), (exif.HEIGHT, height)):
        if tag in block.camera and block.number("camera", tag) != size:
            block = block.with_number("camera", tag, size)
    return block


def with_size(metadata: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """Let the size that metadata tell, where they do, be that of the pixels [pixels]."""
    made = dict(metadata)
    if data := made.get("exif"):
        made["exif"] = exif.serialize(sized(exif.parse(data, 2 * len(data)), width, height))
    if packet := made.get("xmp"):
        made["xmp"] = upright(packet, width, height, keep_orientation=True)
    return made


def upright(packet: bytes, width: int, height: int, keep_orientation: bool) -> bytes:
    """Let orientation and size in XMP, where they are, be those of the pixels."""
    values = {
        (xmp.TIFF, "ImageWidth"): str(width), (xmp.TIFF, "ImageLength"): str(height),
        (xmp.EXIF, "PixelXDimension"): str(width), (xmp.EXIF, "PixelYDimension"): str(height),
    }  # fmt: skip
    if not keep_orientation:
        values[xmp.TIFF, "Orientation"] = "1"
    return xmp.edited(packet, lambda *_: False, values)
