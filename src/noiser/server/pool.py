"""The pool: worker processes, each kept going, and the requests that wait for one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from noiser.core.errors import MachineError
from noiser.server.frames import Told
from noiser.server.worker_process import COMMAND, Heard, WorkerLostError, WorkerProcess
from noiser.web.server.errors import RefusedError
from noiser.web.server.limits import ServerLimits

PAUSE = 1.0
"""Before a worker that did not get ready is started again [s]."""


@dataclass(eq=False)
class _Job:
    """A picture, and where its answer is waited for."""

    told: Told
    data: bytes
    answer: "asyncio.Future[Heard]"


class Pool:
    """Worker processes behind a queue of bounded length.

    A worker that ends, or takes too long, costs the request that it worked on and no other:
    that one is refused, never tried again, and the worker is replaced. Used as an asynchronous
    context: in it, all workers have been ready once.

    Args:
        workers: Number of processes.
        limits: Of time, memory and the queue.
        command: Starts a worker; its memory bound and descriptor follow.

    Raises:
        MachineError: A worker cannot start.
    """

    def __init__(
        self, workers: int, limits: ServerLimits, command: Sequence[str] = COMMAND
    ) -> None:
        self.workers, self._limits, self._command = workers, limits, command
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._pending: set[_Job] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self.ready = 0
        """Workers that are there."""

        self.restarts = 0
        """Workers that were replaced."""

        self.working = 0
        """Workers that have a picture in work."""

        self.is_draining = False
        """Whether the server is about to end."""

    @property
    def waiting(self) -> int:
        """Requests that wait for a worker."""
        return max(len(self._pending) - self.working, 0)

    def check_room(self) -> None:
        """Refuse where a request could not even wait.

        Raises:
            RefusedError: It cannot.
        """
        if self.is_draining:
            raise _draining()
        if len(self._pending) >= self.workers + self._limits.max_waiting:
            raise RefusedError(
                "busy",
                f"{self.workers} workers are busy and {self._limits.max_waiting} requests wait; "
                "try again later",
            )

    async def run(self, told: Told, data: bytes) -> Heard:
        """Have a picture done; cancelling it frees the worker soon.

        Args:
            told: What a worker is to do, see `jobs.py`.
            data: The picture's file.

        Returns:
            What the worker says, and its bytes.

        Raises:
            RefusedError: There is no room, or the worker was lost.
        """
        self.check_room()
        job = _Job(told, data, asyncio.get_running_loop().create_future())
        self._pending.add(job)
        self._jobs.put_nowait(job)
        try:
            return await job.answer
        finally:
            self._pending.discard(job)
            job.data = b""

    def drain(self) -> None:
        """Refuse all requests that wait, and all that are to come."""
        self.is_draining = True
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            if not job.answer.done():
                job.answer.set_exception(_draining())

    async def __aenter__(self) -> Self:
        """Start the workers."""
        started = [asyncio.get_running_loop().create_future() for _ in range(self.workers)]
        self._keepers = [asyncio.create_task(self._keep(future)) for future in started]
        try:
            await asyncio.gather(*started)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers."""
        self.drain()
        await self._end()

    async def _end(self) -> None:
        """End the workers, and with each its keeper."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _keep(self, started: "asyncio.Future[None]") -> None:
        """Keep one worker going, and give it the jobs one after another."""
        worker = WorkerProcess(self._command, self._limits)
        try:
            try:
                await worker.start()
            except WorkerLostError as lost:
                started.set_exception(MachineError(f"a worker process cannot start: {lost}"))
                return
            started.set_result(None)
            self.ready += 1
            while True:
                job = await self._jobs.get()
                if job.answer.done():  # its client has left
                    continue
                if worker.has_ended:
                    await self._replace(worker)
                if not await self._do(job, worker):
                    await self._replace(worker)
        finally:
            await worker.end()

    async def _replace(self, worker: WorkerProcess) -> None:
        """Start a worker again until it gets ready."""
        self.ready -= 1
        while True:
            self.restarts += 1
            try:
                await worker.start()
            except WorkerLostError:
                await asyncio.sleep(PAUSE)
            else:
                self.ready += 1
                return

    async def _do(self, job: _Job, worker: WorkerProcess) -> bool:
        """Have a job done, and say whether the worker can go on."""
        self.working += 1
        asking = asyncio.create_task(worker.ask(job.told, job.data))
        try:
            await asyncio.wait({asking, job.answer}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():  # the client has left
                await asyncio.wait({asking}, timeout=self._limits.abandon_seconds)
            if not asking.done():
                return False
            try:
                answer = asking.result()
            except WorkerLostError as lost:
                if not job.answer.done():
                    job.answer.set_exception(RefusedError(lost.code, str(lost)))
                return False
            if not job.answer.done():
                job.answer.set_result(answer)
            return True
        finally:
            self.working -= 1
            asking.cancel()
            if not job.answer.done():  # the server ends
                job.answer.set_exception(_draining())


def _draining() -> RefusedError:
    """Refuse, because the server is about to end."""
    return RefusedError("draining", "the server is about to end; try again later")
