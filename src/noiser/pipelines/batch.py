"""The batch: run a plan, several pictures at a time; a broken one does not stop the rest."""

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from noiser.enhancer import Enhancer
from noiser.errors import MachineError, NoiserError, OutputExistsError
from noiser.io.files import read_file, remove_partials, write_file
from noiser.io.gate import Limits
from noiser.io.images import SUFFIXES, decode, encode, read_size
from noiser.pipelines.plan import Item

MACHINE_ERRORS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOMEM,
    errno.EMFILE, errno.ENFILE,
}  # fmt: skip
"""Failures to write that the next picture would meet too: the run stops."""


@dataclass(frozen=True)
class Result:
    """What became of one item."""

    item: Item
    status: Literal["done", "kept", "failed"]
    """`kept`: the output was there already and was left as it is."""

    message: str | None = None
    """Why it failed, or what the user should know."""

    width: int = 0
    """Of the input, upright [pixels]."""

    height: int = 0
    """Of the input, upright [pixels]."""


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
    enhancer: Enhancer,
    *,
    limits: Limits,
    overwrite: bool = False,
    jobs: int = 1,
    on_result: Callable[[Result], None],
) -> None:
    """Enhance every item, `jobs` at a time.

    Each output appears complete or not at all. What is there already is kept, so a run
    that was killed is finished by the same command.

    Args:
        items: The plan's.
        enhancer: Used by all jobs.
        limits: How large an input may be, and how many pixels may be in flight together.
        overwrite: Replace outputs that are there already.
        jobs: Pictures at a time.
        on_result: Called in the calling thread, as pictures finish.

    Raises:
        MachineError: The machine cannot write; pictures in flight were finished or dropped,
            the rest was not begun.
    """
    remove_partials([item.output for item in items])
    budget = PixelBudget(limits.max_pixels)
    rest = iter(items)
    pool = ThreadPoolExecutor(jobs)
    pending: set[Future[Result]] = set()
    try:
        while True:
            # Few at a time: a hundred thousand futures would be held for nothing.
            for item in rest:
                pending.add(pool.submit(_process, item, enhancer, limits, overwrite, budget))
                if len(pending) >= 2 * jobs:
                    break
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                on_result(future.result())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def enhance_bytes(
    data: bytes, enhancer: Enhancer, limits: Limits, format_: str | None = None
) -> tuple[bytes, int, int, str | None]:
    """Enhance an image file in memory.

    Returns:
        The new file, the picture's width and height [pixels], and a note or None.

    Raises:
        ImageError: The image cannot be used.
        OutputError: The format cannot hold the result.
    """
    photo = decode(data, limits)
    height, width = photo.pixels.shape[:2]
    # The input's pixels are let go here; encoding needs memory of its own.
    photo = replace(photo, pixels=enhancer.enhance(photo.pixels))
    return encode(photo, format_), width, height, photo.note


def _process(
    item: Item, enhancer: Enhancer, limits: Limits, overwrite: bool, budget: PixelBudget
) -> Result:
    """Enhance one item; only a failure of the machine raises."""
    if item.fault:
        return Result(item, "failed", item.fault)
    if not overwrite and item.output.exists():
        return Result(item, "kept")
    try:
        data = read_file(item.input, limits.max_file_bytes)
        width, height = read_size(data, limits)
        with budget.hold(width * height):
            enhanced, width, height, note = enhance_bytes(data, enhancer, limits, _format_of(item))
    except NoiserError as error:
        return Result(item, "failed", str(error))
    except MemoryError:
        return Result(item, "failed", "there is not enough memory for it")
    try:
        item.output.parent.mkdir(parents=True, exist_ok=True)
        write_file(item.output, enhanced, overwrite=overwrite)
    except OutputExistsError:
        return Result(item, "kept")
    except OSError as error:
        if error.errno in MACHINE_ERRORS:
            raise MachineError(f"{item.output}: cannot be written: {error.strerror}") from error
        return Result(item, "failed", f"{item.output} cannot be written: {error.strerror}")
    return Result(item, "done", note, width, height)


def _format_of(item: Item) -> str | None:
    """Convert only where the output's suffix asks for another format than the input's name."""
    if item.output.suffix.lower() == item.input.suffix.lower():
        return None
    return SUFFIXES.get(item.output.suffix.lower())
