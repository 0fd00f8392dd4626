"""JPEG 2000: 8 bits, gray of up to 16; read through Pillow and written as something else."""

import shutil
import struct
import subprocess

import numpy as np
import pytest
from pictures import dark_rgb, saved
from PIL import Image
from test_cli import call

from noiser.core.errors import DecodeError, LimitError, OutputError, UnsupportedError
from noiser.io.codecs.strips.reader import goes_in_strips
from noiser.io.color.profiles import ADOBE_RGB, SRGB_GRAY
from noiser.io.formats import DEPTHS, FORMATS, READ_ONLY_SUFFIXES, SUFFIXES, sniff
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits
from noiser.io.metadata.orientation import turned

HEIGHT, WIDTH = 48, 64
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>night</x:xmpmeta>"
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

IPTC = b"\x1c\2\x78\0\5night"
IPTC_UUID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")

opj = pytest.mark.skipif(shutil.which("opj_compress") is None, reason="OpenJPEG's own encoder")


def jp2(image: Image.Image | np.ndarray, **options) -> bytes:
    """Write it without loss, by Pillow."""
    return saved(
        Image.fromarray(image) if isinstance(image, np.ndarray) else image, "JPEG2000", **options
    )


def smooth(channels: int) -> np.ndarray:
    """Slopes from black to white: uint8 [H,W] or [H,W,C]."""
    ramp = np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    planes = [ramp, ramp[::-1], ramp[:, ::-1], ramp[::-1, ::-1]][:channels]
    return np.ascontiguousarray(np.squeeze(np.rint(np.stack(planes, -1)))).astype(np.uint8)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def with_header(data: bytes, *boxes: bytes, without: bytes = b"") -> bytes:
    """Put boxes into the header of a file, in place of those of a kind."""
    at = data.index(b"jp2h") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    inside, kept = data[at + 8 : at + size], []
    while inside:
        length = int.from_bytes(inside[:4], "big")
        kept += [inside[:length]] if inside[4:8] != without else []
        inside = inside[length:]
    return data[:at] + box(b"jp2h", b"".join([*kept, *boxes])) + data[at + size :]


def with_boxes(data: bytes, *boxes: bytes) -> bytes:
    """Put boxes before the codestream."""
    at = data.index(b"jp2c") - 4
    return data[:at] + b"".join(boxes) + data[at:]


def changed(data: bytes, at: int, new: bytes) -> bytes:
    """Change the marker SIZ, counted from the codestream's beginning."""
    at += data.index(b"\xff\x4f\xff\x51")
    return data[:at] + new + data[at + len(new) :]


def by_opj(tmp_path, values: np.ndarray, form: str) -> bytes:
    """Write raw samples by OpenJPEG's own program."""
    (tmp_path / "x.raw").write_bytes(values.tobytes())
    words = ["opj_compress", "-i", "x.raw", "-o", "x.jp2", "-F", form]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    return (tmp_path / "x.jp2").read_bytes()


@pytest.mark.parametrize(
    ("channels", "is_bare"), [(1, False), (2, False), (3, False), (4, False), (1, True), (3, True)]
)
def test_a_lossless_picture_comes_in_exactly(channels, is_bare):
    data = jp2(smooth(channels), no_jp2=is_bare)
    photo = decode(data)
    assert sniff(data) == "JP2"
    assert data.startswith(b"\xff\x4f\xff\x51") == is_bare
    np.testing.assert_array_equal(photo.pixels, smooth(channels))


def test_it_is_read_and_never_written():
    photo = decode(jp2(smooth(3)))
    assert photo.format == "TIFF"
    assert sniff(encode(photo)) == "TIFF"
    assert "JP2" in FORMATS
    assert "JP2" not in {*DEPTHS, *SUFFIXES.values()}
    assert {".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"} <= READ_ONLY_SUFFIXES


def test_gray_of_16_bits_comes_whole():
    pixels = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 21
    np.testing.assert_array_equal(decode(jp2(pixels)).pixels, pixels)


@opj
@pytest.mark.parametrize("bits", [1, 2, 4, 5, 7, 8, 10, 12, 14, 16])
def test_gray_of_other_depths_fills_8_or_16_bits(tmp_path, bits):
    peak = 2**bits - 1
    steps = np.rint(smooth(1) * (peak / 255)).astype(np.uint8 if bits <= 8 else ">u2")
    photo = decode(by_opj(tmp_path, steps, f"{WIDTH},{HEIGHT},1,{bits},u"))
    full = 255 if bits <= 8 else 65535
    assert photo.depth == (8 if bits <= 8 else bits if bits in (10, 12) else 16)
    assert np.abs(photo.pixels - steps * (full / peak)).max() <= (1 if bits < 8 else 0.5)
    assert photo.pixels.max() == full


