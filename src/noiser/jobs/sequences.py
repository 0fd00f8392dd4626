"""Sequences: animations, frame by frame with one look, and TIFFs, page by page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from operator import add

from noiser.core.errors import NoiserError, OutputError
from noiser.core.types import Pixels
from noiser.io.codecs import animation, multipage
from noiser.io.color.conversion import Conversion
from noiser.io.formats import ANIMATED
from noiser.io.image_file import identify
from noiser.io.metadata.orientation import with_size
from noiser.io.output_options import prepare
from noiser.io.source import Source
from noiser.jobs.color_managed import converted_by, enhance_by, measure_by
from noiser.jobs.compare import compared
from noiser.jobs.gigapixel import shared_with
from noiser.jobs.options import JobOptions
from noiser.jobs.resize import resized_photo
from noiser.statistics.moments import Moments

Made = tuple[bytes, int, int, str | None]
"""A new file, width and height [pixels], and what the user should know."""

Measured = tuple[Moments, int, int]
"""What is known of a file's pixels, width and height [pixels]."""


def enhance_several(
    source: Source,
    options: JobOptions,
    enhance: Callable[[Source, JobOptions], Made],
    measure: Callable[[Source, JobOptions], Measured],
) -> Made:
    """Enhance an animation with one look, or a TIFF page by page.

    Args:
        source: A file of several frames or pages.
        options: What is done to it.
        enhance: Enhances one picture.
        measure: Measures one picture.

    Raises:
        ImageError: It cannot be used; of a page the sentence says which.
        OutputError: The format holds one picture.
    """
    if source.format == "TIFF":
        return _enhance_pages(source, options, enhance, measure)
    return _enhance_frames(source, options)


def measure_several(
    source: Source, options: JobOptions, measure: Callable[[Source, JobOptions], Measured]
) -> Measured:
    """Measure an animation or a TIFF: the sum of its frames or pages.

    Args:
        source: A file of several frames or pages.
        options: Its enhancer counts.
        measure: Measures one picture.

    Raises:
        ImageError: It cannot be used; of a page the sentence says which.
    """
    if source.format == "TIFF":
        return _measure_pages(source, options, measure)
    return _measure_frames(source, options)


def _enhance_frames(source: Source, options: JobOptions) -> Made:
    """Enhance an animation by what is known of all frames: what does not move stays as it is."""
    format_ = options.output.format or source.format
    if format_ not in ANIMATED:
        raise OutputError(
            f"{format_} holds one picture, and this file has {source.parts} frames; "
            "choose WebP, PNG, GIF or AVIF"
        )
    moving = animation.read(source)
    photo = moving.photo
    prepared = prepare(photo.metadata, photo.channels, options.output, format_)
    conversion = prepared.conversion
    if options.moments is None:
        moments = _of_frames(moving.frames, conversion, options)
        options = replace(options, moments=moments)
    output = options.output
    for number, frame in enumerate(moving.frames):  # in place: those before are let go
        enhanced = replace(photo, pixels=_enhanced(frame, conversion, options))
        moving.frames[number] = resized_photo(enhanced, output.max_size, format_).pixels
    height, width = photo.pixels.shape[:2]
    metadata = with_size(prepared.metadata, *moving.frames[0].shape[1::-1])
    moving = replace(moving, photo=replace(photo, metadata=metadata, quality=output.quality))
    return animation.encode(moving, format_), width, height, "; ".join(prepared.notes) or None


def _measure_frames(source: Source, options: JobOptions) -> Measured:
    """Add up what is known of an animation's frames."""
    moving = animation.read(source)
    photo = moving.photo
    conversion = prepare(photo.metadata, photo.channels, options.output, source.format).conversion
    height, width = photo.pixels.shape[:2]
    return _of_frames(moving.frames, conversion, options), width, height


def _enhance_pages(
    source: Source,
    options: JobOptions,
    enhance: Callable[[Source, JobOptions], Made],
    measure: Callable[[Source, JobOptions], Measured],
) -> Made:
    """Enhance a TIFF page by page, each by its own light; those of a pyramid by the first one's."""
    format_ = options.output.format or source.format
    if format_ != "TIFF":
        raise OutputError(
            f"{format_} holds one picture, and this file has {source.parts} pages; choose TIFF"
        )
    made, notes = list[Made](), list[str]()
    if _is_pyramid(_sizes(source)) and options.moments is None:
        moments, *_ = measure(next(_pages(source)), options)
        options = replace(options, moments=replace(moments, grid=None))
    for number, page in enumerate(_pages(source), 1):
        with _naming(number):
            made.append(enhance(page, options))
        notes += [note for note in (made[-1][3] or "").split("; ") if note not in ("", *notes)]
    file = multipage.joined([data for data, *_ in made])
    return file, made[0][1], made[0][2], "; ".join(notes) or None


def _measure_pages(
    source: Source, options: JobOptions, measure: Callable[[Source, JobOptions], Measured]
) -> Measured:
    """Add up what is known of a TIFF's pages."""
    found = list[Measured]()
    for number, page in enumerate(_pages(source), 1):
        with _naming(number):
            moments, width, height = measure(page, options)
        found.append((replace(moments, grid=None), width, height))
    return reduce(add, (moments for moments, *_ in found)), *found[0][1:]


def _pages(source: Source) -> Iterator[Source]:
    """Identify each page as a file of its own."""
    for number, data in enumerate(multipage.pages(source.data), 1):
        with _naming(number):
            page = identify(data, source.limits)
        yield page


def _sizes(source: Source) -> list[tuple[int, int]]:
    """Read the size of each page [pixels], before any of them is decoded."""
    sizes = []
    for number, page in enumerate(_pages(source), 1):
        with _naming(number):
            sizes.append(page.size)
    return sizes


def _is_pyramid(sizes: list[tuple[int, int]]) -> bool:
    """Tell whether each page has half the width and height of the one before."""
    return all(
        abs(large - 2 * small) <= 1 or small == large == 1
        for one, following in pairwise(sizes)
        for large, small in zip(one, following, strict=True)
    )


@contextmanager
def _naming(number: int) -> Iterator[None]:
    """Say of which page it is that it cannot be used."""
    try:
        yield
    except NoiserError as error:
        error.args = (f"page {number}: {error}",)
        raise


def _of_frames(frames: list[Pixels], conversion: Conversion, options: JobOptions) -> Moments:
    """Add up what is known of all frames, of their places too: what does not move has one look."""
    return reduce(add, (measure_by(conversion, frame, options.enhancer) for frame in frames))


def _enhanced(frame: Pixels, conversion: Conversion, options: JobOptions) -> Pixels:
    """Enhance a frame by the moments in the options."""
    enhancer = options.enhancer
    moments = shared_with(options, lambda: measure_by(conversion, frame, enhancer))
    after = enhance_by(conversion, frame, enhancer, moments)
    if options.compare is None:
        return after
    return compared(converted_by(conversion, frame), after, options.compare)
