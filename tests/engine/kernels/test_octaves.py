"""The coarse octaves: averages, reading between them, and noise of several pixels that goes."""

import numpy as np
import pytest
import truth
from scipy import ndimage

from noiser import Enhancer
from noiser.engine.kernels import grain
from noiser.engine.kernels.octaves import OCTAVE_HALO, correction, halved
from noiser.look.render_params import Adjustments

CALM, NOISY = (0.0,) * 5, (0.01**2,) * 5

WHOLE = np.s_[0:64, 0:96]


def averages_of(noise):
    """Give the averages of a luma that repeats itself beyond its borders, and of two colours."""

    def averages(octave, region):
        side = 1 << octave
        rows, columns = (np.arange(s.start * side, s.stop * side) for s in region)
        plane = noise[np.ix_(rows % noise.shape[0], columns % noise.shape[1])]
        small = plane.reshape(len(rows) // side, side, -1, side).mean((1, 3))
        return np.stack([small, small / 2, -small / 3])

    return averages


def blurred_noise(deviation, width, seed=0):
    """Make gray with noise that is correlated over some pixels: float64 [64,96]."""
    noise = np.random.default_rng(seed).normal(size=(64, 96))
    soft = ndimage.gaussian_filter(noise, width, mode="wrap")
    return 0.2 + deviation * soft / soft.std()


def test_squares_of_two_are_averaged():
    """NumPy's means of blocks."""
    planes = np.random.default_rng(0).random((3, 6, 10))

    expected = planes.reshape(3, 3, 2, 5, 2).mean((2, 4))

    assert halved(planes) == pytest.approx(expected, abs=1e-15)


def test_one_octave_has_no_correction():
    """What is finest is not their matter."""
    averages = averages_of(blurred_noise(0.01, 2))
    adjustments = Adjustments(develops=True, denoise=1.0, noise=(NOISY, CALM, CALM, CALM))

    assert not correction(averages, WHOLE, adjustments).any()


@pytest.mark.parametrize(("width", "octaves"), [(1.8, 2), (2.7, 3), (5, 4)])
def test_noise_of_several_pixels_goes(width, octaves):
    """What is left has less than two thirds of its deviation, in luma and in colours."""
    luma = blurred_noise(0.01, width)
    averages = averages_of(luma)
    noise = tuple(NOISY if n < octaves else CALM for n in range(4))

    found = correction(averages, WHOLE, Adjustments(develops=True, denoise=1.0, noise=noise))

    assert (luma + found[0]).std() < 0.65 * luma.std()
    assert (luma / 2 + found[1]).std() < 0.65 * luma.std() / 2
    assert (luma + found[0]).mean() == pytest.approx(luma.mean(), abs=1e-3)


def test_an_edge_far_above_the_noise_stays():
    """Forty deviations: beside it nothing moves by more than two of them."""
    step = np.full((64, 96), 0.2)
    step[:, 40:] = 0.6
    averages = averages_of(step)

    found = correction(averages, WHOLE, Adjustments(develops=True, denoise=1.0, noise=(NOISY,) * 4))

    assert abs(found[0]).max() < 0.02


def test_denoise_takes_that_share():
    """In one octave every pixel moves on a straight line."""
    averages = averages_of(blurred_noise(0.01, 1.2))
    noise = (NOISY, NOISY, CALM, CALM)

    half, whole = (
        correction(averages, WHOLE, Adjustments(develops=True, denoise=d, noise=noise))
        for d in (0.5, 1.0)
    )

    assert half == pytest.approx(0.5 * whole, abs=1e-12)


def test_what_is_added_is_linear_between_the_middles_of_squares():
    """SciPy's map_coordinates, of what changes in an octave."""
    averages = averages_of(blurred_noise(0.01, 1.2))
    adjustments = Adjustments(develops=True, denoise=1.0, noise=(NOISY, NOISY, CALM, CALM))
    luma = averages(0, np.s_[-64:128, -96:192])

    expected = truth.without_coarse_noise(list(luma), adjustments)[0] - luma[0]
    found = correction(averages, np.s_[0:64, 0:96], adjustments)[0]

    assert found == pytest.approx(expected[64:128, 96:192], abs=1e-12)


@pytest.mark.parametrize("region", [np.s_[0:1, 0:1], np.s_[7:20, 3:96], np.s_[-5:9, 33:34]])
def test_any_region_is_the_same_as_in_the_whole(region):
    """To the last bit: squares are counted from the picture's first pixel."""
    averages = averages_of(blurred_noise(0.01, 2))
    adjustments = Adjustments(develops=True, denoise=0.9, noise=(NOISY,) * 4)
    whole = correction(averages, np.s_[-16:96, -16:128], adjustments)

    found = correction(averages, region, adjustments)

    rows, columns = (slice(s.start + 16, s.stop + 16) for s in region)
    assert np.array_equal(found, whole[:, rows, columns])


def test_the_halo_is_all_that_is_read():
    """A region in the middle, of everything there is: no pixel is farther away."""
    read = []

    def averages(octave, region):
        read.extend((s.start << octave, s.stop << octave) for s in region)
        return np.zeros((3, *(s.stop - s.start for s in region)))

    adjustments = Adjustments(develops=True, denoise=1.0, noise=(NOISY,) * 4)
    for first in range(1000, 1008):  # however the squares lie
        around = slice(first - 7, first + 1 + 7)
        correction(averages, (around, around), adjustments)
        assert max(first - min(read)[0], max(read)[1] - first - 1) <= OCTAVE_HALO
        read.clear()
    assert Enhancer().halo == OCTAVE_HALO
    assert Enhancer(denoise=0).halo == 7


def test_averages_of_grain_are_rounded():
    """To the nearest integer, halves upwards: as every kernel does, or moments would differ."""
    sums = np.array([[0, 1, 0, 1, 1, 1, -1, 0], [0, 0, 0, 1, 1, 0, 0, 0]])

    assert grain._averaged(sums).tolist() == [[0, 1, 1, 0]]
