"""Knobs: neutral at their neutral value, without a step, and in one direction, for any image."""

import numpy as np
import pytest
import truth
from hypothesis import assume, given
from hypothesis import strategies as st
from test_properties import KERNELS, images

from noiser import Enhancer, enhance
from noiser.look.knobs import Look, knobs
from noiser.look.looks import NATURAL
from noiser.model.network import packaged

NEUTRAL = {"contrast": 1.0, "strength": 1.0}
"""Neutral values other than 0. What a look without `strength` is, is the other knobs' affair."""

TURNED = [knob.name for knob in knobs() if knob.name != "eps"]
"""Knobs that `Enhancer` takes."""

WEIGHTS = np.array([0.299, 0.587, 0.114])


def paper(image, kernel, **options):
    """Render in the paper look, as finely as single precision allows."""
    return enhance(image, "paper", kernel=kernel, **options)


FINE = images(dtypes=["float64"], channels=(1, 3))


@pytest.mark.parametrize("name", TURNED)
def test_a_look_that_only_says_its_padding_is_neutral(name):
    """The defaults are the neutral values: a new knob cannot change the paper's look."""
    assert getattr(Look("zero"), name) == NEUTRAL.get(name, 0.0)


@pytest.mark.parametrize("name", TURNED)
def test_a_knob_does_nothing_at_its_neutral_value_and_something_at_its_ends(name):
    """Alone in the paper's look: there torch's own network, here a level of 255 away at least."""
    (knob,) = (k for k in knobs() if k.name == name)
    image = truth.unit(truth.as_kind(truth.dark_photo(40, 40, seed=3), "uint16", 3))
    image[5:, 5:] = 0.6  # without any light there is nothing for `restraint` to spare
    network_alone = truth.torch_enhance(packaged("paper"), image, "zero")

    def apart(value):
        return abs(enhance(image, "paper", **{name: value}) - network_alone).max()

    assert apart(NEUTRAL.get(name, 0.0)) < 1e-5
    assert max(apart(knob.metadata["low"]), apart(knob.metadata["high"])) > 1 / 255


@pytest.mark.parametrize("look", ["natural", "paper"])
@pytest.mark.parametrize("name", TURNED)
@given(
    seed=st.integers(0, 50), exposure=st.floats(0.5, 6.0), at=st.floats(0, 1),
    is_neutral=st.booleans(),
)  # fmt: skip
def test_a_knob_has_no_step(look, name, seed, exposure, at, is_neutral):
    """Turned by a ten-thousandth of its range, no pixel of a photograph moves by a level.

    Anywhere, and from its neutral value on.
    """
    (knob,) = (k for k in knobs() if k.name == name)
    low, high = knob.metadata["low"], knob.metadata["high"]
    step = (high - low) * 1e-4
    value = NEUTRAL.get(name, 0.0) if is_neutral else low + at * (high - low)
    value = min(value, high - step)
    photo = truth.as_kind(truth.dark_photo(20, 24, seed), "float64", 3)
    image = np.clip(photo * exposure, 0, 1)

    before, after = (enhance(image, look, **{name: v}) for v in (value, value + step))

    assert abs(after - before).max() < 1 / 255


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=FINE, low=st.floats(-0.9, 0.9), high=st.floats(-0.9, 0.9))
def test_more_brightness_darkens_no_pixel(kernel, image, low, high):
    """In the paper look, every value rises with it."""
    assume(low < high)

    assert (
        paper(image, kernel, brightness=low) <= paper(image, kernel, brightness=high) + 1e-7
    ).all()


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(dtypes=["float64"], channels=(3,)), low=st.floats(0, 4), high=st.floats(0, 4))
def test_more_contrast_moves_no_value_nearer_to_mid_gray(kernel, image, low, high):
    """In the paper look, bright values rise and dark ones fall; none crosses."""
    assume(low < high)
    less, more = (paper(image, kernel, contrast=c) - 0.5 for c in (low, high))

    assert (abs(less) <= abs(more) + 1e-6).all()
    assert (less * more > -1e-6).all()


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(dtypes=["float64"], channels=(3,)))
def test_no_contrast_is_flat_gray(kernel, image):
    """Contrast 0: nothing is left but mid-gray."""
    assert abs(paper(image, kernel, contrast=0) - 0.5).max() < 1e-7


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=FINE, strength=st.floats(0, 1))
def test_strength_mixes_the_input_and_the_enhanced_picture(kernel, image, strength):
    """A share s of the one and 1 - s of the other."""
    mixed = enhance(image, strength=strength, kernel=kernel)

    expected = strength * enhance(image, kernel=kernel) + (1 - strength) * image
    assert abs(mixed - expected).max() < 1e-6


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=FINE, low=st.floats(0.01, 1), high=st.floats(0.01, 1))
def test_a_darker_black_brightens_no_pixel(kernel, image, low, high):
    """In the paper look with a black point, every value falls as it rises."""
    assume(low < high)

    assert (paper(image, kernel, black=high) <= paper(image, kernel, black=low) + 1e-6).all()


@pytest.mark.parametrize("kernel", KERNELS)
@given(
    image=images(dtypes=["float64"], channels=(3,)),
    low=st.floats(0, 0.5),
    high=st.floats(0, 0.5),
)
def test_a_higher_noise_floor_makes_no_hidden_scale_larger(kernel, image, low, high):
    """What is expected to be noise is amplified less."""
    assume(low < high)
    weights = []
    for floor in (low, high):
        tool = Enhancer(kernel=kernel, noise_floor=floor)
        weights.append(abs(tool.develop(tool.measure(image))[0].first_weight))

    assert (weights[1] <= weights[0]).all()


