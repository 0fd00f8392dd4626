"""Deep pictures taken whole: all bits come in, turned, and all go out again."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import pyvips
import tifffile
from pictures import dark_rgb, picture, saved
from PIL import Image, ImageCms
from raws import dng
from spaces import profile
from test_cli import call
from test_image_file import exif_with

from noiser import Enhancer
from noiser.core.color import linear_from_srgb, srgb_from_linear
from noiser.core.errors import (
    DecodeError,
    LimitError,
    MissingExtraError,
    OutputError,
    UnsupportedError,
)
from noiser.io.codecs import png_chunks
from noiser.io.codecs.high_bit_depth import colors, full_range
from noiser.io.color.conversion import _by_vips
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits
from noiser.io.metadata.orientation import turned
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

SHAPES = {"L": (24, 36), "LA": (24, 36, 2), "RGB": (24, 36, 3), "RGBA": (24, 36, 4)}


def noise(mode: str, dtype) -> np.ndarray:
    """Every bit at random; floats in [0, 1]."""
    values = np.random.default_rng(len(mode)).random(SHAPES[mode])
    return values.astype(dtype) if dtype == np.float32 else (values * 65535.99).astype(dtype)


def tiff(pixels: np.ndarray, **options) -> bytes:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    kind = {"photometric": "rgb" if channels > 2 else "minisblack", "planarconfig": "contig"}
    if channels in (2, 4):
        kind["extrasamples"] = ["unassalpha"]
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **kind | options)
    return file.getvalue()


def deep_png(pixels: np.ndarray, *chunks: tuple[bytes, bytes], behind=()) -> bytes:
    """A PNG of 16 bits by the specification, without filters."""
    height, width, *channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[(channels or [1])[0]]
    rows = pixels.astype(">u2").tobytes()
    step = len(rows) // height
    raw = b"".join(b"\0" + rows[i : i + step] for i in range(0, len(rows), step))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(raw)),
        *behind,
        (b"IEND", b""),
    ]
    return png_chunks.SIGNATURE + b"".join(png_chunks.chunk(*part) for part in parts)


def seen(data: bytes) -> np.ndarray:
    """What libvips sees: someone else's reader of PNGs of 16 bits."""
    image = pyvips.Image.new_from_buffer(data, "")
    return np.squeeze(image.numpy())


@pytest.mark.parametrize("mode", SHAPES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiffs_of_16_bits_keep_every_bit(mode, order, compression):
    pixels = noise(mode, np.uint16)
    data = tiff(pixels, byteorder=order, compression=compression)
    photo = decode(data)
    assert (photo.format, photo.depth, identify(data).size) == ("TIFF", 16, (36, 24))
    np.testing.assert_array_equal(photo.pixels, pixels)
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(encode(photo))), pixels)


@pytest.mark.parametrize("mode", SHAPES)
def test_pngs_of_16_bits_keep_every_bit(mode):
    pixels = noise(mode, np.uint16)
    data = deep_png(pixels)
    photo = decode(data)
    assert (photo.format, photo.depth, identify(data).size) == ("PNG", 16, (36, 24))
    np.testing.assert_array_equal(photo.pixels, pixels)
    np.testing.assert_array_equal(seen(encode(photo)), pixels)


@pytest.mark.parametrize("options", [
    {"tile": (16, 16)}, {"bigtiff": True}, {"rowsperstrip": 5, "compression": "zlib"},
])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_tiffs_of_all_layouts_are_read(options, dtype):
    pixels = noise("RGB", dtype)
    found = decode(tiff(pixels, **options)).pixels
    wanted = srgb_from_linear(pixels) if dtype == np.float32 else pixels
    np.testing.assert_array_equal(found, wanted)


