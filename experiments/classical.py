"""Classical enhancements without parameters to learn: what a network has to beat.

All map uint8 [H,W,3] in [0, 255], sRGB, to the same, and none knows the reference.
"""

from collections.abc import Callable

import numpy as np

from noiser.core.color import to_bytes
from noiser.core.types import ByteImage

GAMMA = 2.2
"""Exponent of the fixed gamma correction: values become their 1/2.2th power."""

CLIP_LIMIT = 2.0
"""Of CLAHE: no bin of a tile's histogram counts more than this times its mean."""

TILES = (8, 8)
"""Of CLAHE, per picture."""


def gamma(low: ByteImage) -> ByteImage:
    """Raise all values to the power 1/2.2."""
    return powered(low, 1 / GAMMA)


def auto_gamma(low: ByteImage) -> ByteImage:
    """Raise all values to the power that brings their mean to 0.5, found by bisection.

    The one-step log(0.5) / log(mean) stops at a mean of 0.45 on LOL's eval15, and scores 0.5 dB
    more there.
    """
    counts = np.bincount(low.ravel(), minlength=256) / low.size
    levels = np.arange(256) / 255
    smallest, largest = 0.02, 50.0
    for _ in range(40):
        exponent = float(np.sqrt(smallest * largest))
        if counts @ levels**exponent > 0.5:
            smallest = exponent
        else:
            largest = exponent
    return powered(low, exponent)


def clahe(low: ByteImage) -> ByteImage:
    """Equalize local histograms of L in Lab, with a limit (Zuiderveld, 1994)."""
    import cv2

    lab = cv2.cvtColor(low, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(CLIP_LIMIT, TILES).apply(lab[..., 0].copy())
    enhanced: ByteImage = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return enhanced


def equalized(low: ByteImage) -> ByteImage:
    """Equalize the histogram of luma Y, leaving the colour differences."""
    import cv2

    luma = cv2.cvtColor(low, cv2.COLOR_RGB2YCrCb)
    luma[..., 0] = cv2.equalizeHist(luma[..., 0].copy())
    enhanced: ByteImage = cv2.cvtColor(luma, cv2.COLOR_YCrCb2RGB)
    return enhanced


def powered(low: ByteImage, exponent: float) -> ByteImage:
    """Raise values in [0, 1] to a power, by a table of 256 entries."""
    import cv2

    enhanced: ByteImage = cv2.LUT(low, to_bytes((np.arange(256) / 255) ** exponent))
    return enhanced


METHODS: dict[str, Callable[[ByteImage], ByteImage]] = {
    "gamma 2.2": gamma,
    "auto-gamma": auto_gamma,
    "CLAHE": clahe,
    "histogram equalization": equalized,
}
"""The enhancements by name."""
