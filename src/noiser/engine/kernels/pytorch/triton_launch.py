"""Fused: the torch kernel on CUDA, through Triton: measured in four launches, rendered in five.

The hidden layer is never stored, but Triton cannot read beside a value of a tile in registers, so
that neighbours meet in planes of float32: 84 bytes are written and as many read for each pixel,
where luma alone goes through the network, beside the picture itself; to measure, 12 and 24, and
two atomic additions where light is counted by place.
"""

from math import prod

import torch
import triton
from torch import Tensor

from noiser.core.types import Padding, Region
from noiser.engine.kernels.pytorch import triton_denoise, triton_measure, triton_network
from noiser.engine.kernels.pytorch.lags import LAGS, SUMS, moments_of
from noiser.engine.kernels.pytorch.light_grid import cells_for
from noiser.engine.kernels.pytorch.measure import GRAINS
from noiser.engine.kernels.pytorch.planes import PEAKS, grown, pieces
from noiser.engine.kernels.pytorch.render_params import Filters, luma
from noiser.look.render_params import SCALARS
from noiser.statistics.light_grid import TONES, LightGrid
from noiser.statistics.luma_and_noise import NOISE_LEVELS
from noiser.statistics.moments import UNIT, Moments

LAG_SUMS = (len(LAGS) + 1) * 9 * SUMS
"""Sums of an image, before its histograms."""

BINS = 1024 + 256
"""Bins of both histograms, in powers of two."""

TILE = (16, 128)
"""Rows and columns that a program measures at once: 16 values a thread [pixels]."""

RENDER_TILE = (4, 128)
"""The same for rendering: four values a thread; a warp reads 128 bytes side by side [pixels]."""

STRIP = (8, 256)
"""Rows and columns that a program takes through the network; two more rows are its neighbours'."""

PIECE_PIXELS = 1 << 23
"""Pixels rendered at once, their margins included: bounds the planes to 600 MB."""

TOP, LEFT = 7, 4
"""Where a piece's first pixel lies in its planes, and how much lies around it [pixels]."""

TILES = 16
"""Tiles whose histograms a program adds up before it shares them, at most."""


def measured(
    batch: Tensor, region: Region, padding: Padding, origin: tuple[int, int] | None = None
) -> list[Moments]:
    """Sum up the values under the kernel: as `measure.measured`, in four launches.

    Args:
        batch: uint8, uint16 or float32 [B,3,H,W] on CUDA, floats in [0, 1], sRGB.
        region: Rows and columns to measure.
        padding: What lies outside the images.
        origin: Row and column of the images' first pixel in the whole picture [pixels]; with it
            the grids of light are counted too.

    Returns:
        The moments of each image: the integers of the reference kernel.
    """
    images, _, height, width = batch.shape
    ring = grown(region, 1)
    top, left = ring[0].start, ring[1].start
    rows, columns = (part.stop - part.start for part in ring)
    lattice = torch.empty((images, 3, rows, columns), dtype=torch.int32, device=batch.device)
    shift, shape = cells_for(region, origin or (0, 0))
    size = LAG_SUMS + BINS + (prod(shape) if origin else 0)
    found = torch.zeros((images, size), dtype=torch.int64, device=batch.device)
    kind = {torch.uint8: 0, torch.uint16: 1}.get(batch.dtype, 2)
    place = (top, left, height, width, rows, columns)
    by, bx = TILE
    grid = (triton.cdiv(columns, bx), triton.cdiv(rows, by), images)
    triton_measure.lattice_kernel[grid](
        batch, *batch.stride(), lattice, *place, KIND=kind, BY=by, BX=bx
    )
    shared = (lattice, found, found.stride(0), *place)
    zero = padding == "zero"
    triton_measure.lags_kernel[grid](*shared, ZERO=zero, WIDE=kind > 0, BY=by, BX=bx)
    along = triton.cdiv(max(rows, columns), bx)
    triton_measure.lines_kernel[along, len(LAGS) + 1, images](
        *shared, ZERO=zero, BLOCK=bx, num_warps=8
    )
    across = triton.cdiv(columns - 2, bx)
    tiles = across * triton.cdiv(rows - 2, by)
    scale = UNIT // PEAKS[batch.dtype] if kind == 0 else 1
    triton_measure.histograms_kernel[triton.cdiv(tiles, TILES), images](
        lattice, found[:, LAG_SUMS:], found.stride(0), rows, columns, tiles, across,
        *(part.start + first for part, first in zip(region, origin or (0, 0), strict=True)),
        shift, *shape[1:3], SCALE=scale, LOCAL=origin is not None, BY=by, BX=bx,
    )  # fmt: skip
    host = found.cpu().numpy()
    sums = host[:, :LAG_SUMS].reshape(images, len(LAGS) + 1, 3, 3, SUMS).copy()
    sums[:, : len(LAGS)] *= scale**2
    sums[:, len(LAGS)] *= scale
    tones = host[:, LAG_SUMS : LAG_SUMS + TONES]
    grain = host[:, LAG_SUMS + 1024 : LAG_SUMS + 1024 + GRAINS]
    grids = None
    if origin:
        grids = [LightGrid(shift, own.reshape(shape)) for own in host[:, LAG_SUMS + BINS :]]
    return moments_of(sums, tones, grain, (rows - 2) * (columns - 2), padding, grids)


