"""Local light: bases against SciPy, lifts against what is wanted of them, and tilings."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from scenes import luma
from scipy import ndimage

from noiser import Enhancer
from noiser.look.local_light import Lift, bases, local_light
from noiser.look.tone_curve import ToneCurve
from noiser.statistics.light_grid import BINS, LightGrid


def street(dark=0.04, bright=0.75, share=0.6):
    """Draw a dark street below a bright sky: uint8 [160,240,3]."""
    image = np.full((160, 240), bright)
    image[round(160 * (1 - share)) :] = dark
    rng = np.random.default_rng(0)
    noisy = image + rng.normal(0, 0.5 / 255, image.shape)
    return np.repeat(np.rint(255 * noisy.clip(0, 1)).astype(np.uint8)[..., None], 3, 2)


def test_bases_are_the_means_of_blurred_sums():
    """By SciPy: 1 2 1 three times across and down, once along brightness."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 50, (9, 13, BINS))
    grid = LightGrid(3, np.stack([pixels, pixels * rng.integers(0, 1021, pixels.shape)]))

    def blurred(values):
        for axis in (0, 0, 0, 1, 1, 1, 2):
            values = ndimage.convolve1d(values, [1, 2, 1], axis, mode="constant")
        return values

    expected = blurred(grid.sums[1].astype(float)) / blurred(grid.sums[0].astype(float)) / 1020
    base, mass = bases(grid)

    assert base == pytest.approx(expected)
    assert mass == pytest.approx(pixels / pixels.sum())


def test_where_nothing_is_a_base_is_its_own_brightness():
    """Nobody reads it but between two places that have something."""
    sums = np.zeros((2, 20, 20, BINS), np.int64)
    sums[:, 0, 0, 0] = 16, 0
    base, _ = bases(LightGrid(2, sums))

    assert base[19, 19].tolist() == pytest.approx([(k / 11) ** 2 for k in range(12)])
    assert base[0, 0, :2].tolist() == [0.0, 0.0]


def test_a_table_is_read_linearly():
    """Between the middles of cells, and between square roots of luma; beyond, the nearest."""
    rng = np.random.default_rng(2)
    table = rng.normal(0, 1, (3, 4, BINS)).astype(np.float32)
    light = rng.uniform(0, 1.1, (24, 32))
    rows, columns = np.mgrid[0:24, 0:32]
    places = [
        ((rows + 5.5) / 8 - 0.5).clip(0, 2),
        ((columns + 2.5) / 8 - 0.5).clip(0, 3),
        11 * np.sqrt(light.clip(0, 1)),
    ]

    found = Lift(table, 8).at(light, np.s_[5:29, 2:34])
    moved = Lift(table, 8).at(light, np.s_[0:24, 0:32], (5, 2))

    expected = ndimage.map_coordinates(table.astype(float), places, order=1, mode="nearest")
    assert found == pytest.approx(expected, abs=1e-6)
    assert moved.tobytes() == found.tobytes()


