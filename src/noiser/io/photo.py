"""Photo: the pixels of an image file and what the file said about them."""

from dataclasses import dataclass, field
from typing import Any

from noiser.core.types import Pixels

SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG",
    ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".dib": "BMP",
    ".avif": "AVIF", ".heic": "HEIC", ".heif": "HEIC", ".hif": "HEIC",
}  # fmt: skip
"""Formats by the suffix of a file that is to be written; the first of each is its own."""

RAW_SUFFIXES = frozenset({
    ".3fr", ".ari", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq",
    ".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2",
    ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})  # fmt: skip
"""Suffixes of camera raws, which are read and never written."""

DEPTHS = {"JPEG": 8, "WEBP": 8, "BMP": 8, "AVIF": 12, "HEIC": 12, "PNG": 16, "TIFF": 32}
"""The most bits of a colour that each format holds here; 32 are floats."""


def suffix_of(format_: str) -> str:
    """Give a format's own suffix.

    Example:
        >>> suffix_of("TIFF")
        '.tif'
    """
    return next(suffix for suffix, name in SUFFIXES.items() if name == format_)


@dataclass(frozen=True, eq=False)
class Photo:
    """The pixels of an image file, upright, and what the file said about them."""

    pixels: Pixels
    """uint8, uint16 or float32 [H,W] or [H,W,C], as the user sees it.

    Of any depth on the curve that is to be seen: floats, which files hold as linear light, are
    brought to the sRGB curve, in [0, 1].
    """

    format: str
    """Of the file that `encode` writes by default: the input's, or `TIFF` for a camera raw."""

    metadata: dict[str, Any] = field(default_factory=dict)
    """Arguments of Pillow's `save` for any format: exif, icc_profile, dpi, xmp."""

    encoding: dict[str, Any] = field(default_factory=dict)
    """Arguments of `save` for the same format: tables, subsampling, compression."""

    note: str | None = None
    """What the user should know of the conversion, if there was one."""

    bits: int | None = None
    """Of a colour in the file, where the pixels have room for more: 10 or 12."""

    above: Pixels | None = None
    """float32 of the pixels' shape: of linear light, the part above white; None is none."""

    @property
    def depth(self) -> int:
        """Bits of a colour: 8, 10, 12, 16, or 32 for floats."""
        return self.bits or 8 * self.pixels.dtype.itemsize

    @property
    def channels(self) -> int:
        """1 gray, 2 with alpha, 3 RGB, 4 with alpha."""
        return self.pixels.shape[2] if self.pixels.ndim == 3 else 1
