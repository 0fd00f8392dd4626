"""The coarse octaves of a batch in plain torch; see `kernels/octaves.py`.

One pyramid is read for a region, with what all its octaves depend on; each octave takes its part
of it. Only the images that have noise in an octave are changed by it.
"""

import torch
from torch import Tensor

from noiser.core.types import Region
from noiser.engine.kernels.denoise import BAND_HALO
from noiser.engine.kernels.octaves import coarser
from noiser.engine.kernels.pytorch.denoise import quieted
from noiser.engine.kernels.pytorch.planes import grown, part_of
from noiser.engine.kernels.pytorch.render_params import Filters
from noiser.engine.kernels.reading import scaled


def needed(region: Region, octaves: int) -> Region:
    """Find what is read for a region where there is noise in so many octaves.

    Args:
        region: Rows and columns, from the picture's first pixel on.
        octaves: Of the picture; up to 1 the region is all that is needed.

    Returns:
        Whole squares of the coarsest octave, as pixels of the picture.
    """
    if octaves <= 1:
        return region
    return scaled(needed(grown(coarser(region), BAND_HALO), octaves - 1), 2, (0, 0))


def without_coarse_noise(
    planes: Tensor, whole: Region, region: Region, filters: Filters, octave: int = 0
) -> Tensor:
    """Take the noise of all coarser octaves away.

    Args:
        planes: [B,3,H,W]: luma and red and blue less luma, less the center.
        whole: Where they lie in their octave, from the picture's first pixel on: all that is
            `needed`.
        region: Of the octave, wanted.
        filters: The images' noise, and how much of it to take away.
        octave: Which it is; 0 is the picture.

    Returns:
        [B,3,h,w], of the region.
    """
    own = part_of(planes, whole, region)
    if octave + 1 >= max(filters.octaves):
        return own
    averages, around, squares = halved(planes), half(whole), coarser(region)
    inner = grown(squares, BAND_HALO)
    changed = without_coarse_noise(averages, around, inner, filters, octave + 1)
    change = quieted(changed, filters, octave + 1) - part_of(averages, around, squares)
    return own + doubled(change * is_noisy(filters, octave + 1), region)


def half(region: Region) -> Region:
    """Give the squares of two that a region consists of."""
    rows, columns = (slice(part.start // 2, part.stop // 2) for part in region)
    return rows, columns


def is_noisy(filters: Filters, octave: int) -> Tensor:
    """Tell which images have noise in an octave or in a coarser one: bool [B,1,1,1]."""
    return filters.noise[:, octave:].flatten(1).any(1)[:, None, None, None]


def halved(planes: Tensor) -> Tensor:
    """Average squares of two: [B,C,2h,2w] -> [B,C,h,w]."""
    above, below = planes[..., ::2, :], planes[..., 1::2, :]
    return (above[..., ::2] + above[..., 1::2] + (below[..., ::2] + below[..., 1::2])) * 0.25


def doubled(planes: Tensor, region: Region) -> Tensor:
    """Read between the middles of squares of two: [B,C,*coarser(region)] -> [B,C,*region]."""
    for part in region:
        near = planes[..., 1:-1, :]
        both = [near + 0.25 * (far - near) for far in (planes[..., :-2, :], planes[..., 2:, :])]
        lines = torch.stack(both, -2).flatten(-3, -2)
        first = part.start % 2
        planes = lines[..., first : first + part.stop - part.start, :].mT
    return planes
