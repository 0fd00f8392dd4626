"""Holding: a picture that its decoder must keep whole is refused above a limit, in words."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pictures import picture, saved
from PIL import Image

from noiser.core.errors import LimitError, UnsupportedError
from noiser.io.codecs.strips.reader import open_strips
from noiser.io.limits import Limits


def held_by(path: Path, limit: int, **limits: int) -> str | None:
    """Open it; gives the sentence of the refusal."""
    try:
        with open_strips(path, Limits(max_held_bytes=limit, **limits)):
            return None
    except LimitError as error:
        return str(error)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "picture"


def test_a_baseline_jpeg_is_not_held(path):
    path.write_bytes(saved(picture(height=40, width=50), "JPEG"))
    assert held_by(path, 1) is None


@pytest.mark.parametrize(("sampling", "held"), [(0, 12_000), (1, 8_000), (2, 6_000)])
def test_the_coefficients_of_a_progressive_jpeg_are_held(path, sampling, held):
    """Two bytes for each of 40 x 50 pixels and each sample: 3, 2 or 1.5 of them."""
    path.write_bytes(
        saved(picture(height=40, width=50), "JPEG", progressive=True, subsampling=sampling)
    )
    assert held_by(path, held) is None
    sentence = held_by(path, held - 1)
    assert sentence.startswith("a progressive JPEG of this size needs 0 MB of memory; the limit is")
    assert sentence.endswith("MB: save it as a baseline JPEG")


def test_a_jpeg_with_one_component_a_scan_is_held_like_a_progressive_one(path):
    """Worked by hand: the first scan's header is made to name one component of three."""
    data = bytearray(saved(picture(height=40, width=50), "JPEG"))
    at = data.index(b"\xff\xda\x00\x0c\x03")
    data[at : at + 14] = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(4)
    path.write_bytes(data)
    assert "a progressive JPEG" in held_by(path, 1)


def test_the_scans_of_a_progressive_jpeg_are_counted(path):
    path.write_bytes(saved(picture(height=40, width=50), "JPEG", progressive=True))
    assert held_by(path, 1 << 20, max_scans=3) == "more than 3 scans; that is the limit for a JPEG"


@pytest.mark.parametrize("deep", [False, True])
def test_an_interlaced_png_is_held(path, deep):
    """12 x 16 pixels of three channels; Pillow writes none, but the header's flag is enough."""
    data = bytearray(saved(picture(), "PNG"))
    data[24], data[28] = 16 if deep else 8, 1
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)
    held = 12 * 16 * 3 * (2 if deep else 1)
    assert "an interlaced PNG" in held_by(path, held - 1)
    assert held_by(path, held) is None


def test_a_png_is_not_held(path):
    path.write_bytes(saved(picture(), "PNG"))
    assert held_by(path, 1) is None


@pytest.mark.parametrize(("options", "held"), [
    ({"tile": (32, 16)}, 32 * 50 * 3),
    ({"rowsperstrip": 20, "compression": "zlib"}, 20 * 50 * 3),
    ({"rowsperstrip": 40}, None),
])  # fmt: skip
def test_a_row_of_tiles_and_a_compressed_strip_of_a_tiff_are_held(path, options, held):
    tifffile.imwrite(path, np.zeros((40, 50, 3), np.uint8), photometric="rgb", **options)
    if held is None:
        assert held_by(path, 1) is None
        return
    assert held_by(path, held) is None
    rows = held // 150
    assert held_by(path, held - 1).startswith(f"a TIFF with {rows} rows in a piece of this size")


def test_premultiplied_transparency_is_refused(path):
    tifffile.imwrite(
        path, np.zeros((12, 16, 4), np.uint8), photometric="rgb", extrasamples=["ASSOCALPHA"]
    )
    with pytest.raises(UnsupportedError, match="premultiplied transparency"), open_strips(path):
        pass


def test_straight_transparency_is_read(path):
    Image.new("RGBA", (16, 12)).save(path, "TIFF")
    with open_strips(path) as reader:
        assert reader.channels == 4
