"""Bit depth and transparency: what each format can hold, and bringing a picture to it."""

from dataclasses import replace

import numpy as np

from noiser.core.color import PEAKS, narrowed
from noiser.core.errors import OutputError
from noiser.core.types import Pixels
from noiser.io.formats import DEPTHS, KINDS, OPAQUE
from noiser.io.photo import Photo

FLATTENED = "transparency was laid on white"
"""Said where a format has none, and something was to be seen through the picture."""

FLATTENED_ROWS = 64
"""Rows that are laid on white at a time [pixels]."""


def check_holds(photo: Photo, format_: str) -> None:
    """Refuse what a format cannot hold.

    Args:
        photo: The picture; only its dtype, depth and channels count.
        format_: To write it in.

    Raises:
        OutputError: It is too deep for the format, or has transparency that it lacks.
    """
    if format_ in OPAQUE and photo.channels in (2, 4):
        choices = "PNG, WebP, TIFF, AVIF, HEIC or JXL" if photo.depth == 8 else "PNG or TIFF"
        raise OutputError(f"{format_} cannot hold transparency; choose {choices}")
    if photo.depth > DEPTHS[format_]:
        kind = KINDS.get(photo.depth, f"{photo.depth} bits")
        fitting = [name for name, depth in DEPTHS.items() if depth >= photo.depth]
        choices = " or ".join(fitting if len(fitting) < 3 else ["PNG", "TIFF"])
        raise OutputError(f"{format_} cannot hold {kind}; choose {choices}")


def reduced(photo: Photo, format_: str) -> Photo:
    """Bring a picture to the depth that a format holds, where its user chose that format.

    Args:
        photo: uint8, uint16 or float32.
        format_: Any that is written.

    Returns:
        The photo itself if it fits; else of uint16 or uint8, rounded to the nearest, and laid on
        white where the format has no transparency, with a note.
    """
    if format_ in OPAQUE:
        photo = _opaque(photo)
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
    return replace(
        photo,
        pixels=pixels,
        note=_joined(photo.note, note),
        bits=10 if bits == 10 else None,
        above=None,
        metadata=metadata,
    )


def flattened(pixels: Pixels) -> Pixels:
    """Lay a picture on white: alpha * colour + (1 - alpha) * white, on the curve of the pixels.

    That is how browsers show it, which blend on the curve too. Any rows give those of the whole.

    Args:
        pixels: uint8, uint16 or float32 [H,W,2] or [H,W,4], alpha not multiplied in.

    Returns:
        The same dtype [H,W] or [H,W,3], integers rounded to the nearest.

    Example:
        >>> flattened(np.array([[[10, 255], [10, 0], [55, 51]]], np.uint8)).tolist()
        [[10, 255, 215]]
    """
    height, width, channels = pixels.shape
    made = np.empty((height, width, channels - 1), pixels.dtype)
    for top in range(0, height, FLATTENED_ROWS):
        rows = pixels[top : top + FLATTENED_ROWS]
        white = PEAKS.get(pixels.dtype, 1)
        wide = rows.astype(np.float32 if white == 1 else np.uint32)
        color, alpha = wide[..., :-1], wide[..., -1:]
        sum_ = color * alpha + white * (white - alpha)
        made[top : top + FLATTENED_ROWS] = sum_ if white == 1 else (sum_ + white // 2) // white
    return made[..., 0] if channels == 2 else made


def _opaque(photo: Photo) -> Photo:
    """Lay a picture on white; an alpha that is opaque everywhere, as screenshots have, goes."""
    if photo.channels not in (2, 4):
        return photo
    is_idle = photo.pixels[..., -1].min() == PEAKS.get(photo.pixels.dtype, 1)
    note = "transparency that hides nothing was left out" if is_idle else FLATTENED
    return replace(photo, pixels=flattened(photo.pixels), note=_joined(photo.note, note))


def _joined(earlier: str | None, note: str) -> str:
    """Say one thing after another."""
    return f"{earlier}; {note}" if earlier else note
