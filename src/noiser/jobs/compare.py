"""Comparing: before and after in one picture, of the same kind as both."""

from typing import Literal, TypeAlias

import numpy as np

from noiser.core.color import PEAKS
from noiser.core.types import Pixels

Comparison: TypeAlias = Literal["side", "split"]
"""`side`: two whole pictures beside each other; `split`: one, its left before, its right after."""

GAP_SHARE = 100
"""A gap between two pictures is their width divided by this."""

LINE_SHARE = 400
"""A line within a picture is its width divided by this."""

LEAST_GAP = 2
"""Width of a gap at least [pixels]."""


def compared(before: Pixels, after: Pixels, how: Comparison, white: int | None = None) -> Pixels:
    """Put a picture and its enhancement into one; any rows of both give those of the whole.

    Args:
        before: uint8 or uint16 [H,W] or [H,W,C], sRGB.
        after: The same size and dtype.
        how: `side`: [H,compared_width(W),...], a white gap between them; `split`: [H,W,...], the
            left half before, the right one after, a white line where they meet. A picture of
            fewer than 3 columns is split without a line.
        white: Of gap and line; by default the dtype's.

    Returns:
        A new array of the same dtype and channels; gap and line are opaque.

    Example:
        >>> compared(np.zeros((1, 4), np.uint8), np.full((1, 4), 9, np.uint8), "split").tolist()
        [[0, 0, 255, 9]]
    """
    width = before.shape[1]
    white = PEAKS.get(before.dtype, 1) if white is None else white
    if how == "side":
        gap = np.full((len(before), _gap(width), *before.shape[2:]), white, before.dtype)
        return np.concatenate([before, gap, after], 1)
    middle = width // 2
    joined = np.concatenate([before[:, :middle], after[:, middle:]], 1)
    line = max(width // LINE_SHARE, 1) if width > 2 else 0
    joined[:, middle - line // 2 : middle - line // 2 + line] = white
    return joined


def compared_width(width: int, how: Comparison | None) -> int:
    """Tell the width of a comparison [pixels]; with None, of the picture alone."""
    return 2 * width + _gap(width) if how == "side" else width


def _gap(width: int) -> int:
    """Tell the width of the gap between two pictures [pixels]."""
    return max(width // GAP_SHARE, LEAST_GAP)
