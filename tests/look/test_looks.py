"""Looks: their published values, their knobs' ranges, and what each knob does to a picture."""

from dataclasses import replace

import numpy as np
import pytest
import truth

from noiser.core.color import luma
from noiser.engine.enhancer import Enhancer
from noiser.look.knobs import Look, knobs
from noiser.look.looks import LOOKS, NATURAL, PAPER, look_named

RANGES = {
    "strength": (0.0, 1.0),
    "restraint": (0.0, 1.0),
    "auto": (0.0, 1.0),
    "brightness": (-0.9, 0.9),
    "contrast": (0.0, 4.0),
    "black": (0.0, 1.0),
    "highlights": (0.0, 1.0),
    "color": (0.0, 1.0),
    "detail": (0.0, 2.0),
    "denoise": (0.0, 1.0),
    "local": (0.0, 1.0),
    "noise_floor": (0.0, 0.5),
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
        Look(padding="mirror")


@pytest.mark.parametrize("knob", knobs(), ids=lambda knob: knob.name)
def test_a_knob_has_a_help_of_one_sentence(knob):
    """The command line shows it."""
    assert knob.metadata["help"].endswith(".")


def test_the_paper_look_is_the_published_network_and_nothing_else():
    """Zero padding, eps 1e-5, and every knob at the value that does nothing (the paper)."""
    neutral = dict.fromkeys(set(RANGES) - {"strength", "contrast", "eps"}, 0.0)

    assert Look("zero", strength=1.0, contrast=1.0, eps=1e-5, **neutral) == PAPER
    assert not PAPER.needs_light


def test_natural_has_neutral_borders_and_most_of_the_photos_own_colours():
    """What the documents say of it."""
    assert (NATURAL.padding, NATURAL.color, NATURAL.strength) == ("replicate", 0.8, 1.0)


@pytest.mark.parametrize("knob", ["black", "highlights", "color", "detail", "denoise", "local"])
def test_a_knob_of_the_development_asks_for_it_and_for_the_light(knob):
    """One of them is enough."""
    look = replace(PAPER, **{knob: 0.5})

    assert (look.develops, look.needs_light) == (True, True)


@pytest.mark.parametrize("knob", ["auto", "restraint"])
def test_a_knob_that_only_asks_for_the_light_does_not_develop(knob):
    """They change numbers, not steps."""
    look = replace(PAPER, **{knob: 0.5})

    assert (look.develops, look.needs_light) == (False, True)


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


def formula(image, look, adjustments, network_output):
    """Compute the natural look by its formulas around the network's output: float64 [H,W,3]."""
    _, light, chroma, detail = truth.scene(image, look.padding, adjustments)
    weights = np.array([0.299, 0.587, 0.114])
    bright = (network_output @ weights)[..., None]
    light, detail = light[..., None], detail[..., None]
    share = look.highlights
    own = (1 - share) * (1 - bright) + share * (1 - light)
    tone = light**2 * (1 + adjustments.black**2) / (light**2 + adjustments.black**2)
    level = (1 - np.sqrt((1 - bright) * own)) * tone
    mean = truth.unit(image).mean((0, 1))
    tint = mean / (mean @ weights) - 1
    own = chroma - (1 - look.color) * tint * light
    colors = min(2 * look.color, 1) * level / (light + adjustments.chroma_floor) * own
    colors += tone * (network_output - bright)
    level = level * (1 + detail / (light + adjustments.detail_floor))
    highest = colors.max(2, keepdims=True)
    fitting = np.where(highest > 1 - level, np.maximum(1 - level, 0) / highest, 1)
    halved = (level + colors * (1 + fitting) / 2) * 2 / (1 + np.maximum(level + highest, 1))
    enhanced = np.clip(halved, 0, 1)
    return adjustments.strength * enhanced + (1 - adjustments.strength) * truth.unit(image)


@pytest.mark.parametrize("padding", ["zero", "replicate"])
@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"color": 1.0, "detail": 2.0},
        {"color": 0.0, "highlights": 0.4, "denoise": 1.0},
        {"color": 0.3},
        {"local": 0.0},
        {"black": 0.3, "restraint": 0.0, "denoise": 0.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("kernel", ["reference", "auto"])
def test_the_look_is_its_formula_around_the_network_of_torch(dark_photo, padding, knobs, kernel):
    """Bands by SciPy, network by torch, the rest by the formulas: equal to 1e-5."""
    image = truth.as_kind(dark_photo(31, 28, seed=9), "float64", 3)
    image[4:9, 3:8] = (0.9, 0.1, 0.02)  # a lamp: its chroma has no room
    enhancer = Enhancer(kernel=kernel, **knobs)
    enhancer.look = replace(enhancer.look, padding=padding)
    folded, adjustments = enhancer.develop(enhancer.measure(image))
    quiet = truth.scene(image, padding, adjustments)[0]
    network_output = truth.raised(truth.torch_folded(folded, quiet), adjustments.lift, quiet)

    expected = formula(image, enhancer.look, adjustments, network_output)

    assert abs(enhancer.enhance(image) - expected).max() < 1e-5


def test_with_every_knob_neutral_the_network_is_left_alone(dark_photo):
    """Replicated borders and nothing else: torch's network."""
    image = truth.unit(truth.as_kind(dark_photo(17, 16), "uint16", 3))
    enhancer = Enhancer("paper", kernel="reference")
    enhancer.look = replace(enhancer.look, padding="replicate")

    expected = truth.torch_enhance(enhancer.network, image, "replicate")

    assert abs(enhancer.enhance(image) - expected).max() < 1e-6


@pytest.mark.parametrize("color", [0.5, 0.8])
def test_from_a_half_on_color_does_not_change_the_luma(dark_photo, color):
    """Chroma has no luma: where nothing clips, every setting has that of the photo's colours."""
    image = truth.as_kind(dark_photo(20, 20, seed=4), "float64", 3)
    settings = {"contrast": 0.3, "kernel": "reference"}

    own_colors = Enhancer(color=1, **settings).enhance(image)
    colorful = Enhancer(color=color, **settings).enhance(image)

    assert 0 < colorful.min() < colorful.max() < 1
    assert abs(colorful - own_colors).max() > 1e-3
    assert luma(*colorful.transpose(2, 0, 1)) == pytest.approx(
        luma(*own_colors.transpose(2, 0, 1)), abs=1e-9
    )


def test_color_takes_the_tint_out_of_the_mean(dark_photo):
    """At 0.5 half of what keeps the mean from gray is gone, where all is in proportion."""
    light = truth.as_kind(dark_photo(24, 24, seed=4), "float64", 3).mean(2, keepdims=True)
    image = 0.3 * light * np.array([1.3, 1.0, 0.6])
    settings = {"detail": 0, "restraint": 0, "denoise": 0, "kernel": "reference"}

    colors = [Enhancer(color=c, **settings).enhance(image) for c in (1.0, 0.5)]

    full, half = (np.ptp(c / luma(*c.transpose(2, 0, 1))[..., None], 2) for c in colors)
    assert half == pytest.approx(full / 2, rel=1e-3)


def test_full_colour_keeps_the_ratio_of_the_photo():
    """A flat photo of (20, 10, 5) levels stays 4 : 2 : 1 but for the fading near the noise."""
    image = np.empty((16, 16, 3))
    image[:] = np.array([20, 10, 5]) / 255
    tool = Enhancer(color=1, restraint=0, kernel="reference")
    _, adjustments = tool.develop(tool.measure(image))

    enhanced = tool.enhance(image)

    own = (0.299 * 20 + 0.587 * 10 + 0.114 * 5) / 255
    fading = own / (own + adjustments.chroma_floor)
    red, green, blue = enhanced[8, 8] / luma(*enhanced[8, 8])
    assert (red, green, blue) == pytest.approx(
        [1 + fading * (v / 255 / own - 1) for v in (20, 10, 5)], rel=1e-9
    )


def test_black_keeps_white_and_brings_black_back():
    """The tone l^2 (1 + k^2) / (l^2 + k^2) is 1 at white and 0 at black, whatever k."""
    image = np.zeros((24, 48, 3))
    image[:, 24:] = 1.0
    settings = {"color": 0, "restraint": 0, "kernel": "reference"}

    with_black = Enhancer(black=1, **settings).enhance(image)
    without = Enhancer(black=0, **settings).enhance(image)

    assert with_black[12, 6].max() < 1e-5
    assert with_black[12, 40] == pytest.approx(without[12, 40], abs=0.05)


def test_highlights_are_the_geometric_mean_of_what_is_missing_to_white(dark_photo):
    """At 1, where nothing else is done: (1 - L)^2 = (1 - T) (1 - l), T the network's luma."""
    image = np.repeat(truth.as_kind(dark_photo(20, 20, seed=4), "float64", 1)[..., None], 3, 2)
    settings = {"color": 0, "black": 0, "detail": 0, "kernel": "reference"}
    tool, plain = (Enhancer("paper", highlights=h, **settings) for h in (1, 0))
    _, adjustments = tool.develop(tool.measure(image))
    light = truth.scene(image, "zero", adjustments)[1]

    found, network_output = (luma(*t.enhance(image).transpose(2, 0, 1)) for t in (tool, plain))

    assert (1 - found) ** 2 == pytest.approx((1 - network_output) * (1 - light), abs=1e-9)
