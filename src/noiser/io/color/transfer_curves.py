"""Curves: between light and the values that stand for it, by tables."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import linear_from_srgb, srgb_from_linear
from noiser.core.types import Pixels

ROOTS = 1 << 16
"""Entries of the tables that encode light: evenly spaced in its square root."""


def encoded_by(table: Pixels, light: NDArray[np.float32], dtype: Any) -> Pixels:
    """Encode light, clipped to [0, 1], by a table over its square root."""
    roots = np.sqrt(np.clip(light, 0.0, 1.0)) * np.float32(ROOTS - 1) + np.float32(0.5)
    found: Pixels = table[roots.astype(np.uint16)].astype(dtype, copy=False)
    return found


def _light_of_roots() -> NDArray[np.float64]:
    return (np.arange(ROOTS) / (ROOTS - 1.0)) ** 2


@lru_cache(maxsize=1)
def srgb_of_roots() -> Pixels:
    """Give sRGB's values, uint16 [ROOTS], over the square root of light."""
    table: Pixels = np.rint(srgb_from_linear(_light_of_roots()) * 65535).astype(np.uint16)
    return table


@lru_cache(maxsize=1)
def light_of_srgb() -> NDArray[np.float32]:
    """Give the light of each value of sRGB of 16 bits: float32 [65536] in [0, 1]."""
    light: NDArray[np.float32] = linear_from_srgb(np.arange(65536) / 65535.0).astype(np.float32)
    return light


@lru_cache(maxsize=12)
def inverse_of(curve: bytes, kind: str) -> Pixels:
    """Turn a curve around: a table over the square root of light, in pixels of a kind."""
    points = np.frombuffer(curve)
    values = np.interp(_light_of_roots(), points, np.linspace(0.0, 1.0, points.size))
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        return values.astype(dtype)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)
