"""Of a picture that is cut off anywhere, the rows that are there come out, and no others."""

import io
import zlib

import numpy as np
import pytest
from pictures import dark_rgb, picture, saved
from PIL import Image

from noiser.core.errors import DecodeError, LimitError
from noiser.io.codecs.png_chunks import SIGNATURE, chunk
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits
from noiser.io.photo import Photo
from noiser.io.salvage import salvaged
from noiser.io.salvage.jpeg_markers import read_stream

HEIGHT, WIDTH = 61, 90


def scene(mode="RGB"):
    """A picture of which no two rows are alike."""
    return picture(mode, HEIGHT, WIDTH)


def rest(data, limits=None):
    """The pixels that are left of a file, and what is said of them."""
    source = salvaged(identify(data, limits))
    return source.codec.decode(source).pixels, source.notes[-1]


def left_after(data):
    """As `rest`, but None where it says that no whole row is left."""
    try:
        return rest(data)[0]
    except DecodeError as error:
        if str(error) != "no whole row is left to be salvaged":
            raise
        return None


def cuts(data, start, step):
    """Files that end ever later; the last lacks two bytes."""
    return (data[:cut] for cut in [*range(start, len(data) - 2, step), len(data) - 2])


def pixels_at(data):
    """Where a JPEG's pixels begin."""
    return read_stream(data).scans[0].start


def part(data, share=2 / 3):
    """A file that ends in the middle of its pixels."""
    start = data.find(b"IDAT") + 4 if data.startswith(SIGNATURE) else pixels_at(data)
    return data[: start + int((len(data) - start) * share)]


JPEGS = {
    "420": ("RGB", {"subsampling": "4:2:0"}, 16),
    "422": ("RGB", {"subsampling": "4:2:2"}, 8),
    "444": ("RGB", {"subsampling": "4:4:4"}, 8),
    "420 optimized": ("RGB", {"subsampling": "4:2:0", "optimize": True}, 16),
    "422 optimized": ("RGB", {"subsampling": "4:2:2", "optimize": True}, 8),
    "gray": ("L", {}, 8),
    "CMYK": ("CMYK", {}, 8),
    "restarts": ("RGB", {"subsampling": "4:2:0", "restart_marker_blocks": 4}, 16),
    "restarts by rows": ("RGB", {"subsampling": "4:4:4", "restart_marker_rows": 1}, 8),
}
"""Kinds of pictures, how they are saved, and the rows of a unit."""


@pytest.mark.parametrize(("mode", "how", "unit"), JPEGS.values(), ids=JPEGS)
def test_a_jpeg_cut_anywhere_gives_its_own_rows(mode, how, unit):
    """Compared with the whole's pixels; where colours are smoothed, the last rows may differ."""
    data = saved(scene(mode), "JPEG", quality=80, **how)
    whole, heights = decode(data).pixels.astype(int), []

    for piece in cuts(data, pixels_at(data), 7):
        found = left_after(piece)
        if found is not None:
            heights.append(len(found))
            sure = len(found) if len(found) == HEIGHT else len(found) - unit // 8
            assert np.array_equal(found[:sure], whole[:sure])
    assert heights == sorted(heights)
    assert set(heights) == {*range(unit, HEIGHT, unit), HEIGHT}


def test_a_unit_that_is_there_is_given_whatever_comes_next():
    """Libjpeg looks ahead; without a guess of what follows it holds back what it has."""
    data = saved(scene("L"), "JPEG", quality=80, restart_marker_rows=1)
    rows = [data.find(b"\xff" + bytes([0xD0 + i]), pixels_at(data)) for i in range(7)]

    assert [len(left_after(data[:at])) for at in rows] == [8 * i for i in range(1, 8)]


def test_rows_of_one_tone_are_told_from_rows_that_are_not_there():
    """Whatever a decoder leaves where nothing came, a picture may hold."""
    for tone in (0, 128, 255):
        data = saved(Image.new("L", (640, 64), tone), "JPEG", optimize=True)
        start = pixels_at(data)
        heights = [len(found) for cut in range(start + 12, len(data) - 1)
                   if (found := left_after(data[:cut])) is not None]  # fmt: skip
        assert heights[0] < 64, tone
        assert heights[-1] == 64
        assert heights == sorted(heights)


def test_a_jpeg_that_lacks_its_end_only_is_whole():
    """And says so."""
    data = saved(scene(), "JPEG")

    pixels, note = rest(data[:-2])

    assert np.array_equal(pixels, decode(data).pixels)
    assert note == "cut off behind its last row: all 61 rows are there"


def test_zeros_that_were_reserved_for_what_never_came_are_no_data():
    """A download that was broken off may have its full length."""
    cut = part(saved(scene(), "PNG"))

    assert np.array_equal(rest(cut + bytes(5000))[0], rest(cut)[0])


def test_a_jpeg_with_its_end_is_not_cut_off():
    """A hole in the middle shifts what follows: no row behind it can be trusted."""
    data = saved(scene(), "JPEG")
    with pytest.raises(DecodeError, match=r"^it is not cut off, and only what is can be salvaged$"):
        salvaged(identify(part(data) + data[-40:]))


