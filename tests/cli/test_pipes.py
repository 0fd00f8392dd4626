"""Pipes by their names: one alone is read to its end, as stdin is; nothing waits for the others."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from pictures import picture, saved
from test_paths import _without_rights

from noiser.core.errors import LimitError, UnsupportedError
from noiser.io.files import read_pipe

pytestmark = pytest.mark.skipif(os.name != "posix", reason="named pipes are POSIX's")

JPEG = saved(picture("RGB", 40, 60), "JPEG", quality=90)

CUT = JPEG[:-60]

SECONDS = 30
"""After which what hangs has failed."""


def call(*words: str | Path, cwd: Path, **how) -> subprocess.CompletedProcess:
    """Run noiser as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "noiser", *map(str, words)],
        cwd=cwd, capture_output=True, timeout=SECONDS, **how,
    )  # fmt: skip


@contextmanager
def written(path: Path, data: bytes):
    """Have a thread write into a pipe; it lets go when nobody reads."""
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads yet
                time.sleep(0.01)
                continue
            os.set_blocking(descriptor, True)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(SECONDS)


@pytest.fixture
def night(tmp_path) -> Path:
    """A picture, what becomes of it, and a pipe."""
    (tmp_path / "x.jpg").write_bytes(JPEG)
    call("enhance", "x.jpg", cwd=tmp_path)
    os.mkfifo(tmp_path / "p.jpg")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["-o", "y.jpg"], "y.jpg"),
        ([], "p_enhanced.jpg"),
        (["-o", "out"], "out/p.jpg"),
    ],
    ids=["named", "beside", "in a folder"],
)
def test_a_pipe_that_is_named_gives_what_the_file_gives(night, words, output):
    """Under the name that a file's output has."""
    with written(night / "p.jpg", JPEG):
        done = call("enhance", "p.jpg", *words, cwd=night)

    assert done.returncode == 0
    assert done.stderr == b""
    assert (night / output).read_bytes() == (night / "x_enhanced.jpg").read_bytes()


def test_a_pipe_goes_to_stdout(night):
    """`-o -`."""
    with written(night / "p.jpg", JPEG):
        done = call("enhance", "p.jpg", "-o", "-", cwd=night)

    assert done.returncode == 0
    assert done.stdout == (night / "x_enhanced.jpg").read_bytes()


def test_a_pipes_output_has_the_format_that_its_name_asks_for(night):
    """As a file's has."""
    with written(night / "p.jpg", JPEG):
        call("enhance", "p.jpg", "-o", "y.png", cwd=night)
    with written(night / "p.jpg", JPEG):
        call("enhance", "p.jpg", "--format", "webp", cwd=night)

    assert (night / "y.png").read_bytes().startswith(b"\x89PNG")
    assert (night / "p_enhanced.webp").read_bytes()[8:12] == b"WEBP"


def shell(line: str, cwd: Path, **how) -> subprocess.CompletedProcess:
    """Have bash run noiser, for `<(...)`."""
    line = line.replace("noiser", f"{sys.executable} -m noiser", 1)
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, capture_output=True, text=True, timeout=SECONDS, **how
    )


@pytest.mark.parametrize(
    "line",
    ["noiser enhance <(cat x.jpg) -o y.jpg", "cat x.jpg | noiser enhance /dev/stdin -o y.jpg"],
)
def test_what_a_shell_hands_over_is_read(night, line):
    """It has no name of its own."""
    done = shell(line, night)

    assert (done.returncode, done.stderr) == (0, "")
    assert (night / "y.jpg").read_bytes() == (night / "x_enhanced.jpg").read_bytes()


@pytest.mark.parametrize("words", ["", "-o out", "-o .", "--dry-run", "--format png"])
def test_a_pipe_without_the_name_of_a_picture_needs_that_of_its_output(night, words):
    """Nothing is read for it."""
    done = shell(f"cat x.jpg | noiser enhance /dev/stdin {words}", night)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: /dev/stdin is a pipe and no name for a picture; -o FILE is needed"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="drops rights as Linux has them")
def test_a_pipe_in_a_folder_that_cannot_be_written_needs_a_name(night):
    """It is said before anything is read."""
    (night / "shut").mkdir()
    os.mkfifo(night / "shut/p.jpg")
    (night / "shut").chmod(0o500)

    done = call("enhance", "shut/p.jpg", cwd=night, preexec_fn=_without_rights)

    assert done.returncode == 2
    assert b"nothing can be written beside shut/p.jpg; -o names another place" in done.stderr


