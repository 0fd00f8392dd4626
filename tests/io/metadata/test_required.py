"""Required tags: a JPEG's EXIF and a TIFF's tags have what their standards demand."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tifffile
from pictures import picture, saved
from PIL import Image
from tagged import exif_block, full_exif

from noiser.engine.enhancer import Enhancer
from noiser.io.codecs.raw import of_a_raw
from noiser.io.color.profiles import ADOBE_RGB, SRGB
from noiser.io.image_file import decode, encode
from noiser.io.limits import MEGA
from noiser.io.metadata import exif
from noiser.io.metadata.exif import Exif, Value
from noiser.jobs.gigapixel import enhance_file
from noiser.jobs.options import JobOptions

OTHERS = ["PNG", "WEBP", "AVIF", "HEIC"]


def picture_file(format_: str, block: bytes, **options: Any) -> bytes:
    """A file with EXIF; a HEIC is made of a PNG."""
    if format_ == "HEIC":
        return encode(decode(picture_file("PNG", block, **options)), "HEIC")
    return saved(picture(height=48, width=64), format_, exif=block, **options)


def block_in(data: bytes) -> Exif:
    """EXIF as the file has it: another reader finds its bytes."""
    with Image.open(io.BytesIO(data)) as image:
        return exif.parse(image.info["exif"], MEGA)


def numbers(block: Exif, *tags: int) -> list[int | None]:
    return [block.number("main", tag) or block.number("camera", tag) for tag in tags]


@pytest.mark.parametrize("format_", OTHERS)
def test_exif_of_another_format_gets_what_a_jpeg_needs(format_):
    """Resolution, place of chroma, versions, components, colour space and size."""
    bare = Exif(">", {271: Value(2, b"Maker\0")}, {33437: Value(5, bytes(7) + b"\1")}, PLACE)
    block = block_in(encode(decode(picture_file(format_, exif.serialize(bare))), "JPEG"))
    assert numbers(block, 531, 296, 40961, 40962, 40963) == [1, 2, 1, 64, 48]
    assert fractions(block, 282, 283) == [72, 72]
    assert {tag: block.camera[tag].data for tag in (36864, 37121, 40960)} == {
        36864: b"0232", 37121: b"\1\2\3\0", 40960: b"0100",
    }  # fmt: skip
    assert block.place[0].data == b"\2\3\0\0"
    assert block.main[271].data == b"Maker\0"


PLACE = {1: Value(2, b"N\0")}


def fractions(block: Exif, *tags: int) -> list[float]:
    code = "little" if block.order == "<" else "big"
    halves = [(block.main[t].data[:4], block.main[t].data[4:]) for t in tags]
    return [int.from_bytes(a, code) / int.from_bytes(b, code) for a, b in halves]


def test_tables_that_are_not_there_are_not_made():
    """EXIF without the camera's table, or none at all, is no reason to write one."""
    main = Exif(">", {271: Value(2, b"Maker\0")})
    block = block_in(encode(decode(picture_file("PNG", exif.serialize(main))), "JPEG"))
    assert (block.camera, block.place) == ({}, {})
    with Image.open(io.BytesIO(encode(decode(saved(picture(), "PNG")), "JPEG"))) as image:
        assert "exif" not in image.info


@pytest.mark.parametrize("value", [1, 2])
def test_a_jpeg_keeps_its_own_place_of_chroma_and_all_else_as_it_was(value):
    """Its pixels of chroma lie where they did."""
    before = exif.parse(exif_block(width=64, height=48), MEGA).with_number("main", 531, value)
    data = picture_file("JPEG", exif.serialize(before))
    after = block_in(encode(decode(data)))
    assert after.number("main", 531) == value
    assert (after.camera, after.place) == (before.camera, before.place)
    assert after.main.keys() - {256} == before.main.keys() - {256, 274}
    assert block_in(encode(decode(encode(decode(data))))) == after


def test_a_jpeg_that_says_nothing_of_its_chroma_gets_what_holds_then():
    """Centered (Exif 2.32, 4.6.4), and nothing else that it had not."""
    before = exif.parse(exif_block(width=64, height=48), MEGA)
    after = block_in(encode(decode(picture_file("JPEG", exif_block(width=64, height=48)))))
    assert after.main.keys() - before.main.keys() == {531}
    assert after.number("main", 531) == 1


@pytest.mark.parametrize("format_", [*OTHERS, "TIFF"])
def test_only_a_jpeg_says_where_its_chroma_lies(format_):
    """Nor is EXIF written that would say nothing else."""
    alone = exif.serialize(Exif().with_number("main", 531, 2))
    photo = decode(picture_file("JPEG", full_exif()))
    assert b"\x02\x13" in photo.metadata["exif"]
    again = decode(encode(photo, format_))
    assert 531 not in exif.parse(again.metadata["exif"], MEGA).main
    assert "exif" not in decode(picture_file("JPEG", alone)).metadata


