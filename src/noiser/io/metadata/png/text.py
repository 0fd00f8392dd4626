"""Texts of a PNG: handed on as they are, but for those that stand for something else."""

import os
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from noiser.core.errors import LimitError

TEXTS = (b"tEXt", b"zTXt", b"iTXt")
"""Kinds of chunks that hold texts."""

RAW = "Raw profile type "
"""Beginning of the names under which programs of before 2017 keep EXIF, IPTC and XMP."""

COPIED = ("Thumb::", "exif:", "tiff:", "xmp:", "photoshop:")
"""Beginnings of the names of copies of what stands elsewhere; they could contradict it."""

XMP_NAME = "XML:com.adobe.xmp"
"""PNG's name for the XMP text."""


def chunks(file: BinaryIO, limit: int) -> Iterator[tuple[bytes, bytes]]:
    """Walk through a PNG, before its pixels and behind them.

    Args:
        file: Open for reading and seeking; its place is kept.
        limit: Of all texts together [bytes].

    Yields:
        Kind and content of each chunk but those of the pixels.

    Raises:
        LimitError: There is more text.
    """
    kept, left = file.tell(), limit
    end = file.seek(0, os.SEEK_END)
    at = 8
    while at + 12 <= end:
        file.seek(at)
        head = file.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind in TEXTS or kind in (b"eXIf", b"cICP"):
            left -= length
            if left < 0:
                raise LimitError(f"texts of more than {limit} bytes; that is the limit")
            content = file.read(length)
            if len(content) == length:
                yield kind, content
        at += 12 + length
    file.seek(kept)


def name_of(content: bytes) -> str:
    """Read the name of a text, which is never compressed."""
    return content.split(b"\0", 1)[0].decode("latin-1")


def value_of(kind: bytes, content: bytes, limit: int) -> bytes:
    """Read a text, decompressed where it must be.

    Args:
        kind: `tEXt`, `zTXt` or `iTXt`.
        content: Of the chunk.
        limit: Of what it unfolds to [bytes].

    Raises:
        LimitError: It is more.
    """
    value = content.partition(b"\0")[2]
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = value[:1] == b"\1"
        value = value[2:].split(b"\0", 2)[-1]
    elif packed:
        value = value[1:]
    if not packed:
        return value
    unpacker = zlib.decompressobj()
    try:
        made = unpacker.decompress(value, limit)
    except zlib.error:
        return b""
    if unpacker.unconsumed_tail:
        raise LimitError(f"a text of more than {limit} bytes; that is the limit")
    return made


def is_kept(name: str) -> bool:
    """Tell a text of its own from one that stands for something else."""
    return name != XMP_NAME and not name.startswith((RAW, *COPIED))


def raw_profile(value: bytes) -> bytes:
    """Read a raw profile: a name, a length and hexadecimal digits, by lines."""
    lines = value.split(b"\n")
    try:
        return bytes.fromhex(b"".join(lines[3:]).decode("ascii"))
    except ValueError:
        return b""


def to_raw_profile(kind: str, data: bytes) -> tuple[bytes, bytes]:
    """Write a raw profile as a compressed text: kind and content of the chunk."""
    digits = data.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    text = "\n".join(["", kind, f"{len(data):8}", *lines, ""])
    return b"zTXt", f"{RAW}{kind}".encode() + b"\0\0" + zlib.compress(text.encode())
