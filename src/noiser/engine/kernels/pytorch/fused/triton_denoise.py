"""Triton kernels of the scene: the photo without its noise, in three passes over planes.

Triton cannot read beside a value of a tile in registers, so each pass writes planes of float32
that the next reads with an offset: coalesced, and mostly from the caches. All planes of a piece
have one frame: `rows` x `pitch` values, in which pixel (0, 0) of the piece lies at (7, 4), and
lie `plane` values apart. The planes are used again: 0 to 5 blurred along rows, 6 to 12 the bands,
then 0 to 3 what the look reads, 4 to 6 what the network reads.
"""

import triton
import triton.language as tl

from noiser.engine.kernels import denoise

TOP = tl.constexpr(7)
LEFT = tl.constexpr(4)
LUMA_RED = tl.constexpr(0.299)
LUMA_GREEN = tl.constexpr(0.587)
LUMA_BLUE = tl.constexpr(0.114)
MOST_MEDIUM = tl.constexpr(denoise.MOST_MEDIUM)

# Where the numbers of an image are in its row of the table; `triton_launch.py` fills it.
OFFSET = tl.constexpr(0)
OUTSIDE = tl.constexpr(3)
CENTER = tl.constexpr(6)
CAST = tl.constexpr(10)
NOISE = tl.constexpr(12)
LEVELS = tl.constexpr(18)
STRENGTH = tl.constexpr(23)
COLOR = tl.constexpr(24)
HIGHLIGHTS = tl.constexpr(25)
DENOISE = tl.constexpr(26)
FINE = tl.constexpr(27)
MEDIUM = tl.constexpr(28)
BLACK = tl.constexpr(29)
CHROMA_FLOOR = tl.constexpr(30)
DETAIL_FLOOR = tl.constexpr(31)


@triton.jit
def read_color(source, outside_at, number, mask, PEAK: tl.constexpr, is_outside):
    """Read one colour in [0, 1] less the center; where it is padded, the padding."""
    value = 2.0 * tl.load(source, mask=mask, other=0).to(tl.float32) - PEAK
    value = (value - tl.load(number)) * (0.5 / PEAK)
    return tl.where(is_outside, tl.load(outside_at), value)


@triton.jit
def read_opponents(
    image, image_b, image_c, image_y, image_x, numbers, batch, row, column, mask, is_outside,
    PEAK: tl.constexpr,
):  # fmt: skip
    """Read luma, and red and blue less luma, less the center's; at a peak of 0 the image is these.

    Args:
        image: Pixels of a batch, or planes; its strides follow.
        numbers: Of this image.
        batch: Which it is.
        row: Rows within it, as are `column`.
        column: See `row`.
        mask: Where to read.
        is_outside: Where the padding stands for what is not there.
        PEAK: White.
    """
    at = image + batch * image_b + row.to(tl.int64) * image_y + column * image_x
    if PEAK == 0:
        luma = tl.load(at, mask=mask, other=0)
        red = tl.load(at + image_c, mask=mask, other=0)
        blue = tl.load(at + 2 * image_c, mask=mask, other=0)
    else:
        out, off = numbers + OUTSIDE, numbers + OFFSET
        red = read_color(at, out, off, mask, PEAK, is_outside)
        green = read_color(at + image_c, out + 1, off + 1, mask, PEAK, is_outside)
        blue = read_color(at + 2 * image_c, out + 2, off + 2, mask, PEAK, is_outside)
        luma = LUMA_RED * red + LUMA_GREEN * green + LUMA_BLUE * blue
        red, blue = red - luma, blue - luma
    return luma, red, blue


