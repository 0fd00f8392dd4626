"""The scene in NumPy: the photo without its noise, and the detail apart from it.

Luma and two colour differences are split into bands by binomial blurs of one and of two
pixels (the "a trous" wavelet: Holschneider et al. 1989, Starck and Murtagh 1994). In each
band a square of 5 x 5 tells how strong the signal is beside the noise, and what is noise is
taken away: Wiener's filter, locally (Lee 1980).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import LUMA, luma
from noiser.look.render_params import Adjustments
from noiser.statistics.luma_and_noise import NOISE_LEVELS

BAND_HALO = 5
"""Pixels around a pixel that its bands and their noise depend on: 1 + 2 for the blurs, 2 for
the square."""

SQUARE = 5
"""Side of the square over which signal and noise are compared [pixels]."""

FINE_VARIANCE, MEDIUM_VARIANCE = 0.640625, 0.074462890625
"""Variance of white noise of variance 1 in the two bands."""

MARGIN, COLOR_MARGIN = 1.5, 2.0
"""How far above the noise's variance a signal has to stand."""

COLOR_NOISE = 1.5**2
"""Variance of the noise in colour differences, beside that in luma."""

NO_ENERGY = 1e-9
"""Keeps 0 / 0 out, far below a 16-bit step [squared luma]."""

MOST_MEDIUM = 0.01
"""Detail of two pixels that a look gives back, at most [luma in [0, 1]]: texture, and no edges,
which it would line with a halo."""

Planes = NDArray[np.float64]
"""float64 [C,H,W]: an image channel by channel."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo taken apart."""

    quiet: Planes
    """float64 [3,H,W], sRGB, about [0, 1]: the photo without its noise."""

    light: Planes
    """float64 [H,W] in [0, 1]: luma of that, without its finest band."""

    chroma: Planes
    """float64 [3,H,W]: colours less luma, without noise and the finest band."""

    detail: Planes
    """float64 [H,W]: what a look gives back of the bands."""


def taken_apart(photo: Planes, adjustments: Adjustments) -> Scene:
    """Split a photo into bands and join them again without the noise.

    Args:
        photo: float64 [3,h+10,w+10] in [0, 1], sRGB.
        adjustments: Its noise, and how much of it to take away.

    Returns:
        The scene of the inner [h,w] pixels.
    """
    brightness = luma(*photo)
    planes = np.stack([brightness, photo[0] - brightness, photo[2] - brightness])
    soft = np.stack([_blurred(plane, 1) for plane in planes])
    smooth = np.stack([_blurred(plane, 2) for plane in soft])
    fine = planes[0, 1:-1, 1:-1] - soft[0]
    medium = soft[:, 2:-2, 2:-2] - smooth
    variance = _noise_at(smooth[0, 2:-2, 2:-2], adjustments)
    color_energy = (medium[1] ** 2 + medium[2] ** 2) / 2.0
    keep = 1.0 - adjustments.denoise
    weights = [
        keep + adjustments.denoise * np.maximum(1.0 - noise / np.maximum(energy, NO_ENERGY), 0.0)
        for energy, noise in (
            (_averaged(fine[2:-2, 2:-2] ** 2), MARGIN * FINE_VARIANCE * variance),
            (_averaged(medium[0] ** 2), MARGIN * MEDIUM_VARIANCE * variance),
            (
                _averaged(color_energy),
                COLOR_MARGIN * COLOR_NOISE * MEDIUM_VARIANCE * variance,
            ),
        )
    ]
    small, large = weights[0] * fine[4:-4, 4:-4], weights[1] * medium[0, 2:-2, 2:-2]
    given = np.clip(large, -MOST_MEDIUM, MOST_MEDIUM)
    quiet_luma = smooth[0, 2:-2, 2:-2] + large
    colors = smooth[1:, 2:-2, 2:-2] + weights[2] * medium[1:, 2:-2, 2:-2]
    seen = adjustments.denoise * colors + keep * planes[1:, 5:-5, 5:-5]
    return Scene(
        quiet=quiet_luma + small + all_three(seen),
        light=np.maximum(quiet_luma, 0.0),
        chroma=all_three(colors),
        detail=adjustments.fine * small + adjustments.medium * given,
    )


def all_three(differences: Planes) -> Planes:
    """Complete red and blue less luma by green less luma: their weighted sum is zero."""
    red, blue = differences
    return np.stack([red, -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1], blue])


def _noise_at(brightness: Planes, adjustments: Adjustments) -> Planes:
    """Compute the noise's variance by luma, linear between the levels it is given for."""
    variance = np.full_like(brightness, adjustments.noise[0])
    for level, slope in zip(NOISE_LEVELS, adjustments.noise_slopes, strict=True):
        variance += slope * np.maximum(brightness - level, 0.0)
    return np.maximum(variance, 0.0)


def _blurred(plane: Planes, step: int) -> Planes:
    """Blur by 1 2 1 in both directions, `step` pixels apart: [h+2s,w+2s] -> [h,w]."""
    for _ in range(2):
        height = plane.shape[0] - 2 * step
        plane = plane[:height] + 2.0 * plane[step : step + height] + plane[2 * step :]
        plane = plane.T
    return plane / 16.0


def _averaged(plane: Planes) -> Planes:
    """Average over the square: [h+4,w+4] -> [h,w]."""
    for _ in range(2):
        height = plane.shape[0] - SQUARE + 1
        plane = sum(plane[k : k + height] for k in range(SQUARE)).T  # type: ignore[union-attr]
    return plane / SQUARE**2
