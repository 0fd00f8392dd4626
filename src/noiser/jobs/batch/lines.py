"""The lines of a journal: what they say, and how it is written.

A line is a JSON object whose last member, `crc32`, is the checksum of all before it. One that is
torn or damaged says nothing.
"""

import contextlib
import json
import os
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from noiser.io.files import FileMark

_LINE = re.compile(rb'(\{.*),"crc32":"([0-9a-f]{8})"\}', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Record:
    """A finished output, and what it was made of."""

    input: str
    """Path of the input from the journal's folder; bytes that are no text as Python escapes
    them."""

    source: FileMark
    """The state of the input."""

    key: str
    """Of the options, see `resume.job_key`."""

    target: FileMark
    """The state of the output."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The moments of an input, packed."""

    source: FileMark
    key: str
    packed: str


@dataclass
class Contents:
    """All that the lines of a journal say; a later line counts more."""

    done: dict[str, Record] = field(default_factory=dict)
    """By the output's path from the journal's folder."""

    kept: set[str] = field(default_factory=set)
    """Outputs that were there before noiser would have written them: somebody else's."""

    measured: dict[str, int] = field(default_factory=dict)
    """Where the line with an input's moments begins, by the input's path from the journal's folder:
    all moments together may take hundreds of megabytes, see `Journal.measured_of` [bytes]."""

    is_new: bool = True
    """Whether there was no journal, or an empty one: then nobody knows what is there."""

    def add(self, line: dict[str, Any], start: int) -> None:
        """Take up a sound line that starts there [bytes]; of a kind that is not known, nothing."""
        if line["kind"] == "done":
            source, target = FileMark(*line["source"]), FileMark(*line["target"])
            self.done[line["output"]] = Record(line["input"], source, line["key"], target)
        elif line["kind"] == "kept":
            self.kept.add(line["output"])
        elif line["kind"] == "moments":
            self.measured[line["input"]] = start


def name_from(folder: Path, path: Path) -> str:
    """Name a file in the lines of a folder's journal."""
    return os.path.relpath(path, folder)


def to_line(entry: dict[str, Any]) -> bytes:
    r"""Write an entry as a line with its checksum.

    Example:
        >>> to_line({"kind": "kept", "output": "a.png"})
        b'{"kind":"kept","output":"a.png","crc32":"164bd0df"}\n'
    """
    body = json.dumps(entry, separators=(",", ":")).encode("ascii")[:-1]
    return b'%s,"crc32":"%08x"}\n' % (body, zlib.crc32(body))


def from_line(line: bytes) -> dict[str, Any] | None:
    """Read a line without its end; None if it is not exactly as it was written."""
    found = _LINE.fullmatch(line)
    if found is None or zlib.crc32(found[1]) != int(found[2], 16):
        return None
    entry: dict[str, Any] = json.loads(found[1] + b"}")
    return entry


def contents_in(descriptor: int) -> Contents:
    """Read all lines that can be trusted."""
    contents, start = Contents(), 0
    with open(descriptor, "rb", closefd=False) as file:
        for line in file:
            contents.is_new = False
            entry = from_line(line.rstrip(b"\n"))
            if entry is not None:
                with contextlib.suppress(LookupError, TypeError):  # of a later version, perhaps
                    contents.add(entry, start)
            start += len(line)
    return contents


def measured_in(descriptor: int, contents: Contents, name: str) -> Measured | None:
    """Read the moments of an input from a journal; None if there are none that can be trusted."""
    with contextlib.suppress(OSError, LookupError, TypeError):
        with open(descriptor, "rb", closefd=False) as file:
            file.seek(contents.measured[name])
            entry = from_line(file.readline().rstrip(b"\n"))
        # On a disk without locks another run's line can be in its place.
        if entry is not None and (entry["kind"], entry["input"]) == ("moments", name):
            return Measured(FileMark(*entry["source"]), entry["key"], entry["moments"])
    return None
