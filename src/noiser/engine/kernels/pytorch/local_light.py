"""Local light: what is added before the tanh, in torch; see `look/local_light.py`."""

import torch
from torch import Tensor

from noiser.core.types import Region
from noiser.statistics.light_grid import BINS


def lift_at(
    lift: Tensor, cell: int, region: Region, origin: tuple[int, int], seen: Tensor
) -> Tensor:
    """Read lifts at each pixel, linear between cells and between brightnesses.

    Args:
        lift: [B,rows,columns,12]: at the middles of the cells, and at 12 square roots of luma.
        cell: Side of a cell [pixels].
        region: Rows and columns of the images.
        origin: Row and column of the images' first pixel in the whole picture [pixels].
        seen: [B,h,w] from 0 on: luma of what the network sees.

    Returns:
        [B,h,w].
    """
    places = (  # exact in single precision: sides are powers of two
        torch.arange(part.start + first, part.stop + first, dtype=seen.dtype, device=seen.device)
        for part, first in zip(region, origin, strict=True)
    )
    (above, below, down), (before, after, across) = (
        _between((place + 0.5) / cell - 0.5, size)
        for place, size in zip(places, lift.shape[1:3], strict=True)
    )
    low, high, up = _between((BINS - 1) * seen.sqrt(), BINS)
    # A row of pixels lies between the same two rows of cells: they are joined but once.
    table = torch.lerp(lift[:, above], lift[:, below], down[:, None, None]).flatten(2)
    left, right = (
        torch.lerp(table.gather(2, BINS * i + low), table.gather(2, BINS * i + high), up)
        for i in (before, after)
    )
    return torch.lerp(left, right, across)


def _between(at: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Find the entries before and after a place in a table, and how far it is on the way."""
    at = at.clamp(0, size - 1)
    low = at.long()
    return low, (low + 1).clamp(max=size - 1), at - low
