"""Carriers: what goes in comes out as the same type, dtype, mode and layout."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from noiser.core.adapters import DTYPES, PIL_MODES, unpack

PICTURE = np.random.default_rng(3).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def through(image):
    """Take an image apart and put it together again, unchanged."""
    carrier = unpack(image)
    return carrier.pack(carrier.frames)


def message(image, kind=ValueError):
    """Give the text with which an image is refused."""
    with pytest.raises(kind) as caught:
        unpack(image)
    return str(caught.value)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 2), (2, 3, 3), (2, 3, 4)])
def test_an_array_is_its_own_frame(dtype, shape):
    """No copy is made: the frame is the array."""
    image = np.zeros(shape, dtype)

    assert unpack(image).single is image


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_an_array_at_an_odd_address_is_copied_to_an_even_one(dtype):
    """Compiled code may take every address for a multiple of the number's size; same layout."""
    planar = np.linspace(0, 1, 3 * 4 * 5).reshape(3, 4, 5).astype(dtype)
    raw = b"\0" + planar.tobytes()
    image = np.frombuffer(raw, dtype, offset=1).reshape(planar.shape).transpose(1, 2, 0)

    frame = unpack(image).single

    assert not image.flags.aligned
    assert frame.flags.aligned
    assert np.array_equal(frame, planar.transpose(1, 2, 0))
    assert frame.strides == planar.transpose(1, 2, 0).strides


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_batch_of_arrays_is_taken_apart_without_a_copy(channels):
    """[B,H,W,C], as data loaders stack images; one image of a batch has moments of its own."""
    batch = np.zeros((2, 5, 7, channels), np.uint8)
    frames = unpack(batch).frames

    assert [frame.shape for frame in frames] == [(5, 7, channels)] * 2
    assert all(frame.base is batch for frame in frames)
    assert through(batch).shape == batch.shape
    assert unpack(batch[:1]).single.shape == (5, 7, channels)


@pytest.mark.parametrize("batch", [(2, 3, 5, 7), (0, 5, 7, 3), (2, 5, 0, 3), (2, 5, 7, 0)])
def test_a_batch_of_another_shape_is_refused(batch):
    """Planes first, as torch has them, are not rows."""
    assert "the image has the shape [" in message(np.zeros(batch, np.uint8))


@pytest.mark.parametrize("dtype", ["<f2", ">f2"])
def test_half_precision_is_computed_in_single_and_comes_back(dtype):
    """As with tensors; every half is a single."""
    image = np.asarray(PICTURE / 256, dtype)
    frame = unpack(image).single

    assert frame.dtype == np.float32
    assert frame.tolist() == image.tolist()
    assert through(image).dtype == image.dtype
    assert through(image).tolist() == image.tolist()


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_of_the_other_order_of_bytes_is_read_and_comes_back_as_it_was(dtype, order):
    """Its numbers are the same, in the machine's order; the same layout and dtype come back."""
    image = np.asarray(PICTURE / 256, dtype, order=order)
    frame = unpack(image).single

    assert frame.dtype.isnative
    assert frame.strides == image.strides
    assert frame.tolist() == image.tolist()
    assert through(image).dtype == image.dtype
    assert through(image).tolist() == image.tolist()


@pytest.mark.parametrize("dtype", [">f4", "<f4"])
def test_floats_of_either_order_of_bytes_must_be_in_range(dtype):
    """The values count, not how they lie."""
    assert message(np.full((2, 2), 1.5, dtype)).startswith("the image has values from 1.5")


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint32", "int64", "complex64"])
def test_an_array_of_another_dtype_is_refused(dtype):
    """The message has the dtype found and the four that are right."""
    image = np.zeros((2, 2), dtype)

    assert message(image) == (
        f"the image is {image.dtype}; it must be uint8, uint16, float32 or float64"
    )


