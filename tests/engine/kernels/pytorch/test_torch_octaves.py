"""The coarse octaves in torch: against the reference, against SciPy, and however it is cut."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
import truth
from noisy import in_octaves
from scipy import ndimage

from noiser import Enhancer
from noiser.engine.kernels import pytorch, reference
from noiser.engine.kernels.octaves import OCTAVE_HALO, coarser
from noiser.engine.kernels.pytorch import planes
from noiser.engine.kernels.pytorch.denoise import opponents
from noiser.engine.kernels.pytorch.octaves import doubled, halved, needed, without_coarse_noise
from noiser.engine.kernels.pytorch.render import render_into
from noiser.engine.kernels.pytorch.render_params import stacked
from noiser.engine.kernels.reading import scaled

NEAR = {"uint8": 1, "uint16": 2, "float32": 1e-5, "float64": 1e-12}
"""Largest difference from the reference, in the format's own levels."""


def pairs_for(images, octaves, padding="replicate", **knobs):
    """Develop pictures, and give them noise in so many octaves."""
    tool = Enhancer(local=0.0, **knobs)
    tool.look = replace(tool.look, padding=padding)
    return in_octaves([tool.develop(tool.measure(image)) for image in images], octaves)


def rendered(images, pairs, region=None, origin=(0, 0)):
    """Render images as a batch in torch."""
    region = region or np.s_[0 : images[0].shape[0], 0 : images[0].shape[1]]
    stack = np.stack([np.atleast_3d(image).transpose(2, 0, 1) for image in images])
    batch = torch.from_numpy(stack)
    dtype = torch.float64 if batch.dtype == torch.float64 else torch.float32
    out = batch.new_empty((*batch.shape[:2], *images[0][region].shape[:2]))
    render_into(out, batch, region, stacked(pairs, dtype), origin)
    return out.permute(0, 2, 3, 1).numpy().reshape(len(images), *images[0][region].shape)


def expected(images, pairs, region=None, origin=(0, 0)):
    """Render them by the reference, one by one."""
    region = region or np.s_[0 : images[0].shape[0], 0 : images[0].shape[1]]
    outs = [np.empty_like(image[region]) for image in images]
    for image, pair, out in zip(images, pairs, outs, strict=True):
        reference.render(image, region, pair, out, origin)
    return np.stack(outs)


@pytest.mark.parametrize("knobs", [{}, {"color": 0.3, "denoise": 0.7}], ids=str)
@pytest.mark.parametrize("padding", ["zero", "replicate"])
@pytest.mark.parametrize(
    ("dtype", "channels"), [("uint8", 3), ("uint16", 4), ("float32", 1), ("float64", 3)]
)
def test_render_is_near_the_reference(dark_photo, knobs, padding, dtype, channels):
    """Images of 2, 3 and 4 octaves together; double precision to 1e-12."""
    images = [truth.as_kind(dark_photo(37, 43, seed), dtype, channels) for seed in (1, 2, 3)]
    pairs = pairs_for(images, (2, 4, 3), padding, **knobs)

    found = rendered(images, pairs)

    apart = abs(found.astype(np.float64) - expected(images, pairs))
    assert apart.max() <= NEAR[dtype]


@pytest.mark.parametrize("padding", ["zero", "replicate"])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 200)], ids=str)
def test_an_image_smaller_than_the_halo_is_rendered(dark_photo, padding, size):
    """Down to a single pixel, as the reference does it."""
    images = [dark_photo(*size) / 255]
    pairs = pairs_for(images, (4,), padding)

    assert abs(rendered(images, pairs) - expected(images, pairs)).max() <= 1e-12


@pytest.mark.parametrize("origin", [(0, 0), (5, 3), (8, 106)], ids=str)
@pytest.mark.parametrize(
    "region", [np.s_[5:6, 3:20], np.s_[0:17, 22:23], np.s_[3:16, 1:22]], ids=str
)
def test_squares_lie_where_the_picture_has_them(dark_photo, origin, region):
    """Not where an image or a region begins."""
    images = [dark_photo(17, 23, seed) / 255 for seed in (1, 2)]
    pairs = pairs_for(images, (4, 3))

    found = rendered(images, pairs, region, origin)

    assert abs(found - expected(images, pairs, region, origin)).max() <= 1e-12


@pytest.mark.parametrize("most", [70, 400])
def test_pieces_are_rendered_as_the_whole(dark_photo, monkeypatch, most):
    """Blocks of a few rows, or images one by one."""
    monkeypatch.setattr(planes, "PIECE_PIXELS", most)
    module = import_module("noiser.engine.kernels.pytorch.render")  # not the function of that name
    monkeypatch.setattr(module, "COARSE_ROWS", 7)
    images = [dark_photo(17, 23, seed) / 255 for seed in (1, 2, 3)]
    pairs = pairs_for(images, (4, 1, 2))

    assert abs(rendered(images, pairs) - expected(images, pairs)).max() <= 1e-12


