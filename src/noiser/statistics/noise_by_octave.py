"""Noise by octave: how noisy a picture is at each scale, read from the grain in its moments.

A sensor's noise is white; demosaicing, noise reduction and JPEG leave it correlated over several
pixels, where the finest scale shows none of it. So grain is measured in the picture itself and in
averages of its squares of 2, 4 and 8 pixels.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from noiser.statistics.moments import CLASSES, GRAIN_BINS, GRAIN_STEP, OCTAVES

NOISE_LEVELS = (0.0, 4 / 255, 16 / 255, 64 / 255, 160 / 255)
"""Luma for which the noise is given: about the middle of each class of grain."""

TRUSTED_SHARE = 0.03
"""Share of the pixels that a class of grain must have to be believed."""

EVENNESS = 1.2
"""How much noisier one class may be than the calmest: texture is not noise.

Gamma-coded noise is nearly the same at all levels; what stands out there is texture.
"""

ROUNDING = 0.3 / 255
"""Noise of 8-bit rounding, 1 / sqrt(12) of a level; no picture is taken for calmer."""

LEAST_NOISE = (0.6 / 255, 0.47 / 255, ROUNDING, ROUNDING, ROUNDING)
"""What a picture is not taken to be below, at `NOISE_LEVELS`, where it would be seen: rounding and
JPEG's blocks, of which the dark parts show more than they show of the scene."""

SHARE_OF_LEAST = (1.0, 1.0, 0.7, 0.5)
"""Share of that in each octave."""

SHARE_OF_GRAIN = 0.1
"""Quantile of the size of grain that the noise is read from: the calmest parts of a picture."""

BEYOND_FLAT, MOST_FLAT, MOST_HIDDEN = 0.1, 0.87, 0.6 / 255
"""Where rounding or JPEG left so many pixels no grain at all that this quantile tells nothing,
that of so many more is read, while there are some, and believed up to this deviation."""

NORMAL_QUANTILES = (
    0.0, 0.125661, 0.253347, 0.385320, 0.524401, 0.674490, 0.841621, 1.036433, 1.281552, 1.644854,
    2.5,
)  # fmt: skip
"""Quantiles of the size of a standard normal number, a tenth apart; the last is that of .9876."""

LAPLACIAN_GAIN = 6.0
"""Deviation of grain from white noise of deviation 1 (Immerkaer 1996): sqrt(36)."""

NOISE_FALLS, TEXTURE_RISES = 0.9, 1.3
"""The next octave's noise, beside an octave's, up to which it is noise, whose averages are
calmer, and from which it is taken for texture, which is larger the larger the scale."""

FULL, EMPTY_RISES = (0.4 / 255, 0.8 / 255), (2.0, 2.6)
"""An octave's noise from which it is more than rounding, and the next one's, beside it, from which
the octave is empty, as in an enlarged picture. Where what is neither rises, it is texture, and no
coarser octave is believed."""

WHITE_SHARE, WHITE_RISES = 0.6, (0.6, 1.0)
"""Share of white noise that coarse octaves leave to the finest, whose two bands have most of it;
and the second octave's noise, beside the finest's, up to which it is white, and from which not."""

MOST_LEFT = 0.65
"""The noise of an octave, beside that of the next finer one, at most, from the noisiest octave on,
and in the coarsest one, which no other tells about."""

FEWEST = 256
"""Averages that an octave must have to be judged."""

NOISE_BELOW = 8.0
"""The mean luma counts as this many deviations of the noise at least."""


class Octave(NamedTuple):
    """The noise of one octave, before octaves are compared."""

    calmest: float
    """Its deviation where the picture is calmest, luma in [0, 1]."""

    by_level: NDArray[np.float64]
    """Its deviation at `NOISE_LEVELS`: float64 [5], luma in [0, 1]."""


