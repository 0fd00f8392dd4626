"""Progress: one bar for a run, on a terminal, with messages above it."""

import io
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

import click

from noiser.jobs.plan import Item

REDRAWN_AFTER = 0.1
"""A bar is not drawn more often; who could read it? [s]"""

PICTURE = 1000
"""Steps of a picture: one that goes through in strips moves the bar gradually."""


class Bar:
    """A bar on a stream that is a terminal, until the `with` block ends.

    click counts, guesses the time that is left, and writes the line. What it does not do is done
    here: it would hide the cursor, which a process that is killed cannot show again, and leave its
    line behind.

    Args:
        stream: By default stderr.
        clock: Tells the time [s].
    """

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream, self._clock = stream or sys.stderr, clock
        self._drawn, self._drawn_at = "", -math.inf
        self._lock = threading.Lock()
        self._bar: Any = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._draw("")

    def show(self, done: int, total: int, text: str) -> None:
        """Say how far it is, from any thread.

        Args:
            done: Steps that are done; fewer than before count as none.
            total: Steps in all.
            text: Stands at the end of the line.
        """
        if not self._stream.isatty():
            return
        with self._lock:
            if self._bar is None:
                self._bar = click.progressbar(
                    length=total, file=io.StringIO(), item_show_func=lambda shown: shown
                )
                self._bar.bar_template = "[%(bar)s]  %(info)s"
            # A picture whose worker died begins again; the bar waits for it.
            self._bar.make_step(max(done - self._bar.pos, 0))
            self._bar.current_item = text
            now = self._clock()
            if now - self._drawn_at >= REDRAWN_AFTER:
                self._drawn_at = now
                self._draw(self._bar.format_progress_line())

    def say(self, message: str) -> None:
        """Write a line, above the bar where there is one."""
        with self._lock:
            drawn = self._drawn
            self._draw("")
            click.echo(message, self._stream)
            self._draw(drawn)

    def _draw(self, line: str) -> None:
        """Replace what is drawn by a line, or by nothing."""
        line = line and line[: _columns(self._stream) - 1]
        if line != self._drawn:
            self._stream.write("\r" + line.ljust(len(self._drawn)) + ("" if line else "\r"))
            self._stream.flush()
            self._drawn = line


class PicturesBar:
    """The bar of a run over pictures: drawn for several, and for one that goes in strips.

    Args:
        bar: Is drawn.
        count: Pictures in all.
        passes: How often each is told to be finished.
    """

    def __init__(self, bar: Bar, count: int, passes: int) -> None:
        self._bar, self._count, self._total = bar, count, count * passes * PICTURE
        self._finished, self._shares = 0, dict[Item, int]()
        self._lock, self._told = threading.Lock(), 0
        if count > 1:
            self._show()

    def move(self, item: Item, done: int, total: int) -> None:
        """Say how far a picture in strips is, from any thread."""
        with self._lock:
            self._shares[item] = PICTURE * done // total
        self._show()

    def finish(self, item: Item, told: int) -> None:
        """Say that a pass over a picture has ended, and of how many pictures that was the last."""
        with self._lock:
            was_in_strips = self._shares.pop(item, None) is not None
            self._finished, self._told = self._finished + PICTURE, told
        if self._count > 1 or was_in_strips:
            self._show()

    def _show(self) -> None:
        """Add up what is done."""
        with self._lock:
            done = self._finished + sum(self._shares.values())
        self._bar.show(done, self._total, f"{self._told} of {self._count} done")


def _columns(stream: TextIO) -> int:
    """Say how wide a terminal is."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
