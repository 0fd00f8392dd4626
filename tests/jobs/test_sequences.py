"""Sequences: one look for an animation, each page of a TIFF by its own, and nothing lost."""

import io
import json
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pytest
from pictures import dark_rgb, saved
from PIL import Image
from test_animation import moving, shown
from test_cli import call
from test_multipage import many

from noiser import Enhancer
from noiser.core.errors import OutputError, UnsupportedError
from noiser.io.codecs.multipage import joined, pages
from noiser.io.image_file import identify
from noiser.io.limits import Limits
from noiser.io.output_options import OutputOptions
from noiser.jobs.in_memory import enhance_bytes, measure_source
from noiser.jobs.options import JobOptions
from noiser.tools.inspect import describe


def scene() -> list[np.ndarray]:
    """A dark room, and a lamp that moves in it."""
    frames = []
    for number in range(4):
        pixels = dark_rgb(48, 96)
        pixels[8:20, 20 * number : 20 * number + 12] = 240, 220, 160
        frames.append(pixels)
    return frames


def scene_in(format_: str, **options) -> bytes:
    return moving(format_, [Image.fromarray(frame) for frame in scene()], **options)


def enhanced(data: bytes, enhancer: Enhancer, **options) -> bytes:
    return enhance_bytes(data, JobOptions(enhancer, **options))[0]


@pytest.mark.parametrize("knobs", [{}, {"local": 0.6}])
@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_frames_are_rendered_by_the_sum_of_what_is_known_of_all(format_, knobs):
    enhancer = Enhancer(threads=1, **knobs)
    found, durations, _ = shown(enhanced(scene_in(format_), enhancer))
    assert durations == [40, 50, 60, 1000]
    known = [enhancer.measure(frame) for frame in scene()]
    total = reduce(add, known)
    for pixels, frame in zip(found, scene(), strict=True):
        np.testing.assert_array_equal(pixels[..., :3], enhancer.render(frame, total))


@pytest.mark.parametrize(("format_", "to"), [("PNG", None), ("WEBP", None), ("PNG", "GIF")])
def test_what_does_not_move_does_not_flicker(format_, to):
    """By its own look each frame would have another brightness: the lamp leaves at the end.

    Noise is told from detail by what lies up to 103 pixels around: that may move a level, of a
    GIF's palette two.
    """
    frames = [*scene(), dark_rgb(48, 96)]
    images = [Image.fromarray(frame) for frame in frames]
    enhancer = Enhancer(threads=1)
    data = moving(format_, images, duration=50)
    found = [
        f[28:, :, :3].astype(int)
        for f in shown(enhanced(data, enhancer, output=OutputOptions(to)))[0]
    ]
    assert max(np.abs(f - found[0]).max() for f in found) <= (3 if to else 1)
    own = [enhancer.enhance(frame)[28:].astype(int) for frame in frames]
    assert np.abs(own[-1] - own[0]).mean() > 2


@pytest.mark.parametrize("format_", ["JPEG", "TIFF", "BMP", "HEIC"])
def test_an_animation_is_not_cut_to_one_picture(format_):
    output = OutputOptions(format=format_)
    with pytest.raises(OutputError, match=f"{format_} holds one picture, and this file has 4 fr"):
        enhanced(scene_in("PNG"), Enhancer(threads=1), output=output)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "AVIF"])
def test_pages_are_not_cut_to_one_picture(format_):
    output = OutputOptions(format=format_)
    with pytest.raises(OutputError, match=f"{format_} holds one picture, and this file has 6 pa"):
        enhanced(joined(many()), Enhancer(threads=1), output=output)


def test_each_page_is_what_it_would_be_alone():
    enhancer = Enhancer(threads=1)
    made = list(pages(enhanced(joined(many()), enhancer)))
    assert len(made) == 6
    for page, alone in zip(made, many(), strict=True):
        wanted = next(pages(joined([enhanced(alone, enhancer)])))
        left, right = identify(page), identify(wanted)
        one, other = left.codec.decode(left), right.codec.decode(right)
        np.testing.assert_array_equal(one.pixels, other.pixels)
        assert one.metadata == other.metadata


