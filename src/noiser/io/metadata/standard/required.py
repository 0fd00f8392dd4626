"""Required tags: what the standards demand of the EXIF in a JPEG, and of a TIFF's tags.

EXIF that comes from another format, or is new, may lack them, and may have what only the other
format allows (Exif 2.32, tables 17 to 20; TIFF 6.0, section 6).
"""

from dataclasses import replace
from typing import Any, BinaryIO

from PIL.ExifTags import GPS
from PIL.ExifTags import Base as Tag

from noiser.io.color.profiles import SRGB, SRGB_GRAY
from noiser.io.metadata import exif
from noiser.io.metadata.exif import Exif, Value
from noiser.io.metadata.standard.tiff_types import as_standard, as_stored

CHROMA_PLACE = Tag.YCbCrPositioning
"""Where the samples of chroma lie between those of luma: of pixels as a JPEG has them.

EXIF that says it was a JPEG's: `read` hands it on from no other format, and lets it say what holds
without it.
"""

CENTERED = 1
"""Chroma between the pixels it belongs to: where JFIF, and so every encoder, has it."""

NOT_IN_A_TIFF = (
    Tag.ComponentsConfiguration,
    Tag.CompressedBitsPerPixel,
    exif.WIDTH,
    exif.HEIGHT,
)
"""What only compressed pictures say in the camera's table; a TIFF has tags of its own for it."""

VERSION = Value(exif.RAW, b"0232")
"""Of Exif: the first that has all tags but those of 2023."""

FLASHPIX = Value(exif.RAW, b"0100")
"""Version 1.0, the only one."""

PLACE_VERSION = Value(exif.BYTE, bytes((2, 3, 0, 0)))
"""Of the table of the place, with all its tags."""

LUMA_AND_CHROMA = Value(exif.RAW, bytes((1, 2, 3, 0)))
"""The components of a JPEG's pixels: Y, Cb, Cr."""

UNCALIBRATED = 0xFFFF
"""EXIF's number of any colour space but sRGB."""

RESOLUTION = (Tag.XResolution, Tag.YResolution, Tag.ResolutionUnit)
"""Tags of the resolution across and down, and of its unit."""

INCH = 2
"""The number of the unit."""

UNKNOWN = (72.0, 72.0)
"""The resolution that EXIF has where nobody knows it [pixels an inch]."""

SQUARE = (1.0, 1.0, 1)
"""The resolution of a TIFF that says nothing but that pixels are square: without a unit."""


def completed(
    metadata: dict[str, Any], format_: str, size: tuple[int, int], *, is_own: bool
) -> dict[str, Any]:
    """Give EXIF what a JPEG or a TIFF has to have, and take what it must not have.

    Args:
        metadata: As `read_metadata` gives them.
        format_: To be written; in any but JPEG and TIFF nothing is required.
        size: Width and height of the output [pixels].
        is_own: Whether the metadata come from a file of the same format.
    """
    if format_ == "JPEG" and "exif" in metadata:
        block = _parsed(metadata)
        if not block.without("main", [CHROMA_PLACE]):
            return {kind: value for kind, value in metadata.items() if kind != "exif"}
        if CHROMA_PLACE not in block.main:
            data = exif.serialize(_for_jpeg(block, metadata, size))
            if len(data) <= exif.JPEG_BYTES:  # or the maker note would have to go
                return metadata | {"exif": data}
    if format_ == "TIFF" and "exif" in metadata and not is_own:
        block = _with_versions(_parsed(metadata), metadata)
        block = block.without("main", [CHROMA_PLACE]).without("camera", NOT_IN_A_TIFF)
        return metadata | {"exif": exif.serialize(block)}
    return metadata


def of_a_raw(metadata: dict[str, Any]) -> dict[str, Any]:
    """Make EXIF of a raw, or of the JPEG within it, what a TIFF has."""
    if "exif" not in metadata:
        return metadata
    block = as_standard(_with_versions(_parsed(metadata), metadata))
    block = block.without("camera", NOT_IN_A_TIFF)
    return metadata | {"exif": exif.serialize(block)}


def without_chroma_place(data: bytes) -> bytes:
    """Leave out of EXIF what is true in a JPEG only; nothing may be left."""
    block = exif.parse(data, len(data) * 4)
    if CHROMA_PLACE not in block.main:
        return data
    return exif.serialize(block.without("main", [CHROMA_PLACE]))


def with_dpi(block: Exif, dpi: tuple[float, float]) -> Exif:
    """Put the resolution [pixels an inch] into EXIF."""
    if all(tag in block.main for tag in RESOLUTION[:2]):
        if RESOLUTION[2] in block.main:
            return block
        return block.with_number("main", RESOLUTION[2], INCH)  # as if nothing is said
    for tag, value in zip(RESOLUTION, dpi, strict=False):
        block = block.with_fraction(tag, round(value * 1000), 1000)
    return block.with_number("main", RESOLUTION[2], INCH)


def of_a_tiff(block: Exif, file: BinaryIO) -> Exif:
    """Make EXIF of what Pillow read from a TIFF: the types as there, no resolution that says none.

    Args:
        block: What was read.
        file: The TIFF or BigTIFF.
    """
    block = as_stored(block, file)
    if block.number("main", RESOLUTION[2]) == SQUARE[2] and all(
        tag in block.main and _is_one(block.main[tag].data) for tag in RESOLUTION[:2]
    ):
        return block.without("main", RESOLUTION)
    return block


def _is_one(fraction: bytes) -> bool:
    return len(fraction) == 8 and fraction[:4] == fraction[4:]


def _for_jpeg(block: Exif, metadata: dict[str, Any], size: tuple[int, int]) -> Exif:
    """Say what a JPEG has to say of itself."""
    block = _with_versions(block, metadata)
    if block.camera:
        block = _with(block, "camera", {Tag.ComponentsConfiguration: LUMA_AND_CHROMA})
        for tag, side in zip((exif.WIDTH, exif.HEIGHT), size, strict=True):
            if tag not in block.camera:
                block = block.with_number("camera", tag, side)
    block = with_dpi(block, metadata.get("dpi", UNKNOWN))
    return block.with_number("main", CHROMA_PLACE, CENTERED)


def _with_versions(block: Exif, metadata: dict[str, Any]) -> Exif:
    """Put in what tables have to have in either format, where the block has them."""
    if block.camera:
        block = _with(block, "camera", {Tag.ExifVersion: VERSION, Tag.FlashPixVersion: FLASHPIX})
        if block.number("camera", exif.COLOR_SPACE) not in (1, UNCALIBRATED):
            is_srgb = metadata.get("icc_profile") in (None, SRGB, SRGB_GRAY)
            block = block.with_number("camera", exif.COLOR_SPACE, 1 if is_srgb else UNCALIBRATED)
    if block.place:
        block = _with(block, "place", {GPS.GPSVersionID: PLACE_VERSION})
    return block


def _with(block: Exif, table: str, values: dict[int, Value]) -> Exif:
    """Put tags into a table that has them not."""
    changes: dict[str, Any] = {table: values | getattr(block, table)}
    return replace(block, **changes)


def _parsed(metadata: dict[str, Any]) -> Exif:
    data = metadata.get("exif", b"")
    return exif.parse(data, len(data) * 4) if data else Exif()
