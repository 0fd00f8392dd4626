"""Light grid: counts against a loop over pixels, any cut against the whole, and what is refused."""

import math
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
import truth
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from noiser import Enhancer
from noiser.statistics.light_grid import (
    _MOST,
    BINS,
    FIRST_TONES,
    MOST_CELLS,
    TONES,
    LightGrid,
    counted,
    shift_for,
)

WHOLE = np.s_[0:35, 0:50]


def by_loops(image, region, origin):
    """Visit every pixel and count its tone where it belongs."""
    lattice = np.rint((2 * truth.unit(image) - 1) * 65535).astype(np.int64)
    luma = lattice @ [77, 150, 29]
    soft = ndimage.correlate(luma, np.outer([1, 2, 1], [1, 2, 1]), mode="nearest")
    tones = (soft + 16 * 256 * 65535) // (8 * 257 * 256)
    bottom, right = (part.stop + first for part, first in zip(region, origin, strict=True))
    side = 4
    while side * 64 < max(bottom, right):
        side *= 2
    sums = np.zeros((2, -(-bottom // side), -(-right // side), 12), np.int64)
    for y in range(region[0].start, region[0].stop):
        for x in range(region[1].start, region[1].stop):
            tone = int(tones[y, x])
            at = (
                (y + origin[0]) // side,
                (x + origin[1]) // side,
                math.floor(11 * math.sqrt(tone / 1020) + 0.5),
            )
            sums[(0, *at)] += 1
            sums[(1, *at)] += tone
    return LightGrid(side.bit_length() - 1, sums)


@pytest.mark.parametrize("kernel", ["auto", "reference"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("region", "origin"),
    [(WHOLE, (0, 0)), (np.s_[3:20, 15:17], (13, 1)), (np.s_[0:35, 5:50], (7, 4001))],
    ids=str,
)
def test_a_grid_is_the_loop_over_pixels(dark_photo, kernel, dtype, channels, region, origin):
    """In integers, for every kind of image, wherever the cut lies."""
    image = truth.as_kind(np.minimum(dark_photo(35, 50) * 3, 255).astype("uint8"), dtype, channels)

    found = Enhancer(kernel=kernel).measure(image, region, origin).grid

    assert found == by_loops(image, region, origin)


def test_a_grid_is_as_the_histogram_has_it(dark_photo):
    """Its pixels by brightness are those of the histogram of luma."""
    moments = Enhancer().measure(dark_photo(90, 120))

    starts = [0, *FIRST_TONES]
    assert moments.grid.sums[0].sum((0, 1)).tolist() == [
        sum(moments.tones[a:b]) for a, b in zip(starts, [*starts[1:], TONES], strict=True)
    ]


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_any_cut_in_any_order_gives_the_grid_of_the_whole(data):
    """Though each piece is counted in the smallest cells that it allows."""
    height, width = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 700))
    tones = np.random.default_rng(0).integers(0, TONES, (height, width))
    rows = sorted({0, height, *data.draw(st.lists(st.integers(1, height), max_size=4))})
    columns = sorted({0, width, *data.draw(st.lists(st.integers(1, width), max_size=4))})
    tiles = [
        (slice(top, bottom), slice(left, right))
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]
    parts = [counted(tones[tile], tile, (0, 0)) for tile in data.draw(st.permutations(tiles))]

    whole = counted(tones, (slice(0, height), slice(0, width)), (0, 0))
    assert reduce(add, parts) == whole
    assert reduce(add, reversed(parts)) == whole
    assert whole.sums[0].sum() == height * width


@pytest.mark.parametrize(
    ("longer", "side"), [(1, 4), (256, 4), (257, 8), (4096, 64), (4097, 128), (1 << 20, 1 << 14)]
)
def test_cells_grow_with_the_picture(longer, side):
    """At most 64 lie across, and more than 32 but in the smallest pictures."""
    assert 1 << shift_for(3, longer) == 1 << shift_for(longer, 3) == side
    assert -(-longer // side) <= MOST_CELLS


def test_grids_that_differ_are_not_equal(dark_photo):
    """In a number, or in the side of their cells."""
    grid = Enhancer().measure(dark_photo(20, 20)).grid
    other = grid.sums.copy()
    other[0, 0, 0, 3] += 1

    assert grid == LightGrid(grid.shift, grid.sums.copy())
    assert hash(grid) == hash(LightGrid(grid.shift, grid.sums.copy()))
    assert grid != LightGrid(grid.shift, other)
    assert grid != LightGrid(grid.shift + 1, grid.sums)
    assert grid != 3


@pytest.mark.parametrize(
    ("shift", "sums", "says"),
    [
        (2, np.zeros((2, 3, 3, BINS)), "int64"),
        (2, np.zeros((2, 3, 3, 5), np.int64), "int64"),
        (2, np.zeros((2, 3, BINS), np.int64), "int64"),
        (2, np.zeros((2, 65, 3, BINS), np.int64), "at most 64"),
        (1, np.zeros((2, 3, 3, BINS), np.int64), "at least 2\\^2"),
        (2, np.full((2, 3, 3, BINS), -1), "below 0"),
        (2, np.full((2, 3, 3, BINS), _MOST), "2\\^62"),
    ],
)
def test_what_is_no_grid_is_refused(shift, sums, says):
    """It may come from another machine."""
    with pytest.raises(ValueError, match=f"^the grid .*{says}"):
        LightGrid(shift, sums)


def test_moments_add_up_their_grids(dark_photo):
    """And a look without `local` measures none."""
    image = dark_photo(40, 30)
    tool = Enhancer(local=0.5)
    top, bottom = (tool.measure(image, part) for part in (np.s_[:17, :], np.s_[17:, :]))
    bare = Enhancer(local=0).measure(image)

    assert (top + bottom).grid == tool.measure(image).grid
    assert bare.grid is None
    assert (bare + top).grid == (top + bare).grid == top.grid
    assert (bare + bare).grid is None
