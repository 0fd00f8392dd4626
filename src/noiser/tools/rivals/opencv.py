"""OpenCV's two ways to lighten a picture without learning: equalize its histogram, or many.

They are here for scale: the least that a library of hand-written kernels takes.
"""

from collections.abc import Callable

import numpy as np

from noiser.core.types import ByteImage

CLIP_LIMIT = 2.0
"""Of CLAHE: no bin of a tile's histogram counts more than this times its mean."""

TILES = (8, 8)
"""Of CLAHE, per picture."""

_Enhance = Callable[[ByteImage], ByteImage]


def clahe(threads: int) -> _Enhance:
    """Give the equalization of local histograms of L in Lab, with a limit (Zuiderveld 1994)."""
    import cv2

    cv2.setNumThreads(threads)
    equalizer = cv2.createCLAHE(CLIP_LIMIT, TILES)

    def enhance(low: ByteImage) -> ByteImage:
        lab = cv2.cvtColor(low, cv2.COLOR_RGB2LAB)
        cv2.insertChannel(equalizer.apply(cv2.extractChannel(lab, 0)), lab, 0)
        return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)

    return enhance


def equalization(threads: int) -> _Enhance:
    """Give the equalization of the histogram of luma, leaving the colour differences."""
    import cv2

    cv2.setNumThreads(threads)

    def enhance(low: ByteImage) -> ByteImage:
        luma = cv2.cvtColor(low, cv2.COLOR_RGB2YCrCb)
        cv2.insertChannel(cv2.equalizeHist(cv2.extractChannel(luma, 0)), luma, 0)
        return np.asarray(cv2.cvtColor(luma, cv2.COLOR_YCrCb2RGB), np.uint8)

    return enhance
