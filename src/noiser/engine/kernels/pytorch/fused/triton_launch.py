"""Fused: the torch kernel on CUDA, through Triton: measured in ten launches, rendered in five.

The hidden layer is never stored, but Triton cannot read beside a value of a tile in registers, so
that neighbours meet in planes of float32: 84 bytes are written and as many read for each pixel,
where luma alone goes through the network, beside the picture itself; 44 more where there is noise
in coarse octaves, in five launches for each; to measure, 15 and 27, and two atomic additions where
light is counted by place.
"""

from math import prod

import torch
import triton
from torch import Tensor

from noiser.core.types import Padding, Region
from noiser.engine.kernels.pytorch.fused import (
    triton_denoise,
    triton_histograms,
    triton_measure,
    triton_network,
)
from noiser.engine.kernels.pytorch.fused.triton_pyramid import LEFT, TOP, Pyramid, Source
from noiser.engine.kernels.pytorch.grain import needed, squares_of
from noiser.engine.kernels.pytorch.lags import LAGS, SUMS, Sums, moments_of
from noiser.engine.kernels.pytorch.light_grid import Shape, cells_for
from noiser.engine.kernels.pytorch.planes import PEAKS, grown, part_of, pieces
from noiser.engine.kernels.pytorch.render_params import Filters, luma
from noiser.engine.kernels.reading import scaled
from noiser.look.render_params import SCALARS
from noiser.statistics.light_grid import TONES, LightGrid
from noiser.statistics.moments import CLASSES, GRAIN_BINS, GRAINS, OCTAVES, UNIT, Moments
from noiser.statistics.noise_by_octave import NOISE_LEVELS

LAG_SUMS = (len(LAGS) + 1) * 9 * SUMS
"""Sums of an image, before its histograms."""

BINS = 1024 + OCTAVES * 256
"""Bins of the histograms, in powers of two."""

KINDS, AVERAGES = {torch.uint8: 0, torch.uint16: 1}, 3
"""What the kernels that measure read, in their words; floats are 2."""

TILE = (16, 128)
"""Rows and columns that a program measures at once: 16 values a thread [pixels]."""

RENDER_TILE = (4, 128)
"""The same for rendering: four values a thread; a warp reads 128 bytes side by side [pixels]."""

STRIP = (8, 256)
"""Rows and columns that a program takes through the network; two more rows are its neighbours'."""

PIECE_PIXELS = 1 << 23
"""Pixels rendered at once, their margins included: bounds the planes to 700 MB."""

TILES = 16
"""Tiles whose histograms a program adds up before it shares them, at most."""


def measured(
    batch: Tensor,
    region: Region,
    padding: Padding,
    origin: tuple[int, int] = (0, 0),
    *,
    with_grid: bool = False,
) -> list[Moments]:
    """Sum up the values under the kernel: as `measure.measured`.

    Args:
        batch: uint8, uint16 or float32 [B,3,H,W] on CUDA, floats in [0, 1], sRGB.
        region: Rows and columns to measure.
        padding: What lies outside the images.
        origin: Row and column of the images' first pixel in the whole picture [pixels].
        with_grid: Whether the grids of light are counted too.

    Returns:
        The moments of each image: the integers of the reference kernel.
    """
    images, _, height, width = batch.shape
    ring = grown(region, 1)
    top, left = ring[0].start, ring[1].start
    rows, columns = (part.stop - part.start for part in ring)
    lattice = torch.empty((images, 3, rows, columns), dtype=torch.int32, device=batch.device)
    shift, shape = cells_for(region, origin)
    size = LAG_SUMS + BINS + (prod(shape) if with_grid else 0)
    found = torch.zeros((images, size), dtype=torch.int64, device=batch.device)
    place = (top, left, height, width, rows, columns)
    by, bx = TILE
    grid = (triton.cdiv(columns, bx), triton.cdiv(rows, by), images)
    kind = KINDS.get(batch.dtype, 2)
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
    counts = found[:, LAG_SUMS:]
    triton_histograms.histograms_kernel[triton.cdiv(tiles, TILES), images](
        lattice, counts, counts.stride(0), rows, columns, tiles, across,
        *(part.start + first for part, first in zip(region, origin, strict=True)),
        shift, *shape[1:3], SCALE=_scale(batch), LOCAL=with_grid, BY=by, BX=bx,
    )  # fmt: skip
    _count_coarse_grain(counts[:, 1024:], batch, region, origin)
    return _moments(found.cpu().numpy(), _scale(batch), region, padding, (shift, shape))


def _count_coarse_grain(
    counts: Tensor, batch: Tensor, region: Region, origin: tuple[int, int]
) -> None:
    """Count the grain of the coarse octaves' squares that begin in a region.

    Args:
        counts: int64 [B,n], written from 256 times the octave on.
        batch: As for `measured`.
        region: Rows and columns of it.
        origin: Row and column of its first pixel in the whole picture [pixels].
    """
    finer, kind = batch, KINDS.get(batch.dtype, 2)
    place = scaled(needed(region, origin), 1, origin)
    top, left = place[0].start, place[1].start
    (by, bx), (down, across) = TILE, RENDER_TILE
    for octave in range(1, OCTAVES):
        whole = needed(region, origin, octave)
        rows, columns = (part.stop - part.start for part in whole)
        averages = finer.new_empty((len(batch), 1, rows, columns), dtype=torch.int32)
        grid = (triton.cdiv(columns, across), triton.cdiv(rows, down), len(batch))
        triton_histograms.averages_kernel[grid](
            finer, *finer.stride(), averages, top, left, *finer.shape[2:], rows, columns,
            KIND=kind, SCALE=_scale(batch), BY=down, BX=across,
        )  # fmt: skip
        squares = squares_of(region, origin, octave)
        ringed = part_of(averages[:, 0], whole, grown(squares, 1))
        rows, columns = (part.stop - part.start for part in squares)
        tiles_x = triton.cdiv(columns, bx)
        tiles = tiles_x * triton.cdiv(rows, by)
        if tiles:
            own = counts[:, 256 * octave :]
            triton_histograms.grain_kernel[triton.cdiv(tiles, TILES), len(batch)](
                ringed, *ringed.stride()[:2], own, own.stride(0), rows, columns, tiles, tiles_x,
                BY=by, BX=bx,
            )  # fmt: skip
        finer, kind, top, left = averages, AVERAGES, 0, 0


