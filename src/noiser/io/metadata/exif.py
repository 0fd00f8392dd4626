"""EXIF: change a few of its tags and hand all others on, byte for byte.

EXIF is a small TIFF file inside the picture's (Exif 2.32, section 4.5). Its maker note is a
format of its own, which often points to places counted from that file's start: so it stays
where it is, and everything else is laid out around it.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from PIL.ExifTags import Base as Tag

from noiser.core.errors import DecodeError

HEADER = b"Exif\0\0"
"""What Pillow, and a JPEG, put before the block."""

TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of one value by TIFF's number of its type; others are unknown and left out."""

JPEG_BYTES = 65533
"""Of EXIF, or of the comment, in a JPEG at most [bytes]."""

ORIENTATION, SOFTWARE, CAMERA, PLACE, INTEROP, MAKER_NOTE = (
    Tag.Orientation,
    Tag.Software,
    Tag.ExifOffset,
    Tag.GPSInfo,
    Tag.ExifInteroperabilityOffset,
    Tag.MakerNote,
)
"""Tags: how to turn the picture, the program, the tables of the camera, the place and the
interoperability, and the maker's own."""

PLACES = frozenset(
    (
        33550,
        33918,
        33919,
        33920,
        33922,
        34263,
        34264,
        34735,
        34736,
        34737,
        42112,
        50844,
        50908,
        50909,
    )
)
"""Tags of a place outside of its table: GeoTIFF's scale, tie points, matrices and keys, with
Intergraph's and JPL's; GDAL's texts; coefficients from a place to a pixel; DGIWG's metadata."""

PRIVATE = 32768
"""The first of the tags that TIFF gives to whoever asks for one."""

NO_DATA = 42113
"""GDAL's tag of the value that stands for nothing."""

SAID = frozenset(Tag) - {Tag.DNGPrivateData, MAKER_NOTE} | {NO_DATA, 59932, 59933}
"""Tags of which it is known that they name no place: EXIF's, DNG's, and padding."""

COLOR_SPACE, WIDTH, HEIGHT = Tag.ColorSpace, Tag.ExifImageWidth, Tag.ExifImageHeight
"""Tags of the camera's table: the colour space, and the picture's size [pixels]."""

BYTE, TEXT, SHORT, LONG, FRACTION, RAW, POINTER = 1, 2, 3, 4, 5, 7, 13
"""TIFF's numbers of some types."""

SUBTABLES = Tag.SubIFDs
"""Tag of a TIFF's further tables, mostly of smaller copies of the picture."""


@dataclass(frozen=True)
class Value:
    """What a tag holds."""

    type: int
    """TIFF's number."""

    data: bytes
    """As stored, in the block's byte order."""


@dataclass(frozen=True)
class Exif:
    """An EXIF block, taken apart."""

    order: str = ">"
    """`<` or `>`, as `struct` writes the byte order."""

    main: dict[int, Value] = field(default_factory=dict)
    """The first table: maker, orientation, program."""

    camera: dict[int, Value] = field(default_factory=dict)
    """The camera's settings, and the maker note."""

    place: dict[int, Value] = field(default_factory=dict)
    """GPS."""

    interop: dict[int, Value] = field(default_factory=dict)
    """Interoperability, which may name Adobe RGB."""

    note_at: int = 0
    """Where the maker note lies in the block [bytes]."""

    def __bool__(self) -> bool:
        """Tell whether there is anything in it."""
        return any((self.main, self.camera, self.place))

    def number(self, table: str, tag: int) -> int | None:
        """Read the first of a tag's whole numbers; None where there is none."""
        value = getattr(self, table).get(tag)
        if value is None or value.type not in (SHORT, LONG):
            return None
        size = TYPE_BYTES[value.type]
        if len(value.data) < size:
            return None
        return int.from_bytes(value.data[:size], "little" if self.order == "<" else "big")

    def with_number(self, table: str, tag: int, number: int) -> "Exif":
        """Put a whole number below 65,536 in, or a larger one."""
        kind, code = (SHORT, "H") if number < 1 << 16 else (LONG, "L")
        return self._with(table, tag, Value(kind, struct.pack(self.order + code, number)))

    def with_text(self, tag: int, text: str) -> "Exif":
        """Put a text into the first table."""
        return self._with("main", tag, Value(TEXT, text.encode("ascii", "replace") + b"\0"))

    def with_fraction(self, tag: int, numerator: int, denominator: int) -> "Exif":
        """Put a fraction into the first table."""
        data = struct.pack(self.order + "LL", numerator, denominator)
        return self._with("main", tag, Value(FRACTION, data))

    def without(self, table: str, tags: Iterable[int]) -> "Exif":
        """Leave tags of a table out."""
        left = {k: v for k, v in getattr(self, table).items() if k not in set(tags)}
        return self._changed(table, left)

    def without_places(self) -> "Exif":
        """Leave places out, and private tags of which nobody knows what they hold."""
        main = {k: v for k, v in self.main.items() if k < PRIVATE or k in SAID}
        camera = {k: v for k, v in self.camera.items() if k != MAKER_NOTE and k not in PLACES}
        return Exif(self.order, main, camera, {}, self.interop)

    def _with(self, table: str, tag: int, value: Value) -> "Exif":
        return self._changed(table, getattr(self, table) | {tag: value})

    def _changed(self, table: str, values: dict[int, Value]) -> "Exif":
        changes: dict[str, Any] = {table: values}
        return replace(self, **changes)