@pytest.mark.parametrize("shape", [(4,), (2, 3, 0), (2, 3, 5), (1, 1, 2, 3, 3), ()])
def test_an_array_of_another_shape_is_refused(shape):
    """The message has the shape found and those that are right."""
    assert message(np.zeros(shape, np.uint8)) == (
        f"the image has the shape {list(shape)}; "
        "it must be [H,W], [H,W,C] or [B,H,W,C] with 1 to 4 channels"
    )


@pytest.mark.parametrize("shape", [(0, 3), (3, 0, 3), (0, 0, 1)])
def test_an_array_without_pixels_is_refused(shape):
    """The message has the shape found."""
    assert message(np.zeros(shape)) == f"the image has the shape {list(shape)}; it has no pixels"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_from_0_to_1_are_taken(dtype):
    """Both ends are allowed."""
    unpack(np.array([[0.0, 1.0]], dtype))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([0.0, 255.0], "0 to 255"),
        ([-0.5, 0.5], "-0.5 to 0.5"),
        ([np.nan, 0.5], "nan to nan"),
        ([0.5, np.inf], "0.5 to inf"),
        ([0.0, np.nextafter(1.0, 2.0)], "0 to 1"),
    ],
)
def test_floats_outside_are_refused(values, found):
    """0 to 255 is the usual mistake; NaN is refused too. The message has the range found."""
    assert message(np.array([values])) == (
        f"the image has values from {found}; floats must be in [0, 1]"
    )


@pytest.mark.parametrize("image", [None, [[1, 2]], "night.jpg", b"\xff\xd8", 3])
def test_another_type_is_refused(image):
    """The message has the type's name and the three that are right."""
    assert message(image, TypeError) == (
        f"the image is a {type(image).__name__}; "
        "it must be a NumPy array, a PIL image or a torch tensor"
    )


@pytest.mark.parametrize(
    ("mode", "enhanced_in"),
    [
        ("1", "L"), ("L", "L"), ("LA", "LA"), ("P", "RGB"), ("PA", "RGBA"), ("RGB", "RGB"),
        ("RGBA", "RGBA"), ("RGBX", "RGB"), ("CMYK", "RGB"), ("YCbCr", "RGB"), ("I;16", "I;16"),
        ("I;16L", "I;16"), ("I;16B", "I;16"), ("I;16N", "I;16"), ("RGBa", "RGBA"), ("La", "LA"),
        ("HSV", "RGB"), ("LAB", "RGB"), ("I", "I"), ("F", "F"),
    ],
)  # fmt: skip
def test_a_pil_image_of_a_mode_comes_back_in_the_mode_it_is_enhanced_in(mode, enhanced_in):
    """Gray stays gray, alpha stays, 16 bits stay; palettes and print colours become RGB."""
    output = through(Image.new(mode, (7, 5)))

    assert (output.mode, output.size) == (enhanced_in, (7, 5))


def test_the_table_of_pil_modes_is_tested_as_a_whole():
    """The list above has every mode of the table."""
    tested = test_a_pil_image_of_a_mode_comes_back_in_the_mode_it_is_enhanced_in
    (mark,) = tested.pytestmark

    assert dict(mark.args[1]) == PIL_MODES


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_pil_image_comes_back_with_the_same_pixels(mode):
    """Nothing is lost where the mode is kept."""
    image = Image.fromarray(PICTURE).convert(mode)

    assert through(image).tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "P"])
def test_a_converted_pil_image_shows_what_pillow_shows(mode):
    """The frame is Pillow's own conversion to RGB."""
    image = Image.fromarray(PICTURE).convert(mode)

    assert np.array_equal(unpack(image).single, np.asarray(image.convert("RGB")))


def test_a_bilevel_pil_image_is_black_and_white():
    """Mode 1 becomes 0 and 255."""
    image = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")

    assert unpack(image).single.tolist() == [[0, 255]]


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N"])
def test_16_bits_keep_their_values_in_any_byte_order(mode):
    """256 is 256, little-endian or big."""
    order = {"I;16B": ">u2"}.get(mode, "<u2")
    image = Image.frombytes(mode, (3, 1), np.array([1, 256, 65535], order).tobytes())

    assert unpack(image).single.tolist() == [[1, 256, 65535]]


