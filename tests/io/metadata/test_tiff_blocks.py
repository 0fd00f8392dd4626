"""IPTC in TIFFs: in either of two tags, of whatever type, in any order of bytes."""

import hashlib
import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import pyvips
import tifffile
from pictures import dark_rgb
from PIL import Image, IptcImagePlugin
from tagged import CITY, IPTC, RESOURCES, UNEVEN, resource

from noiser.io.codecs.strips.reader import open_strips
from noiser.io.image_file import decode, encode
from noiser.io.limits import Limits
from noiser.io.metadata.standard.tiff_pages import stored
from noiser.io.output_options import without_location
from noiser.tools.inspect import describe

OWN, SHARED = 33723, 34377
PADDED = IPTC + bytes(-len(IPTC) % 4)
EVEN = UNEVEN + bytes(-len(UNEVEN) % 4)
LAYOUTS = [("<", False), (">", False), ("<", True)]


def tiff(*tags: tuple[int, str, bytes], order: str = "<", big: bool = False, deep: bool = False):
    """A TIFF with tags whose bytes lie as they are given, of a type of `struct`'s letter."""
    pixels = dark_rgb().astype(np.uint16) * 257 if deep else dark_rgb()
    extra = []
    for tag, letter, data in tags:
        count = len(data) // {"I": 4, "H": 2}.get(letter, 1)
        kind = {"B": 1, "U": 7, "I": 4, "H": 3}[letter]
        numbers = struct.unpack(f"{order}{count}{letter}", data) if letter in "IH" else data
        extra.append((tag, kind, count, numbers, True))
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, pixels, photometric="rgb", byteorder=order, bigtiff=big, extratags=extra
    )
    return buffer.getvalue()


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def turned(data: bytes) -> bytes:
    """Bytes in the other order, four at a time."""
    return struct.pack(f">{len(data) // 4}L", *struct.unpack(f"<{len(data) // 4}L", data))


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(("order", "big"), LAYOUTS)
@pytest.mark.parametrize(
    "tags",
    [
        [(OWN, "I", PADDED)],
        [(OWN, "I", turned(PADDED))],
        [(OWN, "H", PADDED)],
        [(SHARED, "U", RESOURCES)],
        [(SHARED, "B", RESOURCES)],
        [(SHARED, "I", RESOURCES + bytes(-len(RESOURCES) % 4))],
        [(OWN, "B", b"no record"), (SHARED, "U", RESOURCES)],
        [(OWN, "B", IPTC[:-3]), (SHARED, "U", RESOURCES)],
        [(OWN, "I", bytes(8)), (SHARED, "B", RESOURCES)],
        [(OWN, "I", PADDED), (SHARED, "U", b"no resources at all")],
        [(OWN, "I", PADDED), (SHARED, "U", RESOURCES[:60])],
        [(OWN, "B", IPTC), (SHARED, "U", resource(1028, b"no record"))],
    ],
)  # fmt: skip
def test_iptc_is_found_in_either_tag_of_whatever_type(tags, order, big, deep):
    """One of the two is sound: its bytes are the picture's IPTC, without a word."""
    photo = decode(tiff(*tags, order=order, big=big, deep=deep))
    assert photo.metadata["iptc"].rstrip(b"\0") == IPTC
    assert "notes" not in photo.metadata


@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("deep", [False, True])
def test_iptc_is_written_as_numbers_of_32_bits_that_others_read_as_bytes(deep, compression):
    """As Photoshop writes it: some cameras' programs take nothing else, and all take this."""
    photo = replace(
        decode(tiff((OWN, "B", UNEVEN), deep=deep)), encoding={"compression": compression}
    )
    data = encode(photo)
    assert len(UNEVEN) % 4
    assert stored(io.BytesIO(data), OWN) == (4, EVEN)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert file.pages[0].tags[OWN].value == EVEN
    assert pyvips.Image.new_from_buffer(data, "").get("iptc-data") == EVEN
    with Image.open(io.BytesIO(data)) as image:
        assert IptcImagePlugin.getiptcinfo(image)[2, 90] == CITY
    assert decode(data).metadata["iptc"] == UNEVEN


@pytest.mark.parametrize("deep", [False, True])
def test_a_digest_of_iptc_stays_true_where_padding_comes_and_goes(deep):
    """Of the bytes as they are stored; one that was never true stays as it is."""
    true, other = map(md5, (UNEVEN, b"another"))
    for before, padded in ((true, md5(EVEN)), (other, other)):
        shared = (SHARED, "U", resource(1061, before))
        written = encode(decode(tiff((OWN, "B", UNEVEN), shared, deep=deep)))
        assert stored(io.BytesIO(written), SHARED)[1] == resource(1061, padded)
        assert decode(written).metadata["resources"] == ((1061, before),)


@pytest.mark.parametrize("target", ["TIFF", "JPEG"])
@pytest.mark.parametrize("tag", [(OWN, "I", PADDED), (SHARED, "U", RESOURCES)])
def test_iptc_of_numbers_is_written_and_read_again(tag, target):
    """What is written has the caption in the way the format keeps it."""
    data = encode(decode(tiff(tag)), target)
    assert decode(data).metadata["iptc"] == IPTC


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("tag", [(OWN, "I", b"none of it is sound."), (SHARED, "U", b"nor this")])
def test_iptc_of_which_nothing_is_sound_gives_a_note(tag, deep):
    """A note says that it was left out, and the picture is read."""
    (note,) = decode(tiff(tag, deep=deep)).metadata["notes"]
    assert note in (
        "damaged IPTC: there is no dataset in it; it was left out",
        "damaged Photoshop resources: there is none in them; it was left out",
    )


@pytest.mark.parametrize("deep", [False, True])
def test_iptc_of_numbers_is_found_in_strips(deep, tmp_path):
    """The way of large pictures finds it too."""
    (tmp_path / "a.tif").write_bytes(tiff((OWN, "I", PADDED), order=">", deep=deep))
    with open_strips(tmp_path / "a.tif") as reader:
        assert reader.metadata["iptc"] == IPTC


@pytest.mark.parametrize("deep", [False, True])
def test_a_description_lists_iptc_of_numbers(deep, tmp_path):
    """`noiser info FILE` names the kind."""
    (tmp_path / "a.tif").write_bytes(tiff((OWN, "I", PADDED), deep=deep))
    assert "IPTC" in describe(tmp_path / "a.tif", Limits())["metadata"]


def test_the_edges_iptc_of_numbers_is_that_of_bytes(shared_data):
    """Another program's file of 32-bit numbers has the captions of its twin of bytes."""
    folder = shared_data / "edges/cases/tiff-iptc-long"
    numbers, twin = (decode((folder / f"i_{kind}.tif").read_bytes()) for kind in ("long", "byte"))
    assert numbers.metadata["iptc"] == twin.metadata["iptc"]


def test_a_place_goes_from_iptc_of_numbers():
    """The location can be stripped from it as from any."""
    photo = decode(tiff((OWN, "I", turned(PADDED))))
    assert CITY in photo.metadata["iptc"]
    assert CITY not in without_location(photo.metadata)["iptc"]