def parse(data: bytes, limit: int) -> Exif:
    """Take an EXIF block apart; the thumbnail, which would be the dark picture's, stays behind.

    Args:
        data: The block, with or without its `Exif` header.
        limit: Of all values together [bytes]: a table can name one place many times.

    Raises:
        DecodeError: It is no such block, or one that points outside of itself.
    """
    while data.startswith(HEADER):  # some writers put it twice
        data = data[len(HEADER) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        raise DecodeError("damaged EXIF: it does not start as a TIFF file does")
    block = _Block(data, order, limit)
    (start,) = struct.unpack_from(order + "L", data, 4)
    main = block.table(start)
    camera = block.table_at(main.pop(CAMERA, None))
    place = block.table_at(main.pop(PLACE, None))
    interop = block.table_at(camera.pop(INTEROP, None))
    main, camera, place, interop = map(_plain, (main, camera, place, interop))
    return Exif(order, main, camera, place, interop, block.note_at)


def _plain(table: dict[int, Value]) -> dict[int, Value]:
    """Leave pointers to further tables out: what they point to is not taken along."""
    return {k: v for k, v in table.items() if v.type != POINTER and k != SUBTABLES}


class _Block:
    """Reads tables, and never more than a limit."""

    def __init__(self, data: bytes, order: str, limit: int) -> None:
        self._data, self._order, self._left = data, order, limit
        self.note_at = 0

    def table_at(self, pointer: Value | None) -> dict[int, Value]:
        """Read the table that a tag points to, if there is one."""
        if pointer is None or pointer.type not in (LONG, POINTER) or len(pointer.data) != 4:
            return {}
        return self.table(struct.unpack(self._order + "L", pointer.data)[0])

    def table(self, at: int) -> dict[int, Value]:
        """Read a table; a tag of an unknown type, or outside of the block, is left out."""
        return dict(self._entries(at))

    def _entries(self, at: int) -> Iterator[tuple[int, Value]]:
        data, order = self._data, self._order
        if at + 2 > len(data):
            raise DecodeError("damaged EXIF: a table lies outside of it")
        (count,) = struct.unpack_from(order + "H", data, at)
        if at + 2 + 12 * count > len(data):
            raise DecodeError("damaged EXIF: a table reaches beyond its end")
        for i in range(count):
            entry = at + 2 + 12 * i
            tag, kind, number = struct.unpack_from(order + "HHL", data, entry)
            size = TYPE_BYTES.get(kind, 0) * number
            place = entry + 8
            if size > 4:
                (place,) = struct.unpack_from(order + "L", data, place)
            if size == 0 or place + size > len(data):
                continue
            self._left -= size
            if self._left < 0:
                raise DecodeError("damaged EXIF: it unfolds to more than the limit allows")
            if tag == MAKER_NOTE and size > 4:
                self.note_at = place
            yield tag, Value(kind, data[place : place + size])


def serialize(exif: Exif) -> bytes:
    """Lay an EXIF block out again, the maker note where it was.

    Returns:
        The block with its `Exif` header; empty where there is nothing in it.
    """
    if not exif:
        return b""
    paper = _Paper(exif)
    camera = dict(exif.camera)
    main = dict(exif.main)
    for table, tag, owner in (
        (exif.interop, INTEROP, camera), (camera, CAMERA, main), (exif.place, PLACE, main)
    ):  # fmt: skip
        if table:
            at = paper.put(table)
            owner[tag] = Value(LONG, struct.pack(exif.order + "L", at))
    start = paper.put(main)
    mark = b"II*\0" if exif.order == "<" else b"MM\0*"
    return HEADER + mark + struct.pack(exif.order + "L", start) + bytes(paper.data[8:])


class _Paper:
    """Finds room for tables and values, before the maker note or behind it."""

    def __init__(self, exif: Exif) -> None:
        self._order, self._next = exif.order, 8
        note = exif.camera.get(MAKER_NOTE)
        self._note = note.data if note and len(note.data) > 4 else b""
        self._note_at = max(exif.note_at, 8)
        end = self._note_at + len(self._note) if self._note else 8
        self.data = bytearray(end)
        self.data[end - len(self._note) : end] = self._note

    def put(self, table: dict[int, Value]) -> int:
        """Write a table and its values; gives its place."""
        entries = b""
        for tag, value in sorted(table.items()):
            count = len(value.data) // TYPE_BYTES[value.type]
            if len(value.data) <= 4:
                where = value.data.ljust(4, b"\0")
            elif tag == MAKER_NOTE and value.data == self._note:
                where = struct.pack(self._order + "L", self._note_at)
            else:
                where = struct.pack(self._order + "L", self._room(value.data))
            entries += struct.pack(self._order + "HHL", tag, value.type, count) + where
        return self._room(struct.pack(self._order + "H", len(table)) + entries + bytes(4))

    def _room(self, piece: bytes) -> int:
        """Put a piece where there is room, at an even place."""
        at = self._next
        if not self._note or at + len(piece) <= self._note_at:
            self._next += len(piece) + len(piece) % 2
        else:
            at = len(self.data) + len(self.data) % 2
        self.data.extend(bytes(max(at + len(piece) - len(self.data), 0)))
        self.data[at : at + len(piece)] = piece
        return at
