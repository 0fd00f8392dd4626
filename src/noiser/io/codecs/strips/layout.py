"""Layout: what has to be known of a picture before its first row is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from noiser.core.errors import OutputError
from noiser.core.types import Pixels
from noiser.io.codecs.bit_depth import check_holds
from noiser.io.photo import Photo

JPEG_SIDE = 65_500
"""Width or height at most: libjpeg's own limit, in Pillow and nearly everywhere [pixels]."""

DEFLATE_LEVEL = 4
"""Of zlib, in PNG and TIFF: against 6, the default, files of photographs are 6 % larger, and
compressed 4.5 times as fast (256 x 256 tiles of assets/night.jpg)."""


@dataclass(frozen=True, eq=False)
class Layout:
    """What has to be known of a picture before its first row is written."""

    format: str
    """`JPEG`, `PNG` or `TIFF`."""

    width: int
    """In pixels."""

    height: int
    """In pixels."""

    channels: int
    """1 gray, 2 with alpha, 3 RGB, 4 with alpha."""

    dtype: np.dtype[Any]
    """uint8 or uint16."""

    metadata: dict[str, Any] = field(default_factory=dict)
    """As in `Photo`."""

    encoding: dict[str, Any] = field(default_factory=dict)
    """As in `StripReader`, where the format stays; else empty."""

    is_own: bool = False
    """Whether the metadata come from a file of the same format."""

    @property
    def row_bytes(self) -> int:
        """Of a row of pixels [bytes]."""
        return self.width * self.channels * self.dtype.itemsize


def check_layout(layout: Layout) -> None:
    """Refuse what the format cannot hold, before any work is done.

    Raises:
        OutputError: The format is not written in strips, or cannot hold such a picture.
    """
    if layout.format not in ("JPEG", "PNG", "TIFF"):
        raise OutputError(f"{layout.format} is not written in strips; choose JPEG, PNG or TIFF")
    shape = (1, 1) if layout.channels == 1 else (1, 1, layout.channels)
    check_holds(Photo(np.zeros(shape, layout.dtype), layout.format), layout.format)
    if layout.format == "JPEG" and max(layout.width, layout.height) > JPEG_SIDE:
        raise OutputError(
            f"JPEG cannot hold {layout.width} x {layout.height} pixels, but {JPEG_SIDE} a "
            "side; choose PNG or TIFF"
        )


def blocks(strips: Iterable[Pixels], rows: int) -> Iterator[Pixels]:
    """Cut strips anew, into blocks of so many rows each, but for the last.

    Example:
        >>> [len(b) for b in blocks([np.zeros((n, 1)) for n in (2, 5, 1)], 3)]
        [3, 3, 2]
    """
    waiting: list[Pixels] = []
    missing = rows
    for strip in strips:
        while len(strip) >= missing:
            waiting.append(strip[:missing])
            yield waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
            strip, waiting, missing = strip[missing:], [], rows  # noqa: PLW2901
        if len(strip):
            waiting.append(strip)
            missing -= len(strip)
    if waiting:
        yield np.concatenate(waiting)
