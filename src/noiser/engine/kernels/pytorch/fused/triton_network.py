"""Triton kernels of the network and of what comes after it; planes as in `triton_denoise.py`."""

import triton
import triton.language as tl

from noiser.engine.kernels.pytorch.fused.triton_denoise import (
    BLACK,
    CAST,
    CENTER,
    CHROMA_FLOOR,
    COLOR,
    DETAIL_FLOOR,
    HIGHLIGHTS,
    LEFT,
    LUMA_BLUE,
    LUMA_GREEN,
    LUMA_RED,
    STRENGTH,
    TOP,
)


@triton.jit
def _gelu(value):
    """Compute GELU without a branch: to 1e-6 (Abramowitz and Stegun 1964, 7.1.26)."""
    size = tl.abs(value)
    t = 1.0 / (1.0 + 0.23164189 * size)  # 0.3275911 / sqrt(2)
    tail = 1.061405429 * t - 1.453152027
    tail = (tail * t + 1.421413741) * t - 0.284496736
    tail = (tail * t + 0.254829592) * t * tl.exp(-0.5 * value * value)
    return tl.maximum(value, 0.0) - 0.5 * size * tail


@triton.jit
def _weighed(value, weight, seen, space, pitch, wanted, INPUTS: tl.constexpr):
    """Add what lies under a 3x3 kernel of some planes, times its weights."""
    for tap in tl.static_range(INPUTS * 9):
        place = (tap // 9) * space + (tap % 9 // 3 - 1) * pitch + tap % 3 - 1
        value += tl.load(weight + tap) * tl.load(seen + place, mask=wanted, other=0.0)
    return value


@triton.jit
def _hidden(
    channel, first, bias, seen, space, pitch, wanted, INPUTS: tl.constexpr, BLOCK: tl.constexpr
):
    """Compute a row of a hidden channel, after its GELU."""
    value = tl.zeros([BLOCK], tl.float32) + tl.load(bias + channel)
    weight = first + channel * (INPUTS * 9)
    return _gelu(_weighed(value, weight, seen, space, pitch, wanted, INPUTS))


# The hidden layer is never stored: each row of it is at once spread over the nine taps of the
# second kernel, and what falls into the same row of the output is added up in registers. So three
# planes are left, one for each column of the kernel; whoever adds them up reads them beside each
# other. At 256 columns and 64 threads that is four columns a thread: 9 inputs, 9 taps and 6 sums of
# each, in 127 registers, and each weight that is loaded serves four pixels. Three planes take 128
# threads, and 128.
@triton.jit
def network_kernel(
    planes, plane, pitch, rows, first, bias, second, hidden,
    top, left, height, width, piece_rows, piece_columns,
    INPUTS: tl.constexpr, OUTPUTS: tl.constexpr, ZERO: tl.constexpr,
    ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Compute the hidden layer, and weigh it for one output: three planes from 7 + 3 output on.

    A program walks down `ROWS` rows of `BLOCK` columns of the output. It reads planes 4 to 6, or
    4 alone, as `INPUTS` says, of `plane` values and `rows` rows for each image. Weights: `first`
    [B,hidden,INPUTS,9], `bias` [B,hidden], `second` [B,OUTPUTS,hidden,9]. Row and column 0 of the
    piece are `top` and `left` of the images, which are `height` times `width`; where `ZERO`, the
    hidden layer is 0 outside of them.
    """
    batch = (tl.program_id(2) // OUTPUTS).to(tl.int64)
    output = tl.program_id(2) % OUTPUTS
    x = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK) - 1
    first_y = tl.program_id(1) * ROWS
    column = tl.minimum(tl.maximum(x + left, 0), width - 1)
    inside = x < piece_columns + 1
    is_column = (column == x + left) | (not ZERO)
    column -= left
    space = plane.to(tl.int64)
    frame = planes + batch * rows * pitch
    nothing = tl.zeros([BLOCK], tl.float32)
    at_left, at_middle, at_right = nothing, nothing, nothing  # of the row above the newest
    next_left, next_middle, next_right = nothing, nothing, nothing  # of the newest row
    for step in range(ROWS + 2):
        y = first_y + step - 1
        wanted = inside & (y < piece_rows + 1)
        row = tl.minimum(tl.maximum(y + top, 0), height - 1)
        is_row = (row == y + top) | (not ZERO)
        row -= top
        seen = frame + 4 * space + (row + TOP).to(tl.int64) * pitch + column + LEFT
        a0, a1, a2, b0, b1, b2, c0, c1, c2 = (nothing,) * 9
        for k in range(hidden):
            value = _hidden(
                batch * hidden + k, first, bias, seen, space, pitch, wanted, INPUTS, BLOCK
            )
            value = tl.where(is_row & is_column, value, 0.0)
            weight = second + ((batch * OUTPUTS + output) * hidden + k) * 9
            a0 += tl.load(weight) * value
            a1 += tl.load(weight + 1) * value
            a2 += tl.load(weight + 2) * value
            b0 += tl.load(weight + 3) * value
            b1 += tl.load(weight + 4) * value
            b2 += tl.load(weight + 5) * value
            c0 += tl.load(weight + 6) * value
            c1 += tl.load(weight + 7) * value
            c2 += tl.load(weight + 8) * value
        target = frame + (7 + 3 * output) * space + (y - 1 + TOP).to(tl.int64) * pitch + x + LEFT
        done = inside & (step >= 2) & (y <= piece_rows)
        tl.store(target, at_left + c0, mask=done)
        tl.store(target + space, at_middle + c1, mask=done)
        tl.store(target + 2 * space, at_right + c2, mask=done)
        at_left, at_middle, at_right = next_left + b0, next_middle + b1, next_right + b2
        next_left, next_middle, next_right = a0, a1, a2


@triton.jit
def _entries(at, size):
    """Find the entries before and after a place in a table, and how far it is on the way."""
    at = tl.minimum(tl.maximum(at, 0.0), size - 1.0)
    low = at.to(tl.int32)
    return low, tl.minimum(low + 1, size - 1), at - low


@triton.jit
def _between(table, first, last, share, inside):
    """Read a table linear between two entries."""
    value = tl.load(table + first, mask=inside, other=0.0)
    return value + share * (tl.load(table + last, mask=inside, other=0.0) - value)


@triton.jit
def _seen(at, space, center, inside, GRAY: tl.constexpr):
    """Read luma of what the network reads, from 0 on."""
    luma = tl.load(at, mask=inside, other=0.0)
    if not GRAY:
        luma = LUMA_RED * luma
        luma += LUMA_GREEN * tl.load(at + space, mask=inside, other=0.0)
        luma += LUMA_BLUE * tl.load(at + 2 * space, mask=inside, other=0.0)
    return tl.maximum(luma + center, 0.0)


@triton.jit
def _lift(lift, cells_y, cells_x, cell, y, x, seen, inside):
    """Read what is added before the tanh: by row and column of the whole picture, and by luma.

    The images' first pixel lies at the origin of that picture; a cell has `cell` pixels each way.
    """
    above, below, down = _entries((y + 0.5) / cell - 0.5, cells_y)
    before, after, across = _entries((x + 0.5) / cell - 0.5, cells_x)
    low, high, up = _entries(11.0 * tl.sqrt(seen), 12)
    above, below = above * cells_x, below * cells_x
    left = _between(lift + (above + before) * 12, low, high, up, inside)
    left += down * (_between(lift + (below + before) * 12, low, high, up, inside) - left)
    right = _between(lift + (above + after) * 12, low, high, up, inside)
    right += down * (_between(lift + (below + after) * 12, low, high, up, inside) - right)
    return left + across * (right - left)


@triton.jit
def _before(here, space, output, bias, lifted, inside):
    """Add up the three columns of the second kernel and the lift: what the tanh is taken of."""
    at = here + (7 + 3 * output) * space
    total = lifted + tl.load(at - 1, mask=inside, other=0.0)
    total += tl.load(at + space, mask=inside, other=0.0)
    total += tl.load(at + 2 * space + 1, mask=inside, other=0.0) + tl.load(bias + output)
    return tl.minimum(tl.maximum(total, -40.0), 40.0)


@triton.jit
def _within(level, red, green, blue):
    """Add chroma to luma; where a colour would pass 1 it gives up saturation and brightness."""
    most = tl.maximum(tl.maximum(red, green), tl.maximum(blue, 1e-6))
    room = tl.minimum(tl.maximum(1.0 - level, 0.0) / most, 1.0)
    dimmed = tl.minimum(2.0 / (1.0 + level + most), 1.0)
    kept = 0.5 + 0.5 * room
    return (
        dimmed * (level + kept * red),
        dimmed * (level + kept * green),
        dimmed * (level + kept * blue),
    )


@triton.jit
def _write(source, target, value, share, inside, PEAK: tl.constexpr):
    """Mix in the input and round half to even; a float that large has no places left."""
    value = PEAK * tl.minimum(tl.maximum(value, 0.0), 1.0)
    before = tl.load(source, mask=inside, other=0).to(tl.float32)
    value = share * value + (1.0 - share) * before
    if PEAK > 1:
        value = ((value + 12582912.0) - 12582912.0).to(tl.int32)
    tl.store(target, value.to(target.dtype.element_ty), mask=inside)


@triton.jit
def _developed(here, space, numbers, light, missing, bright, red, green, blue, inside):
    """Put the photo's own black, highlights, detail and colours around the network's luma."""
    both = tl.maximum(1.0 - light, 0.0) - missing
    both = missing + tl.load(numbers + HIGHLIGHTS) * both
    square, black = light * light, tl.load(numbers + BLACK)
    black = black * black
    tone = (square * (1.0 + black) + 1e-12) / (square + black + 1e-12)
    level = (1.0 - tl.sqrt(missing * both)) * tone
    gain = tl.load(numbers + COLOR) * level / (light + tl.load(numbers + CHROMA_FLOOR))
    own_red = tl.load(here + space, mask=inside, other=0.0)
    own_red -= tl.load(numbers + CAST) * light
    own_blue = tl.load(here + 2 * space, mask=inside, other=0.0)
    own_blue -= tl.load(numbers + CAST + 1) * light
    own_green = -(LUMA_RED * own_red + LUMA_BLUE * own_blue) / LUMA_GREEN
    red = gain * own_red + tone * (red - bright)
    green = gain * own_green + tone * (green - bright)
    blue = gain * own_blue + tone * (blue - bright)
    detail = tl.load(here + 3 * space, mask=inside, other=0.0)
    level += level / (light + tl.load(numbers + DETAIL_FLOOR)) * detail
    return _within(level, red, green, blue)


@triton.jit
def develop_kernel(
    image, image_b, image_c, image_y, image_x, out, out_b, out_c, out_y, out_x,
    table, planes, plane, pitch, rows, bias, top, left, piece_rows, piece_columns,
    lift, cells_y, cells_x, cell, origin_y, origin_x,
    PEAK: tl.constexpr, DEVELOPS: tl.constexpr, GRAY: tl.constexpr, LOCAL: tl.constexpr,
    BY: tl.constexpr, BX: tl.constexpr,
):  # fmt: skip
    """Do what the reference does with the network's output, round, and write.

    With `LOCAL`, `lift` is [B,cells_y,cells_x,12]; see `_lift`.
    """
    y = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    x = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    batch = tl.program_id(2).to(tl.int64)
    numbers = table + batch * 32
    inside = (y < piece_rows) & (x < piece_columns)
    space = plane.to(tl.int64)
    here = planes + (batch * rows + y + TOP) * pitch + x + LEFT
    bias += batch * (1 if GRAY else 3)
    light, lifted = tl.zeros([BY, BX], tl.float32), tl.zeros([BY, BX], tl.float32)
    if DEVELOPS:
        light = tl.load(here, mask=inside, other=0.0)
        if LOCAL:
            own = lift + batch * (cells_y * cells_x * 12)
            seen = _seen(here + 4 * space, space, tl.load(numbers + CENTER + 3), inside, GRAY)
            at_y, at_x = y + top + origin_y, x + left + origin_x
            lifted = _lift(own, cells_y, cells_x, cell, at_y, at_x, seen, inside)
    red = _before(here, space, 0, bias, lifted, inside)
    bright, missing = 1.0 / (1.0 + tl.exp(-2.0 * red)), 1.0 / (1.0 + tl.exp(2.0 * red))
    red, green, blue = bright, bright, bright
    if not GRAY:
        dark = LUMA_RED * missing
        second = _before(here, space, 1, bias, lifted, inside)
        third = _before(here, space, 2, bias, lifted, inside)
        green, blue = 1.0 / (1.0 + tl.exp(-2.0 * second)), 1.0 / (1.0 + tl.exp(-2.0 * third))
        dark += LUMA_GREEN / (1.0 + tl.exp(2.0 * second))
        missing = dark + LUMA_BLUE / (1.0 + tl.exp(2.0 * third))
        bright = LUMA_RED * red + LUMA_GREEN * green + LUMA_BLUE * blue
    if DEVELOPS:
        red, green, blue = _developed(
            here, space, numbers, light, missing, bright, red, green, blue, inside
        )
    share = tl.load(numbers + STRENGTH)
    source = image + batch * image_b + (y + top).to(tl.int64) * image_y + (x + left) * image_x
    target = out + batch * out_b + y.to(tl.int64) * out_y + x * out_x
    _write(source, target, red, share, inside, PEAK)
    _write(source + image_c, target + out_c, green, share, inside, PEAK)
    _write(source + 2 * image_c, target + 2 * out_c, blue, share, inside, PEAK)
