"""Render parameters: from a picture's light and a look's knobs to what a kernel renders with.

All that depends on the whole picture is found here, once; a kernel is left with local steps.
"""

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from noiser.core.color import luma
from noiser.look.fold import Folded, fold, in_order, weights_for
from noiser.look.knobs import Look
from noiser.look.local_light import Lift, LocalLight, local_light
from noiser.look.tone_curve import TINY, Exposure, ToneCurve, steady, visible_noise
from noiser.model.network import Network
from noiser.statistics.luma_and_noise import Light
from noiser.statistics.moments import OCTAVES, Moments
from noiser.statistics.noise_by_octave import NOISE_LEVELS

RESPONSE = 0.36
"""Slope of the network's output before the tanh, at the mean, by the luma [means].

Twice the luma multiplies the odds of the output by e^(4 ln 2 * 0.36) = 2.7.
"""

MOST_CONTRAST = 64.0
"""Highest factor for that; single precision would not hold more."""

FLOOR = 2.0
"""Noise floor of `auto` [means]: a picture's contrast counts for little beside its mean."""

SPREAD = 0.6
"""Distance from the mean at which the slope is taken [means]."""

CHROMA_FLOOR, DETAIL_FLOOR = 0.85, 0.15
"""Luma at which half of the chroma and of the detail has faded [means]."""

OWN_COLORS = 0.5
"""From this value of `color` on, the network leaves colours alone."""

BACKLIT_COLOR = 0.7
"""How much lower that luma of chroma is in a backlit picture: daylight is not as noisy as its
shadows are dark."""

FINE, MEDIUM = 0.6, 0.1
"""Detail of one and of two pixels that is given back at `detail` 1."""


@dataclass(frozen=True, eq=False)
class Adjustments:
    """What a kernel needs beside the folded network. The neutral one changes nothing."""

    develops: bool = False
    """Whether there is more to do with the network's output than to show it."""

    strength: float = 1.0
    """Share of the output; the rest is the input."""

    color: float = 0.0
    """Share of the photo's own chroma."""

    cast: tuple[float, float] = (0.0, 0.0)
    """Red and blue less luma, of a luma of 1, that are taken from that: the photo's tint."""

    highlights: float = 0.0
    """Share of the photo's own in what is missing to white."""

    denoise: float = 0.0
    """Share of the noise that is taken away."""

    fine: float = 0.0
    """Detail of one pixel that is given back."""

    medium: float = 0.0
    """Detail of two pixels that is given back."""

    black: float = 0.0
    """Luma that is darkened to a half, in [0, 1]."""

    chroma_floor: float = 1.0
    """Luma at which half of the chroma has faded, in [0, 1]."""

    detail_floor: float = 1.0
    """Luma at which half of the detail has faded, in [0, 1]."""

    noise: tuple[tuple[float, ...], ...] = ((0.0,) * len(NOISE_LEVELS),) * OCTAVES
    """Variance of the noise to take away in each octave at `NOISE_LEVELS`, in luma of [0, 1]."""

    lift: Lift | None = None
    """What is added before the tanh, by place and luma."""

    @property
    def noise_slopes(self) -> tuple[tuple[float, ...], ...]:
        """Changes of the slope of `noise` at each level: five numbers an octave.

        `noise[0] + sum of slopes[i] * max(l - levels[i], 0)` is linear between the levels and
        constant above the last.
        """
        rises = np.diff(self.noise) / np.diff(NOISE_LEVELS)
        changes = np.diff(np.pad(rises, ((0, 0), (1, 1))))
        return tuple(tuple(octave) for octave in changes.tolist())

    @cached_property
    def octaves(self) -> int:
        """How many there is noise in that is taken away, counted up to the coarsest of them."""
        if self.denoise == 0:
            return 0
        return max((n for n, octave in enumerate(self.noise, 1) if any(octave)), default=0)


SCALARS = tuple(f.name for f in fields(Adjustments) if f.type is float)
"""The adjustments that are one number for the whole picture, in the order of every kernel: of the
struct in kernel.c, and of the tables that torch and Triton are given."""