def _moments(
    found: Sums, scale: int, region: Region, padding: Padding, cells: tuple[int, Shape]
) -> list[Moments]:
    """Put a device's sums together: int64 [B,n], with a light grid behind or without."""
    images, (rows, columns) = len(found), (part.stop - part.start for part in region)
    sums = found[:, :LAG_SUMS].reshape(images, len(LAGS) + 1, 3, 3, SUMS).copy()
    sums[:, : len(LAGS)] *= scale**2
    sums[:, len(LAGS)] *= scale
    tones = found[:, LAG_SUMS : LAG_SUMS + TONES]
    bins = found[:, LAG_SUMS + 1024 : LAG_SUMS + BINS].reshape(images, OCTAVES, 256)
    grain = bins[..., : CLASSES * GRAIN_BINS].reshape(images, GRAINS)
    lights, (shift, shape) = found[:, LAG_SUMS + BINS :], cells
    grids = [LightGrid(shift, own.reshape(shape)) for own in lights] if lights.size else None
    return moments_of(sums, tones, grain, rows * columns, padding, grids)


def _scale(batch: Tensor) -> int:
    """Give the lattice's steps in one of a device's whole numbers."""
    return UNIT // PEAKS[batch.dtype] if batch.dtype == torch.uint8 else 1


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
    tables = _tables(filters, PEAKS.get(batch.dtype, 1)).to(batch.device)
    filters = filters.to(batch.device)
    height, width = (part.stop - part.start for part in region)
    share = height * width / ((height + 2 * TOP) * (width + 2 * LEFT + 31))
    for images, part in pieces(len(batch), region, max(int(PIECE_PIXELS * share), 1)):
        top, left = (now.start - all_.start for now, all_ in zip(part, region, strict=True))
        height, width = (now.stop - now.start for now in part)
        target = out[images, :, top : top + height, left : left + width]
        _render_piece(target, batch[images], part, filters.of(images), tables[:, images], origin)


def _render_piece(
    out: Tensor,
    batch: Tensor,
    region: Region,
    filters: Filters,
    tables: Tensor,
    origin: tuple[int, int],
) -> None:
    """Render as many pixels as are worked on at once."""
    images, (height, width) = len(batch), out.shape[2:]
    rows, pitch = height + 2 * TOP, -(-(width + 2 * LEFT) // 32) * 32
    inputs, table = 1 if filters.gray else 3, tables[0]
    planes = batch.new_empty((13 if filters.gray else 16, images, rows, pitch), dtype=torch.float32)
    frame = (planes, planes.stride(0), pitch, rows)
    image = (batch, *batch.stride())
    place = (region[0].start, region[1].start)
    by, bx = RENDER_TILE
    peak, tile = float(PEAKS.get(batch.dtype, 1)), {"BY": by, "BX": bx}
    zero = filters.padding == "zero"

    def grid(margin_y: int, margin_x: int) -> tuple[int, int, int]:
        down, across = height + 2 * margin_y, width + 2 * margin_x
        return triton.cdiv(across, bx), triton.cdiv(down, by), images

    photo = Source(batch, origin, peak, filters.padding)
    square = scaled(region, 1, (-origin[0], -origin[1]))
    if max(filters.octaves) > 1:
        photo = Pyramid(filters, tables, RENDER_TILE).quiet_planes(photo, grown(square, TOP))
    before = (photo.batch, *photo.batch.stride(), table, *frame, *photo.at(square), height, width)
    scene = {"PEAK": photo.peak, "ZERO": photo.padding == "zero", **tile}
    if filters.develops:
        triton_denoise.blur_rows_kernel[grid(7, 4)](*before, **scene)
        triton_denoise.bands_kernel[grid(4, 4)](*before, FINE=1, **scene)
        triton_denoise.join_kernel[grid(2, 2)](*before, GRAY=filters.gray, **scene)
    else:
        triton_denoise.center_kernel[grid(2, 2)](*before, **scene)
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
        DEVELOPS=filters.develops, GRAY=filters.gray, LOCAL=filters.lift is not None, PEAK=peak,
        **tile,
    )  # fmt: skip


def _tables(filters: Filters, peak: int) -> Tensor:
    """Lay the numbers of each image out as `triton_denoise.py` reads them: float32 [4,B,32].

    In each octave they have its own noise.
    """
    images = len(filters.center)
    levels = torch.tensor(NOISE_LEVELS, dtype=torch.float32)
    columns = [
        filters.levels.view(images, 3) * (peak / 255),
        filters.levels.view(images, 3) * (-0.5 / 255),
        filters.center.view(images, 3),
        luma(filters.center).view(images, 1),
        filters.cast.view(images, 2),
        filters.noise.view(images, OCTAVES, 6).transpose(0, 1),
        levels.expand(images, -1),
        *(filters.numbers[name].view(images, 1) for name in SCALARS),
    ]
    return torch.cat([part.expand(OCTAVES, images, -1) for part in columns], 2).contiguous()
