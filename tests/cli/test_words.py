"""What is told where there is nothing to do, or where it cannot be known yet."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import picture, saved

PNG = saved(picture(), "PNG")


def call(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run noiser as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "noiser", *words], cwd=cwd, capture_output=True, text=True
    )


@pytest.fixture
def night(tmp_path):
    """A folder with a picture, and one with none."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").write_bytes(PNG)
    (tmp_path / "e/deep").mkdir(parents=True)
    (tmp_path / "e/deep/note.txt").write_text("no picture")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["enhance", "e"], 0),
        (["enhance", "in", "e", "-o", "out"], 0),
        (["enhance", "e", "--dry-run"], 0),
        (["sheet", "e", "-o", "s.png"], 1),
        (["evaluate", "e", "e"], 1),
        (["evaluate", "e", "in", "--json"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_folder_without_pictures_is_named_with_what_was_looked_for(night, words, code):
    """It may be the wrong folder, or pictures of another kind."""
    done = call(*words, cwd=night)

    assert done.returncode == code
    assert done.stderr.startswith("noiser: no pictures in e; looked for .jpg, .jpeg, ")
    assert done.stdout == "" or words[-1] == "--json"


def test_a_folder_whose_pictures_were_found_already_has_some(night):
    """They are just not done twice."""
    done = call("enhance", ".", "in", "-o", "out", cwd=night)
    assert "no pictures" not in done.stderr


def statuses(done):
    """Tell what is foreseen, by the names of the inputs."""
    return {row["input"]: row["status"] for row in json.loads(done.stdout)["files"]}


def test_a_dry_run_foresees_that_a_series_is_kept(night):
    """The look that all share is known from the journal."""
    (night / "in/b.png").write_bytes(saved(picture(height=20), "PNG"))
    series = ["enhance", "in", "-o", "out", "--same-look", "--json"]
    call(*series, cwd=night)

    done = call(*series, "--dry-run", cwd=night)

    assert statuses(done) == {"in/a.png": "kept", "in/b.png": "kept"}
    assert done.stderr == ""
    assert json.loads(call(*series, cwd=night).stdout)["kept"] == 2


def test_a_dry_run_foresees_that_a_new_picture_changes_a_series(night):
    """Its own look is not known yet, and the dry run says so."""
    series = ["enhance", "in", "-o", "out", "--same-look", "--json"]
    call(*series, cwd=night)
    (night / "in/b.png").write_bytes(saved(picture(height=20), "PNG"))

    done = call(*series, "--dry-run", cwd=night)

    assert statuses(done) == {"in/a.png": "renewed", "in/b.png": "planned"}
    assert done.stderr == (
        "noiser: 1 of 2 pictures is not measured yet; "
        "what cannot be read changes no look, and then less is renewed\n"
    )
    assert json.loads(call(*series, cwd=night).stdout)["renewed"] == 1


def test_a_dry_run_foresees_that_other_knobs_renew_a_series(night):
    """The moments are the same, the options are not."""
    series = ["enhance", "in", "-o", "out", "--same-look", "--json"]
    call(*series, cwd=night)
    done = call(*series, "--dry-run", "--color", "0.5", cwd=night)
    assert statuses(done) == {"in/a.png": "renewed"}