def test_a_palette_with_transparency_becomes_rgb_with_alpha():
    """The transparent colour becomes alpha 0, and is no palette entry any more."""
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.info["transparency"] = 0

    output = through(image)

    assert (output.mode, np.asarray(output)[0, :, 3].tolist()) == ("RGBA", [0, 255])
    assert "transparency" not in output.info


def test_a_pil_image_keeps_its_info():
    """Profile, resolution and the like travel along."""
    image = Image.fromarray(PICTURE)
    image.info.update(dpi=(72, 72), icc_profile=b"profile")

    assert through(image).info == {"dpi": (72, 72), "icc_profile": b"profile"}


def test_a_pil_image_of_another_mode_is_refused():
    """The message has the mode found and all that are right; Pillow could come to know more."""
    image = Image.new("L", (2, 2))
    image._mode = "BGR;15"
    assert message(image) == (
        "the image has the mode BGR;15; it must be one of 1, L, LA, P, PA, RGB, RGBA, RGBX, "
        "RGBa, La, CMYK, YCbCr, HSV, LAB, I;16, I;16L, I;16B, I;16N, I, F"
    )


def test_pillows_floats_are_in_0_to_1():
    """As arrays are; the mode stays."""
    values = np.linspace(0, 1, 35, dtype=np.float32).reshape(5, 7)
    image = Image.fromarray(values)
    assert image.mode == "F"
    np.testing.assert_array_equal(unpack(image).single, values)
    np.testing.assert_array_equal(np.asarray(through(image)), values)
    assert "floats must be in [0, 1]" in message(Image.fromarray(values * 255))


def test_pillows_integers_are_16_bits():
    """So Pillow held deep gray for long; the mode stays."""
    image = Image.fromarray(np.array([[0, 256, 65535]], np.int32))
    assert image.mode == "I"
    assert unpack(image).single.dtype == np.uint16
    output = through(image)
    assert (output.mode, np.asarray(output).tolist()) == ("I", [[0, 256, 65535]])
    for wrong in (-1, 65536):
        wanted = "integers of the mode I must be in [0, 65535]"
        assert wanted in message(Image.fromarray(np.array([[5, wrong]], np.int32)))


def test_pillows_lab_comes_out_as_the_colours_that_it_shows():
    """Its profile describes Lab, and would be wrong for RGB."""
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    image = ImageCms.applyTransform(Image.fromarray(PICTURE), transform)
    image.info["icc_profile"] = b"profile"
    found = unpack(image).single
    assert np.abs(found.astype(int) - PICTURE).mean() < 3
    assert through(image).mode == "RGB"
    assert "icc_profile" not in through(image).info


def test_premultiplied_transparency_is_divided_out():
    """What is half there has its own colour."""
    image = Image.new("RGBa", (1, 1), (50, 40, 30, 128))
    assert unpack(image).single[0, 0].tolist() == list(image.convert("RGBA").getpixel((0, 0)))
    assert unpack(image).single[0, 0, 0] > 95


def test_a_pil_image_without_pixels_is_refused():
    """Pillow can make one; nobody can enhance it."""
    assert message(Image.new("RGB", (0, 4))).endswith("it has no pixels")


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 3, 5, 7), (4, 3, 5, 7)])
def test_a_tensor_comes_back_in_its_shape(shape):
    """One image stays one, a batch stays a batch, value for value."""
    tensor = torch.rand(shape, generator=torch.Generator().manual_seed(1))

    assert torch.equal(through(tensor), tensor)


def test_a_tensor_is_read_channels_last():
    """The frame's [y, x, c] is the tensor's [c, y, x]."""
    tensor = torch.arange(30).reshape(1, 3, 2, 5) / 30

    assert unpack(tensor).single[1, 4, 2] == tensor[0, 2, 1, 4].item()


