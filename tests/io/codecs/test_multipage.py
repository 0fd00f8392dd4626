"""Pages: what is taken apart and put together again is the same, to every reader."""

import io
import struct

import numpy as np
import pytest
import pyvips
import tifffile
from pictures import dark_rgb, picture, saved
from PIL import Image
from test_image_file import exif_with

from noiser.core.errors import LimitError, OutputError, UnsupportedError
from noiser.io.codecs.multipage import joined, pages
from noiser.io.image_file import decode, encode, identify
from noiser.io.metadata.standard import tiff_pages
from noiser.io.photo import Photo

GPS = {1: "N", 2: (48.0, 12.0, 30.0)}


def single(dtype=np.uint8, seed=0, height=40, **options) -> bytes:
    """A TIFF of one page as noiser writes it."""
    pixels = dark_rgb(height, 64, seed).astype(dtype) * (257 if dtype == np.uint16 else 1)
    if dtype == np.float32:
        pixels = pixels / np.float32(255)
    return encode(Photo(pixels, "TIFF", **options))


def many() -> list[bytes]:
    exif = Image.Exif()
    exif[271] = "a maker whose name is long enough to lie elsewhere"
    exif.get_ifd(0x8769)[0x829A] = 0.5
    exif.get_ifd(0x8825).update(GPS)
    return [
        single(seed=1),
        single(np.uint16, 2, metadata={"exif": exif.tobytes(), "xmp": b"<x:xmpmeta/>"}),
        single(np.float32, 3, encoding={"compression": "tiff_adobe_deflate"}),
        single(seed=4, metadata={"exif": exif.tobytes(), "iptc": b"\x1c\x02\x69\0\x03abc"}),
        single(np.uint16, 5, height=3000, encoding={"tile": (16, 16), "compression": "raw"}),
        single(seed=6, height=3000, encoding={"compression": "tiff_lzw"}),
    ]


def test_what_is_joined_is_taken_apart_to_the_same_pictures():
    files = many()
    apart = list(pages(joined(files)))
    assert len(apart) == len(files)
    for one, file in zip(apart, files, strict=True):
        found, wanted = decode(one), decode(file)
        np.testing.assert_array_equal(found.pixels, wanted.pixels)
        assert found.metadata == wanted.metadata


def test_other_readers_see_all_pages_and_what_is_said_of_them():
    files = many()
    data = joined(files)
    with tifffile.TiffFile(io.BytesIO(data)) as found:
        assert len(found.pages) == len(files)
        for page, file in zip(found.pages, files, strict=True):
            if page.compression != 5:
                np.testing.assert_array_equal(page.asarray(), tifffile.imread(io.BytesIO(file)))
    for number, file in enumerate(files):
        one = pyvips.Image.new_from_buffer(data, "", page=number).numpy()
        np.testing.assert_array_equal(one, pyvips.Image.new_from_buffer(file, "").numpy())
    image = Image.open(io.BytesIO(data))
    image.seek(3)
    exif = image.getexif()
    assert exif[271] == "a maker whose name is long enough to lie elsewhere"
    assert exif.get_ifd(0x8769)[0x829A] == 0.5
    assert exif.get_ifd(0x8825)[2] == GPS[2]


def test_one_file_is_left_as_it_is():
    assert joined([single()]) == single()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_places_of_16_bits_get_room_for_32(count):
    """They are written where they fit; behind 64 KB they do not."""
    strips = b"".join(bytes([i] * 100) for i in range(count))
    entries = [
        (256, 3, 1, 10), (257, 3, 1, 10 * count), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 3, count, None), (277, 3, 1, 1), (278, 3, 1, 10), (279, 3, count, None),
    ]  # fmt: skip
    end = 8 + 2 + 12 * len(entries) + 4
    first = end + 4 * count
    arrays = {
        273: struct.pack(f"<{count}H", *(first + 100 * i for i in range(count))),
        279: struct.pack(f"<{count}H", *[100] * count),
    }
    made, tail = struct.pack("<2sHLH", b"II", 42, 8, len(entries)), b""
    for tag, kind, number, value in entries:
        if value is not None:
            content = struct.pack("<HH", value, 0)
        elif len(arrays[tag]) <= 4:
            content = arrays[tag].ljust(4, b"\0")
        else:
            content = struct.pack("<L", end + len(tail))
            tail += arrays[tag]
        made += struct.pack("<HHL", tag, kind, number) + content
    small = made + bytes(4) + tail.ljust(4 * count, b"\0") + strips
    alone = tifffile.imread(io.BytesIO(small))
    assert alone[-1, -1] == count - 1
    large = single(height=3000)
    data = joined([large, small + b"\0", small, single()])
    with tifffile.TiffFile(io.BytesIO(data)) as found:
        assert len(found.pages) == 4
        for number in (1, 2):
            np.testing.assert_array_equal(found.pages[number].asarray(), alone)
            assert found.pages[number].tags[273].valueoffset % 2 == 0


def test_more_than_4_gigabytes_are_refused(monkeypatch):
    monkeypatch.setattr("noiser.io.codecs.multipage.MAX_BYTES", 2 * len(single()))
    assert joined([single()])
    with pytest.raises(OutputError, match="more than 4 GB"):
        joined([single(), single()])


@pytest.mark.parametrize("options", [{"bigtiff": True}, {"byteorder": ">"}, {}])
def test_files_of_other_programs_are_taken_apart(options):
    file = io.BytesIO()
    wanted = [dark_rgb(24, 36, seed) for seed in range(3)]
    with tifffile.TiffWriter(file, **options) as writer:
        for pixels in wanted:
            writer.write(pixels, photometric="rgb")
    assert identify(file.getvalue()).parts == 3
    for one, pixels in zip(pages(file.getvalue()), wanted, strict=True):
        np.testing.assert_array_equal(decode(one).pixels, pixels)


def test_a_page_keeps_its_own_orientation():
    data = joined([single(), saved(picture(height=24, width=36), "TIFF", exif=exif_with(6))])
    assert decode(list(pages(data))[1]).pixels.shape == (36, 24, 3)


def test_smaller_copies_of_each_page_are_left_out():
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for seed in range(2):
            writer.write(dark_rgb(24, 36, seed), photometric="rgb")
            writer.write(dark_rgb(12, 18, seed), photometric="rgb", subfiletype=1)
    source = identify(file.getvalue())
    assert (source.parts, source.size) == (2, (36, 24))
    assert len(list(pages(file.getvalue()))) == 2


def test_the_number_of_pages_has_a_limit(monkeypatch):
    monkeypatch.setattr(tiff_pages, "MAX_PAGES", 2)
    assert identify(joined([single()] * 2)).parts == 2
    with pytest.raises(LimitError, match="more than 2 pages"):
        identify(joined([single()] * 3))


def test_several_pages_are_no_single_picture():
    with pytest.raises(UnsupportedError, match="several pages, which only noiser enhance takes"):
        decode(joined([single()] * 2))
