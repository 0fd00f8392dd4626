"""Fine patterns of two tones: what looks like noise, and is none."""

import numpy as np
import pytest
from PIL import Image

from noiser import Enhancer
from noiser.statistics.luma_and_noise import Light
from noiser.statistics.noise_by_octave import ROUNDING

ROW, COLUMN = np.mgrid[:120, :160]

DITHER = np.tile([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], (30, 40)) / 16

SHAPES = {
    "checkerboard": (ROW + COLUMN) % 2 == 1,
    "checkerboard of two pixels": (ROW // 2 + COLUMN // 2) % 2 == 1,
    "diagonal stripes": (ROW + COLUMN) % 3 == 0,
    "diagonal stripes of two pixels": (ROW + COLUMN) // 2 % 2 == 1,
    "upright stripes": COLUMN % 2 == 1,
    "dots": (ROW % 3 == 0) & (COLUMN % 3 == 0),
    "sparse dots": (ROW % 4 == 0) & (COLUMN % 4 == 0),
    "holes": (ROW % 3 > 0) | (COLUMN % 3 > 0),
    "ordered dither": ROW / 480 + COLUMN / 640 > DITHER,
    "halftone": 2 + np.cos((ROW + COLUMN) * np.pi / 4) + np.cos((ROW - COLUMN) * np.pi / 4)
    < COLUMN / 160,
    "error diffusion": np.asarray(
        Image.fromarray((10 + ROW // 4 + COLUMN // 4).astype(np.uint8)).convert("1")
    ),
}
"""Where the brighter tone is: bool [120,160]."""

DARK = ((0, 255), (0, 60), (20, 60))
"""Tones that are seldom bright in the end, of 255."""

NOT_STRIPES = [name for name in SHAPES if "upright" not in name]


def drawn(shape, tones, dtype=np.uint8):
    """Draw a shape in two tones of 255: uint8 or uint16 [120,160,3]."""
    peak = np.iinfo(dtype).max // 255
    values = np.where(SHAPES[shape], tones[1] * peak, tones[0] * peak).astype(dtype)
    return np.repeat(values[..., None], 3, 2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("tones", DARK)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_pattern_never_becomes_darker(shape, tones, dtype):
    """Its mean does not fall, to half a level of 255."""
    pattern = drawn(shape, tones, dtype)
    least = pattern.mean() - np.iinfo(dtype).max / 510

    assert Enhancer().enhance(pattern).mean() >= least


@pytest.mark.parametrize("tones", [(195, 255), (205, 235), (100, 155)])
@pytest.mark.parametrize("shape", ["checkerboard", "checkerboard of two pixels", "holes"])
def test_a_bright_pattern_stays_as_bright_as_it_is(shape, tones):
    """It is no over-exposed photograph; to half a level."""
    pattern = drawn(shape, tones)

    assert Enhancer().enhance(pattern).mean() == pytest.approx(pattern.mean(), abs=0.5)


@pytest.mark.parametrize("tones", DARK)
@pytest.mark.parametrize("shape", SHAPES)
def test_both_tones_of_a_pattern_stay_apart(shape, tones):
    """By half of what they were at least: nothing is smoothed away."""
    pattern = drawn(shape, tones)
    made = Enhancer().enhance(pattern)[..., 1].astype(float)
    bright = SHAPES[shape]

    assert made[bright].mean() - made[~bright].mean() > (tones[1] - tones[0]) / 2


@pytest.mark.parametrize("shape", NOT_STRIPES)
def test_a_pattern_counts_as_no_noise(shape):
    """No sensor's noise is so large."""
    light = Light.of(Enhancer().measure(drawn(shape, (0, 255))))

    assert light.noise.calmest == ROUNDING


def test_noise_of_a_tenth_of_the_range_is_noise():
    """That is more than photographs have."""
    noise = np.random.default_rng(0).normal(0, 0.1, (200, 200))
    light = Light.of(Enhancer().measure(0.5 + np.clip(noise, -0.5, 0.5)))

    assert not light.noise.is_pattern
    assert light.noise.calmest == pytest.approx(0.1, rel=0.05)


def test_a_photograph_with_a_pattern_in_it_keeps_its_noise(dark_photo):
    """The calmest part tells."""
    photo = dark_photo(120, 320, seed=3)
    both = photo.copy()
    both[:, 160:] = drawn("checkerboard", (20, 60))

    calmest = [
        Light.of(Enhancer().measure(image)).noise.calmest for image in (photo[:, :160], both)
    ]

    assert calmest[1] == pytest.approx(calmest[0], rel=0.2)


@pytest.mark.parametrize("name", ["dither", "checker"])
def test_a_pattern_of_others_never_becomes_darker(shared_data, name):
    """Found in a test suite: dots on black, and a bright checkerboard."""
    path = shared_data / "edges" / "cases" / "two-tone-patterns" / f"{name}.png"
    with Image.open(path) as image:
        pattern = np.asarray(image.convert("RGB"))

    assert Enhancer().enhance(pattern).mean() >= pattern.mean()
