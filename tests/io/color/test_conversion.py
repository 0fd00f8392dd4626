"""Routes: a picture looks alike whatever the colour space of its file."""

import io
import struct

import numpy as np
import pytest
from pictures import dark_rgb, saved
from PIL import Image
from spaces import D50, coded, converted, difference, lab, linear, matrix, profile

from noiser.engine.enhancer import Enhancer
from noiser.io.color import conversion, icc
from noiser.io.color.conversion import UNCONVERTED, ThroughSrgb, ToSrgb, conversion_for
from noiser.io.color.profiles import SRGB, SRGB_GRAY
from noiser.io.image_file import decode
from noiser.io.output_options import OutputOptions
from noiser.jobs import color_managed
from noiser.jobs.color_managed import enhance_by
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

CURVED = ["Adobe RGB", "ProPhoto", "linear"]
NIGHTS = ["lime/1.bmp", "lime/2.bmp", "lime/4.bmp", "lime/7.bmp", "lol-v1/eval15/low/111.png"]


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer(threads=2)


def night(shared_data, name: str) -> np.ndarray:
    """A small copy of a photograph, uint8 [H,W,3]."""
    return np.asarray(Image.open(shared_data / name).convert("RGB").reduce(3))


def stored(image: np.ndarray, space: str, dtype: type) -> np.ndarray:
    """Store an sRGB picture in another space, at 8 or 16 bits."""
    peak = np.iinfo(dtype).max
    return np.rint(converted(image / 255.0, "sRGB", space) * peak).astype(dtype)


def shown(pixels: np.ndarray, space: str) -> np.ndarray:
    """Show a picture of a space in sRGB, in [0, 1]."""
    return converted(pixels / np.iinfo(pixels.dtype).max, space, "sRGB")


@pytest.mark.parametrize("space", ["Display P3", *CURVED])
@pytest.mark.parametrize("name", NIGHTS)
def test_a_photo_looks_alike_in_any_space(shared_data, enhancer, name, space):
    """At 16 bits, where rounding is out of the way: CIEDE2000 of at most 1 at the median."""
    image = night(shared_data, name)
    wanted = enhancer.enhance(image.astype(np.uint16) * np.uint16(257)) / 65535
    pixels = stored(image, space, np.uint16)
    route, kept, note = conversion_for(profile(space), 3, "keep")
    made = enhance_by(route, pixels, enhancer)
    assert (kept, note, made.dtype) == (profile(space), None, np.uint16)
    assert np.median(difference(shown(made, space), wanted)) <= (1.0 if space[0] == "D" else 0.1)


@pytest.mark.parametrize(("space", "most"), [("Display P3", 1.2), ("Adobe RGB", 1.0)])
@pytest.mark.parametrize("name", NIGHTS)
def test_a_photo_of_8_bits_looks_alike_in_any_space(shared_data, enhancer, name, space, most):
    """As users have them; what rounding in the file costs is in it."""
    image = night(shared_data, name)
    wanted = enhancer.enhance(image) / 255
    data = saved(Image.fromarray(stored(image, space, np.uint8)), "PNG", icc_profile=profile(space))
    made = decode(enhance_bytes(data, JobOptions(enhancer))[0])
    assert made.metadata["icc_profile"] == profile(space)
    assert np.median(difference(shown(made.pixels, space), wanted)) <= most


def test_without_the_detour_an_adobe_picture_would_look_different(shared_data, enhancer):
    """The guard of the above: why there is one."""
    image = night(shared_data, "lol-v1/eval15/low/111.png")
    wanted = enhancer.enhance(image.astype(np.uint16) * np.uint16(257)) / 65535
    made = enhancer.enhance(stored(image, "Adobe RGB", np.uint16))
    assert np.median(difference(shown(made, "Adobe RGB"), wanted)) > 2.0


@pytest.mark.parametrize("space", ["Display P3", *CURVED])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_conversion_to_srgb_gives_the_colours_of_the_srgb_file(shared_data, enhancer, space, dtype):
    image = night(shared_data, "lime/4.bmp")
    wanted = enhancer.enhance(image.astype(np.uint16) * np.uint16(257)) / 65535
    route, made_profile, _ = conversion_for(profile(space), 3, "srgb")
    made = enhance_by(route, stored(image, space, dtype), enhancer)
    found = np.median(difference(made / np.iinfo(dtype).max, wanted))
    assert made_profile == SRGB
    assert found <= (1.6 if dtype == np.uint8 else 0.1)


