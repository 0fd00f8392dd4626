"""XMP: properties change one by one, prefixes stay, and a hostile packet is refused."""

import io
import struct
from xml.etree import ElementTree

import pytest
from pictures import picture, saved
from PIL import Image
from tagged import CITY, COORDINATE, DISTRICT, segment, with_segments, xmp_packet

from noiser.core.errors import DecodeError
from noiser.io.limits import MEGA
from noiser.io.metadata import xmp, xmp_jpeg


def test_a_packet_that_needs_no_change_stays_byte_for_byte():
    packet = xmp_packet()
    assert xmp.edited(packet, lambda *_: False) is packet


def test_what_another_reader_finds_is_the_same_but_for_what_was_changed():
    """ElementTree's view, with namespaces."""
    packet = xmp_packet(6)
    after = xmp.edited(packet, xmp.is_attached, {(xmp.TIFF, "Orientation"): "1"})
    before, found = (ElementTree.fromstring(p.decode()) for p in (packet, after))  # noqa: S314
    for root, orientation, thumbnails in ((before, "6", 1), (found, "1", 0)):
        description = root[0][0]
        assert description.attrib.pop(f"{{{xmp.TIFF}}}Orientation") == orientation
        stale = description.findall(f"{{{xmp.BASIC}}}Thumbnails")
        assert len(stale) == thumbnails
        for element in stale:
            description.remove(element)
    assert canonical(found) == canonical(before)


def canonical(root):
    return ElementTree.canonicalize(ElementTree.tostring(root, "unicode"), strip_text=True)


def test_prefixes_stay_as_they_were_written():
    after = xmp.edited(xmp_packet(6), xmp.is_attached)
    for name in (b"tiff:Orientation", b"xml:lang", b"rdf:li", b"x:xmpmeta", b"xmlns:exif"):
        assert name in after


def test_places_go_wherever_they_stand():
    after = xmp.edited(xmp_packet(), xmp.is_place)
    for words in (CITY, DISTRICT, COORDINATE, b"GPS"):
        assert words in xmp_packet()
        assert words not in after
    assert b"A &lt;bridge&gt; &amp; more" in after
    assert b"rdf:Alt" in after


@pytest.mark.parametrize(
    ("namespace", "name", "wanted"),
    [
        ("http://www.dji.com/drone-dji/1.0/", "GpsLongitude", True),
        ("http://www.w3.org/2003/01/geo/wgs84_pos#", "lat", True),
        (xmp.RDF, "Alt", False),
        ("http://purl.org/dc/elements/1.1/", "title", False),
    ],
)
def test_a_place_is_told_by_its_name(namespace, name, wanted):
    assert xmp.is_place(namespace, name) is wanted


@pytest.mark.parametrize(
    ("namespace", "name", "wanted"),
    [
        ("http://ns.adobe.com/hdr-gain-map/1.0/", "Version", True),
        ("http://ns.google.com/photos/1.0/camera/", "MicroVideoOffset", True),
        (xmp.BASIC, "Thumbnails", True),
        (xmp.BASIC, "Rating", False),
    ],
)
def test_what_is_attached_to_the_file_is_told_by_its_name(namespace, name, wanted):
    """Gain maps and videos stay behind, so nothing may announce them."""
    assert xmp.is_attached(namespace, name) is wanted


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"<!DOCTYPE a><a/>", "a document type"),
        (b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "a document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "a document type"),
        ("<!DOCTYPE a><a/>".encode("utf-16"), "a document type"),
        (b"<a><b></a>", "not well-formed"),
        (b"<a>&unknown;</a>", "not well-formed"),
        (b"<a>" * 65 + b"</a>" * 65, "more than 64 levels"),
        (b"\xff\xfe\xfa", "not well-formed"),
    ],
)
def test_hostile_packets_are_refused_in_words(packet, words):
    with pytest.raises(DecodeError, match=words):
        xmp.parse(packet)


def test_as_many_levels_as_the_limit_pass():
    xmp.parse(b"<a>" * 64 + b"</a>" * 64)


LONG = xmp_packet(extra=f"<xmp:Depth>{'QUJD' * 60_000}</xmp:Depth>")


def test_a_long_packet_is_split_and_joined_again():
    """As Adobe writes it: a packet of at most 64 KB, and the rest in pieces."""
    data = with_segments(saved(picture(), "JPEG"), xmp_jpeg.split(LONG))
    parts = [content for kind, content in Image.open(io.BytesIO(data)).applist if kind == "APP1"]
    assert len(parts) > 4
    assert b"HasExtendedXMP" in parts[0]
    joined = xmp_jpeg.joined(parts, MEGA)
    for name in ("Depth", "Rating"):
        assert (
            xmp.properties(xmp.parse(joined), xmp.BASIC)[name]
            == (xmp.properties(xmp.parse(LONG), xmp.BASIC)[name])
        )
    assert b"HasExtendedXMP" not in joined


def test_an_attribute_that_is_long_is_moved_too():
    packet = xmp_packet().replace(b'xmp:Rating="5"', b'xmp:Rating="' + b"5" * 80_000 + b'"')
    data = with_segments(saved(picture(), "JPEG"), xmp_jpeg.split(packet))
    parts = [content for kind, content in Image.open(io.BytesIO(data)).applist if kind == "APP1"]
    joined = xmp_jpeg.joined(parts, MEGA)
    assert xmp.properties(xmp.parse(joined), xmp.BASIC)["Rating"] == "5" * 80_000


def test_a_rest_of_which_a_part_is_missing_is_refused():
    data = xmp_jpeg.split(LONG)
    at = data.rindex(b"\xff\xe1")
    read = Image.open(io.BytesIO(with_segments(saved(picture(), "JPEG"), data[:at])))
    with pytest.raises(DecodeError, match="a part is missing"):
        xmp_jpeg.joined([content for _, content in read.applist], MEGA)


def test_a_rest_above_the_limit_is_refused():
    read = Image.open(io.BytesIO(with_segments(saved(picture(), "JPEG"), xmp_jpeg.split(LONG))))
    with pytest.raises(DecodeError, match="XMP of more than 1000 bytes"):
        xmp_jpeg.joined([content for _, content in read.applist], 1000)


def test_pieces_of_another_packet_are_left_alone():
    stray = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">LL", 4, 0) + b"<a/>"
    data = with_segments(saved(picture(), "JPEG"), xmp_jpeg.split(LONG), segment(0xE1, stray))
    read = Image.open(io.BytesIO(data))
    joined = xmp_jpeg.joined([content for _, content in read.applist], MEGA)
    assert b"QUJDQUJD" in joined
