"""Limits: how large an input may be, checked before its pixels are decoded."""

from dataclasses import dataclass

from noiser.core.errors import DecodeError, LimitError

MEGA = 1_000_000


@dataclass(frozen=True)
class Limits:
    """How large an input may be; all are checked before pixels are decoded.

    Raises:
        ValueError: A limit is below 1.
    """

    max_pixels: int = 80 * MEGA
    """Width times height [pixels]."""

    max_whole_pixels: int = 80 * MEGA
    """Up to here a picture is taken whole, with about 7 bytes of memory for each pixel; above,
    in strips, as far as its format can [pixels]."""

    max_held_bytes: int = 1 << 30
    """What a decoder may hold of a picture in strips: all of a progressive JPEG [bytes]."""

    max_side: int = 65_535
    """Width or height [pixels]; JPEG's own limit."""

    max_file_bytes: int = 1 << 30
    """Size of the file [bytes]."""

    max_scans: int = 100
    """Scans of a progressive JPEG: each costs a decoding of the whole picture."""

    max_profile_bytes: int = 4 << 20
    """ICC profile, EXIF, XMP, IPTC, and all texts of a PNG together: each [bytes]."""

    def __post_init__(self) -> None:
        """Refuse limits that nothing can pass."""
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse an image that is too large, or empty.

    Raises:
        LimitError: A side or the number of pixels is above its limit.
        DecodeError: There are no pixels.
    """
    if width < 1 or height < 1:
        raise DecodeError(f"{width} x {height} pixels; there is nothing to enhance")
    if max(width, height) > limits.max_side:
        raise LimitError(
            f"{width} x {height} pixels; the limit is {limits.max_side} pixels a side "
            "(--max-megapixels above its default raises it)"
        )
    if width * height > limits.max_pixels:
        raise LimitError(
            f"{width} x {height} pixels are {width * height / MEGA:.1f} megapixels; "
            f"the limit is {limits.max_pixels / MEGA:g} (--max-megapixels raises it)"
        )
