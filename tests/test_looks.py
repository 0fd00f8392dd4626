"""Looks: their published values, their knobs' ranges, and what each knob does to a picture."""

from dataclasses import replace

import numpy as np
import pytest
import truth
from scipy import ndimage

from noiser.color import luma
from noiser.enhancer import Enhancer
from noiser.looks import LOOKS, NATURAL, PAPER, Look, knobs, look_named

RANGES = {
    "noise_floor": (0.0, 0.5),
    "color": (0.0, 1.0),
    "black": (0.0, 1.0),
    "strength": (0.0, 1.0),
    "brightness": (-0.9, 0.9),
    "contrast": (0.0, 4.0),
    "eps": (1e-12, 1.0),
}


def test_every_knob_has_a_range_in_this_table():
    """The table above is complete: a new knob needs its range tested."""
    found = {knob.name: (knob.metadata["low"], knob.metadata["high"]) for knob in knobs()}

    assert found == RANGES


@pytest.mark.parametrize("name", RANGES)
def test_a_knob_takes_both_ends_of_its_range(name):
    """The limits themselves are allowed."""
    assert [getattr(replace(PAPER, **{name: end}), name) for end in RANGES[name]] == list(
        RANGES[name]
    )


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("end", [0, 1])
def test_a_knob_refuses_what_is_just_outside_its_range(name, end):
    """The message has the knob, the value and the range."""
    low, high = RANGES[name]
    value = float(np.nextafter((low, high)[end], (-np.inf, np.inf)[end]))

    with pytest.raises(ValueError, match=f"^{name} is ") as caught:
        replace(PAPER, **{name: value})

    assert str(caught.value) == f"{name} is {value}; it must be from {low:g} to {high:g}"


@pytest.mark.parametrize("name", RANGES)
def test_a_knob_refuses_not_a_number(name):
    """NaN is outside every range."""
    with pytest.raises(ValueError, match=f"^{name} is nan; it must be from "):
        replace(PAPER, **{name: float("nan")})


def test_a_look_refuses_an_unknown_padding():
    """The message repeats the word and names the two that exist."""
    with pytest.raises(
        ValueError, match=r"^padding is 'mirror'; it must be 'zero' or 'replicate'$"
    ):
        Look(padding="mirror", noise_floor=0.0, color=0.0)


@pytest.mark.parametrize("knob", knobs(), ids=lambda knob: knob.name)
def test_a_knob_has_a_help_of_one_sentence(knob):
    """The command line shows it."""
    assert knob.metadata["help"].endswith(".")


def test_the_paper_look_is_the_published_network_and_nothing_else():
    """Zero padding, eps 1e-5, no floor, the network's colours, no black point (the paper)."""
    assert (
        Look(
            padding="zero",
            noise_floor=0.0,
            color=0.0,
            black=0.0,
            strength=1.0,
            brightness=0.0,
            contrast=1.0,
            eps=1e-5,
        )
        == PAPER
    )


def test_natural_is_the_default_look():
    """The first name of the table is what `enhance` does on its own."""
    assert (list(LOOKS), Enhancer().look) == (["natural", "paper"], NATURAL)


def test_look_named_refuses_an_unknown_name():
    """The message repeats the name and lists those that exist."""
    with pytest.raises(ValueError, match=r"^look is 'vivid'; it must be one of natural, paper$"):
        look_named("vivid")


def test_look_named_leaves_a_knob_that_is_none():
    """None means the look's own value, zero means zero."""
    look = look_named("natural", color=None, black=0)

    assert (look.color, look.black) == (NATURAL.color, 0)


def test_look_named_refuses_a_knob_of_another_name():
    """A misspelt knob is a program's mistake."""
    with pytest.raises(TypeError, match="gamma"):
        look_named("natural", gamma=2.2)


@pytest.mark.parametrize(
    ("floor", "expected"), [(0.0, 0.25 / 255), (0.0004, 0.25 / 255), (0.03, 0.06)]
)
def test_the_chroma_floor_is_twice_the_noise_but_a_quarter_step_at_least(floor, expected):
    """Worked by hand: 2 x 0.03 = 0.06; below 0.00049 the quarter of an 8-bit step counts."""
    assert replace(NATURAL, noise_floor=floor).chroma_floor == pytest.approx(expected)


