"""Planes: what is read around a region, rounding to the lattice, and pieces of bounded size."""

import numpy as np
import pytest
import torch

from noiser.engine.kernels.pytorch import planes

GRAY = torch.arange(12, dtype=torch.uint8).reshape(1, 1, 3, 4)


def test_pieces_of_small_images_are_whole_images(monkeypatch):
    """As many at once as the limit allows; the last piece has what is left."""
    monkeypatch.setattr(planes, "PIECE_PIXELS", 30)

    assert list(planes.pieces(5, np.s_[1:4, 0:5])) == [
        (slice(0, 2), np.s_[1:4, 0:5]),
        (slice(2, 4), np.s_[1:4, 0:5]),
        (slice(4, 5), np.s_[1:4, 0:5]),
    ]


def test_pieces_of_large_images_are_bands(monkeypatch):
    """One image at a time, as many rows as the limit allows."""
    monkeypatch.setattr(planes, "PIECE_PIXELS", 14)

    assert list(planes.pieces(1, np.s_[1:6, 0:5])) == [
        (slice(0, 1), np.s_[1:3, 0:5]),
        (slice(0, 1), np.s_[3:5, 0:5]),
        (slice(0, 1), np.s_[5:6, 0:5]),
    ]


def test_a_row_larger_than_a_piece_may_be_is_cut(monkeypatch):
    """As many columns as the limit allows."""
    monkeypatch.setattr(planes, "PIECE_PIXELS", 3)

    assert list(planes.pieces(2, np.s_[0:1, 1:6])) == [
        (slice(0, 1), np.s_[0:1, 1:4]),
        (slice(0, 1), np.s_[0:1, 4:6]),
        (slice(1, 2), np.s_[0:1, 1:4]),
        (slice(1, 2), np.s_[0:1, 4:6]),
    ]


def test_bands_are_cut_before_they_are_lower_than_is_wanted():
    """Three rows of four columns, the last piece of what is left; of one row there is no more."""
    assert [part for _, part in planes.pieces(1, np.s_[0:4, 0:6], 14, least_rows=3)] == [
        np.s_[0:3, 0:4], np.s_[0:3, 4:6], np.s_[3:4, 0:4], np.s_[3:4, 4:6],
    ]  # fmt: skip
    assert len(list(planes.pieces(1, np.s_[0:1, 0:14], 14, least_rows=3))) == 1


@pytest.mark.parametrize("region", [np.s_[0:3, 0:4], np.s_[-2:5, -3:6], np.s_[2:9, 1:2]], ids=str)
def test_the_nearest_pixel_stands_for_what_is_outside(region):
    """As NumPy's clipped indices read it."""
    rows, columns = (np.arange(part.start, part.stop) for part in region)
    expected = GRAY[0, 0].numpy()[np.ix_(rows.clip(0, 2), columns.clip(0, 3))]

    assert np.array_equal(planes.read(GRAY, region, torch.int32)[0, 2], expected)


def test_a_value_is_put_outside():
    """One for each image and plane; inside nothing changes."""
    ones = torch.ones(2, 1, 4, 4)

    found = planes.put_outside(
        ones,
        np.s_[-1:3, 0:4],
        torch.Size((2, 1, 2, 3)),
        torch.tensor([5.0, 7.0])[:, None, None, None],
    )

    assert found[1, 0].tolist() == [[7] * 4, [1, 1, 1, 7], [1, 1, 1, 7], [7] * 4]
    assert found[0, 0, 0].tolist() == [5, 5, 5, 5]


def test_single_precision_is_rounded_to_the_lattice_as_in_double():
    """In integers: random values, all near a middle between two points, both ties, both ends."""
    rng = np.random.default_rng(5)
    middles = ((2 * rng.integers(0, 131070, 20_000) + 1) / 262140).astype(np.float32)
    near = [np.nextafter(middles, np.float32(end)) for end in (0, 1)]
    small = rng.random(20_000).astype(np.float32) ** 8
    ends = np.array([0.0, 0.25, 0.75, 1.0, 1e-40, 3.8147e-6], np.float32)
    values = np.concatenate([middles, *near, small, ends])

    found = planes.lattice(
        torch.from_numpy(values).reshape(1, 1, 1, -1), np.s_[0:1, 0 : values.size]
    )

    expected = np.rint((2.0 * values.astype(np.float64) - 1.0) * 65535).astype(np.int64)
    assert np.array_equal(found[0, 0, 0], expected)
