"""The enhancer: regions and knobs around measure, fold and render."""

import dataclasses
import os

import numpy as np
import pytest
import torch
import truth
from PIL import Image

import noiser
from noiser import Enhancer, enhance
from noiser.core.errors import WeightsError
from noiser.look.looks import NATURAL, PAPER
from noiser.look.render_params import develop
from noiser.model import network


@pytest.fixture(scope="module")
def photo(dark_photo):
    """Give one photograph, of more than one band."""
    return dark_photo(90, 40, seed=8)


def test_enhance_is_measure_fold_and_render(photo):
    """The halves give the bytes of the whole."""
    whole = Enhancer()

    assert np.array_equal(whole.render(photo, whole.measure(photo)), whole.enhance(photo))


def test_the_function_enhance_is_the_method_of_a_default_enhancer(photo):
    """Same picture, same words."""
    assert np.array_equal(enhance(photo), Enhancer().enhance(photo))


def test_enhance_passes_its_options_on(photo):
    """Look, knobs, weights and kernel arrive."""
    options = {"strength": 0.5, "weights": truth.random_network(5), "kernel": "reference"}

    assert np.array_equal(
        enhance(photo, "paper", **options), Enhancer("paper", **options).enhance(photo)
    )


def test_a_dark_photograph_becomes_brighter(photo):
    """What it is all for: the mean nears mid-gray."""
    assert photo.mean() < 30 < 60 < enhance(photo).mean()


def test_the_input_is_not_written(photo):
    """Not even where the output would fit."""
    before = photo.copy()
    enhance(photo)

    assert np.array_equal(photo, before)


def test_strength_zero_returns_a_copy_and_not_the_input(photo):
    """The caller may write on it."""
    assert not np.shares_memory(enhance(photo, strength=0), photo)


def test_a_read_only_array_is_enhanced(photo):
    """Inputs are only read."""
    frozen = photo.copy()
    frozen.flags.writeable = False

    assert np.array_equal(enhance(frozen), enhance(photo))


def test_an_array_of_the_other_order_of_bytes_gets_the_pixels_of_its_twin(photo):
    """The output has the input's order."""
    twin = (photo / 255).astype(np.float32)
    enhanced = enhance(twin.astype(twin.dtype.newbyteorder("S")))
    assert not enhanced.dtype.isnative
    assert np.array_equal(enhanced, enhance(twin))


def test_a_pil_image_gets_the_pixels_of_its_array(photo):
    """The carrier changes nothing."""
    assert np.array_equal(np.asarray(enhance(Image.fromarray(photo))), enhance(photo))


def test_a_tensor_gets_the_pixels_of_its_array(photo):
    """Planes or pixels, the same bytes."""
    output = enhance(torch.tensor(photo).permute(2, 0, 1))

    assert np.array_equal(output.permute(1, 2, 0).numpy(), enhance(photo))


def test_each_image_of_a_batch_is_measured_on_its_own(photo, dark_photo):
    """A batch is the images one by one: a bright neighbour changes nothing."""
    frames = [torch.tensor(p).permute(2, 0, 1) for p in (photo, 255 - photo)]

    together = enhance(torch.stack(frames))

    assert torch.equal(together, torch.stack([enhance(frame) for frame in frames]))


@pytest.mark.parametrize("kernel", ["auto", "torch"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16])
def test_each_array_of_a_batch_is_measured_on_its_own(photo, dtype, kernel):
    """As with tensors, in each dtype and by each kernel."""
    most = 1 if dtype == np.uint8 else 255
    batch = np.stack([(each / most).astype(dtype) for each in (photo, 255 - photo)])

    together = enhance(batch, kernel=kernel)

    assert together.dtype == dtype
    assert np.array_equal(together, np.stack([enhance(each, kernel=kernel) for each in batch]))
    assert not np.array_equal(together, batch)


@pytest.mark.parametrize("verb", ["measure", "render"])
def test_a_batch_has_no_moments_of_its_own(photo, verb):
    """Measure and render take one image; the message has the size of the batch."""
    tool = Enhancer()
    arguments = [torch.zeros(2, 3, 4, 4)] + [tool.measure(photo)] * (verb == "render")

    with pytest.raises(ValueError, match=r"^a batch of 2 images found; pass them one by one$"):
        getattr(tool, verb)(*arguments)


def test_moments_of_another_padding_cannot_be_folded(photo):
    """The message has both paddings."""
    with pytest.raises(ValueError, match=r"^the moments were ") as caught:
        Enhancer("natural").develop(Enhancer("paper").measure(photo))

    assert str(caught.value) == (
        "the moments were measured with zero padding; this look needs replicate"
    )


def test_develop_hands_every_knob_of_the_look_down(photo):
    """The same filter as `render_params.develop` with the look."""
    tool = Enhancer("paper", noise_floor=0.1, contrast=2.0, brightness=0.3, black=0.4)
    moments = tool.measure(photo)

    found, expected = tool.develop(moments), develop(tool.network, moments, tool.look)

    for name in ("first_weight", "first_bias", "second_weight", "second_bias", "center"):
        assert np.array_equal(getattr(found[0], name), getattr(expected[0], name)), name
    assert dataclasses.asdict(found[1]) == dataclasses.asdict(expected[1])


def test_two_frames_can_share_one_look(dark_photo):
    """Added moments render both frames: equal pixels come out equal in both."""
    first, second = dark_photo(150, 30, seed=1), dark_photo(150, 30, seed=2)
    first[:120] = second[:120]
    tool = Enhancer()
    shared = tool.measure(first) + tool.measure(second)

    a, b = tool.render(first, shared), tool.render(second, shared)

    alike = 120 - tool.halo
    assert np.array_equal(a[:alike], b[:alike])
    assert not np.array_equal(a[alike:], b[alike:])


