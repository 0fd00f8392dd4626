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
from noiser.statistics.noise_by_octave import NOISE_LEVELS

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
        photo: float64 [3,h+10,w+10], luma and red and blue less luma, see `opponents`.
        adjustments: Its noise, and how much of it to take away.

    Returns:
        The scene of the inner [h,w] pixels.
    """
    bands = Bands.of(photo)
    variance = _noise_at(bands.smooth[0], adjustments, 0)
    small = bands.fine[0] * _kept(bands.fine_energy[0], FINE_VARIANCE * variance, adjustments)
    large = bands.medium[0] * _kept(bands.medium_energy[0], MEDIUM_VARIANCE * variance, adjustments)
    given = np.clip(large, -MOST_MEDIUM, MOST_MEDIUM)
    quiet_luma = bands.smooth[0] + large
    colors = bands.smooth[1:] + bands.medium[1:] * _kept(
        bands.medium_energy[1], MEDIUM_VARIANCE * variance, adjustments, is_color=True
    )
    seen = adjustments.denoise * colors + (1.0 - adjustments.denoise) * photo[1:, 5:-5, 5:-5]
    return Scene(
        quiet=quiet_luma + small + all_three(seen),
        light=np.maximum(quiet_luma, 0.0),
        chroma=all_three(colors),
        detail=adjustments.fine * small + adjustments.medium * given,
    )


def quieted(averages: Planes, adjustments: Adjustments, octave: int) -> Planes:
    """Take the noise of a coarse octave away.

    Args:
        averages: float64 [3,h+10,w+10], over squares of the photo as `taken_apart` takes it.
        adjustments: The photo's noise, and how much of it to take away.
        octave: Which it is, from 1 on.

    Returns:
        The inner [h,w].
    """
    bands = Bands.of(averages)
    variance = _noise_at(bands.smooth[0], adjustments, octave)
    quiet = bands.smooth
    for band, energy, share in (
        (bands.fine, bands.fine_energy, FINE_VARIANCE),
        (bands.medium, bands.medium_energy, MEDIUM_VARIANCE),
    ):
        kept = [
            _kept(part, share * variance, adjustments, is_color=is_color)
            for part, is_color in zip(energy, (False, True), strict=True)
        ]
        quiet = quiet + np.stack([kept[0], kept[1], kept[1]]) * band
    return quiet


@dataclass(frozen=True, eq=False)
class Bands:
    """Planes split into two bands and the rest, all float64 [3,h,w]."""

    smooth: Planes
    fine: Planes
    medium: Planes

    fine_energy: Planes
    """float64 [2,h,w]: means over the square, of luma and of both colours."""

    medium_energy: Planes
    """The same of the other band."""

    @classmethod
    def of(cls, planes: Planes) -> "Bands":
        """Split [3,h+10,w+10]."""
        soft = np.stack([_blurred(plane, 1) for plane in planes])
        smooth = np.stack([_blurred(plane, 2) for plane in soft])
        fine = (planes[:, 1:-1, 1:-1] - soft)[:, 2:-2, 2:-2]
        medium = soft[:, 2:-2, 2:-2] - smooth
        inner = np.s_[:, 2:-2, 2:-2]
        return cls(smooth[inner], fine[inner], medium[inner], _energy(fine), _energy(medium))


def _energy(band: Planes) -> Planes:
    """Average the squares of a band's luma, and those of its two colours."""
    return np.stack([_averaged(band[0] ** 2), _averaged((band[1] ** 2 + band[2] ** 2) / 2.0)])


def _kept(
    energy: Planes, noise: Planes, adjustments: Adjustments, *, is_color: bool = False
) -> Planes:
    """Compute the share of a band that stays: Wiener's, where its energy is noise and signal."""
    noise = noise * (COLOR_MARGIN * COLOR_NOISE if is_color else MARGIN)
    signal = np.maximum(1.0 - noise / np.maximum(energy, NO_ENERGY), 0.0)
    return np.asarray((1.0 - adjustments.denoise) + adjustments.denoise * signal)


def opponents(photo: Planes) -> Planes:
    """Give luma, and red and blue less luma: [3,H,W] of [3,H,W]."""
    brightness = luma(*photo)
    return np.stack([brightness, photo[0] - brightness, photo[2] - brightness])


def all_three(differences: Planes) -> Planes:
    """Complete red and blue less luma by green less luma: their weighted sum is zero."""
    red, blue = differences
    return np.stack([red, -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1], blue])


def _noise_at(brightness: Planes, adjustments: Adjustments, octave: int) -> Planes:
    """Compute the noise's variance by luma, linear between the levels it is given for."""
    variance = np.full_like(brightness, adjustments.noise[octave][0])
    for level, slope in zip(NOISE_LEVELS, adjustments.noise_slopes[octave], strict=True):
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
