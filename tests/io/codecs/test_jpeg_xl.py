"""JPEG XL: 8 and 16 bits and floats in and out, upright, with profile, EXIF and XMP."""

import io
import shutil
import subprocess
import sys

import numpy as np
import pyjpegxl
import pytest
import pyvips
from pictures import dark_rgb, saved
from PIL import Image
from test_cli import call

from noiser.core.color import linear_from_srgb, srgb_from_linear
from noiser.core.errors import (
    DecodeError,
    LimitError,
    MissingExtraError,
    OutputError,
    UnsupportedError,
)
from noiser.io.codecs.strips.reader import goes_in_strips
from noiser.io.color import icc
from noiser.io.color.profiles import ADOBE_RGB, PRIMARIES, SRGB, SRGB_GRAY
from noiser.io.formats import sniff
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits
from noiser.io.metadata.orientation import orientation_in
from noiser.io.photo import Photo

HEIGHT, WIDTH = 48, 64
P3 = icc.rgb_profile("Display P3", PRIMARIES[12], icc.SRGB_CURVE)
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)

cjxl = pytest.mark.skipif(shutil.which("cjxl") is None, reason="files of libjxl's own encoder")
djxl = pytest.mark.skipif(shutil.which("djxl") is None, reason="libjxl's own decoder")


