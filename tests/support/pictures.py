"""Makers of small pictures for tests of the edges."""

import io
from typing import Any

import numpy as np
from PIL import Image


def dark_rgb(height: int = 12, width: int = 16, seed: int = 0) -> np.ndarray:
    """A dark picture that no codec can confuse with its mirror image."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 60, width)[None, :, None] + np.linspace(0, 20, height)[:, None, None]
    return (ramp * [1.0, 0.8, 0.6] + rng.integers(0, 8, (height, width, 3))).astype(np.uint8)


def picture(mode: str = "RGB", height: int = 12, width: int = 16) -> Image.Image:
    """A PIL picture of any mode."""
    image = Image.fromarray(dark_rgb(height, width))
    if mode == "I;16":
        return Image.fromarray(dark_rgb(height, width)[..., 0].astype(np.uint16) * 251)
    if mode in ("RGBA", "LA"):
        alpha = Image.fromarray(np.arange(height * width, dtype=np.uint8).reshape(height, width))
        image.putalpha(alpha)
        return image if mode == "RGBA" else image.convert("LA")
    return image.convert(mode)


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()
