"""Output options: what the user strips is gone to the last byte, and nothing else is."""

import io
import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import picture, saved
from PIL import Image, PngImagePlugin
from tagged import (
    CITY,
    COORDINATE,
    DISTRICT,
    IPTC,
    LATITUDE,
    MAKER_NOTE,
    dataset,
    everything,
    exif_block,
    resource,
    segment,
    with_segments,
    xmp_packet,
)

from noiser.engine.enhancer import Enhancer
from noiser.io.codecs.strips import reader as strip_reader
from noiser.io.color.profiles import ADOBE_RGB, SRGB
from noiser.io.image_file import decode
from noiser.io.limits import MEGA, Limits
from noiser.io.metadata import exif, xmp
from noiser.io.metadata.embedded_settings import from_xmp, settings_of
from noiser.io.output_options import OutputOptions
from noiser.jobs.gigapixel import enhance_file
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions
from noiser.look.looks import NATURAL
from noiser.tools.inspect import describe, settings_in

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"]
IN_STRIPS = ["JPEG", "PNG", "TIFF"]
PLACES = [LATITUDE, COORDINATE, CITY, DISTRICT, b"GPS", MAKER_NOTE[:12]]


def treatment(**choices) -> JobOptions:
    return JobOptions(Enhancer(threads=1), output=OutputOptions(**choices))


def delivered(data: bytes, **choices) -> bytes:
    return enhance_bytes(data, treatment(**choices))[0]


def delivered_in_strips(data: bytes, folder: Path, **choices) -> bytes:
    (folder / "in").write_bytes(data)
    enhance_file(folder / "in", folder / "out", treatment(**choices))
    return (folder / "out").read_bytes()


@pytest.fixture(autouse=True)
def _strips_of_sixteen_rows(monkeypatch):
    monkeypatch.setattr(strip_reader, "STRIP_PIXELS", 1)


def unfolded(data: bytes) -> bytes:
    """All bytes of a file, and what its PNG chunks hold compressed or as digits."""
    made = data
    at = 8
    while data[:4] == b"\x89PNG" and at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        content = data[at + 8 : end - 4]
        if data[at + 4 : at + 8] == b"zTXt":
            text = zlib.decompress(content.partition(b"\0\0")[2])
            made += text + bytes.fromhex("".join(text.decode("latin-1").split("\n")[3:]) or "")
        at = end
    return made


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_no_byte_of_the_place_is_left_in_any_format(source, target):
    data = everything(source)
    found = unfolded(delivered(data, format=target, metadata="no-location"))
    assert [words for words in PLACES if words in unfolded(data)]
    assert [words for words in PLACES if words in found] == []


@pytest.mark.parametrize("format_", IN_STRIPS)
def test_no_byte_of_the_place_is_left_in_strips(tmp_path, format_):
    found = delivered_in_strips(everything(format_), tmp_path, metadata="no-location")
    assert [words for words in PLACES if words in unfolded(found)] == []


def test_all_else_stays_when_the_place_goes():
    found = decode(delivered(everything(), metadata="no-location")).metadata
    block, before = (exif.parse(b, MEGA) for b in (found["exif"], exif_block(width=64, height=48)))
    assert block.camera == {k: v for k, v in before.camera.items() if k != exif.MAKER_NOTE}
    assert found["iptc"] == IPTC.replace(dataset(2, 90, CITY), b"").replace(
        dataset(2, 92, DISTRICT), b""
    )
    assert xmp.properties(xmp.parse(found["xmp"]), xmp.BASIC)["Rating"] == "5"
    assert found["dpi"] == (300, 300)
    assert found["comment"] == b"a comment"


def test_the_place_stays_when_nothing_is_stripped():
    """The guard of the tests above: what they look for is there otherwise."""
    found = delivered(everything())
    assert [words for words in PLACES if words not in found] == []


@pytest.mark.parametrize("format_", FORMATS)
def test_stripped_metadata_are_gone_but_for_the_profile(format_):
    data = everything(format_, 6, icc_profile=SRGB)
    photo, before = decode(delivered(data, metadata="none")), decode(data)
    assert photo.metadata.keys() - {"dpi"} == {"icc_profile"}  # JFIF has a density of 1
    assert photo.pixels.shape == before.pixels.shape == (64, 48, 3)
    for words in (b"Maker", b"Rating", CITY, b"A bridge", b"a comment"):
        assert words not in unfolded(delivered(data, metadata="none"))


def test_stripped_metadata_leave_the_orientation_of_pixels_that_are_not_turned(tmp_path):
    found = delivered_in_strips(everything("JPEG", 6), tmp_path, metadata="none")
    tags = Image.open(io.BytesIO(found)).getexif()
    assert dict(tags) == {274: 6, 282: 72, 283: 72, 296: 2, 531: 1}  # EXIF's least, and no more
    assert decode(found).metadata.keys() <= {"dpi", "exif"}


@pytest.mark.parametrize("format_", FORMATS)
def test_the_software_is_noted_on_request_only(format_):
    data = everything(format_)
    assert b"noiser 0." not in delivered(data)
    assert (
        Image.open(io.BytesIO(delivered(data, software=True)))
        .getexif()[305]
        .startswith("noiser 0.")
    )
    block = exif.parse(decode(delivered(data, software=True)).metadata["exif"], MEGA)
    assert block.main[271].data == b"Maker\0"


