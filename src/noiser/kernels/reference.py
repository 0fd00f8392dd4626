"""The NumPy kernel: measure and render in double precision, to be read and to be trusted.

Every sum is a chain of elementwise operations in a fixed order, never a matrix product,
so that here too any cut of an image gives the same bits.
"""

import math
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from noiser.color import luma, to_signed, to_unit
from noiser.folding import Folded
from noiser.looks import Look
from noiser.moments import TAPS, UNIT, UPPER, Moments
from noiser.types import Padding, Pixels, Region

Planes = NDArray[np.float64]
"""float64 [C,H,W]: an image or the hidden layer, channel by channel."""

EXACT_PIXELS = 1 << 20
"""Products are below 2^32, so this many add up exactly in a double's 53 bits [pixels]."""

PEAKS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
"""White of the integer formats; floats have 1."""

TINY = 1e-6
"""Keeps 0 / 0 out, far below any level [luma in [0, 1]]."""

_ERF = np.frompyfunc(math.erf, 1, 1)

name = "reference"
"""What `noiser info` calls this kernel."""


def measure(pixels: Pixels, region: Region, padding: Padding) -> Moments:
    """Sum up the values under the kernel, and their products, over a region.

    Args:
        pixels: uint8, uint16, float32 or float64 [H,W] or [H,W,C], sRGB.
        region: Rows and columns to measure; what lies around them is read where it is
            needed, and counts as it is.
        padding: What lies outside `pixels`.

    Returns:
        The region's moments, exact.
    """
    (top, bottom), (left, right) = _bounds(region)
    sums, products = np.zeros(TAPS, object), np.zeros((TAPS, TAPS), object)
    width = min(right - left, EXACT_PIXELS)
    height = EXACT_PIXELS // width
    for row, column in product(range(top, bottom, height), range(left, right, width)):
        rows = slice(row, min(row + height, bottom))
        columns = slice(column, min(column + width, right))
        lattice = np.rint(_signed(pixels, _grow((rows, columns), 1, None), padding) * UNIT)
        under = _patches(lattice).reshape(TAPS, -1)
        sums += under.sum(1).astype(np.int64)
        products += (under @ under.T).astype(np.int64)
    return Moments(
        padding,
        (bottom - top) * (right - left),
        tuple(int(s) for s in sums),
        tuple(int(p) for p in products[UPPER]),
    )


def render(pixels: Pixels, region: Region, folded: Folded, look: Look, out: Pixels) -> None:
    """Apply the folded network and the look to a region.

    Args:
        pixels: uint8, uint16, float32 or float64 [H,W] or [H,W,C], sRGB.
        region: Rows and columns to render.
        folded: The local filter.
        look: Its color and strength; the other knobs are in the filter already.
        out: Written; the region's size, and channels and dtype of `pixels`.
    """
    network = _network(pixels, region, folded)
    as_it_is = look.color == 0.0 and folded.black == 0.0
    enhanced = network if as_it_is else _develop(pixels, region, folded, look, network)
    _write(pixels[region], enhanced, look.strength, out)


def _network(pixels: Pixels, region: Region, folded: Folded) -> Planes:
    """Compute both convolutions: float64 [3,h,w] in [0, 1]."""
    inner = _grow(region, 1, pixels.shape)
    signed = _signed(pixels, _grow(inner, 1, None), folded.padding)
    centered = signed - (folded.center / 255)[:, None, None]
    hidden = _convolve(centered, folded.first_weight, folded.first_bias)
    hidden = 0.5 * hidden * (1.0 + np.asarray(_ERF(hidden / math.sqrt(2)), np.float64))
    missing = [
        (own.start - (want.start - 1), want.stop + 1 - own.stop)
        for own, want in zip(inner, region, strict=True)
    ]
    mode: Literal["constant", "edge"] = "constant" if folded.padding == "zero" else "edge"
    hidden = np.pad(hidden, ((0, 0), *missing), mode)
    output = _convolve(hidden, folded.second_weight, folded.second_bias)
    return np.asarray(to_unit(np.tanh(output)), np.float64)


