"""Frames: messages between server and worker, a line of JSON and bytes that belong to it."""

import json
import struct
from typing import Any, BinaryIO

HEAD = struct.Struct("!IQ")
"""Lengths of the JSON and of the bytes [bytes]."""

Told = dict[str, Any]
"""What JSON can say."""


def opening(told: Told, size: int) -> bytes:
    """Write what comes before the bytes of a frame.

    Args:
        told: The message.
        size: Of the bytes that follow [bytes].
    """
    text = json.dumps(told).encode("ascii")
    return HEAD.pack(len(text), size) + text


def read_frame(stream: BinaryIO) -> tuple[Told, bytes] | None:
    """Read a frame, or None where the other end has hung up.

    Example:
        >>> import io
        >>> read_frame(io.BytesIO(opening({"do": "enhance"}, 3) + b"abc"))
        ({'do': 'enhance'}, b'abc')
    """
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    length, size = HEAD.unpack(head)
    text, data = stream.read(length), stream.read(size)
    if len(text) < length or len(data) < size:
        return None
    return json.loads(text), data
