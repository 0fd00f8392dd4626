"""Parity: the engine against torch's own modules, on random images and on photographs.

Pairs and tolerances: reference kernel against float64 torch, 1e-6 in [0, 1]; native kernel
against float32 torch, one of 255 levels after rounding.
"""

import numpy as np
import pytest
import torch
import truth
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from noiser import Enhancer
from noiser.core.color import to_bytes
from noiser.look.knobs import Look
from noiser.model import network

SIZES = arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12).filter(
    lambda size: size != (1, 1)
)
"""Heights and widths; torch refuses to normalize a single pixel."""


def published(padding, kernel, weights=None):
    """Make an enhancer that does what the paper says, with either padding."""
    enhancer = Enhancer("paper", weights=weights, kernel=kernel)
    enhancer.look = Look(padding=padding)
    return enhancer


@pytest.mark.parametrize("padding", ["zero", "replicate"])
@pytest.mark.parametrize("weights", ["packaged", "random"])
@given(size=SIZES, seed=st.integers(0, 2**32), peak=st.integers(0, 65535))
def test_the_reference_kernel_is_torch_in_double_precision(padding, weights, size, seed, peak):
    """Random images of random sizes and exposures: equal to 1e-6 of the range."""
    values = np.random.default_rng(seed).integers(0, peak + 1, (*size, 3))
    image = values / 65535
    own = network.packaged("paper") if weights == "packaged" else truth.random_network(5, seed)

    found = published(padding, "reference", own).enhance(image)

    assert abs(found - truth.torch_enhance(own, image, padding)).max() < 1e-6


@pytest.mark.parametrize("padding", ["zero", "replicate"])
@given(size=SIZES, seed=st.integers(0, 2**32), peak=st.integers(0, 255))
def test_the_fastest_kernel_is_torch_in_single_precision_to_one_level(padding, size, seed, peak):
    """On 8-bit images of random sizes and exposures: at most 1 of 255 apart."""
    image = np.random.default_rng(seed).integers(0, peak + 1, (*size, 3), dtype=np.uint8)

    found = published(padding, "auto").enhance(image)

    expected = truth.torch_enhance(network.packaged("paper"), image, padding, dtype=torch.float32)
    assert abs(found.astype(int) - to_bytes(expected)).max() <= 1


def test_floats_between_the_lattice_points_cost_less_than_an_eighth_of_a_level(dark_photo):
    """Floats are measured to 1/65535; on a very dark, flat photo it still does not show."""
    image = truth.as_kind(dark_photo(40, 40) // 4, "float64", 3)

    found = published("zero", "reference").enhance(image)

    expected = truth.torch_enhance(network.packaged("paper"), image, "zero")
    assert abs(found - expected).max() < 1 / 8 / 255


def lol():
    """Number the 15 images of LOL's test set."""
    return range(15)


@pytest.mark.parametrize("index", lol())
def test_a_photograph_of_lol_comes_out_as_in_torch(shared_data, index):
    """Packaged weights, paper look: at most 1 of 255 apart, on 0.01 % of the values at most."""
    folder = shared_data / "lol-v1" / "eval15" / "low"
    if not folder.is_dir():
        pytest.skip("../shared/data/lol-v1 is absent: real test images are not part of noiser")
    paths = sorted(folder.iterdir())
    assert len(paths) == len(lol())
    image = np.asarray(Image.open(paths[index]).convert("RGB"))

    found = Enhancer("paper").enhance(image)

    expected = truth.torch_enhance(network.packaged("paper"), image, "zero", dtype=torch.float32)
    apart = abs(found.astype(int) - to_bytes(expected))
    assert apart.max() <= 1
    assert np.count_nonzero(apart) <= 1e-4 * apart.size
