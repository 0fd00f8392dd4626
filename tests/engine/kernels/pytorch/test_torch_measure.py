"""Summing: a batch's moments in torch are the reference's integers."""

import numpy as np
import pytest
import torch
import truth

from noiser.engine.kernels import reference
from noiser.engine.kernels.pytorch import planes
from noiser.engine.kernels.pytorch.measure import cells_of, measured
from noiser.statistics.local_mean import cell_sums

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


@pytest.mark.parametrize("origin", [(0, 0), (5, 30), (16, 15)])
@pytest.mark.parametrize(
    "region", [np.s_[0:40, 0:20], np.s_[7:8, 3:19], np.s_[3:40, 19:20]], ids=str
)
def test_cells_are_those_of_locality(dark_photo, origin, region):
    """Places, counts and sums, wherever the image lies in the whole picture."""
    images, batch = two_photos(dark_photo, "uint16", 40, 20)

    for found, image in zip(cells_of(batch, region, origin), images, strict=True):
        assert np.array_equal(found, cell_sums(image, region, origin))
