"""Formats: every kind of picture through every format, and a ramp of all 65,536 values."""

import io

import numpy as np
import pytest
import pyvips
import tifffile
from matrix import FORMATS, KINDS, OWN, alpha, committed, gray, outcome, source, table
from PIL import Image
from test_cli import call

from noiser import Enhancer
from noiser.io.image_file import decode

DEPTH = {np.uint8: 255, np.uint16: 65535}
QUARTER = 16_384
"""Values of the darkest quarter of 16 bits."""


def test_the_page_has_the_table_that_is_found():
    """`python tests/support/matrix.py` writes it anew."""
    assert committed() == table()


def test_the_matrix_has_all_cells():
    """The guard of the tests below."""
    assert (len(FORMATS), len(KINDS), sum(map(len, OWN.values()))) == (8, 11, 43)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format_", FORMATS)
def test_a_cell_keeps_the_picture(kind, format_):
    """Kind, depth and transparency as the page says, and a picture that is brighter."""
    photo = decode(outcome(kind, format_)[1])
    assert photo.format == format_
    peak = DEPTH.get(photo.pixels.dtype.type, 1)
    has_alpha = photo.channels in (2, 4)
    is_transparent = kind in ("LA", "RGBA", "P+transparency")
    assert has_alpha == (is_transparent and format_ not in ("JPEG", "BMP"))
    light = photo.pixels[..., :3] if photo.channels > 2 else photo.pixels
    light = light[..., 0] if light.ndim == 3 else light
    if kind != "1":
        assert light.mean() / peak > 1.2 * gray().mean()
        assert np.corrcoef(light.ravel(), gray().ravel())[0, 1] > 0.9
    if kind in ("LA", "RGBA") and has_alpha:
        off = np.abs(photo.pixels[..., -1].astype(int) - alpha())
        assert off.max() <= (0 if format_ in ("PNG", "TIFF", "WEBP", "JXL") else 4)


@pytest.mark.parametrize("kind", ["16-bit L", "16-bit RGB", "float32"])
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "JXL"])
def test_deep_cells_have_more_values_than_8_bits_give(kind, format_):
    photo = decode(outcome(kind, format_)[1])
    assert len(np.unique(photo.pixels)) > 2000


def test_sources_are_what_they_are_called():
    """Someone else's readers see the kind in the file that noiser gets."""
    with Image.open(io.BytesIO(source("P+transparency", "PNG"))) as image:
        assert (image.mode, "transparency" in image.info) == ("P", True)
    with Image.open(io.BytesIO(source("CMYK", "JPEG"))) as image:
        assert image.mode == "CMYK"
    avif = pyvips.Image.new_from_buffer(source("16-bit RGB", "AVIF"), "")
    assert avif.get("bits-per-sample") == 10


def ramp(channels: int) -> np.ndarray:
    """All values of 16 bits in four steps of 24 rows: uint16 [96,16384] or [96,16384,3]."""
    values = np.arange(4 * QUARTER, dtype=np.uint16).reshape(4, 1, QUARTER)
    rows = np.repeat(values, 24, axis=1).reshape(96, QUARTER)
    return rows if channels == 1 else np.repeat(rows[..., None], channels, axis=2)


def write(path, pixels: np.ndarray) -> None:
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, photometric="minisblack" if pixels.ndim == 2 else "rgb")
    else:
        kind = "grey16" if pixels.ndim == 2 else "rgb16"
        image = pyvips.Image.new_from_array(pixels).copy(interpretation=kind)
        image.pngsave(str(path), bitdepth=16, compression=1)


def read(path) -> np.ndarray:
    if path.suffix == ".tif":
        return tifffile.imread(path)
    return np.squeeze(pyvips.Image.new_from_file(str(path)).numpy())


@pytest.mark.parametrize("name", ["ramp.png", "ramp.tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_at_strength_0_all_65536_values_are_kept(tmp_path, name, channels):
    pixels = ramp(channels)
    write(tmp_path / name, pixels)
    done = call("enhance", name, "-o", f"out/{name}", "--strength", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(read(tmp_path / "out" / name), pixels)


@pytest.mark.parametrize("name", ["ramp.png", "ramp.tif"])
def test_an_enhanced_ramp_keeps_its_shadows_apart_and_has_no_gaps_of_8_bits(tmp_path, name):
    """A dark smooth scene: the darkest quarter of all values, from left to right.

    Nothing was ever rounded to 8 bits: a detour leaves the low bytes at a handful of values.
    """
    values = np.arange(QUARTER, dtype=np.uint16)
    write(tmp_path / name, np.repeat(np.tile(values, (48, 1))[..., None], 3, axis=2))
    assert call("enhance", name, "-o", f"out/{name}", cwd=tmp_path).returncode == 0
    enhanced = read(tmp_path / "out" / name)
    assert enhanced.dtype == np.uint16
    assert enhanced.mean() > 1.5 * values.mean()
    for channel in enhanced[24].T:
        assert len(np.unique(channel)) >= 0.99 * QUARTER
    counts = np.bincount((enhanced[24] & 255).ravel(), minlength=256)
    assert 0.5 < counts.min() / counts.mean() <= counts.max() / counts.mean() < 1.5


def test_the_last_test_would_see_a_detour():
    """The same picture with its low bytes cut before, or after, has not a quarter of its values."""
    values = np.arange(QUARTER, dtype=np.uint16)
    scene = np.repeat(np.tile(values, (48, 1))[..., None], 3, axis=2)
    tool = Enhancer(threads=1)
    before = tool.enhance((scene // 257).astype(np.uint8)).astype(np.uint16) * 257
    after = tool.enhance(scene) // 257 * 257
    for enhanced in (before, after):
        assert len(np.unique(enhanced[24, :, 0])) < QUARTER / 4
        counts = np.bincount((enhanced[24] & 255).ravel(), minlength=256)
        assert counts.min() / counts.mean() < 0.5