@dataclass(frozen=True)
class Noise:
    """How noisy a picture is.

    Args:
        grain: Histograms of grain, as in `Moments`.
    """

    grain: tuple[int, ...]

    @cached_property
    def calmest(self) -> float:
        """Deviation of the noise where the picture is calmest [luma in [0, 1]]."""
        return max(0.0 if self.is_pattern else self._finest.calmest, ROUNDING)

    @property
    def is_pattern(self) -> bool:
        """Whether it is a fine pattern, a dither or a checkerboard, and not noise, that was found.

        Eight deviations of a sensor's noise do not reach from black to white.
        """
        return NOISE_BELOW * self._finest.calmest > 1.0

    @cached_property
    def by_octave(self) -> NDArray[np.float64]:
        """Deviation of the noise at `NOISE_LEVELS`: float64 [4,5], luma in [0, 1].

        The first octave is the picture itself, the others are averages over squares of 2, 4 and
        8 pixels. One that has too few of them is 0, and so is what is a pattern.
        """
        found = np.zeros((OCTAVES, CLASSES))
        if self.is_pattern:
            found[0] = ROUNDING
            return found
        found[0] = np.maximum(self._finest.by_level, LEAST_NOISE)
        coarse = [self._read(number) for number in range(1, OCTAVES) if self._is_judged(number)]
        believed = 1.0
        if coarse:
            rises = coarse[0].calmest / max(self._finest.calmest, 1e-9)
            believed -= WHITE_SHARE * (1.0 - rise(rises, *WHITE_RISES))
        for number, octave in enumerate(coarse, 1):
            noise = believed * octave.by_level
            is_last = number == len(coarse)
            if not is_last:
                rises = coarse[number].calmest / max(octave.calmest, 1e-9)
                above = rise(rises, NOISE_FALLS, TEXTURE_RISES)
                noise = (1.0 - above) * noise
                is_full = rise(octave.calmest, *FULL) * (1.0 - rise(rises, *EMPTY_RISES))
                believed *= 1.0 - is_full * above
            if number > 1 and (is_last or octave.calmest <= coarse[number - 2].calmest):
                noise = np.minimum(noise, MOST_LEFT * found[number - 1])
            found[number] = np.maximum(noise, SHARE_OF_LEAST[number] * np.array(LEAST_NOISE))
        return found

    @cached_property
    def _finest(self) -> Octave:
        return self._read(0)

    def _is_judged(self, octave: int) -> bool:
        """Tell whether an octave has enough to be judged."""
        return sum(self.grain[octave * CLASSES * GRAIN_BINS :][: CLASSES * GRAIN_BINS]) >= FEWEST

    def _read(self, octave: int) -> Octave:
        """Read the noise of an octave.

        A class with few pixels leans on the whole picture, and none is believed to be much
        noisier than the calmest.
        """
        first = octave * CLASSES
        bins = [
            self.grain[number * GRAIN_BINS : (number + 1) * GRAIN_BINS]
            for number in range(first, first + CLASSES)
        ]
        counts = [sum(counted) for counted in bins]
        sizes = [deviation_of(counted) for counted in bins]
        total = sum(counts)
        trusted = [s for n, s in zip(counts, sizes, strict=True) if n >= TRUSTED_SHARE * total]
        # Black hides its noise below zero, so it is believed only where there is nothing else.
        lit = [s for n, s in zip(counts[1:], sizes[1:], strict=True) if n >= TRUSTED_SHARE * total]
        calmest = min(lit or trusted)
        whole = math.fsum(n * s for n, s in zip(counts, sizes, strict=True)) / total
        found = []
        for count, size in zip(counts, sizes, strict=True):
            trust = count / (count + 0.01 * total)
            found.append(min(trust * size + (1.0 - trust) * whole, EVENNESS * calmest))
        found[0] = max(found[0], calmest)
        return Octave(calmest, np.array(found))


def deviation_of(counts: tuple[int, ...]) -> float:
    """Read the noise's deviation from a histogram of grain, luma in [0, 1]; 0 if it is empty."""
    total = sum(counts)
    if not total:
        return 0.0
    found = _quantile(counts, SHARE_OF_GRAIN) / (LAPLACIAN_GAIN * _normal(SHARE_OF_GRAIN))
    flat = counts[0] / total
    if flat + BEYOND_FLAT > SHARE_OF_GRAIN and flat < MOST_FLAT:
        share = flat + BEYOND_FLAT
        hidden = _quantile(counts, share) / (LAPLACIAN_GAIN * _normal(share))
        found = max(found, min(hidden, MOST_HIDDEN))
    return found


def _quantile(counts: tuple[int, ...], share: float) -> float:
    """Find a quantile of a histogram of grain, luma in [0, 1]."""
    wanted, below = share * sum(counts), 0
    for index, count in enumerate(counts):
        if count and below + count >= wanted:
            low, high = _grain_at(index), _grain_at(index + 1)
            return (low + (high - low) * (wanted - below) / count) / (256.0 * 255.0)
        below += count
    return 0.0


def _grain_at(index: int) -> float:
    """Lower edge of a bin of grain [1/256 of an 8-bit level]: four an octave, evenly within it."""
    octave, quarter = divmod(index, 4)
    return float(GRAIN_STEP * (2.0**octave * (1.0 + quarter / 4.0) - 1.0))


def _normal(share: float) -> float:
    """Give a quantile of the size of a standard normal number."""
    place = share * 10.0
    low = min(int(place), len(NORMAL_QUANTILES) - 2)
    first, second = NORMAL_QUANTILES[low : low + 2]
    return first + (place - low) * (second - first)


def rise(value: float, low: float, high: float) -> float:
    """Go from 0 at `low` to 1 at `high`, without corners."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
