"""Developing: what the tone curve foretells against what is rendered, and the sense of it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scenes import dark_scene, developed, patches

from noiser import Enhancer
from noiser.look.fold import weights_for
from noiser.look.looks import NATURAL, PAPER
from noiser.look.render_params import Adjustments, develop
from noiser.model import network
from noiser.model.network import Network
from noiser.statistics.noise_by_octave import NOISE_LEVELS

FREE = {"restraint": 0.0}


def test_the_paper_look_needs_nothing_but_the_fold(dark_photo):
    """Neutral knobs give the neutral adjustments."""
    tool = Enhancer("paper")

    _, adjustments = tool.develop(tool.measure(dark_photo(20, 20)))

    assert vars(adjustments) == vars(Adjustments())


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.0])
def test_how_loud_a_network_was_trained_does_not_matter(scale):
    """Its second layer times any number: the same picture, because contrast is calibrated."""
    own = network.packaged()
    louder = Network(
        own.first_weight,
        own.first_bias,
        own.second_weight * np.float32(scale),
        own.second_bias * np.float32(scale),
    )
    image = dark_scene()

    found, expected = (Enhancer(weights=w).enhance(image) for w in (louder, own))

    assert abs(found - expected).max() < 2e-3


def test_a_network_that_darkens_light_is_left_as_it_is():
    """There is nothing to calibrate; nothing breaks."""
    own = network.packaged()
    reversed_ = Network(own.first_weight, own.first_bias, -own.second_weight, own.second_bias)
    moments = Enhancer().measure(dark_scene())

    folded, _ = develop(reversed_, moments, replace(NATURAL, auto=1.0))

    assert np.array_equal(folded.second_weight, weights_for(reversed_, 0.0)[1])


def test_auto_0_leaves_contrast_and_brightness_to_the_network():
    """Then the fold is the paper's, with replicated borders."""
    image = dark_scene()
    moments = Enhancer().measure(image)

    found, _ = develop(network.packaged(), moments, replace(NATURAL, auto=0.0, color=0.0))
    expected, _ = develop(network.packaged(), moments, replace(PAPER, padding="replicate"))

    for name in ("first_weight", "first_bias", "second_weight", "second_bias"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def test_brightness_is_added_to_what_auto_finds():
    """In front of the tanh: its inverse of the knob."""
    image = dark_scene()

    neutral, brighter = (developed(image, brightness=b)[0] for b in (0.0, 0.4))

    assert brighter.second_bias - neutral.second_bias == pytest.approx(
        np.full(3, math.atanh(0.4)), abs=1e-12
    )


def test_the_slopes_of_the_noise_are_numpys_interpolation():
    """The kernels add up ramps; between the levels it is linear, above the last constant."""
    noise = (5.0, 3.0, 4.0, 1.0, 2.0)
    adjustments = Adjustments(noise=((0.0,) * 5, noise, (0.0,) * 5, noise[::-1]))
    at = np.linspace(0, 1, 500)
    ramps = np.maximum(at[:, None] - np.array(NOISE_LEVELS), 0)

    for octave, slopes in zip(adjustments.noise, adjustments.noise_slopes, strict=True):
        found = octave[0] + ramps @ np.array(slopes)
        assert found == pytest.approx(np.interp(at, NOISE_LEVELS, octave), abs=1e-12)


def test_octaves_count_up_to_the_coarsest_with_noise_in_it():
    """One in between may be calm; where nothing is to be denoised there are none."""
    calm, noisy = (0.0,) * 5, (0.0, 0.0, 1e-5, 0.0, 0.0)

    def octaves(*noise, denoise=1.0):
        return Adjustments(noise=noise, denoise=denoise).octaves

    assert octaves(calm, calm, calm, calm) == 0
    assert octaves(noisy, calm, calm, calm) == 1
    assert octaves(calm, calm, noisy, calm) == 3
    assert octaves(noisy, noisy, noisy, noisy, denoise=0.0) == 0


def test_restraint_fades_the_effect_where_there_is_light():
    """The share is that of the need."""
    image = patches(0.4, 0.5, 0.6)

    shares = [developed(image, restraint=r)[1].strength for r in (0.0, 0.5, 1.0)]

    assert shares == pytest.approx([1.0, 0.55, 0.1])


def test_detail_is_given_back_by_its_knob():
    """Fine and medium, 0.6 and 0.1 at 1."""
    found = [developed(dark_scene(), detail=d)[1] for d in (0.0, 1.0, 2.0)]

    assert [(d.fine, d.medium) for d in found] == [(0.0, 0.0), (0.6, 0.1), (1.2, 0.2)]


def test_a_picture_of_one_black_pixel_is_developed():
    """Nothing is divided by nothing."""
    folded, adjustments = developed(np.zeros((1, 1, 3), np.uint8))

    assert np.isfinite(folded.second_bias).all()
    assert np.isfinite([adjustments.black, *sum(adjustments.noise, ())]).all()


def test_a_tint_is_taken_where_one_light_falls_on_all_and_left_in_a_night_with_lamps():
    """A fire must not be cooled by what it does to the mean."""
    room = np.clip(dark_scene() * [1.3, 1.0, 0.6], 0, 1)
    night = room / 4
    night[:2] = 0.9

    taken, left = (developed(image).adjustments.cast for image in (room, night))

    assert taken[0] > 0.02 > -0.02 > taken[1]
    assert left == (0.0, 0.0)
