"""Metadata: kept through every format that can hold them, and never against the pixels."""

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from pictures import dark_rgb, picture, saved
from PIL import Image, IptcImagePlugin, PngImagePlugin
from tagged import (
    CITY,
    IPTC,
    MAKER_NOTE,
    RESOURCES,
    THUMBNAIL,
    everything,
    exif_block,
    segment,
    upright,
    with_segments,
    xmp_packet,
)

from noiser.core.errors import ImageError, LimitError
from noiser.io.codecs.strips.reader import open_strips
from noiser.io.color import icc
from noiser.io.color.profiles import ADOBE_RGB, BT709, SRGB
from noiser.io.image_file import decode, encode
from noiser.io.limits import MEGA, Limits
from noiser.io.metadata import embed, exif, xmp

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"]
REQUIRED = {0, 36864, 37121, 40960, 40961}
"""Tags that a JPEG's EXIF has to have: versions, components, colour space."""


def reopened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def block_of(metadata: dict) -> exif.Exif:
    return exif.parse(metadata["exif"], MEGA)


def xmp_of(metadata: dict, namespace: str = xmp.BASIC) -> dict[str, str]:
    return xmp.properties(xmp.parse(metadata["xmp"]), namespace)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_goes_from_any_format_to_any_other(source, target):
    """The camera's table and the place come through as they were, whatever the container."""
    photo = decode(everything(source))
    found = decode(encode(photo, target)).metadata
    before, after = exif.parse(exif_block(width=64, height=48), MEGA), block_of(found)
    assert after.camera[exif.MAKER_NOTE].data == MAKER_NOTE
    assert after.main[271].data == b"Maker\0"
    assert after.camera[36867] == before.camera[36867]
    assert fractions(after.camera[33434], after.order) == [1 / 8]
    assert fractions(after.place[2], after.order) == [51, 28, 48.12]
    if target != "TIFF" and source != "AVIF":  # Pillow wrote these two anew
        added = REQUIRED if target == "JPEG" and source != "JPEG" else set()
        assert {k: v for k, v in after.camera.items() if k not in added} == before.camera
        assert {k: v for k, v in after.place.items() if k not in added} == before.place
        assert after.interop == before.interop


def fractions(value: exif.Value, order: str) -> list[float]:
    numbers = struct.unpack(f"{order}{len(value.data) // 4}L", value.data)
    return [a / b for a, b in zip(numbers[::2], numbers[1::2], strict=True)]


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_xmp_goes_from_any_format_to_any_other(source, target):
    found = decode(encode(decode(everything(source)), target)).metadata
    assert xmp_of(found)["Rating"] == "5"
    assert b"A &lt;bridge&gt; &amp; more" in found["xmp"]


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_the_profile_goes_from_any_format_to_any_other_byte_for_byte(source, target):
    data = everything(source, icc_profile=ADOBE_RGB)
    assert reopened(encode(decode(data), target)).info["icc_profile"] == ADOBE_RGB


