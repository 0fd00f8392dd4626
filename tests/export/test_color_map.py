"""Colour maps: linear between their points, and what an enhancer makes of flat colour."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from noiser import Enhancer
from noiser.export.color_map import ColorMap, corners, flat_map


def mapped_by(function, size=5):
    """Make a map of a function of red, green and blue."""
    axis = np.linspace(0, 1, size)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return ColorMap(np.stack(function(red, green, blue), -1))


unit = st.floats(0, 1)


@given(red=unit, green=unit, blue=unit, size=st.integers(2, 9))
def test_what_is_linear_in_each_colour_is_met_everywhere(red, green, blue, size):
    """Trilinear: products of different colours are met too, between the points as well."""

    def function(r, g, b):
        return r * g, (1 - b) * r * g, 0.5 * g + 0.25 * b

    found = mapped_by(function, size).apply(np.array([[red, green, blue]]))

    np.testing.assert_allclose(found[0], function(red, green, blue), atol=1e-12)


def test_pillow_reads_the_same_lattice_in_the_same_way():
    """Somebody else's truth, with red fastest."""
    lattice = np.random.default_rng(0).uniform(0, 1, (4, 4, 4, 3))
    colors = np.random.default_rng(1).integers(0, 256, (50, 40, 3), dtype=np.uint8)

    table = ImageFilter.Color3DLUT(4, lattice.reshape(-1, 3).ravel().tolist())
    theirs = np.asarray(Image.fromarray(colors).filter(table))

    ours = ColorMap(lattice).apply(colors.reshape(-1, 3) / 255.0).reshape(50, 40, 3)
    assert abs(255 * ours - theirs).max() <= 1.0


def test_the_shares_of_the_corners_are_those_of_a_cube_and_add_up_to_one():
    found = list(corners(np.array([[0.25, 0.0, 1.0]]), 3))

    shares = {int(index[0]): float(share[0]) for index, share in found if share[0] > 0}
    # red between the points 0 and 1, green at 0, blue at 2 of 3
    assert shares == {18: 0.5, 19: 0.5}


@pytest.mark.parametrize("look", ["natural", "paper"])
def test_the_flat_map_is_what_becomes_of_a_flat_part_of_a_picture(dark_photo, look):
    """In the middle of a large patch of one colour, with the picture's moments."""
    enhancer = Enhancer(look, threads=1, denoise=0.0)
    moments = enhancer.measure(dark_photo(40, 50))

    found = flat_map(enhancer, moments, 3)

    for blue, green, red in [(0, 0, 0), (1, 0, 2), (2, 2, 2), (0, 1, 1)]:
        patch = np.full((31, 31, 3), np.array([red, green, blue]) / 2.0)
        expected = enhancer.render(patch, moments)[15, 15]
        np.testing.assert_allclose(found.lattice[blue, green, red], expected, atol=1e-6)
