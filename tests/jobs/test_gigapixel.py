"""The gigapixel path: two passes over strips give the bytes of the picture taken whole."""

import errno
import threading

import numpy as np
import pytest
import tifffile
from pictures import dark_rgb, picture, saved
from PIL import Image

from noiser import Enhancer
from noiser.core.errors import DecodeError, OutputError, OutputExistsError
from noiser.io.codecs.strips import reader as strip_reader
from noiser.io.image_file import decode
from noiser.io.output_options import OutputOptions
from noiser.jobs import gigapixel
from noiser.jobs.gigapixel import ahead, enhance_file
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions


@pytest.fixture(autouse=True)
def _strips_of_sixteen_rows(monkeypatch):
    monkeypatch.setattr(strip_reader, "STRIP_PIXELS", 1)


@pytest.fixture
def enhancer() -> Enhancer:
    return Enhancer(threads=2)


def treatment(enhancer, format_=None, **options) -> JobOptions:
    return JobOptions(enhancer, output=OutputOptions(format_), **options)


def file_of(folder, data: bytes):
    (folder / "dark").write_bytes(data)
    return folder / "dark"


@pytest.mark.parametrize(("mode", "format_"), [
    *[(mode, f) for f in ("PNG", "TIFF") for mode in ("L", "LA", "RGB", "RGBA", "I;16", "P", "1")],
    ("L", "JPEG"), ("RGB", "JPEG"),
])  # fmt: skip
def test_the_output_has_the_pixels_of_the_picture_taken_whole(tmp_path, enhancer, mode, format_):
    data = saved(picture(mode, 150, 60), format_)
    enhance_file(file_of(tmp_path, data), tmp_path / "bright", treatment(enhancer))
    found = decode((tmp_path / "bright").read_bytes())
    whole = decode(enhanced(data, enhancer))
    assert found.format == format_
    assert found.pixels.dtype == whole.pixels.dtype
    np.testing.assert_array_equal(found.pixels, whole.pixels)


def enhanced(data: bytes, enhancer: Enhancer, format_: str | None = None) -> bytes:
    """Enhance it in memory."""
    return enhance_bytes(data, treatment(enhancer, format_))[0]


@pytest.mark.parametrize("options", [
    {"quality": 60, "subsampling": 1}, {"qtables": [[5] * 64, [9] * 64]}, {"progressive": True},
])  # fmt: skip
def test_a_jpeg_keeps_its_quality_to_the_last_coefficient(tmp_path, enhancer, options):
    data = saved(picture(height=150, width=60), "JPEG", **options)
    enhance_file(file_of(tmp_path, data), tmp_path / "bright", treatment(enhancer))
    found, whole = (
        decode(d) for d in ((tmp_path / "bright").read_bytes(), enhanced(data, enhancer))
    )
    np.testing.assert_array_equal(found.pixels, whole.pixels)


@pytest.mark.parametrize("knobs", [
    {"local": 0.7}, {"look": "paper"}, {"strength": 0}, {"denoise": 1, "detail": 1},
])  # fmt: skip
def test_every_knob_gives_the_pixels_of_the_picture_taken_whole(tmp_path, knobs):
    enhancer = Enhancer(threads=1, **knobs)
    image = dark_rgb(150, 60)
    enhance_file(
        file_of(tmp_path, saved(Image.fromarray(image), "PNG")), tmp_path / "x", treatment(enhancer)
    )
    np.testing.assert_array_equal(
        decode((tmp_path / "x").read_bytes()).pixels, enhancer.enhance(image)
    )


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("target", ["JPEG", "PNG", "TIFF"])
def test_formats_are_converted_as_they_are_whole(tmp_path, enhancer, source, target):
    data = saved(picture(height=70, width=60), source)
    enhance_file(file_of(tmp_path, data), tmp_path / "bright", treatment(enhancer, target))
    found = decode((tmp_path / "bright").read_bytes())
    assert found.format == target
    np.testing.assert_array_equal(found.pixels, decode(enhanced(data, enhancer, target)).pixels)


@pytest.mark.parametrize("channels", [3, 4])
def test_colour_of_16_bits_is_enhanced_without_a_cut(tmp_path, enhancer, channels):
    image = np.random.default_rng(0).integers(0, 9000, (70, 60, channels), np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", image, photometric="rgb")
    enhance_file(tmp_path / "x.tif", tmp_path / "y.tif", treatment(enhancer))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "y.tif"), enhancer.enhance(image))


