"""Measure: what has to be known of an image as a whole, as sums that add up."""

import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Padding
from noiser.statistics.light_grid import TONES, LightGrid

TAPS = 27
"""Values under the 3x3 kernel: 3 colours, 3 rows, 3 columns, in this order."""

PAIRS = TAPS * (TAPS + 1) // 2
"""Distinct products of two of them."""

UNIT = 65535
"""Values are measured as whole multiples of 1/65535 in [-1, 1].

uint16 `v` is `2 v - 65535` of them, uint8 `v` is `257 (2 v - 255)`, both exactly; floats
are rounded to the nearest. So all kinds of images add up, and every sum is an integer.
"""

UPPER = np.triu_indices(TAPS)
"""Rows and columns of the upper triangle, in the order of `Moments.products`."""

INTEGER_LUMA = (77, 150, 29)
"""Weights of red, green and blue in 256ths: BT.601's, in integers, for exact histograms."""

GRAIN_LEVELS = (2, 8, 32, 101)
"""Luma between the five classes by which grain is sorted [8-bit levels]."""

CLASSES = len(GRAIN_LEVELS) + 1
"""How many these are."""

OCTAVES = 4
"""Scales at which grain is measured: the picture, and averages of squares of 2, 4 and 8 pixels."""

MEASURED_HALO = 15
"""Pixels around a region that measuring it reads: the averages beside those that begin in it."""

GRAIN_BINS = 48
"""Bins of the size of grain: four an octave, from 1/24 of an 8-bit level on."""

GRAINS = OCTAVES * CLASSES * GRAIN_BINS
"""All of them."""

GRAIN_STEP = 64
"""Where its bins begin: the size is counted from here [1/256 of an 8-bit level]."""


@dataclass(frozen=True)
class Moments:
    """Sums of the values under the kernel and of their products, and two histograms.

    The sums are what instance normalization needs, the histograms what a look needs: how
    light is spread, and how noisy the picture is.

    Tiles, bands, frames, files and machines each give one; `a + b` is the moments of
    both. Python integers, exact and without a limit: neither the cut nor the order of
    the addition can change the result. Comparable, hashable, and easily sent as JSON.
    """

    padding: Padding
    """What was seen outside the image's borders."""

    count: int
    """Number of kernel positions [pixels]."""

    sums: tuple[int, ...]
    """27 integers. Sum of each value under the kernel [1/65535]."""

    products: tuple[int, ...]
    """378 integers. Sums of products of two values, upper triangle by rows [1/65535^2]."""

    tones: tuple[int, ...] = (0,) * TONES
    """1021 integers. Histogram of luma after a 3x3 binomial blur, in equal bins [pixels].

    Whatever the padding, the nearest pixel stands for what lies outside the image.
    """

    grain: tuple[int, ...] = (0,) * GRAINS
    """960 integers. Histogram of the size of `d2/dx2 d2/dy2` of luma, for each of the four
    octaves and of the five classes of tones [pixels, averages]. Noise shows in it, a slope or an
    edge hardly does (Immerkaer 1996)."""

    grid: LightGrid | None = None
    """Tones by place; only where the look has `local`."""

    def __post_init__(self) -> None:
        """Refuse what cannot be moments; they may come from another machine."""
        if self.padding not in ("zero", "replicate"):
            raise ValueError(f"padding is {self.padding!r}; it must be 'zero' or 'replicate'")
        if self.count < 1 or len(self.sums) != TAPS or len(self.products) != PAIRS:
            raise ValueError(
                f"{self.count} pixels, {len(self.sums)} sums and {len(self.products)} "
                f"products found; moments have at least 1, {TAPS} and {PAIRS}"
            )
        if len(self.tones) != TONES or len(self.grain) != GRAINS:
            raise ValueError(
                f"{len(self.tones)} tones and {len(self.grain)} sizes of grain found; "
                f"moments have {TONES} and {GRAINS}"
            )

    def __add__(self, other: "Moments") -> "Moments":
        """Join the moments of two disjoint pieces, exactly."""
        if not isinstance(other, Moments):
            return NotImplemented
        if self.padding != other.padding:
            raise ValueError(
                f"moments with {self.padding} and {other.padding} padding cannot be added; "
                "measure both with the same look"
            )
        return Moments(
            self.padding,
            self.count + other.count,
            tuple(map(operator.add, self.sums, other.sums)),
            tuple(map(operator.add, self.products, other.products)),
            tuple(map(operator.add, self.tones, other.tones)),
            tuple(map(operator.add, self.grain, other.grain)),
            self.grid + other.grid if self.grid and other.grid else self.grid or other.grid,
        )

    def mean(self) -> NDArray[np.float64]:
        """Mean of each value under the kernel: float64 [27] in [-1, 1]."""
        return np.array([total / (self.count * UNIT) for total in self.sums])

    def covariance(self) -> NDArray[np.float64]:
        """Covariance of the values under the kernel: float64 [27,27], symmetric.

        `(n P - s s') / n^2` in integers and one correctly rounded division, so nothing
        cancels, and every machine gives the same floats.
        """
        n, s = self.count, self.sums
        divisor = (n * UNIT) ** 2
        upper = [
            (n * product - s[i] * s[j]) / divisor
            for product, i, j in zip(self.products, *(axis.tolist() for axis in UPPER), strict=True)
        ]
        matrix = np.zeros((TAPS, TAPS))
        matrix[UPPER] = upper
        matrix.T[UPPER] = upper
        return matrix
