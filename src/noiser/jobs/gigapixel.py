"""The gigapixel path: enhance a picture that is larger than memory, in two passes over strips."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import TypeVar

import numpy as np

from noiser.core.color import narrowed
from noiser.core.errors import OutputError
from noiser.core.types import Pixels
from noiser.engine.enhancer import Enhancer
from noiser.io.codecs.bit_depth import FLATTENED, flattened
from noiser.io.codecs.quality import with_quality
from noiser.io.codecs.strips.layout import Layout, check_layout
from noiser.io.codecs.strips.reader import Strip, StripReader, open_strips
from noiser.io.codecs.strips.writer import write_strips
from noiser.io.color.conversion import Conversion
from noiser.io.files import new_file
from noiser.io.formats import DEPTHS, OPAQUE
from noiser.io.output_options import Prepared, prepare
from noiser.io.paths import traits_of
from noiser.jobs.compare import compared, compared_width
from noiser.jobs.options import JobOptions
from noiser.jobs.resize import fitted_size
from noiser.statistics.moments import Moments

_T = TypeVar("_T")
_END = object()


@dataclass(frozen=True)
class Enhanced:
    """What was written."""

    width: int
    """As stored [pixels]."""

    height: int
    """As stored [pixels]."""

    note: str | None
    """What the user should know of the way there."""


def enhance_file(
    source: Path,
    target: Path,
    options: JobOptions,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    adopt: bool = False,
) -> Enhanced:
    """Enhance a picture of any size in a memory of a few hundred megabytes.

    The first pass measures, the second renders and writes; the pixels are those that
    `enhancer.enhance` makes of the whole picture, as it is stored: where the metadata turn it,
    the output's do too. The output appears complete or not at all.

    Args:
        source: A JPEG, PNG or TIFF file of uint8 or uint16, sRGB; needs `noiser[io]`.
        target: The file to write.
        options: Its enhancer computes on its threads, while one more reads and the caller's
            writes. Formats are `JPEG`, `PNG` and `TIFF`.
        on_progress: Called with the pixels done and in all, both passes counted, as they go
            on, from several threads in turn; what it raises ends the work.
        adopt: Be content with a target that is there already and has the same bytes.

    Returns:
        The picture's size, and a note.

    Raises:
        ImageError: The source cannot be read in strips.
        MissingExtraError: `noiser[io]` is not installed.
        OutputExistsError: The target is there, and was not to be replaced.
        OutputError: Its format cannot hold the picture.
        OSError: The machine cannot write.
    """
    enhancer = options.enhancer
    with open_strips(source, options.limits) as reader:
        format_ = options.output.format or reader.format
        prepared = prepare(reader.metadata, reader.channels, options.output, format_)
        layout = _layout(reader, format_, prepared, options)
        _check_size(reader, options.output.max_size)
        layout, fitted, cuts = _fitted(layout)
        check_layout(layout)
        passes = 1 if is_measured(options) else 2
        progress = _Progress(passes * reader.width * reader.height, on_progress)
        conversion = prepared.conversion
        moments = shared_with(options, lambda: _measured(reader, enhancer, conversion, progress))
        traits = traits_of(source, keep_times=options.keep_times)
        with (
            ahead(reader.strips(enhancer.halo)) as strips,
            ahead(_rendered(strips, options, conversion, moments, progress)) as enhanced,
            new_file(target, overwrite=options.overwrite, adopt=adopt, traits=traits) as file,
        ):
            write_strips(file, map(fitted, enhanced), layout)
        notes = [*([reader.note] if reader.note else []), *prepared.notes, *cuts]
        if layout.encoding.get("progressive"):
            notes.append("the output is a baseline JPEG, not a progressive one")
        return Enhanced(reader.width, reader.height, "; ".join(notes) or None)


def measure_file(
    source: Path,
    options: JobOptions,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Moments, int, int]:
    """Measure a picture of any size; see `enhance_file`.

    Returns:
        The moments, and the picture's width and height as stored [pixels].

    Raises:
        ImageError: The source cannot be read in strips.
        MissingExtraError: `noiser[io]` is not installed.
    """
    with open_strips(source, options.limits) as reader:
        progress = _Progress(reader.width * reader.height, on_progress)
        output = options.output
        conversion = prepare(reader.metadata, reader.channels, output, reader.format).conversion
        moments = _measured(reader, options.enhancer, conversion, progress)
        return moments, reader.width, reader.height


def shared_with(options: JobOptions, measure: Callable[[], Moments]) -> Moments:
    """Give the moments by which a picture is rendered: a series', or its own.

    Where the look has `local`, the grid is the picture's own also in a series, where that has
    none: it says what lies where.
    """
    if options.moments is None:
        return measure()
    if is_measured(options):
        return options.moments
    return replace(options.moments, grid=measure().grid)


def is_measured(options: JobOptions) -> bool:
    """Whether nothing has to be known of a picture before it is rendered."""
    moments = options.moments
    return moments is not None and (options.enhancer.look.local == 0 or moments.grid is not None)


def _layout(reader: StripReader, format_: str, prepared: Prepared, options: JobOptions) -> Layout:
    """Lay the output out as the source, and encode it alike where the format stays."""
    encoding = reader.encoding if format_ == reader.format else {}
    return Layout(
        format_,
        compared_width(reader.width, options.compare),
        reader.height,
        reader.channels,
        reader.check(),
        prepared.metadata,
        with_quality(encoding, format_, options.output.quality),
        is_own=format_ == reader.format,
    )


def _check_size(reader: StripReader, max_size: int | None) -> None:
    """Refuse to make a picture smaller: its output is laid out as it is."""
    if fitted_size(reader.width, reader.height, max_size) != (reader.width, reader.height):
        raise OutputError(
            f"{reader.width} x {reader.height} pixels go through in strips, and --max-size "
            "makes smaller what is taken whole; leave it out here"
        )


def _fitted(layout: Layout) -> tuple[Layout, Callable[[Pixels], Pixels], list[str]]:
    """Bring a layout to what its format holds, as `bit_depth.reduced` does a whole picture.

    Only a format that was asked for holds less than the input's.

    Returns:
        The layout, what is to be done to its strips, and notes on that.
    """
    steps, notes = list[Callable[[Pixels], Pixels]](), list[str]()
    if layout.format in OPAQUE and layout.channels in (2, 4):
        layout = replace(layout, channels=layout.channels - 1)
        steps, notes = [flattened], [FLATTENED]
    if layout.dtype == np.uint16 and DEPTHS[layout.format] == 8:
        layout = replace(layout, dtype=np.dtype(np.uint8))
        steps, notes = [*steps, narrowed], [*notes, "16 bits were reduced to 8"]
    return layout, lambda strip: reduce(lambda made, step: step(made), steps, strip), notes


@contextmanager
def ahead(items: Iterable[_T]) -> Iterator[Iterator[_T]]:
    """Have a thread make the next item while this one is in use.

    Args:
        items: Iterated by one thread of its own, which ends with the `with` block.

    Yields:
        The items, in order; what making them raises is raised where they are taken.

    Example:
        >>> with ahead(range(3)) as numbers:
        ...     list(numbers)
        [0, 1, 2]
    """
    with ThreadPoolExecutor(1) as pool:
        yield _taken(pool, iter(items))


def _taken(pool: ThreadPoolExecutor, items: Iterator[_T]) -> Iterator[_T]:
    """Take items out, always one behind the thread."""
    future = pool.submit(next, items, _END)
    while (item := future.result()) is not _END:
        future = pool.submit(next, items, _END)
        yield item  # type: ignore[misc]


class _Progress:
    """Counts pixels of both passes."""

    def __init__(self, total: int, on_progress: Callable[[int, int], None]) -> None:
        self._done, self._total, self._report = 0, total, on_progress

    def add(self, strip: Strip) -> None:
        """Count a strip."""
        rows, columns = strip.region
        self._done += (rows.stop - rows.start) * (columns.stop - columns.start)
        self._report(self._done, self._total)


def _measured(
    reader: StripReader, enhancer: Enhancer, conversion: Conversion, progress: _Progress
) -> Moments:
    """Pass over the picture once, and add up."""

    def measure(strip: Strip) -> Moments:
        moments = enhancer.measure(conversion.enter(strip.pixels), strip.region, strip.origin)
        progress.add(strip)
        return moments

    with ahead(reader.strips(enhancer.measured_halo)) as strips:
        return reduce(add, map(measure, strips))


def _rendered(
    strips: Iterable[Strip],
    options: JobOptions,
    conversion: Conversion,
    moments: Moments,
    progress: _Progress,
) -> Iterator[Pixels]:
    """Pass over the picture again, and render; strips are as wide as the picture."""
    for strip in strips:
        entered = conversion.enter(strip.pixels)
        enhanced = options.enhancer.render(entered, moments, strip.region, strip.origin)
        original, before = strip.pixels[strip.region], entered[strip.region]
        made = conversion.leave(original, before, enhanced)
        if options.compare is not None:
            made = compared(conversion.leave(original, before, before), made, options.compare)
        yield made
        progress.add(strip)