def test_16_bits_are_rounded_in_strips_where_a_jpeg_is_asked_for(tmp_path, enhancer):
    image = np.random.default_rng(0).integers(0, 9000, (70, 60, 3), np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", image, photometric="rgb")
    made = enhance_file(tmp_path / "x.tif", tmp_path / "y.jpg", treatment(enhancer, "JPEG"))
    assert made.note == "16 bits were reduced to 8"
    whole, *_ = enhance_bytes((tmp_path / "x.tif").read_bytes(), treatment(enhancer, "JPEG"))
    found = decode((tmp_path / "y.jpg").read_bytes()).pixels
    np.testing.assert_array_equal(found, decode(whole).pixels)


@pytest.mark.parametrize(
    ("mode", "dtype"), [("RGBA", np.uint8), ("RGBA", np.uint16), ("LA", np.uint8)]
)
def test_transparency_is_laid_on_white_in_strips_where_a_jpeg_is_asked_for(
    tmp_path, enhancer, mode, dtype
):
    image = np.random.default_rng(0).integers(0, 9000, (70, 60, len(mode)), np.uint16).astype(dtype)
    kind = "rgb" if mode == "RGBA" else "minisblack"
    tifffile.imwrite(tmp_path / "x.tif", image, photometric=kind, extrasamples=["unassalpha"])
    made = enhance_file(tmp_path / "x.tif", tmp_path / "y.jpg", treatment(enhancer, "JPEG"))
    whole, *_, note = enhance_bytes((tmp_path / "x.tif").read_bytes(), treatment(enhancer, "JPEG"))
    assert made.note == note
    assert note.startswith("transparency was laid on white")
    np.testing.assert_array_equal(
        decode((tmp_path / "y.jpg").read_bytes()).pixels, decode(whole).pixels
    )


def test_a_tiled_bigtiff_stays_one(tmp_path, enhancer):
    tifffile.imwrite(
        tmp_path / "x.tif", dark_rgb(70, 60), photometric="rgb",
        bigtiff=True, tile=(32, 48), compression="zlib",
    )  # fmt: skip
    enhance_file(tmp_path / "x.tif", tmp_path / "y.tif", treatment(enhancer))
    with tifffile.TiffFile(tmp_path / "y.tif") as tiff:
        page = tiff.pages[0]
        assert (tiff.is_bigtiff, page.tile, page.compression) == (True, (32, 48), 8)


def test_a_picture_that_is_to_be_turned_stays_as_it_is_stored(tmp_path, enhancer):
    image, exif = dark_rgb(70, 60), Image.Exif()
    exif[274] = 6
    path = file_of(tmp_path, saved(Image.fromarray(image), "PNG", exif=exif))
    made = enhance_file(path, tmp_path / "y.png", treatment(enhancer))
    with Image.open(tmp_path / "y.png") as found:
        np.testing.assert_array_equal(np.asarray(found), enhancer.enhance(image))
        assert found.getexif()[274] == 6
    assert made.note == "its pixels stay as they are stored, its orientation tag is kept (6)"
    assert (made.width, made.height) == (60, 70)


def test_a_progressive_jpeg_is_said_to_become_a_baseline_one(tmp_path, enhancer):
    path = file_of(tmp_path, saved(picture(), "JPEG", progressive=True))
    made = enhance_file(path, tmp_path / "y.jpg", treatment(enhancer))
    assert made.note == "the output is a baseline JPEG, not a progressive one"


def test_progress_counts_both_passes_to_the_end(tmp_path, enhancer):
    seen = []
    path = file_of(tmp_path, saved(picture(height=40), "PNG"))
    enhance_file(
        path, tmp_path / "y", treatment(enhancer), on_progress=lambda *counts: seen.append(counts)
    )
    assert seen == [(16 * n, 1280) for n in (16, 32, 40, 56, 72, 80)]


def test_what_progress_raises_ends_the_work_and_leaves_nothing(tmp_path, enhancer):
    def stop(done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    path = file_of(tmp_path, saved(picture(height=100), "PNG"))
    with pytest.raises(KeyboardInterrupt):
        enhance_file(path, tmp_path / "y", treatment(enhancer), on_progress=stop)
    assert list(tmp_path.iterdir()) == [path]


def test_an_output_that_is_there_is_kept_unless_told_otherwise(tmp_path, enhancer):
    path, target = file_of(tmp_path, saved(picture(), "PNG")), tmp_path / "y"
    target.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        enhance_file(path, target, treatment(enhancer))
    assert target.read_bytes() == b"mine"
    enhance_file(path, target, treatment(enhancer, overwrite=True))
    assert decode(target.read_bytes()).format == "PNG"
    assert sorted(tmp_path.iterdir()) == [path, target]


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_a_full_disk_leaves_nothing(tmp_path, enhancer, monkeypatch, format_):
    def full(file, pieces, layout):
        next(iter(pieces))
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(gigapixel, "write_strips", full)
    path = file_of(tmp_path, saved(picture(height=100), format_))
    with pytest.raises(OSError, match="No space left on device"):
        enhance_file(path, tmp_path / "y", treatment(enhancer))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_a_picture_that_ends_early_leaves_nothing(tmp_path, enhancer, format_):
    data = saved(Image.fromarray(dark_rgb(200, 200)), format_)
    path = file_of(tmp_path, data[: len(data) // 2])
    with pytest.raises(DecodeError, match=f"damaged {format_} data"):
        enhance_file(path, tmp_path / "y", treatment(enhancer))
    assert list(tmp_path.iterdir()) == [path]


def test_a_format_that_cannot_hold_it_is_refused_before_the_work(tmp_path, enhancer):
    path = file_of(tmp_path, saved(picture("RGBA"), "PNG"))
    seen = []
    with pytest.raises(OutputError, match="WEBP is not written in strips"):
        enhance_file(
            path,
            tmp_path / "y",
            treatment(enhancer, "WEBP"),
            on_progress=lambda *c: seen.append(c),
        )
    assert seen == []


def test_no_more_than_the_next_item_is_made_ahead():
    made = []
    with ahead(made.append(i) or i for i in range(9)) as items:
        assert next(items) == 0
        assert next(items) == 1
    assert made == [0, 1, 2]


def test_what_making_an_item_raises_is_raised_where_it_is_taken():
    with ahead(1 // n for n in (1, 0)) as items:
        assert next(items) == 1
        with pytest.raises(ZeroDivisionError):
            next(items)


def test_no_thread_outlives_its_block():
    before = threading.active_count()
    with ahead(range(9)) as items:
        next(items)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
