"""Streams that cannot be written: stdout is a fault of the machine, stderr is no reason to stop."""

import io
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from pictures import picture, saved

from noiser.cli import _Output

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")

PNG = saved(picture(), "PNG")


@pytest.fixture
def night(tmp_path):
    """A folder with a dark picture."""
    (tmp_path / "a.png").write_bytes(PNG)
    return tmp_path


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Have a shell run noiser."""
    return subprocess.run(
        ["sh", "-c", line.replace("noiser", f"{sys.executable} -m noiser", 1)],
        cwd=cwd,
        capture_output=True,
        text=True,
    )


TALKING = [
    "noiser enhance - < a.png",
    "noiser enhance a.png --json",
    "noiser enhance a.png --dry-run",
    "noiser info",
    "noiser info a.png --json",
    "noiser presets",
    "noiser evaluate a.png a.png",
    "noiser export cube a.png --json",
    "noiser --help",
    "noiser enhance --help",
    "noiser --version",
]


@pytest.mark.parametrize("line", TALKING)
@pytest.mark.parametrize(
    ("stdout", "why"),
    [("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor")],
    ids=["full", "closed"],
)
def test_results_that_cannot_be_told_are_a_fault_of_the_machine(night, line, stdout, why):
    """One sentence and exit 3, like every disk that is full."""
    done = shell(f"{line} {stdout}", night)

    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == f"noiser: stdout: cannot be written: {why}"
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("stderr", ["2>&-", "2> /dev/full", "2>&- <&-", "2>&- >&-"])
def test_a_stderr_that_nobody_reads_stops_nothing(night, stderr):
    """What is told there is not what was asked for."""
    done = shell(f"noiser enhance a.png missing.png -o out {stderr}", night)

    assert done.returncode == 1
    assert (night / "out/a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_needs_no_streams_at_all(night):
    """Each gets a descriptor of its own, so that no picture is written into another's."""
    done = shell("noiser enhance a.png -o b.png <&- >&- 2>&-", night)

    assert done.returncode == 0
    assert shell("noiser enhance - < a.png > c.png", night).returncode == 0
    assert (night / "b.png").read_bytes() == (night / "c.png").read_bytes()


def test_a_closed_stdin_holds_no_picture(night):
    """It is as if nothing came in."""
    done = shell("noiser enhance - <&-", night)

    assert done.returncode == 1
    assert done.stderr == "noiser: -: nothing came in; a picture is expected on stdin\n"


def test_wrong_words_are_exit_2_where_nobody_can_read_it(night):
    """The code says it still."""
    assert shell("noiser enhance 2>&-", night).returncode == 2


def test_a_reader_that_has_left_is_no_fault_of_the_machine(night):
    """`noiser info | head` ends in silence."""
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [sys.executable, "-m", "noiser", "info"], cwd=night, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)

    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.parametrize("step", range(12))
def test_an_interrupt_at_any_step_of_a_write_has_nothing_written_twice(step):
    """As when Ctrl-C comes just after a line was written, and the end flushes what is left."""
    reader, writer = os.pipe()
    steps = iter(range(100))

    def trace(frame, _event, _argument):
        if "noiser" not in frame.f_globals["__name__"]:
            return None
        if next(steps) == step:
            raise KeyboardInterrupt
        return trace

    with os.fdopen(reader, "rb") as read:
        stream = io.TextIOWrapper(_Output(writer), line_buffering=True)
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            with suppress(KeyboardInterrupt):
                stream.write("moved.png\n")
        finally:
            sys.settrace(before)
        stream.flush()
        os.close(writer)
        assert read.read().count(b"moved.png\n") in ({0, 1} if step < 3 else {1})
