"""Summing: the moments of a batch in plain torch, in integers, on any device."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from noiser.core.types import Padding, Region
from noiser.engine.kernels.pytorch import light_grid
from noiser.engine.kernels.pytorch.grain import needed, tones_and_grain
from noiser.engine.kernels.pytorch.lags import LAGS, moments_of
from noiser.engine.kernels.pytorch.planes import grown, lattice, part_of, pieces, put_outside
from noiser.engine.kernels.reading import scaled
from noiser.statistics.light_grid import TONES
from noiser.statistics.moments import GRAINS, Moments


def measured(
    batch: Tensor,
    region: Region,
    padding: Padding,
    origin: tuple[int, int] = (0, 0),
    *,
    with_grid: bool = False,
) -> list[Moments]:
    """Sum up the values under the kernel, and their products, over a region of each image.

    Args:
        batch: uint8, uint16, float32 or float64 [B,C,H,W], floats in [0, 1], sRGB.
        region: Rows and columns to measure.
        padding: What lies outside the images.
        origin: Row and column of the images' first pixel in the whole picture [pixels].
        with_grid: Whether the grids of light are counted too.

    Returns:
        The moments of each image: the integers of the reference kernel.
    """
    found: dict[int, Moments] = {}
    for images, part in pieces(len(batch), region):
        piece = _measured_piece(batch[images], part, padding, origin, with_grid)
        for number, moments in enumerate(piece, images.start):
            found[number] = found[number] + moments if number in found else moments
    return [found[number] for number in range(len(batch))]


def _measured_piece(
    batch: Tensor, region: Region, padding: Padding, origin: tuple[int, int], with_grid: bool
) -> list[Moments]:
    """Measure as many pixels as are worked on at once."""
    whole = scaled(needed(region, origin), 1, origin)
    values = lattice(batch, whole)
    tones, grain = tones_and_grain(values, region, origin)
    grids = light_grid.counted(tones.long(), region, origin) if with_grid else None
    ringed = part_of(values, whole, grown(region, 1))
    if padding == "zero":
        ringed = put_outside(ringed, grown(region, 1), batch.shape, 0)
    rows, columns = region
    count = (rows.stop - rows.start) * (columns.stop - columns.start)
    sums, tone_counts, grain_counts = (
        values.cpu().numpy().astype(np.int64)
        for values in (_by_lag(ringed), _counted(tones.flatten(1), TONES), _counted(grain, GRAINS))
    )
    return moments_of(sums, tone_counts, grain_counts, count, padding, grids)


def _by_lag(ringed: Tensor) -> Tensor:
    """Sum up products by lag: int64 [B,3,h+2,w+2] -> int64 [B,14,3,3,25]."""
    height, width = ringed.shape[2:]
    wide = functional.pad(ringed, (2, 2, 0, 2))
    found = []
    for down, across in LAGS:
        other = wide[..., down : down + height, 2 + across : 2 + across + width]
        found.append(_outlined(ringed[:, :, None] * other[:, None]))
    found.append(_outlined(ringed[:, :, None]).expand(-1, -1, 3, -1))
    return torch.stack(found, 1)


def _outlined(values: Tensor) -> Tensor:
    """Sum up all, the outermost rows, the outermost columns and both: [...,h,w] -> [...,25]."""
    height, width = values.shape[-2:]
    edge_rows = values[..., [0, 1, height - 2, height - 1], :]
    edge_columns = values[..., [0, 1, width - 2, width - 1]]
    both = edge_rows[..., [0, 1, width - 2, width - 1]].flatten(-2)
    by_row = edge_rows.sum(-1)
    return torch.cat([values.sum((-2, -1))[..., None], by_row, edge_columns.sum(-2), both], -1)


def _counted(numbers: Tensor, size: int) -> Tensor:
    """Count how often each number occurs in each image: int32 [B,n] -> int64 [B,size]."""
    images = len(numbers)
    first = size * torch.arange(images, device=numbers.device)[:, None]
    return torch.bincount((numbers + first).flatten(), minlength=images * size).view(images, size)
