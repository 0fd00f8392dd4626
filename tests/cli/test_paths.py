"""Names that cannot be looked up cost what they name, one sentence each, and nothing else."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import picture, saved

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="drops rights as Linux has them")

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24

LONG = "\u591c" * 83
"""249 bytes: a name to which nothing much can be added."""

PNG = saved(picture(), "PNG")


def _without_rights() -> None:
    """Let root be refused what others are."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            libc.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)


def call(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run noiser as a user who may not do everything."""
    return subprocess.run(
        [sys.executable, "-m", "noiser", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        preexec_fn=_without_rights,
    )


@pytest.fixture
def night(tmp_path):
    """A picture, one that may not be read, a folder that may not be entered, a loop of links."""
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "secret.png").chmod(0)
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut/b.png").write_bytes(PNG)
    (tmp_path / "shut").chmod(0)
    (tmp_path / "loop").symlink_to("loop")
    yield tmp_path
    (tmp_path / "shut").chmod(0o700)


UNREADABLE = {
    "shut/b.png": "cannot be read: Permission denied",
    "secret.png": "cannot be read: Permission denied",
    "shut": "cannot be read: Permission denied",
    "loop/b.png": "cannot be read: Too many levels of symbolic links",
    "loop": "cannot be read: Too many levels of symbolic links",
    "x" * 256: "cannot be read: File name too long",
    "a.png/b.png": "there is no such file",
}


@pytest.mark.parametrize(("name", "why"), UNREADABLE.items(), ids=range(len(UNREADABLE)))
def test_an_input_that_cannot_be_looked_up_fails_alone(night, name, why):
    """It is like one that is missing: the rest is done, and the exit code is 1."""
    done = call("enhance", name, "a.png", "-o", "out", cwd=night)

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"noiser: {name}: {why}"
    assert "1 enhanced, 1 failed" in done.stderr
    assert (night / "out/a.png").exists()


def test_an_output_whose_name_is_too_long_fails_alone(night):
    """Beside its input, a picture's name gets longer."""
    (night / f"{LONG}.png").write_bytes(PNG)

    done = call("enhance", f"{LONG}.png", "a.png", cwd=night)

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        f"noiser: {LONG}.png: {LONG}_enhanced.png cannot be written: File name too long"
    )
    assert (night / "a_enhanced.png").exists()


def test_an_output_whose_suffix_is_too_long_fails_alone(night):
    """In a folder, the format alone makes a name longer."""
    (night / "in").mkdir()
    for name in (f"{'z' * 251}.png", "a.png"):
        (night / "in" / name).write_bytes(PNG)

    done = call("enhance", "in", "-o", "out", "--format", "webp", cwd=night)

    assert done.returncode == 1
    assert "cannot be written: File name too long" in done.stderr
    assert (night / "out/a.webp").exists()


def test_a_folder_whose_output_folder_has_too_long_a_name_fails_alone(night):
    """The folder beside it cannot be made, nor can its journal."""
    (night / LONG).mkdir()
    (night / LONG / "b.png").write_bytes(PNG)

    done = call("enhance", LONG, "a.png", cwd=night)

    assert done.returncode == 1
    assert done.stderr.count("cannot be written: File name too long") == 1
    assert (night / "a_enhanced.png").exists()


def test_a_series_goes_on_without_what_cannot_be_looked_up(night):
    """Measuring comes first, and is told of the same failures."""
    done = call("enhance", "shut/b.png", "a.png", "-o", "out", "--same-look", cwd=night)

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "noiser: shut/b.png: cannot be read: Permission denied"
    assert (night / "out/a.png").exists()


def test_a_dry_run_foresees_what_cannot_be_looked_up(night):
    """It says the same sentences, and shows the rest."""
    (night / f"{LONG}.png").write_bytes(PNG)

    done = call("enhance", f"{LONG}.png", "shut/b.png", "a.png", "--dry-run", "--json", cwd=night)

    assert done.returncode == 0
    rows = json.loads(done.stdout)["files"]
    assert [row["status"] for row in rows] == ["failed", "failed", "planned"]
    assert done.stderr.splitlines() == [
        f"noiser: {LONG}.png: {LONG}_enhanced.png cannot be written: File name too long",
        "noiser: shut/b.png: cannot be read: Permission denied",
    ]


