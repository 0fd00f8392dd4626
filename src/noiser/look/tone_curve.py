"""Tone curve: what a look makes of flat gray; and exposure, which is found by it.

After the fold the network is a local filter, and flat gray goes through it as through a curve.
With the histogram of the picture's luma it tells the mean of the result, before a pixel is
rendered.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import luma
from noiser.look.fold import Folded
from noiser.model.network import gelu
from noiser.statistics.luma_and_noise import Light
from noiser.statistics.noise_by_octave import NOISE_LEVELS

BRIGHTEST, NIGHT = 0.74, 0.45
"""Wanted mean: `BRIGHTEST * (mean / brightest hundredth) ** NIGHT`.

Where lamps stand far above the mean a picture is a night and stays one.
"""

MIDDLE, CALM = 0.54, 0.46
"""Highest wanted mean, of dark pictures and of over-exposed ones, which become calmer.

No other is to become darker.
"""

BLACK_SHARE = 0.12
"""Luma that the black point darkens to a half, at least [means]."""

MOST_BLACK = 0.7
"""Luma that the black point darkens to a half, at most [means]: the mean keeps two thirds."""

BLACKEST = 34 / 255
"""Where the darkest fiftieth of a picture goes if it is black."""

BLACK_ENDS, BLACK_RISE = 3.5 / 255, 24.0
"""Luma up to which it is black, and how fast the demand ends above."""

LARGEST_SHIFT = 4.0
"""Reach of the search for the shift: at either end all is black or white."""

SECTIONS = 32
"""Parts that each step of the search for the shift cuts its range into."""

SEEN = 2.0 / 255
"""Noise of the result below which nobody sees it, and none is taken away [luma in [0, 1]]."""

LEAST_MISSING = 1e-4
"""Share that is missing to white, or to black, at least, where a luma is to be reached."""

TINY = 1e-12
"""Keeps 0 / 0 out, far below a 16-bit step [squared luma]."""

Lumas = NDArray[np.float64]
"""float64 [n] in [0, 1]."""


@dataclass(frozen=True, eq=False)
class ToneCurve:
    """The formulas of the kernels, on flat gray."""

    plain: Folded
    """The network, before contrast and shift."""

    contrast: float
    """Factor of what it makes."""

    highlights: float
    """Share of the photo's own in what is missing to white."""

    shift: float = 0.0
    """Added before the tanh."""

    black: float = 0.0
    """Luma that is darkened to a half."""

    def of(self, levels: Lumas, lifts: Lumas | float = 0.0) -> Lumas:
        """Compute luma of the result for each luma, with more added before the tanh."""
        before = self.response(levels) + (self.shift + lifts)
        return blackened(self.bright(before, levels), levels, self.black)

    def response(self, levels: Lumas) -> NDArray[np.float64]:
        """Compute what the network makes of flat gray, before shift and tanh: float64 [3,n].

        Where luma alone passes through, [1,n].
        """
        return self.contrast * _gray_response(self.plain, levels)

    def bright(self, before_tanh: NDArray[np.float64], levels: Lumas) -> NDArray[np.float64]:
        """Compute luma before the black point: of [colors,...,n] float64 [...,n]."""
        colors = (np.tanh(before_tanh) + 1.0) / 2.0
        missing = np.maximum(1.0 - (luma(*colors) if len(colors) == 3 else colors[0]), 0.0)
        both = missing + self.highlights * ((1.0 - levels) - missing)
        bright: NDArray[np.float64] = 1.0 - np.sqrt(missing * both)
        return bright

    def inverse(self, levels: Lumas, result: Lumas) -> Lumas:
        """Compute what must stand before the tanh for lumas to come out as `result`."""
        bright = np.clip(result / np.maximum(blackened(1.0, levels, self.black), TINY), 0.0, 1.0)
        square, own = (1.0 - bright) ** 2, self.highlights * (1.0 - levels)
        # square = missing ((1 - highlights) missing + own)
        both = own + np.sqrt(own**2 + 4.0 * (1.0 - self.highlights) * square)
        missing = 2.0 * square / np.maximum(both, TINY)
        return np.arctanh(1.0 - 2.0 * np.clip(missing, LEAST_MISSING, 1.0 - LEAST_MISSING))


