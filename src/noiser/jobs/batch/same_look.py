"""The series: pictures that share one look, measured together before the first is rendered."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from noiser.jobs.batch.journal import read_measured
from noiser.jobs.batch.lines import Measured, name_from
from noiser.jobs.batch.resume import measure_key
from noiser.jobs.batch.run import OnProgress, OnResult, Runner
from noiser.jobs.job import Result, Task
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.jobs.workers.messages import from_mark, packed, unpacked
from noiser.statistics.moments import PAIRS, TAPS, Moments

UNKNOWN = Moments("zero", 1, (0,) * TAPS, (0,) * PAIRS)
"""Of a series of which a picture was not measured yet: those of one black pixel, unlike any."""


def share_look(
    runner: Runner,
    items: list[Item],
    on_result: OnResult,
    on_progress: OnProgress = lambda _item, _done, _total: None,
) -> list[Item]:
    """Measure a series and have the runner treat all of it by the sum.

    The sum is the same whatever the order. Moments are kept in the journal, so that a run that
    was killed measures nothing twice; of pictures, only those in work are in memory.

    Args:
        runner: Its options are replaced by some with the moments of all.
        items: The series.
        on_result: Told of each item: `measured`, or `failed`; called in this thread.
        on_progress: As for `run`.

    Returns:
        The items that were measured; the others failed, and are not part of the series.

    Raises:
        MachineError: The machine cannot write the journal.
    """
    key = measure_key(runner.options)
    measured: set[Item] = set()
    total: Moments | None = None

    def add(item: Item, moments: Moments) -> None:
        nonlocal total
        total = moments if total is None else total + moments
        measured.add(item)

    def finish(result: Result) -> None:
        if result.moments is not None:
            add(result.item, result.moments)
        on_result(replace(result, moments=None))

    def tasks() -> Iterator[Task]:
        for item in items:
            known = None if item.fault else _known(runner, item, key)
            if item.fault:
                on_result(Result(item, "failed", item.fault))
            elif known is None:
                yield Task(item, "measure")
            else:
                add(item, known)
                on_result(Result(item, "measured"))

    runner.do(tasks(), len(items), partial(_noted, runner, key), finish, on_progress)
    runner.use(replace(runner.options, moments=total))
    return [item for item in items if item in measured]


def foresee_look(items: list[Item], options: JobOptions) -> tuple[JobOptions, int]:
    """Find the look that a run would share, as far as it is known without measuring.

    Args:
        items: The series.
        options: The run's.

    Returns:
        The options with the moments of all, or with `UNKNOWN` ones; and how many pictures were
        not measured.

    Raises:
        MachineError: A journal cannot be read.
    """
    key, total, known = measure_key(options), None, 0
    for root in {item.root for item in items if item.root is not None}:
        inside = [item for item in items if item.root == root]
        names = [name_from(root, item.input) for item in inside]
        for item, found in zip(inside, read_measured(root, names), strict=True):
            moments = _trusted(found, item, key)
            if moments is not None:
                total = moments if total is None else total + moments
                known += 1
    if known < len(items):
        total = UNKNOWN
    return replace(options, moments=total), len(items) - known


def _known(runner: Runner, item: Item, key: str) -> Moments | None:
    """Look up the moments of a picture that is as it was when it was measured."""
    journal = runner.journal_of(item)
    if journal is None:
        return None
    return _trusted(journal.measured_of(name_from(journal.folder, item.input)), item, key)


def _trusted(found: Measured | None, item: Item, key: str) -> Moments | None:
    """Take moments that a journal has, if they are those of the picture as it is."""
    if found is None or found.key != key or not found.source.same_content(item.input):
        return None
    try:
        return unpacked(found.packed)
    except (ValueError, TypeError, AttributeError):  # of another version, perhaps
        return None


def _noted(runner: Runner, key: str, result: Result) -> Result:
    """Write moments down, if there are any."""
    journal = runner.journal_of(result.item)
    if journal is None or not journal.is_writable or result.moments is None:
        return result
    name = name_from(journal.folder, result.item.input)
    text = packed(result.moments)
    entry = {"input": name, "source": from_mark(result.source), "key": key, "moments": text}
    journal.append({"kind": "moments", **entry})
    return result
