"""Samples of TIFFs beside 16 bits and single floats, brought to those."""

import io
from collections.abc import Callable

import numpy as np

from noiser.core.color import srgb_from_lab
from noiser.core.errors import DecodeError, UnsupportedError, extra, sentence
from noiser.core.types import Pixels, Plane

ROWS = 64
"""Rows that are converted at a time [pixels]."""

LAB_STEPS = np.array([100 / 32767, 1 / 256, 1 / 256])
"""L, a and b of libvips' Lab of 16 bits, a step of each."""


def brought(pixels: Pixels, *, is_lab: bool = False) -> tuple[Pixels, list[str]]:
    """Bring integers to uint16, where their white becomes 65535, and floats to float32.

    Args:
        pixels: [H,W] or [H,W,C] of int8, int16, uint16, int32, uint32, float32 or float64.
            The white of integers is the largest that their kind holds.
        is_lab: Whether they are int16 [H,W,3] of CIELAB, as libvips has it.

    Returns:
        uint16 or float32 of the same shape, and what the user should know.

    Raises:
        UnsupportedError: Of 32 bits only the lowest 16 are used: all would be black.
    """
    if is_lab:
        return _by_rows(pixels, lambda v: srgb_from_lab(v * LAB_STEPS)), [
            "Lab was converted to sRGB"
        ]
    if pixels.dtype == np.float64:
        return _as_single(pixels), ["floats of 64 bits became floats of 32"]
    if pixels.dtype in (np.uint16, np.float32):
        return pixels, []
    white = int(np.iinfo(pixels.dtype).max)
    notes = []
    if pixels.dtype.kind == "i":
        notes.append(f"signed integers became unsigned ones: {white} is white")
        if pixels.min() < 0:
            notes.append("values below 0 became 0")
    if white > 65535:
        if pixels.max() <= 65535:
            raise UnsupportedError(
                f"integers of 32 bits up to {max(int(pixels.max()), 0)}, of which {white} is "
                "white: all would be black; save them with 16 bits"
            )
        notes.append("32 bits became 16")
    return _by_rows(pixels, lambda v: np.clip(v / white, 0, 1)), notes


def doubles(data: bytes, page: int) -> Pixels:
    """Read floats of 64 bits, which libvips does not.

    Args:
        data: A TIFF.
        page: Its page that is the picture.

    Returns:
        float64 [H,W] or [H,W,C].

    Raises:
        UnsupportedError: They are compressed otherwise than by deflate or PackBits.
        DecodeError: The data is damaged.
        MissingExtraError: `noiser[io]` is not installed.
    """
    tifffile = extra("tifffile", "floats of 64 bits are read with tifffile", "io")
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            found = file.pages[page]
            pixels: Pixels = found.asarray(maxworkers=1)
            if getattr(found, "planarconfig", 1) == 2 and pixels.ndim == 3:
                pixels = np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
    except Exception as error:  # what it raises is not documented
        if "imagecodecs" in f"{error}":
            raise UnsupportedError(
                "floats of 64 bits, compressed; noiser reads those without compression, or "
                "with deflate"
            ) from error
        raise DecodeError(f"damaged TIFF data: {sentence(error)}") from error
    return pixels


def _as_single(pixels: Pixels) -> Pixels:
    """Round doubles; what is beyond single precision becomes infinite, and is refused later."""
    with np.errstate(over="ignore"):
        return pixels.astype(np.float32)


def _by_rows(pixels: Pixels, to_unit: Callable[[Plane], Plane]) -> Pixels:
    """Bring some rows at a time to [0, 1] in double precision, and round them to 16 bits."""
    made = np.empty(pixels.shape, np.uint16)
    for top in range(0, len(pixels), ROWS):
        made[top : top + ROWS] = np.rint(
            to_unit(pixels[top : top + ROWS].astype(np.float64)) * 65535
        )
    return made
