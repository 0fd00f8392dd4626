"""Moments: what they are, by loops over pixels; that they add up; what they refuse."""

import json
from dataclasses import asdict
from fractions import Fraction

import numpy as np
import pytest
import truth

from noiser.engine.kernels import reference
from noiser.statistics.moments import PAIRS, TAPS, UNIT, UPPER, Moments


def moments(padding="zero", count=5, seed=0):
    """Make moments of random numbers; they need not belong to an image to be added."""
    rng = np.random.default_rng(seed)
    return Moments(
        padding,
        count,
        tuple(rng.integers(-(10**6), 10**6, TAPS).tolist()),
        tuple(rng.integers(0, 10**12, PAIRS).tolist()),
    )


def measured(image, padding="zero"):
    """Make moments of an image, by loops."""
    return Moments(padding, *truth.moments_by_loops(image, padding))


def test_the_counts_are_those_of_three_colours_under_a_3x3_kernel():
    """27 values, and 27 x 28 / 2 = 378 distinct products."""
    assert (TAPS, PAIRS) == (27, 378)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 254, 255])
def test_a_byte_is_exactly_257_steps_of_the_common_lattice(value):
    """257 (2 v - 255) / 65535 = (2 v - 255) / 255: bytes are measured without rounding."""
    assert Fraction(257 * (2 * value - 255), UNIT) == Fraction(2 * value - 255, 255)


def test_adding_adds_every_number():
    """Count, sums and products of the result are the sums of the parts'."""
    a, b = moments(seed=1), moments(seed=2, count=7)

    assert a + b == Moments(
        "zero",
        12,
        tuple(x + y for x, y in zip(a.sums, b.sums, strict=True)),
        tuple(x + y for x, y in zip(a.products, b.products, strict=True)),
    )


def test_sums_have_no_limit():
    """Python integers: what would overflow 64 bits is exact."""
    big = Moments("zero", 2**70, (2**90,) * TAPS, (2**100,) * PAIRS)

    assert (big + big).products[0] == 2**101


def test_moments_with_different_paddings_cannot_be_added():
    """They measure different borders; the message says which and what to do."""
    with pytest.raises(ValueError, match=r"measure both with the same look$") as caught:
        moments("zero") + moments("replicate")

    assert str(caught.value) == (
        "moments with zero and replicate padding cannot be added; measure both with the same look"
    )


def test_a_number_cannot_be_added_to_moments():
    """Python's own TypeError, as for any two types that do not add up."""
    with pytest.raises(TypeError, match="unsupported operand"):
        moments() + 0


def test_moments_refuse_an_unknown_padding():
    """The message repeats the word and names the two that exist."""
    with pytest.raises(ValueError, match=r"^padding is 'same'; it must be 'zero' or 'replicate'$"):
        Moments("same", 1, (0,) * TAPS, (0,) * PAIRS)


@pytest.mark.parametrize(
    ("count", "sums", "products"), [(0, 27, 378), (1, 26, 378), (1, 27, 377), (-1, 0, 0)]
)
def test_moments_refuse_counts_that_no_image_has(count, sums, products):
    """No pixel, or a number missing: the message has what was found and what is right."""
    with pytest.raises(ValueError, match=r"moments have at least 1, 27 and 378$") as caught:
        Moments("zero", count, (0,) * sums, (0,) * products)

    assert str(caught.value) == (
        f"{count} pixels, {sums} sums and {products} products found; "
        "moments have at least 1, 27 and 378"
    )


def test_moments_travel_as_json():
    """Through JSON and back they are equal, and so is their hash."""
    sent = json.loads(json.dumps(asdict(moments())))

    received = Moments(
        sent["padding"], sent["count"], *map(tuple, (sent["sums"], sent["products"]))
    )

    assert (received, hash(received)) == (moments(), hash(moments()))


@pytest.mark.parametrize("padding", ["zero", "replicate"])
def test_the_mean_is_numpys_mean_of_the_values_under_the_kernel(dark_photo, padding):
    """In [-1, 1], colour by colour, row by row."""
    image = dark_photo(9, 11, seed=3)
    mode = {"zero": "constant", "replicate": "edge"}[padding]
    padded = np.pad(2 * truth.unit(image) - 1, ((1, 1), (1, 1), (0, 0)), mode)
    under = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1)).reshape(99, 27)

    assert measured(image, padding).mean() == pytest.approx(under.mean(0), abs=1e-14)


@pytest.mark.parametrize("padding", ["zero", "replicate"])
def test_the_covariance_is_numpys_covariance_of_the_values_under_the_kernel(dark_photo, padding):
    """The population's (divided by n), as instance normalization uses it."""
    image = dark_photo(9, 11, seed=3)
    mode = {"zero": "constant", "replicate": "edge"}[padding]
    padded = np.pad(2 * truth.unit(image) - 1, ((1, 1), (1, 1), (0, 0)), mode)
    under = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1)).reshape(99, 27)

    covariance = measured(image, padding).covariance()

    assert covariance == pytest.approx(np.cov(under.T, bias=True), abs=1e-14)


def test_the_covariance_of_a_flat_image_is_exactly_zero():
    """Nothing cancels: the difference of two large products is taken in integers."""
    flat = np.full((5, 4, 3), 201, np.uint8)

    assert not measured(flat, "replicate").covariance().any()


def test_a_single_step_in_a_billion_pixels_does_not_drown():
    """One pixel of n differs by one lattice step d: the variance is d^2 (n - 1) / n^2.

    In doubles `mean of squares - square of mean` would give 0 or worse.
    """
    n, level = 10**9, -60000
    one = Moments(
        "replicate", n, (n * level + 1,) * TAPS, ((n - 1) * level**2 + (level + 1) ** 2,) * PAIRS
    )

    assert one.covariance()[0, 0] == pytest.approx((n - 1) / n**2 / UNIT**2, rel=1e-15)


def test_the_covariance_is_symmetric():
    """Both triangles are filled, with the same bits."""
    covariance = moments().covariance()

    assert np.array_equal(covariance, covariance.T)


def test_products_are_the_upper_triangle_row_by_row():
    """The order that travels between machines: (0, 0), (0, 1), ... (0, 26), (1, 1), ..."""
    rows, columns = UPPER

    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [
        (i, j) for i in range(27) for j in range(i, 27)
    ]


def test_the_moments_of_two_bands_add_up_to_those_of_the_whole(dark_photo):
    """Measured in bands that see their neighbours, the sums are the same integers."""
    image = dark_photo(12, 10)
    whole, top, bottom = np.s_[0:12, 0:10], np.s_[0:5, 0:10], np.s_[5:12, 0:10]

    parts = reference.measure(image, top, "zero") + reference.measure(image, bottom, "zero")

    assert parts == reference.measure(image, whole, "zero")
