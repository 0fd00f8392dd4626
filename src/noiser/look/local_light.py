"""Local light: what each part of a picture needs beside the one tone curve for all.

The grid in a picture's moments tells how bright the surroundings of any luma at any place are,
without crossing edges: the base of a bilateral filter (Chen, Paris, Durand 2007). Where the
result's base would stay dark its odds are raised, before the tanh; where the picture has light
enough, beside what has none, it is left as it is.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Region
from noiser.look.tone_curve import TINY, Lumas, ToneCurve, steady
from noiser.statistics.light_grid import BINS, TONES, LightGrid
from noiser.statistics.noise_by_octave import rise

KNOTS = 513
"""Lumas at which the lift is computed, evenly spaced in the square root of luma."""

STEPS = 4096.0
"""The lift is rounded to this part of a unit: mathematical libraries differ in less."""

EVEN_LIFT, BACKLIT_LIFT = 0.5, 0.65
"""Share of what a base misses to `EVEN_TOP` or `BACKLIT_TOP`, in log-odds, that it is given."""

EVEN_TOP, BACKLIT_TOP = 0.30, 0.50
"""Luma of the result up to which a base is lifted."""

FADES = 0.02
"""Luma of the result at which half of the lift has faded: black stays black."""

BACKDROP = 0.2
"""Luma of a base at which half of the lift has faded where a picture is not backlit [means]: what
is far darker there than the picture is meant to be."""

DROWNS = 3.0
"""Luma of a base at which half of the lift has faded in the noise [deviations of it]."""

KEPT_MEAN = 0.5
"""Share of what the lift adds to the mean that is taken away again everywhere."""

DARK, BRIGHT = 0.20, 0.50
"""Luma of a base below which a part is dark, and above which it has light of its own."""

DARK_SHARES, BRIGHT_SHARES, SHARES_BETWEEN = (0.25, 0.45), (0.05, 0.20), (0.20, 0.35)
"""Shares from which a picture may be backlit, and from which it is: of what is dark, of what is
bright, and, the other way about, of what lies between."""

SOME_LIGHT, LIGHT_ENOUGH = 0.15, 0.55
"""Luma of a base from which a backlit picture begins to keep its own, and from which it does."""

ROOTS = np.linspace(0.0, 1.0, KNOTS)
"""Square roots of these lumas."""

LEVELS = ROOTS**2
"""The lumas."""

HAVE_LIGHT = np.array([rise(level, SOME_LIGHT, LIGHT_ENOUGH) for level in LEVELS.tolist()])
"""How far a base of each keeps its own light."""


@dataclass(frozen=True, eq=False)
class Lift:
    """What is added before the tanh, by place and luma."""

    table: NDArray[np.float32]
    """float32 [rows,columns,12]: at the middles of the cells, and at 12 square roots of luma."""

    cell: int
    """Side of a cell [pixels]."""

    def at(self, light: Lumas, region: Region, origin: tuple[int, int] = (0, 0)) -> Lumas:
        """Read the table, linear between the middles of cells and between roots of luma.

        Args:
            light: float64 [h,w], luma in [0, 1].
            region: Its rows and columns in an image.
            origin: Row and column of that image's first pixel in the whole picture [pixels].

        Returns:
            float64 [h,w]: what is added before the tanh.
        """
        (above, below, down), (before, after, across) = (
            _between(np.arange(part.start, part.stop) + first, self.cell, size)
            for part, first, size in zip(region, origin, self.table.shape, strict=False)
        )
        place = (BINS - 1) * np.sqrt(np.minimum(light, 1.0))
        low = np.minimum(place.astype(np.int64), BINS - 2)
        table = self.table.astype(np.float64)

        def read(columns: NDArray[np.int64], bins: NDArray[np.int64]) -> Lumas:
            first, last = (table[rows[:, None], columns, bins] for rows in (above, below))
            return np.asarray(first + down[:, None] * (last - first))

        left, right = (
            read(columns, low) + (place - low) * (read(columns, low + 1) - read(columns, low))
            for columns in (before, after)
        )
        return np.asarray(left + across * (right - left))


def _between(
    pixels: NDArray[np.int64], cell: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Lumas]:
    """Find the cells whose middles lie around pixels, and how far on the way they lie."""
    at = np.clip((pixels + 0.5) / cell - 0.5, 0, size - 1)
    low = np.minimum(at.astype(np.int64), max(size - 2, 0))
    return low, np.minimum(low + 1, size - 1), at - low


@dataclass(frozen=True, eq=False)
class LocalLight:
    """What a picture's parts need. The default is what a picture needs that has but one."""

    share: float
    """Share of the enhanced picture: all of it, where bright parts are kept by the lift."""

    backlit: float = 0.0
    """How far dark parts stand before bright ones, from 0 to 1."""

    lift: Lift | None = None
    """By place and luma."""

    of_base: Lumas = field(default_factory=lambda: np.zeros(KNOTS))
    """float64 [513]: the lift of bases, evenly spaced in the square root of luma."""

    def of(self, levels: Lumas) -> NDArray[np.float64]:
        """Give the lift of flat parts of these lumas: float64 of their shape."""
        return np.interp(np.sqrt(levels), ROOTS, self.of_base)