def test_what_ends_before_its_pixels_has_nothing_to_be_salvaged():
    """Not a header without a picture."""
    data = saved(scene(), "JPEG")
    with pytest.raises(DecodeError, match=r"^it ends before its pixels$"):
        salvaged(identify(data[: pixels_at(data) - 20]))


PROGRESSIVE = {
    "420": ("RGB", {"subsampling": "4:2:0"}, 16),
    "444": ("RGB", {"subsampling": "4:4:4"}, 8),
    "gray": ("L", {}, 8),
    "restarts": ("RGB", {"subsampling": "4:2:0", "restart_marker_blocks": 4}, 16),
    "restarts by rows": ("RGB", {"subsampling": "4:2:0", "restart_marker_rows": 1}, 16),
}


@pytest.mark.parametrize(("mode", "how", "unit"), PROGRESSIVE.values(), ids=PROGRESSIVE)
def test_a_progressive_jpeg_cut_in_its_first_scan_gives_the_rows_that_have_means(mode, how, unit):
    """Compared with libjpeg's own picture of the whole first scan, where no smoothing reaches."""
    data = saved(scene(mode), "JPEG", quality=80, progressive=True, **how)
    first = read_stream(data).scans[0]
    with Image.open(io.BytesIO(data[: first.stop] + b"\xff\xd9")) as image:
        whole = np.asarray(image)
    heights = []

    for cut in range(first.start + 4, first.stop + 1):
        found = left_after(data[:cut])
        if found is not None:
            heights.append(len(found))
            sure = max(len(found) - 2 * unit - 1, 0)
            assert np.array_equal(found[:sure], whole[:sure])
    assert heights == sorted(heights)
    assert set(heights) == {*range(unit, HEIGHT, unit), HEIGHT}


def test_the_means_of_a_scan_are_counted_to_the_byte():
    """A unit of gray that lacks one byte is not there; libjpeg would make it gray."""
    data = saved(scene("L"), "JPEG", quality=80, progressive=True, restart_marker_rows=1)
    scan = read_stream(data).scans[0]
    second = data.find(b"\xff\xd1", scan.start)

    assert len(left_after(data[:second])) == 16
    assert len(left_after(data[: second - 1])) == 8


