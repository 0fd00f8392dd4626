"""The torch kernel: tensors stay tensors on their device, and look like everybody else's."""

import numpy as np
import pytest
import torch
import truth

from noiser import Enhancer
from noiser.engine.kernels import pytorch, reference
from noiser.engine.kernels.pytorch import Batch


@pytest.fixture(scope="module")
def tool():
    """Give an enhancer that works on tensors where they lie."""
    return Enhancer(kernel="torch")


def planar(image):
    """Turn an array into a tensor of planes."""
    return torch.from_numpy(image.transpose(2, 0, 1).copy())


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_an_array_is_measured_and_rendered_as_by_the_reference(dark_photo, tool, dtype, channels):
    """`kernel="torch"` is a kernel as any other: in bands, with the same moments."""
    image = truth.as_kind(dark_photo(40, 21), dtype, channels)
    other = Enhancer(kernel="reference")

    assert tool.measure(image) == other.measure(image)
    near = {"uint8": 1, "uint16": 2}.get(dtype, 1e-5)
    assert abs(tool.enhance(image).astype(float) - other.enhance(image)).max() <= near


@pytest.mark.parametrize("local", [0.0, 0.6])
def test_a_tensor_gets_the_pixels_of_the_reference(dark_photo, local):
    """One image, measured, developed and rendered without leaving its device."""
    image = dark_photo(50, 40)

    found = Enhancer(kernel="torch", local=local).enhance(planar(image))

    expected = Enhancer(kernel="reference", local=local).enhance(image)
    assert abs(found.permute(1, 2, 0).numpy().astype(int) - expected).max() <= 1


def test_a_batch_is_its_images_one_by_one(dark_photo, tool):
    """A bright neighbour changes nothing."""
    frames = [planar(dark_photo(30, 40)), planar(255 - dark_photo(30, 40))]

    together = tool.enhance(torch.stack(frames))

    assert torch.equal(together, torch.stack([tool.enhance(frame) for frame in frames]))


@pytest.mark.parametrize("local", [0.0, 0.3])
def test_tiles_of_a_tensor_add_up_to_what_the_reference_measures(dark_photo, local):
    """Arrays and tensors, each tile with its origin; without `local` there is no grid."""
    image = dark_photo(64, 50)
    tool = Enhancer(kernel="torch", local=local)
    top, bottom = np.s_[0:30, :], np.s_[15:, :]

    tensors = tool.measure(planar(image), top) + tool.measure(planar(image[15:]), bottom, (15, 0))
    arrays = tool.measure(image, top) + tool.measure(image[15:], bottom, (15, 0))

    assert tensors == arrays == Enhancer(kernel="reference", local=local).measure(image)
    assert (tensors.grid is None) == (local == 0)


@pytest.mark.parametrize("with_grid", [False, True])
def test_an_array_of_a_tile_is_measured_with_its_place(dark_photo, with_grid):
    """The kernel crops what it copies, and still knows where it is in the picture."""
    image, region = dark_photo(60, 40), np.s_[33:45, 20:31]

    found = pytorch.measure(image, region, "zero", (40, 100), with_grid=with_grid)

    assert found == reference.measure(image, region, "zero", (40, 100), with_grid=with_grid)


def test_a_region_is_that_part_of_the_whole(dark_photo, tool):
    """For tensors as for arrays."""
    frame = planar(dark_photo(30, 40))
    moments = tool.measure(frame)

    part = tool.render(frame, moments, np.s_[3:20, 30:])

    assert torch.equal(part, tool.enhance(frame)[:, 3:20, 30:])


def test_a_tile_with_an_origin_is_that_part_of_the_whole(dark_photo):
    """With `local` and with noise in coarse octaves a place in the picture counts."""
    image = dark_photo(264, 250)
    tool = Enhancer(kernel="torch", local=0.8)
    whole, moments = tool.enhance(image), tool.measure(image)

    tile = planar(image[13:256, 9:250])
    found = tool.render(tile, moments, np.s_[103:140, 103:128], (13, 9))

    assert tool.develop(moments).adjustments.octaves > 1
    assert np.array_equal(found.permute(1, 2, 0).numpy(), whole[116:153, 112:137])


