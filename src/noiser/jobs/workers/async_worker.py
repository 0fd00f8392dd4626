"""A worker process that is asked and waited for beside others, and what it may take."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from noiser.io.limits import MEGA
from noiser.jobs.workers.frames import Heard, Told, opening
from noiser.jobs.workers.process import START_SECONDS, Setting, WorkerProcess, cannot_start

NICENESS = 5
"""The server itself must answer in milliseconds while all workers compute; more would let a
flood of requests that are refused take the workers' time."""


@dataclass(frozen=True)
class WorkerLimits:
    """What pictures and workers may take of time, of memory and of the queue."""

    max_worker_bytes: int = 2 << 30
    """Address space of a worker: a decoder that runs wild fails alone [bytes]."""

    max_waiting: int = 16
    """Requests that wait for a worker; more are refused at once."""

    queue_seconds: float = 30.0
    """For a request to wait for a worker [s]; then it is refused as if the queue were full."""

    compute_seconds: float = 20.0
    """For a picture, beside the next [s]. A worker that takes longer is ended."""

    compute_seconds_per_megapixel: float = 2.0
    """A hundred times what it takes [s]."""

    abandon_seconds: float = 0.5
    """For a picture whose client has left; ending a worker costs more than most pictures [s]."""

    start_seconds: float = START_SECONDS
    """For a worker to get ready [s]; it takes half a second."""


class PoolError(Exception):
    """A picture was not done, and not for its own sake.

    Args:
        code: `busy`, `draining`, `worker_lost` or `too_slow`.
        message: One sentence.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AsyncWorker(WorkerProcess):
    """A worker process that is waited for beside others.

    Args:
        command: Starts it, see `WorkerProcess`.
        limits: Of time and memory.

    Raises:
        MachineError: The system cannot start it.
    """

    def __init__(self, command: Sequence[str], limits: WorkerLimits) -> None:
        super().__init__(command, Setting(limits.max_worker_bytes, NICENESS, is_warm=True))
        self.line.setblocking(False)
        self._limits = limits
        self._is_idle = False

    async def get_ready(self) -> None:
        """Wait until it is ready.

        Raises:
            MachineError: It will not be.
        """
        try:
            async with asyncio.timeout(self._limits.start_seconds):
                await self._next()
        except TimeoutError:
            raise cannot_start("it did not get ready in time") from None
        except PoolError as lost:
            raise cannot_start(str(lost)) from None
        self._is_idle = True

    async def ask(self, told: Told, data: bytes) -> Heard:
        """Have a job done.

        Raises:
            PoolError: The process ended, or took longer than the picture may take.
        """
        limits, loop = self._limits, asyncio.get_running_loop()
        self._is_idle = False
        try:
            async with asyncio.timeout(limits.compute_seconds) as deadline:
                await loop.sock_sendall(self.line, opening(told, len(data)))
                await loop.sock_sendall(self.line, data)
                while "result" not in (heard := await self._next())[0]:
                    more = limits.compute_seconds_per_megapixel * heard[0]["weight"] / MEGA
                    deadline.reschedule(loop.time() + limits.compute_seconds + more)
        except TimeoutError:
            raise PoolError(
                "too_slow", "the picture took longer than pictures of its size may"
            ) from None
        except ConnectionError:
            raise _ended() from None
        self._is_idle = True
        return heard[0]["result"], heard[1]

    async def leave(self) -> None:
        """End the process; it may do so by itself if it has nothing to do."""
        try:
            await asyncio.to_thread(self.end, is_idle=self._is_idle)
        finally:
            self.line.close()  # here, where nothing can be waiting for it any more

    async def _next(self) -> Heard:
        """Wait for a frame."""
        loop, frame = asyncio.get_running_loop(), None
        while frame is None:
            try:
                count = await loop.sock_recv_into(self.line, self.parser.room)
            except ConnectionError:
                count = 0
            if not count:
                raise _ended()
            frame = self.parser.take(count)
        return frame


def _ended() -> PoolError:
    """Say that a process is gone."""
    return PoolError("worker_lost", "the process that worked on the picture ended")
