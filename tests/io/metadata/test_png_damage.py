"""Damaged chunks of a PNG that are not the picture: left out, with a note."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from click.testing import CliRunner
from pictures import dark_rgb, picture, saved
from PIL import Image, PngImagePlugin

from noiser.cli import group
from noiser.core.errors import DecodeError
from noiser.io.codecs.png_chunks import chunk, chunks
from noiser.io.codecs.strips.reader import open_strips
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.io.metadata.png import damage as png_damage

STRIPS = Limits(max_whole_pixels=100)
PROFILE = b"name\0\0" + zlib.compress(b"a profile")
SOUND = {
    b"tEXt": b"Title\0A bridge",
    b"zTXt": b"Title\0\0" + zlib.compress(b"A bridge"),
    b"iTXt": b"Title\0\0\0en\0\0A bridge",
    b"eXIf": b"MM\0*\0\0\0\x08\0\0\0\0\0\0",
    b"pHYs": struct.pack(">LLB", 11811, 11811, 1),
    b"tIME": bytes([7, 230, 11, 1, 20, 0, 0]),
    b"gAMA": struct.pack(">L", 45455),
    b"cHRM": struct.pack(">8L", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"iCCP": PROFILE,
    b"sRGB": b"\0",
    b"cICP": bytes([1, 13, 0, 1]),
    b"bKGD": bytes(6),
    b"prVt": b"a program's own",
}
"""Contents of chunks that are not the picture."""


def wrong_checksum(name, content):
    """A chunk of which a bit of the content was turned."""
    made = bytearray(chunk(name, content))
    made[8] ^= 1
    return bytes(made)


def wrong_length(by):
    """A maker of chunks that say another length than they have."""

    def make(name, content):
        return struct.pack(">L", max(len(content) + by, 0)) + chunk(name, content)[4:]

    return make


DAMAGES = {
    "wrong checksum": wrong_checksum,
    "too long": wrong_length(5),
    "much too long": wrong_length(1 << 28),
    "too short": wrong_length(-1),
    "cut content": lambda name, content: chunk(name, content)[:-5],
}


def plain(depth=8):
    """A PNG of 8 bits through Pillow, or of 16 through libvips."""
    if depth == 8:
        return saved(Image.fromarray(dark_rgb()), "PNG")
    rows = dark_rgb().astype(">u2") * 257
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">LLBBBBB", 16, 12, 16, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def before_pixels(data, *made):
    """Put chunks between the header and the pixels."""
    return data[:33] + b"".join(made) + data[33:]


def behind_pixels(data, *made):
    """Put chunks before the end."""
    return data[:-12] + b"".join(made) + data[-12:]


def in_strips(tmp_path, data):
    """Pixels and metadata as the strips have them."""
    path = tmp_path / "x.png"
    path.write_bytes(data)
    with open_strips(path, STRIPS) as reader:
        return np.concatenate([s.pixels[s.region] for s in reader.strips(0)]), reader.metadata


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", SOUND)
def test_a_damaged_chunk_costs_itself_alone(name, damage, depth):
    """The picture is the one without the chunk, and a note names it."""
    data = plain(depth)
    photo = decode(before_pixels(data, DAMAGES[damage](name, SOUND[name])))

    np.testing.assert_array_equal(photo.pixels, decode(data).pixels)
    note = f"the PNG's chunk {name.decode()} is damaged; it was left out"
    assert photo.metadata == {"notes": (note,)}


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", SOUND)
def test_a_damaged_chunk_costs_itself_alone_in_strips(name, damage, depth, tmp_path):
    """The same pixels and note where the picture is never whole in memory."""
    data = plain(depth)
    pixels, metadata = in_strips(tmp_path, before_pixels(data, DAMAGES[damage](name, SOUND[name])))

    np.testing.assert_array_equal(pixels, decode(data).pixels)
    note = f"the PNG's chunk {name.decode()} is damaged; it was left out"
    assert metadata == {"notes": (note,)}


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_chunk_behind_the_pixels_is_left_out_too(damage, depth, tmp_path):
    """A decoder that has its pixels reads on."""
    data = behind_pixels(plain(depth), DAMAGES[damage](b"tEXt", SOUND[b"tEXt"]))
    photo = decode(data)

    np.testing.assert_array_equal(photo.pixels, decode(plain(depth)).pixels)
    note = "the PNG's chunk tEXt is damaged; it was left out"
    assert photo.metadata == {"notes": (note,)}
    assert in_strips(tmp_path, data)[1] == photo.metadata


@pytest.mark.parametrize("depth", [8, 16])
def test_a_file_that_breaks_off_in_a_text_behind_the_pixels_has_its_picture(depth, tmp_path):
    """All of the picture came over."""
    data = behind_pixels(plain(depth), chunk(b"tEXt", b"Title\0" + b"A bridge" * 9))[:-40]
    photo = decode(data)

    np.testing.assert_array_equal(photo.pixels, decode(plain(depth)).pixels)
    assert photo.metadata == {"notes": ("the PNG's chunk tEXt is damaged; it was left out",)}
    np.testing.assert_array_equal(in_strips(tmp_path, data)[0], photo.pixels)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"iCCP", b"name\0\1" + PROFILE[6:]),
        (b"iCCP", b"a name without an end"),
        (b"iCCP", b"name\0"),
        (b"zTXt", b"Title\0\7" + zlib.compress(b"A bridge")),
        (b"gAMA", b"\0\0"),
        (b"cHRM", bytes(16)),
        (b"pHYs", bytes(8)),
        (b"sRGB", b""),
        (b"cICP", bytes(3)),
        (b"tIME", bytes(6)),
    ],
)
def test_what_no_checksum_tells_is_damage_too(name, content, tmp_path):
    """An unknown method, no end of a name, a wrong length: written so, with its checksum."""
    data = before_pixels(plain(), chunk(name, content))
    photo = decode(data)

    np.testing.assert_array_equal(photo.pixels, dark_rgb())
    note = f"the PNG's chunk {name.decode()} is damaged; it was left out"
    assert photo.metadata == {"notes": (note,)}
    assert in_strips(tmp_path, data)[1] == photo.metadata


@pytest.mark.parametrize("depth", [8, 16])
def test_a_profile_that_cannot_be_unpacked_is_told_of(depth, tmp_path):
    """It was left out without a word."""
    data = before_pixels(plain(depth), chunk(b"iCCP", b"name\0\0no stream of zlib's"))
    photo = decode(data)

    np.testing.assert_array_equal(photo.pixels, decode(plain(depth)).pixels)
    assert photo.metadata == {"notes": ("a damaged colour profile; it was left out",)}
    assert in_strips(tmp_path, data)[1] == photo.metadata


def test_several_damaged_chunks_are_named_in_one_note():
    """The sound ones among them stay."""
    damaged = [wrong_checksum(name, SOUND[name]) for name in (b"gAMA", b"tIME", b"tEXt")]
    data = before_pixels(plain(), *damaged[:2], chunk(b"pHYs", SOUND[b"pHYs"]), damaged[2])
    metadata = decode(data).metadata

    assert metadata["notes"] == (
        "the PNG's chunks gAMA, tIME, tEXt are damaged; they were left out",
    )
    assert metadata["dpi"] == pytest.approx((300, 300), abs=0.01)


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE", b"IDAT", b"tRNS"])
def test_a_damaged_picture_is_refused(name, tmp_path):
    """Header, colours, pixels and transparency: without them it would be another picture."""
    data = saved(picture("P"), "PNG", transparency=3)
    parts = [wrong_checksum(*c) if c[0] == name else chunk(*c) for c in chunks(data)]
    data = data[:8] + b"".join(parts)

    with pytest.raises(DecodeError):
        decode(data)
    with pytest.raises(DecodeError):
        in_strips(tmp_path, data)


def test_transparency_whose_name_was_damaged_is_refused():
    """Its checksum tells that it was not the chunk that its name says now."""
    data = saved(picture("P"), "PNG", transparency=3)
    assert b"tRNS" in data

    with pytest.raises(DecodeError):
        decode(data.replace(b"tRNS", b"tRNs"))


def test_sound_files_are_taken_as_they_are():
    """No chunk of them is damaged, whatever they hold."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "IDAT tEXt " * 99)
    made = [chunk(name, content) for name, content in SOUND.items()]
    for data in (plain(), plain(16), saved(picture("P"), "PNG", transparency=3, pnginfo=info)):
        assert png_damage.damaged(io.BytesIO(before_pixels(data, *made))) == []
        assert png_damage.damaged(io.BytesIO(behind_pixels(data, *made))) == []


