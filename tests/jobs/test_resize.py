"""Resizing: Lanczos as the formula says it, in every kind of picture, and never larger."""

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from pictures import dark_rgb, picture, saved
from PIL import Image
from PIL.ExifTags import IFD
from test_cli import call

from noiser.core.errors import OutputError
from noiser.engine.enhancer import Enhancer
from noiser.io.metadata import exif, xmp
from noiser.io.output_options import OutputOptions
from noiser.io.photo import Photo
from noiser.jobs import resize
from noiser.jobs.gigapixel import enhance_file
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions
from noiser.jobs.resize import fitted_size, resized, resized_photo

KINDS = [
    (channels, dtype) for channels in (1, 2, 3, 4) for dtype in (np.uint8, np.uint16, np.float32)
]
PEAKS = {np.uint8: 255, np.uint16: 65535, np.float32: 1}


def random(channels, dtype, height=57, width=90):
    """Noise of a kind, of the middle of its range: of 8 bits Pillow clips on the way."""
    shape = (height, width, channels)[: 2 if channels == 1 else 3]
    return ((0.35 + 0.3 * np.random.default_rng(0).random(shape)) * PEAKS[dtype]).astype(dtype)


def lanczos(inputs, outputs):
    """The filter's weights by its formula, sinc(x) sinc(x / 3): float64 [outputs,inputs]."""
    scale = inputs / outputs
    centers = (np.arange(outputs)[:, None] + 0.5) * scale - 0.5
    x = (np.arange(inputs)[None] - centers) / scale
    weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    return weights / weights.sum(axis=1, keepdims=True)


def by_formula(pixels, width, height):
    """Resize in float64; with transparency, the colours by how much is seen of them."""
    peak = PEAKS[pixels.dtype.type]
    planes = np.atleast_3d(pixels.astype(float))
    has_alpha = planes.shape[2] in (2, 4)
    if has_alpha:
        planes[..., :-1] *= planes[..., -1:] / peak
    down, across = lanczos(planes.shape[0], height), lanczos(planes.shape[1], width)
    made = np.einsum("yh,hwc,xw->yxc", down, planes, across)
    if has_alpha:
        made[..., :-1] /= np.clip(made[..., -1:], 1e-9, peak) / peak
    return np.clip(made, 0, peak).reshape(height, width, *pixels.shape[2:])


@pytest.mark.parametrize(("channels", "dtype"), KINDS)
@pytest.mark.parametrize("size", [(40, 25), (89, 56), (1, 1)])
def test_every_kind_is_resized_by_the_formula(channels, dtype, size):
    """Within the rounding; Pillow rounds 8 bits without transparency once more on the way."""
    pixels = random(channels, dtype)

    found = resized(pixels, size)

    assert (found.dtype, found.shape) == (dtype, (size[1], size[0], *pixels.shape[2:]))
    off = np.abs(found.astype(float) - by_formula(pixels, *size)).max()
    most = {np.uint8: 0.51 if channels in (2, 4) else 1.6, np.uint16: 0.6, np.float32: 1e-5}
    assert off <= most[dtype]


@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_bands_give_what_the_whole_gives(monkeypatch, channels, dtype):
    """To the last bit of 8; where they are cut changes only how sums are rounded."""
    pixels = random(channels, dtype)
    whole = resized(pixels, (37, 23)).astype(float)

    monkeypatch.setattr(resize, "BAND_PIXELS", 500)
    found = resized(pixels, (37, 23)).astype(float)

    assert np.abs(found - whole).max() <= {np.uint8: 1, np.uint16: 1, np.float32: 1e-6}[dtype]


def test_16_bits_are_kept():
    """A slope of 2,000 of the 65,536 values, 8 of the 256, has more than a thousand still."""
    slope = np.tile(np.arange(4000, dtype=np.uint16)[None] // 2 + 9000, (8, 1))
    found = resized(np.stack([slope] * 3, axis=-1), (2000, 4))

    assert len(np.unique(found)) > 1000


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_what_is_unseen_colours_no_edge(dtype):
    """Red beside an unseen green: everywhere some of it is seen, it is red."""
    peak = PEAKS[dtype]
    pixels = np.zeros((40, 40, 4), dtype)
    pixels[:, :17, 0] = pixels[:, :17, 3] = pixels[:, 17:, 1] = peak

    found = resized(pixels, (20, 20))

    assert 0 < found[0, 8, 3] < peak
    seen = found[..., 3] > peak // 64
    assert (found[seen][:, 0] >= 0.99 * peak).all()
    assert (found[seen][:, 1] == 0).all()


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), most=st.integers(1, 6000))
def test_the_longest_side_fits_and_nothing_grows(width, height, most):
    found = fitted_size(width, height, most)

    assert max(found) == min(max(width, height), most)
    assert min(found) >= 1
    assert found[0] <= width
    assert found[1] <= height