@opj
@pytest.mark.parametrize(("form", "sentence"), [
    ("64,48,3,10,u", "10 bits a colour; Pillow would cut them to 8"),
    ("64,48,3,16,u", "16 bits a colour; Pillow would cut them to 8"),
    ("64,48,3,5,u", "5 bits a colour; noiser reads such gray only"),
    ("64,48,1,9,u", "9 bits a colour; Pillow would cut them to 8"),
    ("64,48,1,8,s", "signed integers; noiser reads integers from 0 up"),
    ("64,48,3,8,u@1x1:2x2:2x2", "subsampled channels; noiser reads JPEG 2000 of whole ones"),
])  # fmt: skip
def test_what_openjpeg_makes_and_pillow_would_misread_is_refused(tmp_path, form, sentence):
    data = by_opj(tmp_path, np.zeros(HEIGHT * WIDTH * 3, np.uint16), form)
    with pytest.raises(UnsupportedError) as refusal:
        decode(data)
    assert str(refusal.value) == sentence


INKS = ADOBE_RGB.replace(b"RGB ", b"CMYK")
RGBA, CDEF = jp2(smooth(4)), b"\0\4\0\0\0\0\0\1\0\1\0\0\0\2\0\2\0\0\0\3\0\3"


@pytest.mark.parametrize(("data", "sentence"), [
    (changed(jp2(smooth(3)), 42, b"\x09\1\1\x09\1\1\x09"), "10 bits a colour; Pillow would cut"),
    (changed(jp2(smooth(1)), 42, b"\x08"), "9 bits a colour; Pillow would cut them to 8"),
    (changed(jp2(smooth(1)), 42, b"\x87"), "signed integers; noiser reads integers from 0 up"),
    (changed(jp2(smooth(3)), 46, b"\2\2"), "subsampled channels; noiser reads JPEG 2000 of whole"),
    (changed(jp2(smooth(3)), 45, b"\x0b"), "channels of 8, 12, 8 bits; noiser reads channels of"),
    (changed(jp2(smooth(3)), 40, b"\0\5"), "5 channels; noiser reads JPEG 2000 of gray and of RGB"),
    (with_header(RGBA, box(b"colr", b"\1\0\0\0\0\0\x0c"), without=b"colr"), "CMYK; noiser reads"),
    (with_header(jp2(smooth(3)), box(b"colr", b"\1\0\0\0\0\0\x0e"), without=b"colr"),
     "colours of the space 14; noiser reads JPEG 2000 of gray and of RGB"),
    (with_header(RGBA, box(b"colr", b"\2\0\0" + INKS), without=b"colr"),
     "colours of the kind CMYK; noiser reads JPEG 2000 of gray and of RGB"),
    (with_header(jp2(smooth(1)), box(b"pclr", b"\0\1\3\7\7\7\0\0\0")), "a palette; noiser reads"),
    (with_header(RGBA, without=b"cdef"), "an extra channel that is not said to be transparency"),
    (with_header(RGBA, box(b"cdef", CDEF + b"\xff\xff\xff\xff"), without=b"cdef"),
     "an extra channel that is not said to be transparency"),
    (with_header(RGBA, box(b"cdef", CDEF + b"\0\2\0\0"), without=b"cdef"),
     "premultiplied transparency; there is no look for it"),
    (with_header(jp2(smooth(3)), box(b"cdef", b"\0\3\0\0\0\0\0\3\0\1\0\0\0\2\0\2\0\0\0\1")),
     "channels in another order than red, green, blue"),
    (jp2(smooth(3)) + box(b"jp2c", b"\xff\x4f\xff\x51"), "several frames; noiser reads"),
    (jp2(smooth(4), no_jp2=True), "an extra channel that is not said to be transparency"),
])  # fmt: skip
def test_kinds_without_a_look_are_refused_by_the_header(data, sentence):
    with pytest.raises(UnsupportedError) as refusal:
        _ = identify(data).size
    assert str(refusal.value).startswith(sentence)


def test_the_boxes_of_the_last_test_are_well_made():
    """The same, as they should be, are read."""
    data = with_header(RGBA, box(b"cdef", CDEF + b"\0\1\0\0"), without=b"cdef")
    np.testing.assert_array_equal(decode(data).pixels, smooth(4))


@pytest.mark.parametrize(("channels", "profile"), [(1, SRGB_GRAY), (3, ADOBE_RGB)])
@pytest.mark.parametrize("method", [2, 3])
def test_the_profile_is_kept_byte_for_byte(channels, profile, method):
    data = with_header(
        jp2(smooth(channels)), box(b"colr", bytes([method, 0, 0]) + profile), without=b"colr"
    )
    assert decode(data).metadata["icc_profile"] == profile


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_upright_and_exif_says_so(orientation):
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "Maker"
    block = box(b"uuid", b"JpgTiffExif->JP2" + exif.tobytes()[6:])
    others = box(b"uuid", XMP_UUID + XMP), box(b"uuid", IPTC_UUID + IPTC)
    photo = decode(with_boxes(jp2(smooth(3)), block, *others))
    np.testing.assert_array_equal(photo.pixels, turned(smooth(3), orientation))
    kept = Image.Exif()
    kept.load(photo.metadata["exif"])
    assert dict(kept) == {271: "Maker"}
    assert b"night" in photo.metadata["xmp"]
    assert decode(encode(photo)).metadata["iptc"] == IPTC


