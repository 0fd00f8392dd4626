"""The synchronous pool: worker processes, of which none can take the run down with it.

A worker that dies costs the picture it had one try; one that hangs is ended and replaced. Only
the supervisor knows what is finished; workers know their task and nothing else.
"""

import os
import selectors
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from noiser.core.errors import MachineError
from noiser.io.files import remove_partials
from noiser.io.limits import MEGA
from noiser.jobs.job import Result, Task, budget_of
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.jobs.workers.frames import Told
from noiser.jobs.workers.messages import from_options, from_task, to_result
from noiser.jobs.workers.process import COMMAND, START_SECONDS, Setting, WorkerProcess

TRIES = 2
"""Of a picture whose worker dies: the second time after all others, and alone in memory."""

FALSE_STARTS = 3
"""Workers in a row that do not get ready: then none can be had on this machine."""

TICK = 1.0
"""The longest wait, and the most that counts of one: a run that was suspended is not late [s]."""


def seconds_for(pixels: int) -> float:
    """Say how long a picture may take: far more than any does on a slow machine [s]."""
    return 120 + 2 * pixels / MEGA


def can_supervise() -> bool:
    """Whether this system can start our kind of workers."""
    return os.name == "posix" and bool(sys.executable)


class Supervisor:
    """Has tasks done by worker processes, which are started as they are needed.

    Args:
        options: What is done to each picture; may be replaced between runs.
        workers: How many at most.
        command: Starts one, see `WorkerProcess`.
        setting: Of each.
        patience: How long a picture of so many pixels may take [s].
        start_seconds: How long a worker may take to get ready [s].
    """

    def __init__(
        self,
        options: JobOptions,
        workers: int,
        *,
        command: Sequence[str] = COMMAND,
        setting: Setting = Setting(),  # noqa: B008 - it cannot change
        patience: Callable[[int], float] = seconds_for,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self.late: list[Result] = []
        """What was finished when a run was broken off, and not told any more."""

        self._most, self._patience = workers, patience
        self._hire = partial(_Worker, command, setting, start_seconds)
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._next: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._tries: dict[Task, int] = {}
        self._waiting: deque[tuple[_Worker, int]] = deque()
        self._false_starts = 0
        self.use(options)

    def use(self, options: JobOptions) -> None:
        """Replace the options, while no run is under way."""
        self._options = from_options(options)
        self._limit = self._free = budget_of(options)

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Send the workers home, or end them at once where an error ends the run."""
        if kind is not None:
            self._break_off()
        for worker in self._workers:
            worker.end(is_idle=worker.is_ready)
            worker.line.close()
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
        self._on_result, self._on_progress = on_result, on_progress
        rest = iter(tasks)
        last = time.monotonic()
        while self._assign(rest):
            for key, _ in self._selector.select(TICK):
                self._hear(key.data)
            now = time.monotonic()
            elapsed, last = min(now - last, TICK), now
            for worker in [w for w in self._workers if w.is_late(elapsed)]:
                self._end_late(worker)
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
            worker = self._hire()
            self._workers.append(worker)
            self._selector.register(worker.line, selectors.EVENT_READ, worker)
        return left > 0 or any(worker.task for worker in self._workers)

    def _give(self, worker: "_Worker", task: Task) -> None:
        """Give a task to a worker that is free."""
        if worker.options is not self._options:
            worker.options = self._options
            worker.say({"job_options": self._options})
        worker.task, worker.spent, worker.allowed = task, 0.0, self._patience(0)
        worker.say({"task": from_task(task)})

    def _hear(self, worker: "_Worker") -> None:
        """Take in what a worker says."""
        messages, is_end = worker.hear()
        for message in messages:
            if "ready" in message:
                worker.is_ready, self._false_starts = True, 0
            elif worker.task is None:
                continue
            elif "weight" in message:
                self._wait(worker, worker.task, message["weight"])
            elif "progress" in message:
                self._on_progress(worker.task.item, *message["progress"])
            elif "result" in message:
                self._on_result(self._taken(worker, worker.task, message["result"]))
        if is_end:
            self._bury(worker)

    def _taken(self, worker: "_Worker", task: Task, message: Told) -> Result:
        """Take a worker's result, and have it free again.

        Raises:
            MachineError: The machine cannot write.
        """
        self._release(worker)
        worker.task = None
        self._tries.pop(task, None)
        if "error" not in message:
            return to_result(task.item, message)
        if message["error"] == MachineError.__name__:
            raise MachineError(message["message"])
        return Result(task.item, "failed", f"a fault of noiser: {message['message']}")

    def _wait(self, worker: "_Worker", task: Task, pixels: int) -> None:
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
            worker.say({"go": True})

    def _release(self, worker: "_Worker") -> None:
        """Take back a worker's memory, or its place among those who wait."""
        self._waiting = deque(entry for entry in self._waiting if entry[0] is not worker)
        self._free += worker.pixels
        worker.pixels, worker.is_waiting = 0, False
        self._grant()

    def _bury(self, worker: "_Worker") -> None:
        """Go on without a worker that ended by itself; its picture gets another try."""
        code = worker.end(is_idle=True)
        self._dismiss(worker, f"end as they start, with code {code}")
        task = worker.task
        if task is None:
            return
        self._tries[task] = self._tries.get(task, 0) + 1
        if self._tries[task] < TRIES:
            self._again.append(task)
            return
        why = " (it was killed: perhaps memory ran out)" if code == -9 else ""
        self._on_result(Result(task.item, "failed", f"the decoder crashed on it twice{why}"))

    def _end_late(self, worker: "_Worker") -> None:
        """End a worker that hangs; its picture gets no other try."""
        worker.end()
        self._dismiss(worker, f"do not get ready within {worker.allowed:g} s")
        if worker.task is not None:
            took = f"took longer than {worker.allowed:.0f} s"
            self._on_result(Result(worker.task.item, "failed", took))

    def _dismiss(self, worker: "_Worker", why: str = "") -> None:
        """Forget a worker that has ended, and remove what it left behind.

        If it is one too many that never was ready, `why` says what is wrong with all of them.
        """
        self._workers.remove(worker)
        self._selector.unregister(worker.line)
        worker.line.close()
        self._release(worker)
        if worker.task is not None:
            remove_partials([worker.task.item.output])
        self._false_starts += not worker.is_ready
        if why and self._false_starts >= FALSE_STARTS:
            raise MachineError(f"worker processes {why}")

    def _break_off(self) -> None:
        """End all workers; note what they finished, remove what they did not."""
        for worker in self._workers:
            worker.end()
        for worker in list(self._workers):
            messages, _ = worker.hear()
            for message in messages:
                if worker.task and "error" not in message.get("result", {"error": None}):
                    self.late.append(self._taken(worker, worker.task, message["result"]))
            self._dismiss(worker)


class _Worker(WorkerProcess):
    """A worker process, and what it is doing."""

    def __init__(self, command: Sequence[str], setting: Setting, start_seconds: float) -> None:
        super().__init__(command, setting)
        self.is_ready = False
        self.options: object = None
        """The options that it was told last."""

        self.task: Task | None = None
        self.pixels = 0
        """Memory that was granted for the task [pixels]."""

        self.is_waiting = False
        """Whether it waits for memory; that time does not count."""

        self.spent, self.allowed = 0.0, start_seconds
        """Time of its start or of the task so far, and at most [s]."""

    def is_late(self, elapsed: float) -> bool:
        """Count time, and say whether its start or its task takes too long."""
        is_at_work = not self.is_ready or (self.task is not None and not self.is_waiting)
        self.spent += elapsed * is_at_work
        return is_at_work and self.spent > self.allowed
