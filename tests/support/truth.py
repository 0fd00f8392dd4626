"""Somebody else's truth: plain loops and torch's own modules, and pictures to try them on."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn
from torch.nn import functional

from noiser.core.types import ByteImage, Padding, Pixels, Region
from noiser.engine.kernels import native
from noiser.look.fold import Folded
from noiser.look.local_light import Lift
from noiser.look.render_params import Adjustments, RenderParams
from noiser.model.network import Network

PEAKS = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
"""White by dtype."""

AROUND = 112
"""Pixels with which a photo is padded, a multiple of 8, so that no filter meets the border."""

Planes = Sequence[NDArray[np.float64]]
"""Luma, and red and blue less luma: three float64 [H,W]."""

LATTICE = 65535
"""Moments count in multiples of 1/65535."""


def dark_photo(height: int, width: int, seed: int = 0) -> ByteImage:
    """Make a dark photograph: a glow, a few things in it, and the noise of few photons."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    glow = np.exp(-4 * ((y - rng.random()) ** 2 + (x - rng.random()) ** 2))
    scene = 0.02 + 0.1 * glow[..., None] * rng.uniform(0.4, 1.0, 3)
    for _ in range(5):
        color = rng.uniform(0.0, 0.25, 3)
        center, size = rng.random(2), rng.uniform(0.05, 0.3)
        if rng.random() < 0.5:
            inside = np.hypot(y - center[0], x - center[1]) < size
        else:
            inside = (abs(y - center[0]) < size) & (abs(x - center[1]) < size / 2)
        scene[inside] = 0.5 * scene[inside] + 0.5 * color
    photons = rng.poisson(scene * 2000) / 2000
    return np.rint(255 * np.clip(photons, 0, 1)).astype(np.uint8)


def random_network(hidden: int, seed: int = 0) -> Network:
    """Draw weights as large as trained ones."""
    rng = np.random.default_rng(seed)
    return Network(
        rng.normal(0, 0.3, (hidden, 3, 3, 3)).astype(np.float32),
        rng.normal(0, 0.3, hidden).astype(np.float32),
        rng.normal(0, 0.6 / np.sqrt(hidden), (3, hidden, 3, 3)).astype(np.float32),
        rng.normal(0, 0.1, 3).astype(np.float32),
    )


def lifted(pairs: Sequence[RenderParams]) -> list[RenderParams]:
    """Give each of some pictures a lift of its own, far from even: 3 x 4 cells of 8 x 8 pixels."""
    tables = np.random.default_rng(4).normal(0, 0.3, (len(pairs), 3, 4, 12)).astype(np.float32)
    return [
        RenderParams(folded, replace(adjustments, lift=Lift(table, 8)))
        for (folded, adjustments), table in zip(pairs, tables, strict=True)
    ]


def as_kind(image: ByteImage, dtype: str, channels: int, seed: int = 0) -> Pixels:
    """Turn uint8 [H,W,3] into another kind of image.

    One channel gives [H,W]. The finer formats get random values below the 8-bit step (floats
    between the multiples of 1/65535 too), and alpha is random.
    """
    rng = np.random.default_rng(seed)
    height, width, _ = image.shape
    colors = image if channels >= 3 else image[..., :1]
    if channels in (2, 4):
        alpha = rng.integers(0, 256, (height, width, 1), dtype=np.uint8)
        colors = np.concatenate([colors, alpha], 2)
    if dtype == "uint16":
        fine = rng.integers(0, 257, colors.shape)
        colors = np.minimum(257 * colors.astype(np.int64) + fine, 65535).astype(np.uint16)
    elif dtype != "uint8":
        colors = np.minimum(colors / 255 + rng.random(colors.shape) / 255, 1).astype(dtype)
    return colors[..., 0] if channels == 1 else colors


def unit(image: Pixels) -> NDArray[np.float64]:
    """Read the colours of any kind of image: float64 [H,W,3] in [0, 1]."""
    planes = np.atleast_3d(image).astype(np.float64) / PEAKS[image.dtype.name]
    return planes[..., :3] if planes.shape[2] >= 3 else np.repeat(planes[..., :1], 3, 2)