def test_the_software_can_be_noted_where_all_else_is_stripped():
    found = decode(delivered(everything(), software=True, metadata="none")).metadata
    assert exif.parse(found["exif"], MEGA).main.keys() == {305, 282, 283, 296, 531}


@pytest.mark.parametrize("format_", FORMATS)
def test_settings_are_written_and_read_from_every_format(tmp_path, format_):
    settings = settings_of("natural", replace(NATURAL, color=0.25))
    (tmp_path / "made").write_bytes(delivered(everything(format_), settings=settings))
    assert settings_in(tmp_path / "made", Limits()) == settings
    facts = describe(tmp_path / "made", Limits())
    assert facts["settings"]["knobs"]["color"] == 0.25
    assert (facts["format"], facts["width"], facts["height"], facts["bits"]) == (format_, 64, 48, 8)
    json.dumps(facts)


@pytest.mark.parametrize("format_", IN_STRIPS)
def test_settings_are_written_in_strips(tmp_path, format_):
    settings = settings_of("natural", NATURAL)
    made = delivered_in_strips(everything(format_), tmp_path, settings=settings)
    packet = decode(made).metadata["xmp"]
    assert from_xmp(packet) == settings
    assert xmp.properties(xmp.parse(packet), xmp.BASIC)["Rating"] == "5"


def test_no_settings_are_written_without_request():
    assert from_xmp(decode(delivered(everything())).metadata["xmp"]) is None


@pytest.mark.parametrize("format_", FORMATS)
def test_the_output_says_the_same_in_whole_and_after_a_second_time(format_):
    """Metadata settle: what was handed on once is handed on again byte for byte."""
    first = decode(delivered(everything(format_, 6))).metadata
    again = decode(delivered(delivered(everything(format_, 6)))).metadata
    assert again == first


@pytest.mark.parametrize("format_", IN_STRIPS)
def test_strips_hand_on_what_the_whole_does(tmp_path, format_):
    data = everything(format_, icc_profile=ADOBE_RGB)
    whole = decode(delivered(data)).metadata
    in_strips = decode(delivered_in_strips(data, tmp_path)).metadata
    assert in_strips == whole


@pytest.mark.parametrize("profile", [None, ADOBE_RGB, SRGB])
@pytest.mark.parametrize("target", ["keep", "srgb"])
@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_strips_have_the_colours_of_the_whole(tmp_path, profile, target, format_):
    data = everything(format_, icc_profile=profile)
    whole = decode(delivered(data, profile=target))
    in_strips = decode(delivered_in_strips(data, tmp_path, profile=target))
    np.testing.assert_array_equal(in_strips.pixels, whole.pixels)
    wanted = SRGB if target == "srgb" else profile
    assert in_strips.metadata.get("icc_profile") == whole.metadata.get("icc_profile") == wanted


def test_exif_names_no_other_space_once_the_picture_is_srgb():
    block = exif.parse(exif_block().replace(b"R98", b"R03"), MEGA)
    data = saved(picture(), "JPEG", exif=exif.serialize(block.with_number("camera", 40961, 65535)))
    found = decode(delivered(data, profile="srgb")).metadata
    after = exif.parse(found["exif"], MEGA)
    assert (after.interop, after.number("camera", 40961)) == ({}, 1)
    assert found["icc_profile"] == SRGB


def test_what_could_not_be_kept_is_said():
    broken = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<a>")
    data = with_segments(saved(picture(), "JPEG", comment=b"a comment"), broken)
    *_, note = enhance_bytes(data, treatment(format="WEBP"))
    assert note == (
        "XMP that is not well-formed: no element found: line 1, column 3; it was left out; "
        "the comment is left out, which WEBP cannot hold"
    )


def test_a_text_that_names_a_place_goes_by_its_name():
    text = PngImagePlugin.PngInfo()
    text.add_text("GPSLatitude", "51.48")
    text.add_text("Title", "A bridge")
    found = decode(delivered(saved(picture(), "PNG", pnginfo=text), metadata="no-location"))
    assert found.metadata["text"] == ((b"tEXt", b"Title\0A bridge"),)


def test_xmp_of_a_drone_loses_its_coordinates():
    packet = xmp_packet(
        extra="<d:GpsLatitude xmlns:d='http://www.dji.com/drone-dji/1.0/'>51.48</d:GpsLatitude>"
    )
    found = delivered(saved(picture(), "JPEG", xmp=packet), metadata="no-location")
    assert b"51.48" in saved(picture(), "JPEG", xmp=packet)
    assert b"51.48" not in found


def test_of_photoshops_resources_only_those_stay_that_name_no_place():
    unknown = resource(4000, b"a view of " + CITY) + resource(1034, b"\1")
    data = with_segments(saved(picture(), "JPEG"), segment(0xED, b"Photoshop 3.0\0" + unknown))
    assert CITY in delivered(data)
    found = delivered(data, metadata="no-location")
    assert CITY not in found
    assert decode(found).metadata["resources"] == ((1034, b"\1"),)
