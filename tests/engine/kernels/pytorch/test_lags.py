"""Lags: each pair of taps is found once, and sees what it sees."""

from itertools import product

import numpy as np

from noiser.engine.kernels.pytorch.lags import LAGS, UNSEEN, moments_of


def test_each_pair_of_taps_or_its_mirror_image_has_one_lag():
    """All 81 pairs of places under the kernel."""
    places = list(product(range(3), repeat=2))

    for a, b in product(places, repeat=2):
        there, back = (b[0] - a[0], b[1] - a[1]), (a[0] - b[0], a[1] - b[1])
        assert (there in LAGS) + (back in LAGS) == (2 if there == back else 1)


def test_a_row_of_the_kernel_misses_two_of_the_outermost_rows():
    """Of rows -1 to h, row `dy` of the kernel sees `h` from `dy - 1` on: here h = 3."""
    outermost = [0, 1, 3, 4]

    for dy in range(3):
        unseen = [line not in range(dy, dy + 3) for line in outermost]
        assert UNSEEN[dy].tolist() == unseen


def test_each_image_of_a_batch_gets_its_own_moments():
    """Sums of one image do not leak into the other."""
    sums = np.zeros((2, 14, 3, 3, 25), np.int64)
    sums[1, :, :, :, 0] = 7
    tones, grain = np.zeros((2, 1021), np.int64), np.zeros((2, 960), np.int64)
    tones[1, 3] = grain[1, 4] = 1

    first, second = moments_of(sums, tones, grain, 1, "zero")

    assert (set(first.sums), set(first.products), sum(first.tones)) == ({0}, {0}, 0)
    assert (set(second.sums), set(second.products), second.grain[4]) == ({7}, {7}, 1)
