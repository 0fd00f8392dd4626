"""Encoding: what a format holds, and how a picture becomes shallower where that was asked for."""

import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import tifffile
from pictures import saved
from PIL import Image
from test_cli import call
from test_high_bit_depth import PROFILE, noise, tiff

from noiser.core.color import narrowed
from noiser.core.errors import OutputError
from noiser.io.codecs.bit_depth import check_holds, flattened, reduced
from noiser.io.formats import DEPTHS, READ_ONLY_SUFFIXES, SUFFIXES, suffix_of
from noiser.io.image_file import decode, encode
from noiser.io.photo import Photo


def test_16_bits_are_rounded_to_the_nearest_of_8():
    """V * 255 / 65535, in exact integers: twice the distance is less than one step."""
    values = np.arange(65536, dtype=np.uint16)
    found = narrowed(values).astype(int)
    assert (2 * np.abs(found * 65535 - values.astype(int) * 255) < 65535).all()
    assert narrowed(np.arange(256, dtype=np.uint16) * 257).tolist() == list(range(256))


def test_what_fits_is_returned_itself():
    for dtype, format_ in ((np.uint8, "JPEG"), (np.uint16, "PNG"), (np.float32, "TIFF")):
        photo = Photo(np.zeros((2, 2, 3), dtype), "PNG")
        assert reduced(photo, format_) is photo


@pytest.mark.parametrize(("format_", "dtype", "bits"), [
    ("JPEG", np.uint8, 8), ("WEBP", np.uint8, 8), ("BMP", np.uint8, 8), ("AVIF", np.uint16, 10),
    ("HEIC", np.uint16, 10), ("PNG", np.uint16, 16),
])  # fmt: skip
def test_floats_are_rounded_to_what_the_format_holds(format_, dtype, bits):
    photo = reduced(Photo(np.array([[0.0, 0.5, 1.0]], np.float32), "TIFF"), format_)
    peak = np.iinfo(dtype).max
    assert photo.pixels.dtype == dtype
    assert photo.pixels.tolist() == [[0, round(0.5 * peak), peak]]
    assert (photo.depth, photo.note) == (
        bits, f"linear floats were reduced to {bits} bits on the sRGB curve",
    )  # fmt: skip


def test_notes_of_a_reduction_say_all_that_was_lost():
    pixels = noise("RGB", np.float32) * 0.1
    pixels[0, 0] = 2.0
    photo = reduced(decode(tiff(pixels, iccprofile=PROFILE)), "PNG")
    assert photo.note == (
        "values above 1 are kept: the part above 1 was not changed; linear floats were reduced to "
        "16 bits on the sRGB curve, their profile was left out; what was brighter than white is "
        "cut off"
    )
    assert photo.above is None
    assert "icc_profile" not in photo.metadata
    assert photo.pixels[0, 0].tolist() == [65535] * 3


def test_a_picture_of_12_bits_keeps_them_in_another_format_that_holds_them():
    photo = Photo(np.zeros((48, 64, 3), np.uint16), "AVIF", bits=12)
    assert reduced(photo, "HEIC") is photo
    assert decode(encode(photo, "HEIC")).depth == 12
    assert reduced(photo, "JPEG").note == "12 bits were reduced to 8"


@pytest.mark.parametrize(("photo", "format_", "sentence"), [
    (Photo(np.zeros((2, 2, 3), np.uint16), "PNG"), "JPEG", "JPEG cannot hold 16 bits; choose PNG"),
    (Photo(np.zeros((2, 2, 3), np.uint16), "AVIF", bits=10), "WEBP",
     "WEBP cannot hold 10 bits; choose PNG or TIFF"),
    (Photo(np.zeros((2, 2, 3), np.float32), "TIFF"), "PNG",
     "PNG cannot hold floats; choose TIFF or JXL"),
    (Photo(np.zeros((2, 2, 4), np.uint8), "PNG"), "BMP",
     "BMP cannot hold transparency; choose PNG, WebP, TIFF, AVIF, HEIC or JXL"),
    (Photo(np.zeros((2, 2, 2), np.uint16), "PNG"), "JPEG",
     "JPEG cannot hold transparency; choose PNG or TIFF"),
])  # fmt: skip
def test_what_a_format_cannot_hold_is_refused_with_those_that_can(photo, format_, sentence):
    with pytest.raises(OutputError, match=sentence):
        check_holds(photo, format_)


def test_every_format_that_is_written_has_a_suffix_and_a_depth():
    assert set(SUFFIXES.values()) == set(DEPTHS)
    assert {name: suffix_of(name) for name in DEPTHS} == {
        "JPEG": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "AVIF": ".avif", "HEIC": ".heic",
        "GIF": ".gif", "PNG": ".png", "TIFF": ".tif", "JXL": ".jxl",
    }  # fmt: skip
    assert not READ_ONLY_SUFFIXES & set(SUFFIXES)


