"""The supervisor: worker processes, of which none can take the run down with it.

A worker that dies costs the picture it had one try; one that hangs is ended and replaced. Only
the supervisor knows what is finished; workers know their task and nothing else.
"""

import os
import selectors
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any

from noiser.core.errors import MachineError
from noiser.io.files import remove_partials
from noiser.io.limits import MEGA
from noiser.jobs.job import Result, Task, budget_of
from noiser.jobs.options import Treatment
from noiser.jobs.plan import Item
from noiser.pipelines.sending import from_task, from_treatment, to_result
from noiser.pipelines.worker_process import WorkerProcess

TRIES = 2
"""Of a picture whose worker dies: the second time after all others, and alone in memory."""

FALSE_STARTS = 3
"""Workers in a row that end before they are ready: then none can be had on this machine."""

TICK = 1.0
"""The longest wait, and the most that counts of one: a run that was suspended is not late [s]."""

COMMAND = (sys.executable, "-P", "-m", "noiser.jobs.worker")
"""Starts a worker. `-P`: no module comes from the folder we happen to be in."""


def seconds_for(pixels: int) -> float:
    """Say how long a picture may take: far more than any does on a slow machine [s]."""
    return 120 + 2 * pixels / MEGA


def can_supervise() -> bool:
    """Whether this system can start our kind of workers."""
    return os.name == "posix" and bool(sys.executable)


