"""Camera raws: developed to the light that fell, in the camera's colours, or refused in words."""

import contextlib
import io
import random
import sys

import numpy as np
import pytest
import tifffile
from pictures import picture, saved
from PIL import Image, ImageCms
from raws import dng
from test_cli import call

from noiser.core.color import srgb_from_linear
from noiser.core.errors import (
    DecodeError,
    ImageError,
    LimitError,
    MissingExtraError,
    UnsupportedError,
)
from noiser.io.codecs import raw
from noiser.io.color.profiles import SRGB
from noiser.io.formats import sniff
from noiser.io.image_file import decode, identify
from noiser.io.limits import Limits

SHADE = np.linspace(0.01, 0.6, 96)[:, None] * np.ones((1, 128))
"""Gray light that grows from above to below: float64 [96,128], linear."""


def exif_of(photo) -> Image.Exif:
    exif = Image.Exif()
    exif.load(photo.metadata["exif"])
    return exif


def test_gray_light_becomes_gray_on_the_srgb_curve():
    """White balance is the camera's; the curve is IEC 61966-2-1, not libraw's own of BT.709."""
    found = decode(dng(SHADE)).pixels[8:-8, 8:-8].astype(int)
    wanted = srgb_from_linear(SHADE)[8:-8, 8:-8, None] * 65535
    assert found.shape == (80, 112, 3)
    assert np.abs(found - wanted).max() < 12


def test_a_raw_has_more_than_8_bits():
    ramp = np.linspace(0.0, 0.2, 200)[:, None] * np.ones((1, 64))
    assert len(np.unique(decode(dng(ramp)).pixels[10:-10, 32, 1])) == 180


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_raw_is_upright(orientation, turns):
    data = dng(SHADE, orientation)
    photo = decode(data)
    np.testing.assert_array_equal(photo.pixels, np.rot90(decode(dng(SHADE)).pixels, turns))
    assert identify(data).size == photo.pixels.shape[1::-1]
    assert 274 not in exif_of(photo)


def test_what_the_camera_wrote_of_the_photograph_is_kept_and_the_sensors_tags_are_not():
    """An exposure outside of EXIF's own table is moved into it."""
    exif = exif_of(decode(dng(SHADE)))
    assert (exif[271], exif[272], exif[306]) == ("Maker", "Camera 1", "2024:11:01 20:00:00")
    assert exif.get_ifd(0x8769)[33434] == pytest.approx(1 / 30)
    assert not {50706, 50721, 33422, 262, 259, 33434} & set(exif)


def test_the_profile_is_srgbs():
    profile = decode(dng(SHADE)).metadata["icc_profile"]
    assert "sRGB" in ImageCms.getProfileDescription(io.BytesIO(profile))
    assert profile == SRGB


