"""Progress: what a terminal shows while a run goes on, and what is left of it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import picture, saved

from noiser.cli.progress import REDRAWN_AFTER, Bar, PicturesBar
from noiser.jobs.plan import Item

FIRST, SECOND = (Item(Path(name), Path("out") / name) for name in ("1.png", "2.png"))


class _Terminal(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self):
        return True

    def lines(self):
        """What a terminal shows that knows line ends and going back, and nothing else."""
        return screen(self.getvalue())

    def line(self):
        """The line that is being written."""
        return self.lines()[-1]


def screen(text):
    """Write a text as a terminal does: what comes later covers what was there."""
    shown = [""]
    for piece in text.replace("\r\n", "\n").splitlines(keepends=True):
        line = piece.rstrip("\r\n")
        shown[-1] = line + shown[-1][len(line) :]
        if piece.endswith("\n"):
            shown.append("")
    return [line.rstrip() for line in shown]


@pytest.fixture
def terminal():
    return _Terminal()


@pytest.fixture
def clock():
    """A clock of our own, by which every look at it is late enough to draw."""
    return iter(range(1000)).__next__


def test_a_bar_shows_how_far_a_run_is(terminal, clock):
    with Bar(terminal, clock) as bar:
        bar.show(1, 4, "one")
        assert terminal.line() == f"[{'#' * 9}{'-' * 27}]   25%  one"
        bar.show(4, 4, "all")
        assert terminal.line() == f"[{'#' * 36}]  100%  all"


def test_nothing_is_left_of_a_bar(terminal, clock):
    with Bar(terminal, clock) as bar:
        bar.show(1, 4, "one")
    assert terminal.lines() == [""]


def test_a_message_stands_above_the_bar(terminal, clock):
    with Bar(terminal, clock) as bar:
        bar.show(1, 2, "one")
        bar.say("too bad")
        assert terminal.lines() == ["too bad", f"[{'#' * 18}{'-' * 18}]   50%  one"]
    assert terminal.lines() == ["too bad", ""]


def test_a_bar_leaves_the_cursor_alone(terminal, clock):
    """A process that is killed could not show it again."""
    with Bar(terminal, clock) as bar:
        bar.show(1, 2, "one")
    assert "\033" not in terminal.getvalue()


def test_a_bar_is_drawn_ten_times_a_second_at_most(terminal):
    now = [0.0]
    with Bar(terminal, lambda: now[0]) as bar:
        for step in range(100):
            now[0] = step * REDRAWN_AFTER / 10 + 1e-9
            bar.show(step, 100, f"{step}")
    assert terminal.getvalue().count("%") == 10


def test_no_bar_is_drawn_where_there_is_no_terminal(clock):
    stream = io.StringIO()
    with Bar(stream, clock) as bar:
        bar.show(1, 2, "one")
        bar.say("too bad")
    assert stream.getvalue() == "too bad\n"


def test_a_line_is_no_wider_than_the_terminal(terminal, clock):
    """80 columns, where nobody knows; a wider line would not be taken away."""
    with Bar(terminal, clock) as bar:
        bar.show(1, 2, "long" * 99)
        assert len(terminal.line()) == 79


def test_a_picture_in_strips_moves_the_bar_gradually(terminal, clock):
    """Of two pictures, whose whole length is 200 %, a quarter of one is 12 %."""
    with Bar(terminal, clock) as bar:
        pictures = PicturesBar(bar, 2, 1)
        found = []
        for item, done in [(FIRST, 100), (SECOND, 200), (FIRST, 400)]:
            pictures.move(item, done, 400)
            found.append(terminal.line().split()[1:])
        pictures.finish(FIRST, 1)
        found.append(terminal.line().split()[1:])
    rest = ["0", "of", "2", "done"]
    assert found[:3] == [["12%", *rest], ["37%", *rest], ["75%", *rest]]
    assert found[3] == ["75%", "1", *rest[1:]]


def test_a_picture_that_is_tried_again_does_not_move_the_bar_back(terminal, clock):
    with Bar(terminal, clock) as bar:
        pictures = PicturesBar(bar, 1, 1)
        pictures.move(FIRST, 3, 4)
        pictures.move(FIRST, 1, 4)
        assert "75%" in terminal.line()


def test_one_picture_has_a_bar_only_in_strips(terminal, clock):
    with Bar(terminal, clock) as bar:
        pictures = PicturesBar(bar, 1, 1)
        pictures.finish(FIRST, 1)
        assert terminal.getvalue() == ""
        pictures = PicturesBar(bar, 1, 1)
        pictures.move(FIRST, 1, 2)
        assert "50%  0 of 1 done" in terminal.line()


def test_two_passes_are_the_double_length(terminal, clock):
    """As pictures that share one look are measured first."""
    with Bar(terminal, clock) as bar:
        pictures = PicturesBar(bar, 2, 2)
        pictures.finish(FIRST, 0)
        assert "25%  0 of 2 done" in terminal.line()


def drawn_by(folder, *words):
    """Run noiser with a terminal of 80 columns as its stderr, and give what is written there."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    subprocess.run([sys.executable, "-m", "noiser", *words], cwd=folder, stderr=theirs)
    os.close(theirs)
    drawn = os.read(ours, 1 << 16).decode()
    os.close(ours)
    return drawn


def test_a_run_leaves_its_messages_and_summary_on_the_terminal(tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        data = saved(picture(), "PNG")
        (tmp_path / name).write_bytes(data[:40] if name == "2.png" else data)

    drawn = drawn_by(tmp_path, "enhance", "1.png", "2.png", "3.png", "-o", "out")

    shown = screen(drawn)
    assert "  0 of 3 done" in drawn
    assert len(shown) == 3
    assert shown[0].startswith("noiser: 2.png: damaged PNG data")
    assert shown[1].startswith("2 enhanced, 1 failed; ")
    assert shown[2] == ""


def test_a_training_shows_its_loss_and_leaves_nothing(tmp_path):
    pytest.importorskip("torch")
    words = ("train", "--iterations", "3", "--hidden-channels", "4", "-o", "w.safetensors")

    drawn = drawn_by(tmp_path, *words)

    assert "[############------------------------]   33%  loss " in drawn
    assert screen(drawn) == [""]
