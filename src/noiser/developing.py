"""Develop: from a picture's light and a look's knobs to the numbers a kernel renders with.

After the fold the network is a local filter, and what it makes of flat gray is a tone curve.
With the histogram of the picture's luma it tells the mean of the result before a pixel is
rendered, so brightness and black point are found here, once for the whole picture.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from noiser.color import luma
from noiser.folding import Folded, fold, in_order, weights_for
from noiser.light import NOISE_LEVELS, Light
from noiser.locality import Window, window_of
from noiser.looks import Look
from noiser.moments import Moments
from noiser.network import Network, gelu

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

BRIGHTEST, NIGHT = 0.74, 0.45
"""Wanted mean: `BRIGHTEST * (mean / brightest hundredth) ** NIGHT`.

Where lamps stand far above the mean a picture is a night and stays one.
"""

MIDDLE, CALM = 0.54, 0.46
"""Highest wanted mean, of dark pictures and of over-exposed ones, which become calmer."""

BLACK_SHARE = 0.12
"""Luma that the black point darkens to a half, at least [means]."""

MOST_BLACK = 0.7
"""Luma that the black point darkens to a half, at most [means]: the mean keeps two thirds."""

BLACKEST = 14.5 / 255
"""Where the darkest fiftieth of a picture goes if it is black."""

BLACK_ENDS, BLACK_RISE = 3.5 / 255, 24.0
"""Luma up to which it is black, and how fast the demand ends above."""

CHROMA_FLOOR, DETAIL_FLOOR = 0.85, 0.15
"""Luma at which half of the chroma and of the detail has faded [means]."""

OWN_COLORS = 0.5
"""From this value of `color` on, the network leaves colours alone."""

FINE, MEDIUM = 0.6, 0.1
"""Detail of one and of two pixels that is given back at `detail` 1."""

LARGEST_SHIFT = 4.0
"""Reach of the search for the shift: at either end all is black or white."""

SECTIONS = 32
"""Parts that each step of the search for the shift cuts its range into."""

SEEN = 2.0 / 255
"""Noise of the result below which nobody sees it, and none is taken away [luma in [0, 1]]."""

TINY = 1e-12
"""Keeps 0 / 0 out, far below a 16-bit step [squared luma]."""


@dataclass(frozen=True, eq=False)
class Development:
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

    noise: tuple[float, ...] = (0.0,) * len(NOISE_LEVELS)
    """Variance of the noise to take away at `light.NOISE_LEVELS`, in luma of [0, 1]."""

    window: Window | None = None
    """How the mean differs from place to place."""

    @property
    def noise_slopes(self) -> tuple[float, ...]:
        """Changes of the slope of `noise` at each level: five numbers.

        `noise[0] + sum of slopes[i] * max(l - levels[i], 0)` is linear between the levels and
        constant above the last.
        """
        rises = [0.0, *np.diff(self.noise) / np.diff(NOISE_LEVELS), 0.0]
        return tuple(float(step) for step in np.diff(rises))


def develop(network: Network, moments: Moments, look: Look) -> tuple[Folded, Development]:
    """Put a picture's statistics and a look into the numbers a kernel renders with.

    Args:
        network: The weights.
        moments: Of the picture, or of all pictures that are to share one look.
        look: The knobs.

    Returns:
        The local filter, and what else a kernel does.

    Raises:
        ValueError: The look needs what the moments do not have.
    """
    shift = math.atanh(look.brightness)
    window = window_of(moments, look.local) if look.local > 0 else None
    if not look.needs_light:
        plain = fold(network, moments, eps=look.eps, noise_floor=look.noise_floor)
        return plain.turned(look.contrast, shift), Development(
            strength=look.strength, window=window
        )
    light = Light.of(moments)
    floor = math.hypot(look.noise_floor, look.auto * FLOOR * light.scale)
    chroma = max(1.0 - look.color / OWN_COLORS, 0.0)
    plain = fold(network, moments, eps=look.eps, noise_floor=floor, chroma=chroma)
    contrast = look.contrast * _calibration(network, chroma) ** look.auto
    exposure = Exposure(plain, light, look, contrast)
    shift += look.auto * exposure.shift
    black = look.black * exposure.black
    return plain.turned(contrast, shift), Development(
        develops=look.develops,
        strength=look.strength * (1.0 - look.restraint * (1.0 - light.need)),
        color=1.0 - chroma,
        cast=_cast(moments, 1.0 - look.color),
        highlights=look.highlights,
        denoise=look.denoise,
        fine=FINE * look.detail,
        medium=MEDIUM * look.detail,
        black=black,
        chroma_floor=CHROMA_FLOOR * light.scale,
        detail_floor=DETAIL_FLOOR * light.scale,
        noise=exposure.visible_noise(shift, black),
        window=window,
    )


class Exposure:
    """Finds brightness and black point from the folded network's tone curve.

    Attributes:
        shift: Added before the tanh, so that the result has the wanted mean.
        black: Luma that is darkened to a half, so that black stays black.
    """

    def __init__(self, plain: Folded, light: Light, look: Look, contrast: float) -> None:
        self._light, self._highlights = light, look.highlights
        self._darkest = light.quantile(0.02)
        knots = [max(level, 2.0 / 255.0) for level in NOISE_LEVELS]
        self._luma = np.concatenate([light.levels, [self._darkest], knots])
        self._before_tanh = contrast * _gray_response(plain, self._luma)
        self.black = BLACK_SHARE * light.scale
        self.shift = self._find_shift()
        for _ in range(2):  # each depends a little on the other
            self.black = self._find_black()
            self.shift = self._find_shift()

    def curve(self, shift: float | NDArray[np.float64], black: float) -> NDArray[np.float64]:
        """Compute luma of the result for each luma: the formula of the kernels, on flat gray.

        Args:
            shift: Before the tanh; or float64 [N,1] for N curves at once.
            black: Luma that is darkened to a half.

        Returns:
            float64 [levels], or [N,levels].
        """
        square = self._luma**2
        return self._bright(shift) * (square * (1.0 + black**2) + TINY) / (square + black**2 + TINY)

    def visible_noise(self, shift: float, black: float) -> tuple[float, ...]:
        """Compute the variance of noise to take away: what would be seen in the result."""
        knots = slice(-len(NOISE_LEVELS), None)
        gains = self.curve(shift, black)[knots] / self._luma[knots]
        seen = self._light.noise**2 - (SEEN / np.maximum(gains, 1e-3)) ** 2
        return tuple(_steady(max(float(variance), 0.0)) for variance in seen)

    def _bright(self, shift: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute luma before the black point."""
        colors = [(np.tanh(z + shift) + 1.0) / 2.0 for z in self._before_tanh]
        missing = np.maximum(1.0 - (luma(*colors) if len(colors) == 3 else colors[0]), 0.0)
        both = missing + self._highlights * ((1.0 - self._luma) - missing)
        bright: NDArray[np.float64] = 1.0 - np.sqrt(missing * both)
        return bright

    def _find_shift(self) -> float:
        """Find the shift that gives the wanted mean: the mean rises with it."""
        light = self._light
        mean = light.mean
        brightest = max(light.quantile(0.99), mean, TINY)
        ceiling = MIDDLE + (CALM - MIDDLE) * min(max((mean - 0.25) / 0.30, 0.0), 1.0)
        wanted = min(BRIGHTEST * (mean / brightest) ** NIGHT, ceiling)
        low, width = -LARGEST_SHIFT, 2.0 * LARGEST_SHIFT
        for _ in range(4):  # to 1e-5: a hundredth of an 8-bit level at most
            width /= SECTIONS
            shifts = low + width * np.arange(1.0, SECTIONS)
            means = self.curve(shifts[:, None], self.black)[:, : light.shares.size] @ light.shares
            low += width * int((means < wanted).sum())
        return _steady(low + width / 2.0)

    def _find_black(self) -> float:
        """Find the black point that sends the darkest fiftieth where it belongs."""
        least, most = (share * self._light.scale for share in (BLACK_SHARE, MOST_BLACK))
        darkest = self._darkest
        wanted = BLACKEST + BLACK_RISE * max(darkest - BLACK_ENDS, 0.0)
        bright = float(self._bright(self.shift)[self._light.levels.size])
        share = wanted / max(bright, TINY)
        if share >= 1.0 or share <= darkest**2:
            return _steady(least)
        # share = l^2 (1 + k^2) / (l^2 + k^2), solved for k
        found = darkest * math.sqrt((1.0 - share) / (share - darkest**2))
        return _steady(min(max(found, least), most))