@pytest.mark.parametrize("highlights", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("black", [0.0, 0.02])
def test_the_inverse_of_a_tone_curve_gives_it_back(highlights, black):
    """What must stand before the tanh to reach a luma reaches it."""

    class Curve(ToneCurve):
        def response(self, levels):
            return np.arctanh(1.9 * levels - 0.95)[None]

    curve = Curve(None, 1.0, highlights, 0.3, black)
    levels = np.linspace(0.02, 0.98, 50)

    found = curve.inverse(levels, curve.of(levels))

    assert found == pytest.approx(curve.response(levels)[0] + 0.3, abs=2e-3)


@pytest.mark.parametrize("local", [0.5, 1.0])
def test_a_backlit_street_is_lit_and_its_sky_is_kept(local):
    """Twice the light at least where it is dark; within 6 of 255 where it is bright."""
    image = street()
    plain, lit = (luma(Enhancer(local=amount).enhance(image)) for amount in (0.0, local))

    assert lit[100:].mean() > 2.2 * plain[100:].mean()
    assert abs(255 * (lit[:50] - luma(image)[:50])).mean() < 6


def test_turned_down_it_goes_to_the_one_curve_for_all():
    """Without a step, and monotonely in the dark."""
    means = [luma(Enhancer(local=a).enhance(street()))[100:].mean() for a in (0, 0.001, 0.2, 0.4)]

    assert means[1] == pytest.approx(means[0], abs=0.003)
    assert means == sorted(means)
    assert means[3] > 1.5 * means[0]


@pytest.mark.parametrize("soft", [1, 2, 4])
@pytest.mark.parametrize("shape", ["straight", "corner", "pole"])
def test_an_edge_has_no_halo(soft, shape):
    """A step from .04 to .8: at most 2 of 255 beyond what is flat on either side.

    At a corner around which nearly all is dark it may be 3 on the dark side, 5 of a soft one.
    """
    across, down = (np.clip((np.arange(n) - n // 2) / soft + 0.5, 0, 1) for n in (600, 400))
    bright = {
        "straight": np.repeat(across[None], 400, 0),
        "corner": np.minimum(across, down[:, None]),
        "pole": np.repeat(np.maximum(1 - across, np.roll(across, 8))[None], 400, 0),
    }[shape]
    values = np.rint(255 * (0.04 + 0.76 * bright)).astype(np.uint8)

    found = np.rint(255 * luma(Enhancer().enhance(np.repeat(values[..., None], 3, 2))))

    beyond = {1: 3, 2: 3, 4: 5}[soft] if shape == "corner" else 2
    dark, light = found[bright == 0], found[bright == 1]
    assert dark.min() >= np.median(dark) - beyond
    assert light.max() <= np.median(light) + 2
    row = found[300, 304 if shape == "pole" else 0 :]
    assert np.diff(row).min() >= -2


def test_an_evenly_lit_picture_keeps_most_of_its_mean():
    """Half of what the lift adds is taken away again everywhere."""
    rng = np.random.default_rng(3)
    image = np.kron(rng.uniform(0.02, 0.15, (8, 12)), np.ones((16, 16)))
    image = np.repeat(np.rint(255 * image).astype(np.uint8)[..., None], 3, 2)
    plain, lit = (luma(Enhancer(local=amount).enhance(image)).mean() for amount in (0.0, 0.5))

    assert plain < lit < plain + 0.03


def test_a_picture_with_much_between_dark_and_bright_is_not_backlit():
    """A slope from black to white has light everywhere."""
    image = np.repeat(np.rint(np.linspace(0, 255, 256))[None], 64, 0).astype(np.uint8)
    tool = Enhancer()
    ramp, backlit = (tool.measure(np.dstack([i] * 3)[..., :3]) for i in (image, street()[..., 0]))

    class Neutral(ToneCurve):
        def response(self, levels):
            return np.arctanh((2 * levels - 1).clip(-0.999, 0.999))[None]

    curve = Neutral(None, 1.0, 0.0)
    assert local_light(ramp.grid, curve, 0.5, 0.5, 0.002).backlit == 0
    assert local_light(backlit.grid, curve, 0.5, 0.5, 0.002).backlit == 1


def test_moments_without_a_grid_say_what_is_missing(dark_photo):
    """The message names the knob."""
    bare = Enhancer(local=0).measure(dark_photo(9, 9))

    with pytest.raises(
        ValueError, match=r"^the moments have no grid; measure them with `local` above 0$"
    ):
        Enhancer().develop(bare)


@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_tiles_in_their_own_arrays_give_the_bytes_of_the_whole(dark_photo, kernel):
    """Each with its neighbours and its origin: measured, added up and rendered."""
    image = dark_photo(75, 300, seed=3)
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


def test_the_knob_works_alone():
    """Beside the paper's look, and so little of it that nothing changes."""
    paper, hardly, much = (
        Enhancer("paper", local=amount).enhance(street()).astype(int) for amount in (0.0, 1e-6, 1.0)
    )

    assert abs(hardly - paper).max() <= 1
    assert abs(much - paper).max() > 5


@pytest.mark.parametrize("level", [0, 1, 255])
def test_where_nothing_is_to_be_raised_nothing_is_lowered(level):
    """Black has no odds: it must not be taken for a mean that has risen."""
    flat = Enhancer().measure(np.full((40, 60, 3), level, np.uint8)).grid

    class Gray(ToneCurve):
        def response(self, levels):
            return np.arctanh((2 * levels - 1).clip(-1 + 1e-12, 1 - 1e-12))[None]

    found = local_light(flat, Gray(None, 1.0, 0.0, 0.0, 0.01), 1.0, 0.0, 0.001)

    assert not found.of_base.any()
