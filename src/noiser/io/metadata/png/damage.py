"""Damage to a PNG's metadata: which chunks are not whole, and the file without them.

A decoder refuses the whole file for one wrong checksum, wherever it stands.
"""

import io
import os
import re
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

PICTURE = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT")
"""Chunks that are the picture, or an animation: they are left to the decoder, damaged or not."""

LENGTHS = {
    b"cHRM": 32, b"cICP": 4, b"gAMA": 4, b"oFFs": 9, b"pHYs": 9, b"sRGB": 1, b"sTER": 1, b"tIME": 7,
}  # fmt: skip
"""Contents of chunks that have but one length [bytes]."""

KNOWN = (
    *PICTURE, *LENGTHS, b"bKGD", b"eXIf", b"hIST", b"iCCP", b"iTXt", b"sBIT", b"sPLT", b"tEXt",
    b"zTXt",
)  # fmt: skip
"""Names by which the next chunk is found behind one of a wrong length."""

PIECE_BYTES = 1 << 20
"""Read at a time: a chunk can be as long as the file [bytes]."""

Span = tuple[bytes, int, int]
"""A chunk's name, its first byte, and the first behind it."""


def damaged(file: BinaryIO) -> list[Span]:
    """Find the chunks that are damaged and not the picture.

    Args:
        file: A PNG, open for reading and seeking.
    """
    end, at, found, has_pixels = file.seek(0, os.SEEK_END), 8, list[Span](), False
    while at < end:
        length, name = _head(file, at)
        stop = at + 12 + length
        has_pixels |= name == b"IDAT"
        if name == b"IEND" or not name.isalpha():
            break
        if name[0] & 0x20 and name not in PICTURE and not _is_sound(file, name, at, length):
            if not _fits(file, stop, end):
                following = _next_chunk(file, at + 8, end)
                if following is None and not has_pixels:
                    break  # there is no picture to be saved
                stop = end if following is None else following
            found.append((name, at, stop))
        at = stop
    return found


def without(data: bytes, spans: Sequence[Span]) -> bytes:
    """Cut chunks out of a PNG."""
    return Spliced(io.BytesIO(data), spans).readall()


def notes_on(spans: Sequence[Span]) -> list[str]:
    """Say which chunks were left out; nothing where there are none."""
    names = list(dict.fromkeys(name.decode() for name, _, _ in spans))
    if not names:
        return []
    if len(spans) == 1:
        return [f"the PNG's chunk {names[0]} is damaged; it was left out"]
    return [f"the PNG's chunks {', '.join(names)} are damaged; they were left out"]


class Spliced(io.RawIOBase):
    """A file without some of its bytes, which are nowhere copied."""

    def __init__(self, file: BinaryIO, spans: Sequence[Span]) -> None:
        self._file, self._at = file, 0
        end = file.seek(0, os.SEEK_END)
        starts, stops = [0, *(s[2] for s in spans)], [*(s[1] for s in spans), end]
        self._starts, self._firsts = starts, [0]
        for start, stop in zip(starts, stops, strict=True):
            self._firsts.append(self._firsts[-1] + stop - start)

    def readable(self) -> bool:
        """Say that it is read."""
        return True

    def seekable(self) -> bool:
        """Say that any place can be gone to."""
        return True

    def fileno(self) -> int:
        """Give the descriptor of the whole file."""
        return self._file.fileno()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as it is counted without what is left out."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._firsts[-1]}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, across what is left out."""
        view, done = memoryview(buffer).cast("B"), 0
        while done < len(view) and self._at < self._firsts[-1]:
            part = bisect_right(self._firsts, self._at) - 1
            wanted = min(len(view) - done, self._firsts[part + 1] - self._at)
            self._file.seek(self._starts[part] + self._at - self._firsts[part])
            piece = self._file.read(wanted)
            if not piece:
                break
            view[done : done + len(piece)] = piece
            done, self._at = done + len(piece), self._at + len(piece)
        return done


def _head(file: BinaryIO, at: int) -> tuple[int, bytes]:
    """Read a chunk's length and name."""
    file.seek(at)
    head = file.read(8)
    return int.from_bytes(head[:4], "big"), head[4:]


def _fits(file: BinaryIO, stop: int, end: int) -> bool:
    """Tell whether a chunk ends where the file does, or where another can begin."""
    if stop >= end:
        return stop == end
    length, name = _head(file, stop)
    return name.isalpha() and len(name) == 4 and stop + 12 + length <= end


def _next_chunk(file: BinaryIO, at: int, end: int) -> int | None:
    """Find the next chunk of a known name that fits into the file; None if there is none."""
    names = re.compile(b"|".join(KNOWN))
    while at < end:
        file.seek(at)
        piece = file.read(PIECE_BYTES + 8)
        for match in names.finditer(piece):
            start = at + match.start() - 4
            length, _ = _head(file, start)
            if start >= at and start + 12 + length <= end and _fits(file, start + 12 + length, end):
                return start
        at += PIECE_BYTES
    return None


def _is_sound(file: BinaryIO, name: bytes, at: int, length: int) -> bool:
    """Tell by checksum, length and what stands at its head whether a chunk is whole."""
    file.seek(at + 8)
    first = file.read(min(length, PIECE_BYTES))
    checksum = zlib.crc32(first, zlib.crc32(name))
    for piece in _pieces(file, length - len(first)):
        checksum = zlib.crc32(piece, checksum)
    told = int.from_bytes(file.read(4), "big")
    if checksum != told:  # where its name is damaged it may be the picture
        return any(zlib.crc32(first, zlib.crc32(kind)) == told for kind in PICTURE)
    if name in (b"iCCP", b"zTXt"):  # a name, a zero, and the only method that there is
        return first.partition(b"\0")[2][:1] in ((b"\0",) if name == b"iCCP" else (b"\0", b""))
    return length == LENGTHS.get(name, length)


def _pieces(file: BinaryIO, length: int) -> Iterator[bytes]:
    """Read on in pieces."""
    while length > 0 and (piece := file.read(min(length, PIECE_BYTES))):
        length -= len(piece)
        yield piece