def test_exif_of_which_only_the_place_of_chroma_is_left_is_none():
    """So the location of a JPEG that had nothing else leaves nothing behind."""
    left = {"exif": exif.serialize(Exif().with_number("main", 531, 1))}
    for format_ in ("JPEG", "PNG", "WEBP"):
        data = encode(replace(decode(saved(picture(), "PNG")), metadata=left), format_)
        with Image.open(io.BytesIO(data)) as image:
            assert "exif" not in image.info


@pytest.mark.parametrize(("profile", "number"), [(None, 1), (SRGB, 1), (ADOBE_RGB, 65535)])
@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_the_colour_space_is_that_of_the_profile(format_, profile, number):
    """EXIF has a number for sRGB alone."""
    photo = decode(picture_file("PNG", exif_block(), icc_profile=profile))
    found = exif.parse(decode(encode(photo, format_)).metadata["exif"], MEGA)
    assert found.number("camera", exif.COLOR_SPACE) == number


def test_exif_that_would_grow_too_long_keeps_its_maker_note():
    """A note of 65 kB is worth more than versions."""
    note = {37500: Value(7, bytes(65_400))}
    data = exif.serialize(Exif(">", {271: Value(2, b"Maker\0")}, note, {}, {}, 8))
    assert len(data) <= exif.JPEG_BYTES < len(data) + 100
    photo = replace(decode(saved(picture(), "PNG")), metadata={"exif": data})
    assert len(block_in(encode(photo, "JPEG")).camera[37500].data) == 65_400


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("source", ["PNG", "WEBP"])
def test_a_tiff_has_a_resolution_which_says_nothing_where_nobody_knows_it(source, deep):
    """TIFF 6.0 requires it; square pixels without a unit are no EXIF for another format."""
    photo = decode(saved(picture(), source))
    if deep:
        photo = replace(photo, pixels=photo.pixels.astype(np.uint16) * 257, encoding={})
    data = encode(photo, "TIFF")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tags = file.pages[0].tags
        first, second = (np.divide(*tags[tag].value) for tag in (282, 283))
        assert (first, second, tags[296].value) == (1, 1, 1)
    assert "exif" not in decode(data).metadata
    assert "dpi" not in decode(data).metadata


@pytest.mark.parametrize("deep", [False, True])
def test_a_tiff_has_no_tags_that_only_compressed_pictures_have(deep):
    """Components, bits a pixel and size; a TIFF that had them keeps them."""
    photo = decode(picture_file("JPEG", full_exif()))
    if deep:
        photo = replace(photo, pixels=photo.pixels.astype(np.uint16) * 257)
    found = exif.parse(decode(encode(photo, "TIFF")).metadata["exif"], MEGA)
    assert found.camera.keys() & {37121, 37122, 40962, 40963} == set()
    assert {36864, 40960, 40961} <= found.camera.keys()
    own = exif.parse(decode(encode(replace(photo, format="TIFF"))).metadata["exif"], MEGA)
    assert {37121, 37122, 40962, 40963} <= own.camera.keys()


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_strips_have_the_same_tags(tmp_path, format_):
    """The size is the whole picture's, not a strip's."""
    block = exif.parse(exif_block(), MEGA).without("camera", [40962, 40963])
    image = picture(height=300, width=64)
    (tmp_path / "a.png").write_bytes(saved(image, "PNG", exif=exif.serialize(block)))
    target = tmp_path / f"a.{format_.lower()}"
    enhance_file(tmp_path / "a.png", target, options(format_))
    with Image.open(target) as made:
        found = made.getexif().get_ifd(0x8769)
    size = (64, 300) if format_ == "JPEG" else (None, None)
    assert (found.get(40962), found.get(40963), found[40961]) == (*size, 1)
    assert found[36864] == b"0232"


def options(format_: str) -> JobOptions:
    chosen = JobOptions(Enhancer(threads=1))
    return replace(chosen, output=replace(chosen.output, format=format_))


def test_exif_of_a_raw_has_versions_and_types_of_the_standard():
    """A correction of the exposure has a sign, though it is positive."""
    camera = {37380: Value(5, bytes(7) + b"\1"), 40962: Value(3, b"\0\1")}
    made = of_a_raw({"exif": exif.serialize(Exif(">", {}, camera))})
    found = exif.parse(made["exif"], MEGA)
    assert found.camera[37380].type == 10
    assert found.camera.keys() == {37380, 36864, 40960, 40961}
    assert of_a_raw({"dpi": (72, 72)}) == {"dpi": (72, 72)}
