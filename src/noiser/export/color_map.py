"""Colour maps: a colour for each colour, on a lattice over the RGB cube."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from noiser.engine.enhancer import Enhancer
from noiser.statistics.moments import Moments

Colors = NDArray[np.float64]
"""float64 [N,3] in [0, 1], sRGB: red, green and blue of N pixels."""

STEPS = tuple(product((0, 1), repeat=3))
"""From a lattice point to the eight corners of its cell: blue, green, red."""


@dataclass(frozen=True, eq=False)
class ColorMap:
    """A colour for each point of a lattice, and linear between the points."""

    lattice: NDArray[np.float64]
    """float64 [n,n,n,3] in [0, 1], sRGB: by blue, green and red of the input, in this order."""

    @property
    def size(self) -> int:
        """Points along each axis."""
        return len(self.lattice)

    def apply(self, colors: Colors) -> Colors:
        """Map colours, trilinear between the points.

        Args:
            colors: float64 [N,3] in [0, 1], sRGB.

        Returns:
            float64 [N,3] in [0, 1], sRGB.

        Example:
            >>> halves = np.indices((2, 2, 2)).transpose(1, 2, 3, 0)[..., ::-1] / 2.0
            >>> ColorMap(halves).apply(np.array([[1.0, 0.5, 0.0]])).tolist()
            [[0.5, 0.25, 0.0]]
        """
        points = self.lattice.reshape(-1, 3)
        mapped = np.zeros_like(colors, np.float64)
        for index, share in corners(colors, self.size):
            mapped += share[:, None] * points[index]
        return mapped


def corners(colors: Colors, size: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield the eight lattice points around each colour, and their trilinear shares.

    Args:
        colors: float64 [N,3] in [0, 1], sRGB.
        size: Points along each axis.

    Yields:
        int64 [N], the place in a flattened lattice, and float64 [N] in [0, 1]; in the order of
        `STEPS`.
    """
    place = colors[:, ::-1] * (size - 1)
    low = np.minimum(place.astype(np.int64), size - 2)
    high_share = place - low
    shares = (1.0 - high_share, high_share)
    for step in STEPS:
        blue, green, red = (low[:, axis] + step[axis] for axis in range(3))
        share = shares[step[0]][:, 0] * shares[step[1]][:, 1] * shares[step[2]][:, 2]
        yield (blue * size + green) * size + red, share


def flat_map(enhancer: Enhancer, moments: Moments, size: int) -> ColorMap:
    """Find out what becomes of flat patches of each colour, in a picture with these moments.

    Args:
        enhancer: Without `local`: a patch has no place in the picture.
        moments: Of the picture.
        size: Points along each axis, at least 2.

    Returns:
        The map: smooth, defined everywhere, and right where a picture has no texture.
    """
    axis = np.linspace(0.0, 1.0, size, dtype=np.float32)
    side = 2 * enhancer.halo + 1  # its middle sees no other patch
    lattice = np.empty((size, size, size, 3))
    for index, blue in enumerate(axis):
        colors = np.empty((size, size, 3), np.float32)
        colors[..., 0], colors[..., 1], colors[..., 2] = axis, axis[:, None], blue
        patches = colors.repeat(side, 0).repeat(side, 1)
        enhanced = enhancer.render(patches, moments)
        lattice[index] = enhanced[enhancer.halo :: side, enhancer.halo :: side]
    return ColorMap(lattice)
