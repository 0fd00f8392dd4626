"""Light grids of a batch: tones by place and by brightness, counted on their device."""

from math import prod

import torch
from torch import Tensor

from noiser.core.types import Region
from noiser.statistics.light_grid import BINS, FIRST_TONES, LightGrid, shift_for

Shape = tuple[int, int, int, int]
"""Of what is counted of an image: pixels and tones, rows, columns, classes of brightness."""


def cells_for(region: Region, origin: tuple[int, int]) -> tuple[int, Shape]:
    """Choose the cells that a region of every image of a batch is counted into.

    Args:
        region: Rows and columns of the images.
        origin: Row and column of their first pixel in the whole picture [pixels].

    Returns:
        Binary logarithm of the cells' side [pixels], and the shape [2,rows,columns,12].
    """
    bottom, right = (part.stop + first for part, first in zip(region, origin, strict=True))
    shift = shift_for(bottom, right)
    return shift, (2, ((bottom - 1) >> shift) + 1, ((right - 1) >> shift) + 1, BINS)


def counted(tones: Tensor, region: Region, origin: tuple[int, int]) -> list[LightGrid]:
    """Count a region's tones into grids: the reference's `counted` for each image.

    Args:
        tones: int64 [B,h,w], from 0 to 1020.
        region: Where they lie in the images.
        origin: Row and column of the images' first pixel in the whole picture [pixels].
    """
    shift, shape = cells_for(region, origin)
    rows, columns = (
        torch.arange(part.start + first, part.stop + first, device=tones.device) >> shift
        for part, first in zip(region, origin, strict=True)
    )
    bins = torch.bucketize(tones, torch.tensor(FIRST_TONES, device=tones.device), right=True)
    at = ((rows[:, None] * shape[2] + columns) * BINS + bins).flatten(1)[:, None]
    counts = torch.stack([torch.ones_like(tones), tones], 1).flatten(2)
    sums = tones.new_zeros(len(tones), 2, prod(shape[1:]))
    sums.scatter_add_(2, at.expand_as(counts), counts)
    return [LightGrid(shift, own.reshape(shape)) for own in sums.cpu().numpy()]
