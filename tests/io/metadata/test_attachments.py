"""What hangs behind a picture does not go without a word."""

import json

import pytest
from attached import CONTAINER, GAIN_MAP, directory, jpeg, listed, said
from click.testing import CliRunner
from tagged import segment, with_segments

from noiser.cli import group
from noiser.io.codecs.strips.reader import open_strips
from noiser.io.image_file import decode
from noiser.io.limits import Limits

ORDINARY = "the gain map was left out: the output is an ordinary picture"
GOPRO = "the data of a GoPro camera were left out"


def notes_on(data):
    """What is said of a file."""
    return decode(data).metadata.get("notes")


def packet_of(data):
    """XMP as it is handed on."""
    return decode(data).metadata["xmp"]


def has_gain_map(**options):
    """A JPEG whose XMP tells of a gain map, and has it in its list."""
    items = directory(("image/jpeg", "Primary", 0), ("image/jpeg", "GainMap", len(jpeg(1))))
    return listed(jpeg(1), kinds=[0], segments=[said(f"{GAIN_MAP} {CONTAINER}", items)], **options)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("others", "note"),
    [(1, "the second picture of 2 was left out"), (2, "pictures 2 to 3 were left out")],
)
def test_further_pictures_are_told_of(others, note, order):
    """Those of a stereo camera, or of a panorama."""
    assert notes_on(listed(*map(jpeg, range(1, 1 + others)), order=order)) == (note,)


def test_a_smaller_copy_of_the_picture_is_not_worth_a_word():
    """Many cameras list one for their screen; it would show the dark picture."""
    assert notes_on(listed(jpeg(1), kinds=[0x010002])) is None


def test_a_list_without_its_pictures_is_not_worth_a_word():
    """Another program dropped them before."""
    data = listed(jpeg(1))

    assert notes_on(data[: -len(jpeg(1))]) is None


@pytest.mark.parametrize("kind", ["MPF\0", "MPF\0II*\0", "MPF\0II*\0\x08\0\0\0\xff\xff"])
def test_a_damaged_list_names_no_pictures(kind):
    """It is metadata, and never stops a picture."""
    assert notes_on(with_segments(jpeg(), segment(0xE2, kind.encode("latin-1")))) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_gain_map_is_told_of_once(order):
    """It is no second picture beside."""
    assert notes_on(has_gain_map(order=order)) == (ORDINARY,)


@pytest.mark.parametrize(
    "mark",
    [
        said(GAIN_MAP),
        segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(40)),
        said('xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:Version="1"'),
    ],
)
def test_a_gain_map_that_only_itself_says_what_it_is_is_told_of(mark):
    """Adobe's and Google's, ISO's, and Apple's."""
    assert notes_on(listed(with_segments(jpeg(1), mark), kinds=[0])) == (ORDINARY,)


def test_a_gain_map_and_a_second_picture_are_both_told_of():
    """One of two is the gain map."""
    data = listed(with_segments(jpeg(1), said(GAIN_MAP)), jpeg(2), segments=[said(GAIN_MAP)])

    assert notes_on(data) == (ORDINARY, "the second picture of 2 was left out")


def test_xmp_does_not_claim_a_gain_map_that_is_gone():
    """What it says beside stays."""
    packet = packet_of(has_gain_map())

    assert b"hdrgm:Version" not in packet
    assert b"Container:" not in packet
    assert b'xmp:Rating="4"' in packet


@pytest.mark.parametrize(
    "claim",
    [
        'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:Claim="1"',
        'xmlns:Device="http://ns.google.com/photos/dd/1.0/device/" Device:Claim="1"',
        'xmlns:Op="http://ns.oplus.com/photos/1.0/camera/" Op:OLivePhotoClaim="1"',
    ],
)
def test_xmp_does_not_claim_what_other_makers_attach(claim):
    """Apple's gain map, Google's depth map, OPPO's film."""
    assert b"Claim" not in packet_of(with_segments(jpeg(), said(claim)))


@pytest.mark.parametrize(
    ("marker", "content", "note"),
    [
        (0xE6, b"GoPro\0" + bytes(40), GOPRO),
        (0xE6, b"GPMF" + bytes(40), GOPRO),
        (0xE1, b"FLIR\0\1\0\0" + bytes(40), "the thermal data of a FLIR camera were left out"),
        (0xE2, b"FPXR\0\0" + bytes(40), "FlashPix's data were left out"),
    ],
)
def test_segments_of_cameras_own_are_told_of_once(marker, content, note):
    """They may be many, of 64 KB each."""
    made = segment(marker, content)

    assert notes_on(with_segments(jpeg(), made, made)) == (note,)


def test_an_ordinary_jpeg_goes_without_a_word():
    """Also one that is filled up behind its end."""
    assert notes_on(jpeg()) is None
    assert notes_on(jpeg() + bytes(32)) is None


def test_strips_tell_of_it_too(tmp_path):
    """Where the picture is never whole in memory."""
    path = tmp_path / "x.jpg"
    path.write_bytes(has_gain_map())

    with open_strips(path, Limits(max_whole_pixels=100)) as reader:
        assert reader.metadata["notes"] == (ORDINARY,)


def test_an_mpo_becomes_a_jpg_with_a_note(tmp_path):
    """Its suffix would promise two pictures."""
    (tmp_path / "x.mpo").write_bytes(listed(jpeg(1)))
    ran = CliRunner().invoke(group, ["enhance", str(tmp_path / "x.mpo"), "--json"])
    told = json.loads(ran.stdout)["files"][0]

    assert told["message"] == "the second picture of 2 was left out"
    assert told["output"] == str(tmp_path / "x_enhanced.jpg")
    assert (tmp_path / "x_enhanced.jpg").read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("cases/attached-parts-silent/ultrahdr.jpg", ORDINARY),
        ("cases/attached-parts-silent/stereo.mpo", "the second picture of 2 was left out"),
        ("gainmap_mpo.jpg", "the second picture of 2 was left out"),
    ],
)
def test_the_files_that_went_silently_are_told_of(name, note, shared_data):
    """Those by which it was found."""
    assert notes_on((shared_data / "edges" / name).read_bytes()) == (note,)
