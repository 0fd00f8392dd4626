"""IPTC: resources and datasets are handed on whole, or left out one by one."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture, saved
from PIL import Image, IptcImagePlugin
from tagged import CITY, DISTRICT, IPTC, RESOURCES, THUMBNAIL, dataset, resource, with_segments

from noiser.io.metadata import iptc


def pillows(data: bytes) -> dict:
    """Another reader's view of a JPEG."""
    return IptcImagePlugin.getiptcinfo(Image.open(io.BytesIO(data)))


def test_resources_are_taken_apart_and_put_together_again():
    found = iptc.resources(RESOURCES)
    assert [number for number, _ in found] == [1005, 1028, 1034, 1036]
    assert dict(found)[1036] == THUMBNAIL
    assert iptc.pack(found) == RESOURCES


def test_a_name_and_an_odd_length_are_skipped():
    named = b"8BIM" + struct.pack(">H", 1034) + b"\3abc" + struct.pack(">L", 1) + b"\1\0"
    assert iptc.resources(named + resource(1035, b"x")) == [(1034, b"\1"), (1035, b"x")]


def test_another_reader_finds_iptc_in_the_segments():
    data = with_segments(saved(picture(), "JPEG"), iptc.segments([(iptc.IPTC, IPTC)]))
    assert pillows(data)[2, 90] == CITY
    assert pillows(data)[2, 120] == b"A bridge"


def test_what_is_longer_than_a_segment_goes_into_several():
    many = [(4000, bytes(range(256)) * 600)]
    data = iptc.segments(many)
    joined, at = b"", 0
    while at < len(data):
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        assert data[at : at + 2] == b"\xff\xed"
        joined += data[at + 4 + len(iptc.APP13) : at + 2 + size]
        at += 2 + size
    assert iptc.resources(joined) == many


def test_places_go_and_all_others_stay():
    left = iptc.without_places(IPTC)
    assert CITY not in left
    assert DISTRICT not in left
    assert left == b"".join(
        [dataset(1, 90, b"\x1b%G"), dataset(2, 80, "Łucja".encode()), dataset(2, 120, b"A bridge")]
    )


def test_an_extended_dataset_is_read():
    long = bytes([0x1C, 2, 120]) + struct.pack(">HL", 0x8004, 40_000) + bytes(40_000)
    assert iptc.without_places(long + dataset(2, 90, CITY)) == long


@given(st.binary(max_size=60), st.integers(0, 90))
def test_damaged_data_is_never_more_than_it_was(noise, at):
    damaged = RESOURCES[:at] + noise + RESOURCES[at:]
    assert len(iptc.pack(iptc.resources(damaged))) <= len(damaged)
    assert len(iptc.without_places(IPTC[:at] + noise)) <= at + len(noise)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_resource_that_ends_early_is_left_out(cut):
    assert [number for number, _ in iptc.resources(RESOURCES[:-cut])] == [1005, 1028, 1034]
