"""The commands people typed that once went wrong, each run as it was typed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

CASES = {
    "attached-parts-silent": [
        "the film of a motion photo was left out",
        "the second picture of 2 was left out",
        "the gain map was left out",
        "4 enhanced, 0 failed",
    ],
    "dash-as-output": ["\n.\n"],
    "glob-twice": ["c_enhanced.jpg", "2 left out"],
    "long-name-traceback": ["1 enhanced, 1 failed", "0 enhanced, 1 failed"],
    "misnamed-input-output": ["1 enhanced, 0 failed"],
    "no-pictures-silent": ["no pictures in e"],
    "output-is-a-file": ["fl is a file, not a folder"],
    "png-ancillary-damage": ["pHYs is damaged", "tEXt is damaged", "2 enhanced, 0 failed"],
    "private-file-mode": ["-rw-------", "p_enhanced.jpg"],
    "same-stem-later": ["0 enhanced, 0 failed, 2 kept"],
    "stdout-full-traceback": [
        "No space left on device\n3\nnoiser: stdout: cannot be written: Bad file descriptor\n3\n",
        "No space left on device\n3\n0\nc.jpg",
    ],
    "strip-location-geotiff": ["1 enhanced, 0 failed"],
    "tiff-extrasample-unspecified": ["an extra channel that is not said to be transparency"],
    "tiff-iptc-long": ["1 enhanced, 0 failed"],
    "tiff-thumbnail-page": ["a smaller copy of the picture, a page of its own, was left out"],
    "two-tone-patterns": ["1 enhanced, 0 failed"],
    "unreachable-path-traceback": ["1 enhanced, 1 failed", "s/y.jpg: cannot be written"],
    "watch-format-names": ["y.jpg"],
}
"""What each folder's `run.sh` has to say, by the folder's name."""


@pytest.fixture
def cases(shared_data: Path) -> Path:
    """Give the folder of cases, or skip."""
    folder = shared_data / "edges" / "cases"
    if not folder.is_dir():
        pytest.skip("../shared/data/edges is absent: these pictures are not part of the project")
    return folder


def said_by(script: Path, folder: Path) -> str:
    """Run `script` with a temporary folder of its own; give its words without the trace."""
    environment = {**os.environ, "NOISER": f"{sys.executable} -m noiser", "TMPDIR": str(folder)}
    ran = subprocess.run(
        ["bash", str(script)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    lines = ran.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("+"))


def pictures(folder: Path) -> dict[str, str | None]:
    """Give the format of each picture below `folder`, by its name."""
    found = {}
    for path in folder.rglob("*.[pj]*g"):
        with Image.open(path) as picture:
            found[path.name] = picture.format
    return found


def test_every_case_has_its_words(cases: Path) -> None:
    """A folder that nobody wrote words for would pass unseen."""
    assert {script.parent.name for script in cases.glob("*/run.sh")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_case_ends_in_a_sentence(cases: Path, tmp_path: Path, name: str) -> None:
    """No case ends in a traceback, and each says what became of the picture."""
    if name == "unreachable-path-traceback" and (os.geteuid() or not shutil.which("setpriv")):
        pytest.skip("only root can give up the right to read every file")
    said = said_by(cases / name / "run.sh", tmp_path)
    assert "Traceback" not in said, said
    for words in CASES[name]:
        assert words in said, said


def test_a_dash_as_output_is_stdout(cases: Path, tmp_path: Path) -> None:
    """A picture comes out, and no file of that name is left."""
    size, *found = said_by(cases / "dash-as-output" / "run.sh", tmp_path).split()
    assert int(size) > 1000
    assert found == ["."]


def test_a_misnamed_picture_is_written_as_its_output_is_named(cases: Path, tmp_path: Path) -> None:
    """`-o x.png` is a PNG and `-o q.jpg` a JPEG, whatever the input really was."""
    said_by(cases / "misnamed-input-output" / "run.sh", tmp_path)
    assert pictures(tmp_path) == {"x.png": "PNG", "q.jpeg": "JPEG", "q.jpg": "JPEG"}


def test_a_watched_picture_is_named_after_its_format(cases: Path, tmp_path: Path) -> None:
    """`--format jpeg` writes a JPEG that is called one."""
    said_by(cases / "watch-format-names" / "run.sh", tmp_path)
    assert pictures(tmp_path) == {"y.png": "PNG", "y.jpg": "JPEG"}


def test_a_later_namesake_replaces_nothing(cases: Path, tmp_path: Path) -> None:
    """`a.tif` and `a.jpg` each keep an output of their own."""
    said_by(cases / "same-stem-later" / "run.sh", tmp_path)
    outputs = sorted(path.name for path in tmp_path.glob("*/o/*.png"))
    assert outputs == ["a-2.png", "a.png"]


def test_an_extra_channel_is_not_taken_for_transparency(cases: Path, tmp_path: Path) -> None:
    """Neither depth is written: a guess would lose a channel or invent one."""
    said_by(cases / "tiff-extrasample-unspecified" / "run.sh", tmp_path)
    assert list(tmp_path.glob("*/*")) == []
