"""JPEG salvage: cut the height in the header to the rows that are there, and end the file."""

import io
from contextlib import suppress

import numpy as np

from noiser.core.errors import DecodeError
from noiser.core.types import Pixels
from noiser.io.codecs.header import opened
from noiser.io.limits import Limits, check_size
from noiser.io.salvage.jpeg_markers import END, Scan, Stream, read_stream
from noiser.io.salvage.jpeg_means import units_in
from noiser.io.salvage.rest import Rest

SEQUENTIAL, PROGRESSIVE = (0xC0, 0xC1), 0xC2

GUESSES = tuple(
    (bits * 16, fill)
    for fill, bits in enumerate((b"\x55", b"\xaa", b"\xff\0", b"\0", b"\x33", b"\xcc"))
)
"""What could follow the last byte, and what fills a picture that nothing was decoded into: a row
that is the same by all was there. libjpeg looks some bytes ahead, so that without any it would
hold back what is whole."""


def rest_of(data: bytes, limits: Limits) -> Rest:
    """Take what is left of a JPEG that is cut off.

    A sequential one has its rows from the top, by units of 8 or 16. A progressive one whose means
    are all there has every row, in less detail; otherwise the rows of which there are means.

    Args:
        data: The file, up to where it ends.
        limits: How large the picture may be.

    Raises:
        DecodeError: It is not cut off, or it is of a kind of which nothing can be told.
        LimitError: It is larger than the limits allow.
    """
    stream = read_stream(data)
    if stream.has_end:
        raise DecodeError("it is not cut off, and only what is can be salvaged")
    check_size(stream.width, stream.height, limits)
    data = data[: stream.stop].removesuffix(b"\xff")
    if stream.method in SEQUENTIAL and len(stream.scans[0].components) == len(stream.sampling):
        rows, left = stream.height, _sequential_rows(data, stream, limits)
        return Rest(_with_height(data, stream, left), rows, left)
    if stream.method != PROGRESSIVE:
        raise DecodeError("it is a JPEG of an unusual kind, which cannot be salvaged")
    return _progressive(data, stream)


def _sequential_rows(data: bytes, stream: Stream, limits: Limits) -> int:
    """Count the rows that are there whatever follows, in whole units."""
    first, *others = GUESSES
    picture, same = _decoded(data, *first, limits), stream.height
    for guess in others:
        differs = (_decoded(data, *guess, limits) != picture).reshape(stream.height, -1).any(axis=1)
        same = min(same, int(differs.argmax())) if differs.any() else same
    if same == stream.height:
        return same
    # The last of a unit's rows wait for the next unit, where colours are smoothed across.
    unit = stream.unit[1]
    return (same + unit // 8) // unit * unit


def _decoded(data: bytes, more: bytes, fill: int, limits: Limits) -> Pixels:
    """Decode data and some more, as far as they go; the rest of the pixels have one value."""
    with opened(io.BytesIO(data + more), "JPEG", limits) as image:
        image.load_prepare()
        image.im.paste((fill,) * len(image.getbands()), (0, 0, *image.size))
        with suppress(OSError):  # it always is
            image.load()
        image.tile = []
        return np.array(image)


def _progressive(data: bytes, stream: Stream) -> Rest:
    """Keep all rows if all means are there, else those of which they are."""
    means = [scan for scan in stream.scans if scan.has_dc]
    told = {number for scan in means for number in scan.components}
    rows, count = stream.height, len(stream.scans)
    if told == stream.sampling.keys() and stream.stop > means[-1].stop:
        return Rest(data + END, rows, rows, count)
    if len(means) != 1 or told != stream.sampling.keys():
        raise DecodeError("it ends before each of its colours is there")
    left = _rows_of_means(data, stream, means[0])
    return Rest(_with_height(data, stream, left), rows, left, count)


def _rows_of_means(data: bytes, stream: Stream, scan: Scan) -> int:
    """Count the rows of which the first scan has the means, in whole units."""
    width, height = stream.unit
    blocks = [stream.sampling[number] for number in scan.components]
    counts = [across * down for across, down in blocks]
    if len(blocks) == 1:  # then a unit is one block, however it is sampled
        width, height, counts = 8, 8, [1]
    across, down = -(-stream.width // width), -(-stream.height // height)
    done = units_in(data, scan, counts, across * down)
    return min(done // across * height, stream.height)


def _with_height(data: bytes, stream: Stream, rows: int) -> bytes:
    """Let a picture have fewer rows, and an end."""
    at = stream.height_at
    return data[:at] + rows.to_bytes(2, "big") + data[at + 2 :] + END
