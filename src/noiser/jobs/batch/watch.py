"""Watching: pictures are enhanced as they arrive in a folder, when they are complete."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noiser.core.errors import MachineError, MissingExtraError
from noiser.jobs.batch.names import RecordedNames, names_in
from noiser.jobs.batch.run import OnResult, Runner
from noiser.jobs.job import Result
from noiser.jobs.plan import Item, make_plan

SETTLED_AFTER = 1.0
"""A file that was not changed for so long is tried [s]. One that was moved in is old already."""

PATIENCE = 5.0
"""A file that cannot be read is only called damaged when it was not changed for so long: it may
be on its way still. If it is changed later, it is tried again [s]."""

PAUSE = 0.2
"""Between two looks at files that are on their way [s]."""

IDLE = 60.0
"""Between two looks at a folder of which nothing is heard: some network disks tell nothing [s]."""


@dataclass(frozen=True)
class _State:
    """What tells a file that is being written from one that is not."""

    size: int
    mtime: float


class Arrivals:
    """Finds the pictures of a folder that are complete and not done yet.

    It looks at the folder as it is, whatever was told of it: nothing that is told twice, late
    or never does harm.

    Args:
        folder: Searched to its depth, as `make_plan` does.
        output: The folder to mirror it in; left out if it is inside.
        format_: That all outputs have, as `make_plan` takes it.
        now: Tells the time, as files' times do [s].
        names_in: Tells the names of outputs that are there, as `make_plan` takes it.
    """

    def __init__(
        self,
        folder: Path,
        output: Path,
        format_: str | None = None,
        now: Callable[[], float] = time.time,
        names_in: Callable[[Path], RecordedNames] = names_in,
    ) -> None:
        self._folder, self._output, self._format, self._now = folder, output, format_, now
        self._names_in = names_in
        self._seen: dict[Path, tuple[_State, float]] = {}
        self._tried: dict[Path, _State] = {}
        self._settled: dict[Path, _State] = {}
        self.is_waiting = False
        """Whether files are on their way."""

    def look(self) -> list[Item]:
        """List the pictures that are to be tried now.

        Raises:
            MachineError: The folder is gone.
            OutputError: An output would replace an input.
        """
        items = make_plan([self._folder], self._output, self._format, self._names_in).items
        self.is_waiting, found, ready = False, set(), []
        for item in items:
            if item.fault and item.input == self._folder:
                raise MachineError(f"{self._folder}: the folder cannot be watched: {item.fault}")
            state = _state(item.input)
            if state is None:
                continue
            found.add(item.input)
            if self._settled.get(item.input) == state:
                continue
            quiet = self._quiet(item.input, state)
            again = self._tried.get(item.input) == state
            if quiet >= (PATIENCE if again else SETTLED_AFTER):
                self._tried[item.input] = state
                ready.append(item)
            else:
                self.is_waiting = True
        for known in (self._seen, self._tried, self._settled):
            for path in known.keys() - found:
                del known[path]
        return ready

    def settle(self, result: Result) -> bool:
        """Take note of what became of a picture; False if it is to be tried again, unsaid."""
        path = result.item.input
        state = self._tried.get(path)
        if state is None:
            return True
        if result.status == "failed" and self._quiet(path, state) < PATIENCE:
            self.is_waiting = True
            return False
        self._settled[path] = state
        return True

    def _quiet(self, path: Path, state: _State) -> float:
        """Say for how long a file was not changed, by its time or by what was seen of it [s]."""
        now = self._now()
        seen, since = self._seen.get(path, (None, now))
        if seen != state:
            self._seen[path] = state, now
            since = now
        return max(now - since, now - state.mtime)


def watch(
    folder: Path,
    output: Path,
    runner: Runner,
    on_result: OnResult,
    *,
    news: threading.Event | None = None,
) -> None:
    """Enhance the pictures of a folder, and those that arrive, until an exception ends it.

    Args:
        folder: Is searched to its depth and mirrored.
        output: Where outputs go; what the journal there says is done is not done again.
        runner: Does the work.
        on_result: Called in this thread, for each picture that is done, kept or failed.
        news: Is set when something happens in the folder; by default a thread sees to it.

    Raises:
        MissingExtraError: `noiser[watch]` is not installed.
        MachineError: The machine cannot write, or the folder is gone.
    """

    def told(folder: Path) -> RecordedNames:
        return RecordedNames(folder, runner.contents_of(folder))

    arrivals = Arrivals(folder, output, runner.options.output.format, names_in=told)

    def finish(result: Result) -> None:
        if arrivals.settle(result):
            on_result(result)

    with _told_of(folder) if news is None else _given(news) as event:
        while True:
            event.clear()
            runner.run(arrivals.look(), finish)
            runner.sync()
            event.wait(PAUSE if arrivals.is_waiting else IDLE)


@contextmanager
def _given(event: threading.Event) -> Iterator[threading.Event]:
    """Use an event that somebody else sets."""
    yield event


@contextmanager
def _told_of(folder: Path) -> Iterator[threading.Event]:
    """Have a thread of its own set an event when something happens in a folder.

    The main thread then waits in Python, where signals end it as they should.
    """
    module, news, ended = watchfiles(), threading.Event(), threading.Event()

    def listen() -> None:
        try:
            for _ in module.watch(folder, watch_filter=None, debounce=200, stop_event=ended):
                news.set()
        except (OSError, RuntimeError):
            news.set()  # the folder is gone, or cannot be watched: looking will tell

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield news
    finally:
        ended.set()
        thread.join(1)


def watchfiles() -> Any:
    """Import what tells of files.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import watchfiles as module
    except ImportError:
        raise MissingExtraError(
            "folders are watched with watchfiles, which is not installed: "
            "pip install 'noiser[watch]'"
        ) from None
    return module


def _state(path: Path) -> _State | None:
    """Look at a file; None if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return _State(found.st_size, found.st_mtime)
