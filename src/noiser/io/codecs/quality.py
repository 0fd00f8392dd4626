"""Quality: how an output is encoded, as the input was or as its user chose."""

from typing import Any

from noiser.io.formats import LOSSY, LOSSY_QUALITY
from noiser.io.photo import Photo

OF_LOSS = ("qtables", "lossless")
"""What an input's encoding says of loss, where a quality takes its place."""


def encoding_for(photo: Photo, format_: str) -> dict[str, Any]:
    """Say how a picture is encoded: as its file was, where the format stays.

    Args:
        photo: Its own encoding, and the quality that was asked for.
        format_: To be written.

    Returns:
        Arguments of the encoders.

    Example:
        >>> import numpy as np
        >>> own = {"qtables": {}, "subsampling": 0}
        >>> encoding_for(Photo(np.zeros((1, 1)), "JPEG", encoding=own, quality=80), "JPEG")
        {'subsampling': 0, 'quality': 80}
    """
    encoding = {"quality": LOSSY_QUALITY} if format_ in LOSSY else {}
    if format_ == photo.format:
        encoding = photo.encoding
    return with_quality(encoding, format_, photo.quality)


def with_quality(encoding: dict[str, Any], format_: str, quality: int | None) -> dict[str, Any]:
    """Let a quality that was asked for take the place of what an encoding says of loss.

    Args:
        encoding: Arguments of the format's encoder.
        format_: To be written; one that has no quality stays as it is.
        quality: 1 to 100, or None.
    """
    if quality is None or format_ not in LOSSY:
        return encoding
    return {name: v for name, v in encoding.items() if name not in OF_LOSS} | {"quality": quality}
