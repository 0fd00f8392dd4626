"""Folding: the normalization, done by hand in float64, against the filter that replaces it."""

import math

import numpy as np
import pytest
import torch
import truth

from noiser.look.fold import NETWORK_HALO, fold
from noiser.model.network import Network
from noiser.statistics.moments import PAIRS, TAPS, UNIT, Moments


def measured(image, padding="zero"):
    """Make moments of an image, by loops."""
    return Moments(padding, *truth.moments_by_loops(image, padding))


def flat_moments(level, padding="replicate"):
    """Make the moments of a flat gray image; `level` in whole multiples of 1/65535."""
    return Moments(padding, 10, (10 * level,) * TAPS, (10 * level**2,) * PAIRS)


def under_the_kernel(image, padding):
    """List the 27 values around every pixel: float64 [H*W,27] in [-1, 1]."""
    mode = {"zero": "constant", "replicate": "edge"}[padding]
    padded = np.pad(2 * truth.unit(image) - 1, ((1, 1), (1, 1), (0, 0)), mode)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))
    return windows.reshape(-1, 27)


def scales(folded, network):
    """Divide the folded kernels by the network's: float64 [K]."""
    ratios = folded.first_weight / network.first_weight
    assert np.ptp(ratios.reshape(len(ratios), -1), axis=1).max() < 1e-9
    return ratios[:, 0, 0, 0]


def test_the_halo_is_one_pixel_for_each_3x3_convolution():
    """A pixel's output depends on a square of 5 x 5: torch's gradient is zero outside."""
    network = truth.random_network(4)
    image = torch.full((1, 3, 11, 11), 0.2, dtype=torch.float64, requires_grad=True)
    model = truth.torch_network(network, "zero")
    torch.nn.Sequential(model[0], model[2], model[3])(image)[0, 0, 5, 5].backward()
    reached = image.grad.abs().sum((0, 1)).nonzero()

    assert reached.min(0).values.tolist() == [5 - NETWORK_HALO, 5 - NETWORK_HALO]
    assert reached.max(0).values.tolist() == [5 + NETWORK_HALO, 5 + NETWORK_HALO]


@pytest.mark.parametrize("padding", ["zero", "replicate"])
def test_the_folded_first_layer_is_convolution_and_normalization_in_one(dark_photo, padding):
    """It equals torch's own InstanceNorm2d after torch's own Conv2d, at every pixel."""
    image, network = dark_photo(13, 9, seed=5), truth.random_network(6)
    signed = torch.tensor(2 * truth.unit(image) - 1).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = truth.torch_network(network, padding)[:2](signed)[0].reshape(6, -1)

    folded = fold(network, measured(image, padding))
    centered = under_the_kernel(image, padding) - np.repeat(folded.center / 255, 9)
    hidden = folded.first_weight.reshape(6, 27) @ centered.T + folded.first_bias[:, None]

    assert hidden == pytest.approx(expected.numpy(), abs=1e-9)


@pytest.mark.parametrize("eps", [1e-12, 1e-5, 0.5])
def test_eps_is_added_to_the_variance(eps):
    """A flat image has no variance: the scale is 1 / sqrt(eps)."""
    network = truth.random_network(3)
    folded = fold(network, flat_moments(-50000), eps=eps)

    assert scales(folded, network) == pytest.approx(np.full(3, 1 / math.sqrt(eps)), rel=1e-12)


def test_the_noise_floor_is_the_variance_that_white_noise_would_add():
    """On a flat image: 1 / scale^2 = eps + (2 floor)^2 |w|^2, with floor in [0, 1] units."""
    network = truth.random_network(3)
    energy = (network.first_weight.astype(np.float64) ** 2).sum((1, 2, 3))

    folded = fold(network, flat_moments(0), eps=1e-5, noise_floor=0.03)

    assert scales(folded, network) == pytest.approx((1e-5 + 0.06**2 * energy) ** -0.5, rel=1e-12)


def test_the_noise_floor_equals_real_noise_of_that_deviation():
    """Folding noisy moments is folding clean ones with the floor: simulated, to 3 %."""
    rng = np.random.default_rng(1)
    network = truth.random_network(3)
    noisy = np.clip(0.5 + rng.normal(0, 0.05, (60, 60, 3)), 0, 1)

    by_noise = fold(network, measured(noisy, "replicate"), eps=1e-9)
    by_floor = fold(network, flat_moments(0), eps=1e-9, noise_floor=0.05)

    assert scales(by_noise, network) == pytest.approx(scales(by_floor, network), rel=0.03)


def test_the_first_bias_of_the_network_cancels(dark_photo):
    """Normalization subtracts the mean, and the bias with it."""
    network, m = truth.random_network(4), measured(dark_photo(8, 8))
    other = Network(
        network.first_weight, network.first_bias + 5, network.second_weight, network.second_bias
    )

    assert np.array_equal(fold(network, m).first_bias, fold(other, m).first_bias)