def smooth(channels: int, dtype=np.uint8) -> np.ndarray:
    """Slopes from black to white: [H,W] or [H,W,C]."""
    ramp = np.linspace(0, 1, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    planes = [ramp, ramp[::-1], ramp[:, ::-1], ramp[::-1, ::-1]][:channels]
    values = np.ascontiguousarray(np.squeeze(np.stack(planes, -1)))
    return values.astype(dtype) if dtype == np.float32 else np.rint(
        values * np.iinfo(dtype).max
    ).astype(dtype)  # fmt: skip


def jxl(pixels: np.ndarray, *, lossless: bool = True, **options) -> bytes:
    """Write it by the library alone."""
    speed = pyjpegxl.EncoderSpeed.Cheetah
    return pyjpegxl.encode_from_numpy(pixels, lossless=lossless, speed=speed, **options)


def by_cjxl(tmp_path, data: bytes, suffix: str, *words: str) -> bytes:
    """Write it by libjxl's own program."""
    (tmp_path / f"x.{suffix}").write_bytes(data)
    done = subprocess.run(
        ["cjxl", f"x.{suffix}", "x.jxl", *words], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return (tmp_path / "x.jxl").read_bytes()


def pfm(pixels: np.ndarray) -> bytes:
    """Write floats as a PFM."""
    return f"PF\n{WIDTH} {HEIGHT}\n-1.0\n".encode() + pixels[::-1].astype("<f4").tobytes()


def header(*fields: tuple[int, int]) -> bytes:
    """Write the beginning of a codestream of 64 x 48 pixels: numbers and their bits."""
    value, at = 0, 0
    for number, count in ((1, 1), (5, 5), (0, 3), (7, 5), *fields, (0, 64)):
        value |= number << at
        at += count
    return b"\xff\x0a" + value.to_bytes((at + 7) // 8, "little")


PLAIN = ((0, 1), (0, 1))
"""Not all is as usual; nothing is said of orientation, preview and animation."""

EIGHT_BITS = ((0, 1), (0, 2), (1, 1))
"""Integers of 8 bits, and buffers of 16."""

EXTRA = (*EIGHT_BITS[:2], (0, 2), (0, 2))
"""Of a channel beside the colours after its kind: 8 bits, as large as the others, no name."""


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_lossless_picture_comes_in_and_goes_out_exactly(channels, dtype):
    pixels = smooth(channels, dtype)
    photo = decode(jxl(pixels))
    assert (photo.format, photo.depth) == ("JXL", 8 * pixels.itemsize)
    assert photo.encoding == {"lossless": True}
    for found in (photo.pixels, decode(encode(photo)).pixels):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_lossy_picture_stays_lossy(channels):
    photo = decode(jxl(smooth(channels), lossless=False))
    assert photo.encoding == {"quality": 90}
    again = encode(photo)
    assert decode(again).encoding == {"quality": 90}
    assert np.abs(decode(again).pixels.astype(int) - smooth(channels)).mean() < 3


def test_another_formats_picture_is_written_with_the_usual_loss():
    pixels = dark_rgb(HEIGHT, WIDTH)
    found = encode(Photo(pixels, "PNG"), "JXL")
    assert decode(found).encoding == {"quality": 90}
    assert len(found) < len(jxl(pixels)) / 2
    assert found == encode(Photo(pixels, "PNG"), "JXL")


def test_the_library_reads_what_noiser_writes():
    pixels = smooth(4, np.uint16)
    said, found = pyjpegxl.decode_to_numpy(encode(decode(jxl(pixels))))
    assert said.bits_per_sample == 16
    np.testing.assert_array_equal(found, pixels)


def test_srgb_in_words_is_no_profile_and_stays_in_words():
    """A profile is made by the library for all files: a slower way for nothing."""
    for channels, profile in ((1, SRGB_GRAY), (3, SRGB)):
        photo = decode(jxl(smooth(channels)))
        assert "icc_profile" not in photo.metadata
        told = Photo(photo.pixels, "PNG", {"icc_profile": profile})
        assert "icc_profile" not in decode(encode(told, "JXL")).metadata


@pytest.mark.parametrize(
    "profile", [P3, ADOBE_RGB, icc.rgb_profile("x" * 300, PRIMARIES[9], (1.8,))]
)
@pytest.mark.parametrize("metadata", [{}, {"xmp": XMP}])
def test_a_profile_is_kept_byte_for_byte_and_without_loss(profile, metadata):
    pixels = smooth(3, np.uint16)
    found = encode(Photo(pixels, "JPEG", {"icc_profile": profile} | metadata), "JXL")
    photo = decode(found)
    assert photo.metadata["icc_profile"] == profile
    np.testing.assert_array_equal(photo.pixels, pixels)
    assert b"prof" not in found  # a box that no other program reads
    assert pyjpegxl.probe(found).icc == profile
    assert ("xmp" in photo.metadata) == bool(metadata)


@djxl
@pytest.mark.parametrize("profile", [P3, ADOBE_RGB])
def test_libjxls_own_decoder_sees_the_profile(tmp_path, profile):
    pixels = smooth(3)
    (tmp_path / "x.jxl").write_bytes(encode(Photo(pixels, "PNG", {"icc_profile": profile}), "JXL"))
    subprocess.run(["djxl", "x.jxl", "x.png"], cwd=tmp_path, check=True, capture_output=True)
    with Image.open(tmp_path / "x.png") as image:
        assert image.info["icc_profile"] == profile
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("maker", [b"APPL", b"MSFT", b"SGI ", b"SUNW", b"SXXX", b"Adob"])
def test_profiles_of_all_makers_are_kept(maker):
    """The codestream holds a profile less what most profiles say at each place."""
    gray = icc.gray_profile("Gray", (1.8,))
    for channels, profile in ((1, gray), (2, gray), (3, ADOBE_RGB)):
        made = profile[:4] + maker + profile[8:40] + maker + profile[44:]
        found = encode(Photo(smooth(channels), "PNG", {"icc_profile": made}), "JXL")
        np.testing.assert_array_equal(decode(found).pixels, smooth(channels))
        assert decode(found).metadata["icc_profile"] == made


def test_a_profile_in_the_librarys_own_box_is_heeded():
    assert decode(jxl(smooth(3), icc=P3)).metadata["icc_profile"] == P3


def test_a_profile_of_another_kind_than_the_pixels_is_left_out():
    photo = Photo(smooth(1), "PNG", {"icc_profile": P3})
    assert "icc_profile" not in decode(encode(photo, "JXL")).metadata


@cjxl
@pytest.mark.parametrize(("words", "most"), [(("-d", "0"), 0), (("-d", "1"), 4)])
def test_display_p3_of_libjxls_own_encoder_keeps_its_colours(tmp_path, words, most):
    """A lossy one comes with a profile that says the same in other bytes."""
    data = saved(Image.fromarray(smooth(3)), "PNG", icc_profile=P3)
    photo = decode(by_cjxl(tmp_path, data, "png", *words))
    assert np.abs(photo.pixels.astype(int) - smooth(3)).mean() <= most
    found, wanted = icc.parse(photo.metadata["icc_profile"]), icc.parse(P3)
    np.testing.assert_allclose(found.primaries, wanted.primaries, atol=0.001)
    np.testing.assert_allclose(found.curves, wanted.curves, atol=0.001)


@cjxl
def test_a_lossy_picture_in_adobe_rgb_becomes_srgb_with_a_note(tmp_path):
    """No decoder gives the profile's own colours: they come as linear light."""
    rgb = smooth(3) // 2 + 64  # inside of sRGB
    rgb[..., 1] = rgb[..., 0]
    rgb[..., 2] = rgb[..., 0]
    data = saved(Image.fromarray(rgb), "PNG", icc_profile=ADOBE_RGB)
    photo = decode(by_cjxl(tmp_path, data, "png", "-d", "0.5"))
    assert (
        photo.note
        == "its colours were converted to sRGB, for no decoder gives those of its profile"
    )
    assert "icc_profile" not in photo.metadata
    wanted = 255 * srgb_from_linear((rgb / 255.0) ** (563 / 256))
    assert photo.pixels.dtype == np.uint8
    assert np.abs(photo.pixels - wanted).mean() < 2


@cjxl
@pytest.mark.parametrize(("bits", "depth"), [(10, 10), (12, 12), (14, 16)])
def test_deep_ones_fill_16_bits(tmp_path, bits, depth):
    steps = np.rint(smooth(3, np.float32) * (2**bits - 1)).astype(np.uint32)
    pixels = np.rint(steps * 65535.0 / (2**bits - 1)).astype(np.uint16)
    png = (
        pyvips.Image.new_from_array(pixels).copy(interpretation="rgb16").pngsave_buffer(bitdepth=16)
    )
    photo = decode(by_cjxl(tmp_path, png, "png", "-d", "0", f"--override_bitdepth={bits}"))
    assert (photo.depth, photo.pixels.dtype) == (depth, np.uint16)
    assert np.abs(photo.pixels.astype(int) - pixels).max() <= 1
    assert (photo.pixels.min(), photo.pixels.max()) == (0, 65535)


def test_floats_are_linear_light_and_lose_nothing():
    light = smooth(3, np.float32) * 2
    light[24:] = 0.25
    photo = decode(jxl(light))
    assert "icc_profile" not in photo.metadata
    np.testing.assert_allclose(photo.pixels[24:], srgb_from_linear(light[24:]), atol=1e-6)
    assert photo.above.max() == 1
    again = pyjpegxl.decode_to_numpy(encode(photo))[1]
    np.testing.assert_allclose(again, light, rtol=1e-6, atol=1e-7)
    assert pyjpegxl.decode_to_numpy(encode(photo, "JXL"))[0].bits_per_sample == 32


def test_floats_of_another_format_are_written_without_loss():
    photo = Photo(np.sqrt(smooth(3, np.float32)), "TIFF")
    np.testing.assert_allclose(decode(encode(photo, "JXL")).pixels, photo.pixels, atol=1e-6)


def test_floats_with_a_profile_are_marked_as_linear():
    photo = Photo(smooth(3, np.float32), "TIFF", {"icc_profile": P3})
    found = decode(encode(photo, "JXL"))
    np.testing.assert_allclose(found.pixels, photo.pixels, atol=1e-6)
    linear = icc.parse(found.metadata["icc_profile"])
    np.testing.assert_allclose(linear.primaries, icc.parse(P3).primaries)
    np.testing.assert_allclose(linear.curves[0], np.linspace(0, 1, icc.CURVE_POINTS), atol=1e-4)


def test_floats_with_a_profile_of_tables_are_refused():
    photo = Photo(smooth(3, np.float32), "TIFF", {"icc_profile": P3.replace(b"rTRC", b"A2B0")})
    with pytest.raises(OutputError, match="floats with a profile of tables; choose TIFF"):
        encode(photo, "JXL")


@cjxl
def test_floats_on_the_srgb_curve_are_taken_as_such(tmp_path):
    """So cjxl marks a PFM; above 1 the curve goes on."""
    encoded = smooth(3, np.float32) * np.float32(1.5)
    photo = decode(by_cjxl(tmp_path, pfm(encoded), "pfm", "-d", "0"))
    np.testing.assert_allclose(photo.pixels, np.minimum(encoded, 1), atol=1e-5)
    light = linear_from_srgb(encoded.astype(np.float64))
    np.testing.assert_allclose(photo.above, np.maximum(light - 1, 0), atol=1e-5)
    said, again = pyjpegxl.decode_to_numpy(encode(photo))
    np.testing.assert_allclose(again, light, atol=1e-5)
    assert icc.straightened(said.icc) == said.icc


@cjxl
def test_values_below_0_on_the_srgb_curve_are_no_light(tmp_path):
    encoded = smooth(3, np.float32)
    encoded[0] = -0.5
    photo = decode(by_cjxl(tmp_path, pfm(encoded), "pfm", "-d", "0"))
    assert photo.note == "values below 0 became 0"
    assert photo.pixels[0].max() == 0


@cjxl
def test_floats_of_linear_p3_keep_their_primaries(tmp_path):
    data = pfm(smooth(3, np.float32))
    photo = decode(
        by_cjxl(tmp_path, data, "pfm", "-d", "0", "-x", "color_space=RGB_D65_DCI_Rel_Lin")
    )
    found = icc.parse(photo.metadata["icc_profile"])
    np.testing.assert_allclose(found.primaries, icc.parse(P3).primaries, atol=0.001)


@cjxl
@pytest.mark.parametrize(("space", "sentence"), [
    ("RGB_D65_202_Rel_PeQ", "high dynamic range on the curve PQ; noiser takes pictures on an"),
    ("RGB_D65_202_Rel_HLG", "high dynamic range on the curve HLG; noiser takes pictures on an"),
    ("RGB_D65_SRG_Rel_g0.45455", "floats on an unusual curve; noiser reads those of linear light"),
])  # fmt: skip
def test_other_curves_are_refused(tmp_path, space, sentence):
    data = by_cjxl(
        tmp_path, pfm(smooth(3, np.float32)), "pfm", "-d", "0", "-x", f"color_space={space}"
    )
    with pytest.raises(UnsupportedError, match=sentence):
        decode(data)


@pytest.mark.parametrize(("fields", "sentence"), [
    (((0, 1), (1, 1), (0, 3), (0, 2), (1, 1), (0, 2), (0, 2), (0, 2), (0, 1), *EIGHT_BITS),
     "several frames; noiser reads those of WebP, PNG, GIF and AVIF"),
    ((*PLAIN, *EIGHT_BITS, (0, 2), (1, 1), (0, 1), (0, 1), (0, 2), (1, 2), (1, 2), (0, 1), (2, 2),
      (14, 4), (1, 2)),
     "high dynamic range on the curve PQ; noiser takes pictures on an ordinary curve"),
    ((*PLAIN, *EIGHT_BITS, (1, 2), (0, 1), (2, 2), (2, 4), *EXTRA, (1, 1), (1, 1)),
     "CMYK; noiser reads JPEG XL of gray and of RGB"),
    ((*PLAIN, *EIGHT_BITS, (1, 2), (0, 1), (1, 2), *EXTRA, (1, 1), (1, 1)),
     "other channels beside the colours than one of transparency"),
    ((*PLAIN, *EIGHT_BITS, (2, 2), (0, 4), (1, 1), (1, 1), (1, 1), (1, 1)),
     "other channels beside the colours than one of transparency"),
    ((*PLAIN, *EIGHT_BITS, (1, 2), (0, 1), (0, 2), *EXTRA, (1, 1), (1, 1), (1, 1)),
     "premultiplied transparency; there is no look for it"),
    ((*PLAIN, *EIGHT_BITS, (0, 2), (1, 1), (0, 1), (0, 1), (2, 2), (1, 4)),
     "colours of an unknown space; noiser reads gray and RGB"),
    ((*PLAIN, (0, 1), (3, 2), (23, 6), (1, 1), (0, 2), (1, 1), (1, 1)),
     "24 bits a colour; noiser reads up to 16, and floats"),
    ((*PLAIN, *EIGHT_BITS, (3, 2), (4000, 12)),
     "damaged JXL data: 4001 channels beside the colours"),
])  # fmt: skip
def test_kinds_without_a_look_are_refused_by_the_header(fields, sentence):
    with pytest.raises((UnsupportedError, DecodeError)) as refusal:
        _ = identify(header(*fields)).size
    assert str(refusal.value) == sentence


def test_the_headers_of_the_last_test_are_what_they_say():
    """The same bits with plain transparency are a picture, as far as a header tells."""
    fields = (*PLAIN, *EIGHT_BITS, (1, 2), (1, 1), (1, 1), (1, 1))
    assert identify(header(*fields)).size == (WIDTH, HEIGHT)


@cjxl
def test_an_animation_is_refused(tmp_path):
    """The decoder would give the last of its frames."""
    frames = [Image.fromarray(smooth(3)), Image.fromarray(255 - smooth(3))]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(UnsupportedError, match="several frames; noiser"):
        decode(by_cjxl(tmp_path, data, "apng", "-d", "0"))


@cjxl
@pytest.mark.parametrize(("profile", "words"), [(P3, ()), (None, ("--jpeg_store_metadata=0",))])
def test_a_jpeg_packed_anew_is_lossy(tmp_path, profile, words):
    image = Image.fromarray(smooth(3))
    data = by_cjxl(tmp_path, saved(image, "JPEG", icc_profile=profile), "jpg", *words)
    photo = decode(data)
    assert photo.encoding == {"quality": 90}
    assert photo.metadata.get("icc_profile") == profile


@cjxl
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_pixels_are_upright_once(tmp_path, orientation):
    """The codestream turns them; EXIF and XMP must not turn them again, here or in the output."""
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "Maker"
    exif.get_ifd(0x8769)[0xA002] = WIDTH
    exif.get_ifd(0x8769)[0xA003] = HEIGHT
    image = Image.fromarray(smooth(3))
    data = by_cjxl(
        tmp_path, saved(image, "JPEG", exif=exif.tobytes(), quality=95), "jpg", "-d", "0"
    )
    wanted = np.rot90(smooth(3), {1: 0, 3: 2, 6: 3, 8: 1}[orientation]).astype(int)
    photo = decode(data)
    assert identify(data).size == wanted.shape[1::-1]
    assert photo.encoding == {"quality": 90}  # of a JPEG packed anew
    for found in (photo, decode(encode(photo))):
        assert np.abs(found.pixels - wanted).mean() < 4
        kept = Image.Exif()
        kept.load(found.metadata["exif"])
        assert (kept[271], kept.get(274, 1)) == ("Maker", 1)
        sizes = kept.get_ifd(0x8769)
        assert (sizes[0xA002], sizes[0xA003]) == wanted.shape[1::-1]


@pytest.mark.parametrize("offset", [b"", b"\0\0\0\0", b"\0\0\0\2??", b"Exif\0\0"])
def test_exif_is_found_wherever_it_begins(offset):
    exif = Image.Exif()
    exif[271], exif[274] = "Maker", 6
    photo = decode(jxl(smooth(3), exif=offset + exif.tobytes()[6:], xmp=XMP))
    assert photo.pixels.shape == (HEIGHT, WIDTH, 3)  # no picture is turned by its EXIF
    kept = Image.Exif()
    kept.load(photo.metadata["exif"])
    assert dict(kept) == {271: "Maker"}
    assert orientation_in(photo.metadata["xmp"]) == 1
    written = encode(photo)
    again = pyjpegxl.probe(written)
    assert b"brob" not in written  # compressed, and unknown to most programs
    assert again.exif[:6] in (b"\0\0\0\0MM", b"\0\0\0\0II")
    assert again.xmp == photo.metadata["xmp"]


def test_the_size_is_refused_before_pixels_are_decoded(monkeypatch):
    monkeypatch.setattr(pyjpegxl, "decode_to_numpy", None)
    with pytest.raises(LimitError, match="64 x 48 pixels"):
        decode(jxl(smooth(3)), Limits(max_pixels=64 * 48 - 1))


def test_it_does_not_go_in_strips(tmp_path):
    (tmp_path / "x.jxl").write_bytes(jxl(smooth(3)))
    assert not goes_in_strips(tmp_path / "x.jxl", Limits(max_whole_pixels=1))


@pytest.mark.parametrize(
    "data", [b"\xff\x0a", b"\xff\x0a\x00", jxl(smooth(3))[:4], jxl(smooth(3), xmp=XMP)[:50]]
)
def test_a_header_that_ends_early_is_damaged(data):
    with pytest.raises(
        DecodeError, match=r"^damaged JXL data: (it ends early|there is no picture)"
    ):
        decode(data)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("options", [{}, {"xmp": XMP}])
def test_a_truncated_file_is_damaged(share, options):
    data = jxl(dark_rgb(HEIGHT, WIDTH), **options)
    with pytest.raises(DecodeError, match=r"^damaged JXL data: ") as refusal:
        decode(data[: int(len(data) * share)])
    assert "\n" not in str(refusal.value)


def test_a_changed_file_is_read_or_damaged_and_never_a_panic():
    data, rng, damaged = jxl(dark_rgb(HEIGHT, WIDTH), xmp=XMP), np.random.default_rng(0), 0
    for _ in range(300):
        changed = bytearray(data)
        changed[rng.integers(40, len(data))] = rng.integers(256)
        try:
            decode(bytes(changed), Limits(max_pixels=10_000))
        except (DecodeError, UnsupportedError, LimitError):
            damaged += 1
    assert damaged > 100


class PanicException(BaseException):
    """What Rust's panics are in Python."""


def test_a_panic_is_one_sentence_too(monkeypatch):
    def panic(*_arguments, **_options):
        raise PanicException("called `Option::unwrap()` on a `None` value")

    data = jxl(smooth(3))
    monkeypatch.setattr(pyjpegxl, "decode_to_numpy", panic)
    monkeypatch.setattr(pyjpegxl, "encode_from_numpy", panic)
    with pytest.raises(DecodeError, match="damaged JXL data: called"):
        decode(data)
    with pytest.raises(OutputError, match="cannot be written as JXL: called"):
        encode(Photo(smooth(3), "PNG"), "JXL")


def test_an_interrupt_is_none(monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    data = jxl(smooth(3))
    monkeypatch.setattr(pyjpegxl, "decode_to_numpy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        decode(data)


def test_pillow_is_not_told_of_it():
    decode(jxl(dark_rgb(HEIGHT, WIDTH)))
    assert sniff(jxl(dark_rgb(HEIGHT, WIDTH))) == sniff(jxl(smooth(3), xmp=XMP)) == "JXL"
    assert "JXL" not in Image.OPEN


def test_without_pyjpegxl_a_sentence_says_what_to_install(monkeypatch):
    data = jxl(dark_rgb(HEIGHT, WIDTH))
    monkeypatch.setitem(sys.modules, "pyjpegxl", None)
    for work in (lambda: decode(data), lambda: encode(Photo(smooth(3), "PNG"), "JXL")):
        with pytest.raises(MissingExtraError, match=r"pyjpegxl.*pip install 'noiser\[io\]'"):
            work()


def test_the_command_line_writes_and_describes_it(tmp_path):
    (tmp_path / "a.png").write_bytes(saved(Image.fromarray(dark_rgb(HEIGHT, WIDTH)), "PNG"))
    assert call("enhance", "a.png", "--format", "jxl", cwd=tmp_path).returncode == 0
    assert call("enhance", "a_enhanced.jxl", "-o", "b.png", cwd=tmp_path).returncode == 0
    before, after = dark_rgb(HEIGHT, WIDTH), np.asarray(Image.open(tmp_path / "b.png"))
    assert after.mean() > before.mean()
    said = call("info", "a_enhanced.jxl", cwd=tmp_path).stdout.decode()
    assert said.startswith("format    JXL\nwidth     64\nheight    48\nbits      8\n")


def test_pixels_can_be_written_to():
    """As those of all codecs."""
    for dtype in (np.uint8, np.float32):
        photo = decode(io.BytesIO(jxl(smooth(3, dtype))).getvalue())
        photo.pixels[0, 0] = 0