def moments_by_loops(
    image: Pixels, padding: Padding, region: Region | None = None
) -> tuple[int, tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Visit every pixel and add up: count, sums, products, tones and grain, as in `Moments`."""
    lattice = np.rint((2 * unit(image) - 1) * LATTICE).astype(np.int64)
    mode = {"zero": "constant", "replicate": "edge"}[padding]
    padded = np.pad(lattice, ((1, 1), (1, 1), (0, 0)), mode)
    rows, columns = region or (slice(0, image.shape[0]), slice(0, image.shape[1]))
    count, sums, products = 0, np.zeros(27, np.int64), np.zeros((27, 27), np.int64)
    for y in range(rows.start, rows.stop):
        for x in range(columns.start, columns.stop):
            under = padded[y : y + 3, x : x + 3].transpose(2, 0, 1).ravel()
            count += 1
            sums += under
            products += under[:, None] * under
    upper = [int(products[i, j]) for i in range(27) for j in range(i, 27)]
    return count, tuple(sums.tolist()), tuple(upper), *_histograms_by_loops(lattice, rows, columns)


def _histograms_by_loops(
    lattice: NDArray[np.int64], rows: slice, columns: slice
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Visit every pixel, and every square of 2, 4 and 8 pixels that begins in the region."""
    height, width, _ = lattice.shape
    tones, grain = [0] * 1021, [0] * 960

    @cache
    def luma(octave: int, y: int, x: int) -> int:
        if octave:
            finer = [luma(octave - 1, 2 * y + i, 2 * x + j) for i, j in product((0, 1), repeat=2)]
            return sum(finer) + 2 >> 2
        red, green, blue = lattice[min(max(y, 0), height - 1), min(max(x, 0), width - 1)].tolist()
        return 77 * int(red) + 150 * int(green) + 29 * int(blue)

    for octave, y, x in product(range(4), range(rows.stop), range(columns.stop)):
        first = zip((y << octave, x << octave), (rows, columns), strict=True)
        if not all(part.start <= at < part.stop for at, part in first):
            continue
        blurred = bent = 0
        for dy, dx in product((-1, 0, 1), repeat=2):
            own = luma(octave, y + dy, x + dx)
            blurred += (2 - abs(dy)) * (2 - abs(dx)) * own
            bent += (1 - 3 * (dy == 0)) * (1 - 3 * (dx == 0)) * own
        # luma in [0, 1] of 4 x 255 tones; 16 is the sum of the blur's weights
        tone = (blurred + 16 * 256 * LATTICE) * 4 * 255 // (2 * 16 * 256 * LATTICE)
        size = 64 + abs(bent) // (2 * 257)
        doubled = (size // 64).bit_length() - 1
        quarter = 4 * size // (64 << doubled) - 4
        level = sum(tone >= 4 * edge for edge in (2, 8, 32, 101))
        grain[240 * octave + 48 * level + min(4 * doubled + quarter, 47)] += 1
        if octave == 0:
            tones[tone] += 1
    return tuple(tones), tuple(grain)


def torch_network(
    network: Network, padding: Padding, eps: float = 1e-5, dtype: torch.dtype = torch.float64
) -> nn.Sequential:
    """Build the published network from torch's own modules, and put the weights in."""
    mode = {"zero": "zeros", "replicate": "replicate"}[padding]
    hidden = network.hidden_channels
    model = nn.Sequential(
        nn.Conv2d(3, hidden, 3, padding=1, padding_mode=mode),
        nn.InstanceNorm2d(hidden, eps=eps),
        nn.GELU(),
        nn.Conv2d(hidden, 3, 3, padding=1, padding_mode=mode),
        nn.Tanh(),
    )
    arrays = (network.first_weight, network.first_bias, network.second_weight, network.second_bias)
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
    return model.to(dtype)


def torch_enhance(
    network: Network,
    image: Pixels,
    padding: Padding,
    eps: float = 1e-5,
    dtype: torch.dtype = torch.float64,
) -> NDArray[np.float64]:
    """Run the published network in torch: float64 [H,W,3] in [0, 1]."""
    signed = torch.tensor(2 * unit(image) - 1).permute(2, 0, 1)[None].to(dtype)
    with torch.no_grad():
        output = torch_network(network, padding, eps, dtype)(signed)
    return ((output.double() + 1) / 2)[0].permute(1, 2, 0).numpy()


def torch_folded(folded: Folded, signed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Run a folded network in torch over [-1, 1], padded by two pixels: float64 [H,W,3]."""
    centered = signed - folded.center / 255
    image = torch.tensor(centered).permute(2, 0, 1)[None]
    hidden = functional.conv2d(
        image, torch.tensor(folded.first_weight), torch.tensor(folded.first_bias)
    )
    hidden = functional.gelu(hidden[..., 1:-1, 1:-1])
    mode = {"zero": "constant", "replicate": "replicate"}[folded.padding]
    hidden = functional.pad(hidden, (1, 1, 1, 1), mode)
    output = functional.conv2d(
        hidden, torch.tensor(folded.second_weight), torch.tensor(folded.second_bias)
    )
    return ((torch.tanh(output) + 1) / 2)[0].permute(1, 2, 0).numpy()


def raised(
    network_output: NDArray[np.float64], lift: Lift | None, signed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Add what SciPy reads in the lift's table before the tanh; `signed` is as the network's."""
    if lift is None:
        return network_output
    luma = ((signed[2:-2, 2:-2] + 1) / 2) @ np.array([0.299, 0.587, 0.114])
    rows, columns = np.mgrid[0 : luma.shape[0], 0 : luma.shape[1]]
    places = [
        *(((at + 0.5) / lift.cell - 0.5).clip(0, None) for at in (rows, columns)),
        11 * np.sqrt(luma.clip(0, 1)),
    ]
    added = ndimage.map_coordinates(lift.table.astype(float), places, order=1, mode="nearest")
    before = np.arctanh(2 * network_output - 1) + added[..., None]
    return (np.tanh(before) + 1) / 2


def scene(
    image: Pixels, padding: Padding, adjustments: Adjustments
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Take a photo apart with SciPy's filters.

    Returns the photo without noise in [-1, 1], with two pixels more on every side; luma, chroma
    and detail as the look reads them.
    """
    border = {"zero": {"mode": "constant", "constant_values": 0.5}, "replicate": {"mode": "edge"}}
    height, width = image.shape[:2]
    ends = [(AROUND, AROUND + -size % 8) for size in (height, width)]
    photo = np.pad(unit(image), (*ends, (0, 0)), **border[padding])
    luma = photo @ np.array([0.299, 0.587, 0.114])
    planes = [luma, photo[..., 0] - luma, photo[..., 2] - luma]
    planes = [p[AROUND - 9 :][: height + 18] for p in without_coarse_noise(planes, adjustments)]
    planes = [p[:, AROUND - 9 :][:, : width + 18] for p in planes]
    smooth, fine, medium, weight = _bands(planes, adjustments, 0)
    small = weight(fine[0] ** 2, 1.5 * 0.640625) * fine[0]
    large = weight(medium[0] ** 2, 1.5 * 0.074462890625) * medium[0]
    kept = weight((medium[1] ** 2 + medium[2] ** 2) / 2, 2 * 1.5**2 * 0.074462890625)
    red, blue = (smooth[i] + kept * medium[i] for i in (1, 2))
    light = smooth[0] + large

    def colors(red: NDArray[np.float64], blue: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([red, -(0.299 * red + 0.114 * blue) / 0.587, blue], 2)

    share = adjustments.denoise
    seen = colors(*(share * q + (1 - share) * p for q, p in ((red, planes[1]), (blue, planes[2]))))
    quiet = 2 * ((light + small)[..., None] + seen) - 1
    detail = adjustments.fine * small + adjustments.medium * large.clip(-0.01, 0.01)
    inner = np.s_[9:-9, 9:-9]
    return (
        quiet[7:-7, 7:-7],
        np.maximum(light, 0)[inner],
        colors(red, blue)[inner],
        detail[inner],
    )


def without_coarse_noise(planes: Planes, adjustments: Adjustments, octave: int = 1) -> Planes:
    """Average squares of two, take the noise away, and add what changes; the coarsest first."""
    if octave >= adjustments.octaves:
        return planes
    small = [p.reshape(len(p) // 2, 2, -1, 2).mean((1, 3)) for p in planes]
    smooth, *bands, weight = _bands(
        without_coarse_noise(small, adjustments, octave + 1), adjustments, octave
    )
    quiet = list(smooth)
    for (luma, red, blue), white in zip(bands, (0.640625, 0.074462890625), strict=True):
        of_color = weight((red**2 + blue**2) / 2, 2 * 1.5**2 * white)
        quiet[0] = quiet[0] + luma * weight(luma**2, 1.5 * white)
        quiet[1], quiet[2] = quiet[1] + of_color * red, quiet[2] + of_color * blue
    places = (np.mgrid[tuple(slice(size) for size in planes[0].shape)] + 0.5) / 2 - 0.5
    return [
        p + ndimage.map_coordinates(q - s, places, order=1, mode="nearest")
        for p, q, s in zip(planes, quiet, small, strict=True)
    ]


def _bands(
    planes: Planes, adjustments: Adjustments, octave: int
) -> tuple[Planes, Planes, Planes, Callable[[NDArray[np.float64], float], NDArray[np.float64]]]:
    """Split planes; beside smooth, fine and medium, what weighs a band's energy."""
    near, far = np.array([1, 2, 1]) / 4, np.array([1, 0, 2, 0, 1]) / 4
    soft = [ndimage.convolve(p, np.outer(near, near)) for p in planes]
    smooth = [ndimage.convolve(p, np.outer(far, far)) for p in soft]
    fine = [p - s for p, s in zip(planes, soft, strict=True)]
    medium = [s - t for s, t in zip(soft, smooth, strict=True)]
    levels = np.array([0, 4, 16, 64, 160]) / 255
    noise = np.interp(smooth[0], levels, adjustments.noise[octave])

    def weight(energy: NDArray[np.float64], variance: float) -> NDArray[np.float64]:
        local = np.maximum(ndimage.uniform_filter(energy, 5), 1e-9)
        return 1 - adjustments.denoise * (1 - np.maximum(1 - variance * noise / local, 0))

    return smooth, fine, medium, weight


def native_tiles() -> tuple[int, int]:
    """Read how many columns the native kernel walks down together, as its sources have it.

    Its seams, where faults would be, lie between them.

    Returns:
        Where a look develops the photo, and where there is only the network [pixels].
    """
    text = (native.LIBRARY.parent / "denoise.h").read_text(encoding="utf-8")
    span, halo = (int(re.search(rf"\b{name} = (\d+)", text)[1]) for name in ("SPAN", "HALO"))
    return span - 2 * halo, span - halo - 1