@pytest.mark.parametrize(
    "dtype",
    [torch.uint8, torch.uint16, torch.float16, torch.bfloat16, torch.float32, torch.float64],
)
def test_a_tensor_comes_back_in_its_dtype(dtype):
    """Half precision too, though the kernels compute it in single."""
    tensor = torch.tensor([0, 1], dtype=dtype).repeat(3, 2, 1)

    output = through(tensor)

    assert (output.dtype, output.tolist()) == (dtype, tensor.tolist())


def test_a_tensor_that_requires_gradients_is_read_without_them():
    """The output is a plain tensor."""
    assert not through(torch.zeros(3, 2, 2, requires_grad=True)).requires_grad


def test_a_tensor_laid_out_channels_last_comes_back_equal():
    """The memory format does not matter."""
    tensor = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))

    assert torch.equal(through(tensor.to(memory_format=torch.channels_last)), tensor)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 5, 7), (2, 4, 5, 7), (1, 1, 3, 2, 2)])
def test_a_tensor_of_another_shape_is_refused(shape):
    """The message has the shape found and the two that are right."""
    assert message(torch.zeros(shape)) == (
        f"the tensor has the shape {list(shape)}; it must be [3,H,W] or [B,3,H,W]"
    )


@pytest.mark.parametrize("dtype", [torch.int32, torch.bool])
def test_a_tensor_of_another_dtype_is_refused(dtype):
    """In the same words as an array."""
    assert message(torch.zeros(3, 2, 2, dtype=dtype)).endswith(
        "; it must be uint8, uint16, float32 or float64"
    )


def test_a_tensor_out_of_range_is_refused():
    """A batch is checked frame by frame: here the second is wrong."""
    tensor = torch.zeros(2, 3, 2, 2)
    tensor[1] = 255

    assert message(tensor) == "the image has values from 255 to 255; floats must be in [0, 1]"


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (3, 0, 4), (2, 3, 0, 4)])
def test_a_tensor_without_pixels_is_refused(shape):
    """An empty batch or image is a ValueError with the shape, as for arrays."""
    assert str(list(shape)) in message(torch.zeros(shape))


def test_what_torch_has_besides_tensors_is_refused():
    """A dtype is not an image, wherever its type comes from."""
    assert message(torch.float32, TypeError).startswith("the image is a dtype; it must be ")


def test_a_batch_of_two_has_no_single_frame():
    """The message has the size of the batch."""
    with pytest.raises(ValueError, match=r"^a batch of 2 images found; pass them one by one$"):
        _ = unpack(torch.zeros(2, 3, 2, 2)).single


@pytest.mark.parametrize(("mode", "key"), [("RGB", (9, 9, 9)), ("L", 9)])
def test_a_transparent_colour_becomes_alpha(mode, key):
    """One colour of an RGB or gray image may stand for transparent."""
    image = Image.new(mode, (2, 1), (9, 9, 9) if mode == "RGB" else 9)
    image.putpixel((1, 0), (50, 60, 70) if mode == "RGB" else 50)
    image.info["transparency"] = key

    output = through(image)

    assert output.mode == {"RGB": "RGBA", "L": "LA"}[mode]
    assert np.asarray(output)[0, :, -1].tolist() == [0, 255]


def test_a_cmyk_profile_does_not_follow_the_rgb_output():
    """It would describe inks that are not there any more."""
    image = Image.fromarray(PICTURE).convert("CMYK")
    image.info.update(icc_profile=b"inks", dpi=(72, 72))

    assert through(image).info == {"dpi": (72, 72)}


def test_an_image_type_of_another_package_is_a_pil_image_if_it_derives_from_one():
    """Plugins define their own subclasses."""

    class Foreign(Image.Image):
        """Lives in this module, not in PIL."""

    foreign = Image.fromarray(PICTURE)
    foreign.__class__ = Foreign

    assert unpack(foreign).single.tolist() == PICTURE.tolist()
