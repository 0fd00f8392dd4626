"""Strips: what libvips reads row by row is what Pillow reads whole."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from pictures import dark_rgb, picture, saved
from PIL import Image
from raws import dng

from noiser.core.errors import DecodeError, LimitError, MissingExtraError, UnsupportedError
from noiser.io.codecs.strips import reader as strip_reader
from noiser.io.codecs.strips.reader import goes_in_strips, open_strips
from noiser.io.image_file import decode
from noiser.io.limits import Limits

KINDS = [
    (mode, format_)
    for format_, modes in {
        "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
        "TIFF": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
        "JPEG": ["L", "RGB"],
    }.items()
    for mode in modes
]


@pytest.fixture(autouse=True)
def _strips_of_sixteen_rows(monkeypatch):
    monkeypatch.setattr(strip_reader, "STRIP_PIXELS", 1)


def file_of(folder, data: bytes):
    (folder / "picture").write_bytes(data)
    return folder / "picture"


def read(path, halo: int = 0, limits: Limits | None = None):
    with open_strips(path, limits) as reader:
        return list(reader.strips(halo))


def put_together(parts) -> np.ndarray:
    return np.concatenate([part.pixels[part.region] for part in parts])


@pytest.mark.parametrize(("mode", "format_"), KINDS)
def test_strips_put_together_are_the_pixels_of_the_whole(tmp_path, mode, format_):
    data = saved(picture(mode, 70, 24), format_)
    parts, whole = read(file_of(tmp_path, data)), decode(data).pixels
    assert len(parts) == 5
    assert put_together(parts).dtype == whole.dtype
    np.testing.assert_array_equal(put_together(parts), whole)


@pytest.mark.parametrize("halo", [1, 7, 40])
def test_a_strip_comes_with_its_neighbours_as_far_as_the_picture_goes(tmp_path, halo):
    image = dark_rgb(70, 24)
    parts = read(file_of(tmp_path, saved(Image.fromarray(image), "PNG")), halo)
    for number, part in enumerate(parts):
        first, last = max(16 * number - halo, 0), min(16 * number + 16 + halo, 70)
        assert part.origin == (first, 0)
        np.testing.assert_array_equal(part.pixels, image[first:last])


def test_the_picture_can_be_read_twice(tmp_path):
    path = file_of(tmp_path, saved(picture(height=40), "JPEG"))
    with open_strips(path) as reader:
        first, second = (put_together(reader.strips(0)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_gives_the_pixels_that_pillow_gives(tmp_path, sampling, progressive):
    image = picture(height=75, width=53)
    data = saved(image, "JPEG", subsampling=sampling, progressive=progressive)
    np.testing.assert_array_equal(put_together(read(file_of(tmp_path, data))), decode(data).pixels)


@pytest.mark.parametrize("tiff", [
    {"tile": (32, 48)}, {"tile": (32, 48), "bigtiff": True, "compression": "zlib"},
    {"bigtiff": True}, {"planarconfig": "separate"}, {"byteorder": ">"},
    {"rowsperstrip": 70, "compression": "zlib"},
])  # fmt: skip
@pytest.mark.parametrize("deep", [False, True])
def test_tiffs_of_all_layouts_are_read(tmp_path, tiff, deep):
    image = dark_rgb(70, 53).astype(np.uint16) * 257 + 3 if deep else dark_rgb(70, 53)
    stored = image.transpose(2, 0, 1) if "planarconfig" in tiff else image
    tifffile.imwrite(tmp_path / "x.tif", stored, photometric="rgb", **tiff)
    found = put_together(read(tmp_path / "x.tif"))
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, image)


def test_transparent_colours_become_an_alpha_channel(tmp_path):
    data = saved(picture(), "PNG", transparency=(0, 0, 0))
    parts = read(file_of(tmp_path, data))
    np.testing.assert_array_equal(put_together(parts), decode(data).pixels)
    assert parts[0].pixels.shape[2] == 4


def test_the_metadata_are_kept_with_the_orientation(tmp_path):
    exif = Image.Exif()
    exif[271], exif[274] = "Maker", 6
    data = saved(picture(), "JPEG", exif=exif, icc_profile=b"profile", dpi=(90, 90))
    with open_strips(file_of(tmp_path, data)) as reader:
        kept = Image.Exif()
        kept.load(reader.metadata["exif"])
        assert (kept[271], kept[274]) == ("Maker", 6)
        assert (reader.width, reader.height) == (16, 12)
        assert reader.metadata["icc_profile"] == b"profile"
        assert reader.note == "its pixels stay as they are stored, its orientation tag is kept (6)"


def test_an_upright_picture_has_no_note(tmp_path):
    with open_strips(file_of(tmp_path, saved(picture(), "PNG"))) as reader:
        assert reader.note is None


def test_opening_a_png_decodes_no_pixels(tmp_path, monkeypatch):
    """Pillow would look for EXIF behind the pixels."""
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    with open_strips(file_of(tmp_path, saved(picture(), "PNG"))) as reader:
        assert reader.metadata == {}


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_a_picture_that_ends_early_is_damaged(tmp_path, format_):
    data = saved(Image.fromarray(dark_rgb(200, 200)), format_)
    path = file_of(tmp_path, data)
    with open_strips(path) as reader:
        os.truncate(path, len(data) // 2)
        with pytest.raises(DecodeError, match=f"damaged {format_} data: "):
            list(reader.strips(0))


def test_a_picture_that_changes_meanwhile_is_refused(tmp_path):
    path = file_of(tmp_path, saved(picture(height=40), "PNG"))
    with open_strips(path) as reader:
        parts = reader.strips(0)
        next(parts)
        os.utime(path, ns=(1, 1))
        with pytest.raises(DecodeError, match="the file changed while it was read"):
            list(parts)


def test_the_decoder_that_sees_another_kind_of_picture_is_not_believed(tmp_path):
    path = file_of(tmp_path, saved(picture("RGBA"), "TIFF"))
    with open_strips(path) as reader:
        strange = strip_reader.StripReader(reader.file, "TIFF", 16, 12, 3)
        with pytest.raises(UnsupportedError, match=r"4 channels of uchar were found where .* 3 of"):
            strange.check()


@pytest.mark.parametrize(("data", "sentence"), [
    (saved(picture(), "WEBP"), "WEBP; only JPEG, PNG, TIFF are read in strips"),
    (saved(picture("CMYK"), "JPEG"), "CMYK; it is not read in strips, only whole"),
    (saved(picture(), "GIF"), "GIF; only JPEG, PNG, TIFF are read in strips"),
])  # fmt: skip
def test_what_is_not_read_in_strips_is_refused_in_words(tmp_path, data, sentence):
    with pytest.raises(UnsupportedError, match=sentence), open_strips(file_of(tmp_path, data)):
        pass


def test_the_limit_of_pixels_holds(tmp_path):
    path = file_of(tmp_path, saved(picture(), "PNG"))
    with pytest.raises(LimitError, match="--max-megapixels raises it"):
        read(path, limits=Limits(max_pixels=191))
    assert len(read(path, limits=Limits(max_pixels=192))) == 1


def test_a_picture_one_pixel_above_what_is_taken_whole_goes_in_strips(tmp_path):
    path = file_of(tmp_path, saved(picture(), "PNG"))
    assert goes_in_strips(path, Limits(max_whole_pixels=191))
    assert not goes_in_strips(path, Limits(max_whole_pixels=192))


def test_a_large_picture_of_another_format_is_taken_whole(tmp_path):
    path = file_of(tmp_path, saved(picture(), "WEBP"))
    assert not goes_in_strips(path, Limits(max_whole_pixels=1))


@pytest.mark.parametrize("shape", [(12, 16, 3), (12, 16, 4), (12, 16)])
@pytest.mark.parametrize(("most", "in_strips"), [(191, True), (192, False)])
def test_16_bits_go_in_strips_only_above_what_is_taken_whole(tmp_path, shape, most, in_strips):
    tifffile.imwrite(tmp_path / "x.tif", np.zeros(shape, np.uint16))
    assert goes_in_strips(tmp_path / "x.tif", Limits(max_whole_pixels=most)) == in_strips


def test_floats_and_raws_are_always_taken_whole(tmp_path):
    pixels = np.zeros((12, 16, 3), np.float32)
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb")
    (tmp_path / "x.dng").write_bytes(dng(np.zeros((12, 16))))
    (tmp_path / "x.nef").write_bytes(saved(picture(), "TIFF"))
    for name in ("x.tif", "x.dng", "x.nef"):
        assert not goes_in_strips(tmp_path / name, Limits(max_whole_pixels=1))


def test_nothing_of_a_picture_stays_in_the_cache_of_libvips(tmp_path):
    vips = strip_reader.pyvips()
    vips.cache_set_max(77)
    read(file_of(tmp_path, saved(picture(), "PNG")))
    kept = vips.cache_get_size(), vips.cache_get_max()
    vips.cache_set_max(100)  # its own default
    assert kept == (0, 77)


def test_without_pyvips_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvips", None)
    sentence = r"pyvips, which is not installed: pip install 'noiser\[io\]'"
    with pytest.raises(MissingExtraError, match=sentence):
        read(file_of(tmp_path, saved(picture(), "PNG")))


def test_pyvips_is_not_loaded_for_what_is_taken_whole(tmp_path):
    path = file_of(tmp_path, saved(picture(), "PNG"))
    code = (
        "import sys\nfrom pathlib import Path\nfrom noiser import Enhancer\n"
        "from noiser.jobs.batch.run import run\n"
        "from noiser.jobs.plan import Item\n"
        "from noiser.jobs.options import JobOptions\n"
        f"item = Item(Path({str(path)!r}), Path({str(tmp_path / 'out.png')!r}))\n"
        "run([item], JobOptions(Enhancer()), on_result=lambda r: print(r.status))\n"
        "print('pyvips' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("done\nFalse\n", "")


def test_the_picture_is_read_from_the_file_that_was_opened(tmp_path):
    """Whoever puts another in its place meanwhile changes nothing."""
    path = file_of(tmp_path, saved(picture(height=40), "PNG"))
    with open_strips(path) as reader:
        path.unlink()
        found = put_together(reader.strips(0))
    np.testing.assert_array_equal(found, np.asarray(picture(height=40)))


def test_a_picture_20000_pixels_wide_comes_in_several_strips(tmp_path, monkeypatch):
    monkeypatch.undo()
    data = io.BytesIO()
    Image.new("L", (20_000, 230)).save(data, "JPEG")
    parts = read(file_of(tmp_path, data.getvalue()))
    assert [part.pixels.shape for part in parts] == [(209, 20_000), (21, 20_000)]
