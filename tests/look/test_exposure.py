"""Exposure: what the tone curve foretells against what is rendered, and the sense of it."""

import numpy as np
import pytest
from scenes import dark_scene, developed, luma, patches

from noiser import Enhancer
from noiser.look.tone_curve import BLACKEST, CALM
from noiser.statistics.luma_and_noise import Light

FREE = {"restraint": 0.0, "local": 0.0}
"""All of the effect, and one tone curve for all."""


def test_the_mean_of_the_result_is_the_wanted_one():
    """Foretold from the histogram, found in a gray picture: to one level."""
    image = np.repeat(luma(dark_scene())[..., None], 3, 2)
    tool = Enhancer(**FREE)
    light = Light.of(tool.measure(image))
    wanted = 0.74 * (light.mean / light.quantile(0.99)) ** 0.45

    assert wanted < 0.54
    assert luma(tool.enhance(image)).mean() == pytest.approx(wanted, abs=1.2 / 255)


@pytest.mark.parametrize("exposure", [1.5, 2.5])
def test_more_exposure_gives_the_same_picture(exposure):
    """As long as nothing is black, drowns or is white: to a level in the mean, 2 in the pixels."""
    knobs = {"highlights": 0, "detail": 0, **FREE}
    once, other = (Enhancer(**knobs).enhance(dark_scene(e)) for e in (2.0, exposure))

    assert abs(luma(once).mean() - luma(other).mean()) < 1 / 255
    assert abs(luma(once) - luma(other)).mean() < 2 / 255


def test_a_night_stays_darker_than_an_underexposed_day():
    """The same darkness with and without lamps: lamps say that it is night."""
    day = dark_scene()
    night = day.copy()
    night[10:20, 10:20] = 0.95

    by_day, by_night = (luma(Enhancer(**FREE).enhance(i))[40:].mean() for i in (day, night))

    assert by_night < by_day - 0.03


def test_overexposed_pictures_become_calmer():
    """Toward the middle, and nothing that was not white becomes white."""
    bright = 1 - dark_scene() * 2

    found = Enhancer().enhance(bright)

    assert 0.5 < luma(found).mean() < luma(bright).mean()
    assert (found >= 254 / 255).mean() <= (bright >= 254 / 255).mean()


@pytest.mark.parametrize("exposure", [0.2, 0.3])
def test_a_black_fiftieth_stays_black(exposure):
    """Three hundredths of the picture at two levels of 255 go where black belongs.

    In brighter scenes the eighth of the mean, which the black point darkens at least, does more.
    """
    image = dark_scene(exposure)
    image[:3] = 2 / 255

    found = luma(Enhancer(denoise=0, detail=0, **FREE).enhance(image))

    assert np.quantile(found, 0.005) == pytest.approx(BLACKEST, abs=4 / 255)
    brighter = dark_scene(2.0)
    brighter[:3] = 2 / 255
    found = luma(Enhancer(denoise=0, detail=0, **FREE).enhance(brighter))
    assert np.quantile(found, 0.005) < BLACKEST


def test_without_restraint_an_overexposed_picture_comes_below_the_middle():
    """Its wanted mean is lower than the highest of dark pictures."""
    bright = np.repeat(luma(1 - dark_scene())[..., None], 3, 2)

    found = Enhancer(highlights=0, denoise=0, detail=0, **FREE).enhance(bright)

    assert luma(found).mean() == pytest.approx(CALM, abs=0.01)


def test_a_black_point_is_an_eighth_of_the_mean_at_least():
    """Where the darkest fiftieth is not black, nothing more is asked."""
    image = patches(0.2, 0.25, 0.3)
    light = Light.of(Enhancer().measure(image))

    assert developed(image)[1].black == pytest.approx(0.12 * light.scale, rel=1e-6)


def test_noise_that_nobody_would_see_is_left():
    """A bright, calm picture is hardly amplified: there is nothing to take away."""
    assert developed(patches(0.3, 0.5, 0.7))[1].noise == ((0.0,) * 5,) * 4


def test_noise_that_would_be_seen_is_taken_away():
    """In a very dark picture the sensor's noise of one level becomes ten."""
    rng = np.random.default_rng(0)
    dark = np.clip(0.03 + rng.normal(0, 1 / 255, (120, 120)), 0, 1)

    noise = developed(np.repeat(dark[..., None], 3, 2))[1].noise

    assert 0.5 / 255**2 < max(noise[0]) < 1.5 / 255**2