def test_planes_that_are_stored_apart_are_put_together():
    pixels = noise("RGB", np.uint16)
    file = io.BytesIO()
    tifffile.imwrite(file, pixels.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(decode(file.getvalue()).pixels, pixels)


def test_gray_of_which_0_is_white_is_turned_round():
    pixels = noise("L", np.uint16)
    found = decode(tiff(pixels, photometric="miniswhite")).pixels
    np.testing.assert_array_equal(found, 65535 - pixels)


@pytest.mark.parametrize("colour", [2, 0])
def test_a_transparent_colour_of_16_bits_becomes_alpha(colour):
    pixels = noise("RGB" if colour else "L", np.uint16)
    transparent = np.atleast_1d(pixels[3, 4]).astype(">u2").tobytes()
    found = decode(deep_png(pixels, (b"tRNS", transparent))).pixels
    np.testing.assert_array_equal(np.squeeze(found[..., :-1]), pixels)
    assert (found[3, 4, -1], found[3, 5, -1]) == (0, 65535)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_are_upright_and_no_orientation_is_left(orientation):
    """As Pillow turns its own: a small picture of 16 bits is no exception."""
    stored = dark_rgb(24, 36)
    tagged = Image.open(io.BytesIO(saved(picture(height=24, width=36), "PNG",
                                         exif=exif_with(orientation))))  # fmt: skip
    wanted = decode(saved(tagged, "PNG", exif=exif_with(orientation))).pixels
    np.testing.assert_array_equal(turned(stored, orientation), wanted)
    deep = stored.astype(np.uint16) * 257
    for data in (
        deep_png(deep, (b"eXIf", exif_with(orientation).removeprefix(b"Exif\0\0"))),
        tiff(deep, extratags=[(274, "H", 1, orientation, True), (271, "s", 0, "maker", True)]),
    ):
        photo = decode(data)
        np.testing.assert_array_equal(photo.pixels, wanted.astype(np.uint16) * 257)
        exif = Image.open(io.BytesIO(encode(photo))).getexif()
        assert (exif[271], exif.get(274, 1)) == ("maker", 1)


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_tiffs_metadata_go_with_it(dtype):
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>5 stars</x:xmpmeta>"
    data = tiff(noise("RGB", dtype), iccprofile=PROFILE, resolution=(300, 150), resolutionunit=2,
                extratags=[(700, "B", len(xmp), xmp, True), (315, "s", 0, "me", True)])  # fmt: skip
    with tifffile.TiffFile(io.BytesIO(encode(decode(data)))) as found:
        tags = found.pages[0].tags
        assert bytes(tags[34675].value) == PROFILE
        assert bytes(tags[700].value) == xmp
        assert tags[315].value == "me"
        assert tags[282].value[0] / tags[282].value[1] == 300


def test_what_follows_a_pngs_pixels_goes_with_it():
    text = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>5 stars</x:xmpmeta>")
    exif = (b"eXIf", exif_with(1).removeprefix(b"Exif\0\0"))
    profile = (b"iCCP", b"x\0\0" + zlib.compress(PROFILE))
    data = deep_png(noise("RGB", np.uint16), profile, behind=(text, exif))
    again = Image.open(io.BytesIO(encode(decode(data))))
    again.load()
    assert again.getexif()[271] == "maker"
    assert again.info["icc_profile"] == PROFILE
    assert "5 stars" in again.info["XML:com.adobe.xmp"]


@pytest.mark.parametrize("mode", SHAPES)
def test_linear_floats_come_to_the_srgb_curve_and_back(mode):
    pixels = noise(mode, np.float32)
    photo = decode(tiff(pixels))
    colors = slice(None) if mode in ("L", "RGB") else slice(0, -1)
    wanted = pixels.copy()
    if mode == "L":
        wanted = srgb_from_linear(pixels)
    else:
        wanted[..., colors] = srgb_from_linear(pixels[..., colors])
    np.testing.assert_array_equal(photo.pixels, wanted)
    again = tifffile.imread(io.BytesIO(encode(photo)))
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, pixels, rtol=3e-7)
    if mode in ("LA", "RGBA"):
        np.testing.assert_array_equal(again[..., -1], pixels[..., -1])


def test_the_network_sees_floats_as_it_sees_the_same_picture_of_16_bits():
    """A dark picture is enhanced alike whether its light is stored linear or on the curve."""
    curved = noise("RGB", np.float32) * 0.2
    deep = np.rint(curved * 65535).astype(np.uint16)
    treatment = JobOptions(Enhancer(threads=1))
    floats, *_ = enhance_bytes(tiff(linear_from_srgb(deep / 65535).astype(np.float32)), treatment)
    integers, *_ = enhance_bytes(tiff(deep), treatment)
    found = srgb_from_linear(tifffile.imread(io.BytesIO(floats)))
    np.testing.assert_allclose(found, tifffile.imread(io.BytesIO(integers)) / 65535, atol=1e-4)