@pytest.mark.parametrize(
    "dtype",
    [torch.uint8, torch.uint16, torch.float16, torch.bfloat16, torch.float32, torch.float64],
)
def test_a_tensor_comes_back_in_its_dtype(dark_photo, tool, dtype):
    """And in its shape, and brighter."""
    frame = planar(dark_photo(12, 9))[None]
    low = frame.to(dtype) if dtype is torch.uint8 else (frame.float() / 255).to(dtype)
    low = (frame.int() * 257).to(dtype) if dtype is torch.uint16 else low

    enhanced = tool.enhance(low)

    assert (enhanced.dtype, enhanced.shape) == (dtype, low.shape)
    assert enhanced.double().mean() > 1.5 * low.double().mean()


def test_the_input_is_not_written(dark_photo, tool):
    """Not even where the output would fit."""
    frame = planar(dark_photo(12, 9))
    before = frame.clone()
    tool.enhance(frame)

    assert torch.equal(frame, before)


def test_strength_0_keeps_even_a_negative_zero():
    """The input's bytes in a new tensor."""
    frame = torch.tensor([-0.0, 0.5]).expand(3, 2, 2)

    found = Enhancer(kernel="torch", strength=0).enhance(frame)

    assert torch.signbit(found[..., 0]).all()
    assert found.data_ptr() != frame.data_ptr()


@pytest.mark.parametrize("verb", ["measure", "render"])
def test_a_batch_has_no_moments_of_its_own(dark_photo, tool, verb):
    """Measure and render take one image; the message has the size of the batch."""
    arguments = [torch.zeros(2, 3, 4, 4)] + [tool.measure(dark_photo(4, 4))] * (verb == "render")

    with pytest.raises(ValueError, match=r"^a batch of 2 images found; pass them one by one$"):
        getattr(tool, verb)(*arguments)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(4, 5), r"^the tensor has the shape \[4, 5\]; it must be \[3,H,W\] or "),
        (torch.zeros(0, 3, 4, 5), r"^the tensor has the shape \[0, 3, 4, 5\]; "),
        (torch.zeros(3, 4, 5, dtype=torch.int64), "^the image is int64; it must be uint8, uint16"),
        (torch.full((3, 4, 5), 2.0), r"^the image has values from 2 to 2; floats must be in \[0"),
        (torch.full((3, 4, 5), torch.nan), r"^the image has values from nan to nan; "),
        (torch.full((3, 4, 5), -0.5).half(), r"^the image has values from -0.5 to -0.5; "),
    ],
)
def test_what_is_no_tensor_of_images_is_refused(tensor, message):
    """In the words of the carriers, before anything is computed."""
    with pytest.raises(ValueError, match=message):
        Batch(tensor)


def test_a_region_outside_is_refused(tool):
    """In the words of the enhancer."""
    with pytest.raises(ValueError, match=r"^the region's rows are slice\(0, 5, None\); the image"):
        tool.measure(torch.zeros(3, 4, 5), np.s_[0:5, :])


def test_an_array_of_a_tile_is_rendered_with_its_place(dark_photo):
    """The kernel crops what it copies, and still knows where it is in the picture."""
    image = dark_photo(60, 40)
    tool = Enhancer(local=1.0)
    pair = tool.develop(tool.measure(image, origin=(40, 100)))
    region = np.s_[33:45, 20:31]
    found, expected = (np.empty_like(image[region]) for _ in range(2))

    pytorch.render(image, region, pair, found, (40, 100))

    reference.render(image, region, pair, expected, (40, 100))
    assert abs(found.astype(int) - expected).max() <= 1
