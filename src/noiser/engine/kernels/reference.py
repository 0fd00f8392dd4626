"""The NumPy kernel: measure and render in double precision, to be read and to be trusted.

Every sum is a chain of elementwise operations in a fixed order, never a matrix product,
so that here too any cut of an image gives the same bits.
"""

from functools import reduce
from itertools import product
from operator import add
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import PEAKS, luma, to_signed, to_unit
from noiser.core.types import Padding, Pixels, Region
from noiser.engine.kernels.denoise import BAND_HALO, Planes, Scene, all_three, taken_apart
from noiser.look.fold import NETWORK_HALO, Folded
from noiser.look.render_params import Adjustments, RenderParams
from noiser.look.tone_curve import TINY
from noiser.model.network import gelu
from noiser.statistics.light_grid import TONES, LightGrid, counted
from noiser.statistics.moments import (
    GRAIN_BINS,
    GRAIN_LEVELS,
    GRAIN_STEP,
    INTEGER_LUMA,
    TAPS,
    UNIT,
    UPPER,
    Moments,
)

Bins = NDArray[np.int64]
"""int64 [h,w]: where a pixel counts in a histogram."""

EXACT_PIXELS = 1 << 20
"""Products are below 2^32, so this many add up exactly in a double's 53 bits [pixels]."""

LEAST_CHROMA = 1e-6
"""Keeps x / 0 out, far below any level."""

INNER = np.s_[..., NETWORK_HALO:-NETWORK_HALO, NETWORK_HALO:-NETWORK_HALO]
"""What is left of planes that the network reads."""

name = "reference"
"""What `noiser info` calls this kernel."""


def measure(
    pixels: Pixels, region: Region, padding: Padding, origin: tuple[int, int] | None = None
) -> Moments:
    """Sum up the values under the kernel, and their products, over a region.

    Args:
        pixels: uint8, uint16, float32 or float64 [H,W] or [H,W,C], sRGB.
        region: Rows and columns to measure; what lies around them is read where it is
            needed, and counts as it is.
        padding: What lies outside `pixels`.
        origin: Row and column of `pixels[0, 0]` in the whole picture [pixels]; with it the grid
            of light is counted too.

    Returns:
        The region's moments, exact.
    """
    (top, bottom), (left, right) = _bounds(region)
    sums, products = np.zeros(TAPS, object), np.zeros((TAPS, TAPS), object)
    tones = np.zeros(TONES, np.int64)
    grain = np.zeros((len(GRAIN_LEVELS) + 1) * GRAIN_BINS, np.int64)
    grids = list[LightGrid]()
    width = min(right - left, EXACT_PIXELS)
    height = EXACT_PIXELS // width
    for row, column in product(range(top, bottom, height), range(left, right, width)):
        rows = slice(row, min(row + height, bottom))
        columns = slice(column, min(column + width, right))
        lattice = np.rint(_signed(pixels, _grow((rows, columns), 1, None), padding) * UNIT)
        under = _patches(lattice).reshape(TAPS, -1)
        sums += under.sum(1).astype(np.int64)
        products += (under @ under.T).astype(np.int64)
        levels, sizes = _tones_and_grain(pixels, (rows, columns))
        tones += np.bincount(levels.ravel(), minlength=tones.size)
        grain += np.bincount(sizes.ravel(), minlength=grain.size)
        if origin is not None:
            grids.append(counted(levels, (rows, columns), origin))
    return Moments(
        padding,
        (bottom - top) * (right - left),
        tuple(int(s) for s in sums),
        tuple(int(p) for p in products[UPPER]),
        tuple(tones.tolist()),
        tuple(grain.tolist()),
        reduce(add, grids) if grids else None,
    )