@pytest.mark.parametrize("words", [
    ("--format", "jpeg"), ("--format", "jpg"), ("--format", "JPG"), ("-o", "x_enhanced.jpg"),
])  # fmt: skip
def test_a_shallower_format_that_was_asked_for_comes_with_a_note(tmp_path, words):
    (tmp_path / "x.tif").write_bytes(tiff(noise("RGB", np.uint16) // 8))
    done = call("enhance", "x.tif", *words, cwd=tmp_path)
    assert done.returncode == 0
    assert b"noiser: x.tif: 16 bits were reduced to 8" in done.stderr
    with Image.open(tmp_path / "x_enhanced.jpg") as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (36, 24))


def test_a_shallower_format_of_a_pipe_comes_with_a_note(tmp_path):
    data = tiff(noise("RGB", np.uint16) // 8)
    done = call("enhance", "-", "--format", "webp", cwd=tmp_path, stdin=data)
    assert done.stderr == b"noiser: -: 16 bits were reduced to 8\n"
    assert Image.open(io.BytesIO(done.stdout)).format == "WEBP"


def test_a_folder_of_all_kinds_becomes_one_format(tmp_path):
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.tif").write_bytes(tiff(noise("RGB", np.uint16)))
    (folder / "b.png").write_bytes(saved(Image.new("RGBA", (8, 8)), "PNG"))
    done = call("enhance", "in", "--format", "png", cwd=tmp_path)
    assert done.returncode == 0
    made = sorted(
        p.relative_to(tmp_path).as_posix() for p in (tmp_path / "in_enhanced" / "deep").iterdir()
    )
    assert made == ["in_enhanced/deep/a.png", "in_enhanced/deep/b.png"]
    assert decode((tmp_path / made[0]).read_bytes()).depth == 16


def test_a_name_and_a_format_that_disagree_are_wrong_words(tmp_path):
    (tmp_path / "x.tif").write_bytes(tiff(noise("RGB", np.uint16)))
    for words in (("x.tif",), ("-",)):
        done = call("enhance", *words, "-o", "y.png", "--format", "jpeg", cwd=tmp_path, stdin=b"x")
        assert done.returncode == 2
        assert b"y.png is no name for JPEG; --format asks for it" in done.stderr


def test_compressed_floats_are_smaller_and_the_same():
    pixels = np.zeros((200, 300, 3), np.float32) + np.float32(0.25)
    photo = decode(tiff(pixels, compression="zlib"))
    assert photo.encoding == {"compression": "tiff_adobe_deflate"}
    data = encode(photo)
    assert len(data) < pixels.nbytes / 20
    np.testing.assert_allclose(tifffile.imread(io.BytesIO(data)), pixels, rtol=3e-7)
    plain = encode(replace(photo, encoding={"compression": "raw"}))
    np.testing.assert_array_equal(
        tifffile.imread(io.BytesIO(plain)), tifffile.imread(io.BytesIO(data))
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("format_", ["JPEG", "BMP"])
def test_transparency_that_hides_nothing_is_left_out(format_, mode, dtype):
    """As screenshots have it."""
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    pixels = (noise(mode, np.float32) * white).astype(dtype)
    pixels[..., -1] = white
    found = reduced(Photo(pixels, "PNG"), format_)
    wanted = reduced(Photo(pixels[..., 0] if mode == "LA" else pixels[..., :3], "PNG"), format_)
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    assert found.note.startswith("transparency that hides nothing was left out")
    assert decode(encode(found, format_)).channels == len(mode) - 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("format_", ["JPEG", "BMP"])
def test_what_is_seen_through_is_laid_on_white(format_, mode, dtype):
    """As Pillow composes it, within its own rounding to 8 bits."""
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    pixels = (noise(mode, np.float32) * white).astype(dtype)
    eight = (pixels / white * 255).round().astype(np.uint8)
    below = Image.new("RGBA", eight.shape[1::-1], "white")
    below.alpha_composite(Image.fromarray(eight).convert("RGBA"))

    found = reduced(Photo(pixels, "PNG"), format_)

    wanted = np.asarray(below.convert("L" if mode == "LA" else "RGB")).astype(int)
    assert np.abs(found.pixels.astype(int) - wanted).max() <= 1
    assert found.note.startswith("transparency was laid on white")
    assert decode(encode(found, format_)).channels == len(mode) - 1


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_laying_on_white_rounds_to_the_nearest(dtype, white):
    """Against fractions, at every alpha of a few colours."""
    alpha = np.linspace(0, white, 256).astype(dtype)
    color = np.array([0, 1, white // 3, white - 1, white], dtype)
    pixels = np.stack(np.broadcast_arrays(color[:, None], alpha[None]), axis=-1)

    exact = np.array([
        [round(Fraction(int(c) * int(a) + white * (white - int(a)), white)) for a in alpha]
        for c in color
    ])  # fmt: skip

    np.testing.assert_array_equal(flattened(pixels), exact)


def test_a_cutout_becomes_a_jpeg_on_white_and_a_note_says_so(tmp_path):
    Image.new("RGBA", (36, 24), (9, 12, 20, 0)).save(tmp_path / "x.png")
    done = call("enhance", "x.png", "-o", "x.jpg", cwd=tmp_path)
    assert done.returncode == 0
    assert b"noiser: x.png: transparency was laid on white" in done.stderr
    with Image.open(tmp_path / "x.jpg") as image:
        assert image.getextrema() == ((255, 255),) * 3


def test_a_screenshot_becomes_a_jpeg(tmp_path):
    Image.new("RGBA", (36, 24), (9, 12, 20, 255)).save(tmp_path / "x.png")
    done = call("enhance", "x.png", "-o", "x.jpg", cwd=tmp_path)
    assert done.returncode == 0
    assert b"noiser: x.png: transparency that hides nothing was left out" in done.stderr
    with Image.open(tmp_path / "x.jpg") as image:
        assert (image.format, image.mode) == ("JPEG", "RGB")
