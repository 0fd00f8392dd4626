"""Rendering: a batch in torch against the reference kernel, in double and in single precision."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import truth

from noiser import Enhancer
from noiser.engine.kernels import reference
from noiser.engine.kernels.pytorch import planes
from noiser.engine.kernels.pytorch.render import render_into
from noiser.engine.kernels.pytorch.render_params import stacked

LOOKS = [
    pytest.param("natural", {}, id="natural"),
    pytest.param("natural", {"color": 0.8}, id="color 0.8"),
    pytest.param("natural", {"color": 0.3}, id="color 0.3"),
    pytest.param("natural", {"local": 0.0}, id="not local"),
    pytest.param("natural", {"local": 1.0, "color": 0.1, "strength": 0.7}, id="all three"),
    pytest.param("paper", {}, id="paper"),
    pytest.param("paper", {"local": 1.0}, id="paper, local"),
    pytest.param("paper", {"denoise": 1.0, "detail": 2.0}, id="paper, detail"),
]
PADDINGS = ["zero", "replicate"]
NEAR = {"uint8": 1, "uint16": 2, "float32": 1e-5, "float64": 1e-12}
"""Largest difference from the reference, in the format's own levels."""


def both(images, look, knobs, padding, region=None, origin=(0, 0)):
    """Render images by the reference, one by one, and as a batch in torch."""
    tool = Enhancer(look, **knobs)
    tool.look = replace(tool.look, padding=padding)
    pairs = [tool.develop(tool.measure(image)) for image in images]
    if tool.look.local:  # a picture so small has few lumas
        pairs = truth.lifted(pairs)
    region = region or np.s_[0 : images[0].shape[0], 0 : images[0].shape[1]]
    expected = [np.empty_like(image[region]) for image in images]
    for image, pair, out in zip(images, pairs, expected, strict=True):
        reference.render(image, region, pair, out, origin)
    batch = torch.from_numpy(
        np.stack([np.atleast_3d(image).transpose(2, 0, 1) for image in images])
    )
    dtype = torch.float64 if batch.dtype == torch.float64 else torch.float32
    out = batch.new_empty((*batch.shape[:2], *expected[0].shape[:2]))
    render_into(out, batch, region, stacked(pairs, dtype), origin)
    found = out.permute(0, 2, 3, 1).numpy().reshape(len(images), *expected[0].shape)
    return found.astype(np.float64), np.stack(expected).astype(np.float64)


@pytest.mark.parametrize(("look", "knobs"), LOOKS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(
    ("dtype", "channels"), [("uint8", 3), ("uint16", 4), ("float32", 1), ("float64", 3)]
)
def test_render_is_near_the_reference(dark_photo, look, knobs, padding, dtype, channels):
    """Both images of a batch; double precision to 1e-12, so that no formula differs."""
    images = [truth.as_kind(dark_photo(17, 23, seed), dtype, channels) for seed in (1, 2)]

    found, expected = both(images, look, knobs, padding)

    assert abs(found - expected).max() <= NEAR[dtype]


@pytest.mark.parametrize(("look", "knobs"), LOOKS)
@pytest.mark.parametrize("padding", PADDINGS)
def test_one_in_ten_thousand_8_bit_values_differs_at_most(dark_photo, look, knobs, padding):
    """By one level, where double precision is half-way between two."""
    found, expected = both([dark_photo(128, 120, seed=6)], look, knobs, padding)

    apart = abs(found - expected)
    assert apart.max() <= 1
    assert np.count_nonzero(apart) <= 1e-4 * apart.size


@pytest.mark.parametrize(("look", "knobs"), LOOKS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 200)], ids=str)
def test_an_image_smaller_than_the_halo_is_rendered(dark_photo, look, knobs, padding, size):
    """Down to a single pixel, as the reference does it."""
    found, expected = both([dark_photo(*size).astype(np.float64) / 255], look, knobs, padding)

    assert abs(found - expected).max() <= 1e-12


@pytest.mark.parametrize(
    "region", [np.s_[5:6, 3:20], np.s_[0:17, 22:23], np.s_[1:16, 1:22]], ids=str
)
def test_a_region_is_that_part_of_the_reference(dark_photo, region):
    """Its neighbours are read, and no more than that is written."""
    image = dark_photo(17, 23).astype(np.float64) / 255

    found, expected = both([image], "natural", {"color": 0.2}, "zero", region)

    assert abs(found - expected).max() <= 1e-12


@pytest.mark.parametrize("origin", [(6, 2), (100, 0)])
@pytest.mark.parametrize("look", ["natural", "paper"])
def test_a_lift_is_read_where_the_image_lies_in_the_picture(dark_photo, origin, look):
    """By place and luma, dark and bright."""
    image = dark_photo(17, 23).astype(np.float64) / 255
    image[:, 12:] = 1.0 - image[:, 12:]

    found, expected = both([image], look, {"local": 1.0}, "zero", np.s_[2:15, 3:23], origin)

    assert abs(found - expected).max() <= 1e-12


@pytest.mark.parametrize("most", [70, 400])
@pytest.mark.parametrize("look", ["natural", "paper"])
def test_pieces_are_rendered_as_the_whole(dark_photo, monkeypatch, most, look):
    """Bands of a row, or images one by one."""
    monkeypatch.setattr(planes, "PIECE_PIXELS", most)
    images = [dark_photo(17, 23, seed).astype(np.float64) / 255 for seed in (1, 2, 3)]

    found, expected = both(images, look, {}, "replicate")

    assert abs(found - expected).max() <= 1e-12


def test_white_without_a_colour_is_a_number():
    """Where neither room to white nor chroma is left, 0 / 0 would be neither.

    The reference subtracts from 1 what the torch kernel computes as such: 1e-9.
    """
    image = np.zeros((15, 15, 3))
    image[4:11, 4:11] = 1.0

    found, expected = both([image], "natural", {"detail": 2.0}, "replicate")

    assert abs(found - expected).max() <= 1e-9
