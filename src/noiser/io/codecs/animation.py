"""Animations: WebP, PNG, GIF and AVIF of several frames, with their timing."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from noiser.core.adapters import pil_pixels
from noiser.core.errors import LimitError, UnsupportedError, encoding
from noiser.core.types import Pixels
from noiser.io.codecs import gif
from noiser.io.codecs.header import encoding_of, opened
from noiser.io.codecs.quality import encoding_for
from noiser.io.formats import LOSSY_QUALITY, avif_bits
from noiser.io.limits import MEGA, Limits
from noiser.io.metadata.embed import save_options
from noiser.io.metadata.orientation import turned
from noiser.io.metadata.read import read_metadata
from noiser.io.photo import Photo
from noiser.io.source import Source

FOREVER = 0
"""Times that an animation is played, by the number that most formats have for it."""

GIF_STEP = 10
"""GIF's unit of time [ms]; others are written in whole milliseconds."""


@dataclass(frozen=True, eq=False)
class Animation:
    """Several frames of one size and kind, and how long each is shown."""

    photo: Photo
    """The first frame, and what the file says of all: metadata, encoding."""

    frames: list[Pixels]
    """uint8, all of the first one's shape; upright."""

    durations: list[float]
    """How long each is shown [ms]; of a cover that is no frame, 0."""

    plays: int = FOREVER
    """How often it is played."""

    has_cover: bool = False
    """Whether a PNG's first picture is only for programs that show no animations."""


