"""The asynchronous pool: worker processes, each kept going, and the pictures that wait for one."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from noiser.core.errors import MachineError
from noiser.jobs.workers.async_worker import AsyncWorker, PoolError, WorkerLimits
from noiser.jobs.workers.frames import Heard, Told
from noiser.jobs.workers.process import COMMAND

PAUSE = 1.0
"""Before a worker that did not get ready is started again [s]."""


class Pool:
    """Worker processes behind a queue of bounded length.

    A worker that ends, or takes too long, costs the picture that it worked on and no other:
    that one fails, is never tried again, and the worker is replaced. Used as an asynchronous
    context: in it, all workers have been ready once.

    Args:
        workers: Number of processes.
        limits: Of time, memory and the queue.
        command: Starts a worker, see `WorkerProcess`.

    Raises:
        MachineError: A worker cannot start.
    """

    def __init__(
        self, workers: int, limits: WorkerLimits, command: Sequence[str] = COMMAND
    ) -> None:
        self.workers, self._limits, self._command = workers, limits, command
        self._queue: deque[_Job] = deque()
        self._came = asyncio.Event()
        self._pending: set[_Job] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self.ready = 0
        """Workers that are there."""

        self.restarts = 0
        """Workers that were replaced."""

        self.working = 0
        """Workers that have a picture in work."""

        self.is_draining = False
        """Whether the pool is about to end."""

    @property
    def waiting(self) -> int:
        """Pictures that wait for a worker."""
        return len(self._queue)

    def check_room(self) -> None:
        """Refuse where a picture could not even wait.

        Raises:
            PoolError: It cannot.
        """
        if self.is_draining:
            raise _draining()
        if len(self._pending) >= self.workers + self._limits.max_waiting:
            raise PoolError(
                "busy",
                f"{self.workers} workers are busy and {self._limits.max_waiting} requests wait; "
                "try again later",
            )

    async def run(self, told: Told, data: bytes) -> Heard:
        """Have a picture done; cancelling it frees the worker soon.

        Args:
            told: What a worker is to do, see `picture_jobs.py`.
            data: The picture's file.

        Returns:
            The result, and its bytes.

        Raises:
            PoolError: There is no room, or no worker in time, or the worker was lost.
        """
        self.check_room()
        loop = asyncio.get_running_loop()
        job = _Job(told, data, loop.create_future())
        deadline = loop.call_later(self._limits.queue_seconds, self._give_up, job)
        self._pending.add(job)
        self._queue.append(job)
        self._came.set()
        try:
            return await job.answer
        finally:
            deadline.cancel()
            self._pending.discard(job)
            if job in self._queue:  # its client has left
                self._queue.remove(job)
            job.data = b""

    def _give_up(self, job: "_Job") -> None:
        """Refuse a picture that still waits."""
        if job in self._queue:
            self._queue.remove(job)
            waited = f"no worker was free within {self._limits.queue_seconds:g} seconds"
            job.fail(PoolError("busy", f"{waited}; try again later"))

    def drain(self) -> None:
        """Refuse all pictures that wait, and all that are to come."""
        self.is_draining = True
        while self._queue:
            self._queue.popleft().fail(_draining())

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

    async def __aexit__(self, *_: object) -> None:
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
        try:
            worker = await self._hired()
        except MachineError as error:
            started.set_exception(error)
            return
        try:
            started.set_result(None)
            self.ready += 1
            while True:
                while not self._queue:
                    self._came.clear()
                    await self._came.wait()
                # Only who can do a job takes it: another worker may be free.
                if worker.has_ended or not await self._do(self._queue.popleft(), worker):
                    worker = await self._replaced(worker)
        finally:
            await worker.leave()

    async def _hired(self) -> AsyncWorker:
        """Start a worker, and wait until it is ready."""
        worker = AsyncWorker(self._command, self._limits)
        try:
            await worker.get_ready()
        except BaseException:
            await worker.leave()
            raise
        return worker

    async def _replaced(self, worker: AsyncWorker) -> AsyncWorker:
        """End a worker, and start others until one gets ready."""
        self.ready -= 1
        await worker.leave()
        while True:
            self.restarts += 1
            try:
                worker = await self._hired()
            except MachineError:
                await asyncio.sleep(PAUSE)
            else:
                self.ready += 1
                return worker

    async def _do(self, job: "_Job", worker: AsyncWorker) -> bool:
        """Have a job done, and say whether the worker can go on."""
        if job.answer.done():  # its client has left
            return True
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
            except PoolError as lost:
                job.fail(PoolError(lost.code, str(lost)))  # the one that was raised holds frames
                return False
            if not job.answer.done():
                job.answer.set_result(answer)
            return True
        finally:
            self.working -= 1
            asking.cancel()
            job.fail(_draining())  # where there is no answer, the pool ends


@dataclass(eq=False)
class _Job:
    """A picture, and where its answer is waited for."""

    told: Told
    data: bytes
    answer: "asyncio.Future[Heard]"

    def fail(self, error: PoolError) -> None:
        """Answer with an error, if there is no answer yet."""
        if not self.answer.done():
            self.answer.set_exception(error)


def _draining() -> PoolError:
    """Refuse, because the pool is about to end."""
    return PoolError("draining", "the server is about to end; try again later")
