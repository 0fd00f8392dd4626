"""Samples of TIFFs beside 16 bits and single floats: each comes to the tone that it means."""

import io
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from test_cli import call
from test_high_bit_depth import tiff

from noiser.core.color import linear_from_srgb, srgb_from_lab
from noiser.core.errors import DecodeError, LimitError, MissingExtraError, UnsupportedError
from noiser.io.codecs.tiff_samples import brought
from noiser.io.color.profiles import SRGB
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits
from noiser.tools.inspect import describe

SHAPES = {"L": (24, 36), "LA": (24, 36, 2), "RGB": (24, 36, 3), "RGBA": (24, 36, 4)}
COLOURS = np.random.default_rng(5).integers(0, 256, (24, 36, 3)).astype(np.uint8)


def unit(mode: str) -> np.ndarray:
    return np.random.default_rng(len(mode)).random(SHAPES[mode])


@pytest.mark.parametrize("mode", SHAPES)
@pytest.mark.parametrize("options", [
    {}, {"byteorder": ">"}, {"compression": "zlib"}, {"tile": (16, 16)}, {"bigtiff": True},
    {"rowsperstrip": 5},
])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_floats_of_half_and_double_precision_are_linear_light(dtype, mode, options):
    pixels = unit(mode).astype(dtype)
    photo = decode(tiff(pixels, **options))
    again = tifffile.imread(io.BytesIO(encode(photo)))
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, pixels.astype(np.float32), rtol=3e-7)
    assert ("64 bits" in (photo.note or "")) == (dtype == np.float64)


@pytest.mark.parametrize("mode", SHAPES)
@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"compression": "zlib"}])
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint32])
def test_the_largest_of_an_integers_kind_is_white(dtype, mode, options):
    white = np.iinfo(dtype).max
    pixels = (unit(mode) * white).astype(dtype)
    pixels.flat[:2] = 0, white
    photo = decode(tiff(pixels, **options))
    assert photo.pixels.dtype == np.uint16
    np.testing.assert_allclose(photo.pixels, pixels / white * 65535, atol=0.5001)
    assert ("signed" in (photo.note or "")) == (np.dtype(dtype).kind == "i")
    assert ("32 bits became 16" in (photo.note or "")) == (pixels.itemsize == 4)
    assert (photo.format, identify(encode(photo)).size) == ("TIFF", (36, 24))


def test_below_0_there_is_no_light():
    pixels = np.array([[-32768, -1, 0, 32767]] * 4, np.int16)
    photo = decode(tiff(pixels))
    assert photo.pixels[0].tolist() == [0, 0, 0, 65535]
    assert photo.note.endswith("values below 0 became 0")


@pytest.mark.parametrize("dtype", [np.uint32, np.int32])
def test_16_bits_in_numbers_of_32_are_refused_for_all_would_be_black(dtype):
    white = np.iinfo(dtype).max
    with pytest.raises(UnsupportedError, match=f"up to 65535, of which {white} is white"):
        decode(tiff(np.full((4, 4), 65535, dtype)))
    assert decode(tiff(np.full((4, 4), 65536, dtype))).pixels.max() <= 2


@pytest.mark.parametrize(("pixels", "sentence"), [
    (np.zeros((4, 4), np.int64), "signed integers of 64 bits; noiser reads"),
    (np.zeros((4, 4), np.uint64), "integers of 64 bits; noiser reads integers of 16, 32"),
    (np.zeros((4, 4, 3), np.complex64), "complex floats; noiser reads integers and floats"),
    (np.full((4, 4), 1e200), "no numbers"),
    (np.full((4, 4), np.nan), "no numbers"),
    (np.full((4, 4), 200.0), "floats from 200 to 200"),
])  # fmt: skip
def test_what_has_no_tone_is_refused(pixels, sentence):
    with pytest.raises(UnsupportedError, match=sentence):
        decode(tiff(pixels))


@pytest.mark.parametrize("dtype", [np.uint32, np.int16, np.float64])
def test_of_which_0_is_white_only_16_bits_are_read(dtype):
    with pytest.raises(UnsupportedError, match="of which 0 is white"):
        decode(tiff(np.zeros((4, 4), dtype), photometric="miniswhite"))


@pytest.mark.parametrize("dtype", [np.uint32, np.int16, np.float16, np.float64])
def test_limits_and_damage_are_told_as_of_others(dtype):
    data = tiff(np.zeros((40, 60, 3), dtype))
    with pytest.raises(LimitError, match="the limit is"):
        decode(data, Limits(max_pixels=1000))
    with pytest.raises(DecodeError):
        decode(data[: len(data) // 2])


def test_doubles_that_need_another_decoder_are_refused():
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.float32)).save(file, "TIFF", compression="tiff_lzw")
    data = tiff(np.zeros((4, 4)))
    at = data.index((259).to_bytes(2, "little") + b"\x03\0\x01\0\0\0")
    data = data[: at + 8] + (5).to_bytes(2, "little") + data[at + 10 :]
    with pytest.raises(UnsupportedError, match="floats of 64 bits, compressed"):
        decode(data)


