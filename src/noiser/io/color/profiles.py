"""Colour profiles: those that noiser writes, and those that a file names without having one."""

import io
import struct
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from noiser.core.errors import DecodeError, sentence
from noiser.io.color import icc

BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
"""Chromaticities of sRGB's primaries (ITU-R BT.709)."""

USUAL = ((0.3127, 0.3290), *BT709)
"""Chromaticities of sRGB's white, D65, and its primaries."""

PRIMARIES = {
    1: BT709,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
"""By number (ITU-T H.273, table 2): BT.709, BT.2020 and Display P3."""

CURVES: dict[int, tuple[float, ...]] = {4: (2.2,), 5: (2.8,), 8: (1.0,)}
"""Gamma by number (ITU-T H.273, table 3). Those of television are shown like sRGB's, 13."""

BRIGHT = {16: "PQ", 18: "HLG"}
"""Curves of displays that are brighter than paper white; no profile can say them."""

SRGB = icc.rgb_profile("sRGB", BT709, icc.SRGB_CURVE)
"""The profile that converted pictures get."""

SRGB_GRAY = icc.gray_profile("Gray with sRGB's curve", icc.SRGB_CURVE)
"""The profile that converted gray pictures get."""

ADOBE_RGB = icc.rgb_profile(
    "Compatible with Adobe RGB (1998)", ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), (563 / 256,)
)
"""For cameras' files that name this space in their EXIF alone (DCF 2.0)."""


def is_srgb(profile: bytes, curve: tuple[float, ...] = icc.SRGB_CURVE) -> bool:
    """Tell whether a profile says no more than sRGB, or gray of its kind, on a curve."""
    found, usual = icc.parse(profile), icc.parse(icc.rgb_profile("", BT709, curve))
    if found is None or usual is None or not has_curve(profile, curve):
        return False
    if found.primaries is None or usual.primaries is None:
        return True
    return bool(np.allclose(found.primaries, usual.primaries, atol=2e-3))


def has_curve(profile: bytes, curve: tuple[float, ...] = icc.SRGB_CURVE) -> bool:
    """Tell whether a simple profile has a curve, whatever its primaries are."""
    found, usual = icc.parse(profile), icc.parse(icc.gray_profile("", curve))
    if found is None or usual is None:
        return False
    return bool(np.allclose(found.curves, usual.curves[0], atol=1e-3))


def profile_by_codes(primaries: int, curve: int) -> tuple[bytes | None, str | None]:
    """Give the profile that two numbers of H.273 stand for.

    Returns:
        The profile, None where sRGB is near enough; and what the user should know.
    """
    if curve in BRIGHT:
        return None, f"its colours are {BRIGHT[curve]}; they were enhanced as if they were sRGB"
    if primaries not in PRIMARIES or (primaries == 1 and curve not in CURVES):
        return None, None
    name = f"H.273 primaries {primaries}, curve {curve}"
    return icc.rgb_profile(name, PRIMARIES[primaries], CURVES.get(curve, icc.SRGB_CURVE)), None


def profile_by_gamma(
    gamma: float | None, chromaticities: tuple[float, ...] | None, is_gray: bool
) -> bytes | None:
    """Give the profile that a PNG's gAMA and cHRM stand for; None where sRGB is near enough.

    Args:
        gamma: Of the encoding, as in the file: 0.45455 is nearly sRGB's, 1 is linear.
        chromaticities: x and y of white, red, green and blue.
        is_gray: Whether the picture has no colours.
    """
    if gamma is not None and not 0.2 <= gamma <= 5.0:
        return None
    is_usual = gamma is None or abs(gamma - 1 / 2.2) < 0.01
    curve = icc.SRGB_CURVE if is_usual or gamma is None else (1.0 / gamma,)
    if is_gray:
        return None if is_usual else icc.gray_profile("PNG's gamma", curve)
    points: tuple[tuple[float, float], ...] = USUAL
    if chromaticities is not None and len(chromaticities) == 8:
        points = tuple(zip(chromaticities[::2], chromaticities[1::2], strict=True))
    is_usual &= bool(np.allclose(points, USUAL, atol=0.005))
    if is_usual or not all(0.0 < x < 0.9 and 0.0 < y < 0.9 for x, y in points):
        return None
    try:
        return icc.rgb_profile("PNG's gamma and primaries", points[1:], curve, points[0])
    except (np.linalg.LinAlgError, struct.error):  # primaries on a line, or far out
        return None


def from_cmyk(image: Image.Image, metadata: dict[str, Any]) -> Image.Image:
    """Convert to sRGB, through the image's own profile where it has a sound one."""
    profile = metadata.pop("icc_profile", None)
    if profile is None:
        return image.convert("RGB")
    try:
        transform = ImageCms.buildTransform(
            opened_profile(profile), opened_profile(SRGB), "CMYK", "RGB"
        )
        converted = ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError) as error:
        raise DecodeError(f"damaged CMYK profile: {sentence(error)}") from error
    metadata["icc_profile"] = SRGB
    return converted or image.convert("RGB")


def opened_profile(profile: bytes) -> ImageCms.ImageCmsProfile:
    """Give a profile to little CMS."""
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))
