"""Quality: one that was asked for is the output's, whatever the input's was."""

import io
from dataclasses import replace

import numpy as np
import pytest
from pictures import picture, saved
from PIL import Image
from test_cli import call

from noiser.io.codecs.quality import encoding_for, with_quality
from noiser.io.formats import DEPTHS, LOSSY
from noiser.io.image_file import decode, encode
from noiser.io.output_options import OutputOptions, prepare
from noiser.io.photo import Photo

NOISE = np.random.default_rng(0).integers(0, 200, (64, 64, 3), np.uint8)


def tables(quality):
    """The quantization tables of libjpeg's quality, by Pillow."""
    with Image.open(io.BytesIO(saved(picture(), "JPEG", quality=quality))) as image:
        return image.quantization


def test_every_format_with_a_quality_is_written():
    """The guard of the tests below."""
    assert set(LOSSY) < set(DEPTHS)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("format_", LOSSY)
@pytest.mark.parametrize("is_own", [True, False])
def test_a_lower_quality_gives_a_smaller_file(format_, dtype, is_own):
    """Of noise, by half at least; in every format that has one, from itself and from another."""
    if DEPTHS[format_] == 8 and dtype == np.uint16:
        pytest.skip(f"{format_} has 8 bits")
    pixels = NOISE.astype(dtype) * (1 if dtype == np.uint8 else 257)
    encoding = {"lossless": True} if format_ in ("WEBP", "JXL") else {}
    bits = 10 if format_ in ("AVIF", "HEIC") and dtype == np.uint16 else None
    photo = Photo(pixels, format_ if is_own else "PNG", encoding=encoding, bits=bits)

    sizes = [len(encode(replace(photo, quality=q), format_)) for q in (20, 95)]

    assert sizes[0] < sizes[1] / 2


def test_floats_become_a_lossy_jpeg_xl_where_a_quality_was_asked_for():
    photo = Photo(NOISE.astype(np.float32) / 255, "TIFF")

    assert len(encode(replace(photo, quality=20), "JXL")) < len(encode(photo, "JXL")) / 4


def test_a_jpeg_keeps_its_subsampling_and_loses_its_tables():
    data = saved(picture(), "JPEG", quality=95, subsampling=0)
    photo = replace(decode(data), quality=35)

    with Image.open(io.BytesIO(encode(photo))) as image:
        assert image.quantization == tables(35)
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_without_a_quality_all_stays_as_it_was():
    own = {"qtables": {0: [1] * 64}, "subsampling": 0}

    assert encoding_for("JPEG", "JPEG", own, None) is own
    assert encoding_for("WEBP", "JPEG", own, None) == {"quality": 90}
    assert encoding_for("PNG", "JPEG", own, None) == {}


@pytest.mark.parametrize("format_", sorted(set(DEPTHS) - set(LOSSY)))
def test_a_format_without_quality_stays_as_it_is_and_a_note_says_so(format_):
    own = {"compression": "raw"}

    assert with_quality(own, format_, 50) is own
    notes = prepare({}, 1, OutputOptions(quality=50), format_).notes
    assert notes == (f"{format_} has no quality to choose",)


def test_the_command_line_has_it(tmp_path):
    (tmp_path / "x.jpg").write_bytes(saved(picture(), "JPEG"))

    done = call("enhance", "x.jpg", "-o", "y.jpg", "--quality", "35", cwd=tmp_path)

    assert (done.returncode, done.stderr.count(b"quality")) == (0, 0)
    with Image.open(tmp_path / "y.jpg") as image:
        assert image.quantization == tables(35)


@pytest.mark.parametrize("quality", ["0", "101", "1.5"])
def test_another_quality_is_wrong_words(tmp_path, quality):
    done = call("enhance", "x.jpg", "--quality", quality, cwd=tmp_path)

    assert done.returncode == 2
    assert b"Invalid value for '--quality'" in done.stderr
