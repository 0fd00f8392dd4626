"""A worker: a process that does one picture after another, for the server that started it.

    python -m noiser.web.server.worker BYTES DESCRIPTOR

The descriptor is one end of a socket; messages are frames, see `frames.py`. It says `ready`;
hears what to `do` with the bytes of a picture; says `weight` when it has seen the header; and
answers. It ends when the server hangs up, also in mid-picture. It writes no file and opens none
that a request could name.
"""

import io
import os
import select
import signal
import socket
import sys
import threading
from typing import BinaryIO

from noiser.core.errors import NoiserError, sentence
from noiser.io.limits import MEGA, Limits
from noiser.server.frames import Told, opening, read_frame
from noiser.server.jobs import DOES, failed, weigh
from noiser.server.memory import bound, give_back

LARGE = 4 * MEGA
"""From here on freed memory is handed back: it takes a thousandth of the picture's time
[pixels]."""


NICENESS = 5
"""The server itself must answer in milliseconds while all workers compute; more would let a
flood of requests that are refused take the workers' time."""


def serve(stream: BinaryIO, end: socket.socket) -> None:
    """Answer until the server hangs up."""
    end.sendall(opening({"ready": True}, 0))
    while (frame := read_frame(stream)) is not None:
        told, data = _answer(*frame, end)
        del frame
        end.sendall(opening(told, len(data)))
        end.sendall(data)
        is_large = len(data) > LARGE or told.get("width", 0) * told.get("height", 0) > LARGE
        del data
        if is_large or "error" in told:
            give_back()


def _answer(told: Told, data: bytes, end: socket.socket) -> tuple[Told, bytes]:
    """Do what was asked, or say why it cannot be done."""
    try:
        end.sendall(opening({"weight": weigh(data, told)}, 0))
        return DOES[told["do"]](data, told)
    except (NoiserError, MemoryError) as error:
        return failed(error), b""
    except Exception as error:  # noqa: BLE001 - a fault of ours costs one picture, not the worker
        return {"error": "fault", "message": f"{type(error).__name__}: {sentence(error)}"}, b""


def warm_up() -> None:
    """Do a tiny picture, so that the first client does not wait for modules to load."""
    from dataclasses import asdict

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 9, 9)).save(buffer, "JPEG")
    told: Told = {"options": {}, "format": None, "metadata": "keep", "profile": "keep"}
    DOES["enhance"](buffer.getvalue(), told | {"limits": asdict(Limits())})


def end_with(end: socket.socket) -> None:
    """End this process when the server is gone, whatever it is doing."""
    hung_up = select.poll()
    hung_up.register(end, 0)  # no event but that it hung up
    hung_up.poll()
    os._exit(1)


def main() -> None:
    """Serve at the descriptor that was passed."""
    # The server ends its workers, when their pictures are done; what ends a session or a
    # service signals all of its processes at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[2])) as end, end.makefile("rb") as stream:
        threading.Thread(target=end_with, args=[end], daemon=True).start()
        bound(int(sys.argv[1]))
        os.nice(NICENESS)
        warm_up()
        serve(stream, end)


if __name__ == "__main__":
    main()