REGIONS = [
    np.s_[0:90, 0:40],
    np.s_[10:11, 5:6],
    np.s_[60:90, 0:7],
    np.s_[:, 20:],
    np.s_[80:, :],
    np.s_[3:70:1, 2:39],
]


@pytest.mark.parametrize("region", REGIONS, ids=str)
@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_a_rendered_region_is_that_part_of_the_whole(photo, region, kernel):
    """With the whole's moments, byte for byte."""
    tool = Enhancer(kernel=kernel)

    assert np.array_equal(
        tool.render(photo, tool.measure(photo), region), tool.enhance(photo)[region]
    )


@pytest.mark.parametrize("region", REGIONS, ids=str)
def test_a_measured_region_counts_its_pixels(photo, region):
    """One kernel position for each."""
    assert Enhancer().measure(photo, region).count == photo[region].size // 3


@pytest.mark.parametrize(
    ("region", "axis", "part", "size"),
    [
        (np.s_[0:91, :], "rows", "slice(0, 91, None)", 90),
        (np.s_[-1:90, :], "rows", "slice(-1, 90, None)", 90),
        (np.s_[5:5, :], "rows", "slice(5, 5, None)", 90),
        (np.s_[::2, :], "rows", "slice(None, None, 2)", 90),
        (np.s_[:, 7:6], "columns", "slice(7, 6, None)", 40),
        (np.s_[:, 0:41], "columns", "slice(0, 41, None)", 40),
    ],
    ids=str,
)
def test_a_region_that_is_not_inside_the_image_is_refused(photo, region, axis, part, size):
    """Outside, negative, empty or with a step: the message has the slice and the size."""
    with pytest.raises(ValueError, match=r"^the region's ") as caught:
        Enhancer().measure(photo, region)

    assert str(caught.value) == f"the region's {axis} are {part}; the image has 0 to {size}"


@pytest.mark.parametrize("region", [np.s_[0:1, 0:1, 0:1], (slice(0, 1),), (0, 1)], ids=str)
def test_a_region_that_is_not_two_slices_is_refused(photo, region):
    """The message repeats what was given."""
    with pytest.raises(ValueError, match=r"^region is ") as caught:
        Enhancer().render(photo, Enhancer().measure(photo), region)

    assert str(caught.value) == f"region is {region!r}; it must be two slices, rows and columns"


@pytest.mark.parametrize("threads", [0, -1])
def test_less_than_one_thread_is_refused(threads):
    """The message has the number found."""
    with pytest.raises(ValueError, match=f"^threads is {threads}; it must be at least 1$"):
        Enhancer(threads=threads)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_the_default_is_a_thread_for_each_usable_processor():
    """Those the system lets this process run on, not all that are in the machine."""
    assert Enhancer().threads == len(os.sched_getaffinity(0))


def test_weights_may_be_a_network():
    """As `train` returns it."""
    own = truth.random_network(3)

    assert Enhancer(weights=own).network is own


def test_weights_may_be_a_file(tmp_path):
    """As `noiser train` writes it."""
    path = tmp_path / "own.safetensors"
    path.write_bytes(network.to_bytes(truth.random_network(3)))

    assert [Enhancer(weights=w).network.parameter_count for w in (path, str(path))] == [168, 168]


def test_a_missing_weights_file_is_named(tmp_path):
    """The loader's error comes through."""
    with pytest.raises(WeightsError, match=r"No such file or directory$"):
        Enhancer(weights=tmp_path / "absent.safetensors")


@pytest.mark.parametrize("look", ["natural", "paper"])
def test_the_default_weights_are_the_packaged_ones_of_the_look(look):
    """Offline from the first second."""
    assert Enhancer(look).network is network.packaged(look)


def test_knobs_change_the_look_and_nothing_else():
    """The other knobs keep the look's values."""
    tool = Enhancer("paper", brightness=0.25)

    assert tool.look == noiser.look.looks.replace(PAPER, brightness=0.25)


def test_the_look_is_natural_by_default():
    """Without a word."""
    assert Enhancer().look == NATURAL


def test_an_unknown_look_is_refused():
    """Its message is the looks' own."""
    with pytest.raises(ValueError, match=r"^look is 'vivid'; it must be one of natural, paper$"):
        enhance(np.zeros((2, 2), np.uint8), "vivid")


def test_an_unknown_option_is_refused():
    """A misspelt option is a TypeError, as for any function."""
    with pytest.raises(TypeError, match="brightnes"):
        enhance(np.zeros((2, 2), np.uint8), brightnes=1)


@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_a_planar_array_comes_back_planar(photo, kernel):
    """The output is laid out in memory like the input."""
    planar = np.ascontiguousarray(photo.transpose(2, 0, 1)).transpose(1, 2, 0)

    output = enhance(planar, kernel=kernel)

    assert output.transpose(2, 0, 1).flags.c_contiguous


def test_an_interleaved_array_comes_back_interleaved(photo):
    """As nearly all arrays are."""
    assert enhance(photo).flags.c_contiguous


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 9, 3), (9, 1, 4), (2, 2, 2)])
@pytest.mark.parametrize("look", ["natural", "paper"])
@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_an_image_smaller_than_the_halo_is_enhanced(shape, look, kernel):
    """Down to a single pixel."""
    output = enhance(np.full(shape, 7, np.uint8), look, kernel=kernel)

    assert output.shape == shape


def test_strength_0_keeps_even_a_negative_zero():
    """The input's bytes, not only its values."""
    image = np.array([[-0.0, 0.5], [0.25, 0.0]])

    assert Enhancer(strength=0).enhance(image).tobytes() == image.tobytes()