def test_the_center_is_the_mean_of_each_colour_to_the_nearest_255th():
    """Worked by hand: bytes 10, 20 and 200 are -235, -215 and 145 of 255."""
    image = np.empty((4, 4, 3), np.uint8)
    image[:] = (10, 20, 200)

    assert fold(truth.random_network(1), measured(image, "replicate")).center.tolist() == [
        -235,
        -215,
        145,
    ]


def test_the_center_is_an_integer_so_that_every_format_subtracts_it_exactly():
    """Integers, whatever the image's mean."""
    assert fold(truth.random_network(1), flat_moments(-50001)).center.dtype == np.int64


@pytest.mark.parametrize("brightness", [-0.9, -0.3, 0.0, 0.5, 0.9])
def test_brightness_is_where_mid_gray_goes(brightness):
    """An output of 0 before the tanh, mid-gray, becomes exactly `brightness`."""
    network = truth.random_network(2)
    silent = Network(
        network.first_weight, network.first_bias, network.second_weight, np.zeros(3, np.float32)
    )

    folded = fold(silent, flat_moments(0)).turned(1.0, math.atanh(brightness))

    assert np.tanh(folded.second_bias) == pytest.approx(np.full(3, brightness), abs=1e-15)


def test_contrast_multiplies_what_goes_into_the_tanh():
    """Weights and bias of the second convolution, before brightness is added."""
    network = truth.random_network(2)

    folded = fold(network, flat_moments(0)).turned(2.5, math.atanh(0.5))

    assert folded.second_weight == pytest.approx(2.5 * network.second_weight.astype(np.float64))
    assert folded.second_bias == pytest.approx(
        2.5 * network.second_bias.astype(np.float64) + math.atanh(0.5)
    )


def test_neutral_knobs_leave_the_second_convolution_as_it_is():
    """Contrast 1 and brightness 0 change no bit."""
    network = truth.random_network(2)

    folded = fold(network, flat_moments(0)).turned(1.0, 0.0)

    assert np.array_equal(folded.second_weight, network.second_weight)
    assert np.array_equal(folded.second_bias, network.second_bias)


def test_the_folded_filter_remembers_the_padding():
    """The second convolution needs it too."""
    assert fold(truth.random_network(1), flat_moments(0, "replicate")).padding == "replicate"


def test_moments_that_no_image_has_do_not_break_the_square_root():
    """A negative variance, from another machine's moments, counts as none."""
    impossible = Moments("zero", 10, (100 * UNIT,) * TAPS, (0,) * PAIRS)
    network = truth.random_network(2)

    folded = fold(network, impossible, eps=1e-4)

    assert scales(folded, network) == pytest.approx(np.full(2, 100.0), rel=1e-9)


def faded(image, chroma):
    """Leave a share of the chroma of an image: float64 [H,W,3]."""
    gray = (image @ np.array([0.299, 0.587, 0.114]))[..., None]
    return gray + chroma * (image - gray)


@pytest.mark.parametrize("chroma", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("padding", ["zero", "replicate"])
def test_a_share_of_chroma_is_seen_as_a_picture_that_has_faded(dark_photo, padding, chroma):
    """The first layer on the photo equals the whole network's on the faded photo."""
    image, network = truth.unit(dark_photo(13, 9, seed=5)), truth.random_network(6)
    pale = faded(image, chroma)

    found = fold(network, measured(image, padding), chroma=chroma)
    expected = fold(network, measured(pale, padding))

    hidden = [
        folded.first_weight.reshape(6, 27)
        @ (under_the_kernel(picture, padding) - np.repeat(folded.center / 255, 9)).T
        + folded.first_bias[:, None]
        for folded, picture in ((found, image), (expected, pale))
    ]
    assert hidden[0] == pytest.approx(hidden[1], abs=2e-3)  # moments are in whole 65535ths


@pytest.mark.parametrize("chroma", [0.0, 0.3, 1.0])
def test_a_share_of_chroma_is_given_back(chroma):
    """The second layer's colours fade to their luma, before the tanh."""
    network = truth.random_network(5)
    second = network.second_weight.astype(np.float64).transpose(1, 2, 3, 0)

    folded = fold(network, flat_moments(0), chroma=chroma)

    expected = faded(second, chroma).transpose(3, 0, 1, 2)
    assert folded.second_weight == pytest.approx(expected, abs=1e-12)
    assert folded.second_bias == pytest.approx(
        faded(network.second_bias.astype(np.float64), chroma), abs=1e-12
    )
    assert folded.chroma == chroma


def test_without_chroma_the_three_colours_that_come_out_are_the_same_bits():
    """A kernel may then compute one of them."""
    folded = fold(truth.random_network(5), flat_moments(0), chroma=0.0)

    assert (folded.second_weight == folded.second_weight[0]).all()
    assert (folded.second_bias == folded.second_bias[0]).all()