class RenderParams(NamedTuple):
    """All that a kernel has to know of a picture and a look, beside the pixels."""

    folded: Folded
    """The network as a local filter."""

    adjustments: Adjustments
    """What is done with its output."""


def develop(network: Network, moments: Moments, look: Look) -> RenderParams:
    """Put a picture's statistics and a look into the numbers a kernel renders with.

    Args:
        network: The weights.
        moments: Of the picture, or of all pictures that are to share one look.
        look: The knobs.

    Returns:
        The parameters: no more has to be known of the picture as a whole.

    Raises:
        ValueError: The look needs what the moments do not have.
    """
    shift = math.atanh(look.brightness)
    if not look.needs_light:
        plain = fold(network, moments, eps=look.eps, noise_floor=look.noise_floor)
        bare = Adjustments(strength=look.strength)
        return RenderParams(plain.turned(look.contrast, shift), bare)
    light = Light.of(moments)
    floor = math.hypot(look.noise_floor, look.auto * FLOOR * light.scale)
    chroma = max(1.0 - look.color / OWN_COLORS, 0.0)
    plain = fold(network, moments, eps=look.eps, noise_floor=floor, chroma=chroma)
    contrast = look.contrast * _calibration(network, chroma) ** look.auto
    curve = ToneCurve(plain, contrast, look.highlights)
    exposure = Exposure(curve, light)
    shift += look.auto * exposure.shift
    curve = replace(curve, shift=shift, black=look.black * exposure.black)
    share = 1.0 - look.restraint * (1.0 - light.need)
    cast = _cast(moments, (1.0 - look.color) * light.single_illuminant)
    local = LocalLight(share)
    if look.local > 0:
        amount = 0.0 if light.noise.is_pattern else look.local
        local = local_light(moments.grid, curve, share, amount, light.noise.calmest)
    adjustments = Adjustments(
        develops=look.develops,
        strength=look.strength * local.share,
        color=1.0 - chroma,
        cast=cast,
        highlights=look.highlights,
        denoise=look.denoise,
        fine=FINE * look.detail,
        medium=MEDIUM * look.detail,
        black=curve.black,
        chroma_floor=CHROMA_FLOOR * light.scale * (1.0 - BACKLIT_COLOR * local.backlit),
        detail_floor=DETAIL_FLOOR * light.scale,
        noise=visible_noise(light, curve, local.of(np.array(NOISE_LEVELS))),
        lift=local.lift,
    )
    return RenderParams(plain.turned(contrast, shift), adjustments)


def _cast(moments: Moments, share: float) -> tuple[float, float]:
    """Compute a share of the picture's tint: of what keeps its mean from gray (Buchsbaum 1980)."""
    red, green, blue = ((moments.mean().reshape(3, 9)[:, 4] + 1.0) / 2.0).tolist()
    mean = luma(red, green, blue)
    tints = [share * (c - mean) / max(mean, TINY) for c in (red, blue)]
    return steady(tints[0]), steady(tints[1])


@lru_cache(maxsize=8)
def _calibration(network: Network, chroma: float) -> float:
    """Compute the contrast at which every network answers a picture alike.

    In units of the mean, the noise floor is `FLOOR`, and the network's answer to gray that
    deviates by `SPREAD` is compared with `RESPONSE`.
    """
    first, second, _ = weights_for(network, chroma)
    kernels = first.reshape(network.hidden_channels, -1)
    gray = 2.0 * SPREAD * in_order(kernels)
    floor = (2.0 * FLOOR) ** 2 * in_order(kernels * kernels)
    hidden = np.divide(gray, np.sqrt(gray**2 + floor), out=np.zeros_like(gray), where=floor > 0)
    red, green, blue = in_order(second.reshape(3, network.hidden_channels, 9))
    # GELU(x) - GELU(-x) = x
    slope = float(in_order(luma(red, green, blue) * hidden)) / (4.0 * SPREAD)
    if slope <= 0:
        return 1.0  # more light makes it darker: there is nothing to calibrate
    return steady(min(RESPONSE / slope, MOST_CONTRAST))