def test_light_above_white_keeps_its_part_above_white():
    pixels = noise("RGB", np.float32) * 0.1
    pixels[4:8, 4:8] = 7.5
    pixels[0, 0, 1] = -0.25
    treatment = JobOptions(Enhancer(strength=0, threads=1))
    data, _, _, note = enhance_bytes(tiff(pixels), treatment)
    wanted = np.maximum(pixels, 0)
    np.testing.assert_allclose(tifffile.imread(io.BytesIO(data)), wanted, rtol=3e-7)
    assert note == (
        "values below 0 became 0; values above 1 are kept: the part above 1 was not changed"
    )
    brighter, *_ = enhance_bytes(tiff(pixels), JobOptions(Enhancer(threads=1)))
    assert tifffile.imread(io.BytesIO(brighter))[5, 5].min() > 7.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(value):
    pixels = noise("RGB", np.float32)
    pixels[2, 3, 1] = value
    with pytest.raises(UnsupportedError, match="values that are no numbers"):
        decode(tiff(pixels))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("white", [100, 255, 4095, 65535])
@pytest.mark.parametrize("brightness", [0.02, 1.0])
def test_floats_of_another_white_are_refused(mode, white, brightness):
    """Whole numbers, however dark, and the fractions that stacked exposures have."""
    pixels = noise(mode, np.float32)
    counts = colors(pixels)
    counts *= white * brightness
    if brightness < 1:
        np.rint(counts, out=counts)
    with pytest.raises(UnsupportedError, match=r"^floats from .* 1 is white: divide them"):
        decode(tiff(pixels))


def test_light_above_white_in_less_than_half_of_a_picture_is_light():
    """A window in a night scene, to the last row that may be brighter than white."""
    pixels = noise("RGB", np.float32)
    pixels[:12] += 1
    assert decode(tiff(pixels)).above is not None
    pixels[12, 0, 0] += 1
    with pytest.raises(UnsupportedError, match="1 is white"):
        decode(tiff(pixels))


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("bands", [3, 4])
def test_avifs_of_10_and_12_bits_fill_16_and_keep_their_depth(bits, bands):
    ramp = np.linspace(0, 65535, 48 * 64 * bands).reshape(48, 64, bands).astype(np.uint16)
    image = pyvips.Image.new_from_array(ramp).copy(interpretation="rgb16")
    data = image.heifsave_buffer(compression="av1", bitdepth=bits, lossless=True)
    photo = decode(data)
    assert (photo.format, photo.depth) == ("AVIF", bits)
    np.testing.assert_array_equal(photo.pixels, full_range(ramp >> (16 - bits), bits))
    again = pyvips.Image.new_from_buffer(encode(photo), "")
    assert again.get("bits-per-sample") == bits
    assert np.abs(again.numpy().astype(int) - ramp).mean() < 400


def test_an_avif_keeps_what_goes_with_it():
    exif = exif_with(6)
    image = pyvips.Image.new_from_array(np.zeros((48, 64, 3), np.uint16) + 9000)
    data = image.copy(interpretation="rgb16").heifsave_buffer(compression="av1", bitdepth=10)
    photo = decode(data)
    photo.metadata.update({"exif": exif, "icc_profile": PROFILE, "xmp": b"<x:xmpmeta/>"})
    with Image.open(io.BytesIO(encode(photo))) as again:
        assert again.getexif()[271] == "maker"
        assert again.info["icc_profile"] == PROFILE
        assert again.info["xmp"] == b"<x:xmpmeta/>"


def test_full_range_is_rounded_not_shifted():
    """V * 65535 / (2^bits - 1)."""
    values = np.arange(4096, dtype=np.uint16)
    for bits, peak in ((10, 1023), (12, 4095)):
        some = values[: peak + 1]
        wanted = np.rint(some.astype(float) * 65535 / peak)
        np.testing.assert_array_equal(full_range(some, bits), wanted)


@pytest.mark.parametrize(("pixels", "options", "sentence"), [
    (np.zeros((4, 4, 4), np.uint16), {"extrasamples": ["assocalpha"]}, "premultiplied"),
    (np.zeros((4, 4, 4), np.uint16), {"extrasamples": ["unspecified"]}, "not said to be transp"),
    (np.zeros((4, 4, 4), np.uint16), {"photometric": "separated"}, "CMYK of 16 bits; noiser reads"),
])  # fmt: skip
def test_deep_kinds_that_have_no_look_are_refused(pixels, options, sentence):
    if options.get("photometric") == "separated":
        options = options | {"extrasamples": []}
    with pytest.raises(UnsupportedError, match=sentence):
        decode(tiff(pixels, **options))


def test_several_deep_pages_are_refused():
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((2, 8, 8, 3), np.uint16), photometric="rgb")
    with pytest.raises(UnsupportedError, match="several pages, which only"):
        decode(file.getvalue())


