"""Reading in NumPy: a region of an image that may reach beyond it."""

import numpy as np

from noiser.core.color import PEAKS, to_signed
from noiser.core.types import Padding, Pixels, Region
from noiser.engine.kernels.denoise import Planes


def read_signed(pixels: Pixels, region: Region, padding: Padding) -> Planes:
    """Read a region that may reach outside the image: float64 [3,h,w] in [-1, 1]."""
    height, width = pixels.shape[:2]
    rows, columns = (np.arange(s.start, s.stop) for s in region)
    read = pixels[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
    peak = PEAKS.get(pixels.dtype, 1)
    signed = to_signed(np.atleast_3d(read).astype(np.float64) / peak)
    planes = np.repeat(signed[..., :1], 3, 2) if signed.shape[2] < 3 else signed[..., :3]
    if padding == "zero":
        planes = planes * ((rows >= 0) & (rows < height))[:, None, None]
        planes = planes * ((columns >= 0) & (columns < width))[:, None]
    return np.asarray(planes.transpose(2, 0, 1), np.float64)


def grown(region: Region, by: int, shape: tuple[int, ...] | None = None) -> Region:
    """Widen a region on all sides, within the image where its shape is given."""
    rows, columns = (
        slice(
            s.start - by if shape is None else max(s.start - by, 0),
            s.stop + by if shape is None else min(s.stop + by, shape[axis]),
        )
        for axis, s in enumerate(region)
    )
    return rows, columns


def scaled(region: Region, factor: int, origin: tuple[int, int]) -> Region:
    """Give the pixels of an image that squares of `factor` cover, counted from the picture's first.

    Args:
        region: Rows and columns of squares.
        factor: Their side [pixels].
        origin: Row and column of the image's first pixel in the whole picture [pixels].
    """
    rows, columns = (
        slice(part.start * factor - first, part.stop * factor - first)
        for part, first in zip(region, origin, strict=True)
    )
    return rows, columns