def count(format_: str, data: bytes, limits: Limits) -> int:
    """Count the frames, by their headers.

    Raises:
        ImageError: The file cannot be read.
    """
    with opened(io.BytesIO(data), format_, limits, may_move=True) as image:
        return int(getattr(image, "n_frames", 1))


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`; all frames count for the limit.

    Raises:
        LimitError: They are too many pixels together.
    """
    with opened(io.BytesIO(source.data), source.format, source.limits, may_move=True) as image:
        _check_all(image, source)
        return image.size


def memory_factor(_source: Source) -> int:
    """See `Codec`; of each frame."""
    return 1


def decode(_source: Source) -> Photo:
    """Refuse what is not one picture; see `read`.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError("several frames, which only noiser enhance takes")


def read(source: Source) -> Animation:
    """Read all frames, as they are shown: whole and upright.

    Raises:
        ImageError: It cannot be read, or its colours are deeper than 8 bits.
    """
    data, format_ = source.data, source.format
    if (bits := _bits(format_, data)) > 8:
        raise UnsupportedError(f"an animation of {bits} bits a colour; noiser reads those of 8")
    with opened(io.BytesIO(data), format_, source.limits, may_move=True) as image:
        _check_all(image, source)
        own = encoding_of(image, data)
        metadata = read_metadata(image, source.limits, io.BytesIO(data), notes=source.notes)
        orientation = int(metadata.pop("orientation", 1))
        has_cover = bool(image.info.get("default_image"))
        plays = _plays(image)
        frames, durations, starts = list[Pixels](), list[float](), list[float]()
        for number in range(source.parts):
            image.seek(number)
            image.load()
            frames.append(turned(_pixels(image), orientation))
            durations.append(float(image.info.get("duration") or 0))
            starts.append(float(image.info.get("timestamp") or 0))
    if format_ == "AVIF":  # whose durations Pillow rounds one by one
        durations = [b - a for a, b in pairwise(starts)] + durations[-1:]
    frames = _alike(frames)
    return Animation(Photo(frames[0], format_, metadata, own), frames, durations, plays, has_cover)


def encode(animation: Animation, format_: str) -> bytes:
    """Write an animation.

    Args:
        animation: Its metadata and encoding are the first frame's.
        format_: One of `formats.ANIMATED`.

    Returns:
        The whole file.

    Raises:
        OutputError: It cannot be written so.
    """
    frames, durations = animation.frames, animation.durations
    if animation.has_cover and format_ != "PNG":
        frames, durations = frames[1:], durations[1:]
    options = save_options(animation.photo.metadata, format_)
    if format_ == "GIF":
        images = gif.indexed(frames)
        if frames[0].ndim == 3 and frames[0].shape[2] in (2, 4):
            options["disposal"] = gif.UNSEEN
        options |= {"optimize": False} | _gif_loop(animation.plays)
    else:
        images = [_image(frame, format_) for frame in frames]
        options["loop"] = animation.plays
    if format_ == "PNG" and animation.has_cover:
        options["default_image"] = True
        durations = durations[1:]
    if format_ in ("WEBP", "AVIF"):
        photo = animation.photo
        own = encoding_for(format_, photo.format, photo.encoding, photo.quality)
        options |= own or {"quality": LOSSY_QUALITY}
    options["duration"] = whole(durations, GIF_STEP if format_ == "GIF" else 1)
    buffer = io.BytesIO()
    with encoding(format_):
        images[0].save(buffer, format_, save_all=True, append_images=images[1:], **options)
    return _with_alpha_told(buffer.getvalue(), frames, format_)


def _check_all(image: ImageFile.ImageFile, source: Source) -> None:
    """Refuse frames that are too many pixels together."""
    (width, height), most = image.size, source.limits.max_pixels
    pixels = width * height * source.parts
    if pixels > most:
        raise LimitError(
            f"{source.parts} frames of {width} x {height} pixels are {pixels / MEGA:.1f} "
            f"megapixels; the limit is {most / MEGA:g} (--max-megapixels raises it)"
        )


def _with_alpha_told(data: bytes, frames: list[Pixels], format_: str) -> bytes:
    """Let a WebP say that it has transparency, also where each frame covers what is seen of it.

    Its encoder cuts frames to what is seen, and looks for transparency in what is left.
    """
    if format_ != "WEBP" or frames[0].ndim == 2 or frames[0].shape[2] not in (2, 4):
        return data
    return data[:20] + bytes([data[20] | 0x10]) + data[21:]


def whole(durations: Sequence[float], step: int = 1) -> list[int]:
    """Round durations to whole steps so that their sums stay right.

    Example:
        >>> whole([100 / 3] * 4)
        [33, 34, 33, 33]
    """
    ends = [step * round(end / step) for end in accumulate(durations)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _pixels(image: ImageFile.ImageFile) -> Pixels:
    """Read the frame that was sought; what describes the palette of another one does not count."""
    frame: Image.Image = image
    if image.mode not in ("P", "L", "1") and "transparency" in image.info:
        frame = image.copy()
        del frame.info["transparency"]
    return pil_pixels(frame)


def _alike(frames: list[Pixels]) -> list[Pixels]:
    """Give all frames as many channels as those that have the most; alpha only if it hides."""
    if all(frame.ndim == 3 and frame.shape[2] in (2, 4) for frame in frames):
        if all(frame[..., -1].min() == 255 for frame in frames):
            return [np.ascontiguousarray(np.squeeze(frame[..., :-1])) for frame in frames]
        return frames
    channels = {frame.shape[2] if frame.ndim == 3 else 1 for frame in frames}
    if len(channels) == 1:
        return frames
    wanted = max(channels) if channels != {2, 3} else 4
    return [_widened(frame, wanted) for frame in frames]


def _widened(frame: Pixels, channels: int) -> Pixels:
    """Turn gray into RGB, and add an alpha that is opaque, as far as they lack."""
    if frame.ndim == 2:
        frame = frame[..., None]
    color, alpha = frame, np.full((*frame.shape[:2], 1), 255, frame.dtype)
    if frame.shape[2] in (2, 4):
        color, alpha = frame[..., :-1], frame[..., -1:]
    if channels > 2 and color.shape[2] == 1:
        color = np.repeat(color, 3, axis=2)
    return np.concatenate([color, alpha], axis=2) if channels in (2, 4) else color


def _image(frame: Pixels, format_: str) -> Image.Image:
    """Hand a frame to Pillow, in a mode that the format has."""
    image = Image.fromarray(frame)
    return image.convert("RGBA") if image.mode == "LA" and format_ != "PNG" else image


def _plays(image: Image.Image) -> int:
    """Read how often an animation is played; a GIF says how often it is repeated."""
    loop = image.info.get("loop")
    if image.format == "GIF":
        return 1 if loop is None else FOREVER if loop == 0 else int(loop) + 1
    return int(loop or FOREVER)


def _gif_loop(plays: int) -> dict[str, Any]:
    """Say how often a GIF is played; without a word it is once."""
    return {} if plays == 1 else {"loop": 0 if plays == FOREVER else plays - 1}


def _bits(format_: str, data: bytes) -> int:
    """Read the depth of a colour."""
    if format_ == "AVIF":
        return avif_bits(data)
    return data[24] if format_ == "PNG" else 8
