"""The global part of a picture's look: the best colour map for it, and how far it goes."""

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from noiser.core.adapters import checked
from noiser.core.color import PEAKS
from noiser.core.types import Pixels
from noiser.engine.enhancer import Enhancer
from noiser.export.color_map import ColorMap, Colors, flat_map
from noiser.export.fit_lut import fitted
from noiser.statistics.moments import Moments

MAX_SAMPLES = 1 << 20
"""Pixels that the map is fitted to, at most, evenly spread over the picture."""

BAND_PIXELS = 1 << 22
"""Pixels that are rendered at a time; bounds the memory."""


@dataclass(frozen=True)
class MapError:
    """How far a map's output is from the picture it should give."""

    mean: float
    """Mean absolute difference [of 255]."""

    p99: float
    """What 99 of 100 values stay below [of 255]."""

    @classmethod
    def between(cls, mapped: Colors, wanted: Colors) -> "MapError":
        """Compare two lists of colours: float64 [N,3] in [0, 1], sRGB."""
        difference = 255.0 * abs(mapped - wanted)
        return cls(float(difference.mean()), float(np.percentile(difference, 99)))


@dataclass(frozen=True, eq=False)
class GlobalLook:
    """What a colour map can carry of a picture's look, and what it cannot."""

    map: ColorMap
    """The best map from the colours before to those after."""

    error: MapError
    """Against the picture that `enhance` makes."""

    without_local_steps: MapError
    """Against the same with `local` and `denoise` at 0."""

    flat: MapError
    """Of the flat response, before it was fitted, against the latter."""

    def report(self) -> dict[str, dict[str, float]]:
        """List the errors, for machines."""
        names = ("error", "without_local_steps", "flat")
        return {name: asdict(getattr(self, name)) for name in names}


def global_look(enhancer: Enhancer, pixels: Pixels, size: int = 33) -> GlobalLook:
    """Find the colour map that comes nearest to what an enhancer makes of a picture.

    It starts from what becomes of flat patches of every colour, and is fitted to the picture's
    own colours, before and after, without noise reduction and without `local`.

    Args:
        enhancer: Any.
        pixels: uint8 or uint16 [H,W] or [H,W,C], sRGB.
        size: Points along each axis of the lattice, from 2 on.

    Returns:
        The map and its errors, on at most a million pixels.
    """
    checked(pixels)
    calm = copy.copy(enhancer)
    calm.look = replace(enhancer.look, local=0.0, denoise=0.0)
    moments = enhancer.measure(pixels)
    before = np.concatenate(list(_sampled(pixels)))
    wanted = np.concatenate(list(_enhanced(enhancer, pixels, moments)))
    after = wanted if calm.look == enhancer.look else None
    if after is None:
        after = np.concatenate(list(_enhanced(calm, pixels, moments)))
    flat = flat_map(calm, moments, size)
    best = fitted(flat, before, after)
    mapped = best.apply(before)
    return GlobalLook(
        best,
        MapError.between(mapped, wanted),
        MapError.between(mapped, after),
        MapError.between(flat.apply(before), after),
    )


def _enhanced(enhancer: Enhancer, pixels: Pixels, moments: Moments) -> Iterator[Colors]:
    """Render band by band, with 16 bits so that rounding is no error, and sample."""
    height, width = pixels.shape[:2]
    step = _step(pixels)
    rows = max(BAND_PIXELS // width // step, 1) * step
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        start, stop = max(top - enhancer.halo, 0), min(bottom + enhancer.halo, height)
        around = pixels[start:stop]
        if around.dtype == np.uint8:
            around = around.astype(np.uint16) * 257
        region = slice(top - start, bottom - start), slice(0, width)
        yield _colors(enhancer.render(around, moments, region, (start, 0))[::step, ::step])


def _sampled(pixels: Pixels) -> Iterator[Colors]:
    """Give the same pixels of the input."""
    yield _colors(pixels[:: _step(pixels), :: _step(pixels)])


def _step(pixels: Pixels) -> int:
    """Tell how far apart the samples are [pixels]."""
    count = pixels.shape[0] * pixels.shape[1]
    return max(int(np.ceil(np.sqrt(count / MAX_SAMPLES))), 1)


def _colors(pixels: Pixels) -> Colors:
    """Read an array's colours: float64 [N,3] in [0, 1]."""
    values = np.atleast_3d(pixels).astype(np.float64) / PEAKS.get(pixels.dtype, 1)
    colors = values[..., :3] if values.shape[2] >= 3 else values[..., :1].repeat(3, 2)
    return colors.reshape(-1, 3)