def test_a_pipe_among_others_fails_alone_and_unread(night):
    """The rest is done; nobody waits for whoever would write it."""
    done = call("enhance", "p.jpg", "x.jpg", "-o", "out", cwd=night)

    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[0] == (
        "noiser: p.jpg: a pipe goes alone: name no other input beside it"
    )
    assert b"1 enhanced, 1 failed" in done.stderr
    assert (night / "out/x.jpg").read_bytes() == (night / "x_enhanced.jpg").read_bytes()


def test_a_pipe_that_a_search_finds_is_not_read(night):
    """Nobody named it."""
    done = call("enhance", ".", "-o", "out", cwd=night)

    assert done.returncode == 1
    assert b"noiser: p.jpg: not a regular file" in done.stderr
    assert (night / "out/x.jpg").exists()


def test_devices_and_sockets_are_refused_unread(night):
    """A device may never end."""
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(night)  # a socket's name may not be long
        try:
            server.bind("s.jpg")
        finally:
            os.chdir(here)
        for name in ("/dev/zero", "s.jpg"):
            done = call("enhance", name, "-o", "y.jpg", cwd=night)
            assert done.returncode == 1
            assert done.stderr.decode().startswith(f"noiser: {name}: ")
            assert b"0 enhanced, 1 failed" in done.stderr


def test_a_dry_run_opens_no_pipe(night):
    """It would wait for a writer, and take what he writes."""
    done = call("enhance", "p.jpg", "--dry-run", cwd=night)

    assert done.returncode == 0
    assert done.stdout == b"p.jpg -> p_enhanced.jpg (planned)\n"


@pytest.mark.parametrize("word", ["--json", "--same-look"])
def test_what_makes_no_sense_for_a_pipe_is_refused(night, word):
    """In words, as for stdin."""
    done = call("enhance", "p.jpg", word, cwd=night)

    assert done.returncode == 2
    assert b"a pipe goes without --json and --same-look" in done.stderr


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "nothing came in; a picture is expected"),
        (b"hello", "no image that noiser knows; it must be JPEG"),
        (CUT, "damaged JPEG data: "),
    ],
    ids=["empty", "text", "cut off"],
)
def test_what_is_no_picture_is_a_sentence_with_the_pipes_name(night, data, why):
    """And exit 1."""
    with written(night / "p.jpg", data):
        done = call("enhance", "p.jpg", cwd=night)

    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"noiser: p.jpg: {why}")
    assert not (night / "p_enhanced.jpg").exists()


def test_a_pipe_is_salvaged_too(night):
    """What is left is written, and the exit code is 1."""
    with written(night / "p.jpg", CUT):
        done = call("enhance", "p.jpg", "--salvage", cwd=night)

    assert done.returncode == 1
    assert done.stderr.startswith(b"noiser: p.jpg: cut off: ")
    assert (night / "p_enhanced.jpg").read_bytes().startswith(b"\xff\xd8")


def test_no_more_than_a_file_may_have_is_read_of_a_pipe(tmp_path):
    """The limit is stdin's."""
    path = tmp_path / "p.jpg"
    os.mkfifo(path)
    with written(path, JPEG):
        assert read_pipe(path, len(JPEG)) == JPEG
    with written(path, JPEG), pytest.raises(LimitError, match=r"^more than \d+ bytes"):
        read_pipe(path, len(JPEG) - 1)
    (tmp_path / "x.jpg").write_bytes(JPEG)
    with pytest.raises(UnsupportedError, match=r"^not a pipe any more$"):
        read_pipe(tmp_path / "x.jpg", len(JPEG))


def test_who_waits_for_a_writer_can_be_interrupted(night):
    """Ctrl-C ends it with 130."""
    waiting = subprocess.Popen(
        [sys.executable, "-m", "noiser", "enhance", "p.jpg"],
        cwd=night, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and not _waits_in_open(waiting.pid):
        time.sleep(0.02)
    waiting.send_signal(signal.SIGINT)
    _, errors = waiting.communicate(timeout=SECONDS)

    assert waiting.returncode == 130
    assert errors.strip() == b"noiser: interrupted"


def _waits_in_open(pid: int) -> bool:
    """Whether a process waits for the other end of a pipe."""
    try:
        return "fifo" in Path(f"/proc/{pid}/wchan").read_text() or _has_loaded(pid)
    except OSError:
        return True


def _has_loaded(pid: int) -> bool:
    """Where the kernel does not tell: whether it sleeps, with all its modules loaded."""
    status = Path(f"/proc/{pid}/status").read_text()
    maps = Path(f"/proc/{pid}/maps").read_text()
    return "State:\tS" in status and "_imaging" in maps


def test_a_file_that_is_redirected_to_stdin_is_no_pipe(night):
    """It is read as any file."""
    done = shell("noiser enhance /dev/stdin -o y.jpg --json < x.jpg", night)

    assert done.returncode == 0
    assert json.loads(done.stdout)["done"] == 1
