"""Locality: the mean of a window in the place of the image's, exact under any tiling."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import PEAKS
from noiser.core.types import Pixels, Region
from noiser.statistics.cells import Table, gridded
from noiser.statistics.moments import INTEGER_LUMA, UNIT, Moments

CELL = 16
"""Side of the squares whose sums are kept [pixels]."""

PIECE_PIXELS = 1 << 18
"""Pixels that are summed up at once; bounds the memory."""

WINDOW = 0.25
"""Side of the window, as a share of the picture's longer side."""


@dataclass(frozen=True, eq=False)
class Window:
    """How far the mean of gray around a place lies from the picture's."""

    gray: NDArray[np.float32]
    """float32 [h,w]: one value for each cell, in [-2, 2], at the middle of the cell."""

    cell: int = CELL
    """Side of a cell [pixels]."""


def cell_sums(pixels: Pixels, region: Region, origin: tuple[int, int] = (0, 0)) -> Table:
    """Sum up luma by cells of 16 x 16 pixels, in integers.

    Args:
        pixels: uint8, uint16, float32 or float64 [H,W] or [H,W,C], sRGB.
        region: Rows and columns to sum up.
        origin: Row and column of `pixels[0, 0]` in the whole picture [pixels].

    Returns:
        Row and column of each cell that the region touches, its pixels in the region, and
        their sum of luma in [-1, 1] [1/256 of 1/65535].
    """
    rows, columns = region
    step = CELL * max(PIECE_PIXELS // (CELL * (columns.stop - columns.start)), 1)
    first = (rows.start + origin[0]) // CELL * CELL - origin[0]
    pieces = [
        slice(max(top, rows.start), min(top + step, rows.stop))
        for top in range(first, rows.stop, step)
    ]
    return np.concatenate([_summed(pixels, (piece, columns), origin) for piece in pieces])


def _summed(pixels: Pixels, region: Region, origin: tuple[int, int]) -> Table:
    """Sum up as much as is worked on at once."""
    part = np.atleast_3d(pixels[region])
    colors = part[..., :3] if part.shape[2] >= 3 else np.repeat(part[..., :1], 3, 2)
    peak = PEAKS.get(part.dtype, 1)
    lattice = np.rint((2.0 * colors.astype(np.float64) / peak - 1.0) * UNIT).astype(np.int64)
    luma = lattice @ np.array(INTEGER_LUMA)
    starts, numbers, counts = [], [], []
    for axis in (0, 1):
        first = region[axis].start + origin[axis]
        along = (first + np.arange(luma.shape[axis])) // CELL
        unique, start, count = np.unique(along, return_index=True, return_counts=True)
        starts.append(start)
        numbers.append(unique)
        counts.append(count)
    sums = np.add.reduceat(np.add.reduceat(luma, starts[0], 0), starts[1], 1)
    return gridded(numbers, np.outer(*counts), sums)


def window_of(moments: Moments, amount: float) -> Window:
    """Compute the local means around every cell, less the picture's.

    Args:
        moments: With cells.
        amount: Share of the difference, from 0 to 1.

    Returns:
        The window: the mean over a square of a quarter of the longer side, twice, so that it
        has no corners.

    Raises:
        ValueError: The moments were measured without cells.
    """
    table = moments.cell_table
    if not len(table):
        raise ValueError("the moments have no cells; measure them with `local` above 0")
    row, column, pixels, luma = table.T
    shape = 1 + int(row.max()), 1 + int(column.max())
    count, total = np.zeros(shape), np.zeros(shape)
    count[row, column], total[row, column] = pixels, luma
    mean = sum(luma.tolist()) / sum(pixels.tolist())
    total -= count * mean
    reach = max(round(WINDOW * max(shape) / 2.0), 1)
    for _ in range(2):
        count, total = (_boxed(values, reach) for values in (count, total))
    gray = amount * total / np.maximum(count, 1e-9) / (256.0 * UNIT)
    return Window(gray.astype(np.float32))


def _boxed(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Add up squares of `2 reach + 1` cells, cut off at the borders."""
    for axis in (0, 1):
        size = values.shape[axis]
        padded = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
        first = np.maximum(np.arange(size) - reach, 0)
        last = np.minimum(np.arange(size) + reach + 1, size)
        values = padded.take(last, axis) - padded.take(first, axis)
    return values
