"""Filters: what of a batch's folded networks and adjustments goes to the device."""

import pytest
import torch
import truth
from noisy import in_octaves

from noiser import Enhancer
from noiser.engine.kernels.pytorch.render_params import stacked


def filters_of(dark_photo, *seeds, **knobs):
    """Develop photos, and stack their filters in double precision."""
    tool = Enhancer(**knobs)
    pairs = [tool.develop(tool.measure(dark_photo(20, 20, seed))) for seed in seeds]
    return pairs, stacked(pairs, torch.float64)


@pytest.mark.parametrize(("color", "planes"), [(1.0, 1), (0.5, 1), (0.4, 3), (0.0, 3)])
def test_luma_alone_goes_through_the_network_from_color_half_on(dark_photo, color, planes):
    """One plane in and one out, or three."""
    _, filters = filters_of(dark_photo, 1, color=color)

    assert (filters.first_weight.shape[2], filters.second_weight.shape[1]) == (planes, planes)


def test_each_image_has_its_own_numbers(dark_photo):
    """In the order of the batch."""
    pairs, filters = filters_of(dark_photo, 1, 2)

    assert filters.numbers["black"].flatten().tolist() == [d.black for _, d in pairs]
    assert pairs[0][1].black != pairs[1][1].black


def test_each_image_has_its_own_lift(dark_photo):
    """In the order of the batch, and none where the look has no `local`."""
    pairs, without = filters_of(dark_photo, 1, 2, local=0.0)
    pairs = truth.lifted(pairs)

    filters = stacked(pairs, torch.float64)

    assert filters.lift.tolist() == [d.lift.table.tolist() for _, d in pairs]
    assert filters.cell == pairs[0].adjustments.lift.cell
    assert without.lift is None


def test_each_image_has_its_own_noise_in_each_octave(dark_photo):
    """Of black, and changes of its slope."""
    pairs, _ = filters_of(dark_photo, 1, 2)
    pairs = in_octaves(pairs, (2, 4))

    filters = stacked(pairs, torch.float64)

    assert filters.octaves == (2, 4)
    for own, (_, adjustments) in zip(filters.noise.flatten(2).tolist(), pairs, strict=True):
        for found, black, slopes in zip(
            own, adjustments.noise, adjustments.noise_slopes, strict=True
        ):
            assert found == [black[0], *slopes]


def test_some_images_filters_are_theirs(dark_photo):
    """Every tensor is cut, the dictionary's too."""
    pairs, _ = filters_of(dark_photo, 1, 2, local=0.5)
    filters = stacked(in_octaves(pairs, (1, 3)), torch.float64)

    second = filters.of(slice(1, 2))

    assert second.octaves == (3,)
    assert torch.equal(second.numbers["black"], filters.numbers["black"][1:])
    for name in ("first_weight", "first_bias", "second_bias", "center", "noise", "lift"):
        assert torch.equal(getattr(second, name), getattr(filters, name)[1:]), name


@pytest.mark.parametrize("knobs", [{"local": 0.5, "color": 0.3}, {"local": 0.0}])
def test_filters_arrive_on_a_device_as_they_were(dark_photo, knobs):
    """One copy, cut again: shapes and dtypes, on torch's device for shapes without values."""
    _, filters = filters_of(dark_photo, 1, 2, **knobs)

    moved = filters.to(torch.device("meta"))

    tensors = {k: v for k, v in vars(filters).items() if isinstance(v, torch.Tensor)}
    for name, tensor in (tensors | filters.numbers).items():
        found = moved.numbers[name] if name in filters.numbers else getattr(moved, name)
        assert (found.device.type, found.shape, found.dtype) == ("meta", tensor.shape, tensor.dtype)


def test_filters_stay_where_they_are(dark_photo):
    """Nothing is copied on the processor."""
    _, filters = filters_of(dark_photo, 1)

    assert filters.to(torch.device("cpu")) is filters
