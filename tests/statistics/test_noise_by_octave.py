"""Noise by octave: white and correlated noise, texture, rounding, and what is too small to tell."""

import numpy as np
import pytest
from PIL import Image

from noiser import Enhancer
from noiser.statistics.moments import CLASSES, GRAIN_BINS, GRAINS
from noiser.statistics.noise_by_octave import (
    LEAST_NOISE,
    MOST_HIDDEN,
    SHARE_OF_LEAST,
    WHITE_SHARE,
    Noise,
    deviation_of,
)

LEAST = np.outer(SHARE_OF_LEAST, LEAST_NOISE)


def noise_of(image):
    """Measure an image."""
    return Noise(Enhancer(kernel="reference").measure(image).grain)


def white(deviation, size=512, level=0.3, seed=0):
    """Make flat gray with white noise: float64 [H,W] in [0, 1]."""
    noise = np.random.default_rng(seed).normal(0, deviation, (size, size))
    return np.clip(level + noise, 0, 1)


def enlarged(image, factor):
    """Enlarge by a bicubic filter, as a camera or an app does."""
    height, width = image.shape
    large = Image.fromarray(image.astype(np.float32)).resize(
        (factor * width, factor * height), Image.Resampling.BICUBIC
    )
    return np.clip(np.asarray(large), 0, 1)


def test_averages_of_white_noise_are_calmer_by_the_square_root_of_their_pixels():
    """A half each octave, of which most is left to the finest: down to what rounding leaves."""
    found = noise_of(white(0.03)).by_octave[:, 3]

    assert found[0] == pytest.approx(0.03, rel=0.06)
    assert found[1:] == pytest.approx(
        (1 - WHITE_SHARE) * np.array([0.015, 0.0075, 0.00375]), rel=0.1
    )


@pytest.mark.parametrize(("factor", "octave"), [(2, 1), (4, 2)])
def test_correlated_noise_is_found_where_it_is(factor, octave):
    """Enlarged, the finest scale is calm; averages over as many pixels have most of what it had."""
    noise = noise_of(enlarged(white(0.012, 256), factor))

    assert 0.006 < noise.by_octave[octave, 3] < 0.012
    assert noise.calmest < 0.003


def test_texture_that_grows_with_the_scale_is_not_noise():
    """A spectrum of 1/f^2, which has twice the deviation in each coarser octave."""
    spectrum = np.fft.rfft2(white(1.0, 512, 0.0))
    frequency = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.rfftfreq(512)).clip(1 / 512)
    scene = np.fft.irfft2(spectrum / frequency**2)

    found = noise_of(np.clip(0.3 + 0.1 * scene / scene.std(), 0, 1)).by_octave

    assert (found[1:3] == LEAST[1:3]).all()


def test_an_octave_with_few_averages_has_no_noise():
    """64 x 64 pixels have 64 squares of 8."""
    found = noise_of(white(0.02, 64)).by_octave

    assert (found.max(1) > 0).tolist() == [True, True, True, False]


def test_a_pattern_has_no_noise_in_coarse_octaves():
    """A checkerboard of black and white."""
    board = (np.indices((200, 200)).sum(0) % 2).astype(float)

    found = noise_of(board)

    assert found.is_pattern
    assert found.by_octave[1:].max() == 0


def test_no_octave_is_taken_for_calmer_than_rounding():
    """A ramp without noise; black hides more."""
    found = noise_of(np.repeat(np.linspace(0.1, 0.4, 256)[None], 256, 0)).by_octave

    assert (found == LEAST).all()


def histogram(flat, size, total=10_000):
    """Count grain of a normal deviation, of which the smallest share was rounded to none."""
    grain = np.sort(abs(np.random.default_rng(0).normal(0, size, total)))[int(total * flat) :]
    octaves = np.floor(np.log2(grain / 64 + 1))
    bins = 4 * octaves + np.floor(4 * ((grain / 64 + 1) / 2**octaves - 1))
    counts = np.bincount(bins.astype(int).clip(1, 47), minlength=GRAIN_BINS)
    counts[0] = int(total * flat)
    return tuple(counts.tolist())


def test_what_rounding_left_flat_does_not_hide_the_noise():
    """Where a third has no grain at all, its lowest tenth tells nothing."""
    size = 0.5 * 6 * 256  # half a level

    found = deviation_of(histogram(0.3, size))

    assert deviation_of(histogram(0.0, size)) == pytest.approx(0.5 / 255, rel=0.08)
    assert found == pytest.approx(0.5 / 255, rel=0.08)


def test_a_drawing_has_no_noise_for_its_edges():
    """Flat areas, and a tenth of edges that are far above any noise."""
    assert deviation_of(histogram(0.9, 100 * 256)) < 0.01 / 255
    assert deviation_of(histogram(0.5, 100 * 256)) <= MOST_HIDDEN


def test_an_empty_class_has_no_noise():
    """Nothing is divided by nothing."""
    assert deviation_of((0,) * GRAIN_BINS) == 0.0
    assert GRAINS == 4 * CLASSES * GRAIN_BINS


def octaves_of(*deviations):
    """Give the noise of four octaves of normal grain, at one brightness, in 8-bit levels."""
    grain = []
    for deviation in deviations:
        own = [0] * (CLASSES * GRAIN_BINS)
        own[3 * GRAIN_BINS : 4 * GRAIN_BINS] = histogram(0.0, deviation * 6 * 256)
        grain += own
    return 255 * Noise(tuple(grain)).by_octave[:, 3]


def test_an_octave_that_is_calmer_than_the_next_is_texture():
    """A third more in averages of four times as many pixels."""
    assert octaves_of(1.5, 1.5, 2.0, 0.5)[1] == pytest.approx(255 * LEAST[1, 3])


def test_after_texture_no_octave_is_believed():
    """Though the last two fall as noise does."""
    assert octaves_of(1.5, 1.5, 2.0, 1.0)[2:] == pytest.approx(255 * LEAST[2:, 3])


def test_what_rises_from_an_empty_octave_is_noise():
    """A very noisy picture, enlarged four times: three times as much in the third octave."""
    found = octaves_of(0.3, 0.9, 3.0, 2.0)

    assert found[2] == pytest.approx(3.0, rel=0.1)
    assert found[3] == pytest.approx(0.65 * found[2])


def test_past_the_noisiest_octave_noise_falls():
    """What falls slower is texture in part."""
    found = octaves_of(1.0, 1.0, 0.9, 0.3)

    assert found[1] == pytest.approx(1.0, rel=0.1)
    assert found[2] == pytest.approx(0.65 * found[1])


def test_the_calmest_tenth_tells():
    """A fifth is calm, the rest a strong texture of the same brightness."""
    calm, busy = histogram(0.0, 0.5 * 6 * 256, 2_000), histogram(0.0, 20 * 6 * 256, 8_000)

    assert deviation_of(tuple(map(sum, zip(calm, busy, strict=True)))) < 4 / 255