@triton.jit
def center_kernel(
    image, image_b, image_c, image_y, image_x, table, planes, plane, pitch, rows,
    top, left, height, width, piece_rows, piece_columns,
    PEAK: tl.constexpr, ZERO: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Write what the network reads where there is no scene: planes 4 to 6, and two pixels more."""
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None] - 2
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :] - 2
    batch = tl.program_id(2).to(tl.int64)
    numbers = table + batch * 32
    inside = (y < piece_rows + 2) & (x < piece_columns + 2)
    row = tl.minimum(tl.maximum(y + top, 0), height - 1)
    column = tl.minimum(tl.maximum(x + left, 0), width - 1)
    padded = (row != y + top) | (column != x + left)
    padded = padded & ZERO
    source = image + batch * image_b + row.to(tl.int64) * image_y + column * image_x
    target = planes + (batch * rows + y + TOP) * pitch + x + LEFT
    for c in tl.static_range(3):
        value = read_color(
            source + c * image_c, numbers + OUTSIDE + c, numbers + OFFSET + c, inside, PEAK, padded
        )
        tl.store(target + (4 + c) * plane.to(tl.int64), value, mask=inside)


@triton.jit
def blur_rows_kernel(
    image, image_b, image_c, image_y, image_x, table, planes, plane, pitch, rows,
    top, left, height, width, piece_rows, piece_columns,
    PEAK: tl.constexpr, ZERO: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Blur luma, red and blue less luma along rows, by one pixel and by two more: planes 0 to 5."""
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None] - 7
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :] - 4
    batch = tl.program_id(2).to(tl.int64)
    numbers = table + batch * 32
    inside = (y < piece_rows + 7) & (x < piece_columns + 4)
    row = tl.minimum(tl.maximum(y + top, 0), height - 1)
    nothing = tl.zeros([BY, BX], tl.float32)
    soft_luma, soft_red, soft_blue = nothing, nothing, nothing
    wide_luma, wide_red, wide_blue = nothing, nothing, nothing
    for step in tl.static_range(-3, 4):
        column = tl.minimum(tl.maximum(x + step + left, 0), width - 1)
        padded = ((row != y + top) | (column != x + step + left)) & ZERO
        luma, red, blue = read_opponents(
            image, image_b, image_c, image_y, image_x, numbers, batch, row, column, inside,
            padded, PEAK,
        )  # fmt: skip
        wide = 0.25 if step == 0 else 0.1875 if step * step == 1 else 0.125
        wide = 0.0625 if step * step == 9 else wide
        wide_luma += wide * luma
        wide_red += wide * red
        wide_blue += wide * blue
        if step * step <= 1:
            near = 0.5 if step == 0 else 0.25
            soft_luma += near * luma
            soft_red += near * red
            soft_blue += near * blue
    space = plane.to(tl.int64)
    target = planes + (batch * rows + y + TOP) * pitch + x + LEFT
    tl.store(target, soft_luma, mask=inside)
    tl.store(target + space, soft_red, mask=inside)
    tl.store(target + 2 * space, soft_blue, mask=inside)
    tl.store(target + 3 * space, wide_luma, mask=inside)
    tl.store(target + 4 * space, wide_red, mask=inside)
    tl.store(target + 5 * space, wide_blue, mask=inside)


@triton.jit
def bands_kernel(
    image, image_b, image_c, image_y, image_x, table, planes, plane, pitch, rows,
    top, left, height, width, piece_rows, piece_columns,
    PEAK: tl.constexpr, ZERO: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
    FINE: tl.constexpr,
):  # fmt: skip
    """Blur along columns: planes 6 to 8 smooth, 9 to 11 the medium band, from 12 the fine one.

    Of that there are `FINE` planes: luma's, or all three.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None] - 4
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :] - 4
    batch = tl.program_id(2).to(tl.int64)
    numbers = table + batch * 32
    inside = (y < piece_rows + 4) & (x < piece_columns + 4)
    row = tl.minimum(tl.maximum(y + top, 0), height - 1)
    column = tl.minimum(tl.maximum(x + left, 0), width - 1)
    padded = ((row != y + top) | (column != x + left)) & ZERO
    luma, red, blue = read_opponents(
        image, image_b, image_c, image_y, image_x, numbers, batch, row, column, inside, padded,
        PEAK,
    )  # fmt: skip
    space = plane.to(tl.int64)
    here = planes + (batch * rows + y + TOP) * pitch + x + LEFT
    for c in tl.static_range(3):
        soft = tl.load(here + c * space - pitch, mask=inside, other=0.0)
        soft += tl.load(here + c * space + pitch, mask=inside, other=0.0)
        soft = 0.25 * soft + 0.5 * tl.load(here + c * space, mask=inside, other=0.0)
        wide = here + (3 + c) * space
        smooth = 0.25 * tl.load(wide, mask=inside, other=0.0)
        for step in tl.static_range(1, 4):
            both = tl.load(wide - step * pitch, mask=inside, other=0.0)
            both += tl.load(wide + step * pitch, mask=inside, other=0.0)
            smooth += (0.25 - 0.0625 * step) * both
        tl.store(here + (6 + c) * space, smooth, mask=inside)
        tl.store(here + (9 + c) * space, soft - smooth, mask=inside)
        if c < FINE:
            own = luma if c == 0 else red if c == 1 else blue
            tl.store(here + (12 + c) * space, own - soft, mask=inside)


@triton.jit
def kept(energy, noise, denoise):
    """Compute what is left of a band."""
    left = tl.maximum(1.0 - noise / tl.maximum(energy, 1e-9), 0.0)
    return 1.0 - denoise + denoise * left


@triton.jit
def _energies(here, space, pitch, inside, BY: tl.constexpr, BX: tl.constexpr):
    """Add up squares over 5 x 5: of luma's two bands, and of both colours in the medium one."""
    nothing = tl.zeros([BY, BX], tl.float32)
    fine_energy, luma_energy, color_energy = nothing, nothing, nothing
    for down in tl.static_range(-2, 3):
        for across in tl.static_range(-2, 3):
            there = here + down * pitch + across
            fine = tl.load(there + 12 * space, mask=inside, other=0.0)
            luma = tl.load(there + 9 * space, mask=inside, other=0.0)
            red = tl.load(there + 10 * space, mask=inside, other=0.0)
            blue = tl.load(there + 11 * space, mask=inside, other=0.0)
            fine_energy += fine * fine
            luma_energy += luma * luma
            color_energy += red * red + blue * blue
    return fine_energy, luma_energy, color_energy