def _tones_and_grain(pixels: Pixels, region: Region) -> tuple[Bins, Bins]:
    """Find the tone and the size of the grain of each pixel, in integers."""
    lattice = np.rint(_signed(pixels, _grow(region, 1, None), "replicate") * UNIT).astype(np.int64)
    red, green, blue = (weight * plane for weight, plane in zip(INTEGER_LUMA, lattice, strict=True))
    brightness = red + green + blue
    soft, bent = brightness, brightness
    for _ in range(2):
        soft = (soft[:-2] + 2 * soft[1:-1] + soft[2:]).T
        bent = (bent[:-2] - 2 * bent[1:-1] + bent[2:]).T
    # One 8-bit level is 2 * 257 * 256 of the lattice's luma, a tone a quarter of it; the blur
    # multiplies by 16.
    tones = (soft + 16 * 256 * UNIT) // (8 * 257 * 256)
    sizes = (abs(bent) // (2 * 257) + GRAIN_STEP).astype(np.float32)
    # Four bins an octave: a float's exponent and the first two bits of its fraction.
    bins = (sizes.view(np.int32) >> 21) - (np.float32(GRAIN_STEP).view(np.int32) >> 21)
    classes = sum((tones >= 4 * level).astype(np.int64) for level in GRAIN_LEVELS)
    grain = classes * GRAIN_BINS + np.minimum(bins, GRAIN_BINS - 1)
    return tones, grain


def render(
    pixels: Pixels,
    region: Region,
    params: RenderParams,
    out: Pixels,
    origin: tuple[int, int] = (0, 0),
) -> None:
    """Apply the folded network and the look to a region.

    Args:
        pixels: uint8, uint16, float32 or float64 [H,W] or [H,W,C], sRGB.
        region: Rows and columns to render.
        params: The folded network, and what is done with its output.
        out: Written; the region's size, and channels and dtype of `pixels`.
        origin: Row and column of `pixels[0, 0]` in the whole picture [pixels].
    """
    folded, adjustments = params
    extended = _grow(region, NETWORK_HALO, None)
    if not adjustments.develops:
        signed = _signed(pixels, extended, folded.padding)
        enhanced = _network(pixels, region, signed, folded)
    else:
        around = _signed(pixels, _grow(extended, BAND_HALO, None), folded.padding)
        scene = taken_apart(np.asarray(to_unit(around), np.float64), adjustments)
        signed = np.asarray(to_signed(scene.quiet), np.float64)
        lift = adjustments.lift
        raised = (
            lift.at(np.maximum(luma(*scene.quiet[INNER]), 0.0), region, origin) if lift else 0.0
        )
        network = _network(pixels, region, signed, folded, raised)
        enhanced = _develop(scene, adjustments, network)
    _write(pixels[region], enhanced, adjustments.strength, out)


def _network(
    pixels: Pixels,
    region: Region,
    signed: Planes,
    folded: Folded,
    raised: Planes | float = 0.0,
) -> Planes:
    """Compute both convolutions: float64 [3,h,w] in [0, 1], from `signed` [3,h+4,w+4]."""
    inner = _grow(region, 1, pixels.shape)
    centered = signed - (folded.center / 255)[:, None, None]
    missing = [
        (own.start - (want.start - 1), want.stop + 1 - own.stop)
        for own, want in zip(inner, region, strict=True)
    ]
    (above, below), (before, after) = missing
    height, width = centered.shape[1:]
    part = centered[:, above : height - below, before : width - after]
    hidden = gelu(_convolve(part, folded.first_weight, folded.first_bias))
    mode: Literal["constant", "edge"] = "constant" if folded.padding == "zero" else "edge"
    hidden = np.pad(hidden, ((0, 0), *missing), mode)
    output = _convolve(hidden, folded.second_weight, folded.second_bias)
    return np.asarray(to_unit(np.tanh(output + raised)), np.float64)


def _develop(scene: Scene, adjustments: Adjustments, network: Planes) -> Planes:
    r"""Put the photo's own black, highlights, detail and colours around the network's luma.

    With `T` the network's luma, `l` the scene's and `k` the black point,

    .. math::
        L = \left(1 - \sqrt{(1 - T)\,((1 - h)(1 - T) + h (1 - l))}\right)
            \frac{l^2 (1 + k^2)}{l^2 + k^2}

    At `h = 1` what is missing to white is the geometric mean of what is missing in network
    and photo: dark tones follow the network, lamps keep the photo's drawing. The fraction
    brings black back and leaves white.

    The ratio of a colour to luma survives a change of exposure, so the photo's ratio is
    kept: `L / (l + floor)` multiplies its chroma, less the tint, and its detail, and fades in
    the noise. What chroma the network makes is added.
    """
    light, own, detail = scene.light[INNER], scene.chroma[INNER], scene.detail[INNER]
    bright = luma(*network)
    missing = np.maximum(1.0 - bright, 0.0)
    both = missing + adjustments.highlights * (np.maximum(1.0 - light, 0.0) - missing)
    square, black = light**2, adjustments.black**2
    tone = (square * (1.0 + black) + TINY) / (square + black + TINY)
    level = (1.0 - np.sqrt(missing * both)) * tone
    gain = adjustments.color * level / (light + adjustments.chroma_floor)
    chroma = gain * (own - _tint(light, adjustments)) + tone * (network - bright)
    level = level + level / (light + adjustments.detail_floor) * detail
    # Where a colour would pass 1 it gives up half in saturation, half in brightness; the hue
    # stays.
    most = np.maximum(chroma.max(0), LEAST_CHROMA)
    room = np.minimum(np.maximum(1.0 - level, 0.0) / most, 1.0)
    dimmed = np.minimum(2.0 / (1.0 + level + most), 1.0)
    return np.asarray(dimmed * (level + (0.5 + 0.5 * room) * chroma), np.float64)


def _tint(light: Planes, adjustments: Adjustments) -> Planes:
    """Compute what the photo's tint adds to a gray of its luma: float64 [3,h,w]."""
    red, blue = (share * light for share in adjustments.cast)
    return all_three(np.stack([red, blue]))


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
