"""Describing: what a picture's file is, and how noiser made it, without decoding its pixels."""

from pathlib import Path
from typing import Any

from PIL import TiffImagePlugin

from noiser.errors import NoiserError, UnsupportedError
from noiser.io import icc
from noiser.io.attaching import NAMES
from noiser.io.files import open_regular
from noiser.io.gate import Limits, sniff
from noiser.io.images import opened, tiff_bits
from noiser.io.metadata import read_metadata
from noiser.io.settings import Settings, from_xmp


def describe(path: Path, limits: Limits) -> dict[str, Any]:
    """Tell what a file is.

    Args:
        path: A picture.
        limits: How large it may be.

    Returns:
        Format, width and height [pixels] as shown, bits a colour, the profile's name, the kinds of
        metadata, and the settings or None.

    Raises:
        ImageError: It is no picture that noiser reads.
    """
    metadata, facts = _read(path, limits)
    profile = metadata.get("icc_profile")
    settings = _settings(metadata)
    return facts | {
        "profile": None if profile is None else icc.name_of(profile) or "unnamed",
        "metadata": [name for kind, name in NAMES.items() if kind in metadata],
        "notes": list(metadata.get("notes", ())),
        "settings": None if settings is None else settings.facts(),
    }


def settings_in(path: Path, limits: Limits) -> Settings:
    """Read the settings that were written into a picture.

    Raises:
        ImageError: It is no picture that noiser reads, or has no settings.
    """
    try:
        settings = _settings(_read(path, limits)[0])
    except NoiserError as error:
        error.args = (f"{path}: {error}",)
        raise
    if settings is None:
        raise UnsupportedError(
            f"{path}: holds no settings; noiser enhance --embed-settings writes them"
        )
    return settings


def _settings(metadata: dict[str, Any]) -> Settings | None:
    return from_xmp(metadata.get("xmp"))


def _read(path: Path, limits: Limits) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a file's header and its metadata."""
    with open_regular(path) as file:
        head = file.read(64)
        with opened(file, limits, max_bits=64) as image:
            metadata = read_metadata(image, limits, file)
            width, height = image.size
            if metadata.get("orientation", 1) >= 5 and image.format != "TIFF":
                width, height = height, width
            bits = tiff_bits(image) if isinstance(image, TiffImagePlugin.TiffImageFile) else 8
            if sniff(head) == "PNG":
                bits = head[24]
            facts = {"format": sniff(head), "width": width, "height": height, "bits": bits}
    return metadata, facts
