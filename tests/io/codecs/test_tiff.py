"""TIFF from strips: three other readers see the pixels and the tags that were given."""

import io

import numpy as np
import pytest
import tifffile
from pictures import dark_rgb, picture
from PIL import Image
from test_strip_writer import deep, seen_by_libvips, written

from noiser.io.codecs.strips.layout import Layout
from noiser.io.codecs.strips.tiff import is_big, write_tiff
from noiser.io.image_file import decode


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("tile", [None, (64, 32)])
def test_all_kinds_hold_the_pixels_given(mode, bigtiff, compression, tile, monkeypatch):
    monkeypatch.setattr("noiser.io.codecs.strips.tiff.STRIP_BYTES", 5000)
    encoding = {"bigtiff": bigtiff, "compression": compression} | ({"tile": tile} if tile else {})
    pixels = np.asarray(picture(mode, 101, 130))
    for stored in (pixels, deep(pixels)):
        data = written(stored, "TIFF", encoding=encoding)
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            page = tiff.pages[0]
            assert (tiff.is_bigtiff, page.is_tiled) == (bigtiff, tile is not None)
            assert page.compression == (1 if compression == "raw" else 8)
            assert tile is None or (page.tilewidth, page.tilelength) == tile
            np.testing.assert_array_equal(tiff.asarray(), stored)
        np.testing.assert_array_equal(seen_by_libvips(data, stored.shape), stored)
    np.testing.assert_array_equal(decode(written(pixels, "TIFF", encoding=encoding)).pixels, pixels)


@pytest.mark.parametrize("bigtiff", [False, True])
def test_metadata_with_the_tables_of_the_camera_are_kept(bigtiff):
    exif = Image.Exif()
    exif[271], exif[274], exif[306] = "Maker", 8, "2020:01:01 00:00:00"
    exif[0x8769] = {33434: 0.01, 34855: 800}
    exif[0x8825] = {1: "N", 2: (1.0, 2.0, 3.0)}
    metadata = {
        "exif": exif.tobytes(), "icc_profile": b"profile", "dpi": (300.0, 150.0), "xmp": b"<x/>",
    }  # fmt: skip
    encoding = {"bigtiff": bigtiff, "compression": "tiff_lzw"}
    with Image.open(io.BytesIO(written(dark_rgb(40, 30), "TIFF", metadata, encoding))) as image:
        kept = image.getexif()
        assert (kept[271], kept[274], kept[306]) == ("Maker", 8, "2020:01:01 00:00:00")
        versions = {36864: b"0232", 40960: b"0100", 40961: 65535}
        assert dict(kept.get_ifd(0x8769)) == {33434: 0.01, 34855: 800} | versions
        place = {0: b"\2\3\0\0", 1: "N", 2: (1.0, 2.0, 3.0)}
        assert dict(kept.get_ifd(0x8825)) == place
        assert image.info["icc_profile"] == b"profile"
        assert image.info["dpi"] == (300.0, 150.0)
        assert image.tag_v2[700] == b"<x/>"


def test_alpha_is_said_to_be_straight_and_the_rest_has_no_extra_samples():
    for mode, extra in (("LA", (2,)), ("RGBA", (2,)), ("RGB", ()), ("L", ())):
        data = written(np.asarray(picture(mode)), "TIFF")
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            assert tiff.pages[0].extrasamples == extra


def test_a_file_that_could_outgrow_32_bits_is_a_bigtiff():
    """Pixels of 4,227,858,432 bytes, and a thousandth more for what deflate may add."""
    u8 = np.dtype(np.uint8)
    assert not is_big(Layout("TIFF", 65_000, 64_900, 1, u8))
    assert is_big(Layout("TIFF", 65_000, 65_000, 1, u8))
    assert is_big(Layout("TIFF", 32_500, 32_500, 2, np.dtype(np.uint16)))


@pytest.mark.parametrize("encoding", [{}, {"tile": (16, 16)}])
def test_a_bigtiff_says_where_pixels_lie_behind_four_gigabytes(encoding):
    class Far(io.BytesIO):
        """A file that says it is longer."""

        def tell(self) -> int:
            return super().tell() + (5 << 32)

    file = Far()
    layout = Layout("TIFF", 16, 12, 1, np.dtype(np.uint8), {}, {"bigtiff": True} | encoding)
    write_tiff(file, [np.zeros((12, 16), np.uint8)], layout)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as tiff:
        (offset,) = tiff.pages[0].dataoffsets
        assert offset == len(file.getvalue()) - tiff.pages[0].databytecounts[0] + (5 << 32)


def test_tiles_of_which_a_row_is_too_much_to_hold_become_strips(monkeypatch):
    monkeypatch.setattr("noiser.io.codecs.strips.tiff.MAX_TILE_ROW_BYTES", 130 * 3 * 32 - 1)
    pixels = dark_rgb(101, 130)
    for tile, tiled in (((64, 32), False), ((64, 16), True)):
        with tifffile.TiffFile(io.BytesIO(written(pixels, "TIFF", None, {"tile": tile}))) as tiff:
            assert tiff.pages[0].is_tiled == tiled
            np.testing.assert_array_equal(tiff.asarray(), pixels)


def test_a_bigtiff_that_is_taken_whole_keeps_its_tags():
    """Pillow would hand its EXIF on with a header of the wrong length."""
    data = written(dark_rgb(40, 30), "TIFF", {"dpi": (90.0, 90.0)}, {"bigtiff": True})
    exif = Image.Exif()
    exif.load(decode(data).metadata["exif"])
    assert exif[282] == 90.0
