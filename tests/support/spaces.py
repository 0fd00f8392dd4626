"""Colour spaces by their published numbers, in double precision: a truth beside our profiles."""

import numpy as np

from noiser.io.color import icc
from noiser.tools.quality.color_difference import ciede2000

D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)

SPACES = {
    "sRGB": (((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), D65, None),
    "Display P3": (((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), D65, None),
    "Adobe RGB": (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), D65, 563 / 256),
    "ProPhoto": (((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), D50, 1.8),
    "linear": (((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), D65, 1.0),
}
"""Primaries, white and gamma; None is sRGB's curve (IEC 61966-2-1, SMPTE RP 431-2, Adobe RGB
(1998), ISO 22028-2)."""

CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def profile(name):
    """Write the space's ICC profile with our writer."""
    primaries, white, gamma = SPACES[name]
    return icc.rgb_profile(name, primaries, icc.SRGB_CURVE if gamma is None else (gamma,), white)


def xyz(xy):
    x, y = xy
    return np.array([x / y, 1, (1 - x - y) / y])


def matrix(name):
    """Linear RGB to CIE XYZ under D65."""
    primaries, white, _ = SPACES[name]
    columns = np.stack([xyz(p) for p in primaries], 1)
    own = columns * np.linalg.solve(columns, xyz(white))
    gains = (CONES @ xyz(D65)) / (CONES @ xyz(white))
    return np.linalg.inv(CONES) @ np.diag(gains) @ CONES @ own


def linear(values, name="sRGB"):
    gamma = SPACES[name][2]
    if gamma is not None:
        return values**gamma
    return np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)


def coded(light, name="sRGB"):
    light, gamma = np.clip(light, 0, 1), SPACES[name][2]
    if gamma is not None:
        return light ** (1 / gamma)
    return np.where(
        light > 0.0031308, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055, light * 12.92
    )


def converted(values, source, target):
    """Convert values in [0, 1] from space to space, clipped."""
    change = np.linalg.inv(matrix(target)) @ matrix(source)
    return coded(linear(values, source) @ change.T, target)


def lab(srgb, white=D65):
    """CIELAB of sRGB values in [0, 1], its white changed to another."""
    change = np.linalg.inv(CONES) @ np.diag((CONES @ xyz(white)) / (CONES @ xyz(D65))) @ CONES
    ratio = (linear(srgb) @ (change @ matrix("sRGB")).T) / xyz(white)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def difference(first, second):
    """CIEDE2000 of two sRGB pictures in [0, 1], pixel by pixel."""
    return ciede2000(lab(first), lab(second))
