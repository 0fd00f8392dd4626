"""Describing: what a picture's file is, and how noiser made it, without decoding its pixels."""

import io
from pathlib import Path
from typing import Any

from PIL.ExifTags import Base as Tag

from noiser.core.errors import NoiserError, UnsupportedError
from noiser.io.codecs import multipage
from noiser.io.codecs.header import opened, tiff_bits
from noiser.io.codecs.high_bit_depth import is_lab, tiff_is_deep
from noiser.io.color import icc
from noiser.io.files import read_file
from noiser.io.formats import avif_bits
from noiser.io.image_file import CODECS, identify
from noiser.io.limits import Limits
from noiser.io.metadata.embed import NAMES
from noiser.io.metadata.embedded_settings import Settings, from_xmp
from noiser.io.metadata.read import read_metadata
from noiser.io.metadata.tiff_tags import Directory, each
from noiser.io.source import Source


def describe(path: Path, limits: Limits) -> dict[str, Any]:
    """Tell what a file is.

    Args:
        path: A picture.
        limits: How large it may be.

    Returns:
        Format, width and height [pixels] as shown, bits a colour, how many frames or pages there
        are if several, the profile's name, the kinds of metadata, and the settings or None. Of
        several pages it is the first that is described.

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
    """Read a file's metadata and its header; what has no header for Pillow is decoded."""
    data = read_file(path, limits.max_file_bytes)
    source = identify(data, limits, path.suffix)
    several = {}
    if source.parts > 1:
        several = {"pages" if source.format == "TIFF" else "frames": source.parts}
    if "pages" in several:
        source = identify(next(multipage.pages(data)), limits)
    metadata, facts = _read_one(source, limits)
    return metadata, facts | several


def _read_one(source: Source, limits: Limits) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what is said of one picture, or of all frames of an animation."""
    kind, tags, data = source.format, source.tags, source.data
    if kind in CODECS or (tags is not None and _is_unknown_to_pillow(tags)):
        photo = source.codec.decode(source)
        height, width = photo.pixels.shape[:2]
        name = "camera raw" if kind == "RAW" else kind
        bits = photo.depth if tags is None else max(each(tags, Tag.BitsPerSample, 1))
        bits = photo.depth if kind == "RAW" else bits
        facts = {"format": name, "width": width, "height": height, "bits": bits}
        return photo.metadata, facts
    with opened(io.BytesIO(data), kind, limits, max_bits=64, may_move=True) as image:
        metadata = read_metadata(image, limits, io.BytesIO(data), notes=source.notes)
        width, height = image.size
        if metadata.get("orientation", 1) >= 5 and image.format != "TIFF":
            width, height = height, width
        bits = max(tiff_bits(image), 8)
    bits = {"PNG": data[24], "AVIF": avif_bits(data)}.get(kind, bits)
    return metadata, {"format": kind, "width": width, "height": height, "bits": bits}


def _is_unknown_to_pillow(tags: Directory) -> bool:
    """Tell deep TIFFs beside those of unsigned integers of 16 bits, and gray with transparency."""
    bits = each(tags, Tag.BitsPerSample, 1)
    is_usual = set(bits) == {16} and set(each(tags, Tag.SampleFormat, 1)) == {1}
    return tiff_is_deep(tags) and not (is_usual and len(bits) != 2 and not is_lab(tags))
