"""Triton kernels of the coarse octaves: averages, their noise taken away, and what that changes.

Whole planes of an octave lie in global memory: luma, red and blue less luma, less the center's.
`triton_pyramid.py` says which part of an octave they are. What is read as `read_opponents` does is
the image itself or, at a `PEAK` of 0, planes.
"""

import triton
import triton.language as tl

from noiser.engine.kernels.pytorch.fused.triton_denoise import (
    CENTER,
    DENOISE,
    LEFT,
    TOP,
    kept,
    noise_at,
    read_opponents,
)


@triton.jit
def halve_kernel(
    image, image_b, image_c, image_y, image_x, table, averages, top, left, height, width,
    rows, columns, PEAK: tl.constexpr, ZERO: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Average squares of two: float32 [B,3,rows,columns]; the first begins at `top` and `left`."""
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    batch = tl.program_id(2).to(tl.int64)
    inside = (y < rows) & (x < columns)
    nothing = tl.zeros([BY, BX], tl.float32)
    luma, red, blue = nothing, nothing, nothing
    for down in tl.static_range(2):
        at_y = 2 * y + down + top
        row = tl.minimum(tl.maximum(at_y, 0), height - 1)
        line_luma, line_red, line_blue = nothing, nothing, nothing
        for across in tl.static_range(2):
            at_x = 2 * x + across + left
            column = tl.minimum(tl.maximum(at_x, 0), width - 1)
            padded = ((row != at_y) | (column != at_x)) & ZERO
            own_luma, own_red, own_blue = read_opponents(
                image, image_b, image_c, image_y, image_x, table + batch * 32, batch, row, column,
                inside, padded, PEAK,
            )  # fmt: skip
            line_luma += own_luma
            line_red += own_red
            line_blue += own_blue
        luma += line_luma
        red += line_red
        blue += line_blue
    size = rows.to(tl.int64) * columns
    target = averages + batch * 3 * size + y.to(tl.int64) * columns + x
    tl.store(target, 0.25 * luma, mask=inside)
    tl.store(target + size, 0.25 * red, mask=inside)
    tl.store(target + 2 * size, 0.25 * blue, mask=inside)


@triton.jit
def _energies(band, space, pitch, inside, BY: tl.constexpr, BX: tl.constexpr):
    """Add up a band's squares over 5 x 5: luma's, and those of both colours."""
    luma_energy, color_energy = tl.zeros([BY, BX], tl.float32), tl.zeros([BY, BX], tl.float32)
    for down in tl.static_range(-2, 3):
        for across in tl.static_range(-2, 3):
            there = band + down * pitch + across
            luma = tl.load(there, mask=inside, other=0.0)
            red = tl.load(there + space, mask=inside, other=0.0)
            blue = tl.load(there + 2 * space, mask=inside, other=0.0)
            luma_energy += luma * luma
            color_energy += red * red + blue * blue
    return luma_energy, color_energy


@triton.jit
def quiet_kernel(
    averages, averages_b, averages_c, averages_y, averages_x, table, planes, plane, pitch, rows,
    change, change_rows, change_columns, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Join an octave's bands without their noise: what that changes, [B,3,rows,columns].

    The bands lie in `planes` from 6 on as `bands_kernel` writes them, of a piece that begins at
    the change's row and column 2; `averages` is what the octave was, of the change's size, and
    `table` has the noise of the octave.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    batch = tl.program_id(2).to(tl.int64)
    numbers = table + batch * 32
    inside = (y < change_rows) & (x < change_columns)
    space = plane.to(tl.int64)
    here = planes + (batch * rows + y + (TOP - 2)) * pitch + x + (LEFT - 2)
    smooth = tl.load(here + 6 * space, mask=inside, other=0.0)
    variance = noise_at(smooth + tl.load(numbers + CENTER + 3), numbers, BY, BX)
    denoise = tl.load(numbers + DENOISE)
    luma, color = _energies(here + 12 * space, space, pitch, inside, BY, BX)
    fine_luma = kept(luma * 0.04, (1.5 * 0.640625) * variance, denoise)
    fine_color = kept(color * 0.02, (4.5 * 0.640625) * variance, denoise)
    luma, color = _energies(here + 9 * space, space, pitch, inside, BY, BX)
    medium_luma = kept(luma * 0.04, (1.5 * 0.074462890625) * variance, denoise)
    medium_color = kept(color * 0.02, (4.5 * 0.074462890625) * variance, denoise)
    size = change_rows.to(tl.int64) * change_columns
    before = averages + batch * averages_b + y.to(tl.int64) * averages_y + x * averages_x
    target = change + batch * 3 * size + y.to(tl.int64) * change_columns + x
    for c in tl.static_range(3):
        quiet = tl.load(here + (6 + c) * space, mask=inside, other=0.0)
        fine = tl.load(here + (12 + c) * space, mask=inside, other=0.0)
        quiet += (fine_luma if c == 0 else fine_color) * fine
        medium = tl.load(here + (9 + c) * space, mask=inside, other=0.0)
        quiet += (medium_luma if c == 0 else medium_color) * medium
        quiet -= tl.load(before + c * averages_c, mask=inside, other=0.0)
        tl.store(target + c * size, quiet, mask=inside)


@triton.jit
def add_kernel(
    image, image_b, image_c, image_y, image_x, table, change, change_rows, change_columns,
    odd_y, odd_x, out, top, left, height, width, rows, columns,
    PEAK: tl.constexpr, ZERO: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Add a change of the next coarser octave, linear between the middles of its squares.

    Writes float32 [B,3,rows,columns], of which the first is read at `top` and `left`. `odd_y` and
    `odd_x` tell whether that is the second row and column of its square; `change`, of
    [B,3,change_rows,change_columns], begins one square before.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    batch = tl.program_id(2).to(tl.int64)
    inside = (y < rows) & (x < columns)
    row = tl.minimum(tl.maximum(y + top, 0), height - 1)
    column = tl.minimum(tl.maximum(x + left, 0), width - 1)
    padded = ((row != y + top) | (column != x + left)) & ZERO
    luma, red, blue = read_opponents(
        image, image_b, image_c, image_y, image_x, table + batch * 32, batch, row, column, inside,
        padded, PEAK,
    )  # fmt: skip
    near_y, near_x = ((y + odd_y) >> 1) + 1, ((x + odd_x) >> 1) + 1
    far_y, far_x = near_y + 2 * ((y + odd_y) & 1) - 1, near_x + 2 * ((x + odd_x) & 1) - 1
    near_y, far_y = near_y.to(tl.int64) * change_columns, far_y.to(tl.int64) * change_columns
    change_size, size = change_rows.to(tl.int64) * change_columns, rows.to(tl.int64) * columns
    target = out + batch * 3 * size + y.to(tl.int64) * columns + x
    for c in tl.static_range(3):
        at = change + (batch * 3 + c) * change_size
        near = tl.load(at + near_y + near_x, mask=inside, other=0.0)
        near += 0.25 * (tl.load(at + far_y + near_x, mask=inside, other=0.0) - near)
        far = tl.load(at + near_y + far_x, mask=inside, other=0.0)
        far += 0.25 * (tl.load(at + far_y + far_x, mask=inside, other=0.0) - far)
        own = luma if c == 0 else red if c == 1 else blue
        tl.store(target + c * size, own + (near + 0.25 * (far - near)), mask=inside)
