"""Processing: what is done to one item, in whichever thread or process."""

import errno
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from noiser.core.errors import MachineError, NoiserError, OutputError, OutputExistsError
from noiser.io.codecs.pillow import reduced
from noiser.io.codecs.strip_reader import goes_in_strips
from noiser.io.color.conversion import Route
from noiser.io.files import FileMark, mark_of, read_marked, write_file
from noiser.io.image_file import decode, encode, weight_of
from noiser.io.limits import MEGA
from noiser.io.output_options import Prepared, prepare
from noiser.io.photo import SUFFIXES, Photo
from noiser.jobs.color_managed import converted_by, enhance_by, measure_by
from noiser.jobs.compare import compared
from noiser.jobs.gigapixel import enhance_file, measure_file, shared_with
from noiser.jobs.options import Treatment
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


@dataclass(frozen=True)
class Result:
    """What became of one item."""

    item: Item
    status: Literal["done", "kept", "failed", "measured"]
    """`kept`: the output was there already and was left as it is."""

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


def budget_of(treatment: Treatment) -> int:
    """Say how many pixels may be in flight together [pixels]."""
    return min(treatment.limits.max_pixels, treatment.limits.max_whole_pixels)


def process(task: Task, treatment: Treatment, hold: Hold, report: Report) -> Result:
    """Do a task; only a failure of the machine raises, and what `hold` and `report` raise.

    Args:
        task: The item and what to do.
        treatment: What every picture of the run gets alike.
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
            return _measured(item, treatment, hold, report)
        delivery = replace(treatment.delivery, format=format_of(item, treatment))
        treatment = replace(treatment, delivery=delivery, overwrite=task.renew)
        if goes_in_strips(item.input, treatment.limits):
            return _enhanced_in_strips(item, treatment, hold, report)
        return _enhanced(item, treatment, hold)
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


def enhance_bytes(
    data: bytes, treatment: Treatment, suffix: str = ""
) -> tuple[bytes, int, int, str | None]:
    """Enhance an image file in memory.

    Where the treatment names a format that holds fewer bits than the image has, they are reduced
    and the note says so.

    Args:
        data: The whole file.
        treatment: What is done to it.
        suffix: Of its name, for `decode`.

    Returns:
        The new file, the picture's width and height [pixels], and a note or None.

    Raises:
        ImageError: The image cannot be used.
        OutputError: The format cannot hold the result.
    """
    photo = decode(data, treatment.limits, suffix)
    height, width = photo.pixels.shape[:2]
    format_ = treatment.delivery.format or photo.format
    prepared = _prepared(photo, treatment, format_)
    # The input's pixels are let go here; encoding needs memory of its own.
    photo = replace(_enhanced_photo(photo, prepared.route, treatment), metadata=prepared.metadata)
    if treatment.delivery.format:
        photo = reduced(photo, format_)
    notes = [photo.note] if photo.note else []
    return encode(photo, format_), width, height, "; ".join([*notes, *prepared.notes]) or None


def measure_bytes(data: bytes, treatment: Treatment, suffix: str = "") -> tuple[Moments, int, int]:
    """Measure an image file in memory.

    Args:
        data: The whole file.
        treatment: Its enhancer and limits count.
        suffix: Of its name, for `decode`.

    Returns:
        Its moments as it is enhanced, width and height [pixels].

    Raises:
        ImageError: The image cannot be used.
    """
    photo = decode(data, treatment.limits, suffix)
    height, width = photo.pixels.shape[:2]
    route = _prepared(photo, treatment, photo.format).route
    return measure_by(route, photo.pixels, treatment.enhancer), width, height


def format_of(item: Item, treatment: Treatment) -> str | None:
    """Convert only where it was asked for, or the suffixes of input and output differ."""
    suffix = item.output.suffix.lower()
    own = None if suffix == item.input.suffix.lower() else SUFFIXES.get(suffix)
    return treatment.delivery.format or own


def _prepared(photo: Photo, treatment: Treatment, format_: str) -> Prepared:
    """Find out what the user's choices mean for a picture."""
    is_linear = photo.depth == 32
    delivery = treatment.delivery
    return prepare(photo.metadata, photo.channels, delivery, format_, is_linear=is_linear)


def _enhanced_photo(photo: Photo, route: Route, treatment: Treatment) -> Photo:
    """Enhance a picture by its own moments, or by those of its series."""
    enhancer, before, how = treatment.enhancer, photo.pixels, treatment.compare
    moments = shared_with(treatment, lambda: measure_by(route, before, enhancer))
    after = enhance_by(route, before, enhancer, moments)
    if how is None:
        return replace(photo, pixels=after)
    above = None if photo.above is None else compared(photo.above, photo.above, how, white=0)
    return replace(photo, pixels=compared(converted_by(route, before), after, how), above=above)


def _enhanced(item: Item, treatment: Treatment, hold: Hold) -> Result:
    """Enhance one item that is taken whole."""
    data, source = read_marked(item.input, treatment.limits.max_file_bytes)
    suffix = item.input.suffix
    with hold(weight_of(data, treatment.limits, suffix)):
        enhanced, width, height, note = enhance_bytes(data, treatment, suffix)
    with _writing(item):
        write_file(item.output, enhanced, overwrite=treatment.overwrite, adopt=True)
    written = mark_of(item.output, checksum=False)
    target = replace(written, size=len(enhanced), crc32=zlib.crc32(enhanced))
    return Result(item, "done", note, width, height, source, target)


def _enhanced_in_strips(item: Item, treatment: Treatment, hold: Hold, report: Report) -> Result:
    """Enhance one item that cannot be taken whole."""
    with hold(STRIPS_BUDGET), _writing(item):
        source = mark_of(item.input, checksum=False)
        made = enhance_file(item.input, item.output, treatment, on_progress=report, adopt=True)
        target = mark_of(item.output)
    return Result(item, "done", made.note, made.width, made.height, source, target)


def _measured(item: Item, treatment: Treatment, hold: Hold, report: Report) -> Result:
    """Measure one item, whole or in strips; its cells would tell of no other picture."""
    limits = treatment.limits
    if goes_in_strips(item.input, limits):
        with hold(STRIPS_BUDGET):
            source = mark_of(item.input, checksum=False)
            moments, width, height = measure_file(item.input, treatment, on_progress=report)
    else:
        data, source = read_marked(item.input, limits.max_file_bytes)
        suffix = item.input.suffix
        with hold(weight_of(data, limits, suffix)):
            moments, width, height = measure_bytes(data, treatment, suffix)
    moments = replace(moments, cells=())
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
