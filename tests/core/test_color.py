"""Colour and range: each conversion against numbers worked by hand."""

import numpy as np
import pytest

from noiser.core import color
from noiser.core.color import LUMA, luma, to_bytes, to_signed, to_unit


def test_to_signed_sends_a_quarter_to_minus_a_half():
    """2 x - 1: black, a quarter, mid-gray and white are -1, -0.5, 0 and 1."""
    assert to_signed(np.array([0, 0.25, 0.5, 1])).tolist() == [-1, -0.5, 0, 1]


def test_to_unit_sends_minus_a_half_to_a_quarter():
    """(x + 1) / 2: -1, -0.5, 0 and 1 are black, a quarter, mid-gray and white."""
    assert to_unit(np.array([-1, -0.5, 0, 1])).tolist() == [0, 0.25, 0.5, 1]


def test_to_unit_undoes_to_signed_exactly_on_quarters():
    """There and back is the identity; powers of two lose nothing on the way."""
    image = np.arange(0, 1025) / 1024

    assert np.array_equal(to_unit(to_signed(image)), image)


def test_to_signed_keeps_single_precision():
    """A float32 image stays one: nothing is promoted behind the caller's back."""
    assert to_signed(np.zeros(3, np.float32)).dtype == np.float32


def test_to_bytes_gives_every_byte_back():
    """A byte v as v / 255 rounds to v for all 256 values."""
    every = np.arange(256, dtype=np.uint8)

    assert np.array_equal(to_bytes(every / 255), every)


def test_to_bytes_rounds_halves_to_even():
    """0.5, 1.5 and 2.5 levels become 0, 2 and 2."""
    assert to_bytes(np.array([0.5, 1.5, 2.5]) / 255).tolist() == [0, 2, 2]


def test_to_bytes_clips_what_lies_outside():
    """Below black is black and above white is white, without wrapping around."""
    assert to_bytes(np.array([-1e9, -0.001, 1.001, 1e9])).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    ("color", "expected"),
    [((1, 0, 0), 0.299), ((0, 1, 0), 0.587), ((0, 0, 1), 0.114), ((0.5, 0.5, 0.5), 0.5)],
)
def test_luma_weighs_the_primaries_as_bt_601_does(color, expected):
    """The weights printed in the recommendation: 0.299, 0.587, 0.114."""
    assert luma(*map(np.float64, color)) == pytest.approx(expected, abs=1e-15)


def test_the_weights_of_luma_add_up_to_one():
    """White has the luma 1."""
    assert sum(LUMA) == pytest.approx(1.0, abs=1e-15)


CURVE = [(0.0, 0.0), (0.0031308, 0.0404499), (0.002, 0.02584), (0.18, 0.461356), (1.0, 1.0)]
"""Linear light and its value on the sRGB curve, by IEC 61966-2-1's formula worked by hand."""


@pytest.mark.parametrize(("light", "value"), CURVE)
def test_the_srgb_curve_is_the_standards(light, value):
    assert color.srgb_from_linear(np.array([light]))[0] == pytest.approx(value, abs=1e-6)
    assert color.linear_from_srgb(np.array([value]))[0] == pytest.approx(light, abs=1e-6)


def test_the_curves_undo_each_other_and_grow():
    values = np.arange(65536) / 65535
    linear = color.linear_from_srgb(values)
    np.testing.assert_allclose(color.srgb_from_linear(linear), values, atol=3e-8)
    assert (np.diff(linear) > 0).all()


@pytest.mark.parametrize("shape", [(5,), (7, 3), (40, 30, 3)])
def test_curves_keep_shape_and_dtype_however_rows_are_grouped(shape, monkeypatch):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    whole = color.srgb_from_linear(image)
    monkeypatch.setattr(color, "CURVE_VALUES", 7)
    assert (whole.shape, whole.dtype) == (shape, np.float32)
    np.testing.assert_array_equal(color.srgb_from_linear(image), whole)


def test_there_and_back_loses_less_than_single_precision_holds():
    light = np.geomspace(1e-8, 1, 10_001).astype(np.float32)
    back = color.linear_from_srgb(color.srgb_from_linear(light))
    np.testing.assert_allclose(back, light, rtol=3e-7)
