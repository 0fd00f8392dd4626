"""EXIF: what is not changed stays byte for byte, and the maker note where it was."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tagged import LATITUDE, MAKER_NOTE, THUMBNAIL, exif_block

from noiser.core.errors import DecodeError
from noiser.io.limits import MEGA
from noiser.io.metadata import exif


def pillows(data: bytes) -> Image.Exif:
    """Another reader's view."""
    read = Image.Exif()
    read.load(data)
    return read


@pytest.mark.parametrize("order", ["<", ">"])
def test_another_reader_finds_all_tables_after_they_were_laid_out_again(order):
    before = exif_block(order)
    after = exif.serialize(exif.parse(before, MEGA))
    for tag in (0x8769, 0x8825):
        found = pillows(after).get_ifd(tag)
        wanted = pillows(before).get_ifd(tag)
        left = {40965}
        assert {k: v for k, v in found.items() if k not in left} == {
            k: v for k, v in wanted.items() if k not in left
        }
    assert pillows(after).get_ifd(40965) == {1: "R98"}
    assert pillows(after)[272] == "Camera of a long name"


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_maker_note_stays_where_it_was(order):
    """What it points to is counted from the start of the block."""
    before = exif_block(order)
    changed = exif.parse(before, MEGA).with_text(exif.SOFTWARE, "noiser " * 60)
    after = exif.serialize(changed)
    assert after.index(MAKER_NOTE) == before.index(MAKER_NOTE)
    assert pillows(after)[305] == ("noiser " * 60).rstrip("\0")


def test_the_thumbnail_of_the_dark_picture_stays_behind():
    assert THUMBNAIL in exif_block()
    after = exif.serialize(exif.parse(exif_block(), MEGA))
    assert THUMBNAIL not in after
    assert pillows(after).get_ifd(1) == {}


def test_a_tag_that_is_left_out_leaves_no_bytes_behind():
    block = exif.parse(exif_block(), MEGA)
    without = exif.Exif(block.order, block.main, block.camera, {}, block.interop, block.note_at)
    assert LATITUDE in exif_block()
    assert LATITUDE not in exif.serialize(without)


def test_a_number_is_read_and_written_in_the_blocks_own_byte_order():
    for order in "<>":
        block = exif.parse(exif_block(order, orientation=6), MEGA)
        assert block.number("main", exif.ORIENTATION) == 6
        again = exif.serialize(block.with_number("camera", exif.WIDTH, 70_000))
        assert pillows(again).get_ifd(0x8769)[40962] == 70_000


def test_an_empty_block_is_no_bytes():
    assert exif.serialize(exif.Exif()) == b""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"nonsense", "does not start as a TIFF file does"),
        (b"MM\0*", "does not start as a TIFF file does"),
        (b"MM\0*" + struct.pack(">L", 900), "a table lies outside of it"),
        (b"MM\0*" + struct.pack(">LH", 8, 900), "reaches beyond its end"),
    ],
)
def test_a_damaged_block_is_told_in_words(data, words):
    with pytest.raises(DecodeError, match=words):
        exif.parse(data, MEGA)


def test_a_value_outside_of_the_block_is_left_out_and_the_rest_is_read():
    entries = struct.pack(">HHLL", 271, 2, 900, 900) + struct.pack(">HHLHH", 274, 3, 1, 6, 0)
    block = exif.parse(b"MM\0*" + struct.pack(">LH", 8, 2) + entries + bytes(4), MEGA)
    assert set(block.main) == {274}


def test_values_that_share_one_place_many_times_are_refused():
    """A table of a megabyte could unfold to gigabytes."""
    entry = struct.pack(">HHLL", 271, 7, 1000, 0)
    data = b"MM\0*" + struct.pack(">LH", 8, 400) + entry * 400 + bytes(4)
    exif.parse(data, 400_000)
    with pytest.raises(DecodeError, match="unfolds to more than the limit allows"):
        exif.parse(data, 399_999)


def test_a_table_that_points_to_itself_ends():
    entry = struct.pack(">HHLL", 34665, 4, 1, 8)
    block = exif.parse(b"MM\0*" + struct.pack(">LH", 8, 1) + entry + bytes(4), MEGA)
    assert not block.main


@given(st.integers(0, 1400), st.binary(min_size=1, max_size=8))
def test_a_damaged_block_raises_nothing_else(at, noise):
    data = bytearray(exif_block())
    data[at : at + len(noise)] = noise
    try:
        block = exif.parse(bytes(data), MEGA)
    except DecodeError:
        return
    if block:
        exif.parse(exif.serialize(block), 2 * MEGA)