def test_a_spliced_file_is_read_and_sought_as_the_bytes_that_are_left():
    """Across its seams, from the end, and beyond it."""
    data = bytes(range(100))
    left = data[:10] + data[20:50] + data[60:]
    file = png_damage.Spliced(io.BytesIO(data), [(b"tEXt", 10, 20), (b"tEXt", 50, 60)])

    assert file.read(25) == left[:25]
    assert file.seek(-5, 1) == 20
    assert file.read(30) == left[20:50]
    assert file.seek(-3, 2) == len(left) - 3
    assert file.readall() == left[-3:]
    assert file.read(1) == b""
    file.seek(0)
    assert file.readall() == left


def test_the_command_line_tells_of_it(tmp_path):
    """On stderr, and to machines; `info` tells it, too."""
    path = tmp_path / "x.png"
    path.write_bytes(before_pixels(plain(), wrong_checksum(b"pHYs", SOUND[b"pHYs"])))
    ran = CliRunner().invoke(group, ["enhance", str(path), "--json"])
    note = "the PNG's chunk pHYs is damaged; it was left out"

    assert json.loads(ran.stdout)["files"][0]["message"] == note
    assert f"{path}: {note}" in ran.stderr
    described = CliRunner().invoke(group, ["info", str(path), "--json"])
    assert json.loads(described.stdout)["notes"] == [note]


@pytest.mark.parametrize("name", ["tEXt", "pHYs"])
def test_the_files_that_were_refused_are_read(name, shared_data):
    """Those by which it was found."""
    data = (shared_data / "edges/cases/png-ancillary-damage" / f"{name}_bad.png").read_bytes()

    assert decode(data).metadata["notes"] == (
        f"the PNG's chunk {name} is damaged; it was left out",
    )
