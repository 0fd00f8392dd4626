"""The NumPy kernel against loops over pixels and against torch."""

import numpy as np
import pytest
import truth
from scipy import special

from noiser import Enhancer
from noiser.engine.kernels import reference
from noiser.look.fold import Folded, fold
from noiser.look.render_params import Adjustments, RenderParams
from noiser.statistics.moments import PAIRS, TAPS, Moments

DTYPES = ["uint8", "uint16", "float32", "float64"]
PADDINGS = ["zero", "replicate"]


def neutral(folded):
    """Give the parameters that show the network's output and do nothing else."""
    return RenderParams(folded, Adjustments())


def whole(image):
    """Give the region that is all of an image."""
    return np.s_[0 : image.shape[0], 0 : image.shape[1]]


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_measure_is_the_loop_over_pixels(dark_photo, padding, dtype, channels):
    """Every sum is the same integer, for every kind of image."""
    image = truth.as_kind(dark_photo(6, 9), dtype, channels)

    found = reference.measure(image, whole(image), padding)

    assert found == Moments(padding, *truth.moments_by_loops(image, padding))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("region", [np.s_[2:5, 3:8], np.s_[0:1, 0:1], np.s_[5:6, 0:9]], ids=str)
def test_measure_of_a_region_reads_its_neighbours(dark_photo, padding, region):
    """Inside the image they count as they are; only outside there is padding."""
    image = dark_photo(6, 9)

    found = reference.measure(image, region, padding)

    assert found == Moments(padding, *truth.moments_by_loops(image, padding, region))


def test_measure_in_steps_is_measure_at_once(dark_photo, monkeypatch):
    """Large images are summed up in steps, each exact in double precision."""
    image = dark_photo(11, 7)
    at_once = reference.measure(image, whole(image), "zero")
    monkeypatch.setattr(reference, "EXACT_PIXELS", 21)

    assert reference.measure(image, whole(image), "zero") == at_once


def test_a_step_adds_up_exactly():
    """A step's products of two 16-bit values stay below 2^53, where doubles are integers."""
    assert reference.EXACT_PIXELS * 65535**2 < 2**53


def test_the_extremes_of_a_pixel_are_plus_and_minus_the_lattice():
    """White is 65535 in every sum, black -65535; their product is -65535^2."""
    image = np.array([[[0, 255, 0]]], np.uint8)

    moments = reference.measure(image, np.s_[0:1, 0:1], "replicate")

    assert [moments.sums[t] for t in (4, 13, 22)] == [-65535, 65535, -65535]
    assert (moments.products[0], moments.products[9]) == (65535**2, -(65535**2))


def test_zero_padding_is_mid_gray():
    """A single white pixel: of the 27 values only the three in the middle are not zero."""
    image = np.full((1, 1, 3), 255, np.uint8)

    sums = reference.measure(image, np.s_[0:1, 0:1], "zero").sums

    assert sums == tuple(65535 if tap % 9 == 4 else 0 for tap in range(TAPS))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("hidden", [1, 4, 7])
def test_render_without_development_is_torchs_network(dark_photo, padding, hidden):
    """Folded and local, it equals torch's unfolded float64 network to 1e-9."""
    network = truth.random_network(hidden)
    image = truth.unit(truth.as_kind(dark_photo(12, 10), "uint16", 3))
    moments = Moments(padding, *truth.moments_by_loops(image, padding))
    out = np.empty_like(image)

    reference.render(image, whole(image), neutral(fold(network, moments)), out)

    assert abs(out - truth.torch_enhance(network, image, padding)).max() < 1e-9


def filter_of_one_pixel(gain, offset=0.0):
    """Make a filter without neighbours: output = tanh(GELU(gain x + offset)) in each colour."""
    first, second = np.zeros((3, 3, 3, 3)), np.zeros((3, 3, 3, 3))
    for c in range(3):
        first[c, c, 1, 1] = gain
        second[c, c, 1, 1] = 1.0
    return Folded("zero", np.zeros(3, np.int64), first, np.full(3, offset), second, np.zeros(3))


def test_gelu_is_the_exact_one():
    """By SciPy's normal distribution: x Phi(x), not the tanh approximation (off by 5e-4)."""
    image = np.repeat(np.linspace(0, 1, 101)[None, :, None], 3, 2)
    x = 8 * (2 * image - 1)
    out = np.empty_like(image)

    reference.render(image, whole(image), neutral(filter_of_one_pixel(8.0)), out)

    assert abs(out - (np.tanh(x * special.ndtr(x)) + 1) / 2).max() < 1e-14


@pytest.mark.parametrize(("dtype", "peak"), [("uint8", 255), ("uint16", 65535)])
def test_integers_are_rounded_half_to_even(dtype, peak):
    """Half-way between an even v and white lies a tie, which goes to the even number."""
    image = np.array([[[0, 2, 4], [2, 4, 6]]], dtype)
    half_way = RenderParams(filter_of_one_pixel(0.0, 60.0), Adjustments(strength=0.5))
    out = np.empty_like(image)

    reference.render(image, whole(image), half_way, out)

    half = (peak + 1) // 2
    assert out.tolist() == [[[half, half, half + 2], [half, half + 2, half + 2]]]


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", DTYPES)
def test_alpha_is_copied(dark_photo, dtype, channels):
    """Bit for bit, whatever the colours do."""
    image = truth.as_kind(dark_photo(6, 9), dtype, channels)

    assert np.array_equal(Enhancer(kernel="reference").enhance(image)[..., -1], image[..., -1])


@pytest.mark.parametrize("look", ["natural", "paper"])
def test_gray_is_the_luma_of_the_same_picture_in_rgb(dark_photo, look):
    """One plane in, one out: 0.299 R + 0.587 G + 0.114 B of what RGB would have given."""
    gray = truth.as_kind(dark_photo(12, 9), "float64", 1)
    tool = Enhancer(look, kernel="reference")

    in_rgb = tool.enhance(np.repeat(gray[..., None], 3, 2))

    assert abs(tool.enhance(gray) - in_rgb @ [0.299, 0.587, 0.114]).max() < 1e-12


def test_render_writes_into_a_view(dark_photo):
    """The output may be a part of a larger array; nothing beside it is touched."""
    image = dark_photo(5, 6)
    folded = fold(truth.random_network(2), Moments("zero", 1, (0,) * TAPS, (0,) * PAIRS))
    expected = np.empty_like(image)
    reference.render(image, whole(image), neutral(folded), expected)
    canvas = np.full((9, 9, 3), 77, np.uint8)

    reference.render(image, whole(image), neutral(folded), canvas[2:7, 1:7])

    assert np.array_equal(canvas[2:7, 1:7], expected)
    assert (canvas[:2] == 77).all()
    assert (canvas[7:] == 77).all()
    assert (canvas[:, 0] == 77).all()
    assert (canvas[:, 7:] == 77).all()