def test_a_raw_is_to_be_written_as_a_tiff_of_16_bits(tmp_path):
    (tmp_path / "DSC1.dng").write_bytes(dng(SHADE * 0.1))
    done = call("enhance", "DSC1.dng", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    with tifffile.TiffFile(tmp_path / "DSC1_enhanced.tif") as tiff:
        assert (tiff.asarray().shape, tiff.asarray().dtype) == ((96, 128, 3), np.uint16)
        assert tiff.pages[0].tags["Make"].value == "Maker"


def test_a_raw_becomes_a_jpeg_where_that_is_asked_for(tmp_path):
    (tmp_path / "DSC1.dng").write_bytes(dng(SHADE * 0.1))
    done = call("enhance", "DSC1.dng", "--format", "jpeg", cwd=tmp_path)
    assert b"noiser: DSC1.dng: 16 bits were reduced to 8" in done.stderr
    with Image.open(tmp_path / "DSC1_enhanced.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (128, 96))
        assert image.getexif()[272] == "Camera 1"


def test_a_tiff_is_a_raw_by_its_content_or_its_suffix():
    plain = saved(picture(), "TIFF")
    assert decode(plain).pixels.shape == (12, 16, 3)
    with pytest.raises(UnsupportedError, match="a camera raw of an unknown kind"):
        decode(plain, suffix=".NEF")
    preview = io.BytesIO()
    tifffile.imwrite(preview, np.zeros((8, 8, 3), np.uint8), subfiletype=1)
    with pytest.raises(UnsupportedError, match="a camera raw of an unknown kind"):
        decode(preview.getvalue())


def test_the_sensors_data_in_a_sub_directory_make_a_raw():
    """As in a NEF, whose first picture is a preview that does not say so."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as tiff:
        tiff.write(np.zeros((8, 8, 3), np.uint8), photometric="rgb", subifds=1)
        tiff.write(np.zeros((16, 16), np.uint16), photometric="cfa", extratags=[
            (33421, "H", 2, (2, 2), True), (33422, "B", 4, (0, 1, 1, 2), True),
        ])  # fmt: skip
    with pytest.raises((UnsupportedError, DecodeError), match="raw"):
        decode(file.getvalue())


@pytest.mark.parametrize("head", [
    b"FUJIFILMCCD-RAW ", b"IIU\0\x18\0\0\0", b"IIRO\x08\0\0\0", b"IIRS\x08\0\0\0",
    b"MMOR\0\0\0\x08", b"\0MRM\0\0\1\0", b"FOVb\0\0\2\0", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    b"II*\0\x10\0\0\0CR\x02\0", b"II\x1a\0\0\0HEAPCCDR", b"II*\0\x08\0\0\0IIII",
])  # fmt: skip
@pytest.mark.parametrize("length", [0, 100, 20_000])
def test_random_bytes_behind_a_raws_head_are_refused_in_one_line(head, length):
    data = head + random.Random(length).randbytes(length)
    assert sniff(data) == "RAW"
    with pytest.raises((UnsupportedError, DecodeError)) as refusal:
        decode(data)
    assert "raw" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_raw_is_damaged(share):
    data = dng(SHADE)
    with pytest.raises(ImageError) as refusal:
        decode(data[: int(len(data) * share)])
    assert str(refusal.value).startswith("damaged ")


def test_the_command_line_says_no_more_than_that(tmp_path):
    """LibRaw itself would write on stderr."""
    data = dng(SHADE)
    (tmp_path / "x.dng").write_bytes(data[: len(data) // 2])
    done = call("enhance", "x.dng", cwd=tmp_path)
    told = b"noiser: x.dng: damaged raw data: it ends early"
    assert done.stderr.splitlines()[0] == told
    assert len(done.stderr.splitlines()) == 2
    assert not (tmp_path / "x_enhanced.tif").exists()


@pytest.mark.parametrize("seed", range(20))
def test_a_scrambled_raw_is_developed_or_refused(seed):
    rng = random.Random(seed)
    data = bytearray(dng(SHADE))
    for _ in range(8):
        data[rng.randrange(8, 700)] = rng.randrange(256)
    with contextlib.suppress(ImageError):
        pixels = decode(bytes(data), Limits(max_pixels=10_000_000), ".dng").pixels
        assert pixels.dtype in (np.uint8, np.uint16)


def test_the_size_is_refused_before_the_raw_is_developed(monkeypatch):
    monkeypatch.setattr(raw, "_on_the_curve", None)
    with pytest.raises(LimitError, match="128 x 96 pixels"):
        decode(dng(SHADE), Limits(max_pixels=128 * 96 - 1))
    assert identify(dng(SHADE), Limits(max_pixels=128 * 96)).size == (128, 96)


def test_without_rawpy_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingExtraError, match=r"rawpy.*pip install 'noiser\[raw\]'"):
        decode(dng(SHADE))


def test_a_preview_tells_of_the_photograph_where_the_raw_itself_does_not():
    """As in Fuji's and Canon's newest raws, which are no TIFFs."""
    exif = Image.Exif()
    exif[271], exif[274] = "Maker", 6
    preview = saved(picture(), "JPEG", exif=exif.tobytes())
    found = Image.Exif()
    found.load(raw._metadata(b"FUJIFILMCCD-RAW", preview, Limits())["exif"])
    assert (found[271], found.get(274)) == ("Maker", None)
    assert raw._metadata(b"FUJIFILMCCD-RAW", preview[:30], Limits()) == {}


@pytest.mark.parametrize(("name", "size"), [
    ("Blackmagic.dng", (4096, 2160)), ("kodak_dc50.KDC", (768, 512)),
])  # fmt: skip
def test_cameras_raws_become_ordinary_pictures(shared_data, name, size):
    """Neither black nor white, no channel out of balance, and no steps of 8 bits."""
    data = (shared_data / "raw" / name).read_bytes()
    photo = decode(data, suffix=name[-4:])
    assert identify(data, suffix=name[-4:]).size == size
    assert photo.pixels.shape == (*size[::-1], 3)
    means = photo.pixels.mean((0, 1)) / 65535
    assert 0.2 < means.min() <= means.max() < 0.5
    assert means.max() / means.min() < 1.25
    assert len(np.unique(photo.pixels)) > 10_000


def test_the_kodak_keeps_what_its_camera_wrote(shared_data):
    exif = exif_of(decode((shared_data / "raw" / "kodak_dc50.KDC").read_bytes()))
    assert exif[306] == "1997:04:23 08:00:47"
    assert exif.get_ifd(0x8769)[33434] == pytest.approx(0.00435)


def test_a_crop_that_lies_outside_is_not_believed():
    class Sizes:
        iheight, iwidth, top_margin, left_margin, pixel_aspect = 100, 200, 2, 4, 1.0
        crop_top_margin, crop_left_margin, crop_height, crop_width = 12, 24, 80, 160

    assert raw._visible(Sizes) == (slice(10, 90), slice(20, 180))
    for name, value in (("crop_width", 181), ("crop_top_margin", 1), ("crop_height", 50),
                        ("pixel_aspect", 2.0)):  # fmt: skip
        changed = type("Changed", (Sizes,), {name: value})
        assert raw._visible(changed) == (slice(0, 100), slice(0, 200))