def blackened(
    bright: NDArray[np.float64] | float, levels: Lumas, black: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Darken by the black point."""
    square = levels**2
    return bright * (square * (1.0 + black**2) + TINY) / (square + black**2 + TINY)


class Exposure:
    """Finds brightness and black point from the folded network's tone curve.

    Attributes:
        shift: Added before the tanh, so that the result has the wanted mean.
        black: Luma that is darkened to a half, so that black stays black.

    Args:
        curve: Without either.
        light: Of the picture.
    """

    def __init__(self, curve: ToneCurve, light: Light) -> None:
        self._curve, self._light = curve, light
        self._darkest = light.quantile(0.02)
        self._luma = np.append(light.levels, self._darkest)
        self._before_tanh = curve.response(self._luma)
        self.shift = steady(self._find_shift())
        found = curve.bright(self._before_tanh + self.shift, self._luma)
        self.black = steady(float(self._black_for(found)))

    def _find_shift(self) -> float:
        """Find the shift that gives the wanted mean, each with its own black point."""
        light = self._light
        mean = light.mean
        brightest = max(light.quantile(0.99), mean, TINY)
        ceiling = MIDDLE + (CALM - MIDDLE) * min(max((mean - 0.25) / 0.30, 0.0), 1.0)
        wanted = min(BRIGHTEST * (mean / brightest) ** NIGHT, ceiling)
        wanted = max(wanted, (1.0 - light.over_exposure) * mean)
        low, width = -LARGEST_SHIFT, 2.0 * LARGEST_SHIFT
        for _ in range(4):  # to 1e-5: a hundredth of an 8-bit level at most
            width /= SECTIONS
            shifts = low + width * np.arange(1.0, SECTIONS)[:, None]
            bright = self._curve.bright(self._before_tanh[:, None] + shifts, self._luma)
            curves = blackened(bright, self._luma, self._black_for(bright)[:, None])
            means = curves[:, : light.shares.size] @ light.shares
            low += width * int((means < wanted).sum())
        return low + width / 2.0

    def _black_for(self, bright: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find the black point that sends the darkest fiftieth where it belongs.

        Args:
            bright: float64 [...,levels], luma before the black point.

        Returns:
            float64 [...].
        """
        least, most = (share * self._light.scale for share in (BLACK_SHARE, MOST_BLACK))
        darkest = self._darkest
        wanted = BLACKEST + BLACK_RISE * max(darkest - BLACK_ENDS, 0.0)
        share = wanted / np.maximum(bright[..., self._light.levels.size], TINY)
        # share = l^2 (1 + k^2) / (l^2 + k^2), solved for k
        square = np.maximum(1.0 - share, 0.0) / np.maximum(share - darkest**2, TINY)
        return np.clip(darkest * np.sqrt(square), least, most)


def visible_noise(
    light: Light, curve: ToneCurve, lifts: NDArray[np.float64] | float
) -> tuple[tuple[float, ...], ...]:
    """Compute the variance of noise to take away, by octave and `NOISE_LEVELS`: what would be seen.

    Args:
        light: How noisy the picture is.
        curve: That it is rendered with.
        lifts: What is added for flat parts of these levels, float64 [5].
    """
    levels = np.maximum(NOISE_LEVELS, 2.0 / 255.0)
    gains = curve.of(levels, lifts) / levels
    seen = light.noise.by_octave**2 - (SEEN / np.maximum(gains, 1e-3)) ** 2
    return tuple(
        tuple(steady(max(variance, 0.0)) for variance in octave) for octave in seen.tolist()
    )


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
    colors = plain.colors
    response = np.repeat(plain.second_bias[:colors, None], levels.size, 1)
    for k, weights in enumerate(plain.second_weight[:colors].sum((2, 3)).T):
        response += weights[:, None] * active[k]
    return response


def steady(value: float) -> float:
    """Round to 24 bits: what mathematical libraries differ in lies below."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(round(mantissa * 2.0**24) / 2.0**24, exponent)
