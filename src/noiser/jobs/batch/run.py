"""The batch: run a plan, several pictures at a time; a broken one does not stop the rest."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType

from noiser.core.errors import DecodeError, MachineError
from noiser.io.files import remove_partials
from noiser.io.paths import Traits, traits_of
from noiser.jobs.batch.journal import Journal, read_journal
from noiser.jobs.batch.lines import Contents, name_from
from noiser.jobs.batch.resume import DIFFERENT, Decision, Keeper
from noiser.jobs.job import PixelBudget, Result, Task, budget_of, process
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.jobs.workers.messages import from_mark
from noiser.jobs.workers.sync_pool import Supervisor, can_supervise

SUPERVISED_FROM = 4
"""Items from which worker processes are worth starting, which takes some 0.3 s [items]."""

OnResult = Callable[[Result], None]
"""Called in the thread that runs the batch, as pictures finish."""

OnProgress = Callable[[Item, int, int], None]
"""Called with the pixels done and in all of a picture in strips, from any thread."""


class _Stopped(Exception):  # noqa: N818
    """The run ends; a picture in work is dropped."""


def run(
    items: list[Item],
    options: JobOptions,
    *,
    jobs: int = 1,
    on_result: OnResult,
    on_progress: OnProgress = lambda _item, _done, _total: None,
) -> None:
    """Enhance every item, `jobs` at a time.

    Each output appears complete or not at all. What is there already is kept, unless the
    journal of the folder says that noiser made it of another input or by other options: so
    a run that was killed is finished by the same command. Four items and more are done by
    worker processes, so that a decoder that crashes or hangs costs one picture.

    Args:
        items: The plan's.
        options: What is done to each picture; used by all jobs.
        jobs: Pictures at a time.
        on_result: Called in the calling thread, as pictures finish.
        on_progress: Called for pictures that go through in strips, with the pixels done and in
            all, from any thread.

    Raises:
        MachineError: The machine cannot write, or another run writes there; pictures in flight
            were finished or dropped, the rest was not begun.
    """
    with Runner(options, jobs=jobs) as runner:
        runner.run(items, on_result, on_progress)


class Runner:
    """Runs plans with the same options; holds the journals' locks and the workers in between.

    Args:
        options: What is done to each picture.
        jobs: Pictures at a time.
        supervisor: Of the workers to use, however few the items; it is ended with the runner.
    """

    def __init__(
        self, options: JobOptions, *, jobs: int = 1, supervisor: Supervisor | None = None
    ) -> None:
        self.options, self._jobs, self._supervisor = options, jobs, supervisor
        self._journals: dict[Path, Journal] = {}
        self._keeper = Keeper(options)
        self._decisions: dict[Item, Decision] = {}
        self._note: Callable[[Result], Result] = self._noted

    def __enter__(self) -> "Runner":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers, write down what they finished, and let the journals go."""
        with ExitStack() as last:
            for journal in self._journals.values():
                last.callback(journal.__exit__, kind, error, trace)
            if self._supervisor is not None:
                self._supervisor.__exit__(kind, error, trace)
                with suppress(MachineError):  # another error ends the run already
                    for result in self._supervisor.late:
                        self._note(result)

    def use(self, options: JobOptions) -> None:
        """Use other options from the next run on."""
        self.options, self._keeper = options, Keeper(options)
        if self._supervisor is not None:
            self._supervisor.use(options)

    def journal_of(self, item: Item) -> Journal | None:
        """Open and lock the journal of an item's folder, if it has one.

        Raises:
            MachineError: Another run writes there, or the machine cannot write.
        """
        if item.root is None:
            return None
        try:
            mode = traits_of(item.input).mode
        except DecodeError:  # then nothing is told of it
            mode = Traits.mode
        if item.root not in self._journals:
            self._journals[item.root] = Journal(item.root, mode=mode)
        self._journals[item.root].narrow(mode)
        return self._journals[item.root]

    def contents_of(self, folder: Path) -> Contents:
        """Tell what is known of a folder's outputs: as the open journal says, or the one there.

        Raises:
            MachineError: The journal cannot be read.
        """
        journal = self._journals.get(folder)
        return journal.contents if journal else read_journal(folder)

    def run(
        self,
        items: list[Item],
        on_result: OnResult,
        on_progress: OnProgress = lambda _item, _done, _total: None,
    ) -> None:
        """Enhance every item; see the function `run`."""
        for item in items:
            if not item.fault:
                self.journal_of(item)
        remove_partials([item.output for item in items])
        self.do(self._tasks(items, on_result), len(items), self._noted, on_result, on_progress)

    def do(
        self,
        tasks: Iterable[Task],
        count: int,
        note: Callable[[Result], Result],
        on_result: OnResult,
        on_progress: OnProgress,
    ) -> None:
        """Have tasks done, by threads or by workers.

        Args:
            tasks: Taken as there is room.
            count: How many, about: a few are not worth a process.
            note: Writes down what became of a task, also where the run was broken off before it
                could be told, and gives what is to be told.
            on_result: As for `run`.
            on_progress: As for `run`.

        Raises:
            MachineError: The machine cannot write.
        """
        self._note = note

        def finish(result: Result) -> None:
            on_result(note(result))

        if self._supervisor is None and count >= SUPERVISED_FROM and can_supervise():
            self._supervisor = Supervisor(self.options, self._jobs)
        if self._supervisor is None:
            _do_in_threads(iter(tasks), self.options, self._jobs, finish, on_progress)
        else:
            self._supervisor.run(tasks, finish, on_progress, self._tick)

    def _tasks(self, items: list[Item], on_result: OnResult) -> Iterator[Task]:
        """Give tasks for what is to be made; tell at once what needs no work."""
        for item in items:
            if item.fault:
                on_result(Result(item, "failed", item.fault))
                continue
            journal = self.journal_of(item)
            decision = self._keeper.decide(item, journal.contents if journal else None)
            if decision.action == "keep":
                self._note_kept(item)
                on_result(Result(item, "kept", decision.message))
            else:
                self._decisions[item] = decision
                yield Task(item, renew=decision.action == "renew")

    def _noted(self, result: Result) -> Result:
        """Write down what became of a task; and say it in the words of what was decided."""
        item = result.item
        action = self._decisions.pop(item).action
        if result.status == "kept":
            self._note_kept(item)
            return replace(result, message=DIFFERENT) if action == "check" else result
        if result.status not in ("done", "salvaged"):
            return result
        journal = self.journal_of(item)
        if journal is not None:
            entry = {
                "input": name_from(journal.folder, item.input),
                "source": from_mark(result.source),
                "output": name_from(journal.folder, item.output),
                "target": from_mark(result.target),
            }
            journal.append({"kind": "done", **entry, "key": self._keeper.key(item)})
        if action == "check":
            return replace(result, status="kept")
        return replace(result, renewed=action == "renew")

    def _note_kept(self, item: Item) -> None:
        """Write down that an output is not ours, once."""
        journal = self.journal_of(item)
        if journal is None or not journal.is_writable:
            return
        name = name_from(journal.folder, item.output)
        if name not in journal.contents.kept and name not in journal.contents.done:
            journal.append({"kind": "kept", "output": name})

    def sync(self) -> None:
        """See to it that a power cut loses nothing of what was written down.

        Raises:
            MachineError: The disk refuses.
        """
        for journal in self._journals.values():
            journal.sync()

    def _tick(self) -> None:
        """Sync the journals when it is time."""
        for journal in self._journals.values():
            journal.tick()


def foresee(items: list[Item], options: JobOptions) -> list[Decision]:
    """Say what a run would do about each item without a fault; nothing is written, nor waited for.

    Raises:
        MachineError: A journal cannot be read, or a folder for outputs may not be entered.
    """
    keeper = Keeper(options)
    journals = {root: read_journal(root) for root in {item.root for item in items} if root}
    return [keeper.decide(item, journals[item.root] if item.root else None) for item in items]


def _do_in_threads(
    tasks: Iterator[Task],
    options: JobOptions,
    jobs: int,
    on_result: OnResult,
    on_progress: OnProgress,
) -> None:
    """Do tasks in threads of this process."""
    budget = PixelBudget(budget_of(options))
    stopped = threading.Event()

    def report(item: Item, done: int, total: int) -> None:
        if stopped.is_set():
            raise _Stopped
        on_progress(item, done, total)

    pool = ThreadPoolExecutor(jobs)
    pending: set[Future[Result]] = set()
    try:
        while True:
            # Few at a time: a hundred thousand futures would be held for nothing.
            for task in tasks:
                told = partial(report, task.item)
                pending.add(pool.submit(process, task, options, budget.hold, told))
                if len(pending) >= 2 * jobs:
                    break
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                on_result(future.result())
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)