def local_light(
    grid: LightGrid | None, curve: ToneCurve, share: float, amount: float, noise: float
) -> LocalLight:
    """Find the lift of every place and luma.

    Args:
        grid: Of the picture itself.
        curve: That all of it is rendered with.
        share: Share of the enhanced picture that its light as a whole asks for, above 0.
        amount: The knob: at 0.5 the lift as it was chosen, at 1 twice that.
        noise: Its deviation where the picture is calmest, luma in [0, 1].

    Raises:
        ValueError: The picture was measured without a grid.
    """
    if grid is None:
        raise ValueError("the moments have no grid; measure them with `local` above 0")
    base, mass = bases(grid)
    strength = 2.0 * amount * LEVELS**2 / (LEVELS**2 + (DROWNS * noise) ** 2 + TINY)
    knot = np.rint((KNOTS - 1) * np.sqrt(base)).astype(np.int64)
    weights = np.bincount(knot.ravel(), mass.ravel(), KNOTS).astype(np.float64)
    backlit = _backlit(weights)
    bright = _inside(curve.of(LEVELS))
    backdrop = BACKDROP * math.fsum((weights * LEVELS).tolist())
    fades = LEVELS**2 / (LEVELS**2 + backdrop**2 + TINY)
    even = _mean_kept(_raised(bright, EVEN_LIFT * strength * fades, EVEN_TOP), bright, weights)
    even = share * even + (1.0 - share) * LEVELS
    lit = _raised(share * bright + (1.0 - share) * LEVELS, BACKLIT_LIFT * strength, BACKLIT_TOP)
    kept = min(2.0 * amount, 1.0)
    backlit *= kept
    lit += kept * HAVE_LIGHT * (LEVELS - lit)
    wanted = even + backlit * (np.minimum.accumulate(lit[::-1])[::-1] - even)
    new_share = steady(share + (1.0 - share) * backlit)
    enhanced = (wanted - (1.0 - new_share) * LEVELS) / new_share
    found = curve.inverse(LEVELS, enhanced) - curve.inverse(LEVELS, bright)
    most = np.abs(_log_odds(enhanced) - _log_odds(bright))
    found = np.rint(np.clip(found, -most, most) * STEPS) / STEPS
    return LocalLight(
        new_share, backlit, Lift(found.astype(np.float32)[knot], 1 << grid.shift), found
    )


def bases(grid: LightGrid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smooth a grid: the mean luma around each place and brightness, and its share of pixels.

    Returns:
        Both float64 [rows,columns,12]; the first in [0, 1], the second adds up to 1.
    """
    sums = grid.sums.astype(np.float64)
    mass = sums[0] / sums[0].sum()
    for axis in (1, 1, 1, 2, 2, 2, 3):
        sums = _smoothed(sums, axis)
    own = (np.arange(BINS) / (BINS - 1.0)) ** 2
    known = sums[0] > 0
    base = np.where(known, sums[1] / np.where(known, (TONES - 1) * sums[0], 1.0), own)
    return np.minimum(base, 1.0), mass


def _smoothed(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Blur by 1 2 1 along an axis; nothing lies outside."""
    values = np.moveaxis(values, axis, 0)
    blurred = 2.0 * values
    blurred[1:] += values[:-1]
    blurred[:-1] += values[1:]
    return np.moveaxis(blurred, 0, axis)


def _backlit(weights: NDArray[np.float64]) -> float:
    """Tell from the shares of `LEVELS` how far dark parts stand before bright ones: 0 to 1."""
    dark = math.fsum(weights[LEVELS < DARK].tolist())
    bright = math.fsum(weights[LEVELS > BRIGHT].tolist())
    return (
        rise(dark, *DARK_SHARES)
        * rise(bright, *BRIGHT_SHARES)
        * (1.0 - rise(1.0 - dark - bright, *SHARES_BETWEEN))
    )


def _raised(levels: Lumas, lift: Lumas, top: float) -> Lumas:
    """Raise log-odds by a share of what they miss to those of `top`."""
    odds = _log_odds(levels)
    missing = np.maximum(math.log(top / (1.0 - top)) - odds, 0.0)
    return _luma_of(odds + lift * missing * levels / (levels + FADES))


def _mean_kept(raised: Lumas, before: Lumas, weights: NDArray[np.float64]) -> Lumas:
    """Lower log-odds until a share of what the mean has gained is gone."""
    odds = _log_odds(raised)
    wanted = math.fsum((weights * (raised + KEPT_MEAN * (before - raised))).tolist())
    low, high = 0.0, 2.0
    for _ in range(16):
        middle = (low + high) / 2.0
        if math.fsum((weights * _luma_of(odds - middle)).tolist()) > wanted:
            low = middle
        else:
            high = middle
    return _luma_of(odds - high)


def _log_odds(level: NDArray[np.float64]) -> NDArray[np.float64]:
    level = _inside(level)
    return np.log(level / (1.0 - level))


def _inside(level: Lumas) -> Lumas:
    """Keep lumas off black and white, whose odds are none."""
    return np.clip(level, 1e-6, 1.0 - 1e-6)


def _luma_of(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-log_odds))
