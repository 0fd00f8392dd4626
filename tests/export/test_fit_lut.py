"""Fitting: near the picture where it has colours, the flat response elsewhere, no reversals."""

import numpy as np
import pytest

from noiser.export import fit_lut
from noiser.export.color_map import ColorMap
from noiser.export.fit_lut import fitted, rising

SIZE = 9


def gamma_map(gamma=0.5, tint=(1.0, 1.0, 1.0)):
    """A map of each colour by itself, brighter and tinted."""
    axis = np.linspace(0, 1, SIZE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return ColorMap(np.stack([red, green, blue], -1) ** gamma * tint)


def colours(count=4000, low=0.0, high=1.0, seed=0):
    """Random colours."""
    return np.random.default_rng(seed).uniform(low, high, (count, 3))


def test_pairs_that_the_map_meets_already_change_nothing():
    flat, before = gamma_map(), colours()

    assert abs(fitted(flat, before, flat.apply(before)).lattice - flat.lattice).max() < 1e-12


def test_the_pictures_own_colours_are_met():
    """With pairs everywhere, the map becomes theirs."""
    before = colours(20_000)
    wanted = gamma_map(0.8)

    found = fitted(gamma_map(), before, wanted.apply(before))

    was = abs(gamma_map().apply(before) - wanted.apply(before)).mean()
    assert abs(found.apply(before) - wanted.apply(before)).mean() < 0.2 * was


def test_far_from_the_pictures_colours_the_flat_response_stays():
    before = colours(high=0.2)
    after = np.minimum(gamma_map().apply(before) + 0.1, 1.0)

    change = abs(fitted(gamma_map(), before, after).lattice - gamma_map().lattice).max(-1)

    assert change[1, 1, 1] > 0.08
    assert change[4, 4, 4] < 0.7 * change[1, 1, 1]
    assert change[7, 7, 7] < 0.2 * change[1, 1, 1]


def test_many_pixels_weigh_no_more_than_few():
    """The map of a picture is that of the same picture twice as large."""
    flat, before = gamma_map(), colours(2000)
    after = flat.apply(before) * 0.8
    twice = fitted(flat, np.concatenate([before] * 2), np.concatenate([after] * 2))

    np.testing.assert_allclose(twice.lattice, fitted(flat, before, after).lattice, atol=1e-9)


def test_gray_stays_gray_everywhere_where_the_look_keeps_it_so():
    """Though the pairs say otherwise: they are those of colours around it."""
    before = colours()
    after = gamma_map(tint=(1.0, 0.8, 0.5)).apply(before)

    found = fitted(gamma_map(), before, after)

    levels = np.linspace(0, 1, 300)[:, None].repeat(3, 1)
    assert np.ptp(found.apply(levels), axis=1).max() < 1e-5
    assert abs(found.lattice - gamma_map().lattice).max() > 0.2


def test_where_the_look_does_not_keep_gray_the_pairs_decide():
    before = colours()
    start, wanted = gamma_map(tint=(1.0, 1.0, 0.9)), gamma_map(tint=(1.0, 0.8, 0.5))

    found = fitted(start, before, wanted.apply(before)).lattice

    np.testing.assert_allclose(found[4, 4, 4], wanted.lattice[4, 4, 4], atol=0.03)


def test_no_point_leaves_black_and_white_and_the_others_make_up_for_it(monkeypatch):
    """A steep rise within the darkest cell, whose lowest point would have to be below black."""
    before = np.linspace(0.0, 1.0 / (SIZE - 1), 500)[:, None].repeat(3, 1)
    after = np.clip(before * 6.0 - 0.4, 0.0, 1.0)

    found = fitted(gamma_map(), before, after)
    monkeypatch.setattr(fit_lut, "BOUND_ROUNDS", 1)
    only_cut = fitted(gamma_map(), before, after)

    assert found.lattice.min() == 0.0
    assert found.lattice.max() <= 1.0
    errors = [((m.apply(before) - after) ** 2).mean() for m in (found, only_cut)]
    assert errors[0] < 0.85 * errors[1]


def test_no_colour_falls_where_its_input_rises():
    """However contradictory the pairs are."""
    before = colours(3000)
    after = np.random.default_rng(5).uniform(0, 1, (3000, 3)) * (before < 0.5)

    lattice = fitted(gamma_map(), before, after).lattice

    for colour in range(3):
        assert np.diff(lattice[..., colour], axis=2 - colour).min() >= 0.0


def test_what_rises_already_stays_as_it_is():
    np.testing.assert_array_equal(rising(gamma_map().lattice), gamma_map().lattice)


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_a_fall_is_levelled_half_way(colour):
    """Of 0.2, 0.6, 0.4, 0.8: the least above is 0.2, 0.6, 0.6, 0.8, the most below 0.4 twice."""
    lattice = np.zeros((4, 4, 4, 3))
    shape = [1, 1, 1]
    shape[2 - colour] = 4
    lattice[..., colour] = np.reshape([0.2, 0.6, 0.4, 0.8], shape)

    along = np.moveaxis(rising(lattice)[..., colour], 2 - colour, 0)[:, 0, 0]

    np.testing.assert_allclose(along, [0.2, 0.5, 0.5, 0.8])
