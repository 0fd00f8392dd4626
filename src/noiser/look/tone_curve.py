"""Exposure: brightness and black point of a picture, found before a pixel is rendered.

After the fold the network is a local filter, and what it makes of flat gray is a tone curve.
With the histogram of the picture's luma it tells the mean of the result.
"""

import math

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import luma
from noiser.look.fold import Folded
from noiser.look.knobs import Look
from noiser.model.network import gelu
from noiser.statistics.luma_and_noise import NOISE_LEVELS, Light

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

TINY = 1e-12
"""Keeps 0 / 0 out, far below a 16-bit step [squared luma]."""


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
        self.shift = steady(self._find_shift())
        self.black = steady(float(self._black_for(self._bright(self.shift))))

    def curve(self, shift: float, black: float) -> NDArray[np.float64]:
        """Compute luma of the result for each luma: the formula of the kernels, on flat gray.

        Args:
            shift: Before the tanh.
            black: Luma that is darkened to a half.

        Returns:
            float64 [levels].
        """
        return self._blackened(self._bright(shift), black)

    def visible_noise(self, shift: float, black: float) -> tuple[float, ...]:
        """Compute the variance of noise to take away: what would be seen in the result."""
        knots = slice(-len(NOISE_LEVELS), None)
        gains = self.curve(shift, black)[knots] / self._luma[knots]
        seen = self._light.noise**2 - (SEEN / np.maximum(gains, 1e-3)) ** 2
        return tuple(steady(max(float(variance), 0.0)) for variance in seen)

    def _bright(self, shift: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute luma before the black point; of N shifts [N,1] float64 [N,levels]."""
        colors = [(np.tanh(z + shift) + 1.0) / 2.0 for z in self._before_tanh]
        missing = np.maximum(1.0 - (luma(*colors) if len(colors) == 3 else colors[0]), 0.0)
        both = missing + self._highlights * ((1.0 - self._luma) - missing)
        bright: NDArray[np.float64] = 1.0 - np.sqrt(missing * both)
        return bright

    def _blackened(
        self, bright: NDArray[np.float64], black: float | NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Darken by the black point."""
        square = self._luma**2
        return bright * (square * (1.0 + black**2) + TINY) / (square + black**2 + TINY)

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
            bright = self._bright(low + width * np.arange(1.0, SECTIONS)[:, None])
            curves = self._blackened(bright, self._black_for(bright)[:, None])
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