def test_doubles_without_their_reader_name_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'noiser\[io\]'"):
        decode(tiff(np.zeros((4, 4))))


def test_planes_of_doubles_are_put_together():
    pixels = unit("RGB")
    file = io.BytesIO()
    tifffile.imwrite(file, pixels.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    np.testing.assert_allclose(linear_from_srgb(decode(file.getvalue()).pixels), pixels, rtol=1e-5)


def lab_by_little_cms(image: Image.Image) -> Image.Image:
    return ImageCms.profileToProfile(
        image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
def test_lab_of_8_bits_shows_the_colours_it_was_made_of(compression):
    file = io.BytesIO()
    lab_by_little_cms(Image.fromarray(COLOURS)).save(file, "TIFF", compression=compression)
    photo = decode(file.getvalue())
    # 8 bits of a and b are coarse: little CMS itself comes no closer on the way back.
    assert np.abs(photo.pixels.astype(int) - COLOURS).mean() < 3
    assert (photo.note, photo.metadata["icc_profile"]) == ("Lab was converted to sRGB", SRGB)
    assert identify(encode(photo)).size == (36, 24)


def test_lab_of_16_bits_keeps_its_depth():
    ramp = np.linspace(0, 65535, 24 * 36).astype(np.uint16).reshape(24, 36)
    lab = np.stack([ramp, np.zeros_like(ramp), np.zeros_like(ramp)], axis=-1)
    photo = decode(tiff(lab, photometric="cielab"))
    assert (photo.pixels.dtype, photo.note) == (np.uint16, "Lab was converted to sRGB")
    assert len(np.unique(photo.pixels)) > 800
    wanted = srgb_from_lab(np.stack([ramp / 655.35, ramp * 0.0, ramp * 0.0], axis=-1)) * 65535
    assert np.abs(photo.pixels - wanted).max() < 8  # libvips reads L with 15 bits


def test_signs_of_lab_of_16_bits_are_read_as_colours():
    red = np.array([53.23, 80.1, 67.2])
    stored = np.rint(red * (655.35, 256, 256)).astype(np.int64)
    lab = np.broadcast_to(stored, (8, 8, 3)).astype(np.uint16)
    pixels = decode(tiff(lab, photometric="cielab")).pixels[0, 0]
    assert pixels[0] > 60000
    assert max(pixels[1:]) < 12000
    minus = np.broadcast_to(stored * (1, -1, 1), (8, 8, 3)).astype(np.int16).view(np.uint16)
    pixels = decode(tiff(np.ascontiguousarray(minus), photometric="cielab")).pixels[0, 0]
    assert pixels[1] > pixels[0]


def test_lab_is_what_little_cms_makes_of_it():
    """At the border of sRGB 8 bits of Lab are out of it, and each clips in its own way.

    Little CMS computes 8 bits through a table; some values are a few levels off there.
    """
    image = lab_by_little_cms(Image.fromarray(COLOURS // 2 + 64))
    theirs = np.asarray(ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )).astype(int)  # fmt: skip
    values = np.asarray(image)
    lab = values.astype(np.int8).astype(float)
    lab[..., 0] = values[..., 0] / 2.55
    off = np.abs(np.rint(srgb_from_lab(lab) * 255) - theirs)
    assert np.quantile(off, 0.95) <= 1
    assert off.mean() < 0.2


def test_an_array_of_another_kind_is_not_touched():
    for dtype in (np.uint16, np.float32):
        pixels = np.zeros((2, 2), dtype)
        assert brought(pixels) == (pixels, [])


@pytest.mark.parametrize("name", ["half.tif", "lab.tif", "u32.tif"])
def test_the_edge_files_come_out_bright(shared_data, tmp_path, name):
    path = shared_data / "edges" / name
    target = tmp_path / "out.tif"
    done = call("enhance", path, "-o", target, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    before, after = decode(path.read_bytes()), decode(target.read_bytes())
    assert after.pixels.dtype == before.pixels.dtype
    assert after.pixels.mean() > 1.5 * before.pixels.mean()


@pytest.mark.parametrize(("pixels", "options", "bits"), [
    (np.zeros((4, 6, 3), np.float16), {}, 16), (np.zeros((4, 6), np.float64), {}, 64),
    (np.full((4, 6), 1 << 20, np.uint32), {}, 32), (np.zeros((4, 6, 3), np.int16), {}, 16),
    (np.zeros((4, 6, 3), np.uint16), {"photometric": "cielab"}, 16),
    (np.zeros((4, 6, 3), np.uint16), {}, 16), (np.zeros((4, 6), np.int8), {}, 8),
])  # fmt: skip
def test_they_are_described_by_the_bits_of_the_file(tmp_path, pixels, options, bits):
    path = tmp_path / "x.tif"
    path.write_bytes(tiff(pixels, **options))
    facts = describe(path, Limits())
    assert (facts["format"], facts["width"], facts["height"], facts["bits"]) == ("TIFF", 6, 4, bits)
