"""ICC profiles: what we write is what little CMS reads, and what we read is what it means."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from spaces import SPACES, converted, linear, matrix, profile

from noiser.io.color import icc

LEVELS = np.linspace(0, 1, icc.CURVE_POINTS)


def lcms(data: bytes, pixels: np.ndarray, target: bytes) -> np.ndarray:
    """Convert by little CMS."""
    source, made = (ImageCms.ImageCmsProfile(io.BytesIO(p)) for p in (data, target))
    mode = "L" if pixels.ndim == 2 else "RGB"
    transform = ImageCms.buildTransform(source, made, mode, "RGB", 1)
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform)).astype(int)


@pytest.mark.parametrize("name", SPACES)
def test_little_cms_sees_the_colours_that_the_published_numbers_mean(name):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    wanted = converted(pixels / 255.0, name, "sRGB") * 255
    assert abs(lcms(profile(name), pixels, profile("sRGB")) - wanted).max() < 1.6


def test_little_cms_reads_our_gray_profile():
    gray = np.arange(256, dtype=np.uint8)[None]
    found = lcms(icc.gray_profile("gray", (2.2,)), gray, profile("sRGB"))[0, :, 1]
    wanted = converted(np.arange(256)[:, None].repeat(3, 1) / 255, "linear", "linear")[:, 0] ** 2.2
    wanted = np.where(wanted > 0.0031308, 1.055 * wanted ** (1 / 2.4) - 0.055, wanted * 12.92) * 255
    assert abs(found - wanted).max() < 1.6


@pytest.mark.parametrize("name", SPACES)
def test_a_profile_is_read_as_it_was_written(name):
    found = icc.parse(profile(name))
    np.testing.assert_allclose(found.curves, np.tile(linear(LEVELS, name), (3, 1)), atol=1e-4)
    ours = np.linalg.inv(icc.parse(profile("sRGB")).primaries) @ found.primaries
    np.testing.assert_allclose(ours, np.linalg.inv(matrix("sRGB")) @ matrix(name), atol=2e-3)
    assert icc.name_of(profile(name)) == name


def test_little_cms_own_profile_is_read():
    """Its curve is parametric, its name of version 2 or 4."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_allclose(icc.parse(data).curves[0], linear(LEVELS), atol=1e-4)
    assert icc.name_of(data) == "sRGB built-in"


def test_a_profile_of_version_2_with_a_table_is_read(shared_data):
    """As most files have it: 1024 points and a name of its own kind."""
    path = shared_data / "hostile" / "libvips" / "test_test-suite_images_sRGB.icm"
    data = path.read_bytes()
    np.testing.assert_allclose(icc.parse(data).curves[0], linear(LEVELS), atol=2e-3)
    assert icc.name_of(data).startswith("sRGB")


def with_curve(content: bytes) -> bytes:
    """A gray profile of another curve."""
    data = icc.gray_profile("", (1.0,))
    at = data.index(b"para")
    data = bytearray(data[:at] + content)
    entry = data.index(b"kTRC") + 4
    data[entry : entry + 8] = struct.pack(">LL", at, len(content))
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"curv\0\0\0\0" + struct.pack(">L", 0), LEVELS),
        (b"curv\0\0\0\0" + struct.pack(">LH", 1, 0x0200), LEVELS**2),
        (b"curv\0\0\0\0" + struct.pack(">L3H", 3, 0, 16384, 65535),
         np.interp(LEVELS, [0, 0.5, 1], [0, 0.25, 1])),
        (b"para\0\0\0\0" + struct.pack(">HHl", 0, 0, 2 << 16), LEVELS**2),
        (b"para\0\0\0\0" + struct.pack(">HH3l", 1, 0, 1 << 16, 2 << 16, -1 << 16),
         np.maximum(2 * LEVELS - 1, 0)),
        (b"para\0\0\0\0" + struct.pack(">HH4l", 2, 0, 1 << 16, 1 << 15, 0, 1 << 15),
         0.5 + LEVELS / 2),
        (b"para\0\0\0\0" + struct.pack(">HH7l", 4, 0, 1 << 16, 1 << 16, 0, 1 << 15, 1 << 15, 0, 0),
         np.where(LEVELS >= 0.5, LEVELS, LEVELS / 2)),
    ],
)  # fmt: skip
def test_curves_of_all_kinds_are_read(content, wanted):
    np.testing.assert_allclose(icc.parse(with_curve(content)).curves[0], wanted, atol=1e-4)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense" * 40,
        profile("sRGB")[:200],
        profile("sRGB").replace(b"rTRC", b"xTRC"),
        profile("sRGB").replace(b"desc", b"A2B0", 1),
        with_curve(b"curv\0\0\0\0" + struct.pack(">L", 1 << 20)),
        with_curve(b"curv\0\0\0\0" + struct.pack(">L2H", 2, 65535, 0)),
        with_curve(b"para\0\0\0\0" + struct.pack(">HHl", 9, 0, 1 << 16)),
        with_curve(b"para\0\0\0\0" + struct.pack(">HHl", 0, 0, 0)),
    ],
)
def test_what_is_no_simple_profile_is_none(data):
    assert icc.parse(data) is None


@given(st.integers(0, 430), st.binary(min_size=1, max_size=6))
def test_a_damaged_profile_raises_nothing(at, noise):
    data = bytearray(profile("Display P3"))
    data[at : at + len(noise)] = noise
    with np.errstate(all="ignore"):
        icc.parse(bytes(data))
    icc.name_of(bytes(data))
