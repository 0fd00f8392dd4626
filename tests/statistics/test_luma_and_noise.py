"""Light: means, quantiles and noise read from histograms, against NumPy on the pixels."""

import numpy as np
import pytest
import truth

from noiser import Enhancer
from noiser.statistics.luma_and_noise import LEAST_NEED, Light
from noiser.statistics.moments import PAIRS, TAPS, Moments
from noiser.statistics.noise_by_octave import NOISE_LEVELS

GRAY_OF_255 = 1.0 / 255


def light_of(image):
    """Measure an image."""
    return Light.of(Enhancer().measure(image))


def flat(level, size=40):
    """Make a flat gray image of a level in [0, 1]."""
    return np.full((size, size), level)


def noisy(level, deviation, size=200, seed=0):
    """Make flat gray with white noise, in gray: float64 [H,W] in [0, 1]."""
    noise = np.random.default_rng(seed).normal(0, deviation, (size, size))
    return np.clip(level + noise, 0, 1)


def test_moments_without_tones_have_no_light():
    """Made by hand or by an older version: the message says what to do."""
    bare = Moments("zero", 1, (0,) * TAPS, (0,) * PAIRS)

    with pytest.raises(
        ValueError, match=r"^the moments have no tones; measure them with an Enhancer$"
    ):
        Light.of(bare)


@pytest.mark.parametrize("level", [0.0, 0.01, 0.3, 0.77, 1.0])
def test_the_mean_of_flat_gray_is_its_level(level):
    """To an eighth of an 8-bit level, half a tone."""
    assert light_of(flat(level)).mean == pytest.approx(level, abs=GRAY_OF_255 / 8 + 1e-9)


def test_the_mean_is_that_of_the_luma(dark_photo):
    """BT.601's, in colour."""
    image = dark_photo(60, 80, seed=5)

    expected = (truth.unit(image) @ [0.299, 0.587, 0.114]).mean()

    assert light_of(image).mean == pytest.approx(expected, abs=GRAY_OF_255 / 4)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_quantile_is_numpys_of_the_luma(share):
    """Of a smooth ramp, which the blur hardly changes: to a step of it."""
    ramp = np.repeat(np.linspace(0.05, 0.9, 300)[None], 50, 0)

    assert light_of(ramp).quantile(share) == pytest.approx(np.quantile(ramp, share), abs=0.85 / 299)


def test_no_share_of_the_pixels_lies_below_the_darkest():
    """Empty tones below it have no place."""
    assert light_of(flat(0.5)).quantile(0.0) == pytest.approx(0.5, abs=1 / 1020)


def test_the_highest_quantile_of_white_is_white():
    """It has a tone of its own, and nothing lies above."""
    assert light_of(flat(1.0)).quantile(0.99) == 1.0
    assert light_of(flat(1.0)).levels.tolist() == [1.0]