def test_a_picture_that_is_small_enough_is_left_alone():
    photo = Photo(random(3, np.uint8), "PNG")

    assert resized_photo(photo, 90, "PNG") is photo
    assert resized_photo(photo, None, "PNG") is photo
    assert resized_photo(photo, 89, "PNG").pixels.shape == (56, 89, 3)


def test_the_part_above_white_of_floats_is_resized_beside_it():
    pixels, above = np.ones((20, 40, 3), np.float32), np.full((20, 40, 3), 2.5, np.float32)

    found = resized_photo(Photo(pixels, "TIFF", above=above), 10, "TIFF")

    np.testing.assert_allclose(found.above, np.full((5, 10, 3), 2.5), rtol=1e-5)


def test_metadata_say_the_new_size():
    """EXIF and XMP do, where they have said one."""
    block = exif.Exif().with_number("camera", exif.WIDTH, 90).with_number("camera", exif.HEIGHT, 60)
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{xmp.RDF}"><rdf:Description '
        f'xmlns:exif="{xmp.EXIF}" exif:PixelXDimension="90" exif:PixelYDimension="60"/></rdf:RDF>'
        "</x:xmpmeta>"
    ).encode()
    data = saved(picture(height=60, width=90), "JPEG", exif=exif.serialize(block), xmp=packet)
    options = JobOptions(Enhancer(threads=1), output=OutputOptions(max_size=45))

    made = enhance_bytes(data, options)[0]

    with Image.open(io.BytesIO(made)) as image:  # our own reader would set it right
        camera = image.getexif().get_ifd(IFD.Exif)
        said = xmp.properties(xmp.parse(image.info["xmp"]), xmp.EXIF)
        assert image.size == (45, 30)
        assert [camera[tag] for tag in (exif.WIDTH, exif.HEIGHT)] == [45, 30]
        assert (said["PixelXDimension"], said["PixelYDimension"]) == ("45", "30")


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_every_frame_of_an_animation_is_resized(format_):
    frames = [picture("RGBA" if format_ == "GIF" else "RGB", height=40, width=60) for _ in range(3)]
    for shade, frame in enumerate(frames):
        frame.paste((9 * shade, 20, 30, 255), (5, 5, 25, 25))
    if format_ == "GIF":
        for frame in frames:
            frame.putalpha(frame.getchannel("A").point(lambda v: 255 if v > 99 else 0))
    buffer = io.BytesIO()
    frames[0].save(buffer, format_, save_all=True, append_images=frames[1:], duration=100)
    options = JobOptions(Enhancer(threads=1), output=OutputOptions(max_size=30))

    made = enhance_bytes(buffer.getvalue(), options)[0]

    with Image.open(io.BytesIO(made)) as image:
        assert (image.size, image.n_frames) == ((30, 20), 3)


def test_the_pages_of_a_tiff_are_resized_each_by_itself():
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        for side in (80, 60, 20):
            file.write(dark_rgb(side, side), photometric="rgb")
    options = JobOptions(Enhancer(threads=1), output=OutputOptions(max_size=30))

    made = enhance_bytes(buffer.getvalue(), options)[0]

    with tifffile.TiffFile(io.BytesIO(made)) as file:
        assert [page.shape[:2] for page in file.pages] == [(30, 30), (30, 30), (20, 20)]


def test_in_strips_it_is_refused_before_the_work(tmp_path):
    (tmp_path / "x").write_bytes(saved(picture(height=60, width=90), "PNG"))
    options = JobOptions(Enhancer(threads=1), output=OutputOptions(max_size=89))

    sentence = "^90 x 60 pixels go through in strips, and --max-size makes smaller what is taken"
    with pytest.raises(OutputError, match=sentence):
        enhance_file(tmp_path / "x", tmp_path / "y", options)
    assert not (tmp_path / "y").exists()
    output = OutputOptions(max_size=90)
    enhance_file(tmp_path / "x", tmp_path / "y", JobOptions(Enhancer(threads=1), output=output))


def test_the_command_line_has_it(tmp_path):
    (tmp_path / "x.png").write_bytes(saved(picture(height=60, width=90), "PNG"))

    done = call("enhance", "x.png", "-o", "y.webp", "--max-size", "45", cwd=tmp_path)

    assert (done.returncode, b"x.png" in done.stderr) == (0, False)
    with Image.open(tmp_path / "y.webp") as image:
        assert image.size == (45, 30)


def test_another_size_makes_the_output_anew(tmp_path):
    """A run over a folder knows by its journal that the options changed; without one nothing is."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.png").write_bytes(saved(picture(height=60, width=90), "PNG"))
    words = ("enhance", "in", "-o", "out")
    call(*words, cwd=tmp_path)

    assert b"1 enhanced, 1 of them anew" in call(*words, "--max-size", "45", cwd=tmp_path).stderr
    assert b"1 kept" in call(*words, "--max-size", "45", cwd=tmp_path).stderr
