"""Triton kernels that count: tones, and grain at every octave, in integers.

As in `triton_measure.py` there is no order that could change a sum.
"""

import triton
import triton.language as tl

from noiser.engine.kernels.pytorch.fused.triton_measure import read_whole


@triton.jit
def binned(soft, bent):
    """Find tones and bins of grain, by class, of lumas that are blurred and bent."""
    tones = (soft + 16 * 256 * 65535) // (8 * 257 * 256)
    sizes = (tl.abs(bent) // (2 * 257) + 64).to(tl.float32)
    # Four bins an octave: a float's exponent and the first two bits of its fraction.
    bins = tl.minimum((sizes.to(tl.int32, bitcast=True) >> 21) - 532, 47)
    bins += 48 * ((tones >= 8).to(tl.int32) + (tones >= 32).to(tl.int32))
    bins += 48 * ((tones >= 128).to(tl.int32) + (tones >= 404).to(tl.int32))
    return tones, bins


@triton.jit
def _histogram(bins, inside, BY: tl.constexpr, BX: tl.constexpr):
    """Count a tile's bins of grain: 256, of which the last is no pixel's."""
    return tl.histogram(tl.reshape(tl.where(inside, bins, 255), [BY * BX]), 256)


@triton.jit
def _count_light(cells, tones, size, inside, BY: tl.constexpr, BX: tl.constexpr):
    """Count tones by place and brightness: pixels into a grid of `size`, and tones behind it."""
    bright = tl.zeros([BY, BX], tl.int32)
    for k in tl.static_range(1, 23, 2):  # between two roots, in 22nds
        bright += (121 * tones >= 255 * k * k).to(tl.int32)
    at = cells + bright
    tl.atomic_add(at, tl.full([BY, BX], 1, tl.int64), mask=inside, sem="relaxed")
    tl.atomic_add(at + size, tones.to(tl.int64), mask=inside, sem="relaxed")


@triton.jit
def histograms_kernel(
    lattice, counts, counts_b, rows, columns, tiles, tiles_x,
    place_y, place_x, shift, cells_y, cells_x,
    SCALE: tl.constexpr, LOCAL: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Count tones and sizes of grain: 1024 and 256 bins, of which the last of each is no pixel's.

    A program counts several tiles in its own bins before it adds them up with all others'. With
    `LOCAL` it counts tones by place too, at once: there are more cells than it could keep.

    Args:
        lattice: int32 [B,3,rows,columns]: a region and one pixel around it.
        counts: int64, zeros: 1024 bins, four times 256, and a light grid; `counts_b` from image to
            image.
        counts_b: See `counts`.
        rows: Of the lattice, as are `columns`.
        columns: See `rows`.
        tiles: Of a region.
        tiles_x: Of these, side by side.
        place_y: Row of the whole picture that row 0 of the region is, as `place_x` is for columns.
        place_x: See `place_y`.
        shift: Binary logarithm of the cells' side.
        cells_y: Rows of cells, as `cells_x` is columns.
        cells_x: See `cells_y`.
        SCALE: Of the lattice: 257 for 8 bits.
        LOCAL: Whether there is a light grid to count into.
        BY: Rows of a tile.
        BX: Columns of it.
    """
    batch = tl.program_id(1).to(tl.int64)
    size = rows * columns
    base, counts = lattice + batch * 3 * size, counts + batch * counts_b
    tone_counts, grain_counts = tl.zeros([1024], tl.int32), tl.zeros([256], tl.int32)
    for tile in range(tl.program_id(0), tiles, tl.num_programs(0)):
        y = (tile // tiles_x) * BY + tl.arange(0, BY)[:, None]
        x = (tile % tiles_x) * BX + tl.arange(0, BX)[None, :]
        inside = (y < rows - 2) & (x < columns - 2)
        soft, bent = tl.zeros([BY, BX], tl.int32), tl.zeros([BY, BX], tl.int32)
        for dy in tl.static_range(3):
            for dx in tl.static_range(3):
                at = base + (y + dy).to(tl.int64) * columns + x + dx
                luma = 77 * tl.load(at, mask=inside, other=0)
                luma += 150 * tl.load(at + size, mask=inside, other=0)
                luma += 29 * tl.load(at + 2 * size, mask=inside, other=0)
                soft += (1 if dy != 1 else 2) * (1 if dx != 1 else 2) * luma
                bent += (1 if dy != 1 else -2) * (1 if dx != 1 else -2) * luma
        tones, bins = binned(soft * SCALE, bent * SCALE)
        if LOCAL:
            cell = ((y + place_y) >> shift) * cells_x + ((x + place_x) >> shift)
            _count_light(counts + 2048 + cell * 12, tones, cells_y * cells_x * 12, inside, BY, BX)
        tones = tl.where(inside, tones, 1023)
        tone_counts += tl.histogram(tl.reshape(tones, [BY * BX]), 1024)
        grain_counts += _histogram(bins, inside, BY, BX)
    tones, sizes = counts + tl.arange(0, 1024), counts + 1024 + tl.arange(0, 256)
    tl.atomic_add(tones, tone_counts.to(tl.int64), mask=tone_counts > 0)
    tl.atomic_add(sizes, grain_counts.to(tl.int64), mask=grain_counts > 0)


@triton.jit
def averages_kernel(
    image, image_b, image_c, image_y, image_x, averages, top, left, height, width, rows, columns,
    KIND: tl.constexpr, SCALE: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Average luma over squares of two, rounded: int32 [B,rows,columns].

    Args:
        image: Pixels of a batch, or averages of the next finer octave; its strides follow.
        averages: Written; the first square begins at the image's `top` and `left`.
        top: May lie outside the image, as may `left`: the nearest pixel stands for those.
        left: See `top`.
        height: Of the images, as is `width`.
        width: See `height`.
        rows: Of the averages, as are `columns`.
        columns: See `rows`.
        KIND: As for `read_whole`; 3 for averages.
        SCALE: Of the lattice: 257 for 8 bits.
        BY: Rows of a program's tile.
        BX: Columns of it.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    batch = tl.program_id(2).to(tl.int64)
    inside = (y < rows) & (x < columns)
    total = tl.zeros([BY, BX], tl.int32)
    for dy in tl.static_range(2):
        row = tl.minimum(tl.maximum(2 * y + dy + top, 0), height - 1)
        for dx in tl.static_range(2):
            column = tl.minimum(tl.maximum(2 * x + dx + left, 0), width - 1)
            at = image + batch * image_b + row.to(tl.int64) * image_y + column * image_x
            if KIND == 3:
                total += tl.load(at, mask=inside, other=0)
            else:
                luma = 77 * read_whole(at, inside, KIND)
                luma += 150 * read_whole(at + image_c, inside, KIND)
                luma += 29 * read_whole(at + 2 * image_c, inside, KIND)
                total += SCALE * luma
    target = averages + batch * rows * columns + y.to(tl.int64) * columns + x
    tl.store(target, (total + 2) >> 2, mask=inside)


@triton.jit
def grain_kernel(
    averages, averages_b, averages_y, counts, counts_b, rows, columns, tiles, tiles_x,
    BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Count the sizes of the grain of a coarse octave: 256 bins, of which the last is no square's.

    Args:
        averages: int32 [B,rows + 2,columns + 2]: the squares and one around them.
        averages_b: Its strides, as is `averages_y`.
        averages_y: See `averages_b`.
        counts: int64, zeros: `counts_b` from image to image.
        counts_b: See `counts`.
        rows: Of squares, as are `columns`.
        columns: See `rows`.
        tiles: Of these.
        tiles_x: Of these, side by side.
        BY: Rows of a tile.
        BX: Columns of it.
    """
    batch = tl.program_id(1).to(tl.int64)
    found = tl.zeros([256], tl.int32)
    for tile in range(tl.program_id(0), tiles, tl.num_programs(0)):
        y = (tile // tiles_x) * BY + tl.arange(0, BY)[:, None]
        x = (tile % tiles_x) * BX + tl.arange(0, BX)[None, :]
        inside = (y < rows) & (x < columns)
        soft, bent = tl.zeros([BY, BX], tl.int32), tl.zeros([BY, BX], tl.int32)
        for dy in tl.static_range(3):
            for dx in tl.static_range(3):
                at = averages + batch * averages_b + (y + dy).to(tl.int64) * averages_y + x + dx
                luma = tl.load(at, mask=inside, other=0)
                soft += (1 if dy != 1 else 2) * (1 if dx != 1 else 2) * luma
                bent += (1 if dy != 1 else -2) * (1 if dx != 1 else -2) * luma
        _, bins = binned(soft, bent)
        found += _histogram(bins, inside, BY, BX)
    sizes = counts + batch * counts_b + tl.arange(0, 256)
    tl.atomic_add(sizes, found.to(tl.int64), mask=found > 0)
