"""JPEG's markers: the frame, the scans with their tables, and where a file is cut off."""

import re
from dataclasses import dataclass

from noiser.core.errors import DecodeError

END = b"\xff\xd9"
"""EOI: ends a file."""

NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""What ends a scan's data: neither a stuffed byte, nor filling, nor a restart."""

FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
"""SOF0 to SOF15: each begins a picture by another method."""

DHT, SOS, DRI, EOI = 0xC4, 0xDA, 0xDD, 0xD9

Table = tuple[bytes, bytes]
"""A Huffman table as DHT has it: how many codes of 1 to 16 bits, and their symbols in order."""


@dataclass(frozen=True)
class Scan:
    """A scan: some coefficients of some components."""

    start: int
    """Of its data [bytes from the file's beginning]."""

    stop: int
    """Behind its data, at the next marker or at the end of the file [bytes]."""

    components: tuple[int, ...]
    """Their numbers, as the frame has them."""

    has_dc: bool
    """Whether it brings the blocks' means for the first time."""

    tables: tuple[Table | None, ...]
    """For the means, of each component; None where there is none."""

    restart: int
    """Units between two restarts; 0 is never."""


@dataclass(frozen=True)
class Stream:
    """A JPEG's markers, as far as they go."""

    method: int
    """The frame's marker: 0xC0 and 0xC1 sequential, 0xC2 progressive, 0xC9 arithmetic."""

    height_at: int
    """Where the height stands, two bytes, before the width [bytes]."""

    height: int
    """[pixels]"""

    width: int
    """[pixels]"""

    sampling: dict[int, tuple[int, int]]
    """Of each component, by its number: blocks across and down in a unit."""

    scans: tuple[Scan, ...]
    """In their order; the last may be cut off."""

    stop: int
    """Behind the last byte that belongs to a whole segment or to a scan [bytes]."""

    has_end: bool
    """Whether the file's end is there."""

    @property
    def unit(self) -> tuple[int, int]:
        """Width and height of what a scan of all components takes at a time [pixels]."""
        across, down = zip(*self.sampling.values(), strict=True)
        return 8 * max(across), 8 * max(down)


def read_stream(data: bytes) -> Stream:
    """Walk through a JPEG's markers, as far as they are whole.

    Args:
        data: The file, which may end anywhere.

    Raises:
        DecodeError: There is no scan, or what stands before it is damaged.
    """
    frame: tuple[int, int] | None = None
    tables: dict[int, Table] = {}
    scans: list[Scan] = []
    at, restart, has_end = 2, 0, False
    while match := NEXT_MARKER.match(data, _behind_filling(data, at)):
        at, kind = match.start(), data[match.start() + 1]
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        has_end = kind == EOI
        if has_end or length < 2 or at + 4 > len(data) or at + 2 + length > len(data):
            break
        body = data[at + 4 : at + 2 + length]
        start = at = at + 2 + length
        if kind in FRAMES and frame is None:
            frame = kind, start - len(body)
        elif kind == DHT:
            tables |= _tables(body)
        elif kind == DRI:
            restart = int.from_bytes(body[:2], "big")
        elif kind == SOS:
            found = NEXT_MARKER.search(data, start)
            at = found.start() if found else len(data)
            scans.append(_scan(body, start, at, tables, restart))
    if frame is None or not scans:
        raise DecodeError("it ends before its pixels")
    return _stream(data, *frame, tuple(scans), at, has_end)


def _behind_filling(data: bytes, at: int) -> int:
    """Pass over the bytes that may stand before a marker."""
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    return at


def _stream(
    data: bytes, method: int, at: int, scans: tuple[Scan, ...], stop: int, has_end: bool
) -> Stream:
    """Read the frame (ITU-T T.81, B.2.2), and put all together."""
    height, width, count = (int.from_bytes(data[at + i : at + j], "big") for i, j in SIZES)
    rows = (data[at + 6 + 3 * i : at + 9 + 3 * i] for i in range(count))
    sampling = {row[0]: (row[1] >> 4, row[1] & 15) for row in rows if len(row) == 3}
    known = all(number in sampling for scan in scans for number in scan.components)
    if not known or not all(0 < n <= 4 for pair in sampling.values() for n in pair):
        raise DecodeError("its header is damaged")
    return Stream(method, at + 1, height, width, sampling, scans, stop, has_end)


SIZES = ((1, 3), (3, 5), (5, 6))
"""Where height, width and the number of components stand in a frame [bytes]."""


def _tables(body: bytes) -> dict[int, Table]:
    """Read the Huffman tables of a segment (B.2.4.2); those for means have the keys 0 to 3."""
    found, at = dict[int, Table](), 0
    while at + 17 <= len(body):
        counts = body[at + 1 : at + 17]
        stop = at + 17 + sum(counts)
        found[body[at]] = counts, body[at + 17 : stop]
        at = stop
    return found


def _scan(body: bytes, start: int, stop: int, tables: dict[int, Table], restart: int) -> Scan:
    """Read a scan's header (B.2.3)."""
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count or not 1 <= count <= 4:
        raise DecodeError("the header of a scan is damaged")
    numbers, chosen = body[1 : 1 + 2 * count : 2], body[2 : 2 + 2 * count : 2]
    first, _, precision = body[1 + 2 * count : 4 + 2 * count]
    has_dc = first == 0 and precision >> 4 == 0
    return Scan(
        start, stop, tuple(numbers), has_dc, tuple(tables.get(n >> 4) for n in chosen), restart
    )