def render_into(
    out: Tensor,
    batch: Tensor,
    region: Region,
    filters: Filters,
    origin: tuple[int, int] = (0, 0),
) -> None:
    """Apply each image's folded network and look to a region of it: as `render.render_into`.

    Args:
        out: Written: [B,3,h,w] of the region's size, dtype and device of `batch`.
        batch: uint8, uint16 or float32 [B,3,H,W] on CUDA, floats in [0, 1], sRGB.
        region: Rows and columns to render.
        filters: In float32.
        origin: Row and column of the images' first pixel in the whole picture [pixels].
    """
    table = _table(filters, PEAKS.get(batch.dtype, 1)).to(batch.device)
    filters = filters.to(batch.device)
    height, width = (part.stop - part.start for part in region)
    share = height * width / ((height + 2 * TOP) * (width + 2 * LEFT + 31))
    for images, part in pieces(len(batch), region, max(int(PIECE_PIXELS * share), 1)):
        top, left = (now.start - all_.start for now, all_ in zip(part, region, strict=True))
        height, width = (now.stop - now.start for now in part)
        target = out[images, :, top : top + height, left : left + width]
        _render_piece(target, batch[images], part, filters.of(images), table[images], origin)


def _render_piece(
    out: Tensor,
    batch: Tensor,
    region: Region,
    filters: Filters,
    table: Tensor,
    origin: tuple[int, int],
) -> None:
    """Render as many pixels as are worked on at once."""
    images, (height, width) = len(batch), out.shape[2:]
    rows, pitch = height + 2 * TOP, -(-(width + 2 * LEFT) // 32) * 32
    inputs = 1 if filters.gray else 3
    planes = batch.new_empty((13 if filters.gray else 16, images, rows, pitch), dtype=torch.float32)
    frame = (planes, planes.stride(0), pitch, rows)
    image = (batch, *batch.stride())
    place = (region[0].start, region[1].start)
    by, bx = RENDER_TILE
    tile = {"BY": by, "BX": bx, "PEAK": float(PEAKS.get(batch.dtype, 1))}
    zero = filters.padding == "zero"
    before = (*image, table, *frame, *place, *batch.shape[2:], height, width)

    def grid(margin_y: int, margin_x: int) -> tuple[int, int, int]:
        down, across = height + 2 * margin_y, width + 2 * margin_x
        return triton.cdiv(across, bx), triton.cdiv(down, by), images

    if filters.develops:
        triton_denoise.blur_rows_kernel[grid(7, 4)](*before, ZERO=zero, **tile)
        triton_denoise.bands_kernel[grid(4, 4)](*before, ZERO=zero, **tile)
        triton_denoise.join_kernel[grid(2, 2)](*before, ZERO=zero, GRAY=filters.gray, **tile)
    else:
        triton_denoise.center_kernel[grid(2, 2)](*before, ZERO=zero, **tile)
    strip_rows, strip = STRIP
    strips = (triton.cdiv(width + 2, strip), triton.cdiv(height, strip_rows), images * inputs)
    weights = (filters.first_weight, filters.first_bias, filters.second_weight)
    triton_network.network_kernel[strips](
        *frame, *(weight.contiguous() for weight in weights), weights[1].shape[1],
        *place, *batch.shape[2:], height, width, INPUTS=inputs, OUTPUTS=inputs, ZERO=zero,
        ROWS=strip_rows, BLOCK=strip, num_warps=2 if filters.gray else 4,
    )  # fmt: skip
    lift = planes[0] if filters.lift is None else filters.lift.contiguous()
    triton_network.develop_kernel[grid(0, 0)](
        *image, out, *out.stride(), table, *frame, filters.second_bias.contiguous(), *place,
        height, width, lift, *lift.shape[1:3], filters.cell, *origin,
        DEVELOPS=filters.develops, GRAY=filters.gray, LOCAL=filters.lift is not None, **tile,
    )  # fmt: skip


def _table(filters: Filters, peak: int) -> Tensor:
    """Lay the numbers of each image out as `triton_denoise.py` reads them: float32 [B,32]."""
    images = len(filters.center)
    levels = torch.tensor(NOISE_LEVELS, dtype=torch.float32)
    columns = [
        filters.levels.view(images, 3) * (peak / 255),
        filters.levels.view(images, 3) * (-0.5 / 255),
        filters.center.view(images, 3),
        luma(filters.center).view(images, 1),
        filters.cast.view(images, 2),
        filters.noise.view(images, 6),
        levels.expand(images, -1),
        *(filters.numbers[name].view(images, 1) for name in SCALARS),
    ]
    return torch.cat(columns, 1).contiguous()
