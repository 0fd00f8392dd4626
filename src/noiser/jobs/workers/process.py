"""A worker process as its pool sees it; what it does is in `worker.py`."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from noiser.core.errors import MachineError
from noiser.jobs.workers.frames import FrameParser, Told, opening

COMMAND = (sys.executable, "-P", "-m", "noiser.jobs.workers.worker")
"""Starts a worker. `-P`: no module comes from the folder we happen to be in."""

START_SECONDS = 30.0
"""For a worker to get ready [s]; it takes half a second."""

FAREWELL = 2.0
"""How long a worker may take to end when it has nothing to do, before it is killed [s]."""


@dataclass(frozen=True)
class Setting:
    """How a worker is set up before it says that it is ready."""

    max_bytes: int | None = None
    """Of address space, so that a decoder that runs wild fails alone; None bounds nothing."""

    niceness: int = 0
    """How far others go before it."""

    is_warm: bool = False
    """Whether it does a picture of its own, so that none that counts waits for modules to load."""


class WorkerProcess:
    """A process at the other end of a line.

    Args:
        command: Starts it; its setting as JSON and the number of its descriptor follow.
        setting: Its setting.

    Raises:
        MachineError: The system cannot start it.
    """

    def __init__(self, command: Sequence[str], setting: Setting) -> None:
        self.parser = FrameParser()
        with contextlib.ExitStack() as failing:
            try:
                self.line, theirs = socket.socketpair()
                failing.enter_context(self.line)
                with theirs:
                    descriptor = theirs.fileno()
                    self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                        [*command, json.dumps(asdict(setting)), str(descriptor)],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        pass_fds=[descriptor],
                        process_group=0,  # Ctrl-C is for the pool's process alone
                        env=os.environ
                        | {
                            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                            "OPENBLAS_NUM_THREADS": "1",  # as the command line does
                        },
                    )
            except OSError as error:
                raise cannot_start(error.strerror or str(error)) from error
            failing.pop_all()

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def say(self, told: Told) -> None:
        """Send a message; if the process is gone, hearing will tell."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.line.sendall(opening(told))

    def hear(self) -> tuple[list[Told], bool]:
        """Take in what was said, without waiting: whole messages, and whether it is the end."""
        heard: list[Told] = []
        try:
            while count := self.line.recv_into(self.parser.room, 0, socket.MSG_DONTWAIT):
                if frame := self.parser.take(count):
                    heard.append(frame[0])
        except (BlockingIOError, ConnectionResetError) as error:
            return heard, isinstance(error, ConnectionResetError)
        return heard, True

    def end(self, *, is_idle: bool = False) -> int:
        """End the process, and tell how it ended: -9 if it was killed, as `Popen.returncode`.

        Args:
            is_idle: Whether it has nothing to do, or has hung up, and may end by itself.
        """
        if is_idle:
            with contextlib.suppress(OSError):  # it is gone already
                self.line.shutdown(socket.SHUT_WR)
        else:
            self._process.kill()
        for _ in range(2):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(FAREWELL)
            self._process.kill()
        return 0  # the kernel has it, a dead disk


def cannot_start(why: str) -> MachineError:
    """Say that a worker process cannot start."""
    return MachineError(f"a worker process cannot start: {why}")
