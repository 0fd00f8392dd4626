"""A worker: a process that does one task after another, for the supervisor that started it.

    python -m noiser.jobs.worker DESCRIPTOR

The descriptor is one end of a socket. Messages are JSON, one a line. It hears `treatment`, then
`task`, again and again; says `pixels` and waits for `go` before it takes memory; tells
`progress`; and answers `result`, or `machine` where the machine cannot write. It ends when it
hears `end`, and at once when the supervisor is gone.
"""

import json
import os
import queue
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from noiser.core.errors import MachineError, sentence
from noiser.jobs.job import Result, Task, process
from noiser.jobs.options import Treatment
from noiser.pipelines.sending import from_result, to_task, to_treatment


class Link:
    """The worker's end of the line to its supervisor."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._heard = end, queue.SimpleQueue[dict[str, Any]]()
        self._saying = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, message: dict[str, Any]) -> None:
        """Send a message; pictures in strips do from several threads."""
        with self._saying:
            self._end.sendall(json.dumps(message).encode("ascii") + b"\n")

    def hear(self) -> dict[str, Any]:
        """Wait for a message."""
        return self._heard.get()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Ask for memory and wait; the supervisor takes it back when the task ends."""
        self.say({"pixels": pixels})
        self.hear()
        yield

    def _listen(self) -> None:
        """Take in messages, also while a picture is in work: without a supervisor, end."""
        try:
            with self._end.makefile("rb") as lines:
                for line in lines:
                    self._heard.put(json.loads(line))
        finally:  # also where the line broke, with words unheard
            os._exit(1)


def serve(link: Link) -> None:
    """Do what the supervisor asks, until it says `end`."""
    treatment: Treatment | None = None
    link.say({"ready": True})
    while "end" not in (message := link.hear()):
        if "treatment" in message:
            treatment = to_treatment(message["treatment"])
        elif treatment is not None:
            link.say(_answer(to_task(message["task"]), treatment, link))


def _answer(task: Task, treatment: Treatment, link: Link) -> dict[str, Any]:
    """Do a task."""

    def report(done: int, total: int) -> None:
        link.say({"progress": [done, total]})

    try:
        result = process(task, treatment, link.hold, report)
    except MachineError as error:
        return {"machine": str(error)}
    except Exception as error:  # noqa: BLE001 - a fault of ours costs one picture, not all
        told = f"a fault of noiser: {type(error).__name__}: {sentence(error)}"
        result = Result(task.item, "failed", told)
    return {"result": from_result(result)}


def main() -> None:
    """Serve at the descriptor that was passed."""
    with socket.socket(fileno=int(sys.argv[1])) as end:
        serve(Link(end))
        sys.stdout.flush()
        # The listening thread is still in the socket; nothing else is left to end.
        end.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
