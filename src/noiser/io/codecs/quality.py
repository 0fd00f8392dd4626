"""Quality: how an output is encoded, as the input was or as its user chose."""

from typing import Any

from noiser.io.formats import LOSSY, LOSSY_QUALITY

OF_LOSS = ("qtables", "lossless")
"""What an input's encoding says of loss, where a quality takes its place."""


def encoding_for(
    format_: str, own_format: str, own: dict[str, Any], quality: int | None
) -> dict[str, Any]:
    """Say how a picture is encoded: as its file was, where the format stays.

    Args:
        format_: To be written.
        own_format: Of the picture's file.
        own: The encoding of that.
        quality: 1 to 100 where one was asked for.

    Returns:
        Arguments of the format's encoder.

    Example:
        >>> encoding_for("JPEG", "JPEG", {"qtables": {}, "subsampling": 0}, 80)
        {'subsampling': 0, 'quality': 80}
    """
    if format_ != own_format:
        own = {"quality": LOSSY_QUALITY} if format_ in LOSSY else {}
    return with_quality(own, format_, quality)


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
