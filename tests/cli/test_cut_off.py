"""`--salvage`: what is left of a picture is written, and told; the rest of the run is as ever."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from pictures import dark_rgb, picture, saved
from PIL import Image
from test_cli import call

from noiser.core.errors import DecodeError
from noiser.engine.enhancer import Enhancer
from noiser.io.image_file import identify
from noiser.jobs.in_memory import enhance_source, measure_source, salvaging
from noiser.jobs.options import JobOptions

WHOLE = saved(picture("RGB", 120, 90), "JPEG", quality=90)
CUT = WHOLE[: len(WHOLE) * 3 // 5]
PNG = saved(picture("RGB", 120, 90), "PNG")
WAY_OUT = "; noiser enhance --salvage takes what is left"


def size(path: Path) -> tuple[int, int]:
    """Width and height of a picture."""
    with Image.open(path) as image:
        return image.size


@pytest.fixture
def night(tmp_path) -> Path:
    """Two pictures that are cut off, and one that is whole."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(CUT)
    (tmp_path / "in/b.png").write_bytes(PNG[: len(PNG) // 2])
    (tmp_path / "in/c.jpg").write_bytes(WHOLE)
    return tmp_path


@pytest.fixture
def many(night) -> Path:
    """So many pictures that worker processes do them."""
    for i in range(3):
        (night / f"in/more{i}.jpg").write_bytes(CUT)
    return night


def test_what_is_left_is_enhanced_and_told_and_the_exit_code_is_1(night):
    """The output is a sound, shorter picture."""
    done = call("enhance", "--salvage", "in", "-o", "out", cwd=night)

    rows = size(night / "out/a.jpg")[1]
    told = f"noiser: in/a.jpg: cut off: {120 - rows} of 120 rows are missing at the bottom; "
    assert done.returncode == 1
    assert f"{told}the other {rows} were enhanced\n" in done.stderr.decode()
    assert 0 < rows < 120
    assert rows % 8 == 0
    assert 0 < size(night / "out/b.png")[1] < 120
    assert size(night / "out/c.jpg") == (90, 120)
    assert (
        done.stderr.decode()
        .splitlines()[-1]
        .startswith("1 enhanced, 2 salvaged (cut off; what is left was enhanced), 0 failed; ")
    )


def test_what_is_left_is_enhanced_as_a_picture_of_its_own(night):
    """The same bytes as of a file that never had more rows."""
    pixels = dark_rgb(120, 90)
    whole = saved(Image.fromarray(pixels), "PNG", compress_level=0)
    cut = whole[: whole.find(b"IDAT") + 4 + 2 + 5 + 50 * 271]
    (night / "cut.png").write_bytes(cut)
    (night / "short.png").write_bytes(saved(Image.fromarray(pixels[:50]), "PNG"))

    call("enhance", "cut.png", "short.png", "-o", "out", "--salvage", cwd=night)

    assert (night / "out/cut.png").read_bytes() == (night / "out/short.png").read_bytes()


def test_sound_pictures_come_out_the_same(night):
    """With or without the option."""
    call("enhance", "in/c.jpg", "-o", "with.jpg", "--salvage", cwd=night)
    call("enhance", "in/c.jpg", "-o", "without.jpg", cwd=night)

    assert (night / "with.jpg").read_bytes() == (night / "without.jpg").read_bytes()


def test_without_the_option_they_fail_and_are_pointed_to_it(night):
    """Nothing of them is written."""
    done = call("enhance", "in", "-o", "out", cwd=night)

    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert sum(line.endswith(WAY_OUT) for line in lines) == 2
    assert all(line.startswith("noiser: in/") for line in lines[:2])
    assert [path.name for path in sorted((night / "out").glob("*.*"))] == [
        ".noiser-journal",
        "c.jpg",
    ]


HOPELESS = {
    "first.jpg": (WHOLE[:650], "no whole row is left to be salvaged"),
    "first.png": (PNG[:60], "no whole row is left to be salvaged"),
    "x.bmp": (saved(picture(), "BMP")[:-300], "only JPEG and PNG can be salvaged"),
}


@pytest.mark.parametrize(("name", "case"), HOPELESS.items(), ids=HOPELESS)
def test_where_nothing_is_left_it_fails_in_a_sentence(tmp_path, name, case):
    """And without the option nobody is pointed to it."""
    data, why = case
    (tmp_path / name).write_bytes(data)

    plain = call("enhance", name, "-o", f"out-{name}", cwd=tmp_path)
    done = call("enhance", name, "-o", f"out-{name}", "--salvage", cwd=tmp_path)

    assert plain.returncode == done.returncode == 1
    assert plain.stderr.decode().startswith(f"noiser: {name}: damaged ")
    assert "--salvage" not in plain.stderr.decode()
    assert done.stderr.decode().splitlines()[0].endswith(f"; {why}")
    assert "0 enhanced, 1 failed" in done.stderr.decode()
    assert not (tmp_path / f"out-{name}").exists()


def test_json_counts_what_was_salvaged(night):
    """With a status and a message of its own."""
    done = call("enhance", "in", "-o", "out", "--salvage", "--json", cwd=night)

    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["done"], told["salvaged"], told["kept"], told["failed"]) == (1, 2, 0, 0)
    assert [row["status"] for row in told["files"]] == ["salvaged", "salvaged", "done"]
    assert told["files"][0]["message"].startswith("cut off: ")
    assert told["files"][0]["height"] == size(night / "out/a.jpg")[1]


def test_workers_salvage_too(many):
    """The option reaches them, and what they say comes back; the bytes are the same."""
    done = call("enhance", "in", "-o", "out", "--salvage", cwd=many)
    call("enhance", "in/a.jpg", "-o", "alone.jpg", "--salvage", cwd=many)

    assert done.returncode == 1
    assert b"1 enhanced, 5 salvaged" in done.stderr
    assert (many / "out/a.jpg").read_bytes() == (many / "alone.jpg").read_bytes()


def test_workers_point_to_the_option(many):
    """As the process itself does."""
    done = call("enhance", "in", "-o", "out", cwd=many)

    assert done.stderr.decode().count(WAY_OUT) == 5


@pytest.mark.parametrize("words", [["--salvage"], []], ids=["with", "without"])
def test_a_second_run_keeps_what_was_salvaged(night, words):
    """It is done, and nothing is wrong any more."""
    call("enhance", "in", "-o", "out", "--salvage", cwd=night)
    before = (night / "out/a.jpg").stat().st_mtime_ns

    done = call("enhance", "in", "-o", "out", *words, cwd=night)

    assert done.returncode == 0
    assert done.stderr.startswith(b"0 enhanced, 0 failed, 3 kept")
    assert (night / "out/a.jpg").stat().st_mtime_ns == before


def test_what_fails_without_the_option_leaves_what_was_salvaged(night):
    """Also where it is to be replaced."""
    call("enhance", "in", "-o", "out", "--salvage", cwd=night)
    before = (night / "out/a.jpg").read_bytes()

    done = call("enhance", "in", "-o", "out", "--overwrite", cwd=night)

    assert done.returncode == 1
    assert (night / "out/a.jpg").read_bytes() == before


def test_the_whole_picture_replaces_its_rest(night):
    """When it comes at last, the same command makes it anew."""
    call("enhance", "in", "-o", "out", "--salvage", cwd=night)
    (night / "in/a.jpg").write_bytes(WHOLE)

    done = call("enhance", "in", "-o", "out", "--salvage", cwd=night)

    assert done.returncode == 0
    assert size(night / "out/a.jpg") == (90, 120)


def test_a_dry_run_reads_nothing_and_promises_nothing(night):
    """What is cut off is planned like the others."""
    done = call("enhance", "in", "-o", "out", "--salvage", "--dry-run", cwd=night)

    assert done.returncode == 0
    assert done.stdout.count(b"(planned)") == 3
    assert not (night / "out").exists()


def test_stdin_is_salvaged_and_written_and_the_exit_code_is_1(tmp_path):
    """To stdout, and to a file."""
    done = call("enhance", "-", "--salvage", cwd=tmp_path, stdin=CUT)
    call("enhance", "-", "--salvage", "-o", "x.jpg", cwd=tmp_path, stdin=CUT)

    assert done.returncode == 1
    assert done.stderr.startswith(b"noiser: -: cut off: ")
    with Image.open(io.BytesIO(done.stdout)) as image:
        image.load()
        assert 0 < image.height < 120
    assert (tmp_path / "x.jpg").read_bytes() == done.stdout


def test_stdin_without_the_option_fails_and_points_to_it(tmp_path):
    """Nothing is written."""
    done = call("enhance", "-", cwd=tmp_path, stdin=CUT)

    assert done.returncode == 1
    assert done.stderr.decode().rstrip().endswith(WAY_OUT)
    assert done.stdout == b""


def test_a_series_has_the_light_of_what_is_left(night):
    """Moments of the rows that are there, and before and after of them."""
    done = call(
        "enhance", "in", "-o", "out", "--salvage", "--same-look", "--compare", "side", cwd=night
    )

    assert done.returncode == 1
    assert b"1 enhanced, 2 salvaged" in done.stderr
    width, height = size(night / "out/a.jpg")
    assert width >= 180
    assert 0 < height < 120


def test_only_what_cannot_be_decoded_is_salvaged():
    """A sound picture is done once, and nothing is said of it."""
    options = JobOptions(Enhancer(threads=1), salvage=True)
    source = identify(WHOLE)

    made, is_part = salvaging(measure_source, source, options)

    assert not is_part
    assert made == measure_source(source, options)
    part, is_part = salvaging(enhance_source, identify(CUT), options)
    assert is_part
    assert part[3].startswith("cut off: ")
    with pytest.raises(DecodeError, match=WAY_OUT):
        salvaging(enhance_source, identify(CUT), JobOptions(Enhancer(threads=1)))


def test_pictures_in_strips_are_not_salvaged(night):
    """Nor is anybody pointed to it."""
    pytest.importorskip("pyvips")
    pixels = np.zeros((9000, 9000), np.uint8)
    data = saved(Image.fromarray(pixels), "PNG", compress_level=1)
    (night / "large.png").write_bytes(data[: len(data) // 2])

    done = call(
        "enhance", "large.png", "-o", "x.png", "--salvage", "--max-megapixels", "100", cwd=night
    )

    assert done.returncode == 1
    assert b"0 enhanced, 1 failed" in done.stderr
    assert not (night / "x.png").exists()
