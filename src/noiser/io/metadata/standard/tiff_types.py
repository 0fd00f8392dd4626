"""Types: numbers of the kind that a TIFF's or EXIF's tag had, which Pillow guesses anew.

It takes a table apart into Python's values, and a comment becomes bytes of 8 bits, a correction of
the exposure a fraction without sign. The bytes are the same, so only their type has to be mended.
"""

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from PIL.ExifTags import Base as Tag

from noiser.io.metadata import exif
from noiser.io.metadata.exif import BYTE, FRACTION, LONG, RAW, SHORT, Exif, Value
from noiser.io.metadata.standard.tiff_pages import tables_of

KIN = ({BYTE, 6, RAW}, {SHORT, 8}, {LONG, 9}, {FRACTION, 10})
"""Types of the same bytes: whole numbers of 8 bits, with and without sign, and bytes that are none;
of 16 bits; of 32; fractions."""

NAMES: dict[int | None, str] = {None: "main", exif.CAMERA: "camera", exif.PLACE: "place"}
"""Tables of `Exif` by the tag that points to them."""

STANDARD: dict[int, int] = {
    Tag.ShutterSpeedValue: 10, Tag.BrightnessValue: 10, Tag.ExposureBiasValue: 10,
    Tag.UserComment: RAW, Tag.FileSource: RAW, Tag.SceneType: RAW, Tag.CFAPattern: RAW,
}  # fmt: skip
"""Types that Exif 2.32 has for some tags of the camera, which Pillow takes for others."""

UNICODE = b"UNICODE\0"
"""How a comment of 16 bits a letter begins, which lie in the file's own order of bytes."""

COMMENTS = {"camera": (Tag.UserComment,), "place": (27, 28)}
"""Tags of such comments: the user's, the way the place was found, and its name."""


def as_stored(block: Exif, file: BinaryIO) -> Exif:
    """Give tags that Pillow read from a TIFF the types that they have there.

    Args:
        block: What was read.
        file: The TIFF or BigTIFF.
    """
    for pointer, types in tables_of(file, (exif.CAMERA, exif.PLACE)).items():
        name = NAMES[pointer]
        table = {
            tag: replace(value, type=_mended(value.type, types.get(tag, value.type)))
            for tag, value in getattr(block, name).items()
        }
        changes: dict[str, Any] = {name: table}
        block = replace(block, **changes)
    return block


def as_standard(block: Exif) -> Exif:
    """Give the camera's tags the types of the standard, where they cannot be those of a file."""
    camera = {
        tag: replace(value, type=_mended(value.type, STANDARD.get(tag, value.type)))
        for tag, value in block.camera.items()
    }
    return replace(block, camera=camera)


def mend(written: memoryview, data: bytes) -> None:
    """Give tags that Pillow wrote into a TIFF the types that they had, in place.

    IPTC becomes whole numbers of 32 bits, as Photoshop writes it and programs expect it; its bytes
    have to be padded to fours.

    Args:
        written: A little-endian TIFF or BigTIFF, whole or as far as its tables go.
        data: The EXIF that was to be written; it may be empty.
    """
    if bytes(written[:2]) != b"II":  # libtiff's on a machine of the other order
        return
    block = exif.parse(data, len(data) * 4) if data else Exif()
    is_big = written[2] == b"+"[0]
    start = struct.unpack_from("<Q", written, 8) if is_big else struct.unpack_from("<L", written, 4)
    waiting: list[tuple[int | None, int]] = [(None, start[0])]
    for pointer, at in waiting:
        table: dict[int, Value] = getattr(block, NAMES[pointer])
        for entry, tag, kind, count, value in _entries(written, at, is_big):
            wanted = table[tag].type if tag in table else kind
            if pointer is None and tag in (exif.CAMERA, exif.PLACE):
                waiting.append((tag, value))
            elif pointer is None and tag == Tag.IPTCNAA and kind in KIN[0]:
                struct.pack_into("<HQ" if is_big else "<HL", written, entry + 2, LONG, count // 4)
            elif _mended(kind, wanted) != kind:
                struct.pack_into("<H", written, entry + 2, wanted)


def little_endian(block: Exif) -> Exif:
    """Turn comments of 16 bits a letter, for a file of the other order of bytes."""
    if block.order == "<":
        return block
    for name, tags in COMMENTS.items():
        table = dict(getattr(block, name))
        for tag in set(tags) & set(table):
            data = table[tag].data
            if data.startswith(UNICODE) and len(data) % 2 == 0:
                letters = bytearray(data[len(UNICODE) :])
                letters[::2], letters[1::2] = letters[1::2], letters[::2]
                table[tag] = replace(table[tag], data=UNICODE + letters)
        changes: dict[str, Any] = {name: table}
        block = replace(block, **changes)
    return block


def _mended(kind: int, wanted: int) -> int:
    """Choose the wanted type where its bytes are the same."""
    return wanted if any({kind, wanted} <= kin for kin in KIN) else kind


def _entries(
    written: memoryview, at: int, is_big: bool
) -> Iterator[tuple[int, int, int, int, int]]:
    """Walk through a table: place, tag, type, count, and value or its place."""
    head, form = ("<Q", "<HHQQ") if is_big else ("<H", "<HHLL")
    (count,) = struct.unpack_from(head, written, at)
    for i in range(count):
        entry = at + struct.calcsize(head) + i * struct.calcsize(form)
        yield entry, *struct.unpack_from(form, written, entry)
