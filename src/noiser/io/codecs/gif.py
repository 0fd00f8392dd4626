"""GIF: pictures and animations in 256 colours, the same ones for all frames."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from noiser.core.errors import OutputError, encoding
from noiser.core.types import Pixels
from noiser.io.metadata.embed import save_options
from noiser.io.photo import Photo

COLOURS = 256
"""Of a palette, transparency counted."""

SAMPLED_PIXELS = 1 << 20
"""Of all frames together, of which the palette is made."""

UNSEEN = 2
"""GIF's number of a frame that is cleared before the next one."""


def encode(photo: Photo, _format: str = "GIF") -> bytes:
    """Write a GIF of one picture.

    Args:
        photo: uint8; RGB is brought to the 256 colours that suit it best, without dithering.

    Returns:
        The whole file.

    Raises:
        OutputError: Some of it is half transparent, or it cannot be written so.
    """
    (image,) = indexed([photo.pixels])
    buffer = io.BytesIO()
    with encoding("GIF"):
        image.save(buffer, "GIF", **save_options(photo.metadata, "GIF"))
    return buffer.getvalue()


def indexed(frames: Sequence[Pixels]) -> list[Image.Image]:
    """Give frames one palette, so that what does not move does not change either.

    Dithering would let it: it carries the error of each pixel to those after it.

    Args:
        frames: uint8 of one size and kind, [H,W], or [H,W,C] of 2 to 4 channels.

    Returns:
        Images of the mode L, or P with the transparency in their `info`.

    Raises:
        OutputError: Some of them is half transparent.
    """
    first = frames[0]
    if first.ndim == 2:
        return [Image.fromarray(frame) for frame in frames]
    has_alpha = first.shape[2] in (2, 4)
    if has_alpha and any(np.any((f[..., -1] > 0) & (f[..., -1] < 255)) for f in frames):
        raise OutputError("GIF cannot hold what is half transparent; choose PNG or WebP")
    palette = _palette(frames, COLOURS - has_alpha)
    return [_with_palette(frame, palette, COLOURS - 1 if has_alpha else None) for frame in frames]


def _palette(frames: Sequence[Pixels], colours: int) -> Image.Image:
    """Choose colours by the pixels of all frames that are seen."""
    step = max(sum(frame.shape[0] * frame.shape[1] for frame in frames) // SAMPLED_PIXELS, 1)
    samples = []
    for frame in frames:
        pixels = _colors(frame).reshape(-1, 3)
        if frame.shape[2] in (2, 4):
            pixels = pixels[frame[..., -1].ravel() == 255]
        samples.append(pixels[::step])
    chosen = np.concatenate(samples)
    if not len(chosen):
        chosen = np.zeros((1, 3), np.uint8)
    return Image.fromarray(np.ascontiguousarray(chosen[None])).quantize(
        colours, Image.Quantize.MEDIANCUT
    )


def _with_palette(frame: Pixels, palette: Image.Image, unseen: int | None) -> Image.Image:
    """Give each pixel the nearest colour, or the one that stands for transparency."""
    image = Image.fromarray(np.ascontiguousarray(_colors(frame))).quantize(
        palette=palette, dither=Image.Dither.NONE
    )
    if unseen is None:
        return image
    indices = np.where(frame[..., -1] == 0, np.uint8(unseen), np.asarray(image))
    made = Image.fromarray(indices, "P")
    made.putpalette(image.getpalette() or [])
    made.info["transparency"] = unseen
    return made


def _colors(frame: Pixels) -> Pixels:
    """View the colours of a frame; gray becomes RGB."""
    return frame[..., :3] if frame.shape[2] > 2 else np.repeat(frame[..., :1], 3, axis=2)
