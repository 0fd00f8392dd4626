"""Light grid: how bright a picture is, and where, as a bilateral grid of integers that add up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Region

TONES = 1021
"""Tones of luma: four for each 8-bit level, and one for pure white."""

BINS = 12
"""Classes of brightness in each cell, evenly spaced in the square root of luma."""

MOST_CELLS = 64
"""Cells across and down, at most: a gigapixel's grid is no larger than a snapshot's."""

SMALLEST = 2
"""Binary logarithm of the smallest cell's side [pixels]."""

_MOST = 1 << 62
"""Sums stay below it, so that two of them do not pass 64 bits: that is 2^30 pictures."""

FIRST_TONES = tuple(
    -(-(TONES - 1) * (2 * k - 1) ** 2 // (2 * (BINS - 1)) ** 2) for k in range(1, BINS)
)
"""First tone of each class but the darkest: halfway between two roots, in integers."""


@dataclass(frozen=True, eq=False)
class LightGrid:
    """Pixels and sums of their tones, by place and by brightness (Chen, Paris, Durand 2007).

    The cells' side is the smallest power of two at which no more than 64 lie across and down.
    Cells of half the side add up to larger ones exactly, so grids of any pieces of a picture
    add up to that of the whole, in any order, and none needs to know how large that is.
    """

    shift: int
    """Binary logarithm of the cells' side [pixels]."""

    sums: NDArray[np.int64]
    """int64 [2,rows,columns,12]: pixels, and the sum of their tones (0 to 1020), from the
    picture's first pixel on; not to be written."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a grid; it may come from another machine."""
        shape, kind = self.sums.shape, self.sums.dtype
        if kind != np.int64 or len(shape) != 4 or shape[0] != 2 or shape[3] != BINS:
            raise ValueError(f"the grid is {kind} {list(shape)}; it must be int64 [2,h,w,{BINS}]")
        if not 0 < max(shape[1:3]) <= MOST_CELLS or self.shift < SMALLEST:
            raise ValueError(
                f"the grid has {shape[1]} x {shape[2]} cells of 2^{self.shift} pixels; "
                f"it must have at most {MOST_CELLS} each way, of at least 2^{SMALLEST}"
            )
        if self.sums.size and not 0 <= self.sums.min() <= self.sums.max() < _MOST:
            raise ValueError("the grid has numbers from 2^62 on, or below 0; no pictures do")

    def __add__(self, other: "LightGrid") -> "LightGrid":
        """Join the grids of two disjoint pieces of a picture, exactly."""
        shift = max(self.shift, other.shift)
        one, two = (grid._at(shift) for grid in (self, other))
        rows, columns = np.maximum(one.shape[1:3], two.shape[1:3])
        total = np.zeros((2, rows, columns, BINS), np.int64)
        for sums in (one, two):
            total[:, : sums.shape[1], : sums.shape[2]] += sums
        return LightGrid(shift, total)

    def _at(self, shift: int) -> NDArray[np.int64]:
        """Add up to cells of another side."""
        sums = self.sums
        for axis in (1, 2):
            starts = np.arange(0, sums.shape[axis], 1 << (shift - self.shift))
            sums = np.add.reduceat(sums, starts, axis)
        return sums

    def __eq__(self, other: object) -> bool:
        """Compare all numbers."""
        if not isinstance(other, LightGrid):
            return NotImplemented
        return self.shift == other.shift and np.array_equal(self.sums, other.sums)

    def __hash__(self) -> int:
        return hash((self.shift, self.sums.shape))


def shift_for(bottom: int, right: int) -> int:
    """Choose cells for what reaches so far from the picture's first pixel [pixels]."""
    return max((-(-max(bottom, right) // MOST_CELLS) - 1).bit_length(), SMALLEST)


def counted(tones: NDArray[np.int64], region: Region, origin: tuple[int, int]) -> LightGrid:
    """Count a region's tones into a grid: what the kernels do as they measure.

    Args:
        tones: int64 [h,w], from 0 to 1020.
        region: Where they lie in their image.
        origin: Row and column of that image's first pixel in the whole picture [pixels].
    """
    (top, bottom), (left, right) = (
        (part.start + first, part.stop + first) for part, first in zip(region, origin, strict=True)
    )
    shift = shift_for(bottom, right)
    rows, columns = (np.arange(a, b) >> shift for a, b in ((top, bottom), (left, right)))
    shape = rows[-1] + 1, columns[-1] + 1, BINS
    bins = np.searchsorted(FIRST_TONES, tones, "right")
    at = np.ravel_multi_index((rows[:, None], columns[None, :], bins), shape).ravel()
    sums = [np.bincount(at, weights, np.prod(shape)) for weights in (None, tones.ravel())]
    return LightGrid(shift, np.stack(sums).reshape(2, *shape).astype(np.int64))