@pytest.mark.parametrize("data", [
    tiff(noise("RGB", np.uint16)),
    tiff(noise("RGB", np.float32)),
    deep_png(noise("RGB", np.uint16)),
], ids=["TIFF 16", "TIFF float", "PNG 16"])  # fmt: skip
def test_limits_hold_and_truncated_files_are_damaged(data):
    with pytest.raises(LimitError, match="36 x 24 pixels"):
        decode(data, Limits(max_pixels=36 * 24 - 1))
    for share in (0.02, 0.5, 0.95):
        with pytest.raises(DecodeError, match=r"^damaged (PNG|TIFF) data: ") as refusal:
            decode(data[: int(len(data) * share)])
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["x.tif", "x.png"])
def test_without_pyvips_deep_colour_is_refused_with_advice(tmp_path, name, monkeypatch):
    """Never 8 bits in silence; and what Pillow can hold needs no pyvips."""
    pixels = noise("RGB", np.uint16)
    data = deep_png(pixels) if name == "x.png" else tiff(pixels)
    monkeypatch.setitem(sys.modules, "pyvips", None)
    with pytest.raises(MissingExtraError, match=r"10 to 16 bits.*pip install 'noiser\[io\]'"):
        decode(data)
    assert decode(tiff(noise("L", np.uint16))).depth == 16


def test_stdin_is_no_worse_than_a_file(tmp_path):
    data = tiff(noise("RGB", np.uint16) // 8)
    (tmp_path / "x.tif").write_bytes(data)
    piped = call("enhance", "-", cwd=tmp_path, stdin=data)
    assert call("enhance", "x.tif", cwd=tmp_path).returncode == 0
    assert piped.stdout == (tmp_path / "x_enhanced.tif").read_bytes()
    assert tifffile.imread(io.BytesIO(piped.stdout)).dtype == np.uint16


def test_a_float_that_must_become_shallower_is_refused_unless_asked():
    with pytest.raises(OutputError, match="PNG cannot hold floats; choose TIFF"):
        encode(decode(tiff(noise("RGB", np.float32))), "PNG")


def test_pillow_does_not_decode_a_deep_png(monkeypatch):
    """It would cut to 8 bits, for nothing."""
    data = deep_png(noise("RGB", np.uint16))
    sizes = []
    real = Image.Image.load
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load",
                        lambda self: (sizes.append(self.size), real(self))[1])  # fmt: skip
    decode(data)
    assert set(sizes) <= {(1, 1)}


def test_nothing_deep_is_loaded_for_an_ordinary_picture(tmp_path):
    (tmp_path / "x.jpg").write_bytes(saved(picture(), "JPEG"))
    code = (
        "import sys; from noiser.io.image_file import decode\n"
        f"decode(open({str(tmp_path / 'x.jpg')!r}, 'rb').read())\n"
        "print(sorted({'pyvips', 'pillow_heif', 'rawpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_deep_picture_weighs_more_in_the_budget_of_pixels():
    size = 36 * 24
    assert identify(saved(picture(height=24, width=36), "PNG")).weight == size
    assert identify(deep_png(noise("RGB", np.uint16))).weight == 2 * size
    assert identify(tiff(noise("RGB", np.uint16))).weight == 2 * size
    assert identify(tiff(noise("RGB", np.float32))).weight == 6 * size
    assert identify(dng(np.zeros((24, 36)))).weight == 5 * size


def test_where_a_tiffs_strips_lie_does_not_count_as_metadata():
    """A long list of them is no reason to refuse a picture."""
    data = tiff(noise("RGB", np.uint16), rowsperstrip=1)
    assert decode(data, Limits(max_profile_bytes=300)).depth == 16


@pytest.mark.parametrize("kind", ["an AVIF is written", "a profile is converted"])
def test_libvips_keeps_no_pixels_when(kind):
    """It would hold those of a hundred operations, for whoever asks again."""
    pixels = np.full((64, 64, 3), 900, np.uint16)
    if kind == "an AVIF is written":
        image = pyvips.Image.new_from_array(pixels).copy(interpretation="rgb16")
        photo = decode(image.heifsave_buffer(compression="av1", bitdepth=10))
        pyvips.cache_set_max(0)
        pyvips.cache_set_max(100)
        encode(photo)
    else:
        _by_vips(pixels, profile("Adobe RGB"))

    assert pyvips.cache_get_size() == 0
