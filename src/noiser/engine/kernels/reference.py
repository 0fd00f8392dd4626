"""The NumPy kernel: measure and render in double precision, to be read and to be trusted.

Every sum is a chain of elementwise operations in a fixed order, never a matrix product,
so that here too any cut of an image gives the same bits.
"""

from functools import reduce
from itertools import product
from operator import add
from typing import Literal

import numpy as np

from noiser.core.color import PEAKS, luma, to_signed, to_unit
from noiser.core.types import Padding, Pixels, Region
from noiser.engine.kernels.denoise import (
    BAND_HALO,
    Planes,
    Scene,
    all_three,
    opponents,
    taken_apart,
)
from noiser.engine.kernels.grain import coarse_grain, tones_and_grain
from noiser.engine.kernels.octaves import correction, halved
from noiser.engine.kernels.reading import grown, read_signed, scaled
from noiser.look.fold import NETWORK_HALO, Folded
from noiser.look.render_params import Adjustments, RenderParams
from noiser.look.tone_curve import TINY
from noiser.model.network import gelu
from noiser.statistics.light_grid import TONES, LightGrid, counted
from noiser.statistics.moments import (
    GRAINS,
    TAPS,
    UNIT,
    UPPER,
    Moments,
)

EXACT_PIXELS = 1 << 20
"""Products are below 2^32, so this many add up exactly in a double's 53 bits [pixels]."""

LEAST_CHROMA = 1e-6
"""Keeps x / 0 out, far below any level."""

INNER = np.s_[..., NETWORK_HALO:-NETWORK_HALO, NETWORK_HALO:-NETWORK_HALO]
"""What is left of planes that the network reads."""

name = "reference"
"""What `noiser info` calls this kernel."""


def measure(
    pixels: Pixels,
    region: Region,
    padding: Padding,
    origin: tuple[int, int] = (0, 0),
    *,
    with_grid: bool = False,
) -> Moments:
    """Sum up the values under the kernel, and their products, over a region.

    Args:
        pixels: uint8, uint16, float32 or float64 [H,W] or [H,W,C], sRGB.
        region: Rows and columns to measure; what lies around them is read where it is
            needed, and counts as it is.
        padding: What lies outside `pixels`.
        origin: Row and column of `pixels[0, 0]` in the whole picture [pixels].
        with_grid: Whether the grid of light is counted too.

    Returns:
        The region's moments, exact.
    """
    (top, bottom), (left, right) = ((part.start, part.stop) for part in region)
    sums, products = np.zeros(TAPS, object), np.zeros((TAPS, TAPS), object)
    tones = np.zeros(TONES, np.int64)
    grain = np.zeros(GRAINS, np.int64)
    grids = list[LightGrid]()
    width = min(right - left, EXACT_PIXELS)
    height = EXACT_PIXELS // width
    for row, column in product(range(top, bottom, height), range(left, right, width)):
        rows = slice(row, min(row + height, bottom))
        columns = slice(column, min(column + width, right))
        lattice = np.rint(read_signed(pixels, grown((rows, columns), 1), padding) * UNIT)
        under = _patches(lattice).reshape(TAPS, -1)
        sums += under.sum(1).astype(np.int64)
        products += (under @ under.T).astype(np.int64)
        levels, sizes = tones_and_grain(pixels, (rows, columns))
        tones += np.bincount(levels.ravel(), minlength=TONES)
        grain += np.bincount(sizes.ravel(), minlength=GRAINS)
        grain += np.bincount(coarse_grain(pixels, (rows, columns), origin), minlength=GRAINS)
        if with_grid:
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
    extended = grown(region, NETWORK_HALO)
    if not adjustments.develops:
        signed = read_signed(pixels, extended, folded.padding)
        enhanced = _network(pixels, region, signed, folded)
    else:
        scene = taken_apart(_photo(pixels, grown(extended, BAND_HALO), params, origin), adjustments)
        signed = np.asarray(to_signed(scene.quiet), np.float64)
        lift = adjustments.lift
        raised = (
            lift.at(np.maximum(luma(*scene.quiet[INNER]), 0.0), region, origin) if lift else 0.0
        )
        network = _network(pixels, region, signed, folded, raised)
        enhanced = _develop(scene, adjustments, network)
    _write(pixels[region], enhanced, adjustments.strength, out)


def _photo(pixels: Pixels, region: Region, params: RenderParams, origin: tuple[int, int]) -> Planes:
    """Read luma and two colour differences, without the noise of coarse octaves: [3,h,w]."""
    padding, adjustments = params.folded.padding, params.adjustments

    def averages(octave: int, squares: Region) -> Planes:
        own = read_signed(pixels, scaled(squares, 1 << octave, origin), padding)
        planes = opponents(np.asarray(to_unit(own), np.float64))
        return reduce(lambda finer, _: halved(finer), range(octave), planes)

    place = scaled(region, 1, (-origin[0], -origin[1]))
    return averages(0, place) + correction(averages, place, adjustments)


def _network(
    pixels: Pixels,
    region: Region,
    signed: Planes,
    folded: Folded,
    raised: Planes | float = 0.0,
) -> Planes:
    """Compute both convolutions: float64 [3,h,w] in [0, 1], from `signed` [3,h+4,w+4]."""
    inner = grown(region, 1, pixels.shape)
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