def pyramid() -> bytes:
    image = Image.fromarray(dark_rgb(96, 128))
    levels = [image, image.resize((64, 48)), image.resize((32, 24))]
    for level in levels[1:]:  # what is small is darker
        level.paste((0, 0, 0), (0, 0, level.width // 2, level.height))
    return joined([saved(level, "TIFF") for level in levels])


def test_levels_of_a_pyramid_share_the_look_of_the_largest():
    """Zooming in must not change the light."""
    enhancer = Enhancer(threads=1)
    data = pyramid()
    made = list(pages(enhanced(data, enhancer)))
    first = next(pages(data))
    moments, *_ = measure_source(identify(first), JobOptions(enhancer))
    for page, level in zip(made, pages(data), strict=True):
        found, before = (identify(d).codec.decode(identify(d)).pixels for d in (page, level))
        own = replace(moments, grid=enhancer.measure(before).grid)
        np.testing.assert_array_equal(found, enhancer.render(before, own))


def test_moments_of_a_file_are_the_sum_of_its_parts():
    enhancer = Enhancer(threads=1)
    options = JobOptions(enhancer)
    total, *size = measure_source(identify(scene_in("PNG")), options)
    assert size == [96, 48]
    assert total.count == 4 * 96 * 48
    assert total.sums == reduce(add, map(enhancer.measure, scene())).sums
    files = [saved(Image.fromarray(frame), "TIFF") for frame in scene()]
    total, *size = measure_source(identify(joined(files)), options)
    assert size == [96, 48]
    assert total.sums == reduce(add, map(enhancer.measure, scene())).sums


def test_a_page_that_cannot_be_used_is_named():
    files = many()
    bad = saved(Image.fromarray(dark_rgb(8, 8)), "TIFF").replace(
        b"\x06\x01\x03\0\x01\0\0\0\x02\0", b"\x06\x01\x03\0\x01\0\0\0\x4d\0"
    )
    with pytest.raises(UnsupportedError, match=r"^page 2: colours of kind 77"):
        enhanced(joined([files[0], bad, files[1]]), Enhancer(threads=1))


def test_comparison_is_made_of_each_frame():
    data = enhanced(scene_in("PNG"), Enhancer(threads=1), compare="side")
    found = shown(data)[0]
    for pixels, frame in zip(found, scene(), strict=True):
        assert pixels.shape[1] > 2 * 96
        np.testing.assert_array_equal(pixels[:, :96, :3], frame)


@pytest.mark.parametrize("name", ["anim.webp", "apng.png", "multi.tif"])
def test_the_edge_files_keep_their_parts(shared_data, tmp_path, name):
    path = shared_data / "edges" / name
    target = tmp_path / name
    done = call("enhance", path, "-o", target, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["done"] == 1
    before, after = path.read_bytes(), target.read_bytes()
    assert identify(after).parts == identify(before).parts == 2
    for old, new in zip(shown(before)[0], shown(after)[0], strict=True):
        assert new.mean() > 1.5 * old[..., :3].mean()


def test_a_folder_of_animations_and_pages_shares_one_look(tmp_path):
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "a.png").write_bytes(scene_in("PNG"))
    (folder / "b.gif").write_bytes(scene_in("GIF"))
    (folder / "c.tif").write_bytes(joined(many()))
    done = call("enhance", "night", "--same-look", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = {
        p.name: identify(p.read_bytes()).parts for p in (tmp_path / "night_enhanced").glob("?.*")
    }
    assert made == {"a.png": 4, "b.gif": 4, "c.tif": 6}


def test_a_gif_says_that_colours_are_lost(tmp_path):
    (tmp_path / "a.gif").write_bytes(scene_in("GIF"))
    done = call("enhance", "a.gif", cwd=tmp_path)
    assert b"a.gif: GIF holds 256 colours; --format webp keeps all of them" in done.stderr
    done = call("enhance", "a.gif", "--format", "webp", cwd=tmp_path)
    assert b"256" not in done.stderr
    assert identify((tmp_path / "a_enhanced.webp").read_bytes()).parts == 4


def test_pages_go_through_pipes_too(tmp_path):
    done = call("enhance", "-", cwd=tmp_path, stdin=joined(many()))
    assert done.returncode == 0
    assert identify(io.BytesIO(done.stdout).read()).parts == 6


@pytest.mark.parametrize(("data", "several"), [
    (scene_in("WEBP"), {"frames": 4}), (scene_in("GIF"), {"frames": 4}),
    (scene_in("PNG"), {"frames": 4}), (joined(many()), {"pages": 6}),
    (saved(Image.new("L", (8, 8)), "GIF"), {}),
])  # fmt: skip
def test_how_many_there_are_is_told(tmp_path, data, several):
    path = tmp_path / "x"
    path.write_bytes(data)
    facts = describe(path, Limits())
    assert {name: facts[name] for name in ("frames", "pages") if name in facts} == several
