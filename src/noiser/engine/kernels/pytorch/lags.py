"""Lags: from sums of products of pixels some steps apart to the moments of a picture.

Products of two values under the kernel are products of two pixels at most two rows and two columns
apart, and nearly all kernel positions see the same ones. So a device sums up, for each such step,
all products in the region and the ring of one pixel around it, and those of its outermost two
rows and columns; what each pair of taps does not see is subtracted here, in integers.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Padding
from noiser.statistics.light_grid import LightGrid
from noiser.statistics.moments import PAIRS, TAPS, UPPER, Moments

LAGS = ((0, 0), (0, 1), (0, 2), *product((1, 2), range(-2, 3)))
"""Rows and columns from a pixel to the other: each pair of taps, or its mirror image, has one."""

LINES = 4
"""Outermost rows, and columns, of the region and its ring: two on each side."""

SUMS = 1 + LINES + LINES + LINES * LINES
"""Sums for each lag and pair of colours: all, by outermost rows, by outermost columns, by both."""

Sums = NDArray[np.int64]
"""int64 [B,14,3,3,25]: by image, by lag (the last is the colour itself, alike for each second
colour), by colour of the pixel and of the other, and as in `SUMS` [1/65535^2, or 1/65535]."""

UNSEEN = np.array([[0, 0, 1, 1], [1, 0, 0, 1], [1, 1, 0, 0]])
"""Which outermost lines each row, or column, of the kernel never reaches."""


def moments_of(
    sums: Sums,
    tones: Sums,
    grain: Sums,
    count: int,
    padding: Padding,
    grids: Sequence[LightGrid] | None = None,
) -> list[Moments]:
    """Put a device's sums together.

    Args:
        sums: By lag.
        tones: int64 [B,1021].
        grain: int64 [B,960].
        count: Kernel positions of each image [pixels].
        padding: What was seen outside.
        grids: Of each image, if they were counted.

    Returns:
        The moments of each image.
    """
    seen = _seen(sums)
    images = len(sums)
    products = np.zeros((images, TAPS, TAPS), np.int64)
    own = products[:, 0].copy()
    at = np.arange(3) * 9
    for dy, dx in product(range(3), repeat=2):
        first = at + 3 * dy + dx
        own[:, first] = seen[:, len(LAGS), :, 0, dy, dx]
        for lag, (down, across) in enumerate(LAGS):
            if dy + down <= 2 and 0 <= dx + across <= 2:
                second = at + 3 * (dy + down) + dx + across
                products[:, first[:, None], second] = seen[:, lag, :, :, dy, dx]
                products[:, second[:, None], first] = seen[:, lag, :, :, dy, dx].transpose(0, 2, 1)
    upper = products[:, *UPPER].reshape(images, PAIRS)
    return [
        Moments(
            padding,
            count,
            tuple(own[i].tolist()),
            tuple(upper[i].tolist()),
            tuple(tones[i].tolist()),
            tuple(grain[i].tolist()),
            grids[i] if grids else None,
        )
        for i in range(images)
    ]


def _seen(sums: Sums) -> Sums:
    """Subtract what each row and column of the kernel does not reach: [B,14,3,3,3,3]."""
    rows = sums[..., 1 : 1 + LINES]
    columns = sums[..., 1 + LINES : 1 + 2 * LINES]
    both = sums[..., 1 + 2 * LINES :].reshape(*sums.shape[:-1], LINES, LINES)
    seen = (
        sums[..., :1, None] - (rows @ UNSEEN.T)[..., :, None] - (columns @ UNSEEN.T)[..., None, :]
    )
    return np.asarray(seen + UNSEEN @ both @ UNSEEN.T, np.int64)
