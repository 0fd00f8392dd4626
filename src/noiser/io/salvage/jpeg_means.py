"""JPEG's means: how many units of a progressive picture's first scan are whole.

libjpeg tells nothing of a progressive picture before its end, and makes gray of what is missing.
The first scan has little more than one Huffman code a block, so that counting is a short way.
"""

from noiser.io.salvage.jpeg_markers import Scan, Table

MARKS = tuple(b"\xff" + bytes([number]) for number in range(0xD0, 0xD8))
"""RST0 to RST7, which follow each other."""

LOOK_BITS = 16
"""Of the longest code [bits]."""


def units_in(data: bytes, scan: Scan, blocks: list[int], most: int) -> int:
    """Count the units of a scan of means that are there whole.

    Args:
        data: The file.
        scan: The first of all components, in a progressive picture.
        blocks: Of each component in a unit.
        most: Units of the whole scan.

    Returns:
        0 to `most`.
    """
    if any(table is None for table in scan.tables):
        return 0
    lookups = [_lookup(table) for table in scan.tables if table]
    order = [lookups[i] for i, count in enumerate(blocks) for _ in range(count)]
    done = 0
    for piece in _pieces(data[scan.start : scan.stop], scan.restart):
        wanted = min(scan.restart or most, most - done)
        found = _whole_units(piece.replace(b"\xff\0", b"\xff"), order, wanted)
        done += found
        if found < wanted:
            break
    return done


def _pieces(data: bytes, restart: int) -> list[bytes]:
    """Cut a scan at its restarts."""
    if not restart:
        return [data]
    pieces, at, number = list[bytes](), 0, 0
    while (stop := data.find(MARKS[number % 8], at)) >= 0:
        pieces.append(data[at:stop])
        at, number = stop + 2, number + 1
    return [*pieces, data[at:]]


def _lookup(table: Table) -> list[int]:
    """Say for each 16 bits how many belong to the code at their head and to the number behind it.

    ITU-T T.81, C.2: codes of a length follow each other; 0 is no code.
    """
    counts, symbols = table
    found, code, at = [0] * (1 << LOOK_BITS), 0, 0
    for length, count in enumerate(counts, start=1):
        room = 1 << (LOOK_BITS - length)
        for symbol in symbols[at : at + count]:
            found[code * room : (code + 1) * room] = [length + min(symbol, LOOK_BITS)] * room
            code += 1
        at += count
        code <<= 1
    return found[: 1 << LOOK_BITS]


def _whole_units(piece: bytes, order: list[list[int]], most: int) -> int:
    """Count the units between two restarts."""
    bits, held, at, end = 0, 0, 0, len(piece)
    for done in range(most):
        for lookup in order:
            while held < 2 * LOOK_BITS and at < end:
                bits, held, at = (bits << 8 | piece[at]) & 0xFFFFFFFFFF, held + 8, at + 1
            head = bits >> (held - 16) if held >= LOOK_BITS else bits << (LOOK_BITS - held)
            used = lookup[head & 0xFFFF]
            if used == 0 or used > held:
                return done
            held -= used
    return most