def test_an_image_in_a_batch_comes_out_as_alone(dark_photo):
    """To the last bit, whatever octaves its neighbours have; to an 8-bit one after the network."""
    images = [dark_photo(30, 41, seed) for seed in (1, 2, 3, 4)]
    pairs = pairs_for(images, (1, 4, 0, 2))
    photos = torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2) / np.float32(255))
    whole, region = needed(np.s_[9:14, 9:15], 4), np.s_[9:14, 9:15]

    def quiet(batch, *own):
        read = planes.read(batch, whole, torch.float32)
        return without_coarse_noise(read, whole, region, stacked(own, torch.float32))

    alone = [quiet(photo[None], pair) for photo, pair in zip(photos, pairs, strict=True)]
    assert torch.equal(quiet(photos, *pairs), torch.cat(alone))
    assert torch.equal(alone[0][0], photos[0, :, 9:14, 9:15])
    alone = [rendered([image], [pair])[0] for image, pair in zip(images, pairs, strict=True)]
    assert np.array_equal(rendered(images, pairs), alone)


def test_planes_of_no_coarse_octave_are_left_where_they_are(dark_photo):
    """Not even copied, where no image has noise there."""
    filters = stacked(pairs_for([dark_photo(9, 9)] * 2, (1, 0)), torch.float32)
    given, region = torch.ones(2, 3, 9, 9), np.s_[0:9, 0:9]

    assert without_coarse_noise(given, region, region, filters).data_ptr() == given.data_ptr()


@pytest.mark.parametrize("octaves", [2, 3, 4])
@pytest.mark.parametrize("region", [np.s_[0:1, 0:1], np.s_[7:20, 3:46], np.s_[-5:9, 33:34]])
def test_any_region_is_the_same_as_in_the_whole(dark_photo, octaves, region):
    """To the last bit in single precision."""
    image = dark_photo(61, 67)
    filters = stacked(pairs_for([image], (octaves,)), torch.float32)
    batch = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]

    def of(wanted):
        whole = needed(wanted, octaves)
        levels = planes.read(batch, scaled(whole, 1, (9, 2)), torch.float32)
        return without_coarse_noise(opponents(levels / 255), whole, wanted, filters)

    everything, found = of(np.s_[-16:80, -16:80]), of(region)

    rows, columns = (slice(part.start + 16, part.stop + 16) for part in region)
    assert torch.equal(found, everything[..., rows, columns])


def test_no_more_is_read_than_the_halo():
    """However the squares lie; without coarse octaves the region alone."""
    for first in range(1000, 1008):
        around = slice(first - 7, first + 1 + 7)  # what the finest octave and the network read
        for part in needed((around, around), 4):
            assert max(first - part.start, part.stop - 1 - first) <= OCTAVE_HALO
    assert needed(np.s_[3:5, 2:9], 1) == needed(np.s_[3:5, 2:9], 0) == np.s_[3:5, 2:9]


def test_squares_of_two_are_averaged():
    """NumPy's means of blocks."""
    given = np.random.default_rng(0).random((2, 3, 6, 10))

    found = halved(torch.from_numpy(given)).numpy()

    assert found == pytest.approx(given.reshape(2, 3, 3, 2, 5, 2).mean((3, 5)), abs=1e-15)


@pytest.mark.parametrize("region", [np.s_[0:6, 0:9], np.s_[3:4, -5:3], np.s_[1:8, 2:4]], ids=str)
def test_between_the_middles_of_squares_values_are_linear(region):
    """As SciPy interpolates them."""
    rows, columns = squares = coarser(region)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    given = np.random.default_rng(0).random((1, 1, *shape))
    places = [
        (np.arange(part.start, part.stop) + 0.5) / 2 - 0.5 - own.start
        for part, own in zip(region, squares, strict=True)
    ]

    found = doubled(torch.from_numpy(given), region)[0, 0].numpy()

    at = np.meshgrid(*places, indexing="ij")
    assert found == pytest.approx(ndimage.map_coordinates(given[0, 0], at, order=1), abs=1e-15)


@pytest.mark.parametrize("octaves", [1, 4])
def test_an_array_is_cropped_by_what_its_octaves_read(dark_photo, octaves):
    """A pixel in the middle of a picture, with its place."""
    image = dark_photo(250, 240) / 255
    (pair,) = pairs_for([image], (octaves,))
    region = np.s_[120:131, 110:122]
    found, wanted = (np.empty_like(image[region]) for _ in range(2))

    pytorch.render(image, region, pair, found, (6, 9))

    reference.render(image, region, pair, wanted, (6, 9))
    assert abs(found - wanted).max() <= 1e-12