GRAYS = st.builds(
    lambda seed, exposure: np.repeat(
        np.clip(exposure * truth.as_kind(truth.dark_photo(24, 30, seed), "float64", 1), 0, 1)[
            ..., None
        ],
        3,
        2,
    ),
    st.integers(0, 99),
    st.floats(0.5, 8.0),
)
"""Gray photographs of any exposure."""

ORDERED = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted).filter(lambda p: p[0] < p[1])


@given(image=GRAYS, ends=st.tuples(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9)).map(sorted))
def test_more_brightness_darkens_no_pixel_of_the_natural_look(image, ends):
    """After all that `auto` does, every gray rises with it."""
    settings = {"color": 1, "denoise": 0, "detail": 0}

    less, more = (enhance(image, brightness=b, **settings) for b in ends)

    assert (less <= more + 2e-6).all()


@given(image=GRAYS, ends=ORDERED)
def test_more_black_brightens_no_pixel_at_the_same_exposure(image, ends):
    """Where `auto` does not make up for it, every gray falls."""
    settings = {"color": 1, "auto": 0, "detail": 0, "local": 0}

    less, more = (enhance(image, black=b, **settings) for b in ends)

    assert (more <= less + 2e-6).all()


@given(image=GRAYS, ends=ORDERED)
def test_more_highlights_go_from_the_network_to_the_photo(image, ends):
    """What is missing to white goes one way in each pixel: to its geometric mean with the photo's.

    So the distance to where the knob ends only becomes smaller.
    """
    settings = {"auto": 0, "detail": 0, "color": 1, "black": 0, "denoise": 0}
    settings |= {"restraint": 0, "local": 0}
    less, more, end = (enhance(image, highlights=h, **settings) for h in (*ends, 1.0))

    assert (abs(end - more) <= abs(end - less) + 2e-6).all()


@given(image=GRAYS, ends=ORDERED)
def test_more_detail_moves_every_pixel_one_way(image, ends):
    """It is added: the distance to the look without it only becomes larger."""
    less, more, none = (enhance(image, detail=2 * d) for d in (*ends, 0.0))

    assert (abs(more - none) >= abs(less - none) - 2e-6).all()


@given(seed=st.integers(0, 99), ends=ORDERED)
def test_more_denoising_leaves_less_noise(seed, ends):
    """Flat gray with the noise of few photons: the deviation of the result only falls."""
    photons = np.random.default_rng(seed).poisson(60, (48, 48)) / 2000
    image = np.repeat(photons[..., None], 3, 2)

    less, more = (enhance(image, denoise=d, auto=0, detail=0, black=0).std() for d in ends)

    assert more <= less + 1e-6


@given(seed=st.integers(0, 99), ends=ORDERED)
def test_from_a_half_on_more_colour_is_a_straight_way_to_the_photos(seed, ends):
    """Where no colour is too strong: every setting lies between a half and 1."""
    image = np.clip(truth.as_kind(truth.dark_photo(24, 30, seed), "float64", 3), 0, 1)
    settings = {"contrast": 0.5, "detail": 0}
    shares = (*ends, 0.0, 1.0)
    less, more, first, last = (enhance(image, color=(1 + s) / 2, **settings) for s in shares)
    assume(max(first.max(), last.max()) < 0.98)

    assert less == pytest.approx((1 - ends[0]) * first + ends[0] * last, abs=1e-5)
    assert more == pytest.approx((1 - ends[1]) * first + ends[1] * last, abs=1e-5)


@given(seed=st.integers(0, 99), below=st.floats(0.0, 0.5))
def test_below_a_half_more_colour_comes_nearer_to_the_photos(seed, below):
    """The network's colours fade: at no point is the way back."""
    image = np.clip(truth.as_kind(truth.dark_photo(24, 30, seed), "float64", 3), 0, 1)
    first, between, last = (enhance(image, color=c, detail=0) for c in (0.0, below, 0.5))

    assert abs(between - last).mean() <= abs(first - last).mean() + 1e-9


@given(image=GRAYS, ends=ORDERED)
def test_more_restraint_stays_nearer_to_the_input(image, ends):
    """A straight way from the enhanced picture towards the input, as far as there is light."""
    less, more = (abs(enhance(image, restraint=r, local=0) - image) for r in ends)

    assert (more <= less + 1e-6).all()


@given(seed=st.integers(0, 99), ends=ORDERED)
def test_more_auto_brings_the_mean_nearer_to_the_wanted_one(seed, ends):
    """From the network's own mean to that of the full knob, and not back."""
    image = np.clip(truth.as_kind(truth.dark_photo(40, 48, seed), "float64", 3), 0, 1)
    settings = {"restraint": 0, "detail": 0}

    less, more, end = ((enhance(image, auto=a, **settings) @ WEIGHTS).mean() for a in (*ends, 1.0))

    assert abs(end - more) <= abs(end - less) + 2 / 255


@given(seed=st.integers(0, 99), ends=ORDERED)
def test_more_local_evens_out_bright_and_dark_parts(seed, ends):
    """The contrast of two halves only falls."""
    rng = np.random.default_rng(seed)
    image = np.full((64, 128, 3), 0.02) + rng.uniform(0, 0.02, (64, 128, 1))
    image[:, 64:] += 0.15
    differences = []
    for local in ends:
        output = Enhancer(local=local).enhance(image) @ WEIGHTS
        differences.append(output[:, 64:].mean() - output[:, :64].mean())

    assert differences[1] <= differences[0] + 1e-5


def test_the_default_look_turns_every_knob_that_it_names():
    """Natural is not neutral in what makes it natural."""
    turned = {name for name in TURNED if getattr(NATURAL, name) != NEUTRAL.get(name, 0.0)}

    assert turned == {
        "restraint", "auto", "black", "highlights", "color", "detail", "denoise", "local"
    }  # fmt: skip
