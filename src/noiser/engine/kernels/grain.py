"""Tones and grain in NumPy: the two histograms of a look, in integers at every octave."""

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Pixels, Region
from noiser.engine.kernels.reading import grown, read_signed, scaled
from noiser.statistics.moments import (
    CLASSES,
    GRAIN_BINS,
    GRAIN_LEVELS,
    GRAIN_STEP,
    INTEGER_LUMA,
    OCTAVES,
    UNIT,
)

Bins = NDArray[np.int64]
"""int64 [h,w]: where a pixel counts in a histogram."""


def tones_and_grain(pixels: Pixels, region: Region) -> tuple[Bins, Bins]:
    """Find the tone and the size of the grain of each pixel of a region."""
    return _counted(_brightness(pixels, grown(region, 1)))


def coarse_grain(pixels: Pixels, region: Region, origin: tuple[int, int]) -> Bins:
    """Find the sizes of the grain of the coarse octaves' averages that begin in a region.

    Args:
        pixels: The image.
        region: Of it.
        origin: Row and column of its first pixel in the whole picture [pixels].

    Returns:
        int64 [n].
    """
    found = [np.empty(0, np.int64)]
    for octave in range(1, OCTAVES):
        rows, columns = (
            slice(-(-(part.start + first) >> octave), -(-(part.stop + first) >> octave))
            for part, first in zip(region, origin, strict=True)
        )
        if rows.start < rows.stop and columns.start < columns.stop:
            averages = _brightness(pixels, scaled(grown((rows, columns), 1), 1 << octave, origin))
            for _ in range(octave):
                averages = _averaged(averages)
            sizes = _counted(averages)[1] + octave * CLASSES * GRAIN_BINS
            found.append(sizes.ravel())
    return np.concatenate(found)


def _brightness(pixels: Pixels, region: Region) -> Bins:
    """Read luma in 1/256 of 1/65535 of [-1, 1]; the nearest pixel stands for what lies outside."""
    lattice = np.rint(read_signed(pixels, region, "replicate") * UNIT).astype(np.int64)
    red, green, blue = (weight * plane for weight, plane in zip(INTEGER_LUMA, lattice, strict=True))
    return np.asarray(red + green + blue)


def _averaged(brightness: Bins) -> Bins:
    """Average squares of two, rounded: [2h,2w] -> [h,w]."""
    rows = brightness[::2] + brightness[1::2]
    return np.asarray(rows[:, ::2] + rows[:, 1::2] + 2 >> 2)


def _counted(brightness: Bins) -> tuple[Bins, Bins]:
    """Find tones and bins of grain: [h+2,w+2] -> [h,w] each."""
    soft, bent = brightness, brightness
    for _ in range(2):
        soft = (soft[:-2] + 2 * soft[1:-1] + soft[2:]).T
        bent = (bent[:-2] - 2 * bent[1:-1] + bent[2:]).T
    # One 8-bit level is 2 * 257 * 256 of the lattice's luma, a tone a quarter of it; the blur
    # multiplies by 16.
    tones = (soft + 16 * 256 * UNIT) // (8 * 257 * 256)
    sizes = (abs(bent) // (2 * 257) + GRAIN_STEP).astype(np.float32)
    # Four bins an octave: a float's exponent and the first two bits of its fraction.
    bins = (sizes.view(np.int32) >> 21) - (np.float32(GRAIN_STEP).view(np.int32) >> 21)
    classes = sum((tones >= 4 * level).astype(np.int64) for level in GRAIN_LEVELS)
    return tones, np.asarray(classes * GRAIN_BINS + np.minimum(bins, GRAIN_BINS - 1))
