"""PNG salvage: as many rows as can be inflated, in a file of that height."""

import zlib
from collections.abc import Iterator

from noiser.core.errors import DecodeError
from noiser.io.codecs import png_chunks
from noiser.io.limits import Limits, check_size
from noiser.io.salvage.rest import Rest

PIECE = 1 << 20
"""Inflated at a time [bytes]."""

PART = 1 << 16
"""Given to be inflated at a time: zlib copies what it leaves of it [bytes]."""

LEVEL = 1
"""Of zlib: nobody keeps the file."""

DEPTHS = (1, 2, 4, 8, 16)


def rest_of(data: bytes, limits: Limits) -> Rest:
    """Take what is left of a PNG that is cut off, or of which a checksum is wrong.

    Only what stands before a wrong checksum is trusted. No more is inflated than the header says
    that there is, and never more than a piece of it is in memory.

    Args:
        data: The file, up to where it ends.
        limits: How large the picture may be.

    Raises:
        DecodeError: There is no header, it is interlaced, or nothing of it is missing.
        LimitError: It is larger than the limits allow.
    """
    width, height = png_chunks.size(data)
    check_size(width, height, limits)
    depth, kind, interlace = data[24], data[25], data[28]
    if depth not in DEPTHS or kind not in png_chunks.SAMPLES:
        raise DecodeError("its header is damaged")
    if interlace:
        raise DecodeError("it is interlaced, and such a PNG cannot be salvaged")
    row_bytes = 1 + (width * depth * png_chunks.SAMPLES[kind] + 7) // 8
    pixels, left = _rows(_sound_pixels(data), row_bytes, height)
    made = [png_chunks.SIGNATURE]
    tall = left.to_bytes(4, "big")
    for name, content in png_chunks.chunks(data):
        if name == b"IDAT":
            break
        is_header = name == b"IHDR"
        made.append(
            png_chunks.chunk(name, content[:4] + tall + content[8:] if is_header else content)
        )
    made += [png_chunks.chunk(b"IDAT", pixels), png_chunks.chunk(b"IEND", b"")]
    return Rest(b"".join(made), height, left)


def _sound_pixels(data: bytes) -> Iterator[bytes]:
    """Yield what the chunks of pixels hold, up to a wrong checksum or the end of the file."""
    at = len(png_chunks.SIGNATURE)
    while at + 8 < len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        content, told = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        if len(told) == 4 and zlib.crc32(name + content).to_bytes(4, "big") != told:
            return
        if name == b"IDAT":
            yield from (content[i : i + PART] for i in range(0, len(content), PART))
        at += 12 + length


def _rows(parts: Iterator[bytes], row_bytes: int, height: int) -> tuple[bytes, int]:
    """Inflate as far as it goes, and deflate the whole rows again; these, and how many they are."""
    inflate, deflate = zlib.decompressobj(), zlib.compressobj(LEVEL)
    made, held, left = list[bytes](), b"", 0
    for piece in _inflated(inflate, parts):
        held += piece
        count = min(len(held) // row_bytes, height - left)
        made.append(deflate.compress(held[: count * row_bytes]))
        held, left = held[count * row_bytes :], left + count
        if left == height:
            break
    return b"".join([*made, deflate.flush()]), left


def _inflated(inflate: "zlib._Decompress", parts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what can be inflated, in pieces, up to damage or the end."""
    for part in parts:
        rest, piece = part, b"more"
        while rest or piece:
            try:
                piece = inflate.decompress(rest, PIECE)
            except zlib.error:
                return
            rest = inflate.unconsumed_tail
            yield piece
            if inflate.eof:
                return