def developed(image, network_output, color, floor, black, padding):
    """Compute the natural look by its formula, with SciPy's convolution for the blur."""
    binomial = np.outer([1, 2, 1], [1, 2, 1]) / 16
    border = {"zero": {"mode": "constant", "cval": 0.5}, "replicate": {"mode": "nearest"}}[padding]
    photo = truth.unit(image)
    blurred = np.stack([ndimage.convolve(photo[..., c], binomial, **border) for c in range(3)], 2)
    weights = np.array([0.299, 0.587, 0.114])
    own, bright = (blurred @ weights)[..., None], (network_output @ weights)[..., None]
    chroma = color * bright * (blurred - own) / (own + floor)
    chroma += (1 - color) * (network_output - bright)
    too_far = np.maximum(chroma.max(2, keepdims=True) / np.maximum(1 - bright, 1e-9), 1)
    tone = own * (1 + black) / np.maximum(own + black, 1e-12)
    return np.clip(tone * (bright + chroma / too_far), 0, 1)


@pytest.mark.parametrize("padding", ["zero", "replicate"])
@pytest.mark.parametrize(("color", "black"), [(1.0, 0.0), (0.0, 0.6), (0.7, 0.2)])
@pytest.mark.parametrize("kernel", ["reference", "auto"])
def test_the_look_is_its_formula_around_the_network_of_torch(
    dark_photo, padding, color, black, kernel
):
    """Network by torch, blur by SciPy, the rest by the formula: equal to 1e-5."""
    image = truth.as_kind(dark_photo(21, 18, seed=9), "float64", 3)
    image[4:9, 3:8] = (0.9, 0.1, 0.02)  # a lamp: its chroma has no room
    enhancer = Enhancer(color=color, black=black, noise_floor=0.02, kernel=kernel)
    enhancer.look = replace(enhancer.look, padding=padding)
    plain = Enhancer(color=0, black=0, noise_floor=0.02, kernel="reference")
    plain.look = replace(plain.look, padding=padding)
    share = black * max(luma(*truth.unit(image).mean((0, 1))), 10 / 255)
    if padding == "zero":  # the moments' mean counts a little of the border
        share = enhancer.fold(enhancer.measure(image)).black

    expected = developed(image, plain.enhance(image), color, 0.04, share, padding)

    assert abs(enhancer.enhance(image) - expected).max() < 1e-5


def test_color_zero_and_black_zero_leave_the_network_alone(dark_photo):
    """Natural with both off is torch's network with replicated borders."""
    image = truth.unit(truth.as_kind(dark_photo(17, 16), "uint16", 3))
    enhancer = Enhancer(color=0, black=0, noise_floor=0, kernel="reference")

    expected = truth.torch_enhance(enhancer.network, image, "replicate")

    assert abs(enhancer.enhance(image) - expected).max() < 1e-6


@pytest.mark.parametrize("color", [0.0, 0.5, 1.0])
def test_color_does_not_change_the_luma(dark_photo, color):
    """Chroma has no luma: where nothing clips, every setting has the network's luma."""
    image = truth.as_kind(dark_photo(20, 20, seed=4), "float64", 3)
    settings = {"black": 0, "contrast": 0.3, "noise_floor": 0.05, "kernel": "reference"}

    gray_world = Enhancer(color=0, **settings).enhance(image)
    colorful = Enhancer(color=color, **settings).enhance(image)

    assert 0 < colorful.min() < colorful.max() < 1
    assert luma(*colorful.transpose(2, 0, 1)) == pytest.approx(
        luma(*gray_world.transpose(2, 0, 1)), abs=1e-9
    )


def test_full_colour_keeps_the_ratio_of_the_photo():
    """A flat photo of (20, 10, 5) levels stays 4 : 2 : 1 but for the quarter-step floor."""
    image = np.empty((6, 6, 3))
    image[:] = np.array([20, 10, 5]) / 255

    enhanced = Enhancer(color=1, black=0, noise_floor=0, kernel="reference").enhance(image)

    own = 0.299 * 20 + 0.587 * 10 + 0.114 * 5
    fading = own / (own + 0.25)
    red, green, blue = enhanced[3, 3] / luma(*enhanced[3, 3])
    assert (red, green, blue) == pytest.approx(
        [1 + fading * (v / own - 1) for v in (20, 10, 5)], rel=1e-9
    )


def test_black_keeps_white_and_brings_black_back():
    """The tone l (1 + k) / (l + k) is 1 at white and 0 at black, whatever k."""
    image = np.zeros((12, 24, 3))
    image[:, 12:] = 1.0

    with_black = Enhancer(color=0, black=1, kernel="reference").enhance(image)
    without = Enhancer(color=0, black=0, kernel="reference").enhance(image)

    assert with_black[6, 3].max() < 1e-5
    assert with_black[6, 20] == pytest.approx(without[6, 20], abs=1e-5)