def test_many_tones_are_joined_to_64_and_keep_their_mean():
    """A ramp through all tones: as many pixels, the same mean, in order."""
    ramp = np.repeat(np.linspace(0, 1, 2000)[None], 4, 0)
    light = light_of(ramp)

    assert light.levels.size <= 64
    assert (np.diff(light.levels) > 0).all()
    assert light.shares.sum() == pytest.approx(1)
    assert light.mean == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("level", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("deviation", [0.004, 0.01, 0.02])
def test_the_noise_is_the_deviation_of_white_noise_in_luma(level, deviation):
    """Simulated, to 5 %: where the pixels are, and for the calmest place."""
    light = light_of(noisy(level, deviation))
    nearest = int(np.argmin(np.abs(np.log(np.array(NOISE_LEVELS[1:]) / level)))) + 1

    assert light.noise.by_octave[0, nearest] == pytest.approx(deviation, rel=0.05)
    assert light.noise.calmest == pytest.approx(deviation, rel=0.05)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_the_noise_does_not_depend_on_the_format(dtype):
    """8 bits add their own rounding, which is small beside a noise of 2.5 levels."""
    image = noisy(0.2, 0.01)
    peak = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    cut = image.astype(dtype) if peak == 1 else np.rint(image * peak).astype(dtype)

    assert light_of(cut).noise.calmest == pytest.approx(0.01, rel=0.06)


def test_a_smooth_picture_is_taken_for_8_bit_at_best():
    """No noise at all: a third of a level counts."""
    ramp = np.repeat(np.linspace(0.1, 0.4, 200)[None], 100, 0)

    assert light_of(ramp).noise.calmest == 0.3 / 255


def test_texture_is_not_noise():
    """Half of the picture is a strong weave, at its own brightness; the rest is calm."""
    image = noisy(0.1, 0.004)
    weave = 0.5 + 0.2 * (np.indices((200, 100)).sum(0) % 2)
    image[:, 100:] = weave

    light = light_of(image)

    assert light.noise.calmest == pytest.approx(0.004, rel=0.1)
    assert light.noise.by_octave[0].max() <= 1.2 * light.noise.calmest + 1e-12


def test_noise_that_black_hides_is_taken_from_where_there_is_light():
    """Clipped at 0 the noise of a black sky looks small; the foreground has it whole."""
    image = np.concatenate([noisy(0.0, 0.004), noisy(0.1, 0.004, seed=2)])

    light = light_of(image)

    assert light.noise.calmest == pytest.approx(0.004, rel=0.1)
    assert light.noise.by_octave[0, 0] == pytest.approx(0.004, rel=0.15)


def test_the_scale_is_the_mean_of_a_clean_picture():
    """What is measured in it does not change with the exposure."""
    assert light_of(flat(0.2)).scale == light_of(flat(0.2)).mean


def test_the_scale_of_noise_alone_is_eight_deviations():
    """A black picture is not opened without end."""
    light = light_of(noisy(0.0, 0.02))

    assert light.scale == 8 * light.noise.calmest > light.mean


def test_a_dark_picture_needs_everything():
    """Below a power mean of a tenth, and a white one likewise."""
    assert [light_of(flat(level)).need for level in (0.0, 0.05, 0.95, 1.0)] == [1.0] * 4


def test_a_well_lit_picture_needs_a_tenth():
    """From a third on, however bright it is."""
    assert [light_of(flat(level)).need for level in (0.32, 0.5, 0.68)] == [LEAST_NEED] * 3


@pytest.mark.parametrize(
    ("level", "white", "dark"), [(0.9, 0.7, 0.0), (0.75, 0.0, 0.0), (0.9, 0.7, 0.4)]
)
def test_what_is_bright_and_has_something_dark_is_not_over_exposed(level, white, dark):
    """A white wall with a door in it, a bright wall of any colour, paper with gray print."""
    picture = flat(level, 40)
    picture[: round(40 * white)] = 1.0
    if dark:
        picture[-2:] = dark
    else:
        picture[-2:] = 0.1

    assert light_of(picture).over_exposure < 0.2


def test_what_is_white_and_has_nothing_dark_is_over_exposed():
    """Most of it clipped, the rest nearly so."""
    picture = flat(0.75, 40)
    picture[:30] = 1.0

    assert light_of(picture).over_exposure == 1.0
    assert light_of(picture).need == 1.0


def test_where_lamps_stand_far_above_the_mean_each_has_its_own_light():
    """And where they do not, one light falls on all."""
    room, night = flat(0.1, 40), flat(0.02, 40)
    room[:4], night[:1] = 0.3, 0.9

    assert light_of(room).single_illuminant == 1.0
    assert light_of(night).single_illuminant == 0.0


def test_need_falls_with_light_and_has_no_step():
    """From dark to bright in small steps: never more, never by more than 0.05."""
    needs = [light_of(flat(level, 8)).need for level in np.linspace(0.02, 0.5, 97)]

    assert (np.diff(needs) <= 1e-12).all()
    assert np.abs(np.diff(needs)).max() < 0.05


def test_a_bright_sky_weighs_less_than_in_the_mean():
    """A dark street under a white sky needs more than gray of the same mean."""
    street = flat(0.03)
    street[:10] = 0.9

    assert light_of(street).need > light_of(flat(street.mean())).need
