"""Outputs are no more open than their inputs, and may keep their times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import picture, saved

from noiser.io.files import new_file
from noiser.io.paths import Traits, traits_of
from noiser.jobs.batch.journal import JOURNAL_NAME

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")

PNG = saved(picture(), "PNG")

LONG_AGO = 1_500_000_000_123_456_789
"""A time [ns since 1970]."""


def call(*words: str, cwd: Path, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    """Run noiser as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "noiser", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        umask=umask,
    )


def mode(path: Path) -> int:
    """Tell the rights to a file."""
    return path.stat().st_mode & 0o7777


@pytest.fixture
def night(tmp_path):
    """A folder of pictures, of which one is private."""
    (tmp_path / "in").mkdir()
    for i in range(4):
        path = tmp_path / "in" / f"{i}.png"
        path.write_bytes(PNG)
        path.chmod(0o644)
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    (tmp_path / "in/3.png").chmod(0o600)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "umask", "expected"),
    [
        (0o600, 0o022, 0o600),
        (0o400, 0o022, 0o400),
        (0o640, 0o022, 0o640),
        (0o644, 0o022, 0o644),
        (0o666, 0o022, 0o644),
        (0o777, 0o002, 0o664),
        (0o664, 0o077, 0o600),
        (0o4755, 0o022, 0o644),
    ],
    ids=lambda value: f"{value:o}",
)
def test_an_output_has_its_inputs_rights_as_far_as_the_umask_lets(night, given, umask, expected):
    """Never more; and nothing of ours can be run."""
    (night / "in/0.png").chmod(given)
    assert call("enhance", "in/0.png", cwd=night, umask=umask).returncode == 0
    assert mode(night / "in/0_enhanced.png") == expected


def test_outputs_of_a_folder_have_their_inputs_rights(night):
    """From worker processes as well."""
    assert call("enhance", "in", "-o", "out", cwd=night).returncode == 0
    assert [mode(night / f"out/{i}.png") for i in range(4)] == [0o644, 0o644, 0o644, 0o600]


def test_an_output_that_is_made_again_has_its_inputs_rights(night):
    """Those of the one before do not count."""
    call("enhance", "in/3.png", "-o", "x.png", cwd=night)
    (night / "x.png").chmod(0o644)
    call("enhance", "in/3.png", "-o", "x.png", "--overwrite", cwd=night)
    assert mode(night / "x.png") == 0o600


def test_a_journal_is_no_more_open_than_the_pictures_it_tells_of(night):
    """It has their names, and what is known of their light."""
    (night / "in/3.png").rename(night / "3.png")
    call("enhance", "in", "-o", "out", cwd=night)
    assert mode(night / "out" / JOURNAL_NAME) == 0o644
    (night / "3.png").rename(night / "in/3.png")
    call("enhance", "in", "-o", "out", "--same-look", cwd=night)
    assert mode(night / "out" / JOURNAL_NAME) == 0o600


def test_a_file_is_never_more_open_than_it_will_be(tmp_path):
    """Its partial file has the rights from the start."""
    with new_file(tmp_path / "a", traits=Traits(0o600)):
        (partial,) = tmp_path.iterdir()
        assert mode(partial) == 0o600
    assert mode(tmp_path / "a") == 0o600


def test_a_sheet_is_no_more_open_than_the_pictures_on_it(night):
    """Whoever sees it sees all of them."""
    call("sheet", "in/0.png", "in/3.png", "-o", "s.png", cwd=night)
    assert mode(night / "s.png") == 0o600


@pytest.mark.parametrize("words", [["in", "-o", "out"], ["in/0.png", "-o", "out/0.png"]])
def test_times_are_kept_where_that_is_asked_for(night, words):
    """To the nanosecond."""
    assert call("enhance", *words, "--keep-times", cwd=night).returncode == 0
    assert (night / "out/0.png").stat().st_mtime_ns == LONG_AGO


def test_times_are_new_by_default(night):
    """A file was written."""
    call("enhance", "in/0.png", "-o", "x.png", cwd=night)
    assert (night / "x.png").stat().st_mtime_ns > LONG_AGO


def test_a_rerun_changes_neither_rights_nor_times(night):
    """What is finished is left, whatever its rights are."""
    call("enhance", "in", "-o", "out", cwd=night)
    (night / "out/3.png").chmod(0o644)
    before = [(p.name, mode(p), p.stat().st_mtime_ns) for p in sorted((night / "out").iterdir())]

    done = call("enhance", "in", "-o", "out", "--keep-times", "--json", cwd=night)

    assert json.loads(done.stdout)["kept"] == 4
    after = [(p.name, mode(p), p.stat().st_mtime_ns) for p in sorted((night / "out").iterdir())]
    assert after == before


def test_a_watched_folder_keeps_rights_and_times(night):
    """As `enhance` does."""
    watching = subprocess.Popen(
        [sys.executable, "-m", "noiser", "watch", "in", "-o", "out", "--keep-times"],
        cwd=night,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with watching:
        for _ in range(4):
            watching.stdout.readline()
        watching.terminate()

    assert mode(night / "out/3.png") == 0o600
    assert (night / "out/3.png").stat().st_mtime_ns == LONG_AGO


def test_traits_are_those_of_what_a_link_leads_to(night):
    """A link has none that count."""
    (night / "link").symlink_to("in/3.png")
    assert traits_of(night / "link", keep_times=True) == Traits(0o600, LONG_AGO)
