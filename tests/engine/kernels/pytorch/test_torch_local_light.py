"""Local light: lifts are read from their tables as SciPy interpolates them."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from noiser.engine.kernels.pytorch.local_light import lift_at

TABLES = np.random.default_rng(2).normal(0, 0.5, (2, 4, 3, 12))


def truth(table, cell, region, origin, light):
    """Interpolate by SciPy; beyond the outermost entries their values go on."""
    rows, columns = (
        (np.arange(part.start, part.stop) + first + 0.5) / cell - 0.5
        for part, first in zip(region, origin, strict=True)
    )
    at = np.broadcast_arrays(rows[:, None], columns, 11 * np.sqrt(light))
    return ndimage.map_coordinates(table, at, order=1, mode="nearest")


@pytest.mark.parametrize("cell", [4, 16])
@pytest.mark.parametrize("origin", [(0, 0), (37, 5)])
@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (4, 1), (1, 1)], ids=str)
def test_a_lift_is_linear_between_places_and_roots_of_luma(cell, origin, shape):
    """Each image's own; down to a single cell, and up to more than white."""
    region, tables = np.s_[3:20, 0:33], TABLES[:, : shape[0], : shape[1]]
    light = np.random.default_rng(3).random((2, 17, 33)) * 1.1
    light[:, 0, :2] = 0.0, 1.0

    found = lift_at(torch.from_numpy(tables), cell, region, origin, torch.from_numpy(light))

    for lift, table, own in zip(found.numpy(), tables, light, strict=True):
        assert abs(lift - truth(table, cell, region, origin, own)).max() < 1e-13


def test_far_from_the_first_pixel_single_precision_does():
    """A gigapixel's last cells: places are told to the pixel."""
    region, origin = np.s_[0:5, 0:9], (32_600, 30_000)
    table = np.random.default_rng(2).normal(0, 0.5, (64, 64, 12))
    light = np.random.default_rng(3).random((1, 5, 9)).astype(np.float32)

    found = lift_at(
        torch.from_numpy(table)[None].float(), 512, region, origin, torch.from_numpy(light)
    )

    assert abs(found[0].numpy() - truth(table, 512, region, origin, light[0])).max() < 2e-6
