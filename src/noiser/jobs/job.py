"""A job: one picture file enhanced or measured, whole or in strips, in any thread or process."""

import errno
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from noiser.core.errors import MachineError, NoiserError, OutputError, OutputExistsError
from noiser.io.codecs.strips.reader import goes_in_strips
from noiser.io.files import FileMark, mark_of, read_marked, write_file
from noiser.io.formats import SUFFIXES
from noiser.io.image_file import identify
from noiser.io.limits import MEGA
from noiser.io.paths import traits_of
from noiser.jobs.gigapixel import enhance_file, measure_file
from noiser.jobs.in_memory import enhance_source, measure_source, salvaging
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.statistics.moments import Moments

MACHINE_ERRORS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOMEM,
    errno.EMFILE, errno.ENFILE,
}  # fmt: skip
"""Failures to write that the next picture would meet too: the run stops."""

STRIPS_BUDGET = 40 * MEGA
"""What a picture in strips counts for in the budget: it takes as much memory as one of so many
pixels that is taken whole [pixels]."""

Hold = Callable[[int], AbstractContextManager[None]]
"""Waits until memory for that many pixels is free, and holds it for a `with` block."""

Report = Callable[[int, int], None]
"""Told the pixels done and in all of a picture that goes through in strips."""


Status = Literal["done", "salvaged", "kept", "failed", "measured"]


@dataclass(frozen=True)
class Result:
    """What became of one item."""

    item: Item
    status: Status
    """`kept`: the output was there already and was left as it is. `salvaged`: as `done`, but only
    of what is left of a picture that is cut off."""

    message: str | None = None
    """Why it failed, or what the user should know."""

    width: int = 0
    """Of the input, upright; as stored where it went through in strips [pixels]."""

    height: int = 0
    """As above [pixels]."""

    source: FileMark | None = field(default=None, repr=False)
    """The state of the input that was read."""

    target: FileMark | None = field(default=None, repr=False)
    """The state of the output that was written."""

    moments: Moments | None = field(default=None, repr=False)
    """Where it was to be measured."""

    renewed: bool = False
    """Whether an output was replaced, because it was made otherwise or was damaged."""


@dataclass(frozen=True)
class Task:
    """One item, and what is to be done about it."""

    item: Item
    kind: Literal["enhance", "measure"] = "enhance"
    renew: bool = False
    """Whether an output that is there is replaced. Otherwise one with the same bytes counts as
    written, and another is kept."""


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


def budget_of(options: JobOptions) -> int:
    """Say how many pixels may be in flight together [pixels]."""
    return min(options.limits.max_pixels, options.limits.max_whole_pixels)


def process(task: Task, options: JobOptions, hold: Hold, report: Report) -> Result:
    """Do a task; only a failure of the machine raises, and what `hold` and `report` raise.

    Args:
        task: The item and what to do.
        options: What every picture of the run gets alike.
        hold: Waits for memory.
        report: Is told how far a picture in strips is.

    Raises:
        MachineError: The machine cannot write.
    """
    item = task.item
    if item.fault:
        return Result(item, "failed", item.fault)
    try:
        if task.kind == "measure":
            return _measured(item, options, hold, report)
        output = replace(options.output, format=format_of(item, options))
        options = replace(options, output=output, overwrite=task.renew)
        if goes_in_strips(item.input, options.limits):
            return _enhanced_in_strips(item, options, hold, report)
        return _enhanced(item, options, hold)
    except OutputExistsError:
        return Result(item, "kept")
    except MachineError:
        raise
    except NoiserError as error:
        return Result(item, "failed", str(error))
    except MemoryError:
        return Result(item, "failed", "there is not enough memory for it")
    except OSError as error:  # all that comes of writing was told apart before
        return Result(item, "failed", f"cannot be read: {error.strerror}")


def format_of(item: Item, options: JobOptions) -> str | None:
    """Convert only where it was asked for, or the suffixes of input and output differ."""
    suffix = item.output.suffix.lower()
    own = None if suffix == item.input.suffix.lower() else SUFFIXES.get(suffix)
    return options.output.format or own


def _enhanced(item: Item, options: JobOptions, hold: Hold) -> Result:
    """Enhance one item that is taken whole."""
    data, source = read_marked(item.input, options.limits.max_file_bytes)
    picture = identify(data, options.limits, item.input.suffix)
    with hold(picture.weight):
        made, is_part = salvaging(enhance_source, picture, options)
    enhanced, width, height, note = made
    traits = traits_of(item.input, keep_times=options.keep_times)
    with _writing(item):
        write_file(item.output, enhanced, overwrite=options.overwrite, adopt=True, traits=traits)
    written = mark_of(item.output, checksum=False)
    target = replace(written, size=len(enhanced), crc32=zlib.crc32(enhanced))
    status: Status = "salvaged" if is_part else "done"
    return Result(item, status, note, width, height, source, target)


def _enhanced_in_strips(item: Item, options: JobOptions, hold: Hold, report: Report) -> Result:
    """Enhance one item that cannot be taken whole."""
    with hold(STRIPS_BUDGET), _writing(item):
        source = mark_of(item.input, checksum=False)
        made = enhance_file(item.input, item.output, options, on_progress=report, adopt=True)
        target = mark_of(item.output)
    return Result(item, "done", made.note, made.width, made.height, source, target)


def _measured(item: Item, options: JobOptions, hold: Hold, report: Report) -> Result:
    """Measure one item, whole or in strips; its grid would tell of no other picture."""
    limits = options.limits
    if goes_in_strips(item.input, limits):
        with hold(STRIPS_BUDGET):
            source = mark_of(item.input, checksum=False)
            moments, width, height = measure_file(item.input, options, on_progress=report)
    else:
        data, source = read_marked(item.input, limits.max_file_bytes)
        picture = identify(data, limits, item.input.suffix)
        with hold(picture.weight):
            (moments, width, height), _ = salvaging(measure_source, picture, options)
    moments = replace(moments, grid=None)
    return Result(item, "measured", None, width, height, source, moments=moments)


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
