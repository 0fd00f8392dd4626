"""PSNR and SSIM against scikit-image's and against numbers worked by hand."""

import math

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from noiser.tools.quality import gt_mean_psnr, psnr, ssim


@pytest.fixture(scope="module")
def pair(dark_photo):
    """Give a photograph and a noisier, brighter version of it."""
    reference = dark_photo(41, 57, seed=1)
    noise = np.random.default_rng(2).normal(12, 9, reference.shape)
    return np.clip(reference + noise, 0, 255).astype(np.uint8), reference


def flat(value, height=8, width=9):
    """Make an image of one value."""
    return np.full((height, width, 3), value, np.uint8)


def test_psnr_of_a_difference_of_one_level_is_48_13_decibels():
    """10 log10(255^2 / 1) = 20 log10 255 = 48.1308."""
    assert psnr(flat(7), flat(8)) == pytest.approx(48.1308, abs=5e-5)


def test_psnr_agrees_with_scikit_image(pair):
    """The same number to the last digits."""
    expected = peak_signal_noise_ratio(pair[1], pair[0], data_range=255)

    assert psnr(*pair) == pytest.approx(expected, rel=1e-12)


def test_psnr_of_equal_images_is_infinite():
    """No error, no limit."""
    assert psnr(flat(9), flat(9)) == math.inf


def test_psnr_does_not_wrap_around_in_bytes():
    """0 - 255 is an error of 255, not of 1: the ratio is 0 dB."""
    assert psnr(flat(0), flat(255)) == 0


def test_gt_mean_psnr_forgives_a_wrong_exposure():
    """Half as bright everywhere is no error at all once the means are equal."""
    reference = np.zeros((8, 8, 3), np.uint8)
    reference[::2] = 200

    assert gt_mean_psnr(reference // 2, reference) == math.inf


def test_gt_mean_psnr_scales_by_luma_and_clips_at_white():
    """Worked by hand: luma 100 against 150 scales by 1.5, and 200 x 1.5 is clipped to 255.

    The reference is 150 everywhere, the scaled output 0 and 255: the mean squared error is
    (150^2 + 105^2) / 2 = 16762.5, the ratio 10 log10(65025 / 16762.5) = 5.8874 dB.
    """
    output = flat(0, 2, 8)
    output[0] = 200

    assert gt_mean_psnr(output, flat(150, 2, 8)) == pytest.approx(5.8874, abs=5e-5)


def test_gt_mean_psnr_measures_the_mean_in_luma_not_in_colours():
    """Worked by hand: pure green 100 has the luma 58.7, gray 100 has 100.

    So green is scaled to 170.4 and is off by 70.4; red and blue are off by 100.
    """
    output = flat(0)
    output[..., 1] = 100
    error = ((100 / 0.587 - 100) ** 2 + 2 * 100**2) / 3

    assert gt_mean_psnr(output, flat(100)) == pytest.approx(10 * math.log10(65025 / error))


def test_gt_mean_psnr_of_a_black_output_is_its_psnr():
    """Black cannot be scaled to anything; it counts as it is."""
    assert gt_mean_psnr(flat(0), flat(51)) == pytest.approx(20 * math.log10(5))


def test_ssim_with_the_gaussian_window_agrees_with_scikit_image(pair):
    """Wang's own settings, as scikit-image's documentation gives them."""
    expected = structural_similarity(
        *pair,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=2,
    )

    assert ssim(*pair) == pytest.approx(expected, abs=1e-10)


def test_ssim_with_the_uniform_window_agrees_with_scikit_image(pair):
    """Scikit-image's defaults: 7 x 7 and the sample covariance."""
    expected = structural_similarity(*pair, data_range=255, channel_axis=2)

    assert ssim(*pair, window="uniform") == pytest.approx(expected, abs=1e-10)


def test_ssim_of_two_flat_images_is_the_luminance_term():
    """Without contrast only (2 x y + c1) / (x^2 + y^2 + c1) is left, c1 = (0.01 x 255)^2."""
    c1 = 2.55**2
    expected = (2 * 100 * 50 + c1) / (100**2 + 50**2 + c1)

    assert ssim(flat(100, 11, 11), flat(50, 11, 11)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("window", "size"), [("gaussian", 11), ("uniform", 7)])
def test_ssim_takes_an_image_of_exactly_one_window(window, size):
    """The smallest image has one position."""
    image = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)

    assert ssim(image, image, window) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("window", "size"), [("gaussian", 11), ("uniform", 7)])
def test_ssim_refuses_an_image_smaller_than_the_window(window, size):
    """One pixel less has no position; the message has the size found and the size needed."""
    small = flat(0, size, size - 1)

    with pytest.raises(ValueError, match=r"^the image is ") as caught:
        ssim(small, small, window)

    assert str(caught.value) == (
        f"the image is {size - 1} x {size}; this SSIM needs at least {size} pixels a side"
    )


def test_ssim_refuses_an_unknown_window():
    """The message repeats the word and names the words that exist."""
    with pytest.raises(ValueError, match=r"^window is 'box'; it must be 'gaussian' or 'uniform'$"):
        ssim(flat(0, 11, 11), flat(0, 11, 11), "box")


METRICS = [psnr, gt_mean_psnr, ssim]


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_refuses_images_of_two_sizes(metric):
    """The message has both sizes, width first."""
    with pytest.raises(ValueError, match="sizes must be equal") as caught:
        metric(flat(0, 8, 9), flat(0, 9, 9))

    assert str(caught.value) == "the output is 9 x 8, the reference 9 x 9; sizes must be equal"


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("image", "found"),
    [
        (np.zeros((16, 16), np.uint8), "uint8 [16, 16]"),
        (np.zeros((16, 16, 4), np.uint8), "uint8 [16, 16, 4]"),
        (np.zeros((16, 16, 3), np.float64), "float64 [16, 16, 3]"),
    ],
)
def test_a_metric_refuses_what_is_not_an_8_bit_rgb_image(metric, image, found):
    """The message says which of the two it is, and what was found."""
    sound = flat(0, 16, 16)

    for name, pair in (("output", (image, sound)), ("reference", (sound, image))):
        with pytest.raises(ValueError, match=r"metrics need uint8 \[H,W,3\]$") as caught:
            metric(*pair)
        assert str(caught.value) == f"the {name} is {found}; metrics need uint8 [H,W,3]"
