"""The scene: bands that add up to the photo, noise that goes, signal that stays."""

import numpy as np
import pytest
import truth
from scipy import ndimage, signal

from noiser.engine.kernels import denoise
from noiser.engine.kernels.denoise import BAND_HALO, opponents, taken_apart
from noiser.look.render_params import Adjustments

NEAR = np.outer([1, 2, 1], [1, 2, 1]) / 16
FAR = np.kron(NEAR, [[1, 0], [0, 0]])[:5, :5]
IMPULSE = np.zeros((7, 7))
IMPULSE[3, 3] = 1


def planes(image):
    """Pad a photo by what its bands need: float64 [3,h+10,w+10], luma and two differences."""
    padded = np.pad(truth.unit(image), ((BAND_HALO,) * 2, (BAND_HALO,) * 2, (0, 0)), "edge")
    return opponents(padded.transpose(2, 0, 1))


def octaves_of(*levels):
    """Give the noise of the finest octave; the others have none."""
    return levels, (0.0,) * 5, (0.0,) * 5, (0.0,) * 5


def noisy_gray(deviation, level=0.3, size=80):
    """Make flat gray with white noise in luma, and what denoising needs to know of it."""
    noise = np.random.default_rng(0).normal(0, deviation, (size + 10, size + 10))
    photo = opponents(np.repeat(np.clip(level + noise, 0, 1)[None], 3, 0))
    return photo, Adjustments(develops=True, denoise=1.0, noise=octaves_of(*[deviation**2] * 5))


def test_the_variances_of_the_bands_are_those_of_their_kernels():
    """White noise through a filter has the sum of its squared weights as its variance."""
    fine = IMPULSE - np.pad(NEAR, 2)
    medium = np.pad(NEAR, 2) - signal.convolve2d(NEAR, FAR)

    assert (fine**2).sum() == denoise.FINE_VARIANCE
    assert (medium**2).sum() == denoise.MEDIUM_VARIANCE


def test_the_native_kernel_has_the_same_variances():
    """Its constants are these, times the margins and the 25 pixels of the square."""
    from pathlib import Path

    text = (Path(denoise.__file__).parent / "c" / "denoise.h").read_text()

    assert f"FINE_NOISE = 25.0f * {denoise.MARGIN}f * {denoise.FINE_VARIANCE}f" in text
    assert f"MEDIUM_NOISE = 25.0f * {denoise.MARGIN}f * {denoise.MEDIUM_VARIANCE}f" in text
    assert (
        f"COLOR_NOISE = 25.0f * {denoise.COLOR_MARGIN}f * {denoise.COLOR_NOISE}f * "
        f"{denoise.MEDIUM_VARIANCE}f" in text
    )


def test_without_denoising_the_bands_add_up_to_the_photo(dark_photo):
    """Taken apart and joined again: the same picture, to the last digits."""
    image = dark_photo(30, 40)

    found = taken_apart(planes(image), Adjustments(develops=True, noise=octaves_of(*[0.1] * 5)))

    assert found.quiet.transpose(1, 2, 0) == pytest.approx(truth.unit(image), abs=1e-15)


def test_a_noise_of_nothing_takes_nothing_away(dark_photo):
    """Fully denoised, a photo without noise keeps its luma; its colour loses the finest band."""
    image = dark_photo(30, 40)
    weights = np.array([0.299, 0.587, 0.114])

    found = taken_apart(planes(image), Adjustments(develops=True, denoise=1.0))

    luma = np.tensordot(weights, found.quiet, 1)
    assert luma == pytest.approx(truth.unit(image) @ weights, abs=1e-15)
    soft = ndimage.convolve(truth.unit(image)[..., 0] - truth.unit(image) @ weights, NEAR)
    assert found.chroma[0][3:-3, 3:-3] == pytest.approx(soft[3:-3, 3:-3], abs=1e-12)


@pytest.mark.parametrize("deviation", [0.004, 0.02])
def test_white_noise_loses_four_fifths_of_its_deviation(deviation):
    """What is left is mostly the smoothest band, and little of the others."""
    photo, adjustments = noisy_gray(deviation)

    found = taken_apart(photo, adjustments)

    assert found.quiet[0].std() < deviation / 5
    assert found.detail.std() == 0  # `fine` and `medium` are 0


def test_an_edge_far_above_the_noise_stays_sharp():
    """A step of 50 deviations: beside it nothing moves by more than two of them."""
    photo, adjustments = noisy_gray(0.004)
    photo[0, :, 45:] += 0.2

    found = taken_apart(photo, adjustments)

    step = found.quiet[0].mean(0)
    assert abs(step[38] - 0.3) < 0.008
    assert abs(step[41] - 0.5) < 0.008
    assert step[40] - step[39] > 0.19


@pytest.mark.parametrize("denoise", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_denoise_takes_that_share_of_the_noise(denoise):
    """Between the photo and the fully denoised photo every pixel moves on a straight line."""
    photo, full = noisy_gray(0.01)
    settings = {"develops": True, "noise": full.noise}

    ends = [taken_apart(photo, Adjustments(denoise=d, **settings)).quiet for d in (0.0, 1.0)]
    found = taken_apart(photo, Adjustments(denoise=denoise, **settings)).quiet

    assert found == pytest.approx((1 - denoise) * ends[0] + denoise * ends[1], abs=1e-12)


def test_noise_is_read_at_the_brightness_of_the_place():
    """Noise is expected only in the dark: the same noise in the light is kept."""
    dark, _ = noisy_gray(0.01, level=0.05)
    light, _ = noisy_gray(0.01, level=0.6)
    only_dark = Adjustments(
        develops=True, denoise=1.0, noise=octaves_of(1e-4, 1e-4, 1e-4, 0.0, 0.0)
    )

    assert taken_apart(dark, only_dark).quiet[0].std() < 0.003
    assert taken_apart(light, only_dark).quiet[0].std() > 0.008


def test_detail_is_weighed_by_fine_and_medium(dark_photo):
    """Fine and medium bands by SciPy, weighed by 2 and 3; of the medium one no edges."""
    luma = truth.unit(dark_photo(30, 30)) @ [0.299, 0.587, 0.114]
    soft = ndimage.convolve(luma, NEAR, mode="nearest")
    smooth = ndimage.convolve(soft, FAR, mode="nearest")
    adjustments = Adjustments(develops=True, fine=2.0, medium=3.0)

    found = taken_apart(planes(np.repeat(luma[..., None], 3, 2)), adjustments)

    medium = (soft - smooth).clip(-0.01, 0.01)
    assert (abs(soft - smooth) > 0.01).any()

    expected = 2 * (luma - soft) + 3 * medium
    assert found.detail[6:-6, 6:-6] == pytest.approx(expected[6:-6, 6:-6], abs=1e-12)