@pytest.mark.parametrize("space", CURVED)
@pytest.mark.parametrize(("dtype", "most"), [(np.uint8, 0), (np.uint16, 16)])
def test_the_way_there_and_back_changes_nothing(space, dtype, most):
    """Also for colours that sRGB cannot hold. At 16 bits tables cost a few levels in the dark."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, np.iinfo(dtype).max + 1, (64, 64, 3)).astype(dtype)
    route = conversion_for(profile(space), 3, "keep")[0]
    entered = route.enter(pixels)
    back = route.leave(pixels, entered, entered)
    assert isinstance(route, ThroughSrgb)
    assert abs(back.astype(int) - pixels).max() <= most


@pytest.mark.parametrize("space", CURVED)
def test_strength_0_returns_the_bytes(space, enhancer):
    pixels = dark_rgb(40, 50)
    route = conversion_for(profile(space), 3, "keep")[0]
    np.testing.assert_array_equal(enhance_by(route, pixels, Enhancer(strength=0)), pixels)


def test_colours_that_srgb_cannot_hold_stay_outside_of_it(enhancer):
    """A saturated green of Adobe RGB is brightened, not made paler."""
    pixels = np.zeros((64, 64, 3), np.uint8) + np.uint8([70, 70, 70])
    pixels[16:48, 16:48] = [10, 90, 30]
    route = conversion_for(profile("Adobe RGB"), 3, "keep")[0]
    before, after = (p[32, 32] / 255 for p in (pixels, enhance_by(route, pixels, enhancer)))
    change = np.linalg.inv(matrix("sRGB")) @ matrix("Adobe RGB")
    assert after[1] > 1.1 * before[1]
    for values in (before, after):
        light = change @ linear(values, "Adobe RGB")
        assert light[0] < -0.1 * light[1]


def test_what_srgb_cannot_hold_gets_the_gain_of_its_pixel():
    """Twice the light is twice the light outside of sRGB as well."""
    pixels = np.full((1, 4, 3), [10, 90, 30], np.uint8)
    route = conversion_for(profile("Adobe RGB"), 3, "keep")[0]
    entered = route.enter(pixels)
    doubled = np.rint(coded(2 * linear(entered / 65535)) * 65535).astype(np.uint16)
    made = linear(route.leave(pixels, entered, doubled) / 255, "Adobe RGB")
    wanted = 2 * linear(pixels / 255, "Adobe RGB")
    np.testing.assert_allclose(made, wanted, rtol=0.02, atol=1e-3)


def test_alpha_is_carried_through_untouched(enhancer):
    pixels = np.dstack([dark_rgb(32, 32), np.arange(1024, dtype=np.uint8).reshape(32, 32)])
    for target in ("keep", "srgb"):
        route = conversion_for(profile("Adobe RGB"), 4, target)[0]
        made = enhance_by(route, pixels, enhancer)
        np.testing.assert_array_equal(made[..., 3], pixels[..., 3])
        assert (made[..., :3] != pixels[..., :3]).any()


@pytest.mark.parametrize("with_alpha", [False, True])
def test_gray_of_another_gamma_looks_like_gray_of_srgbs(enhancer, with_alpha):
    gray = dark_rgb(64, 64)[..., 0].astype(np.uint16) * np.uint16(257)
    light = converted(np.dstack([gray] * 3) / 65535, "sRGB", "linear")[..., 0]
    pixels = np.rint(light ** (1 / 1.8) * 65535).astype(np.uint16)
    if with_alpha:
        pixels = np.dstack([pixels, gray])
    route, _, _ = conversion_for(icc.gray_profile("gray", (1.8,)), 1 + with_alpha, "keep")
    made = enhance_by(route, pixels, enhancer)
    made = made[..., 0] if with_alpha else made
    back = converted(np.dstack([(made / 65535) ** 1.8] * 3), "linear", "sRGB")
    wanted = np.dstack([enhancer.enhance(gray) / 65535] * 3)
    assert isinstance(route, ThroughSrgb)
    assert np.median(difference(back, wanted)) < 0.1
    in_srgb, made_profile, _ = conversion_for(
        icc.gray_profile("gray", (1.8,)), 1 + with_alpha, "srgb"
    )
    found = enhance_by(in_srgb, pixels, enhancer)
    found = found[..., 0] if with_alpha else found
    assert made_profile == SRGB_GRAY
    assert np.median(difference(np.dstack([found / 65535] * 3), wanted)) < 0.1


def test_bands_make_no_difference(enhancer, monkeypatch):
    pixels = dark_rgb(97, 61)
    route = conversion_for(profile("Adobe RGB"), 3, "keep")[0]
    whole = enhance_by(route, pixels, enhancer)
    monkeypatch.setattr(color_managed, "BAND_PIXELS", 1)
    np.testing.assert_array_equal(enhance_by(route, pixels, enhancer), whole)


def test_floats_take_the_detour_too(enhancer):
    pixels = dark_rgb(48, 48).astype(np.float32) / 255
    route = conversion_for(profile("linear"), 3, "keep")[0]
    made = enhance_by(route, pixels, enhancer)
    wanted = enhance_by(route, np.rint(pixels * 65535).astype(np.uint16), enhancer)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, wanted / 65535, atol=2e-3)


def test_which_way_a_profile_goes():
    """Straight where the curve is sRGB's, and where there is no curve to know."""
    table = table_profile(b"RGB ", 3)
    assert conversion_for(None, 3, "keep") == (UNCONVERTED, None, None)
    assert conversion_for(None, 3, "srgb") == (UNCONVERTED, SRGB, None)
    assert conversion_for(None, 1, "srgb") == (UNCONVERTED, SRGB_GRAY, None)
    assert conversion_for(profile("Display P3"), 3, "keep")[0] is UNCONVERTED
    assert conversion_for(SRGB, 3, "keep")[0] is UNCONVERTED
    assert type(conversion_for(profile("Adobe RGB"), 3, "keep")[0]) is ThroughSrgb
    assert type(conversion_for(profile("Display P3"), 3, "srgb")[0]) is ToSrgb
    assert conversion_for(table, 3, "keep") == (UNCONVERTED, table, None)
    assert type(conversion_for(table, 3, "srgb")[0]) is conversion.TablesToSrgb


