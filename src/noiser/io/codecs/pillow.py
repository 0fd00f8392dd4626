"""Encoding: what each format can hold, and 8-bit pictures written by Pillow."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from noiser.core.color import narrowed
from noiser.core.errors import OutputError
from noiser.io.limits import sentence
from noiser.io.metadata.embed import save_options
from noiser.io.photo import DEPTHS, Photo

LOSSY_QUALITY = 90
"""For WebP, AVIF, HEIC, and JPEGs made from another format; JPEGs keep their own tables."""

PNG_LEVEL = 4
"""Of zlib: files are 2 % larger than at 6, the usual, and take half the time."""

OPAQUE = ("JPEG", "BMP")
"""Formats without transparency: a BMP's fourth channel means nothing to most programs."""

KINDS = {8: "8 bits", 10: "10 bits", 12: "12 bits", 16: "16 bits", 32: "floats"}
"""Depths, as they are called."""


def check_holds(photo: Photo, format_: str) -> None:
    """Refuse what a format cannot hold.

    Args:
        photo: The picture; only its dtype, depth and channels count.
        format_: To write it in.

    Raises:
        OutputError: It is too deep for the format, or has transparency that it lacks.
    """
    if format_ in OPAQUE and photo.channels in (2, 4):
        choices = "PNG, WebP, TIFF, AVIF or HEIC" if photo.depth == 8 else "PNG or TIFF"
        raise OutputError(f"{format_} cannot hold transparency; choose {choices}")
    if photo.depth > DEPTHS[format_]:
        kind = KINDS.get(photo.depth, f"{photo.depth} bits")
        fitting = [name for name, depth in DEPTHS.items() if depth >= photo.depth]
        choices = " or ".join(fitting if len(fitting) < 3 else ["PNG", "TIFF"])
        raise OutputError(f"{format_} cannot hold {kind}; choose {choices}")


def encode_with_pillow(photo: Photo, format_: str) -> bytes:
    """Write an image file of 8 bits a colour, or of gray of 16 as PNG or TIFF.

    Args:
        photo: The pixels, the metadata, and the encoding where the format stays.
        format_: Any but HEIC.

    Returns:
        The whole file.

    Raises:
        OutputError: The format cannot hold the image.
    """
    check_holds(photo, format_)
    image = Image.fromarray(photo.pixels)
    if image.mode == "LA" and format_ not in ("PNG", "TIFF"):
        image = image.convert("RGBA")
    options = _options(photo, format_)
    buffer = io.BytesIO()
    try:
        image.save(buffer, format_, **options | save_options(photo.metadata, format_))
    except Exception as error:  # encoders raise what they don't document
        raise OutputError(f"cannot be written as {format_}: {sentence(error)}") from error
    return buffer.getvalue()


def _options(photo: Photo, format_: str) -> dict[str, Any]:
    """Say how to write it: as the input was, where the format stays."""
    options: dict[str, Any] = {}
    if format_ in ("JPEG", "WEBP", "AVIF"):
        options = {"quality": LOSSY_QUALITY}
    if format_ == photo.format:
        options = photo.encoding
    if format_ == "PNG":
        options = options | {"compress_level": PNG_LEVEL}
    return options


def reduced(photo: Photo, format_: str) -> Photo:
    """Bring a picture to the depth that a format holds, where its user chose that format.

    Args:
        photo: uint8, uint16 or float32.
        format_: Any that is written.

    Returns:
        The photo itself if it fits; else of uint16 or uint8, rounded to the nearest, with a note.
    """
    depth, most, metadata = photo.depth, DEPTHS[format_], photo.metadata
    if depth <= most:
        return photo
    bits = 16 if most == 16 else 10 if most == 12 else 8
    peak, dtype = (255, np.uint8) if bits == 8 else (65535, np.uint16)
    if photo.pixels.dtype == np.float32:
        pixels = np.rint(np.clip(photo.pixels, 0, 1) * np.float32(peak)).astype(dtype)
        note = f"linear floats were reduced to {bits} bits on the sRGB curve"
        if "icc_profile" in metadata:  # it describes linear light
            metadata = {k: v for k, v in metadata.items() if k != "icc_profile"}
            note += ", their profile was left out"
    else:
        pixels = narrowed(photo.pixels) if bits == 8 else photo.pixels
        note = f"{depth} bits were reduced to {bits}"
    if photo.above is not None:
        note += "; what was brighter than white is cut off"
    notes = [photo.note] if photo.note else []
    return replace(
        photo,
        pixels=pixels,
        note="; ".join([*notes, note]),
        bits=10 if bits == 10 else None,
        above=None,
        metadata=metadata,
    )
