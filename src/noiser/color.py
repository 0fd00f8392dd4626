"""Colour and range: luma, and the ways between bytes, [0, 1] and [-1, 1]."""

import numpy as np

from noiser.types import ByteImage, Plane, SignedImage, UnitImage

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in luma (ITU-R BT.601, 1982), on gamma-coded values."""


PEAKS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
"""White of the integer formats; floats have 1."""


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


def luma(red: Plane, green: Plane, blue: Plane) -> Plane:
    """Weigh three planes into one (BT.601).

    Example:
        >>> round(float(luma(np.float64(1), np.float64(0.5), np.float64(0))), 4)
        0.5925
    """
    weighed: Plane = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return weighed
