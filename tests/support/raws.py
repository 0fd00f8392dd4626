"""Camera raws made on the spot: DNGs of which every pixel's light is known."""

import io

import numpy as np
import tifffile

NEUTRAL = (0.5, 1.0, 0.75)
"""What the sensor makes of white: red, green, blue."""

WHITE_LEVEL = 16383
"""A sensor of 14 bits."""

XYZ_TO_SRGB = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
"""IEC 61966-2-1: a camera whose colours are sRGB's."""


def mosaic(light: np.ndarray) -> np.ndarray:
    """What the sensor sees of gray light: uint16 [H,W], red, green, green, blue.

    Args:
        light: float [H,W] in [0, 1], linear.
    """
    seen = light.copy()
    seen[0::2, 0::2] *= NEUTRAL[0]
    seen[1::2, 1::2] *= NEUTRAL[2]
    return np.rint(seen * WHITE_LEVEL).astype(np.uint16)


def fractions(values) -> list[int]:
    """Write numbers as TIFF's rationals."""
    return [part for value in values for part in (round(value * 10**6), 10**6)]


def dng(light: np.ndarray, orientation: int = 1) -> bytes:
    """Wrap a sensor's data, with a camera's tags."""
    matrix = fractions([value for row in XYZ_TO_SRGB for value in row])
    neutral = fractions(NEUTRAL)
    tags = [
        (271, "s", 0, "Maker", True),
        (272, "s", 0, "Camera 1", True),
        (274, "H", 1, orientation, True),
        (306, "s", 0, "2024:11:01 20:00:00", True),
        (33434, "2I", 1, (1, 30), True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, (0, 1, 1, 2), True),
        (50706, "B", 4, (1, 4, 0, 0), True),
        (50708, "s", 0, "Maker Camera 1", True),
        (50714, "H", 1, 0, True),
        (50717, "H", 1, WHITE_LEVEL, True),
        (50721, "2i", 9, matrix, True),
        (50728, "2I", 3, neutral, True),
        (50778, "H", 1, 21, True),
    ]
    file = io.BytesIO()
    data = mosaic(light)
    tifffile.imwrite(file, data, photometric="cfa", extratags=tags, metadata=None)
    return file.getvalue()
