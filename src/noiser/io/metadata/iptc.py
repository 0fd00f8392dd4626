"""IPTC: captions and credits of the press, inside Photoshop's resources (IIM 4.2).

A JPEG keeps them in its APP13 segments, a TIFF in two tags of its own, a PNG in a text.
"""

import hashlib
import struct
from collections.abc import Iterator

from noiser.core.errors import DecodeError

APP13 = b"Photoshop 3.0\0"
"""How a JPEG's segment of Photoshop's resources begins."""

SEGMENT_BYTES = 65533 - len(APP13)
"""Of resources in one segment of a JPEG, at most [bytes]."""

MARK, RESOURCE_MARK = b"\x1c", b"8BIM"
"""How a dataset of IPTC, and a resource, begins."""

IPTC = 0x0404
"""Photoshop's resource that holds IPTC."""

COPIES = frozenset((1033, 1036, 1039, 1058, 1059, 1060))
"""Resources that hold a thumbnail, or once more what stands elsewhere: profile, EXIF and XMP.

The thumbnails are the dark picture's, the copies could contradict their originals.
"""

SAID = frozenset((1005, 1034, 1035))
"""Resources of which it is known that they name no place: resolution, copyright, address."""

DIGEST = 1061
"""Resource with the MD5 of IPTC as it is stored, by which programs tell whether XMP is as new."""

PLACES = frozenset(
    [(2, number) for number in (26, 27, 90, 92, 95, 100, 101)]
)  # fmt: skip
"""Datasets of a place: location code and name, city, sublocation, province, country (twice)."""


def resources(data: bytes) -> list[tuple[int, bytes]]:
    """Take Photoshop's resources apart, as far as they are sound.

    Args:
        data: Of one picture, the segments joined, without their beginnings.

    Returns:
        Number and content of each.
    """
    found, at = [], 0
    while data[at : at + 4] == RESOURCE_MARK and at + 7 <= len(data):
        (number,) = struct.unpack_from(">H", data, at + 4)
        name = 1 + data[at + 6]
        start = at + 6 + name + name % 2
        size = int.from_bytes(data[start : start + 4], "big")
        if start + 4 + size > len(data):
            break
        found.append((number, data[start + 4 : start + 4 + size]))
        at = start + 4 + size + size % 2
    return found


def in_order(data: bytes, start: bytes) -> bytes:
    """Undo the work of a program that took the bytes of a TIFF's tag for numbers, and turned them.

    Args:
        data: In one order of bytes or the other, four at a time.
        start: How it begins in the right order.
    """
    if data.startswith(start) or not data[3::-1].startswith(start):
        return data
    count = len(data) // 4
    return struct.pack(f">{count}L", *struct.unpack_from(f"<{count}L", data))


def soundest(records: list[bytes]) -> bytes:
    """Choose the first record that is whole, or else has any sound dataset.

    Raises:
        DecodeError: There are records, but not one sound dataset.
    """
    records = [record for record in records if record.strip(b"\0")]
    for record in records:
        if not record[len(sound_part(record)) :].strip(b"\0"):
            return record
    for record in records:
        if sound_part(record):
            return record
    if records:
        raise DecodeError("damaged IPTC: there is no dataset in it")
    return b""


def sound_part(record: bytes) -> bytes:
    """Give a record as far as its datasets are sound, without what pads it."""
    return b"".join(raw for _, _, raw in datasets(record))


def padded(record: bytes) -> bytes:
    """Fill a record up to fours with zeros, as a TIFF's whole numbers of 32 bits need it."""
    return record + bytes(-len(record) % 4)


def with_digest(
    found: list[tuple[int, bytes]], before: bytes, after: bytes
) -> list[tuple[int, bytes]]:
    """Let a digest of IPTC that was true stay true where padding comes or goes."""
    old, new = (hashlib.md5(data, usedforsecurity=False).digest() for data in (before, after))
    return [(n, new if (n, content) == (DIGEST, old) else content) for n, content in found]


def pack(found: list[tuple[int, bytes]]) -> bytes:
    """Put resources together again, without names."""
    pieces = []
    for number, content in found:
        head = RESOURCE_MARK + struct.pack(">HHL", number, 0, len(content))
        pieces.append(head + content + b"\0" * (len(content) % 2))
    return b"".join(pieces)


def segments(found: list[tuple[int, bytes]]) -> bytes:
    """Write a JPEG's APP13 segments; nothing for no resources."""
    data, made = pack(found), b""
    for start in range(0, len(data), SEGMENT_BYTES):
        piece = APP13 + data[start : start + SEGMENT_BYTES]
        made += b"\xff\xed" + struct.pack(">H", len(piece) + 2) + piece
    return made


def without_places(iptc: bytes) -> bytes:
    """Leave the datasets of a place out; from where the record is damaged, all."""
    return b"".join(raw for record, number, raw in datasets(iptc) if (record, number) not in PLACES)


def datasets(iptc: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Walk through a record.

    Yields:
        Record, number and all bytes of each dataset.
    """
    at = 0
    while at + 5 <= len(iptc) and iptc[at : at + 1] == MARK:
        (size,) = struct.unpack_from(">H", iptc, at + 3)
        start = at + 5
        if size & 0x8000:  # an extended dataset: the size of its size
            start += size & 0x7FFF
            size = int.from_bytes(iptc[at + 5 : start], "big")
        if start + size > len(iptc):
            return
        yield iptc[at + 1], iptc[at + 2], iptc[at : start + size]
        at = start + size
