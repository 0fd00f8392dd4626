"""Joining: a file written strip by strip holds what a file written whole holds."""

import io
import zlib
from itertools import pairwise

import numpy as np
import pytest
import pyvips
from pictures import dark_rgb, picture, saved
from PIL import Image, PngImagePlugin

from noiser.io.codecs.strips.layout import Layout
from noiser.io.codecs.strips.writer import write_strips
from noiser.io.image_file import decode, encode
from noiser.io.photo import Photo


def written(pixels: np.ndarray, format_: str, metadata=None, encoding=None, rows=37) -> bytes:
    """Write it from strips of a few rows."""
    height, width, *channels = pixels.shape
    layout = Layout(
        format_, width, height, *(channels or [1]), pixels.dtype, metadata or {}, encoding or {}
    )
    file = io.BytesIO()
    write_strips(file, [pixels[i : i + rows] for i in range(0, height, rows)], layout)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def seen_by_libvips(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return pyvips.Image.new_from_buffer(data, "", fail_on="warning").numpy().reshape(shape)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("height", [1, 128, 129, 256, 300])
def test_a_jpeg_has_the_pixels_of_one_written_whole(mode, sampling, height):
    pixels = np.asarray(picture(mode, height, 133))
    encoding = {"quality": 83, "subsampling": sampling}
    whole = saved(Image.fromarray(pixels), "JPEG", **encoding)
    data = written(pixels, "JPEG", encoding=encoding)
    np.testing.assert_array_equal(np.asarray(opened(data)), np.asarray(opened(whole)))
    np.testing.assert_array_equal(
        seen_by_libvips(data, pixels.shape), seen_by_libvips(whole, pixels.shape)
    )


def test_a_jpeg_keeps_tables_of_its_own():
    tables = [[9] * 64, [13] * 64]
    data = written(dark_rgb(300, 40), "JPEG", encoding={"qtables": tables, "subsampling": 1})
    assert opened(data).quantization == {0: [9] * 64, 1: [13] * 64}


def test_a_progressive_jpeg_becomes_a_baseline_one_with_the_same_pixels():
    photo = decode(saved(picture(height=300, width=40), "JPEG", progressive=True, quality=70))
    data = written(photo.pixels, "JPEG", encoding=photo.encoding)
    assert "progressive" not in opened(data).info
    np.testing.assert_array_equal(np.asarray(opened(data)), np.asarray(opened(encode(photo))))


def test_a_jpeg_made_of_another_format_has_the_quality_of_one_made_whole():
    pixels = dark_rgb(150, 40)
    whole = encode(Photo(pixels, "PNG"), "JPEG")
    assert opened(written(pixels, "JPEG")).quantization == opened(whole).quantization


def test_the_restart_markers_of_a_jpeg_count_on_without_a_gap():
    data = written(dark_rgb(300, 40), "JPEG", encoding={"subsampling": 2})
    scan = data[data.index(b"\xff\xda") :]
    markers = [b for a, b in pairwise(scan) if a == 0xFF and 0xD0 <= b <= 0xD7]
    assert markers == [0xD0 + i % 8 for i in range(18)]


METADATA = {
    "exif": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0Mak\0\0\0\0\0",
    "icc_profile": b"profile" * 99,
    "dpi": (300.0, 300.0),
    "xmp": b"<x:xmpmeta/>",
}


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_metadata_are_those_of_a_file_written_whole(format_):
    pixels = dark_rgb(300, 40)
    ours = opened(written(pixels, format_, METADATA))
    whole = opened(encode(Photo(pixels, format_, METADATA)))
    for name in ("exif", "icc_profile", "dpi", "xmp"):
        assert ours.info[name] == whole.info[name]
    assert ours.getexif()[271] == "Mak"


def deep(pixels: np.ndarray) -> np.ndarray:
    """The same picture in 16 bits, with low bytes that matter."""
    return pixels.astype(np.uint16) * 251 + pixels[::-1]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("height", [1, 63, 64, 65, 150])
def test_a_png_holds_the_pixels_given(mode, height):
    pixels = np.asarray(picture(mode, height, 45))
    data = written(pixels, "PNG")
    assert opened(data).mode == mode
    np.testing.assert_array_equal(np.asarray(opened(data)), pixels)
    for stored in (pixels, deep(pixels)):
        found = seen_by_libvips(written(stored, "PNG"), stored.shape)
        assert found.dtype == stored.dtype
        np.testing.assert_array_equal(found, stored)


def filters_of(data: bytes, row_bytes: int) -> list[int]:
    """The filter of each row."""
    packed = b"".join(content for kind, content in chunks(data) if kind == b"IDAT")
    return list(zlib.decompress(packed)[:: 1 + row_bytes])


def test_rows_of_a_png_refer_to_the_row_above_across_the_pieces():
    row = np.random.default_rng(0).integers(0, 256, 200, np.uint8)
    data = written(np.tile(row, (200, 1)), "PNG")
    assert filters_of(data, 200)[1:] == [2] * 199
    np.testing.assert_array_equal(np.asarray(opened(data)), np.tile(row, (200, 1)))


def test_every_filter_of_a_png_is_used_where_it_is_best():
    """Rows of one value, of little, of what is above them, and of the mean of both neighbours."""
    pixels = np.zeros((4, 200), np.uint8)
    pixels[0] = 7
    pixels[1] = pixels[2] = np.tile([1, 255], 100)
    for x in range(200):
        pixels[3, x] = (int(pixels[3, x - 1] if x else 0) + int(pixels[2, x])) // 2
    data = written(pixels, "PNG")
    assert filters_of(data, 200) == [1, 0, 2, 3]


def test_a_png_is_hardly_larger_than_pillows():
    pixels = dark_rgb(200, 200)
    assert len(written(pixels, "PNG")) < 1.1 * len(saved(Image.fromarray(pixels), "PNG"))


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Read with Pillow's parser, which checks the sums."""
    file = io.BytesIO(data[8:])
    found = []
    with PngImagePlugin.ChunkStream(file) as stream:
        while not found or found[-1][0] != b"IEND":
            kind, _, length = stream.read()
            content = file.read(length)
            stream.crc(kind, content)
            found.append((kind, content))
    return found


def test_the_chunks_of_a_png_have_right_sums_and_the_profile_before_the_pixels():
    kinds = [kind for kind, _ in chunks(written(dark_rgb(150, 40), "PNG", METADATA))]
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND")
    assert kinds.index(b"iCCP") < kinds.index(b"IDAT")
    assert kinds.count(b"IHDR") == 1


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_the_heights_of_the_strips_do_not_matter(format_):
    pixels = dark_rgb(300, 40)
    assert len({written(pixels, format_, rows=rows) for rows in (1, 100, 128, 300)}) == 1
