"""The .cube file: what independent programs read from it is the map."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageFilter

import noiser
from noiser.cli import group
from noiser.export.color_map import ColorMap
from noiser.export.cube import to_cube


def parsed(data):
    """Read a file as the specification has it, and no more than it allows."""
    lines = data.decode("ascii").splitlines()
    words = dict(line.split(" ", 1) for line in lines if line[0].isupper())
    table = [tuple(map(float, line.split())) for line in lines if not line[0].isupper()]
    return words, table


@pytest.fixture
def night(tmp_path, dark_photo):
    """A picture in a file, and its path."""
    Image.fromarray(dark_photo(90, 120)).save(tmp_path / "night.png")
    return tmp_path / "night.png"


def call(*words):
    """Run `noiser export cube` in this process."""
    return CliRunner().invoke(group, ["export", "cube", *map(str, words)])


def test_red_changes_fastest_and_blue_slowest():
    """The specification's order, worked by hand for the identity."""
    identity = np.indices((2, 2, 2)).transpose(1, 2, 3, 0)[..., ::-1].astype(float)

    words, table = parsed(to_cube(ColorMap(identity), 'a "b"\né'))

    assert words == {
        "TITLE": '"a _b___"',
        "LUT_3D_SIZE": "2",
        "DOMAIN_MIN": "0 0 0",
        "DOMAIN_MAX": "1 1 1",
    }
    assert table[:4] == [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)]
    assert table[4:] == [(0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)]


def test_numbers_keep_six_decimals():
    lattice = np.random.default_rng(0).uniform(0, 1, (3, 3, 3, 3))

    _, table = parsed(to_cube(ColorMap(lattice)))

    np.testing.assert_allclose(table, lattice.reshape(-1, 3), atol=5.1e-7)


def test_pillow_makes_of_the_file_nearly_what_enhance_makes(night):
    """Within the reported error, and far nearer than the picture before."""
    done = call(night, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    words, table = parsed(night.with_suffix(".cube").read_bytes())
    low = Image.open(night)

    size = int(words["LUT_3D_SIZE"])
    theirs = np.asarray(low.filter(ImageFilter.Color3DLUT(size, table)), float)

    enhanced = noiser.enhance(np.asarray(low)).astype(float)
    assert report["size"] == size == 33
    assert abs(theirs - enhanced).mean() == pytest.approx(report["error"]["mean"], abs=0.3)
    assert abs(theirs - enhanced).mean() < 0.2 * abs(np.asarray(low) - enhanced).mean()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_makes_of_the_file_what_pillow_makes(night, tmp_path):
    call(night)
    filter_ = f"lut3d={night.with_suffix('.cube')}:interp=trilinear"

    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", night, "-vf", filter_, "-pix_fmt", "rgb24", "a.png"],
        cwd=tmp_path,
        check=True,
    )

    _, table = parsed(night.with_suffix(".cube").read_bytes())
    ours = np.asarray(Image.open(night).filter(ImageFilter.Color3DLUT(33, table)), int)
    assert abs(np.asarray(Image.open(tmp_path / "a.png"), int) - ours).max() <= 2


def test_the_same_picture_and_words_give_the_same_bytes(night, tmp_path):
    for name in ("a.cube", "b.cube"):
        call(night, "-o", tmp_path / name, "--size", 9, "--color", 0.9)

    assert (tmp_path / "a.cube").read_bytes() == (tmp_path / "b.cube").read_bytes()
    call(night, "-o", tmp_path / "c.cube", "--size", 9, "--color", 0.5)
    assert (tmp_path / "c.cube").read_bytes() != (tmp_path / "b.cube").read_bytes()


def test_the_error_is_told(night):
    report = json.loads(call(night, "--json", "-o", night.with_name("a.cube")).stdout)

    done = call(night, "--size", 33)

    mean, p99 = report["error"]["mean"], report["error"]["p99"]
    expected = f"error {mean:.1f} of 255 in the mean, 99 of 100 values within {p99:.0f}"
    assert expected in done.stderr
    assert done.stdout == ""
    assert set(report) == {"output", "size", "error", "without_local_steps", "flat"}


FAULTS = {
    "none.png": (1, "none.png: cannot be read: No such file"),
    "night.png -o look.txt": (2, "look.txt must end in .cube"),
    "night.png --size 1": (2, "1 is not in the range"),
    "night.png --color 2": (2, "2.0 is not in the range"),
    "night.png --preset vivid": (2, "preset 'vivid' is none of noiser's"),
    "night.png -o there.cube": (2, "there.cube is there already; --overwrite replaces it"),
}


@pytest.mark.parametrize(("words", "code", "sentence"), [(k, *v) for k, v in FAULTS.items()])
def test_faults_are_one_sentence(night, tmp_path, monkeypatch, words, code, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.cube").write_text("x")

    done = call(*words.split())

    assert done.exit_code == code
    assert sentence in (str(done.exception) if code == 1 else done.output)
    assert (tmp_path / "there.cube").read_text() == "x"
    assert not (tmp_path / "night.cube").exists()
