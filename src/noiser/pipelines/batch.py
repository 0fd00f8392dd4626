"""The batch: run a plan, several pictures at a time; a broken one does not stop the rest."""

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from noiser.errors import MachineError, NoiserError, OutputError, OutputExistsError
from noiser.io.files import read_file, remove_partials, write_file
from noiser.io.gate import MEGA
from noiser.io.images import SUFFIXES, decode, encode, read_size
from noiser.io.strips import goes_in_strips
from noiser.pipelines.comparing import compared
from noiser.pipelines.gigapixel import enhance_file
from noiser.pipelines.plan import Item
from noiser.pipelines.treatment import Treatment

MACHINE_ERRORS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOMEM,
    errno.EMFILE, errno.ENFILE,
}  # fmt: skip
"""Failures to write that the next picture would meet too: the run stops."""


STRIPS_BUDGET = 40 * MEGA
"""What a picture in strips counts for in the budget: it takes as much memory as one of so many
pixels that is taken whole [pixels]."""


@dataclass(frozen=True)
class Result:
    """What became of one item."""

    item: Item
    status: Literal["done", "kept", "failed"]
    """`kept`: the output was there already and was left as it is."""

    message: str | None = None
    """Why it failed, or what the user should know."""

    width: int = 0
    """Of the input, upright; as stored where it went through in strips [pixels]."""

    height: int = 0
    """As above [pixels]."""


class _Stopped(Exception):  # noqa: N818
    """The run ends; a picture in work is dropped."""


class PixelBudget:
    """Bounds the pixels in flight, so that memory does not grow with the threads."""

    def __init__(self, pixels: int) -> None:
        self._free, self._limit = pixels, pixels
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Wait until that many pixels are free, and take them; too many count as all."""
        pixels = min(pixels, self._limit)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= pixels)
            self._free -= pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += pixels
                self._changed.notify_all()


def run(
    items: list[Item],
    treatment: Treatment,
    *,
    jobs: int = 1,
    on_result: Callable[[Result], None],
    on_progress: Callable[[Item, int, int], None] = lambda _item, _done, _total: None,
) -> None:
    """Enhance every item, `jobs` at a time.

    Each output appears complete or not at all. What is there already is kept, so a run
    that was killed is finished by the same command.

    Args:
        items: The plan's.
        treatment: What is done to each picture; used by all jobs.
        jobs: Pictures at a time.
        on_result: Called in the calling thread, as pictures finish.
        on_progress: Called for pictures that go through in strips, with the pixels done and in
            all, from the threads that work on them.

    Raises:
        MachineError: The machine cannot write; pictures in flight were finished or dropped,
            the rest was not begun.
    """
    remove_partials([item.output for item in items])
    limits = treatment.limits
    budget = PixelBudget(min(limits.max_pixels, limits.max_whole_pixels))
    stopped = threading.Event()

    def report(item: Item, done: int, total: int) -> None:
        if stopped.is_set():
            raise _Stopped
        on_progress(item, done, total)

    rest = iter(items)
    pool = ThreadPoolExecutor(jobs)
    pending: set[Future[Result]] = set()
    try:
        while True:
            # Few at a time: a hundred thousand futures would be held for nothing.
            for item in rest:
                pending.add(pool.submit(_process, item, treatment, budget, report))
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


def enhance_bytes(data: bytes, treatment: Treatment) -> tuple[bytes, int, int, str | None]:
    """Enhance an image file in memory.

    Returns:
        The new file, the picture's width and height [pixels], and a note or None.

    Raises:
        ImageError: The image cannot be used.
        OutputError: The format cannot hold the result.
    """
    photo = decode(data, treatment.limits)
    height, width = photo.pixels.shape[:2]
    enhanced = treatment.enhancer.enhance(photo.pixels)
    if treatment.compare is not None:
        enhanced = compared(photo.pixels, enhanced, treatment.compare)
    # The input's pixels are let go here; encoding needs memory of its own.
    photo = replace(photo, pixels=enhanced)
    return encode(photo, treatment.delivery.format), width, height, photo.note


def _process(
    item: Item,
    treatment: Treatment,
    budget: PixelBudget,
    report: Callable[[Item, int, int], None],
) -> Result:
    """Enhance one item; only a failure of the machine raises, and the end of the run."""
    if item.fault:
        return Result(item, "failed", item.fault)
    if not treatment.overwrite and item.output.exists():
        return Result(item, "kept")
    limits = treatment.limits
    delivery = replace(treatment.delivery, format=treatment.delivery.format or _format_of(item))
    treatment = replace(treatment, delivery=delivery)
    try:
        if goes_in_strips(item.input, limits):
            return _process_in_strips(item, treatment, budget, report)
        data = read_file(item.input, limits.max_file_bytes)
        width, height = read_size(data, limits)
        with budget.hold(width * height):
            enhanced, width, height, note = enhance_bytes(data, treatment)
        with _writing(item):
            write_file(item.output, enhanced, overwrite=treatment.overwrite)
    except OutputExistsError:
        return Result(item, "kept")
    except MachineError:
        raise
    except NoiserError as error:
        return Result(item, "failed", str(error))
    except MemoryError:
        return Result(item, "failed", "there is not enough memory for it")
    return Result(item, "done", note, width, height)


def _process_in_strips(
    item: Item,
    treatment: Treatment,
    budget: PixelBudget,
    report: Callable[[Item, int, int], None],
) -> Result:
    """Enhance one item that cannot be taken whole."""
    with budget.hold(STRIPS_BUDGET), _writing(item):
        made = enhance_file(
            item.input,
            item.output,
            treatment,
            on_progress=lambda done, total: report(item, done, total),
        )
    return Result(item, "done", made.note, made.width, made.height)


@contextmanager
def _writing(item: Item) -> Iterator[None]:
    """Make the output's folder, and tell a failing machine from an unlucky picture."""
    try:
        item.output.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in MACHINE_ERRORS:
            raise MachineError(f"{item.output}: cannot be written: {error.strerror}") from error
        raise OutputError(f"{item.output} cannot be written: {error.strerror}") from error


def _format_of(item: Item) -> str | None:
    """Convert only where the output's suffix asks for another format than the input's name."""
    if item.output.suffix.lower() == item.input.suffix.lower():
        return None
    return SUFFIXES.get(item.output.suffix.lower())
