"""Resizing: an enhanced picture made smaller, of the same kind and depth.

Lanczos of three lobes, on the curve of the pixels, as image programs do it. Colours of 8 bits
without transparency go through Pillow as they are. For 16 bits and floats Pillow has single planes
of floats alone: each channel is resized as one, and rounded once. With transparency, colours are
multiplied by alpha before and divided by it after, so that what is unseen colours no edge.
"""

from collections.abc import Callable
from dataclasses import replace
from math import ceil, floor

import numpy as np
from PIL import Image

from noiser.core.color import PEAKS
from noiser.core.types import Pixels
from noiser.io.metadata.orientation import with_size
from noiser.io.photo import Photo

LOBES = 3
"""Of Lanczos' filter: it reads as many output pixels far to each side."""

BAND_PIXELS = 1 << 20
"""Of the input that are on their way at a time: as floats they take four times their memory."""

Size = tuple[int, int]
Box = tuple[float, float, float, float]
Shrink = Callable[[Pixels, Size, Box], Pixels]


def fitted_size(width: int, height: int, max_size: int | None) -> Size:
    """Say how large a picture is when its longest side is at most so long [pixels].

    Example:
        >>> fitted_size(6000, 4000, 1500), fitted_size(60, 40, 1500)
        ((1500, 1000), (60, 40))
    """
    longest = max(width, height)
    if max_size is None or longest <= max_size:
        return width, height
    return max(round(width * max_size / longest), 1), max(round(height * max_size / longest), 1)


def resized_photo(photo: Photo, max_size: int | None, format_: str) -> Photo:
    """Make a photo smaller, with what its metadata say of its size.

    Args:
        photo: Is returned itself where it is small enough.
        max_size: Of its longest side [pixels].
        format_: To be written; a GIF gets no half transparency that it had not.
    """
    height, width = photo.pixels.shape[:2]
    size = fitted_size(width, height, max_size)
    if size == (width, height):
        return photo
    above = photo.above
    return replace(
        photo,
        pixels=resized(photo.pixels, size, format_),
        above=None if above is None else _in_bands(above, size, _shrunk_planes),
        metadata=with_size(photo.metadata, *size),
    )


def resized(pixels: Pixels, size: Size, format_: str = "") -> Pixels:
    """Make an image smaller.

    Args:
        pixels: uint8, uint16 or float32 in [0, 1]; [H,W] or [H,W,C] of 2 to 4 channels.
        size: Width and height [pixels], none larger than the image's.
        format_: As for `resized_photo`.

    Returns:
        The same kind [h,w] or [h,w,C]; integers rounded once, to the nearest.
    """
    has_alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    if not has_alpha:
        shrink = _shrunk_bytes if pixels.dtype == np.uint8 else _shrunk_planes
        return _rounded(_in_bands(pixels, size, shrink), pixels.dtype)
    made = _rounded(_in_bands(pixels, size, _shrunk_with_alpha), pixels.dtype)
    if format_ == "GIF":
        made[..., -1] = np.where(made[..., -1] > 127, 255, 0)
    return made


def _in_bands(pixels: Pixels, size: Size, shrink: Shrink) -> Pixels:
    """Resize some rows of the output at a time, from those of the input that they need."""
    width, height = size
    scale = len(pixels) / height
    step = max(int(BAND_PIXELS / pixels.shape[1] / scale), 1)
    bands = []
    for top in range(0, height, step):
        upper, lower = top * scale, min(top + step, height) * scale
        first = max(floor(upper - LOBES * scale) - 1, 0)
        rows = pixels[first : ceil(lower + LOBES * scale) + 1]
        box = (0, upper - first, pixels.shape[1], min(lower - first, len(rows)))
        bands.append(shrink(rows, (width, min(step, height - top)), box))
    return np.concatenate(bands)


def _shrunk_bytes(rows: Pixels, size: Size, box: Box) -> Pixels:
    """Resize gray or RGB of 8 bits."""
    image = Image.fromarray(np.ascontiguousarray(rows))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS, box))


def _shrunk_planes(rows: Pixels, size: Size, box: Box) -> Pixels:
    """Resize each channel as floats: float32, and a little beyond the range beside edges."""
    if rows.ndim == 2:
        plane = Image.fromarray(np.ascontiguousarray(rows, np.float32))
        return np.asarray(plane.resize(size, Image.Resampling.LANCZOS, box))
    planes = (_shrunk_planes(rows[..., i], size, box) for i in range(rows.shape[2]))
    return np.stack(list(planes), axis=-1)


def _shrunk_with_alpha(rows: Pixels, size: Size, box: Box) -> Pixels:
    """Resize colours by how much is seen of them; those of which nothing is are black."""
    peak = np.float32(PEAKS.get(rows.dtype, 1))
    weighted = rows.astype(np.float32)
    weighted[..., :-1] *= weighted[..., -1:] / peak
    made = np.array(_shrunk_planes(weighted, size, box))
    seen = np.clip(made[..., -1:], 0, peak) / peak
    made[..., :-1] = np.divide(made[..., :-1], seen, out=np.zeros_like(made[..., :-1]),
                               where=seen > 0)  # fmt: skip
    return made


def _rounded(pixels: Pixels, dtype: np.dtype) -> Pixels:
    """Bring what was computed back to its kind."""
    if pixels.dtype == dtype and dtype != np.float32:
        return pixels
    peak = PEAKS.get(dtype, 1)
    pixels = np.clip(pixels, 0, peak)
    return pixels if peak == 1 else np.rint(pixels).astype(dtype)
