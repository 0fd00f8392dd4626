"""PNG's chunks: taken apart, made, and looked at without the pixels."""

import struct
import zlib
from collections.abc import Iterator

from noiser.core.errors import DecodeError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""What a PNG begins with."""

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples a pixel by colour type."""


def chunk(kind: bytes, content: bytes) -> bytes:
    """Wrap a chunk (PNG, third edition, section 5.3)."""
    ends = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(kind + content))
    return ends[0] + kind + content + ends[1]


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Walk through a PNG's chunks, as far as they are whole."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def is_deep(data: bytes) -> bool:
    """Tell whether a PNG has 16 bits of a kind that Pillow cuts: colour, or transparency."""
    if len(data) < 26 or data[24] != 16:
        return False
    return data[25] != 0 or any(kind == b"tRNS" for kind, _ in chunks(data))


def size(data: bytes) -> tuple[int, int]:
    """Read width and height [pixels].

    Raises:
        DecodeError: There is no header.
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise DecodeError("damaged PNG data: there is no header")
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def without_pixels(data: bytes) -> bytes:
    """Make a PNG of one pixel that says what another says of itself, before and after its pixels.

    Pillow would decode all of a picture, and cut it to 8 bits, for what may follow its pixels.
    """
    depth, kind = data[24], data[25]
    header = struct.pack(">IIBBBBB", 1, 1, depth, kind, 0, 0, 0)
    pixel = zlib.compress(bytes(1 + SAMPLES.get(kind, 1) * depth // 8))
    made, has_pixels = [SIGNATURE, chunk(b"IHDR", header)], False
    for name, content in chunks(data):
        if name == b"IDAT" and not has_pixels:
            made.append(chunk(b"IDAT", pixel))
            has_pixels = True
        elif name not in (b"IHDR", b"IDAT", b"IEND"):
            made.append(chunk(name, content))
    if not has_pixels:
        raise DecodeError("damaged PNG data: there are no pixels")
    return b"".join([*made, chunk(b"IEND", b"")])
