"""Locality: sums of cells against loops, windows against SciPy, tilings against the whole."""

from functools import reduce
from operator import add

import numpy as np
import pytest
import truth
from scipy import ndimage

from noiser import Enhancer
from noiser.statistics.local_mean import CELL, cell_sums, window_of
from noiser.statistics.moments import Moments


def whole(image):
    """Give the region that is all of an image."""
    return np.s_[0 : image.shape[0], 0 : image.shape[1]]


def by_loops(image, region, origin):
    """Visit every pixel and add up its luma where it belongs."""
    lattice = np.rint((2 * truth.unit(image) - 1) * 65535).astype(np.int64)
    found = {}
    for y in range(region[0].start, region[0].stop):
        for x in range(region[1].start, region[1].stop):
            place = (y + origin[0]) // 16, (x + origin[1]) // 16
            red, green, blue = (int(v) for v in lattice[y, x])
            pixels, luma = found.get(place, (0, 0))
            found[place] = pixels + 1, luma + 77 * red + 150 * green + 29 * blue
    return [[*place, *sums] for place, sums in sorted(found.items())]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("region", "origin"), [(np.s_[0:35, 0:50], (0, 0)), (np.s_[3:20, 15:17], (13, 1))], ids=str
)
def test_cells_are_the_loop_over_pixels(dark_photo, dtype, channels, region, origin):
    """In integers, for every kind of image, wherever the cut lies."""
    image = truth.as_kind(dark_photo(35, 50), dtype, channels)

    assert cell_sums(image, region, origin).tolist() == by_loops(image, region, origin)


def measured(image):
    """Make moments that have nothing but cells."""
    return Moments("zero", 1, (0,) * 27, (0,) * 378, cells=cell_sums(image, whole(image)))


def test_the_window_is_a_box_twice(dark_photo):
    """By SciPy: means over squares of a quarter of the longer side, and those means again."""
    image = np.kron(dark_photo(8, 12), np.ones((CELL, CELL, 1), np.uint8))
    luma = truth.unit(image) @ [77 / 256, 150 / 256, 29 / 256]
    cells = 2 * luma[::CELL, ::CELL] - 1
    reach = round(0.25 * 12 / 2)

    def boxed(values):
        return ndimage.uniform_filter(values, 2 * reach + 1, mode="constant")

    expected = boxed(boxed(cells - cells.mean())) / boxed(boxed(np.ones_like(cells)))

    assert window_of(measured(image), 1.0).gray == pytest.approx(expected, abs=1e-6)


def test_half_the_amount_is_half_the_window(dark_photo):
    """The knob multiplies."""
    moments = measured(dark_photo(60, 90))

    half, full = (window_of(moments, amount).gray for amount in (0.5, 1.0))

    assert half == pytest.approx(full / 2, abs=1e-7)


def test_a_flat_picture_has_a_window_of_nothing():
    """Every place is like the whole."""
    assert not window_of(measured(np.full((70, 40, 3), 99, np.uint8)), 1.0).gray.any()


def test_moments_without_cells_have_no_window():
    """The message names the knob."""
    bare = Enhancer().measure(np.zeros((4, 4), np.uint8))

    with pytest.raises(
        ValueError, match=r"^the moments have no cells; measure them with `local` above 0$"
    ):
        window_of(bare, 0.5)


def test_local_makes_dark_and_bright_halves_more_alike():
    """A dark half and a light half: their means approach as the knob is turned."""
    image = np.full((128, 256, 3), 10, np.uint8)
    image[:, 128:] = 60
    halves = []
    for local in (0.0, 0.3, 0.6, 1.0):
        output = Enhancer(local=local).enhance(image).astype(float)
        halves.append(output[:, 128:].mean() - output[:, :128].mean())

    assert halves == sorted(halves, reverse=True)
    assert halves[-1] < 0.9 * halves[0]


@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_tiles_in_their_own_arrays_give_the_bytes_of_the_whole(dark_photo, kernel):
    """Each with its neighbours and its origin: measured, added up and rendered."""
    image = dark_photo(75, 90, seed=3)
    tool = Enhancer(local=0.8, kernel=kernel)
    expected, moments, parts = tool.enhance(image), [], []
    for top, bottom in ((0, 30), (30, 41), (41, 75)):
        first = max(top - tool.halo, 0)
        tile = image[first : bottom + tool.halo].copy()
        region = np.s_[top - first : bottom - first, :]
        moments.append(tool.measure(tile, region, (first, 0)))
        parts.append((tile, region, (first, 0)))
    together = reduce(add, moments)

    rendered = [tool.render(tile, together, region, origin) for tile, region, origin in parts]

    assert together == tool.measure(image)
    assert np.concatenate(rendered).tobytes() == expected.tobytes()