@pytest.mark.parametrize("words", [["--dry-run"], []])
def test_a_folder_for_outputs_that_may_not_be_entered_is_a_fault_of_the_machine(night, words):
    """No permission is exit 3, as for every file that cannot be written."""
    done = call("enhance", "a.png", "-o", "shut/y.png", *words, cwd=night)

    assert done.returncode == 3
    assert done.stderr == "noiser: shut/y.png: cannot be written: Permission denied\n"


ENDS = [
    (["enhance", "a.png", "-o", "shut/out"], 3, "shut/out/a.png: cannot be written: Perm"),
    (["enhance", ".", "-o", "x" * 256], 2, "cannot be written: File name too long"),
    (["enhance", "a.png", "-o", "loop/y.png"], 2, "loop is a link that leads nowhere, not a f"),
    (["enhance", "a.png", "--weights", "secret.png"], 1, "secret.png: Permission denied"),
    (["enhance", "a.png", "--weights", "shut/w"], 1, "shut/w: Permission denied"),
    (["enhance", "a.png", "--settings-of", "secret.png"], 1, "secret.png: cannot be read: Perm"),
    (["enhance", "a.png", "--preset", "gentle", "--presets-file", "shut/p"], 2, "shut/p: cannot"),
    (["presets", "--presets-file", "secret.png"], 2, "secret.png: cannot be read: Permission"),
    (["presets", "--presets-file", "loop"], 2, "loop: cannot be read: Too many levels"),
    (["presets", "--presets-file", "x" * 256], 2, "cannot be read: File name too long"),
    (["sheet", "shut/b.png", "-o", "s.png"], 1, "shut/b.png: cannot be read: Permission denied"),
    (["sheet", "a.png", "-o", "shut/s.png"], 3, "shut/s.png: cannot be written: Permission"),
    (["sheet", "a.png", "-o", f"{'x' * 256}.png"], 3, "cannot be written: File name too long"),
    (["info", "shut/b.png"], 1, "shut/b.png: cannot be read: Permission denied"),
    (["info", "secret.png"], 1, "secret.png: cannot be read: Permission denied"),
    (["evaluate", "shut/b.png", "a.png"], 1, "shut/b.png: cannot be read: Permission denied"),
    (["evaluate", "a.png", "secret.png"], 1, "secret.png: cannot be read: Permission denied"),
    (["evaluate", "a.png", "--low", "x" * 256], 1, "cannot be read: File name too long"),
    (["export", "cube", "shut/b.png"], 3, "shut/b.cube: cannot be written: Permission denied"),
    (["export", "cube", "secret.png"], 1, "secret.png: cannot be read: Permission denied"),
    (["export", "cube", "a.png", "-o", "shut/b.cube"], 3, "shut/b.cube: cannot be written: Perm"),
    (["export", "page", "-o", "shut/p"], 3, "cannot be written: Permission denied"),
    (["train", "-o", "shut/w.safetensors"], 3, "shut/w.safetensors: cannot be written: Perm"),
    (["train", "-o", "x" * 256], 3, "cannot be written: File name too long"),
    (["serve", "--token-file", "secret.png"], 3, "secret.png: cannot be read: Permission denied"),
    (["serve", "--token-file", "shut/t"], 3, "shut/t: cannot be read: Permission denied"),
    (["watch", "shut/in", "-o", "out"], 3, "shut/in: the folder cannot be watched: Permission"),
    (["watch", ".", "-o", "x" * 256], 2, "cannot be written: File name too long"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "text"), ENDS, ids=[" ".join(e[0])[:40] for e in ENDS])
def test_a_path_that_cannot_be_looked_up_is_one_sentence(night, words, code, text):
    """Whatever the command, and whatever the path is for."""
    done = call(*words, cwd=night)

    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == code


def test_own_presets_that_cannot_be_looked_up_are_told(night, monkeypatch):
    """Nobody named the file, but it may be there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(night / "shut"))

    done = call("presets", cwd=night)

    assert done.returncode == 2
    assert "presets.toml: cannot be read: Permission denied" in done.stderr


def test_a_watched_folder_goes_on_past_a_name_that_grows_too_long(night):
    """The picture beside it is done."""
    (night / "in").mkdir()
    for name in (f"{'z' * 251}.png", "a.png"):
        (night / "in" / name).write_bytes(PNG)
        os.utime(night / "in" / name, (0, 0))
    watching = subprocess.Popen(
        [sys.executable, "-m", "noiser", "watch", "in", "-o", "out", "--format", "webp"],
        cwd=night,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout.readline() == "a.png -> out/a.webp\n"
    watching.terminate()
    _, errors = watching.communicate()

    assert "Traceback" not in errors
    assert "cannot be written: File name too long" in errors