def test_headers_that_differ_are_damage():
    """Pillow would take gray that says no depth for 16 bits."""
    for data, place in ((jp2(smooth(1)), 10), (jp2(smooth(3)), 3), (jp2(smooth(3)), 10)):
        at = data.index(b"ihdr") + 4 + place
        with pytest.raises(DecodeError, match="damaged JP2 data: its two headers differ"):
            decode(data[:at] + b"\x31" + data[at + 1 :])
    at = jp2(smooth(3)).index(b"ihdr") + 14
    data = jp2(smooth(3))[:at] + b"\xff" + jp2(smooth(3))[at + 1 :]
    np.testing.assert_array_equal(decode(data).pixels, smooth(3))


def test_metadata_above_the_limit_are_refused():
    for name, uuid, content in (("xmp", XMP_UUID, XMP), ("iptc", IPTC_UUID, IPTC)):
        data = with_boxes(jp2(smooth(3)), box(b"uuid", uuid + content))
        with pytest.raises(LimitError, match=f"{name} of {len(content)} bytes; the limit is"):
            decode(data, Limits(max_profile_bytes=len(content) - 1))


@pytest.mark.parametrize("is_bare", [False, True])
def test_the_size_is_refused_before_pixels_are_decoded(is_bare):
    data = changed(
        jp2(smooth(3), no_jp2=is_bare),
        8,
        struct.pack(">4I2I", 60_000, 60_000, 0, 0, 60_000, 60_000),
    )
    with pytest.raises(LimitError if is_bare else DecodeError, match=r"megapixels|two headers"):
        decode(data)
    with pytest.raises(LimitError, match="64 x 48 pixels"):
        _ = identify(jp2(smooth(3), no_jp2=is_bare), Limits(max_pixels=64 * 48 - 1)).size


def test_tiles_are_counted_before_pixels_are_decoded():
    """Each costs OpenJPEG about 10 KB; of 1,000 x 1,000 pixels 4 x 4 pixels are 62,500."""
    data = changed(jp2(np.zeros((1000, 1000), np.uint8)), 24, struct.pack(">II", 4, 4))
    with pytest.raises(LimitError, match="62500 tiles; the limit is 16384 for a JPEG 2000"):
        decode(data)
    many = changed(
        jp2(np.zeros((128, 128), np.uint8), tile_size=(1, 1)), 24, struct.pack(">II", 1, 1)
    )
    assert identify(many).size == (128, 128)


def test_it_does_not_go_in_strips(tmp_path):
    (tmp_path / "x.jp2").write_bytes(jp2(smooth(3)))
    assert not goes_in_strips(tmp_path / "x.jp2", Limits(max_whole_pixels=1))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("is_bare", [False, True])
def test_a_truncated_file_is_damaged(share, is_bare):
    data = jp2(dark_rgb(HEIGHT, WIDTH), no_jp2=is_bare)
    with pytest.raises(DecodeError, match=r"^damaged JP2 data: ") as refusal:
        decode(data[: int(len(data) * share)])
    assert "\n" not in str(refusal.value)


def test_a_changed_file_is_read_or_refused():
    data, rng, refused = jp2(dark_rgb(HEIGHT, WIDTH)), np.random.default_rng(0), 0
    for _ in range(200):
        spoilt = bytearray(data)
        spoilt[rng.integers(12, 200)] = rng.integers(256)
        try:
            decode(bytes(spoilt), Limits(max_pixels=10_000))
        except (DecodeError, UnsupportedError, LimitError):
            refused += 1
    assert refused > 50


def test_the_command_line_makes_tiffs_of_it_and_describes_it(tmp_path):
    for name in ("in/a.jp2", "in/b.J2K"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(jp2(dark_rgb(HEIGHT, WIDTH), no_jp2=name.endswith("K")))
    assert call("enhance", "in", cwd=tmp_path).returncode == 0
    assert sorted(p.name for p in (tmp_path / "in_enhanced").glob("[ab]*")) == ["a.tif", "b.tif"]
    after = np.asarray(Image.open(tmp_path / "in_enhanced" / "a.tif"))
    assert after.mean() > dark_rgb(HEIGHT, WIDTH).mean()
    said = call("info", "in/a.jp2", cwd=tmp_path).stdout.decode()
    assert said.startswith("format    JP2\nwidth     64\nheight    48\nbits      8\n")
    done = call("enhance", "in/a.jp2", "-o", "x.jp2", cwd=tmp_path)
    assert done.returncode == 2
    assert b"x.jp2 names no known format" in done.stderr


def test_no_writer_takes_it():
    with pytest.raises((OutputError, KeyError)):
        encode(decode(jp2(smooth(3))), "JP2")
