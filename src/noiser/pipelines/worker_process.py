"""A worker process as its supervisor sees it; what it does is in `worker.py`."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from noiser.jobs.job import Task

FAREWELL = 2.0
"""How long a worker may take to end when it is told to, before it is ended [s]."""


class WorkerProcess:
    """A process at the other end of a line, and what it is doing.

    Args:
        command: Starts the process; the number of its descriptor follows.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.end, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                process_group=0,  # Ctrl-C is for the supervisor alone
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        self._heard = b""
        self.is_ready = False
        self.treatment: object = None
        """The treatment that it was told last."""

        self.task: Task | None = None
        self.pixels = 0
        """Memory that was granted for the task [pixels]."""

        self.is_waiting = False
        """Whether it waits for memory; that time does not count."""

        self.spent, self.allowed = 0.0, 0.0
        """Time of the task so far, and at most [s]."""

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def say(self, **message: Any) -> None:
        """Send a message; if the process is gone, hearing will tell."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.end.sendall(json.dumps(message).encode("ascii") + b"\n")

    def hear(self) -> tuple[list[dict[str, Any]], bool]:
        """Take in what was said, without waiting: whole messages, and whether it is the end."""
        try:
            data = self.end.recv(1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return [], False
        except ConnectionResetError:
            data = b""
        *lines, self._heard = (self._heard + data).split(b"\n")
        return [json.loads(line) for line in lines], not data

    def is_late(self, elapsed: float) -> bool:
        """Count time, and say whether the task takes too long."""
        if self.task is not None and not self.is_waiting:
            self.spent += elapsed
        return self.task is not None and self.spent > self.allowed

    def kill(self) -> int:
        """End the process now, and tell how it ended: as `Popen.returncode`."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # the kernel has it, a dead disk
            self._process.wait(FAREWELL)
        return self._process.returncode or 0

    def ended(self) -> int:
        """Wait for a process that has hung up: -9 if it was killed, and so on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(FAREWELL)
        return self.kill()

    def send_home(self) -> None:
        """Let the process end by itself, if it is ready to listen."""
        if self.is_ready:
            self.say(end=True)
            self.ended()
        else:
            self.kill()
        self.end.close()
