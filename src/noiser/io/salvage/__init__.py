"""Salvage: of a JPEG or PNG that is cut off, make a sound file of the rows that are there.

    Source of damaged bytes -> jpeg.py or png.py -> Rest -> Source of sound bytes, and a sentence

What is left becomes an ordinary, shorter picture, so that decoders and metadata need not know of
the damage; no pixel is invented.
"""

import io
from dataclasses import replace

from noiser.core.errors import DecodeError
from noiser.io.codecs.header import opened
from noiser.io.codecs.png_chunks import without_pixels
from noiser.io.image_file import identify
from noiser.io.metadata.read import read_metadata
from noiser.io.salvage import jpeg, png
from noiser.io.salvage.rest import Rest
from noiser.io.source import Source

FORMATS = {"JPEG": jpeg.rest_of, "PNG": png.rest_of}
"""Who takes what is left of a file."""

SIDES = {
    3: "at the top", 4: "at the top", 5: "on the right", 6: "on the left", 7: "on the left",
    8: "on the right",
}  # fmt: skip
"""Where the last of the stored rows is seen, by EXIF's orientation; else at the bottom."""

ZEROS = 512
"""So many at the end are no data, but a sector that was reserved for what never came [bytes]."""


def salvaged(source: Source) -> Source:
    """Make a sound picture of what is left of one that is cut off.

    Args:
        source: A file that its codec cannot decode.

    Returns:
        A file of the same format, with the rows that are there whole and all of the metadata
        before them. The last of its notes says how much is missing, as the picture is seen.

    Raises:
        DecodeError: It is not cut off, or no whole row is left, or its kind cannot be salvaged.
        ImageError: What is left cannot be used for another reason.
    """
    if source.format not in FORMATS:
        raise DecodeError(f"only {' and '.join(FORMATS)} can be salvaged")
    data = source.data.rstrip(b"\0")
    if len(source.data) - len(data) < ZEROS:
        data = source.data
    rest = FORMATS[source.format](data, source.limits)
    if rest.left == 0:
        raise DecodeError("no whole row is left to be salvaged")
    found = identify(rest.data, source.limits)
    return replace(found, notes=(*source.notes, _in_words(rest, _orientation(found))))


def _orientation(source: Source) -> int:
    """Read how a picture is to be turned, without its pixels."""
    data = without_pixels(source.data) if source.format == "PNG" else source.data
    with opened(io.BytesIO(data), source.format, source.limits) as image:
        found = read_metadata(image, source.limits, io.BytesIO(source.data))
    return int(found.get("orientation", 1))


def _in_words(rest: Rest, orientation: int) -> str:
    """Say how much is missing, and where the user sees that."""
    lines = "columns" if orientation >= 5 else "rows"
    if rest.left == rest.rows:
        if rest.scan is None:
            return f"cut off behind its last row: all {rest.rows} {lines} are there"
        return f"cut off in scan {rest.scan}: all {rest.rows} {lines} are there, in less detail"
    missing, coarse = rest.rows - rest.left, "" if rest.scan is None else ", in less detail"
    return (
        f"cut off: {missing} of {rest.rows} {lines} {'is' if missing == 1 else 'are'} missing "
        f"{SIDES.get(orientation, 'at the bottom')}; the other {rest.left} "
        f"{'was' if rest.left == 1 else 'were'} enhanced{coarse}"
    )
