"""Profiles: sRGB's own, and the way from CMYK to sRGB."""

import io
from functools import cache
from typing import Any

from PIL import Image, ImageCms

from noiser.errors import DecodeError
from noiser.io.gate import sentence


@cache
def srgb_profile() -> bytes:
    """Make an ICC profile of sRGB: the same bytes whenever it is made."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[24:36] = bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # ICC.1, 7.2.8: the date
    made[84:100] = bytes(16)  # its checksum: none
    return bytes(made)


def from_cmyk(image: Image.Image, metadata: dict[str, Any]) -> Image.Image:
    """Convert to sRGB, through the image's own profile where it has a sound one.

    Args:
        image: CMYK.
        metadata: Its profile is replaced by sRGB's.

    Raises:
        DecodeError: Its profile is damaged.
    """
    profile = metadata.pop("icc_profile", None)
    if profile is None:
        return image.convert("RGB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(own, srgb, "CMYK", "RGB")
        converted = ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError) as error:
        raise DecodeError(f"damaged CMYK profile: {sentence(error)}") from error
    metadata["icc_profile"] = srgb_profile()
    return converted or image.convert("RGB")
