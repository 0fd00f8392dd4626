"""Photo: the pixels of an image file and what the file said about them."""

from dataclasses import dataclass, field
from typing import Any

from noiser.core.types import Pixels


@dataclass(frozen=True, eq=False)
class Photo:
    """The pixels of an image file, upright, and what the file said about them."""

    pixels: Pixels
    """uint8, uint16 or float32 [H,W] or [H,W,C], as the user sees it.

    Of any depth on the curve that is to be seen: floats, which files hold as linear light, are
    brought to the sRGB curve, in [0, 1].
    """

    format: str
    """Of the file that `encode` writes by default: the input's, or another if that is only read."""

    metadata: dict[str, Any] = field(default_factory=dict)
    """Arguments of Pillow's `save` for any format: exif, icc_profile, dpi, xmp."""

    encoding: dict[str, Any] = field(default_factory=dict)
    """Arguments of `save` for the same format: tables, subsampling, compression."""

    note: str | None = None
    """What the user should know of the conversion, if there was one."""

    bits: int | None = None
    """Of a colour in the file, where the pixels have room for more: 10 or 12."""

    quality: int | None = None
    """1 to 100, where one was asked for, of the formats that have it."""

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
