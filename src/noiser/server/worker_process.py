"""A worker process as the pool sees it; what it does is in `worker.py`."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence

from noiser.io.limits import MEGA
from noiser.server.frames import HEAD, Told, opening
from noiser.web.server.limits import ServerLimits

COMMAND = (sys.executable, "-m", "noiser.web.server.worker")
"""Starts a worker."""

FAREWELL = 2.0
"""How long a worker may take to end when it has nothing to do, before it is ended [s]."""

Heard = tuple[Told, bytearray]
"""What a worker says, and its bytes."""


class WorkerLostError(Exception):
    """A worker ended or took too long.

    Args:
        code: `worker_lost` or `too_slow`.
        message: One sentence.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class WorkerProcess:
    """A process at the other end of a line.

    Args:
        command: Starts the process; its memory bound and the number of its descriptor follow.
        limits: Of time and memory.
    """

    def __init__(self, command: Sequence[str], limits: ServerLimits) -> None:
        self._command, self._limits = command, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._is_idle = False
        self._line: socket.socket

    async def start(self) -> None:
        """End the process, if there is one, start another, and wait until it is ready.

        Raises:
            WorkerLostError: It will not be.
        """
        await self.end()
        try:
            self._start()
            async with asyncio.timeout(self._limits.start_seconds):
                await self._hear()
        except TimeoutError:  # which is an OSError too
            raise WorkerLostError("too_slow", "it did not get ready in time") from None
        except OSError as error:
            raise WorkerLostError("worker_lost", error.strerror or str(error)) from error
        self._is_idle = True

    def _start(self) -> None:
        """Start a process at a line of its own."""
        self._is_idle = False
        line, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [*self._command, str(self._limits.max_worker_bytes), str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    process_group=0,  # Ctrl-C is for the server alone
                    env=os.environ
                    | {
                        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                        "OPENBLAS_NUM_THREADS": "1",  # as the command line does
                    },
                )
        except OSError:
            line.close()
            raise
        self._line = line
        line.setblocking(False)

    @property
    def has_ended(self) -> bool:
        """Whether there is no process, or it is gone."""
        return self._process is None or self._process.poll() is not None

    async def ask(self, told: Told, data: bytes) -> Heard:
        """Have a job done.

        Raises:
            WorkerLostError: The process ended, or took longer than the picture may take.
        """
        limits, clock = self._limits, asyncio.get_running_loop().time
        self._is_idle = False
        try:
            async with asyncio.timeout(limits.compute_seconds) as deadline:
                await self._say(told, data)
                while "weight" in (heard := await self._hear())[0]:
                    more = limits.compute_seconds_per_megapixel * heard[0]["weight"] / MEGA
                    deadline.reschedule(clock() + limits.compute_seconds + more)
        except TimeoutError:
            raise WorkerLostError(
                "too_slow", "the picture took longer than pictures of its size may"
            ) from None
        self._is_idle = True
        return heard

    async def end(self) -> None:
        """End the process, if there is one: let it go home if it has nothing to do."""
        process, self._process = self._process, None
        if process is None:
            return
        if self._is_idle:
            with contextlib.suppress(OSError):  # it is gone already
                self._line.shutdown(socket.SHUT_WR)
        else:
            process.kill()
        try:
            await asyncio.to_thread(process.wait, FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)
        finally:
            self._line.close()

    async def _say(self, told: Told, data: bytes) -> None:
        """Send a frame."""
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._line, opening(told, len(data)))
            await loop.sock_sendall(self._line, data)
        except ConnectionError:
            raise _ended() from None

    async def _hear(self) -> Heard:
        """Wait for a frame."""
        length, size = HEAD.unpack(await self._bytes(HEAD.size))
        told = json.loads(await self._bytes(length))
        return told, await self._bytes(size)

    async def _bytes(self, count: int) -> bytearray:
        """Wait for so many bytes."""
        loop, buffer, found = asyncio.get_running_loop(), bytearray(count), 0
        with memoryview(buffer) as view:
            while found < count:
                try:
                    more = await loop.sock_recv_into(self._line, view[found:])
                except ConnectionError:
                    more = 0
                if not more:
                    raise _ended()
                found += more
        return buffer


def _ended() -> WorkerLostError:
    """Say that a process is gone."""
    return WorkerLostError("worker_lost", "the process that worked on the picture ended")