class Supervisor:
    """Has tasks done by worker processes, which are started as they are needed.

    Args:
        treatment: What is done to each picture; may be replaced between runs.
        workers: How many at most.
        command: Starts one.
        patience: How long a picture of so many pixels may take [s].
    """

    def __init__(
        self,
        treatment: Treatment,
        workers: int,
        *,
        command: Sequence[str] = COMMAND,
        patience: Callable[[int], float] = seconds_for,
    ) -> None:
        self.late: list[Result] = []
        """What was finished when a run was broken off, and not told any more."""

        self._most, self._command, self._patience = workers, command, patience
        self._workers: list[WorkerProcess] = []
        self._selector = selectors.DefaultSelector()
        self._next: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._tries: dict[Task, int] = {}
        self._waiting: deque[tuple[WorkerProcess, int]] = deque()
        self._false_starts = 0
        self.treat_by(treatment)

    def treat_by(self, treatment: Treatment) -> None:
        """Replace the treatment, while no run is under way."""
        self._treatment = from_treatment(treatment)
        self._limit = self._free = budget_of(treatment)

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Send the workers home, or end them at once where an error ends the run."""
        if kind is not None:
            self._break_off()
        for worker in self._workers:
            worker.send_home()
        self._selector.close()

    def run(
        self,
        tasks: Iterable[Task],
        on_result: Callable[[Result], None],
        on_progress: Callable[[Item, int, int], None],
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Have tasks done.

        Args:
            tasks: Taken a few at a time, as workers are free.
            on_result: Called in this thread, as tasks end.
            on_progress: Called in this thread, for pictures in strips.
            on_tick: Called at least once a second.

        Raises:
            MachineError: The machine cannot write, or workers cannot be had.
        """
        rest = iter(tasks)
        last = time.monotonic()
        while self._assign(rest):
            for key, _ in self._selector.select(TICK):
                self._hear(key.data, on_result, on_progress)
            now = time.monotonic()
            elapsed, last = min(now - last, TICK), now
            for worker in [w for w in self._workers if w.is_late(elapsed)]:
                self._end_late(worker, on_result)
            on_tick()

    def _assign(self, rest: Iterator[Task]) -> bool:
        """Give tasks to who is free, and hire for those that are left; whether there are any."""
        self._next.extend(islice(rest, self._most - len(self._next)))
        for worker in self._workers:
            if worker.is_ready and worker.task is None and (self._next or self._again):
                self._give(worker, (self._next or self._again).popleft())
        left = len(self._next) + len(self._again)
        starting = sum(not worker.is_ready for worker in self._workers)
        for _ in range(min(left - starting, self._most - len(self._workers))):
            worker = WorkerProcess(self._command)
            self._workers.append(worker)
            self._selector.register(worker.end, selectors.EVENT_READ, worker)
        return left > 0 or any(worker.task for worker in self._workers)

    def _give(self, worker: WorkerProcess, task: Task) -> None:
        """Give a task to a worker that is free."""
        if worker.treatment is not self._treatment:
            worker.treatment = self._treatment
            worker.say(treatment=self._treatment)
        worker.task, worker.spent, worker.allowed = task, 0.0, self._patience(0)
        worker.say(task=from_task(task))

    def _hear(
        self,
        worker: WorkerProcess,
        on_result: Callable[[Result], None],
        on_progress: Callable[[Item, int, int], None],
    ) -> None:
        """Take in what a worker says."""
        messages, is_end = worker.hear()
        for message in messages:
            if "ready" in message:
                worker.is_ready, self._false_starts = True, 0
            elif "machine" in message:
                raise MachineError(message["machine"])
            elif worker.task is None:
                continue
            elif "pixels" in message:
                self._wait(worker, worker.task, message["pixels"])
            elif "progress" in message:
                on_progress(worker.task.item, *message["progress"])
            elif "result" in message:
                on_result(self._taken(worker, worker.task, message))
        if is_end:
            self._bury(worker, on_result)

    def _taken(self, worker: WorkerProcess, task: Task, message: dict[str, Any]) -> Result:
        """Take a worker's result, and have it free again."""
        self._release(worker)
        worker.task = None
        self._tries.pop(task, None)
        return to_result(task.item, message["result"])

    def _wait(self, worker: WorkerProcess, task: Task, pixels: int) -> None:
        """Have a worker wait for memory; who was killed once, perhaps for want of it, for all."""
        worker.allowed = self._patience(pixels)
        needed = self._limit if task in self._tries else min(pixels, self._limit)
        worker.is_waiting = True
        self._waiting.append((worker, needed))
        self._grant()

    def _grant(self) -> None:
        """Let workers go on in the order they came, as far as there is memory."""
        while self._waiting and self._free >= self._waiting[0][1]:
            worker, pixels = self._waiting.popleft()
            worker.pixels, worker.is_waiting = pixels, False
            self._free -= pixels
            worker.say(go=True)

    def _release(self, worker: WorkerProcess) -> None:
        """Take back a worker's memory, or its place among those who wait."""
        self._waiting = deque(entry for entry in self._waiting if entry[0] is not worker)
        self._free += worker.pixels
        worker.pixels, worker.is_waiting = 0, False
        self._grant()

    def _bury(self, worker: WorkerProcess, on_result: Callable[[Result], None]) -> None:
        """Go on without a worker that ended by itself; its picture gets another try."""
        code = worker.ended()
        self._dismiss(worker)
        if not worker.is_ready:
            self._false_starts += 1
            if self._false_starts >= FALSE_STARTS:
                raise MachineError(f"worker processes end as they start, with code {code}")
        task = worker.task
        if task is None:
            return
        self._tries[task] = self._tries.get(task, 0) + 1
        if self._tries[task] < TRIES:
            self._again.append(task)
            return
        why = " (it was killed: perhaps memory ran out)" if code == -9 else ""
        on_result(Result(task.item, "failed", f"the decoder crashed on it twice{why}"))

    def _end_late(self, worker: WorkerProcess, on_result: Callable[[Result], None]) -> None:
        """End a worker that hangs; its picture gets no other try."""
        worker.kill()
        self._dismiss(worker)
        if worker.task is not None:
            took = f"took longer than {worker.allowed:.0f} s"
            on_result(Result(worker.task.item, "failed", took))

    def _dismiss(self, worker: WorkerProcess) -> None:
        """Forget a worker that has ended, and remove what it left behind."""
        self._workers.remove(worker)
        self._selector.unregister(worker.end)
        worker.end.close()
        self._release(worker)
        if worker.task is not None:
            remove_partials([worker.task.item.output])

    def _break_off(self) -> None:
        """End all workers; note what they finished, remove what they did not."""
        for worker in self._workers:
            worker.kill()
        for worker in list(self._workers):
            messages, _ = worker.hear()
            for message in messages:
                if worker.task is not None and "result" in message:
                    self.late.append(self._taken(worker, worker.task, message))
            self._dismiss(worker)