@pytest.mark.parametrize("target", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("source", ["JPEG", "TIFF"])
def test_iptc_goes_between_the_formats_that_hold_it_byte_for_byte(source, target):
    again = encode(decode(everything(source)), target)
    assert decode(again).metadata["iptc"] == IPTC
    if target == "JPEG":  # another reader's view
        assert IptcImagePlugin.getiptcinfo(reopened(again))[2, 90] == CITY
    if target == "TIFF":
        assert tifffile.TiffFile(io.BytesIO(again)).pages[0].tags[33723].value.rstrip(b"\0") == IPTC


@pytest.mark.parametrize("target", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
def test_resolution_goes_between_the_formats_that_hold_it(source, target):
    again = reopened(encode(decode(everything(source)), target))
    assert again.info["dpi"] == pytest.approx((300, 300), rel=1e-3)


@pytest.mark.parametrize("target", ["WEBP", "AVIF"])
def test_resolution_goes_into_exif_where_there_is_no_other_place(target):
    photo = decode(saved(picture(height=64, width=64), "JPEG", dpi=(240, 120)))
    tags = reopened(encode(photo, target)).getexif()
    assert (float(tags[282]), float(tags[283]), tags[296]) == (240, 120, 2)


def test_photoshops_flags_stay_and_its_thumbnail_does_not():
    data = encode(decode(everything()))
    assert reopened(data).info["photoshop"].keys() == {1005, 1028, 1034}
    assert THUMBNAIL not in data


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_no_thumbnail_of_the_dark_picture_is_in_the_output(format_):
    data = everything(format_)
    assert THUMBNAIL in data
    assert THUMBNAIL not in encode(decode(data))
    assert b"c3RhbGU=" not in encode(decode(data))


def test_a_jpegs_comment_stays():
    assert reopened(encode(decode(everything()))).info["comment"] == b"a comment"


def chunks(data: bytes, kinds: tuple[bytes, ...]) -> list[bytes]:
    """Cut a PNG's chunks of some kinds out, whole."""
    found, at = [], 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] in kinds:
            found.append(data[at:end])
        at = end
    return found


def test_a_pngs_texts_stay_byte_for_byte():
    data = everything("PNG")
    again = encode(decode(data))
    texts = [c for c in chunks(data, (b"tEXt", b"zTXt", b"iTXt")) if b"com.adobe" not in c]
    assert len(texts) == 3
    assert [c for c in chunks(again, (b"tEXt", b"zTXt", b"iTXt")) if b"com.adobe" not in c] == texts


def moved_behind_the_pixels(data: bytes) -> bytes:
    """Put a PNG's metadata behind its pixels, which is allowed too."""
    kinds = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
    late = chunks(data, kinds)
    for piece in late:
        data = data.replace(piece, b"")
    return data[:-12] + b"".join(late) + data[-12:]


@pytest.mark.parametrize("in_strips", [False, True])
def test_what_a_png_has_behind_its_pixels_is_kept(tmp_path, in_strips):
    data = moved_behind_the_pixels(everything("PNG"))
    if in_strips:
        (tmp_path / "late.png").write_bytes(data)
        with open_strips(tmp_path / "late.png") as reader:
            found = reader.metadata
    else:
        found = decode(data).metadata
    assert xmp_of(found)["Rating"] == "5"
    assert block_of(found).main[271].data == b"Maker\0"
    assert len(found["text"]) == 3


@pytest.mark.parametrize(
    ("kind", "content"), [("exif", exif_block()), ("xmp", xmp_packet()), ("iptc", RESOURCES)]
)
def test_an_old_pngs_raw_profiles_go_where_they_belong(kind, content):
    text = PngImagePlugin.PngInfo()
    lines = f"\n{kind}\n{len(content):8}\n{content.hex()}\n"
    text.add_text(f"Raw profile type {kind}", lines, zip=True)
    found = decode(saved(picture(), "PNG", pnginfo=text)).metadata
    assert kind in found
    assert "text" not in found


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_upright_and_no_metadata_say_otherwise(format_, orientation):
    photo = decode(everything(format_, orientation))
    raw = np.asarray(reopened(everything(format_, 1)))
    np.testing.assert_array_equal(photo.pixels, upright(raw, orientation))
    again = reopened(encode(photo))
    assert again.getexif().get(274, 1) == 1
    if "xmp" in photo.metadata:
        assert xmp_of(photo.metadata, xmp.TIFF)["Orientation"] == "1"
    if "exif" in photo.metadata and format_ != "TIFF":
        size = photo.pixels.shape[1::-1]
        block = block_of(photo.metadata)
        assert (block.number("camera", 40962), block.number("camera", 40963)) == size


def test_an_orientation_in_xmp_alone_counts():
    data = saved(picture(height=64, width=96), "JPEG", xmp=xmp_packet(6), quality=95)
    photo = decode(data)
    np.testing.assert_array_equal(photo.pixels, upright(np.asarray(reopened(data)), 6))
    assert xmp_of(photo.metadata, xmp.TIFF)["Orientation"] == "1"


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_the_eighteen_orientations_of_a_scene_come_out_upright(shared_data, shape):
    """Each file shows one scene; what differs is how its pixels are stored."""
    folder = shared_data / "orientation"
    files = sorted(folder.glob(f"{shape}_*.jpg"))
    assert len(files) == 9
    wanted = decode((folder / f"{shape}_1.jpg").read_bytes()).pixels.astype(float)
    for path in files:
        data = path.read_bytes()
        photo = decode(data)
        orientation = reopened(data).getexif().get(274, 1) or 1
        np.testing.assert_array_equal(
            photo.pixels, upright(np.asarray(reopened(data)), orientation)
        )
        assert photo.pixels.shape == wanted.shape
        assert abs(photo.pixels - wanted).mean() < 12, path  # each has its number in the picture
        again = reopened(encode(photo))
        assert again.getexif().get(274, 1) == 1
        assert again.size == photo.pixels.shape[1::-1]


def test_pixels_in_strips_keep_their_orientation_in_exif_and_xmp(tmp_path):
    (tmp_path / "turned.jpg").write_bytes(everything("JPEG", 6))
    with open_strips(tmp_path / "turned.jpg") as reader:
        assert block_of(reader.metadata).number("main", 274) == 6
        assert xmp_of(reader.metadata, xmp.TIFF)["Orientation"] == "6"
        assert block_of(reader.metadata).number("camera", 40962) == 64


@pytest.mark.parametrize("size", [65_400, 200_000])
def test_an_xmp_text_of_any_length_goes_into_a_jpeg(size):
    packet = xmp_packet(extra=f"<xmp:Depth>{'A' * size}</xmp:Depth>")
    photo = replace(decode(saved(picture(), "PNG")), metadata={"xmp": packet})
    found = decode(encode(photo, "JPEG")).metadata
    assert xmp_of(found)["Depth"] == "A" * size
    assert xmp_of(found)["Rating"] == "5"


def test_exif_that_is_too_long_for_a_jpeg_loses_its_maker_note_first():
    block = exif.parse(exif_block(), MEGA)
    long = replace(block, camera=block.camera | {37500: exif.Value(7, bytes(70_000))})
    kept, lost = embed.fitted({"exif": exif.serialize(long)}, "JPEG")
    assert lost == []
    assert exif.MAKER_NOTE not in block_of(kept).camera
    assert block_of(kept).place == block.place
    longer = replace(block, main=block.main | {270: exif.Value(2, b"x" * 70_000)})
    assert embed.fitted({"exif": exif.serialize(longer)}, "JPEG") == (
        {},
        ["EXIF is left out, which JPEG cannot hold"],
    )


def test_what_a_format_cannot_hold_is_named():
    metadata = decode(everything()).metadata
    assert embed.fitted(metadata, "WEBP")[1] == [
        "IPTC, Photoshop's resources, the comment are left out, which WEBP cannot hold"
    ]
    assert embed.fitted(metadata, "JPEG")[1] == []
    assert embed.fitted({"text": ((b"tEXt", b"a\0b"),)}, "BMP")[1] == [
        "PNG's texts are left out, which BMP cannot hold"
    ]


@pytest.mark.parametrize(
    "damaged",
    [
        saved(picture(), "JPEG", exif=b"Exif\0\0nonsense"),
        saved(picture(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff"),
        saved(picture(), "PNG", exif=b"MM\0*\0\0\0\x08\xff\xff"),
        saved(picture(), "WEBP", exif=b"II*\0\x08\0\0\0\xff\xff"),
    ],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow's own, when it looks for a resolution
def test_damaged_exif_is_left_out_with_a_note(damaged):
    photo = decode(damaged)
    assert "exif" not in photo.metadata
    assert photo.metadata["notes"][0].startswith("damaged EXIF: ")
    assert photo.metadata["notes"][0].endswith("; it was left out")
    decode(encode(photo))


@pytest.mark.parametrize(
    "packet",
    [
        b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>',
        b"<a><b></a>",
        b"<a>" * 5000,
    ],
)
@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "TIFF"])
def test_a_hostile_xmp_text_is_left_out_with_a_note(format_, packet):
    options = {"tiffinfo": {700: packet}} if format_ == "TIFF" else {"xmp": packet}
    photo = decode(saved(picture(), format_, **options))
    assert "xmp" not in photo.metadata
    assert photo.metadata["notes"][0].endswith("; it was left out")
    assert packet[:9] not in encode(photo)


def test_texts_at_the_limit_pass_and_longer_ones_do_not():
    text = PngImagePlugin.PngInfo()
    for i in range(3):
        text.add_text(f"key {i}", "x" * 994)
    data = saved(picture(), "PNG", pnginfo=text)
    assert len(decode(data, Limits(max_profile_bytes=3000)).metadata["text"]) == 3
    with pytest.raises(LimitError, match="texts of more than 2999 bytes"):
        decode(data, Limits(max_profile_bytes=2999))


def test_a_compressed_text_that_unfolds_to_gigabytes_is_one_sentence():
    bomb = b"key\0\0" + zlib.compress(bytes(1 << 27), 9)
    chunk = struct.pack(">L", len(bomb)) + b"zTXt" + bomb
    chunk += struct.pack(">L", zlib.crc32(chunk[4:]))
    data = saved(picture(), "PNG")
    with pytest.raises(ImageError) as refusal:
        decode(data[:33] + chunk + data[33:])
    assert "\n" not in str(refusal.value)


def test_iptc_above_the_limit_is_refused():
    big = with_segments(saved(picture(), "JPEG"), segment(0xED, b"Photoshop 3.0\0" + RESOURCES))
    decode(big, Limits(max_profile_bytes=len(IPTC)))
    with pytest.raises(LimitError, match=f"iptc of {len(IPTC)} bytes; the limit is"):
        decode(big, Limits(max_profile_bytes=len(IPTC) - 1))


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_any_damage_to_the_head_of_a_file_is_one_sentence_or_no_harm(format_):
    """Bytes of the metadata are changed, a few at a time, all over."""
    data, rng = everything(format_), np.random.default_rng(7)
    refusals = []
    for _ in range(150):
        damaged = bytearray(data)
        for at in rng.integers(20, len(data), 4):
            damaged[at] = rng.integers(256)
        try:
            photo = decode(bytes(damaged))
        except ImageError as error:
            refusals.append(str(error))
            continue
        encode(photo)
    assert len(refusals) < 150
    assert not [words for words in refusals if "\n" in words]


def gamma_png(gamma: int, primaries: tuple[int, ...] | None = None, mode: str = "RGB") -> bytes:
    """A PNG with gAMA, and cHRM where primaries are given [hundred-thousandths]."""
    data = saved(picture(mode), "PNG")
    made = b""
    for kind, content in (
        (b"gAMA", struct.pack(">L", gamma)),
        (b"cHRM", struct.pack(">8L", *primaries) if primaries else b""),
    ):
        if content:
            made += struct.pack(">L", len(content)) + kind + content
            made += struct.pack(">L", zlib.crc32(kind + content))
    return data[:33] + made + data[33:]


def test_a_pngs_linear_gamma_becomes_a_profile():
    """Without it a linear picture would be shown far too dark."""
    found = icc.parse(decode(gamma_png(100_000)).metadata["icc_profile"])
    np.testing.assert_allclose(found.curves[0], np.linspace(0, 1, icc.CURVE_POINTS), atol=1e-4)
    np.testing.assert_allclose(found.primaries, icc.parse(SRGB).primaries, atol=1e-4)


def test_a_pngs_primaries_become_a_profile():
    adobe = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    found = icc.parse(decode(gamma_png(45455, adobe)).metadata["icc_profile"])
    np.testing.assert_allclose(found.primaries, icc.parse(ADOBE_RGB).primaries, atol=1e-3)


@pytest.mark.parametrize(
    ("gamma", "primaries"),
    [
        (45455, None),
        (45455, (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        (100_000, (1, 1, 1, 1, 1, 1, 1, 1)),
        (100_000, (31270, 32900, 20000, 20000, 30000, 30000, 40000, 40000)),
        (1, None),
        (45455, (0,) * 8),
    ],
)
def test_usual_and_impossible_gammas_make_no_profile(gamma, primaries):
    assert "icc_profile" not in decode(gamma_png(gamma, primaries)).metadata


def test_a_gray_png_gets_a_gray_profile():
    found = decode(gamma_png(100_000, mode="L")).metadata["icc_profile"]
    assert found[16:20] == b"GRAY"


def test_a_cameras_adobe_rgb_is_told_by_its_exif():
    """Cameras write no profile, but `R03` into EXIF's table of interoperability."""
    data = saved(Image.fromarray(dark_rgb()), "JPEG", exif=exif_block().replace(b"R98", b"R03"))
    assert decode(data).metadata["icc_profile"] == ADOBE_RGB
    assert "icc_profile" not in decode(saved(picture(), "JPEG", exif=exif_block())).metadata


def cicp_png(primaries: int, curve: int) -> bytes:
    data = saved(picture(), "PNG")
    chunk = b"cICP" + bytes([primaries, curve, 0, 1])
    chunk = struct.pack(">L", 4) + chunk + struct.pack(">L", zlib.crc32(chunk))
    return data[:33] + chunk + data[33:]


def test_a_pngs_code_points_become_a_profile():
    found = icc.parse(decode(cicp_png(12, 13)).metadata["icc_profile"])
    wanted = icc.rgb_profile("", ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), icc.SRGB_CURVE)
    np.testing.assert_allclose(found.primaries, icc.parse(wanted).primaries)
    assert "icc_profile" not in decode(cicp_png(1, 13)).metadata
    assert icc_primaries(1) == BT709


def icc_primaries(code: int):
    from noiser.io.color.profiles import PRIMARIES

    return PRIMARIES[code]


def test_colours_brighter_than_paper_white_are_noted():
    assert decode(cicp_png(9, 16)).metadata["notes"] == (
        "its colours are PQ; they were enhanced as if they were sRGB",
    )


def test_an_avif_in_display_p3_gets_its_profile():
    """Patched: Pillow writes BT.709 and sRGB's curve, which need none."""
    data = saved(picture(height=64, width=64), "AVIF")
    at = data.index(b"colrnclx") + 8
    assert "icc_profile" not in decode(data).metadata
    patched = data[:at] + struct.pack(">HH", 12, 13) + data[at + 4 :]
    assert icc.name_of(decode(patched).metadata["icc_profile"]) == "H.273 primaries 12, curve 13"