def _develop(pixels: Pixels, region: Region, folded: Folded, look: Look, network: Planes) -> Planes:
    """Put the photo's own colours, and its own black, around the network's luma.

    The ratio of a colour to luma survives a change of exposure, so the photo's ratio is
    kept: `chroma = L (b - l) / (l + floor)`, with `b` the photo blurred by one pixel, `l`
    and `L` the luma of photo and network. It fades where luma nears the noise.

    The network moves the mean to gray and black with it. `l (1 + k) / (l + k)` brings
    black back to 0, leaves white, and hardly touches what is much brighter than `k`.
    """
    photo = to_unit(_signed(pixels, _grow(region, 1, None), folded.padding))
    binomial = np.outer([1, 2, 1], [1, 2, 1])[None, None] / 16.0
    blurred = np.stack([_convolve(plane[None], binomial, np.zeros(1))[0] for plane in photo])
    own, bright = luma(*blurred), luma(*network)
    gain = look.color * bright / (own + look.chroma_floor)
    chroma = gain * (blurred - own) + (1.0 - look.color) * (network - bright)
    # Where a colour would pass 1, all three move towards luma together: the hue stays.
    room = np.minimum((1.0 - bright) / np.maximum(chroma.max(0), TINY), 1.0)
    tone = (own + TINY) * (1.0 + folded.black) / (own + folded.black + TINY)
    return tone * (bright + room * chroma)  # type: ignore[no-any-return]


def _write(source: Pixels, enhanced: Planes, strength: float, out: Pixels) -> None:
    """Mix in the input, round, and copy alpha."""
    channels = 1 if source.ndim == 2 else source.shape[2]
    colors = 3 if channels >= 3 else 1
    if colors == 1:
        enhanced = luma(*enhanced)[None]
    peak = PEAKS.get(source.dtype, 1)
    source, out = np.atleast_3d(source), out.reshape(*out.shape[:2], channels)
    for c in range(colors):
        value = peak * np.clip(enhanced[c], 0.0, 1.0)
        value = strength * value + (1.0 - strength) * source[..., c]
        out[..., c] = np.rint(value) if peak > 1 else value
    out[..., colors:] = source[..., colors:]


def _signed(pixels: Pixels, region: Region, padding: Padding) -> Planes:
    """Read a region that may reach outside the image: float64 [3,h,w] in [-1, 1]."""
    height, width = pixels.shape[:2]
    rows, columns = (np.arange(s.start, s.stop) for s in region)
    read = pixels[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
    peak = PEAKS.get(pixels.dtype, 1)
    signed = to_signed(np.atleast_3d(read).astype(np.float64) / peak)
    planes = np.repeat(signed[..., :1], 3, 2) if signed.shape[2] < 3 else signed[..., :3]
    if padding == "zero":
        planes = planes * ((rows >= 0) & (rows < height))[:, None, None]
        planes = planes * ((columns >= 0) & (columns < width))[:, None]
    return np.asarray(planes.transpose(2, 0, 1), np.float64)


def _convolve(planes: Planes, weight: Planes, bias: Planes) -> Planes:
    """Correlate with a 3x3 kernel where it fits: [C,h+2,w+2] -> [K,h,w]."""
    patches = _patches(planes)
    flat = weight.reshape(len(weight), -1, 1, 1)
    total = np.broadcast_to(bias[:, None, None], (len(bias), *patches.shape[2:])).copy()
    for tap, plane in enumerate(patches.reshape(-1, *patches.shape[2:])):
        total += flat[:, tap] * plane
    return total


def _patches(planes: Planes) -> Planes:
    """Lay out the values under the kernel: [C,h+2,w+2] -> [C,9,h,w], row by row."""
    height, width = planes.shape[1] - 2, planes.shape[2] - 2
    shifts = [(dy, dx) for dy in range(3) for dx in range(3)]
    return np.stack([planes[:, dy : dy + height, dx : dx + width] for dy, dx in shifts], 1)


def _bounds(region: Region) -> list[tuple[int, int]]:
    """Take a region's slices apart."""
    return [(s.start, s.stop) for s in region]


def _grow(region: Region, by: int, shape: tuple[int, ...] | None) -> Region:
    """Widen a region on all sides, within the image where its shape is given."""
    rows, columns = (
        slice(
            s.start - by if shape is None else max(s.start - by, 0),
            s.stop + by if shape is None else min(s.stop + by, shape[axis]),
        )
        for axis, s in enumerate(region)
    )
    return rows, columns
