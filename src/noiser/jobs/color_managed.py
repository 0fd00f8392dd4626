"""Coloring: enhance pixels whose colour profile has another curve than sRGB."""

from collections.abc import Iterator
from functools import reduce
from operator import add

import numpy as np

from noiser.core.types import Pixels, Region
from noiser.engine.enhancer import Enhancer
from noiser.io.color.conversion import UNCONVERTED, Conversion
from noiser.statistics.moments import Moments

BAND_PIXELS = 1 << 20
"""Pixels that are on their way at a time: converted they take several times their memory."""


def measure_by(conversion: Conversion, pixels: Pixels, enhancer: Enhancer) -> Moments:
    """Measure pixels as sRGB, in bands of rows; see `enhance_by`."""
    if conversion is UNCONVERTED:
        return enhancer.measure(pixels)
    return reduce(
        add,
        (
            enhancer.measure(conversion.enter(pixels[rows]), region, origin)
            for rows, region, origin in _bands(pixels, enhancer.measured_halo)
        ),
    )


def enhance_by(
    conversion: Conversion, pixels: Pixels, enhancer: Enhancer, moments: Moments | None = None
) -> Pixels:
    """Enhance pixels by way of sRGB, in bands of rows.

    Args:
        conversion: The way there and back.
        pixels: uint8, uint16 or float [H,W] or [H,W,C].
        enhancer: For sRGB.
        moments: By which to render; by default the picture's own.

    Returns:
        Pixels of the same kind, as if the whole picture had been converted.
    """
    if conversion is UNCONVERTED:
        enhanced: Pixels = (
            enhancer.enhance(pixels) if moments is None else enhancer.render(pixels, moments)
        )
        return enhanced
    moments = moments or measure_by(conversion, pixels, enhancer)
    made = np.empty_like(pixels)
    for rows, region, origin in _bands(pixels, enhancer.halo):
        entered = conversion.enter(pixels[rows])
        enhanced = enhancer.render(entered, moments, region, origin)
        inside = slice(rows.start + region[0].start, rows.start + region[0].stop)
        made[inside] = conversion.leave(pixels[inside], entered[region], enhanced)
    return made


def converted_by(conversion: Conversion, pixels: Pixels) -> Pixels:
    """Give pixels as `enhance_by` would, had nothing been done to them."""
    if conversion is UNCONVERTED:
        return pixels
    made = np.empty_like(pixels)
    for rows, _, _ in _bands(pixels, 0):
        entered = conversion.enter(pixels[rows])
        made[rows] = conversion.leave(pixels[rows], entered, entered)
    return made


def _bands(pixels: Pixels, halo: int) -> Iterator[tuple[slice, Region, tuple[int, int]]]:
    """Cut a picture: rows with their halo, the region of them that counts, and the origin."""
    height, width = pixels.shape[:2]
    step = max(BAND_PIXELS // width, 16)
    for top in range(0, height, step):
        bottom = min(top + step, height)
        start, stop = max(top - halo, 0), min(bottom + halo, height)
        yield slice(start, stop), (slice(top - start, bottom - start), slice(0, width)), (start, 0)
