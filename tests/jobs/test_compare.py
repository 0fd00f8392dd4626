"""Comparing: both pictures are there, unchanged, in the kind they came in."""

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from pictures import picture, saved
from PIL import Image, ImageCms

from noiser import Enhancer
from noiser.cli import group
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.jobs.compare import compared, compared_width
from noiser.jobs.gigapixel import enhance_file
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions


def pair(channels=3, dtype=np.uint8, height=6, width=10):
    """Two different arrays of a kind."""
    shape = (height, width, channels)[: 2 if channels == 1 else 3]
    before = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    return before, before[::-1].copy() + dtype(1)


KINDS = [(c, d) for c in (1, 2, 3, 4) for d in (np.uint8, np.uint16)]


@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_side_by_side_both_are_whole_with_white_between_them(channels, dtype):
    before, after = pair(channels, dtype)

    both = compared(before, after, "side")

    assert both.dtype == dtype
    np.testing.assert_array_equal(both[:, :10], before)
    assert (both[:, 10:12] == np.iinfo(dtype).max).all()
    np.testing.assert_array_equal(both[:, 12:], after)


@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_split_the_left_half_is_before_and_the_right_half_after(channels, dtype):
    before, after = pair(channels, dtype)

    both = compared(before, after, "split")

    assert both.dtype == dtype
    np.testing.assert_array_equal(both[:, :5], before[:, :5])
    assert (both[:, 5] == np.iinfo(dtype).max).all()
    np.testing.assert_array_equal(both[:, 6:], after[:, 6:])


def test_the_inputs_are_left_alone():
    before, after = pair()
    copies = before.copy(), after.copy()

    compared(before, after, "split")
    compared(before, after, "side")

    np.testing.assert_array_equal([before, after], copies)


@pytest.mark.parametrize(("width", "is_line"), [(1, False), (2, False), (3, True)])
def test_a_picture_too_narrow_for_a_line_has_none(width, is_line):
    before, after = np.zeros((1, width), np.uint8), np.ones((1, width), np.uint8)

    assert (255 in compared(before, after, "split")) is is_line


@pytest.mark.parametrize(("width", "gap"), [(1, 2), (299, 2), (300, 3), (6000, 60)])
def test_the_gap_grows_with_the_picture(width, gap):
    before = np.zeros((1, width), np.uint8)

    assert compared(before, before, "side").shape[1] == 2 * width + gap
    assert compared_width(width, "side") == 2 * width + gap
    assert compared_width(width, "split") == compared_width(width, None) == width


@pytest.mark.parametrize("how", ["side", "split"])
def test_rows_compared_apart_are_those_of_the_whole(how):
    """So strips can be compared one by one."""
    before, after = pair(height=9)

    parts = [compared(before[rows], after[rows], how) for rows in (slice(0, 4), slice(4, 9))]

    np.testing.assert_array_equal(np.concatenate(parts), compared(before, after, how))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("how", ["side", "split"])
def test_a_file_keeps_its_mode_depth_and_profile(mode, how):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(picture(mode), "PNG", icc_profile=profile)
    enhancer = Enhancer(threads=1)

    made, width, height, _ = enhance_bytes(data, JobOptions(enhancer, compare=how))

    photo, before = decode(made, Limits()), decode(data, Limits()).pixels
    expected = compared(before, enhancer.enhance(before), how)
    assert (width, height) == (16, 12)
    assert photo.pixels.dtype == before.dtype
    np.testing.assert_array_equal(photo.pixels, expected)
    assert photo.metadata["icc_profile"] == profile


@pytest.mark.parametrize("how", ["side", "split"])
def test_colours_of_16_bits_in_strips_keep_them(tmp_path, how):
    pytest.importorskip("pyvips")
    before = np.random.default_rng(0).integers(0, 9000, (40, 30, 3)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", before, photometric="rgb")
    enhancer = Enhancer(threads=1)

    enhance_file(tmp_path / "a.tif", tmp_path / "b.tif", JobOptions(enhancer, compare=how))

    expected = compared(before, enhancer.enhance(before), how)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), expected)


@pytest.mark.parametrize(("how", "width"), [("side", 34), ("split", 16)])
def test_the_command_writes_the_comparison_under_the_outputs_own_name(tmp_path, how, width):
    (tmp_path / "night.png").write_bytes(saved(picture(), "PNG"))

    done = CliRunner().invoke(group, ["enhance", f"{tmp_path}/night.png", "--compare", how])

    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / "night_enhanced.png") as made:
        assert made.size == (width, 12)
        assert made.crop((0, 0, 8, 12)).tobytes() == picture().crop((0, 0, 8, 12)).tobytes()
