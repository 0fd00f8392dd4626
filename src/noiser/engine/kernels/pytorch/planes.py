"""Planes: a batch's pixels as numbers on its device, with what lies around a region."""

from collections.abc import Iterator

import torch
from torch import Tensor

from noiser.core.types import Region
from noiser.statistics.moments import UNIT

PEAKS = {torch.uint8: 255, torch.uint16: 65535}
"""White of the integer formats; floats have 1."""

PIECE_PIXELS = 1 << 20
"""Pixels worked on at once: bounds the memory beside input and output to about 400 MB."""

BITS = 44
"""Binary places that a float32 is counted in before it is rounded to the lattice: all places of
those values that lie near the middle between two of its points."""


def pieces(
    images: int, region: Region, most: int | None = None, least_rows: int = 1
) -> Iterator[tuple[slice, Region]]:
    """Cut a batch into pieces of bounded size: whole images where they are small, or bands.

    Args:
        images: How many there are.
        region: Rows and columns of each.
        most: Pixels of a piece; by default `PIECE_PIXELS`.
        least_rows: Of a piece, where there are as many; where they are too long, bands are cut.

    Yields:
        Images of the batch, and rows and columns of them.
    """
    most = most or PIECE_PIXELS
    rows, columns = region
    height, width = rows.stop - rows.start, columns.stop - columns.start
    width = min(width, max(most // min(least_rows, height), 1))
    height = min(height, max(most // width, 1))
    at_once = max(most // (width * height), 1)
    for first in range(0, images, at_once):
        for top in range(rows.start, rows.stop, height):
            for left in range(columns.start, columns.stop, width):
                yield (
                    slice(first, min(first + at_once, images)),
                    (
                        slice(top, min(top + height, rows.stop)),
                        slice(left, min(left + width, columns.stop)),
                    ),
                )


def grown(region: Region, by: int) -> Region:
    """Widen a region on all sides; it may reach outside the image."""
    rows, columns = region
    return slice(rows.start - by, rows.stop + by), slice(columns.start - by, columns.stop + by)


def part_of(planes: Tensor, whole: Region, region: Region) -> Tensor:
    """Cut a region out of planes of a larger one: [...,H,W] -> [...,h,w]."""
    for axis, own, part in zip((-2, -1), whole, region, strict=True):
        planes = planes.narrow(axis, part.start - own.start, part.stop - part.start)
    return planes


def read(batch: Tensor, region: Region, dtype: torch.dtype) -> Tensor:
    """Read colours; outside the images the nearest pixel stands for what is not there.

    Args:
        batch: uint8, uint16 or float [B,C,H,W]; one or two channels are gray.
        region: Rows and columns, which may reach outside.
        dtype: Of the numbers wanted.

    Returns:
        [B,3,h,w] on the batch's device, in the batch's own levels.
    """
    colors = batch[:, :3] if batch.shape[1] >= 3 else batch[:, :1]
    for axis, part in zip((2, 3), region, strict=True):
        last = batch.shape[axis] - 1
        start, stop = (min(max(at, 0), last) for at in (part.start, part.stop - 1))
        colors = colors.narrow(axis, start, stop + 1 - start)
    colors = colors.to(dtype)
    for axis, part in zip((2, 3), region, strict=True):
        last = batch.shape[axis] - 1
        if part.start < 0 or part.stop > last + 1:
            place = torch.arange(part.start, part.stop, device=batch.device).clamp(0, last)
            colors = colors.index_select(axis, place - min(max(part.start, 0), last))
    return colors.expand(-1, 3, -1, -1)


def put_outside(planes: Tensor, region: Region, size: torch.Size, value: float | Tensor) -> Tensor:
    """Replace what lies outside images of a height and width by a value.

    Args:
        planes: [B,C,h,w], of a region of the images.
        region: That region.
        size: Of the batch: [B,C,H,W].
        value: Number, or one for each image and plane [B,C,1,1].
    """
    rows, columns = (torch.arange(part.start, part.stop, device=planes.device) for part in region)
    inside = ((rows >= 0) & (rows < size[2]))[:, None] & ((columns >= 0) & (columns < size[3]))
    return planes.where(inside, value)


def lattice(batch: Tensor, region: Region) -> Tensor:
    """Read colours as the whole numbers that moments are made of.

    Args:
        batch: uint8, uint16, float32 or float64 [B,C,H,W].
        region: Rows and columns, which may reach outside.

    Returns:
        int64 [B,3,h,w] in [-65535, 65535]: [-1, 1] in steps of 1/65535.
    """
    if batch.dtype in PEAKS:
        peak = PEAKS[batch.dtype]
        return UNIT // peak * (2 * read(batch, region, torch.int32).long() - peak)
    if batch.dtype == torch.float64:
        return ((2.0 * read(batch, region, torch.float64) - 1.0) * UNIT).round().long()
    # In integers: not every device has double precision, and single precision would round twice.
    values = (read(batch, region, torch.float32) * 2.0**BITS).long()
    scaled = 2 * UNIT * values - (UNIT << BITS)
    half_to_even = (1 << (BITS - 1)) - 1 + ((scaled >> BITS) & 1)
    return (scaled + half_to_even) >> BITS