@triton.jit
def noise_at(brightness, numbers, BY: tl.constexpr, BX: tl.constexpr):
    """Compute the noise's variance by luma, linear between the levels it is given for."""
    variance = tl.zeros([BY, BX], tl.float32) + tl.load(numbers + NOISE)
    for k in tl.static_range(5):
        above = tl.maximum(brightness - tl.load(numbers + LEVELS + k), 0.0)
        variance += tl.load(numbers + NOISE + 1 + k) * above
    return tl.maximum(variance, 0.0)


@triton.jit
def join_kernel(
    image, image_b, image_c, image_y, image_x, table, planes, plane, pitch, rows,
    top, left, height, width, piece_rows, piece_columns,
    PEAK: tl.constexpr, ZERO: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
    GRAY: tl.constexpr,
):  # fmt: skip
    """Join the bands without the noise: planes 0 to 3 light, red, blue, detail; 4 to 6 quiet.

    The squares of 5 x 5 are read as they are: a hundred loads a pixel, three quarters of them of
    values that the same program reads for a neighbour. They cost less than two more passes.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None] - 2
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :] - 2
    batch = tl.program_id(2).to(tl.int64)
    numbers = table + batch * 32
    inside = (y < piece_rows + 2) & (x < piece_columns + 2)
    space = plane.to(tl.int64)
    here = planes + (batch * rows + y + TOP) * pitch + x + LEFT
    fine_energy, luma_energy, color_energy = _energies(here, space, pitch, inside, BY, BX)
    center = tl.load(numbers + CENTER + 3)
    smooth = tl.load(here + 6 * space, mask=inside, other=0.0)
    variance = noise_at(smooth + center, numbers, BY, BX)
    denoise = tl.load(numbers + DENOISE)
    small = tl.load(here + 12 * space, mask=inside, other=0.0)
    small *= kept(fine_energy * 0.04, (1.5 * 0.640625) * variance, denoise)
    large = tl.load(here + 9 * space, mask=inside, other=0.0)
    large *= kept(luma_energy * 0.04, (1.5 * 0.074462890625) * variance, denoise)
    share = kept(color_energy * 0.02, (4.5 * 0.074462890625) * variance, denoise)
    red = tl.load(here + 7 * space, mask=inside, other=0.0)
    red += share * tl.load(here + 10 * space, mask=inside, other=0.0)
    blue = tl.load(here + 8 * space, mask=inside, other=0.0)
    blue += share * tl.load(here + 11 * space, mask=inside, other=0.0)
    quiet = smooth + large
    tint = tl.load(numbers + CENTER) - center
    tl.store(here, tl.maximum(quiet + center, 0.0), mask=inside)
    tl.store(here + space, red + tint, mask=inside)
    tl.store(here + 2 * space, blue + tl.load(numbers + CENTER + 2) - center, mask=inside)
    detail = tl.minimum(tl.maximum(large, -MOST_MEDIUM), MOST_MEDIUM)
    detail = tl.load(numbers + FINE) * small + tl.load(numbers + MEDIUM) * detail
    tl.store(here + 3 * space, detail, mask=inside)
    quiet += small
    if GRAY:
        tl.store(here + 4 * space, quiet, mask=inside)
    else:
        row = tl.minimum(tl.maximum(y + top, 0), height - 1)
        column = tl.minimum(tl.maximum(x + left, 0), width - 1)
        padded = ((row != y + top) | (column != x + left)) & ZERO
        _, own_red, own_blue = read_opponents(
            image, image_b, image_c, image_y, image_x, numbers, batch, row, column, inside,
            padded, PEAK,
        )  # fmt: skip
        red = denoise * red + (1.0 - denoise) * own_red
        blue = denoise * blue + (1.0 - denoise) * own_blue
        green = -(LUMA_RED * red + LUMA_BLUE * blue) / LUMA_GREEN
        tl.store(here + 4 * space, quiet + red, mask=inside)
        tl.store(here + 5 * space, quiet + green, mask=inside)
        tl.store(here + 6 * space, quiet + blue, mask=inside)
