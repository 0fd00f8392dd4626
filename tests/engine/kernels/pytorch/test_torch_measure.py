"""Summing: a batch's moments in torch are the reference's integers."""

import numpy as np
import pytest
import torch
import truth

from noiser.engine.kernels import reference
from noiser.engine.kernels.pytorch import planes
from noiser.engine.kernels.pytorch.measure import measured

DTYPES = ["uint8", "uint16", "float32", "float64"]
PADDINGS = ["zero", "replicate"]


def two_photos(dark_photo, dtype, height, width, channels=3):
    """Make two images, and the batch of both."""
    images = [truth.as_kind(dark_photo(height, width, s), dtype, channels) for s in (1, 2)]
    planar = [np.atleast_3d(image).transpose(2, 0, 1).copy() for image in images]
    return images, torch.from_numpy(np.stack(planar))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 20), (13, 11)], ids=str)
def test_measure_is_the_references_integers(dark_photo, padding, dtype, size):
    """Both images of a batch, however small, of every kind."""
    images, batch = two_photos(dark_photo, dtype, *size)
    region = np.s_[0 : size[0], 0 : size[1]]

    assert measured(batch, region, padding) == [
        reference.measure(image, region, padding) for image in images
    ]


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("region", [np.s_[2:5, 3:8], np.s_[0:1, 0:1], np.s_[5:6, 0:9]], ids=str)
def test_measure_of_a_region_reads_its_neighbours(dark_photo, padding, region):
    """Inside the image they count as they are; only outside there is padding."""
    images, batch = two_photos(dark_photo, "uint16", 6, 9)

    assert measured(batch, region, padding)[1] == reference.measure(images[1], region, padding)


@pytest.mark.parametrize("most", [10, 200])
def test_measure_in_pieces_is_measure_at_once(dark_photo, monkeypatch, most):
    """Bands of a row, or images one by one."""
    _, batch = two_photos(dark_photo, "uint8", 13, 11)
    region = np.s_[0:13, 0:11]
    at_once = measured(batch, region, "replicate")
    monkeypatch.setattr(planes, "PIECE_PIXELS", most)

    assert measured(batch, region, "replicate") == at_once


@pytest.mark.parametrize("level", [1, 2, 7, 8, 31, 32, 100, 101, 254, 255])
def test_grain_is_sorted_by_the_references_classes(level):
    """Flat gray at both sides of each border between two classes."""
    image = np.full((3, 4, 3), level, np.uint8)
    batch = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
    region = np.s_[0:3, 0:4]

    assert measured(batch, region, "zero")[0] == reference.measure(image, region, "zero")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("origin", [(0, 0), (5, 2), (8, 15)], ids=str)
@pytest.mark.parametrize(
    "region", [np.s_[0:40, 0:53], np.s_[3:9, 7:24], np.s_[7:8, 3:53], np.s_[11:12, 17:18]], ids=str
)
def test_grain_is_counted_in_every_octave(dark_photo, dtype, origin, region):
    """Of the squares that begin in the region, wherever it lies; some have none of the coarsest."""
    images, batch = two_photos(dark_photo, dtype, 40, 53)

    found = measured(batch, region, "replicate", origin)

    assert found == [reference.measure(image, region, "replicate", origin) for image in images]


def test_grain_of_tiles_adds_up(dark_photo):
    """A square counts where its first pixel lies."""
    images, batch = two_photos(dark_photo, "uint8", 40, 53)
    cuts = [np.s_[0:9, 0:53], np.s_[9:40, 0:30], np.s_[9:40, 30:53]]

    first, *others = (measured(batch, region, "zero", (3, 5))[0] for region in cuts)

    assert sum(others, first) == reference.measure(images[0], np.s_[0:40, 0:53], "zero", (3, 5))


@pytest.mark.parametrize("origin", [(0, 0), (5, 30), (300, 16), (0, 4091)], ids=str)
@pytest.mark.parametrize(
    "region", [np.s_[0:40, 0:20], np.s_[7:8, 3:19], np.s_[3:40, 19:20]], ids=str
)
def test_light_is_counted_where_it_lies_in_the_picture(dark_photo, origin, region):
    """Cells, pixels and tones of each image, small cells and large, dark ones and bright."""
    images, batch = two_photos(dark_photo, "uint16", 40, 20)
    images[1], batch[1] = 65535 - images[1], 65535 - batch[1].int()

    assert measured(batch, region, "zero", origin, with_grid=True) == [
        reference.measure(image, region, "zero", origin, with_grid=True) for image in images
    ]


@pytest.mark.parametrize("channels", [1, 4])
def test_light_of_gray_and_of_alpha_is_counted(dark_photo, channels):
    """One channel is luma; alpha has no light."""
    images, batch = two_photos(dark_photo, "float32", 9, 7, channels)
    region = np.s_[0:9, 0:7]

    assert measured(batch, region, "replicate", (2, 3), with_grid=True) == [
        reference.measure(image, region, "replicate", (2, 3), with_grid=True) for image in images
    ]


def test_a_tone_is_of_the_class_whose_root_is_nearest():
    """Flat gray of every 8-bit level: all borders between classes, the tie at 255 too."""
    image = np.repeat(np.repeat(np.arange(256, dtype=np.uint8), 3)[None, :, None], 3, 2)
    batch = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
    region = np.s_[0:1, 0:768]

    found = measured(batch, region, "replicate", with_grid=True)[0]

    assert found == reference.measure(image, region, "replicate", with_grid=True)
    assert found.grid.sums[0].any((0, 1)).all()


@pytest.mark.parametrize("most", [10, 200, 300])
def test_light_counted_in_pieces_is_that_of_the_whole(dark_photo, monkeypatch, most):
    """Though the first pieces of a picture have smaller cells."""
    images, batch = two_photos(dark_photo, "uint8", 13, 11)
    region = np.s_[0:13, 0:11]
    monkeypatch.setattr(planes, "PIECE_PIXELS", most)

    assert measured(batch, region, "zero", (250, 0), with_grid=True) == [
        reference.measure(image, region, "zero", (250, 0), with_grid=True) for image in images
    ]


def test_no_light_is_counted_that_nobody_asks_for(dark_photo):
    """A look without `local` does not need it."""
    _, batch = two_photos(dark_photo, "uint8", 4, 5)

    assert [m.grid for m in measured(batch, np.s_[0:4, 0:5], "zero")] == [None, None]
