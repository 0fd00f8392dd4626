"""Light: what a look has to know of a picture, read from the histograms in its moments."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from noiser.statistics.light_grid import TONES
from noiser.statistics.moments import Moments
from noiser.statistics.noise_by_octave import NOISE_BELOW, Noise, rise

MOST_LEVELS = 64
"""Tones that are told apart, at most: enough for a picture, and quick."""

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
        if self.noise.is_pattern:
            return 0.0
        white = sum(self.tones[WHITE_TONE:]) / sum(self.tones)
        darkest = self.quantile(0.02)
        return rise(white, SOME_WHITE, MUCH_WHITE) * rise(darkest, SOME_DARK, NO_DARK)

    @cached_property
    def single_illuminant(self) -> float:
        """Whether one light falls on all, from 0 to 1: in a night each lamp has its own."""
        return 1.0 - rise(self.quantile(0.99), ONE_LIGHT * self.mean, MANY_LIGHTS * self.mean)

    @cached_property
    def noise(self) -> Noise:
        """How noisy it is."""
        return Noise(self.grain)

    @property
    def scale(self) -> float:
        """The picture's own unit of luma: its mean, or eight deviations of its noise.

        What is measured in it does not change with the exposure.
        """
        return max(self.mean, NOISE_BELOW * self.noise.calmest)
