"""Colour and range: luma, the sRGB curve, and the ways between bytes, [0, 1] and [-1, 1]."""

from collections.abc import Callable

import numpy as np

from noiser.core.types import ByteImage, Pixels, Plane, SignedImage, UnitImage

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in luma (ITU-R BT.601, 1982), on gamma-coded values."""


PEAKS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
"""White of the integer formats; floats have 1."""

LAB_WHITE = (0.9642, 1.0, 0.8249)
"""Of the CIELAB that files hold: D50, in CIE XYZ (ICC.1:2022, section 6.3.4.3)."""

SRGB_FROM_D50 = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
"""From CIE XYZ under D50 to linear sRGB, whose white is D65: adapted by Bradford's matrix."""

CURVE_VALUES = 1 << 20
"""Values of which a curve holds doubles at a time."""


def to_signed(image: UnitImage) -> SignedImage:
    """Move [0, 1] to [-1, 1].

    Args:
        image: float [H,W,3] in [0, 1], sRGB.

    Returns:
        float [H,W,3] in [-1, 1], sRGB.

    Example:
        >>> to_signed(np.array([0.0, 0.5, 1.0])).tolist()
        [-1.0, 0.0, 1.0]
    """
    return 2.0 * image - 1.0


def to_unit(image: SignedImage) -> UnitImage:
    """Move [-1, 1] to [0, 1].

    Args:
        image: float [H,W,3] in [-1, 1], sRGB.

    Returns:
        float [H,W,3] in [0, 1], sRGB.

    Example:
        >>> to_unit(np.array([-1.0, 0.0, 1.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return (image + 1.0) / 2.0


def to_bytes(image: UnitImage) -> ByteImage:
    """Round [0, 1] to 8 bits, half to even; values outside are clipped.

    Args:
        image: float [H,W,3] in [0, 1], sRGB.

    Returns:
        uint8 [H,W,3] in [0, 255], sRGB.

    Example:
        >>> to_bytes(np.array([-0.1, 0.5, 1.0])).tolist()
        [0, 128, 255]
    """
    rounded: ByteImage = np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)
    return rounded


def narrowed(image: Pixels) -> ByteImage:
    """Round 16 bits to 8: the nearest of v * 255 / 65535; there are no halves.

    Args:
        image: uint16 of any shape.

    Returns:
        uint8 of the same shape.

    Example:
        >>> narrowed(np.array([0, 128, 129, 65407, 65535], np.uint16)).tolist()
        [0, 0, 1, 255, 255]
    """
    rounded: ByteImage = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return rounded


def srgb_from_linear(light: Pixels) -> Pixels:
    r"""Bring linear light to the sRGB curve (IEC 61966-2-1:1999, section 5.2).

    .. math::
        v = 12.92\,l \text{ for } l \le 0.0031308, \quad v = 1.055\,l^{1/2.4} - 0.055 \text{ above}

    Args:
        light: float, of any shape, in [0, 1]; computed in float64 by rows.

    Returns:
        The same shape and dtype, in [0, 1].

    Example:
        >>> srgb_from_linear(np.array([0.0, 0.0031308, 0.5, 1.0])).round(6).tolist()
        [0.0, 0.04045, 0.735357, 1.0]
    """

    def curve(l64: Plane) -> Plane:
        return np.where(l64 <= 0.0031308, 12.92 * l64, 1.055 * l64 ** (1 / 2.4) - 0.055)

    return _by_rows(light, curve)


def linear_from_srgb(image: Pixels) -> Pixels:
    r"""Bring values on the sRGB curve to linear light (IEC 61966-2-1:1999, section 5.2).

    .. math::
        l = v / 12.92 \text{ for } v \le 0.04045, \quad
        l = ((v + 0.055) / 1.055)^{2.4} \text{ above}

    Args:
        image: float, of any shape, in [0, 1]; computed in float64 by rows.

    Returns:
        The same shape and dtype, in [0, 1].

    Example:
        >>> linear_from_srgb(np.array([0.0, 0.04045, 0.5, 1.0])).round(6).tolist()
        [0.0, 0.003131, 0.214041, 1.0]
    """

    def curve(v64: Plane) -> Plane:
        return np.where(v64 <= 0.04045, v64 / 12.92, ((v64 + 0.055) / 1.055) ** 2.4)

    return _by_rows(image, curve)


def srgb_from_lab(lab: Pixels) -> Pixels:
    r"""Bring CIELAB to sRGB (CIE 15:2004, section 8.2.1; its white is D50, as in files).

    .. math::
        X = X_w f((L + 16) / 116 + a / 500), \quad Y = Y_w f((L + 16) / 116), \quad
        Z = Z_w f((L + 16) / 116 - b / 200), \quad f(t) = t^3 \text{ above } 6/29

    Args:
        lab: float [...,3]: L in [0, 100], a and b within about [-128, 128].

    Returns:
        The same shape and dtype, sRGB; colours outside of it are clipped to [0, 1].

    Example:
        >>> srgb_from_lab(np.array([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]])).round(3).tolist()
        [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """

    def convert(lab64: Plane) -> Plane:
        middle = (lab64[..., 0] + 16) / 116
        roots = np.stack(
            [middle + lab64[..., 1] / 500, middle, middle - lab64[..., 2] / 200], axis=-1
        )
        xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 108 / 841) * LAB_WHITE
        return srgb_from_linear(np.clip(xyz @ np.transpose(SRGB_FROM_D50), 0, 1))

    return _by_rows(lab, convert)


def _by_rows(image: Pixels, curve: Callable[[Plane], Plane]) -> Pixels:
    """Apply a curve in double precision to some rows at a time."""
    made = np.empty_like(image)
    step = max(CURVE_VALUES // max(image[:1].size, 1), 1)
    for top in range(0, len(image), step):
        made[top : top + step] = curve(image[top : top + step].astype(np.float64))
    return made


def luma(red: Plane, green: Plane, blue: Plane) -> Plane:
    """Weigh three planes into one (BT.601).

    Example:
        >>> round(float(luma(np.float64(1), np.float64(0.5), np.float64(0))), 4)
        0.5925
    """
    weighed: Plane = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return weighed
