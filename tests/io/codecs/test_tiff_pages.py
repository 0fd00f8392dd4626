"""Pages of a TIFF: smaller copies of a picture are left out, wherever they stand."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from raws import dng
from tagged import IPTC

from noiser.core.errors import DecodeError, UnsupportedError
from noiser.io.codecs.strips.reader import goes_in_strips, open_strips
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits
from noiser.tools.inspect import describe

DTYPES = [np.uint8, np.uint16, np.float32]
NOTE = "a smaller copy of the picture, a page of its own, was left out"
FULL, COPY, PAGE = 0, 1, 2


def pixels(kind: int, dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    """A picture, or its copy, which is a quarter of it."""
    rng = np.random.default_rng(seed + kind)
    shape = (12, 16, 3) if kind == COPY else (48, 64, 3)
    values = rng.integers(0, 80, shape)
    return (values / np.float32(99)).astype(dtype) if dtype == np.float32 else values.astype(dtype)


def pages(*kinds: int, dtype: type = np.uint8, **options) -> bytes:
    """A TIFF of pages of some kinds; of copies the description says so."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, **options) as tiff:
        for number, kind in enumerate(kinds):
            tiff.write(
                pixels(kind, dtype, number), photometric="rgb", subfiletype=kind,
                description="copy" if kind == COPY else "picture", metadata=None,
                resolution=(72, 72) if kind == COPY else (300, 300), resolutionunit="INCH",
                extratags=[
                    (297, 3, 2, (number, len(kinds)), True),
                    *([] if kind == COPY else [(33723, 7, len(IPTC), IPTC, True)]),
                ],
            )  # fmt: skip
    return buffer.getvalue()


ORDERS = [(FULL, COPY), (COPY, FULL), (COPY, FULL, COPY), (FULL, COPY, COPY, COPY)]


@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"bigtiff": True}])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ORDERS)
def test_the_full_picture_is_taken_and_a_note_names_its_copy(order, dtype, options):
    """Its pixels are those of the file without copies, and so are its metadata."""
    data = pages(*order, dtype=dtype, **options)
    number = next(i for i, kind in enumerate(order) if kind != COPY)
    alone = io.BytesIO()
    tifffile.imwrite(alone, pixels(0, dtype, number), photometric="rgb")
    found = decode(data)
    assert found.pixels.tolist() == decode(alone.getvalue()).pixels.tolist()
    assert found.metadata["notes"] == (NOTE,)
    assert found.metadata["iptc"] == IPTC
    assert found.metadata["dpi"] == (300, 300)
    assert b"picture" in found.metadata["exif"]
    again = encode(found)
    assert len(tifffile.TiffFile(io.BytesIO(again)).pages) == 1


@pytest.mark.parametrize("dtype", DTYPES[:2])
@pytest.mark.parametrize("order", ORDERS)
def test_strips_are_of_the_full_picture(order, dtype, tmp_path):
    """They hold what is taken whole."""
    path = tmp_path / "a.tif"
    path.write_bytes(pages(*order, dtype=dtype))
    assert goes_in_strips(path, Limits(max_whole_pixels=48 * 64 - 1))
    with open_strips(path) as reader:
        (strip,) = reader.strips(0)
        assert strip.pixels.tolist() == decode(path.read_bytes()).pixels.tolist()
        assert reader.metadata["notes"] == (NOTE,)


@pytest.mark.parametrize("order", ORDERS)
def test_a_description_is_of_the_full_picture(order, tmp_path):
    """Its size, its depth, and the note."""
    path = tmp_path / "a.tif"
    path.write_bytes(pages(*order, dtype=np.uint16))
    facts = describe(path, Limits())
    assert (facts["width"], facts["height"], facts["bits"]) == (64, 48, 16)
    assert facts["notes"] == [NOTE]


def test_a_copy_of_an_old_program_is_told_by_the_old_tag():
    """TIFF 5.0 says 2 in tag 255."""
    data = pages(FULL, COPY)
    new, old = struct.pack("<HHLL", 254, 4, 1, 1), struct.pack("<HHLHH", 255, 3, 1, 2, 0)
    assert data.count(new) == 1
    assert decode(data.replace(new, old)).pixels.shape == (48, 64, 3)


@pytest.mark.parametrize("order", ORDERS)
def test_a_pages_number_is_not_handed_on_into_a_compressed_file(order):
    """Pillow would write it with a number of chance."""
    compressed = replace(decode(pages(*order)), encoding={"compression": "tiff_lzw"})
    assert 297 not in tifffile.TiffFile(io.BytesIO(encode(compressed))).pages[0].tags


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", [
    (FULL, FULL), (PAGE, PAGE), (FULL, COPY, FULL), (COPY, FULL, FULL), (COPY, COPY),
])  # fmt: skip
def test_several_pictures_stay_refused(order, dtype):
    """Which of them is meant is not guessed."""
    with pytest.raises(UnsupportedError, match=r"several (pages|frames), which only|a camera raw"):
        decode(pages(*order, dtype=dtype))


def test_a_page_that_lies_outside_of_the_file_is_damaged():
    """There is no telling what it would be."""
    data = pages(FULL, COPY)
    at = tifffile.TiffFile(io.BytesIO(data)).pages[1].offset
    assert data.count(struct.pack("<L", at)) == 1
    with pytest.raises(DecodeError, match="a page lies outside of the file"):
        decode(data.replace(struct.pack("<L", at), struct.pack("<L", 1 << 30)))


def test_a_list_of_pages_that_leads_back_ends_there():
    """A page that is followed by itself is one picture."""
    data = pages(FULL, COPY)
    at = tifffile.TiffFile(io.BytesIO(data)).pages[1].offset
    assert decode(data.replace(struct.pack("<L", at), data[4:8])).pixels.shape == (48, 64, 3)


def test_a_copy_of_an_unread_kind_before_the_picture_is_what_is_named():
    """It is not said of the picture that it is unusual."""
    data = pages(COPY, FULL)
    rgb, lab = (struct.pack("<HHLL", 262, 3, 1, kind) for kind in (2, 9))
    with pytest.raises(UnsupportedError, match="a smaller copy of an unusual kind before the pict"):
        decode(data.replace(rgb, lab, 1))


def test_a_mask_of_transparency_on_a_page_of_its_own_is_not_left_out():
    """It is no copy of the picture."""
    copy, mask = (struct.pack("<HHLL", 254, 4, 1, kind) for kind in (1, 4))
    with pytest.raises(UnsupportedError, match="several pages, which only"):
        decode(pages(FULL, COPY).replace(copy, mask))


def test_a_raw_that_begins_with_a_preview_is_still_a_raw():
    """A preview alone, a DNG, and a raw's suffix."""
    assert identify(pages(COPY)).format == "RAW"
    assert identify(dng(np.full((96, 128), 0.2))).format == "RAW"
    assert identify(pages(COPY, FULL), suffix=".nef").format == "RAW"
    assert identify(pages(COPY, FULL)).format == "TIFF"


def test_the_edges_thumbnail_is_left_out(shared_data):
    """Another program's file is one picture."""
    folder = shared_data / "edges/cases/tiff-thumbnail-page"
    found = decode((folder / "thumb_second.tif").read_bytes())
    assert found.pixels.shape == (48, 64, 3)
    assert found.metadata["notes"] == (NOTE,)
