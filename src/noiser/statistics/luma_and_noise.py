"""Light: what a look has to know of a picture, read from the histograms in its moments."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from noiser.statistics.light_grid import TONES
from noiser.statistics.moments import GRAIN_BINS, GRAIN_LEVELS, GRAIN_STEP, Moments

NOISE_LEVELS = (0.0, 4 / 255, 16 / 255, 64 / 255, 160 / 255)
"""Luma for which the noise is given: about the middle of each class of grain."""

MOST_LEVELS = 64
"""Tones that are told apart, at most: enough for a picture, and quick."""

TRUSTED_SHARE = 0.03
"""Share of the pixels that a class of grain must have to be believed."""

EVENNESS = 1.2
"""How much noisier one class may be than the calmest: texture is not noise.

Gamma-coded noise is nearly the same at all levels; what stands out there is texture.
"""

LEAST_NOISE = 0.3 / 255
"""Noise of 8-bit rounding, 1 / sqrt(12) of a level; no picture is taken for calmer."""

SHARE_OF_GRAIN = 0.1
"""Quantile of the size of grain that the noise is read from: the calmest parts of a picture."""

NORMAL_QUANTILE = 0.12566
"""The same quantile of the absolute value of a standard normal number."""

LAPLACIAN_GAIN = 6.0
"""Deviation of grain from white noise of deviation 1 (Immerkaer 1996): sqrt(36)."""

NOISE_BELOW = 8.0
"""The mean luma counts as this many deviations of the noise at least."""

NEEDY, SATED = 0.10, 0.30
"""Power mean of luma below which a picture needs everything, and above which next to nothing."""

ONE_LIGHT, MANY_LIGHTS = 4.2, 5.2
"""Brightest hundredth up to which one light falls on all, and above which each lamp is its own
[means]."""

WHITE_TONE = 960
"""First of the tones that count as white: 240 of 255."""

SOME_WHITE, MUCH_WHITE = 0.2, 0.6
"""Share of white from which a picture may be over-exposed, and from which it is."""

SOME_DARK, NO_DARK = 0.35, 0.55
"""Luma of the darkest fiftieth up to which it is not over-exposed, and from which it may be."""

LEAST_NEED = 0.1
"""Share of the effect that every picture gets."""


@dataclass(frozen=True)
class Light:
    """How a picture's light is spread, and how noisy it is."""

    tones: tuple[int, ...]
    """Histogram of luma, as in `Moments`."""

    grain: tuple[int, ...]
    """Histograms of grain, as in `Moments`."""

    @classmethod
    def of(cls, moments: Moments) -> "Light":
        """Read a picture's light from its moments.

        Raises:
            ValueError: The moments have no tones.
        """
        if not any(moments.tones):
            raise ValueError("the moments have no tones; measure them with an Enhancer")
        return cls(moments.tones, moments.grain)

    @cached_property
    def _spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give luma and share of the tones that occur, neighbours joined where they are many."""
        counts = np.array(self.tones, np.float64)
        occurring = np.flatnonzero(counts)
        weights = counts[occurring] / float(sum(self.tones))
        levels = np.minimum((occurring + 0.5) / (TONES - 1), 1.0)
        starts = np.arange(0, occurring.size, -(-occurring.size // MOST_LEVELS))
        shares = np.add.reduceat(weights, starts)
        return np.add.reduceat(weights * levels, starts) / shares, shares

    @property
    def levels(self) -> NDArray[np.float64]:
        """Luma of the tones that occur: float64 [n] in [0, 1], at most 64."""
        return self._spread[0]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the pixels of each of `levels`: float64 [n], sum 1."""
        return self._spread[1]

    @cached_property
    def mean(self) -> float:
        """Mean luma in [0, 1]."""
        return math.fsum((self.shares * self.levels).tolist())

    def quantile(self, share: float) -> float:
        """Find the luma below which a share of the pixels lies, linear within a tone."""
        up_to = self._up_to
        wanted = share * up_to[-1]
        tone = bisect_left(up_to, wanted)
        tone = tone if wanted > 0 else bisect_right(up_to, 0)  # an empty tone has no place
        count = self.tones[tone]
        within = (wanted - (up_to[tone] - count)) / count
        return min((tone + within) / (TONES - 1), 1.0)

    @cached_property
    def _up_to(self) -> list[int]:
        """Count the pixels up to each tone."""
        return list(accumulate(self.tones))

    @cached_property
    def need(self) -> float:
        """How much of the effect the picture needs, from 0.1 to 1.

        Dark is what has a small power mean `(mean sqrt(l))^2`: a bright sky above a dark
        street weighs less in it than in the mean.
        """
        dark = math.fsum((self.shares * np.sqrt(self.levels)).tolist()) ** 2
        lack = max(1.0 - rise(dark, NEEDY, SATED), self.over_exposure)
        return LEAST_NEED + (1.0 - LEAST_NEED) * lack

    @cached_property
    def over_exposure(self) -> float:
        """How far the picture is over-exposed, from 0 to 1: white, and nothing dark beside it.

        A white wall, snow or paper has something darker before it, and is meant to be white; so
        is a pattern.
        """
        if self.is_pattern:
            return 0.0
        white = sum(self.tones[WHITE_TONE:]) / sum(self.tones)
        darkest = self.quantile(0.02)
        return rise(white, SOME_WHITE, MUCH_WHITE) * rise(darkest, SOME_DARK, NO_DARK)

    @cached_property
    def single_illuminant(self) -> float:
        """Whether one light falls on all, from 0 to 1: in a night each lamp has its own."""
        return 1.0 - rise(self.quantile(0.99), ONE_LIGHT * self.mean, MANY_LIGHTS * self.mean)

    @cached_property
    def calmest(self) -> float:
        """Deviation of the noise where the picture is calmest [luma in [0, 1]]."""
        return max(0.0 if self.is_pattern else self._calmest_size, LEAST_NOISE)

    @property
    def is_pattern(self) -> bool:
        """Whether it is a fine pattern, a dither or a checkerboard, and not noise, that was found.

        Eight deviations of a sensor's noise do not reach from black to white.
        """
        return NOISE_BELOW * self._calmest_size > 1.0

    @cached_property
    def _calmest_size(self) -> float:
        """What looks like noise where the picture is calmest, its deviation in [0, 1]."""
        counts, sizes = self._grain_by_class()
        total = sum(counts)
        trusted = [s for n, s in zip(counts, sizes, strict=True) if n >= TRUSTED_SHARE * total]
        # Black hides its noise below zero, so it is believed only where there is nothing else.
        lit = [s for n, s in zip(counts[1:], sizes[1:], strict=True) if n >= TRUSTED_SHARE * total]
        return min(lit or trusted)

    @cached_property
    def noise(self) -> NDArray[np.float64]:
        """Deviation of the noise at `NOISE_LEVELS`: float64 [5], luma in [0, 1].

        A class with few pixels leans on the whole picture, and none is believed to be much
        noisier than the calmest.
        """
        counts, sizes = self._grain_by_class()
        total = sum(counts)
        whole = math.fsum(n * s for n, s in zip(counts, sizes, strict=True)) / total
        found = []
        for count, size in zip(counts, sizes, strict=True):
            trust = count / (count + 0.01 * total)
            found.append(min(trust * size + (1.0 - trust) * whole, EVENNESS * self.calmest))
        found[0] = max(found[0], self.calmest)
        return np.array(found)

    @property
    def scale(self) -> float:
        """The picture's own unit of luma: its mean, or eight deviations of its noise.

        What is measured in it does not change with the exposure.
        """
        return max(self.mean, NOISE_BELOW * self.calmest)

    def _grain_by_class(self) -> tuple[list[int], list[float]]:
        """Count each class's pixels, and read the deviation of its noise in [0, 1]."""
        classes = len(GRAIN_LEVELS) + 1
        bins = [self.grain[i * GRAIN_BINS : (i + 1) * GRAIN_BINS] for i in range(classes)]
        unit = 256.0 * 255.0 * LAPLACIAN_GAIN * NORMAL_QUANTILE
        return [sum(b) for b in bins], [_size_at(b, SHARE_OF_GRAIN) / unit for b in bins]


def _size_at(counts: tuple[int, ...], share: float) -> float:
    """Find a quantile of a histogram of grain [1/256 of an 8-bit level]; 0 if it is empty."""
    total, below = sum(counts), 0
    for index, count in enumerate(counts):
        if count and below + count >= share * total:
            low, high = _size(index), _size(index + 1)
            return low + (high - low) * (share * total - below) / count
        below += count
    return 0.0


def _size(index: int) -> float:
    """Lower edge of a bin of grain: four an octave, evenly spaced within it."""
    octave, quarter = divmod(index, 4)
    return float(GRAIN_STEP * (2.0**octave * (1.0 + quarter / 4.0) - 1.0))


def rise(value: float, low: float, high: float) -> float:
    """Go from 0 at `low` to 1 at `high`, without corners."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
