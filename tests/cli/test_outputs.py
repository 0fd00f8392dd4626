"""What `-o` names: stdout, a picture whose name says its format, or a folder."""

import subprocess
import sys
from pathlib import Path

import pytest
from pictures import picture, saved

from noiser.io.formats import sniff

JPEG, PNG, WEBP = (saved(picture(), format_) for format_ in ("JPEG", "PNG", "WEBP"))


def call(*words: str, cwd: Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run noiser as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "noiser", *words], cwd=cwd, input=stdin, capture_output=True
    )


@pytest.fixture
def night(tmp_path):
    """Pictures, some of them named wrongly."""
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "jpeg.png").write_bytes(JPEG)
    (tmp_path / "png.jpg").write_bytes(PNG)
    (tmp_path / "webp.jpeg").write_bytes(WEBP)
    return tmp_path


def test_a_dash_as_output_is_stdout(night):
    """The same bytes as in a file, and nothing is written."""
    before = sorted(night.iterdir())
    done = call("enhance", "a.jpg", "-o", "-", cwd=night)

    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(night.iterdir()) == before
    call("enhance", "a.jpg", "-o", "b.jpg", cwd=night)
    assert done.stdout == (night / "b.jpg").read_bytes()


def test_a_dash_as_output_takes_the_format_that_is_asked_for(night):
    """No name says one."""
    done = call("enhance", "a.jpg", "-o", "-", "--format", "png", cwd=night)
    assert sniff(done.stdout) == "PNG"


@pytest.mark.parametrize(
    "words",
    [["a.jpg", "png.jpg"], ["."], ["a.jpg", "--json"], ["a.jpg", "--dry-run"]],
    ids=" ".join,
)
def test_stdout_takes_one_picture_and_nothing_else(night, words):
    """Several, one after the other, nobody could read."""
    done = call("enhance", *words, "-o", "-", cwd=night)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"-o - is stdout, for one picture" in done.stderr
    assert not (night / "-").exists()


def test_a_watched_folder_has_no_stdout_for_its_pictures(night):
    """A folder named `-` is not what was meant."""
    done = call("watch", ".", "-o", "-", cwd=night)

    assert done.returncode == 2
    assert b"-o - is stdout" in done.stderr
    assert not (night / "-").exists()


def test_a_bad_picture_for_stdout_is_named(night):
    """With its path, as everywhere."""
    (night / "bad.png").write_bytes(PNG[:50])
    done = call("enhance", "bad.png", "-o", "-", cwd=night)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"noiser: bad.png: damaged PNG data")


@pytest.mark.parametrize(
    ("name", "output", "format_"),
    [
        ("jpeg.png", "x.png", "PNG"),
        ("png.jpg", "x.jpg", "JPEG"),
        ("webp.jpeg", "x.jpeg", "JPEG"),
        ("webp.jpeg", "x.jpg", "JPEG"),
        ("webp.jpeg", "x.webp", "WEBP"),
        ("jpeg.png", "x.bmp", "BMP"),
    ],
)
def test_the_name_of_an_output_says_its_format(night, name, output, format_):
    """Also where the input's name says the same, and is wrong."""
    assert call("enhance", name, "-o", output, cwd=night).returncode == 0
    assert sniff((night / output).read_bytes()) == format_


def test_pictures_with_wrong_names_keep_their_format_in_a_folder(night):
    """Nobody said otherwise."""
    assert call("enhance", ".", "-o", "out", cwd=night).returncode == 0
    found = {path.name: sniff(path.read_bytes()) for path in (night / "out").glob("*.*g")}
    assert found == {"a.jpg": "JPEG", "jpeg.png": "JPEG", "png.jpg": "PNG", "webp.jpeg": "WEBP"}


@pytest.mark.parametrize(
    ("word", "format_", "name"),
    [
        ("jpg", "JPEG", "webp_enhanced.jpeg"),
        ("JPG", "JPEG", "webp_enhanced.jpeg"),
        ("jpe", "JPEG", "webp_enhanced.jpeg"),
        ("tif", "TIFF", "webp_enhanced.tif"),
        ("PNG", "PNG", "webp_enhanced.png"),
    ],
)
def test_a_format_goes_by_its_suffixes_too(night, word, format_, name):
    """As people call it."""
    assert call("enhance", "webp.jpeg", "--format", word, cwd=night).returncode == 0
    assert sniff((night / name).read_bytes()) == format_


def test_heif_is_heic(night):
    """Its other suffix."""
    pytest.importorskip("pillow_heif")
    assert call("enhance", "a.jpg", "--format", "heif", cwd=night).returncode == 0
    assert sniff((night / "a_enhanced.heic").read_bytes()) == "HEIC"


def test_all_pictures_here_can_be_enhanced_twice(night):
    """As `noiser enhance *.jpg` does; what is new is done the second time."""
    names = ["a.jpg", "png.jpg"]
    assert call("enhance", *names, cwd=night).returncode == 0
    (night / "c.jpg").write_bytes(JPEG)

    done = call("enhance", *sorted(p.name for p in night.glob("*.jpg")), cwd=night)

    assert done.returncode == 0
    assert b"1 enhanced, 0 failed, 2 kept" in done.stderr
    assert b"2 left out (outputs 2)" in done.stderr
    assert not list(night.glob("*_enhanced_enhanced*"))


def test_a_sheet_shows_a_picture_beside_its_output(night):
    """It writes neither."""
    call("enhance", "a.jpg", cwd=night)
    done = call("sheet", "a.jpg", "a_enhanced.jpg", "-o", "s.png", cwd=night)

    assert done.returncode == 0
    assert done.stderr.startswith(b"s.png: 2 in 1 variants")
