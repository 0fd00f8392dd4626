"""Tones and grain of a batch in plain torch: the integers of `kernels/grain.py`."""

import numpy as np
import torch
from torch import Tensor

from noiser.core.types import Region
from noiser.engine.kernels.pytorch.planes import grown, part_of
from noiser.engine.kernels.reading import scaled
from noiser.statistics.moments import (
    CLASSES,
    GRAIN_BINS,
    GRAIN_LEVELS,
    GRAIN_STEP,
    INTEGER_LUMA,
    OCTAVES,
    UNIT,
)


def squares_of(region: Region, origin: tuple[int, int], octave: int) -> Region:
    """Find the squares of an octave, from the picture's first on, that begin in a region.

    Args:
        region: Rows and columns of the images.
        origin: Row and column of their first pixel in the whole picture [pixels].
        octave: Which it is; its squares have a side of `2^octave` pixels.
    """
    rows, columns = (
        slice(-(-(part.start + first) >> octave), -(-(part.stop + first) >> octave))
        for part, first in zip(region, origin, strict=True)
    )
    return rows, columns


def needed(region: Region, origin: tuple[int, int], octave: int = 0) -> Region:
    """Find what is read to measure a region: the coarsest squares, and those beside them.

    Args:
        region: Rows and columns of the images.
        origin: Row and column of their first pixel in the whole picture [pixels].
        octave: In whose squares, from the picture's first on, the answer is.
    """
    coarsest = grown(squares_of(region, origin, OCTAVES - 1), 1)
    return scaled(coarsest, 1 << OCTAVES - 1 - octave, (0, 0))


def tones_and_grain(
    lattice: Tensor, region: Region, origin: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Find the tones of pixels, and the sizes of their grain and of that of the squares.

    Args:
        lattice: int64 [B,3,H,W], of all that is `needed`.
        region: Rows and columns of the images.
        origin: Row and column of their first pixel in the whole picture [pixels].

    Returns:
        int32 [B,h,w] from 0 to 1020, and int32 [B,n], bins of the histograms of grain.
    """
    red, green, blue = (weight * lattice[:, c] for c, weight in enumerate(INTEGER_LUMA))
    brightness = (red + green + blue).int()
    found = []
    for octave in range(OCTAVES):
        brightness = _averaged(brightness) if octave else brightness
        ringed = grown(squares_of(region, origin, octave), 1)
        found.append(_binned(part_of(brightness, needed(region, origin, octave), ringed)))
    sizes = [own.flatten(1) + k * CLASSES * GRAIN_BINS for k, (_, own) in enumerate(found)]
    return found[0][0], torch.cat(sizes, 1)


def _averaged(brightness: Tensor) -> Tensor:
    """Average squares of two, rounded: int32 [B,2h,2w] -> [B,h,w]."""
    rows = brightness[:, ::2] + brightness[:, 1::2]
    return rows[..., ::2] + rows[..., 1::2] + 2 >> 2


def _binned(brightness: Tensor) -> tuple[Tensor, Tensor]:
    """Find tones and bins of grain, by class: int32 [B,h+2,w+2] -> [B,h,w] each."""
    soft, bent = brightness, brightness
    for _ in range(2):
        soft = (soft[:, :-2] + 2 * soft[:, 1:-1] + soft[:, 2:]).mT
        bent = (bent[:, :-2] - 2 * bent[:, 1:-1] + bent[:, 2:]).mT
    tones = (soft + 16 * 256 * UNIT) // (8 * 257 * 256)
    sizes = (bent.abs() // (2 * 257) + GRAIN_STEP).to(torch.float32)
    first = int(np.float32(GRAIN_STEP).view(np.int32)) >> 21
    bins = ((sizes.view(torch.int32) >> 21) - first).clamp(max=GRAIN_BINS - 1)
    for level in GRAIN_LEVELS:
        bins = bins + GRAIN_BINS * (tones >= 4 * level)
    return tones, bins