@pytest.mark.parametrize("target", ["keep", "srgb"])
def test_a_profile_of_another_kind_than_the_pixels_is_noted(target):
    """Gray pixels with an RGB profile come from careless programs."""
    route, kept, note = conversion_for(profile("Adobe RGB"), 1, target)
    assert route is UNCONVERTED
    assert kept == (SRGB_GRAY if target == "srgb" else profile("Adobe RGB"))
    assert note == "its colour profile is of another kind than its pixels; they count as sRGB"


GRID = 9


def table_profile(space: bytes, inks: int) -> bytes:
    """A profile of tables (`mft2`): inks that swallow light, into CIELAB.

    RGB is gamma-coded by 2.2 in sRGB's primaries; of CMYK each ink lets
    at least a fifth through, and so does black.
    """
    axes = np.meshgrid(*[np.linspace(0, 1, GRID)] * inks, indexing="ij")
    values = np.stack(axes, -1).reshape(-1, inks)
    light, a, b = np.moveaxis(lab(table_srgb(values), D50), -1, 0)
    steps = np.stack([light * 652.8, (a + 128) * 256, (b + 128) * 256], 1)
    table = np.rint(np.clip(steps, 0, 65535)).astype(">u2").tobytes()
    ramp = struct.pack(">2H", 0, 65535)
    tag = b"mft2\0\0\0\0" + bytes([inks, 3, GRID, 0])
    tag += struct.pack(">9l", *(65536 * v for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    tag += struct.pack(">HH", 2, 2) + ramp * inks + table + ramp * 3
    head = bytearray(icc.gray_profile("tables", (1.0,))[:128])
    head[8:24] = struct.pack(">L4s4s4s", 0x02400000, b"prtr", space, b"Lab ")
    tags = {b"A2B0": tag, b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3l", 63190, 65536, 54061)}
    body, index = b"", struct.pack(">L", len(tags))
    for name, content in tags.items():
        index += struct.pack(">4sLL", name, 132 + 12 * len(tags) + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head[0:4] = struct.pack(">L", len(head) + len(index) + len(body))
    return bytes(head) + index + body


def table_srgb(values: np.ndarray) -> np.ndarray:
    """What the table profiles mean, in sRGB."""
    if values.shape[-1] == 4:
        values = (1 - 0.8 * values[..., :3]) * (1 - 0.8 * values[..., 3:])
    return converted(values**2.2, "linear", "sRGB")


def test_cmyk_with_a_profile_has_the_colours_that_the_profile_means():
    """And not those of a formula: CIEDE2000 of half a unit at the median."""
    cmyk = (np.random.default_rng(1).random((40, 40, 4)) * 255).astype(np.uint8)
    image = Image.frombytes("CMYK", (40, 40), cmyk.tobytes())
    photo = decode(saved(image, "TIFF", icc_profile=table_profile(b"CMYK", 4)))
    wanted = table_srgb(cmyk / 255)
    assert photo.metadata["icc_profile"] == SRGB
    assert np.median(difference(photo.pixels / 255, wanted)) < 0.7
    naive = np.asarray(image.convert("RGB")) / 255
    assert np.median(difference(naive, wanted)) > 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_profile_of_tables_is_converted_by_little_cms(dtype):
    if dtype == np.uint16:
        pytest.importorskip("pyvips")
    values = np.random.default_rng(2).random((40, 40, 3)) * 0.9 + 0.05
    pixels = np.rint(values * np.iinfo(dtype).max).astype(dtype)
    route, made, note = conversion_for(table_profile(b"RGB ", 3), 3, "srgb")
    found = route.leave(pixels, pixels, pixels)
    assert (made, note, found.dtype) == (SRGB, None, dtype)
    assert np.median(difference(found / np.iinfo(dtype).max, table_srgb(values))) < 1.0


def test_a_whole_run_converts_and_embeds_srgb(enhancer):
    data = saved(Image.fromarray(dark_rgb(40, 40)), "PNG", icc_profile=profile("Adobe RGB"))
    treatment = JobOptions(enhancer, output=OutputOptions(profile="srgb"))
    made = Image.open(io.BytesIO(enhance_bytes(data, treatment)[0]))
    assert made.info["icc_profile"] == SRGB
