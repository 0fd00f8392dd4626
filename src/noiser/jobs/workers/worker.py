"""A worker: a process that does one picture after another, for the pool that started it.

    python -P -m noiser.jobs.workers.worker SETTING DESCRIPTOR

The setting is JSON, see `process.py`. The descriptor is one end of a socket; messages are frames,
see `frames.py`. It ends when the pool hangs up, also in mid-picture. For a picture that was sent
it writes no file, and opens none that a request could name.
"""

import io
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from noiser.core.errors import NoiserError, sentence
from noiser.io.image_file import identify
from noiser.io.limits import MEGA, Limits
from noiser.jobs.job import process
from noiser.jobs.options import JobOptions
from noiser.jobs.workers.frames import Told, opening, read_frame
from noiser.jobs.workers.memory import bound, give_back
from noiser.jobs.workers.messages import from_result, to_options, to_task
from noiser.jobs.workers.picture_jobs import DOES, failed, weigh
from noiser.jobs.workers.process import Setting

LARGE = 4 * MEGA
"""From here on freed memory is handed back: it takes a thousandth of the picture's time
[pixels]."""


class Worker:
    """Does what its pool asks.

    Args:
        stream: What the pool says.
        end: Where it is answered.
    """

    def __init__(self, stream: BinaryIO, end: socket.socket) -> None:
        self._stream, self._end = stream, end
        self._saying = threading.Lock()
        self._options: JobOptions | None = None

    def serve(self) -> None:
        """Answer until the pool hangs up."""
        self._say({"ready": True})
        while (frame := read_frame(self._stream)) is not None:
            told, data = frame
            del frame
            if "job_options" in told:
                self._options = to_options(told["job_options"])
                continue
            result, data = self._answer(told, data)
            self._say({"result": result}, data)
            is_large = len(data) > LARGE or result.get("width", 0) * result.get("height", 0) > LARGE
            del data
            if is_large or "error" in result:
                give_back()

    def _say(self, told: Told, data: bytes = b"") -> None:
        """Send a frame; pictures in strips do from several threads."""
        with self._saying:
            self._end.sendall(opening(told, len(data)))
            self._end.sendall(data)

    def _answer(self, told: Told, data: bytes) -> tuple[Told, bytes]:
        """Do what was asked, or say why it cannot be done."""
        try:
            if "task" in told:
                assert self._options is not None  # noqa: S101 - said before
                task = to_task(told["task"])
                return from_result(process(task, self._options, self._hold, self._report)), b""
            source = identify(data, Limits(**told["limits"]))
            self._say({"weight": weigh(source, told)})
            return DOES[told["do"]](source, told)
        except (NoiserError, MemoryError) as error:
            return failed(error), b""
        except Exception as error:  # noqa: BLE001 - a fault of ours costs one picture, not all
            return {"error": "fault", "message": f"{type(error).__name__}: {sentence(error)}"}, b""

    @contextmanager
    def _hold(self, pixels: int) -> Iterator[None]:
        """Ask for memory and wait; the pool takes it back when the task ends."""
        self._say({"weight": pixels})
        if read_frame(self._stream) is None:  # the only word that can come is `go`
            sys.exit(1)
        yield

    def _report(self, done: int, total: int) -> None:
        """Say how far a picture in strips is."""
        self._say({"progress": [done, total]})


def warm_up() -> None:
    """Do a tiny picture, so that the first client does not wait for modules to load."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 9, 9)).save(buffer, "JPEG")
    told: Told = {"options": {}, "format": None, "metadata": "keep", "profile": "keep"}
    told |= {"quality": None, "max_size": None}
    DOES["enhance"](identify(buffer.getvalue()), told)


def end_with(end: socket.socket, is_done: threading.Event) -> None:
    """End this process when the pool is gone, whatever it is doing, or when it has hung up itself.

    Args:
        end: Of the pool.
        is_done: Set when there is nothing more to do.
    """
    hung_up = select.poll()
    hung_up.register(end, 0)  # no event but that it hung up
    hung_up.poll()
    os._exit(0 if is_done.is_set() else 1)


def main() -> None:
    """Serve at the descriptor that was passed."""
    # The pool ends its workers, when their pictures are done; what ends a session or a
    # service signals all of its processes at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    setting = Setting(**json.loads(sys.argv[1]))
    with socket.socket(fileno=int(sys.argv[2])) as end, end.makefile("rb") as stream:
        is_done = threading.Event()
        threading.Thread(target=end_with, args=[end, is_done], daemon=True).start()
        if setting.max_bytes is not None:
            bound(setting.max_bytes)
        os.nice(setting.niceness)
        if setting.is_warm:
            warm_up()
        Worker(stream, end).serve()
        is_done.set()


if __name__ == "__main__":
    main()
