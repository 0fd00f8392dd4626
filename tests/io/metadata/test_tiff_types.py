"""Types: tags of a TIFF have the types that they had, in memory and in strips."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from tagged import full_exif, full_jpeg

from noiser.io.codecs.strips.layout import Layout
from noiser.io.codecs.strips.writer import write_strips
from noiser.io.image_file import decode, encode
from noiser.io.limits import MEGA
from noiser.io.metadata import exif
from noiser.io.metadata.standard.tiff_types import little_endian, mend

TYPES = {36864: 7, 37380: 10, 37500: 7, 37510: 7, 40960: 7, 41729: 7}
"""Of tags that Pillow takes for bytes or for fractions without sign."""


def tiffs(order: str) -> list[bytes]:
    """TIFFs of EXIF in an order of bytes: of 8 bits, of 16, and a BigTIFF."""
    photo = decode(full_jpeg())
    photo = replace(photo, metadata={"exif": full_exif(order)})
    deep = photo.pixels.astype(np.uint16) * 257
    big = io.BytesIO()
    layout = Layout("TIFF", 64, 48, 3, np.dtype(np.uint16), photo.metadata, {"bigtiff": True})
    write_strips(big, [deep], layout)
    return [encode(photo, "TIFF"), encode(replace(photo, pixels=deep), "TIFF"), big.getvalue()]


def types_of(data: bytes) -> dict[int, int]:
    """Another reader's view of the camera's table, whose place it tells."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        at, is_big = file.pages[0].tags[34665].valueoffset, file.is_bigtiff
    head, form = ("<Q", "<HHQQ") if is_big else ("<H", "<HHLL")
    (count,) = struct.unpack_from(head, data, at)
    start, step = at + struct.calcsize(head), struct.calcsize(form)
    rows = (struct.unpack_from(form, data, start + i * step) for i in range(count))
    return {tag: kind for tag, kind, _, _ in rows}


@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_are_written_and_read_with_their_types(order):
    """A comment is no numbers, and a correction of the exposure has a sign."""
    for data in tiffs(order):
        assert types_of(data).items() >= TYPES.items()
        block = exif.parse(decode(data).metadata["exif"], MEGA)
        assert {tag: block.camera[tag].type for tag in TYPES} == TYPES
        assert types_of(encode(decode(data))).items() >= TYPES.items()


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_comment_lies_in_the_order_of_its_file(order):
    """UTF-16 is turned with it."""
    for data in tiffs(order):
        assert b"UNICODE\0" + "née".encode("utf-16-le") in data


def test_a_comment_of_single_bytes_or_an_odd_length_is_not_turned():
    """Only UTF-16 has an order."""
    for text in (b"ASCII\0\0\0abcd", b"UNICODE\0abc"):
        block = exif.Exif(">", {}, {37510: exif.Value(7, text)})
        assert little_endian(block).camera[37510].data == text


def test_a_file_of_the_other_order_is_left_alone():
    """Libtiff writes such where a machine has it."""
    data = bytearray(full_exif(">").removeprefix(exif.HEADER))
    before = bytes(data)
    mend(memoryview(data), before)
    assert bytes(data) == before
