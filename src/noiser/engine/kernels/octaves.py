"""The coarse octaves in NumPy: noise that is correlated over several pixels, and its removal.

Averages over squares of 2, 4 and 8 pixels, counted from the picture's first pixel, are denoised
like the picture itself, the coarsest first; what changes is added to the next finer octave,
linear between the middles of the squares (a pyramid: Burt and Adelson 1983).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Region
from noiser.engine.kernels.denoise import BAND_HALO, Planes, quieted
from noiser.look.fold import NETWORK_HALO
from noiser.look.render_params import Adjustments
from noiser.statistics.moments import OCTAVES


def _octave_halo(halo: int) -> int:
    """Compute what `halo` pixels depend on, through all octaves [pixels]."""
    for _ in range(1, OCTAVES):
        halo = -(-halo // 2) + 1 + BAND_HALO
    return (halo + 1 << OCTAVES - 1) - 1


OCTAVE_HALO = _octave_halo(NETWORK_HALO + BAND_HALO)
"""Pixels around a pixel that its rendering reads where there is noise in coarse octaves."""


def correction(
    averages: Callable[[int, Region], Planes],
    region: Region,
    adjustments: Adjustments,
    octave: int = 1,
) -> Planes:
    """Compute what taking the noise of an octave and of all coarser ones away adds to a picture.

    Args:
        averages: Gives a region of an octave: float64 [3,h,w], luma and red and blue less luma.
        region: Rows and columns, in the next finer octave, from the picture's first pixel on.
        adjustments: The picture's noise, and how much of it to take away.
        octave: Which it is, from 1 on.

    Returns:
        float64 [3,h,w], for the region.
    """
    if octave >= adjustments.octaves:
        return np.zeros((3, *(part.stop - part.start for part in region)))
    own = coarser(region)
    rows, columns = (slice(part.start - BAND_HALO, part.stop + BAND_HALO) for part in own)
    noisy = averages(octave, (rows, columns))
    changed = noisy + correction(averages, (rows, columns), adjustments, octave + 1)
    inner = noisy[:, BAND_HALO:-BAND_HALO, BAND_HALO:-BAND_HALO]
    return _doubled(quieted(changed, adjustments, octave) - inner, region)


def halved(planes: Planes) -> Planes:
    """Average squares of two: [C,2h,2w] -> [C,h,w]."""
    above, below = planes[:, ::2], planes[:, 1::2]
    return np.asarray(
        (above[..., ::2] + above[..., 1::2] + (below[..., ::2] + below[..., 1::2])) * 0.25
    )


def coarser(region: Region) -> Region:
    """Find the squares of two that lie around a region, with those beside them."""
    rows, columns = (slice((s.start >> 1) - 1, (s.stop - 1 >> 1) + 2) for s in region)
    return rows, columns


def _doubled(planes: Planes, region: Region) -> Planes:
    """Read between the middles of squares of two: [C,*coarser(region)] -> [C,*region]."""
    for axis, part in enumerate(region, 1):
        nearer, farther = _squares(part)
        near, far = planes.take(nearer, axis), planes.take(farther, axis)
        planes = near + 0.25 * (far - near)
    return planes


def _squares(part: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find, for each place, the square that holds it, and the next nearest."""
    at = np.arange(part.start, part.stop)
    own = (at >> 1) - ((part.start >> 1) - 1)
    return own, own + 2 * (at & 1) - 1