def test_stuffed_bytes_are_no_part_of_the_means():
    """A byte of ones has a zero behind it, which says that it is no marker."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8)
    blocks = Image.fromarray(noise[::8, ::8]).resize((256, 256), Image.Resampling.NEAREST)
    data = saved(blocks, "JPEG", quality=95, progressive=True)
    scan = read_stream(data).scans[0]

    assert data.count(b"\xff\0", scan.start, scan.stop) > 2
    assert len(left_after(data[: scan.stop])) == 256
    assert len(left_after(data[: scan.stop - 2])) == 248


def test_the_sampling_of_a_single_component_means_nothing():
    """A unit of one component is one block (ITU-T T.81, A.2.2)."""
    data = saved(scene("L"), "JPEG", progressive=True)
    at = data.find(b"\xff\xc2") + 11
    scan = read_stream(data).scans[0]
    data = data[: (scan.start + scan.stop) // 2]
    assert data[at] == 0x11

    sampled = data[:at] + b"\x22" + data[at + 1 :]

    assert len(left_after(sampled)) == len(left_after(data)) > 0


def test_a_progressive_jpeg_cut_later_has_all_rows():
    """It is libjpeg's picture of what is there."""
    data = saved(scene(), "JPEG", quality=80, progressive=True)
    third = read_stream(data).scans[2]
    cut = data[: (third.start + third.stop) // 2]

    pixels, note = rest(cut)

    with Image.open(io.BytesIO(cut + b"\xff\xd9")) as image:
        assert np.array_equal(pixels, np.asarray(image))
    assert note == "cut off in scan 3: all 61 rows are there, in less detail"


def test_a_progressive_jpeg_without_all_of_its_colours_is_refused_in_a_sentence():
    """Gray would be invented for colour."""
    data = part(saved(scene("L"), "JPEG", progressive=True))
    at = data.find(b"\xff\xc2")
    frame = data[at : at + 13].replace(b"\x00\x0b", b"\x00\x11", 1)
    more = b"\x02\x11\x00\x03\x11\x00"
    colours = data[:at] + frame[:9] + b"\x03" + frame[10:] + more + data[at + 13 :]

    with pytest.raises(DecodeError, match=r"^it ends before each of its colours is there$"):
        salvaged(identify(colours))
    assert rest(data)[0].shape == (HEIGHT, WIDTH)


def test_a_jpeg_with_arithmetic_coding_is_refused_in_a_sentence():
    """Its decoder cannot wait for what never comes."""
    data = part(saved(scene(), "JPEG").replace(b"\xff\xc0", b"\xff\xc9", 1))
    with pytest.raises(DecodeError, match=r"^it is a JPEG of an unusual kind, which cannot be"):
        salvaged(identify(data))


PNGS = ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"]


@pytest.mark.parametrize("mode", PNGS)
def test_a_png_cut_anywhere_gives_its_own_rows(mode):
    """Exactly, whatever its depth."""
    data = saved(scene(mode), "PNG")
    whole, heights = decode(data).pixels, []

    for piece in cuts(data[:-24], data.find(b"IDAT") + 4, 31):
        found = left_after(piece)
        if found is not None:
            heights.append(len(found))
            assert np.array_equal(found, whole[: len(found)])
    assert heights == sorted(heights)
    assert heights[-1] >= HEIGHT - 2
    assert len(set(heights)) > 5


def test_a_png_of_deep_colour_keeps_its_depth():
    """Read by libvips, which tells nothing of half a file."""
    pytest.importorskip("pyvips")
    pixels = dark_rgb(HEIGHT, WIDTH).astype(np.uint16) * 251
    data = encode(Photo(pixels, "PNG"))

    found, _ = rest(data[: len(data) * 2 // 3])

    assert found.dtype == np.uint16
    assert 20 < len(found) < HEIGHT
    assert np.array_equal(found, pixels[: len(found)])


def test_a_png_with_a_wrong_checksum_is_trusted_up_to_it():
    """Damage is not always where the inflating stumbles."""
    rows = np.random.default_rng(0).integers(0, 60, (64, 96), np.uint8)
    header = (96).to_bytes(4, "big") + (64).to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    packed = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), 0)
    parts = [chunk(b"IDAT", packed[i : i + 970]) for i in range(0, len(packed), 970)]
    wrong = bytearray(parts[3])
    wrong[500] ^= 1
    data = b"".join([SIGNATURE, chunk(b"IHDR", header), *parts[:3], bytes(wrong), *parts[4:]])

    found, _ = rest(data)

    assert np.array_equal(found, rows[: len(found)])
    assert len(found) == (3 * 970 - 7) // 97


def test_chunks_before_the_pixels_stay():
    """So that colours and texts are as they were."""
    data = saved(scene("P"), "PNG", transparency=3, dpi=(72, 72))

    source = salvaged(identify(data[: len(data) - 200]))

    photo = source.codec.decode(source)
    assert photo.channels == 4
    assert photo.metadata["dpi"] == pytest.approx((72, 72), abs=0.01)


def test_an_interlaced_png_is_refused_in_a_sentence():
    """Its first rows are everywhere."""
    data = bytearray(saved(scene(), "PNG"))
    data[28] = 1
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(DecodeError, match=r"^it is interlaced, and such a PNG cannot be salvaged$"):
        salvaged(identify(bytes(data[:-100])))


def test_no_more_is_inflated_than_the_header_says():
    """A small file may hold gigabytes of zeros."""
    header = (8).to_bytes(4, "big") + (4).to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    bomb = zlib.compress(bytes(200 << 20))
    cut = chunk(b"IDAT", bomb)[:-100]

    source = salvaged(identify(SIGNATURE + chunk(b"IHDR", header) + cut))

    assert len(source.data) < 200
    assert source.codec.decode(source).pixels.shape == (4, 8)


@pytest.mark.parametrize(
    ("format_", "how"), [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {})]
)
def test_the_limits_hold_for_what_is_salvaged(format_, how):
    """By the size that the whole picture says it has."""
    data = part(saved(scene(), format_, **how), 0.1 if how else 0.6)
    with pytest.raises(LimitError, match="the limit is"):
        rest(data, Limits(max_pixels=HEIGHT * WIDTH - 1))
    rest(data, Limits(max_pixels=HEIGHT * WIDTH))


def test_other_formats_are_refused_in_a_sentence():
    """They would need other ways."""
    with pytest.raises(DecodeError, match=r"^only JPEG and PNG can be salvaged$"):
        salvaged(identify(saved(scene(), "BMP")[:-100]))


SIDES = {
    1: "rows are missing at the bottom", 2: "rows are missing at the bottom",
    3: "rows are missing at the top", 4: "rows are missing at the top",
    5: "columns are missing on the right", 6: "columns are missing on the left",
    7: "columns are missing on the left", 8: "columns are missing on the right",
}  # fmt: skip


@pytest.mark.parametrize(("orientation", "words"), SIDES.items())
@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_a_turned_picture_says_where_its_user_misses_something(orientation, words, format_):
    """Its pixels are part of the whole picture, at the other side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(scene(), format_, exif=exif, quality=95)
    whole = decode(data).pixels.astype(int)

    found, note = rest(part(data))

    assert words in note
    height, width = found.shape[:2]
    down = slice(-height, None) if "top" in words else slice(height)
    across = slice(-width, None) if "left" in words else slice(width)
    assert found.size < whole.size
    assert np.abs(found - whole[down, across]).max() <= (24 if format_ == "JPEG" else 0)


def test_a_thumbnail_is_not_taken_for_the_picture():
    """It is a whole JPEG inside of EXIF, with an end of its own."""
    small = saved(scene().resize((16, 16)), "JPEG")
    head = saved(scene(), "JPEG")
    body = b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0" + small
    data = head[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + head[2:]

    assert np.array_equal(rest(part(data))[0], rest(part(head))[0])
