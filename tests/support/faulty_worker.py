"""A worker that does what the bytes of its picture say: answers, ends, hangs, waits, or grows."""

import os
import socket
import sys
import time
from pathlib import Path

from noiser.jobs.workers.frames import opening, read_frame

NOT_STARTING = "NOISER_TEST_NOT_STARTING"
"""A file; while it is there, no worker starts."""


def answer(data):
    """Do what the bytes say, and give what is to be told and the bytes."""
    word, _, rest = data.partition(b" ")
    if word == b"end":
        os._exit(1)
    if word == b"hang":
        time.sleep(600)
    if word in (b"wait", b"light"):  # until somebody makes the file
        while not Path(os.fsdecode(rest)).exists():
            time.sleep(0.01)
    if word == b"fault":
        return {"error": "fault", "message": f"KeyError: in {__file__}"}, b""
    told = {"format": "PNG", "width": 1, "height": 1, "note": None, "pid": os.getpid()}
    return told, bytes(int(rest)) if word == b"zeros" else data


def main():
    """Serve at the descriptor that was passed."""
    if Path(os.environ.get(NOT_STARTING, "/none")).exists():
        sys.exit(1)
    with socket.socket(fileno=int(sys.argv[2])) as end, end.makefile("rb") as stream:
        end.sendall(opening({"ready": True}, 0))
        while (frame := read_frame(stream)) is not None:
            if not frame[1].startswith(b"light"):
                end.sendall(opening({"weight": 1000}, 0))
            result, data = answer(frame[1])
            end.sendall(opening({"result": result}, len(data)) + data)


if __name__ == "__main__":
    main()
