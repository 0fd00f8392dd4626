"""Frames: messages between a pool and a worker, a line of JSON and bytes that belong to it.

A pool says:

    job_options     what is done to the pictures of all tasks that follow
    task            have a file done; `go`: take the memory for it
    do              have the picture done whose file the bytes are, see `picture_jobs.py`

A worker says:

    ready           it can be asked
    weight          what the picture takes of memory; for a task, it waits for `go` then
    progress        pixels done and in all
    result          what has become of it, with the bytes of a picture that was made; or `error`
                    and `message`: kind and sentence of why nothing could be made
"""

import json
import struct
from typing import Any, BinaryIO

HEAD = struct.Struct("!IQ")
"""Lengths of the JSON and of the bytes [bytes]."""

Told = dict[str, Any]
"""What JSON can say."""

Heard = tuple[Told, bytearray]
"""What was said, and its bytes."""


def opening(told: Told, size: int = 0) -> bytes:
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


class FrameParser:
    """Puts frames together as their bytes come, for a socket that is not waited for."""

    def __init__(self) -> None:
        self._parts = [bytearray(HEAD.size)]
        self._found = 0

    @property
    def room(self) -> memoryview:
        """Where the next bytes go; never more than the frame has."""
        return memoryview(self._parts[-1])[self._found :]

    def take(self, count: int) -> Heard | None:
        """Count bytes that were put there, and give the frame if it is whole."""
        self._found += count
        while self._found == len(self._parts[-1]):  # a part may be empty, and is whole then
            if len(self._parts) == 3:
                _, text, data = self._parts
                self._parts, self._found = [bytearray(HEAD.size)], 0
                return json.loads(text), data
            self._parts.append(bytearray(HEAD.unpack(self._parts[0])[len(self._parts) - 1]))
            self._found = 0
        return None
