"""Triton kernels that measure: the lattice and its products by lag, in integers.

Each program adds what it found to a few hundred sums with integer atomics, so that no order and
no cut can change them. Loads run along rows, coalesced; what neighbouring programs and lags read
again comes from the caches.
"""

import triton
import triton.language as tl


@triton.jit
def read_whole(source, mask, KIND: tl.constexpr):
    """Read one colour as a whole number: 2 v - 255, 2 v - 65535, or a float on the lattice."""
    value = tl.load(source, mask=mask, other=0)
    if KIND == 0:
        whole = 2 * value.to(tl.int32) - 255
    elif KIND == 1:
        whole = 2 * value.to(tl.int32) - 65535
    else:
        # Adding 1.5 * 2^52 rounds a double to a whole number, half to even.
        exact = (2.0 * value.to(tl.float64) - 1.0) * 65535.0
        whole = ((exact + 6755399441055744.0) - 6755399441055744.0).to(tl.int32)
    return whole


@triton.jit
def lattice_kernel(
    image, image_b, image_c, image_y, image_x, lattice, top, left, height, width, rows, columns,
    KIND: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Write whole numbers [B,3,rows,columns], as `read_whole` gives them.

    Args:
        image: Pixels of a batch; its strides follow.
        lattice: int32, written; row 0 and column 0 are the image's `top` and `left`.
        top: May lie outside the image, as may `left`: the nearest pixel stands for those.
        left: See `top`.
        height: Of the images, as is `width`.
        width: See `height`.
        rows: Of the lattice, as are `columns`.
        columns: See `rows`.
        KIND: 0 for uint8, 1 for uint16, 2 for floats.
        BY: Rows of a program's tile.
        BX: Columns of it.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    batch = tl.program_id(2).to(tl.int64)
    inside = (y < rows) & (x < columns)
    row = tl.minimum(tl.maximum(y + top, 0), height - 1)
    column = tl.minimum(tl.maximum(x + left, 0), width - 1)
    source = image + batch * image_b + row.to(tl.int64) * image_y + column * image_x
    target = lattice + batch * 3 * rows * columns + y.to(tl.int64) * columns + x
    for c in tl.static_range(3):
        whole = read_whole(source + c * image_c, inside, KIND)
        tl.store(target + c * rows * columns, whole, mask=inside)


@triton.jit
def _add_product(sums, a, b, WIDE: tl.constexpr):
    """Add up a tile's products, in 64 bits where 32 might not do."""
    if WIDE:
        total = tl.sum(a.to(tl.int64) * b.to(tl.int64))
    else:
        total = tl.sum(a * b).to(tl.int64)
    tl.atomic_add(sums, total)


@triton.jit
def lags_kernel(
    lattice, sums, sums_b, top, left, height, width, rows, columns,
    ZERO: tl.constexpr, WIDE: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Add up all products by lag, and the values: the first of each 25 sums of `lags.SUMS`.

    Sixteen values of each colour a thread, at 128 threads and 16 x 128 values: 48 registers for
    the pixels and as many for the others; 117 sums of a tile, each a handful of shuffles.

    Args:
        lattice: int32 [B,3,rows,columns].
        sums: int64, zeros: `sums_b` from image to image.
        sums_b: See `sums`.
        top: Row of the image that row 0 of the lattice is, as `left` is for columns.
        left: See `top`.
        height: Of the images, as is `width`.
        width: See `height`.
        rows: Of the lattice, as are `columns`.
        columns: See `rows`.
        ZERO: Whether 0 stands for what lies outside the image.
        WIDE: Whether a tile's sum may need more than 32 bits.
        BY: Rows of a program's tile.
        BX: Columns of it.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    batch = tl.program_id(2).to(tl.int64)
    size = rows * columns
    base = lattice + batch * 3 * size
    found = sums + batch * sums_b
    first_row, last_row, first_column, last_column = 0, rows, 0, columns
    if ZERO:
        first_row, last_row = tl.maximum(-top, 0), tl.minimum(height - top, rows)
        first_column, last_column = tl.maximum(-left, 0), tl.minimum(width - left, columns)
    seen = (y >= first_row) & (y < last_row) & (x >= first_column) & (x < last_column)
    at = base + y.to(tl.int64) * columns + x
    red = tl.load(at, mask=seen, other=0)
    green = tl.load(at + size, mask=seen, other=0)
    blue = tl.load(at + 2 * size, mask=seen, other=0)
    tl.atomic_add(found + (13 * 9 + 0) * 25, tl.sum(red).to(tl.int64))
    tl.atomic_add(found + (13 * 9 + 3) * 25, tl.sum(green).to(tl.int64))
    tl.atomic_add(found + (13 * 9 + 6) * 25, tl.sum(blue).to(tl.int64))
    for lag in tl.static_range(13):
        down = 0 if lag < 3 else 1 if lag < 8 else 2
        across = lag if lag < 3 else (lag - 3) % 5 - 2
        other = (y + down >= first_row) & (y + down < last_row)
        other = other & (x + across >= first_column) & (x + across < last_column)
        there = at + down * columns + across
        for d in tl.static_range(3):
            value = tl.load(there + d * size, mask=other, other=0)
            _add_product(found + (lag * 9 + 0 + d) * 25, red, value, WIDE)
            _add_product(found + (lag * 9 + 3 + d) * 25, green, value, WIDE)
            _add_product(found + (lag * 9 + 6 + d) * 25, blue, value, WIDE)


@triton.jit
def lines_kernel(
    lattice, sums, sums_b, top, left, height, width, rows, columns,
    ZERO: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Add up along the outermost rows and columns, and where they cross: 24 sums for each lag.

    The lines are the rows of a tile, of which the last eight are none.

    Args:
        lattice: int32 [B,3,rows,columns].
        sums: int64; as for `lags_kernel`, as are the next seven.
        sums_b: See `sums`.
        top: See `sums`.
        left: See `sums`.
        height: See `sums`.
        width: See `sums`.
        rows: See `sums`.
        columns: See `sums`.
        ZERO: Whether 0 stands for what lies outside the image.
        BLOCK: Places along the lines that a program reads.
    """
    lag = tl.program_id(1)
    batch = tl.program_id(2).to(tl.int64)
    line = tl.arange(0, 32)[:, None]
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)[None, :]
    is_row, is_column = line < 4, (line >= 4) & (line < 8)
    row_line = tl.where(is_row, line, (line - 8) // 4)
    column_line = tl.where(is_column, line - 4, (line - 8) % 4)
    y = tl.where(row_line < 2, row_line, rows - 4 + row_line)
    x = tl.where(column_line < 2, column_line, columns - 4 + column_line)
    count = tl.where(is_row, columns, tl.where(is_column, rows, 1))
    y, x = tl.where(is_column, i, y), tl.where(is_row, i, x)
    down = tl.where(lag < 3, 0, tl.where(lag < 8, 1, tl.where(lag < 13, 2, 0)))
    across = tl.where(lag < 3, lag, tl.where(lag < 13, (lag - 3) % 5 - 2, 0))
    begin_y, end_y, begin_x, end_x = 0, rows, 0, columns
    if ZERO:
        begin_y, end_y = tl.maximum(-top, 0), tl.minimum(height - top, rows)
        begin_x, end_x = tl.maximum(-left, 0), tl.minimum(width - left, columns)
    seen = (line < 24) & (i < count)
    seen = seen & (y >= begin_y) & (y < end_y) & (x >= begin_x) & (x < end_x)
    v, u = y + down, x + across
    other = seen & (v >= begin_y) & (v < end_y) & (u >= begin_x) & (u < end_x)
    size = rows * columns
    base = lattice + batch * 3 * size
    target = sums + batch * sums_b + lag * 9 * 25 + 1 + tl.arange(0, 32)
    for c in tl.static_range(3):
        one = tl.load(base + c * size + y * columns + x, mask=seen, other=0).to(tl.int64)
        for d in tl.static_range(3):
            two = tl.load(base + d * size + v * columns + u, mask=other, other=0)
            two = tl.where(lag == 13, 1, two)
            total = tl.sum(one * two.to(tl.int64), 1)
            tl.atomic_add(target + (c * 3 + d) * 25, total, mask=tl.arange(0, 32) < 24)
