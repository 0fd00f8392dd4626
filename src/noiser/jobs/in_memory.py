"""A picture in memory: its file's bytes in, the enhanced file's bytes or its moments out."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from noiser.core.errors import DecodeError, ImageError
from noiser.io.codecs.bit_depth import reduced
from noiser.io.color.conversion import Conversion
from noiser.io.image_file import encode, identify
from noiser.io.output_options import Prepared, prepare
from noiser.io.photo import Photo
from noiser.io.salvage import salvaged
from noiser.io.source import Source
from noiser.jobs.color_managed import converted_by, enhance_by, measure_by
from noiser.jobs.compare import compared
from noiser.jobs.gigapixel import shared_with
from noiser.jobs.options import JobOptions
from noiser.jobs.resize import resized_photo
from noiser.jobs.sequences import enhance_several, measure_several
from noiser.statistics.moments import Moments

_Made = TypeVar("_Made")


def enhance_bytes(
    data: bytes, options: JobOptions, suffix: str = ""
) -> tuple[bytes, int, int, str | None]:
    """Enhance an image file in memory; see `enhance_source`.

    Args:
        data: The whole file.
        options: What is done to it.
        suffix: Of its name, for `identify`.
    """
    return enhance_source(identify(data, options.limits, suffix), options)


def enhance_source(source: Source, options: JobOptions) -> tuple[bytes, int, int, str | None]:
    """Enhance an image file in memory: decode, prepare, enhance, resize, fit, encode.

    An animation goes frame by frame with one look, a TIFF of several pages page by page.

    Where the options name a format that holds fewer bits than the image has, they are reduced
    and the note says so.

    Args:
        source: The file, identified.
        options: What is done to it.

    Returns:
        The new file, the picture's width and height [pixels], and a note or None.

    Raises:
        ImageError: The image cannot be used.
        OutputError: The format cannot hold the result.
    """
    if source.parts > 1:
        return enhance_several(source, options, enhance_source, measure_source)
    photo = source.codec.decode(source)
    height, width = photo.pixels.shape[:2]
    format_ = options.output.format or photo.format
    prepared = _prepared(photo, options, format_)
    # The input's pixels are let go here; encoding needs memory of its own.
    photo = replace(
        _enhanced_photo(photo, prepared.conversion, options),
        metadata=prepared.metadata,
        quality=options.output.quality,
    )
    if options.output.max_size is not None:
        photo = resized_photo(photo, options.output.max_size, format_)
    if options.output.format:
        photo = reduced(photo, format_)
    notes = [photo.note] if photo.note else []
    return encode(photo, format_), width, height, "; ".join([*notes, *prepared.notes]) or None


def measure_source(source: Source, options: JobOptions) -> tuple[Moments, int, int]:
    """Measure an image file in memory.

    Args:
        source: The file, identified.
        options: Its enhancer counts.

    Returns:
        Its moments as it is enhanced, width and height [pixels].

    Raises:
        ImageError: The image cannot be used.
    """
    if source.parts > 1:
        return measure_several(source, options, measure_source)
    photo = source.codec.decode(source)
    height, width = photo.pixels.shape[:2]
    conversion = _prepared(photo, options, photo.format).conversion
    return measure_by(conversion, photo.pixels, options.enhancer), width, height


def salvaging(
    do: Callable[[Source, JobOptions], _Made], source: Source, options: JobOptions
) -> tuple[_Made, bool]:
    """Do something with a picture, or with what is left of it where the options allow that.

    Args:
        do: `enhance_source` or `measure_source`; may be called twice.
        source: The file, identified.
        options: Are handed on.

    Returns:
        What was made, and whether of a part only.

    Raises:
        DecodeError: The picture is damaged, and none of it was taken; says whether it could be.
        ImageError: As `do` raises.
    """
    try:
        return do(source, options), False
    except DecodeError as error:
        try:
            rest = salvaged(source)
        except ImageError as reason:
            why = f"; {reason}" if options.salvage else ""
            raise DecodeError(f"{error}{why}") from error
        if not options.salvage:
            way_out = "noiser enhance --salvage takes what is left"
            raise DecodeError(f"{error}; {way_out}") from error
    return do(rest, options), True


def _prepared(photo: Photo, options: JobOptions, format_: str) -> Prepared:
    """Find out what the user's choices mean for a picture."""
    is_linear = photo.depth == 32
    output = options.output
    return prepare(photo.metadata, photo.channels, output, format_, is_linear=is_linear)


def _enhanced_photo(photo: Photo, conversion: Conversion, options: JobOptions) -> Photo:
    """Enhance a picture by its own moments, or by those of its series."""
    enhancer, before, how = options.enhancer, photo.pixels, options.compare
    moments = None
    if options.moments is not None:
        moments = shared_with(options, lambda: measure_by(conversion, before, enhancer))
    after = enhance_by(conversion, before, enhancer, moments)
    if how is None:
        return replace(photo, pixels=after)
    above = None if photo.above is None else compared(photo.above, photo.above, how, white=0)
    return replace(
        photo, pixels=compared(converted_by(conversion, before), after, how), above=above
    )