def _cast(moments: Moments, share: float) -> tuple[float, float]:
    """Compute a share of the picture's tint: of what keeps its mean from gray (Buchsbaum 1980)."""
    red, green, blue = ((moments.mean().reshape(3, 9)[:, 4] + 1.0) / 2.0).tolist()
    mean = luma(red, green, blue)
    tints = [share * (c - mean) / max(mean, TINY) for c in (red, blue)]
    return _steady(tints[0]), _steady(tints[1])


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
    return _steady(min(RESPONSE / slope, MOST_CONTRAST))


def _gray_response(plain: Folded, levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute what the folded network makes of flat gray, before the tanh: float64 [3,n].

    Where luma alone passes through, [1,n].
    """
    center = plain.center.astype(np.float64) / 255.0
    by_color = plain.first_weight.reshape(-1, 3, 9).sum(2)
    hidden = np.repeat(plain.first_bias[:, None], levels.size, 1)
    for color in range(3):
        hidden += by_color[:, color, None] * ((2.0 * levels - 1.0) - center[color])
    active = gelu(hidden)
    colors = 3 if plain.chroma else 1
    response = np.repeat(plain.second_bias[:colors, None], levels.size, 1)
    for k, weights in enumerate(plain.second_weight[:colors].sum((2, 3)).T):
        response += weights[:, None] * active[k]
    return response


def _steady(value: float) -> float:
    """Round to 24 bits: what mathematical libraries differ in lies below."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(round(mantissa * 2.0**24) / 2.0**24, exponent)
