"""Pages: a TIFF's directories as they lie in the file, and which of them is the picture."""

import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from noiser.core.errors import DecodeError, LimitError, UnsupportedError
from noiser.io.metadata.exif import TYPE_BYTES

MAX_PAGES = 1000
"""Of a file."""

MAX_ENTRIES = 4096
"""Of a directory that are looked at."""

SUBFILE_TAGS = (254, 255)
"""TIFF's tags for what a page is, of today and of old."""

LEFT_OUT = "a smaller copy of the picture, a page of its own, was left out"
"""What is said of a thumbnail, or of several."""

HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Beginnings of TIFFs and BigTIFFs."""


@dataclass(frozen=True)
class Page:
    """A page of a TIFF that is a picture."""

    number: int
    """Among the pages, from 0."""

    at: int
    """Where its directory lies in the file [bytes]."""

    has_copies: bool = False
    """Whether smaller copies of the picture stand beside it."""


def is_tiff(file: BinaryIO) -> bool:
    """Tell a TIFF or BigTIFF by its beginning."""
    file.seek(0)
    return file.read(4) in HEADS


def picture_page(file: BinaryIO) -> Page:
    """Find the one page that is no smaller copy of another.

    Args:
        file: A TIFF or BigTIFF.

    Raises:
        UnsupportedError: There are several, or only copies.
        LimitError: There are too many pages.
        DecodeError: A page after the first lies outside of the file.
    """
    pages = picture_pages(file)
    if len(pages) != 1:
        raise UnsupportedError("several pages, which only noiser enhance takes")
    return pages[0]


def picture_pages(file: BinaryIO) -> list[Page]:
    """Find all pages that are no smaller copies of others; all of them where all say they are.

    Args:
        file: A TIFF or BigTIFF.

    Raises:
        LimitError: There are too many.
        DecodeError: A page after the first lies outside of the file.
    """
    tables = _Tables(file)
    places, copies, at = list[int](), set[int](), tables.first
    while at and at not in places:
        if len(places) == MAX_PAGES:
            raise LimitError(f"more than {MAX_PAGES} pages; that is the limit for a TIFF")
        places.append(at)
        copy, following = tables.is_copy(at)
        copies |= {at} if copy else set()
        at = following
    if len(copies) == len(places):
        copies = set()
    pages = [
        Page(number, place, bool(copies))
        for number, place in enumerate(places)
        if place not in copies
    ]
    return pages or [Page(0, tables.first)]


def page_alone(data: bytes, page: Page) -> bytes:
    """Give a TIFF of one page: the same bytes, of which the directory names no other page."""
    tables = _Tables(io.BytesIO(data))
    made = bytearray(data)
    tables.put_number(made, tables.first_at, page.at)
    tables.put_number(made, tables.next_at(page.at), 0)
    return bytes(made)


def stored(file: BinaryIO, tag: int) -> tuple[int, bytes]:
    """Read a tag of the picture's page as it lies in the file, whatever type it has.

    Args:
        file: A TIFF or BigTIFF.
        tag: Its number.

    Returns:
        TIFF's number of its type, and the bytes; none where there is no such tag, or it is
        damaged.
    """
    tables = _Tables(file)
    entries, _ = tables.entries(picture_page(file).at)
    kind, count, value = entries.get(tag, (0, 0, b""))
    size = TYPE_BYTES.get(kind, 0) * count
    if size <= len(value):
        return kind, value[:size]
    found = tables.read(tables.number(value), size)
    return kind, found if len(found) == size else b""


def tables_of(file: BinaryIO, pointers: Iterable[int]) -> dict[int | None, dict[int, int]]:
    """Read what types the tags of the picture's page have.

    Args:
        file: A TIFF or BigTIFF.
        pointers: Tags that point to further tables.

    Returns:
        TIFF's number of the type by tag, by the tag that points to the table: None for the page.
    """
    tables = _Tables(file)
    main, _ = tables.entries(picture_page(file).at)
    entries: dict[int | None, dict[int, tuple[int, int, bytes]]] = {None: main}
    for tag in pointers:
        if tag in main:
            entries[tag], _ = tables.entries(tables.number(main[tag][2]))
    return {
        pointer: {tag: kind for tag, (kind, _, _) in table.items()}
        for pointer, table in entries.items()
    }


class _Tables:
    """Reads directories of a TIFF, in its byte order; what is damaged is empty."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = self.read(0, 16)
        self._order = "<" if head[:1] == b"I" else ">"
        is_big = b"+" in head[2:4]
        self._count, self._offset = ("Q", "Q") if is_big else ("H", "L")
        self.first_at = 8 if is_big else 4
        self.first = self.number(head[8:16] if is_big else head[4:8])

    def read(self, at: int, size: int) -> bytes:
        """Read bytes at a place, as far as the file goes."""
        end = self._file.seek(0, io.SEEK_END)
        self._file.seek(min(at, end))
        return self._file.read(max(min(size, end - at), 0))

    def number(self, data: bytes) -> int:
        """Read a place in the file; 0 where there are too few bytes."""
        size = struct.calcsize(self._order + self._offset)
        if len(data) < size:
            return 0
        return int(struct.unpack_from(self._order + self._offset, data)[0])

    def put_number(self, data: bytearray, at: int, value: int) -> None:
        """Write a place in the file."""
        struct.pack_into(self._order + self._offset, data, at, value)

    def next_at(self, at: int) -> int:
        """Tell where in the file a directory names the next one [bytes]."""
        size = struct.calcsize(self._order + self._count)
        (count,) = struct.unpack(self._order + self._count, self.read(at, size))
        return int(at + size + count * (20 if self._offset == "Q" else 12))

    def entries(self, at: int) -> tuple[dict[int, tuple[int, int, bytes]], int]:
        """Read a directory: type, count and place or value by tag; and where the next one is."""
        order, offset = self._order, self._offset
        head = self.read(at, struct.calcsize(order + self._count))
        if len(head) < struct.calcsize(order + self._count):
            return {}, 0
        count = int(struct.unpack(order + self._count, head)[0])
        layout = struct.Struct(order + "HH" + offset + ("8s" if offset == "Q" else "4s"))
        if count > MAX_ENTRIES:
            return {}, 0
        body = self._file.read(layout.size * count)
        following = self.number(self._file.read(8))
        if len(body) < layout.size * count:
            return {}, 0
        found: dict[int, tuple[int, int, bytes]] = {}
        for tag, kind, number, value in layout.iter_unpack(body):
            found.setdefault(tag, (kind, number, value))
        return found, following

    def is_copy(self, at: int) -> tuple[bool, int]:
        """Tell whether a page is a smaller copy of another; and where the next one is."""
        entries, following = self.entries(at)
        if not entries and at != self.first:
            raise DecodeError("damaged TIFF data: a page lies outside of the file")
        new, old = (self._small(entries.get(tag)) for tag in SUBFILE_TAGS)
        return (old == 2 if new is None else bool(new & 1)), following

    def _small(self, entry: tuple[int, int, bytes] | None) -> int | None:
        """Read a number of 16 or 32 bits that stands in a directory itself."""
        code = {3: "H", 4: "L"}.get(entry[0]) if entry else None
        if entry is None or code is None:
            return None
        return int(struct.unpack_from(self._order + code, entry[2])[0])
