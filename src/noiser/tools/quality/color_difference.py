"""How far two colours are apart to the eye: sRGB to CIELAB, and CIEDE2000."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import ByteImage, Plane
from noiser.tools.quality.psnr_ssim import check_pair

LabColors: TypeAlias = NDArray[np.floating[Any]]
"""float [...,3], CIELAB (D65): L in [0, 100], a and b within about [-128, 128]."""

XYZ_FROM_RGB = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
"""Linear sRGB to CIE XYZ: the primaries of ITU-R BT.709 and D65, to six digits."""

WHITE = np.array([0.95047, 1.0, 1.08883])
"""CIE XYZ of the white D65, for the observer of 1931 (2 degrees)."""

HALF_TURN = 180.0 + 1e-9
"""Hues farther apart than this go round the other way; rounding does not [degrees]."""

BLOCK_PIXELS = 1 << 16
"""Pixels compared at a time: some thirty arrays of this length are alive at once."""


def delta_e_2000(output: ByteImage, reference: ByteImage) -> float:
    """CIEDE2000 between the colours of two images, mean over pixels.

    Args:
        output: uint8 [H,W,3] in [0, 255], sRGB.
        reference: uint8 [H,W,3] in [0, 255], sRGB.

    Returns:
        Difference, lower is better; 0 for equal images, 100 between black and white. About
        1 is what an eye just notices.

    Raises:
        ValueError: The images differ in shape, or are not uint8 [H,W,3].

    Example:
        >>> black = np.zeros((8, 8, 3), np.uint8)
        >>> round(delta_e_2000(black, black + 255), 3), delta_e_2000(black, black)
        (100.0, 0.0)
    """
    check_pair(output, reference)
    first, second = output.reshape(-1, 3), reference.reshape(-1, 3)
    total = 0.0
    for start in range(0, len(first), BLOCK_PIXELS):
        block = slice(start, start + BLOCK_PIXELS)
        total += float(ciede2000(to_lab(first[block]), to_lab(second[block])).sum())
    return total / len(first)


def to_lab(image: ByteImage) -> LabColors:
    """Move sRGB bytes to CIELAB, by way of linear light and CIE XYZ (CIE 15, 2004).

    Args:
        image: uint8 [...,3] in [0, 255], sRGB.

    Returns:
        float64 [...,3], CIELAB (D65): L in [0, 100], a and b within about [-128, 128].

    Example:
        >>> to_lab(np.array([255, 0, 0], np.uint8)).round(2).tolist()
        [53.24, 80.09, 67.2]
    """
    levels = np.arange(256) / 255.0
    linear = np.where(levels > 0.04045, ((levels + 0.055) / 1.055) ** 2.4, levels / 12.92)
    x, y, z = np.moveaxis(_compress(linear[image] @ XYZ_FROM_RGB.T / WHITE), -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def _compress(ratio: Plane) -> Plane:
    """CIELAB's cube root, with a straight line near black."""
    return np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16.0 / 116.0)


def ciede2000(first: LabColors, second: LabColors) -> Plane:
    r"""Colour difference CIEDE2000 (Sharma, Wu, Dalal 2005), k_L = k_C = k_H = 1.

    .. math::
        \Delta E = \sqrt{\left(\frac{\Delta L'}{S_L}\right)^2
            + \left(\frac{\Delta C'}{S_C}\right)^2 + \left(\frac{\Delta H'}{S_H}\right)^2
            + R_T \frac{\Delta C'}{S_C} \frac{\Delta H'}{S_H}}

    Args:
        first: float [...,3], CIELAB (D65): L in [0, 100], a and b within about [-128, 128].
        second: The same shape.

    Returns:
        float64 [...], at least 0.

    Example:
        >>> pair = np.array([50.0, 2.6772, -79.7751]), np.array([50.0, 0.0, -82.7485])
        >>> round(float(ciede2000(*pair)), 4)
        2.0425
    """
    (l1, c1, h1), (l2, c2, h2) = _cylinders(first, second)
    # A gray has no hue; but its chroma is 0, and with it all that the hue is multiplied by.
    apart = h2 - h1
    turn = np.where(abs(apart) > HALF_TURN, -360.0 * np.sign(apart), 0.0)  # equation 10
    hue_step = 2.0 * np.sqrt(c1 * c2) * _sin((apart + turn) / 2)
    # Equation 14: the middle of the shorter arc.
    across = np.where(turn == 0, 0.0, np.where(h1 + h2 < 360, 360.0, -360.0))
    hue = (h1 + h2 + across) / 2
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = (
        1.0
        - 0.17 * _cos(hue - 30)
        + 0.24 * _cos(2 * hue)
        + 0.32 * _cos(3 * hue + 6)
        - 0.20 * _cos(4 * hue - 63)
    )
    bow = (lightness - 50) ** 2
    in_lightness = (l2 - l1) / (1 + 0.015 * bow / np.sqrt(20 + bow))
    in_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    in_hue = hue_step / (1 + 0.015 * chroma * weight)
    blue = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(_saturation(chroma)) * _sin(2 * blue)
    square = in_lightness**2 + in_chroma**2 + in_hue**2 + rotation * in_chroma * in_hue
    return np.sqrt(square)


def _cylinders(first: LabColors, second: LabColors) -> list[tuple[Plane, Plane, Plane]]:
    """Lightness, chroma C' and hue h' [degrees, 0 to 360] of both (equations 2 to 7)."""
    l1, a1, b1 = np.moveaxis(np.asarray(first, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(second, np.float64), -1, 0)
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(_saturation(chroma)))
    return [
        (light, np.hypot(stretch * a, b), np.degrees(np.arctan2(b, stretch * a)) % 360)
        for light, a, b in ((l1, a1, b1), (l2, a2, b2))
    ]


def _saturation(chroma: Plane) -> Plane:
    """`C^7 / (C^7 + 25^7)`: 0 for grays, 1 for the strongest colours."""
    power = chroma**7
    saturation: Plane = power / (power + 25.0**7)
    return saturation


def _sin(degrees: Plane) -> Plane:
    """Sine of an angle in degrees."""
    return np.sin(np.radians(degrees))


def _cos(degrees: Plane) -> Plane:
    """Cosine of an angle in degrees."""
    return np.cos(np.radians(degrees))
