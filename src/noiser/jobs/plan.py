"""The plan: which inputs there are, and under which name each output will appear."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from noiser.core.errors import OutputError, UnsupportedError
from noiser.io.formats import RAW_SUFFIXES, SUFFIXES, sniff, suffix_of

MARK = "_enhanced"
"""Added to the name of an input where no output is named."""

KNOWN_SUFFIXES = RAW_SUFFIXES | set(SUFFIXES)
"""Suffixes of what a folder is searched for."""


@dataclass(frozen=True)
class Item:
    """One picture to enhance."""

    input: Path
    """Read, never written."""

    output: Path
    """Unlike every other item's output, and no input."""

    fault: str | None = None
    """Why the input cannot even be tried."""

    root: Path | None = None
    """The folder that gathers the outputs, where a run keeps its journal; None for a single
    file, and for outputs beside their inputs."""


@dataclass
class Plan:
    """All that a run will do, before it does anything."""

    items: list[Item] = field(default_factory=list)
    """In the order of the inputs, folders by name."""

    left_out: Counter[str] = field(default_factory=Counter)
    """Files of folders that are no pictures for us, by suffix or kind."""


def make_plan(inputs: list[Path], output: Path | None, format_: str | None = None) -> Plan:
    """Find the pictures and name their outputs.

    A folder is searched to its depth and mirrored; links, hidden files and what is
    neither named nor begins like a picture are left out. Names never collide: where two
    outputs would have the same name, also in another case or Unicode form, the later gets
    a number.

    Args:
        inputs: Files and folders.
        output: The file to write for a single input file; a folder otherwise, or where
            it is one or ends in a slash; None for names beside the inputs'.
        format_: That all outputs are to have; their suffixes say so. By default each keeps its
            input's, and camera raws become TIFFs.

    Returns:
        The plan; nothing is written.

    Raises:
        OutputError: An output would replace an input, or names no known format, or another than
            `format_`.
    """
    plan, taken = Plan(), set[str]()
    seen: set[str] = set()
    for source in inputs:
        for path, relative, fault in _pictures(source, output, plan.left_out):
            real = os.path.realpath(path)
            if real in seen:
                continue
            seen.add(real)
            wanted = _output_name(source, relative, inputs, output, format_)
            root = _root(source, inputs, output)
            plan.items.append(Item(path, _free_name(wanted, taken), fault, root))
    for item in plan.items:
        if os.path.realpath(item.output) in seen:
            raise OutputError(f"{item.output} is an input; noiser never writes over its inputs")
    return plan


def _pictures(
    source: Path, output: Path | None, left_out: Counter[str]
) -> Iterator[tuple[Path, Path, str | None]]:
    """Yield pictures: path, path below the folder that was named, and fault."""
    if not source.is_dir():
        fault = None if os.path.lexists(source) else "there is no such file"
        yield source, Path(source.name), fault
        return
    skipped = {os.path.realpath(p) for p in (output, _beside(source)) if p is not None}
    skipped.discard(os.path.realpath(source))
    folders = [source]
    while folders:
        folder = folders.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield folder, folder.relative_to(source), f"cannot be read: {error.strerror}"
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                left_out["links"] += 1
            elif entry.name.startswith("."):
                left_out["hidden"] += 1
            elif entry.is_dir():
                if os.path.realpath(path) not in skipped:
                    folders.append(path)
            elif path.suffix.lower() in KNOWN_SUFFIXES or _begins_like_a_picture(entry):
                yield path, path.relative_to(source), None
            else:
                left_out[path.suffix.lower() or "no suffix"] += 1


def _begins_like_a_picture(entry: "os.DirEntry[str]") -> bool:
    """Look at the first bytes of a file whose name says nothing."""
    if not entry.is_file():
        return False
    try:
        with Path(entry.path).open("rb") as file:
            sniff(file.read(64))
    except (OSError, UnsupportedError):
        return False
    return True


def _output_name(
    source: Path, relative: Path, inputs: list[Path], output: Path | None, format_: str | None
) -> Path:
    """Say where an input's output belongs, before names are made unique."""
    is_folder = source.is_dir()
    if relative.name:
        relative = relative.with_name(f"{relative.stem}{_suffix(relative, format_)}")
    if output is None:
        if is_folder:
            return _beside(source) / relative
        return source.with_name(f"{relative.stem}{MARK}{relative.suffix}")
    if len(inputs) == 1 and not is_folder and not _is_folder(output):
        if output.suffix.lower() not in SUFFIXES:
            raise OutputError(
                f"{output} names no known format; its suffix must be one of {', '.join(SUFFIXES)}"
            )
        if format_ and SUFFIXES[output.suffix.lower()] != format_:
            raise OutputError(f"{output} is no name for {format_}; --format asks for it")
        return output
    if len(inputs) > 1 and is_folder:
        return output / Path(os.path.realpath(source)).name / relative
    return output / relative


def _suffix(path: Path, format_: str | None) -> str:
    """Say which suffix an output has; the input's, where it names the output's format."""
    if format_ is None and path.suffix.lower() in RAW_SUFFIXES:
        format_ = "TIFF"
    if format_ is None and path.suffix.lower() == ".mpo":
        format_ = "JPEG"  # of one picture
    if format_ is None or SUFFIXES.get(path.suffix.lower()) == format_:
        return path.suffix
    return suffix_of(format_)


def _root(source: Path, inputs: list[Path], output: Path | None) -> Path | None:
    """Name the folder that an input's output is gathered in with others'."""
    if output is None:
        return _beside(source) if source.is_dir() else None
    return output if len(inputs) > 1 or source.is_dir() else None


def _is_folder(output: Path) -> bool:
    """Whether an output names a folder: it is one, or has no suffix."""
    return output.is_dir() or not output.suffix


def _beside(folder: Path) -> Path:
    """Name the folder beside an input folder: `night` gives `night_enhanced`."""
    real = Path(os.path.realpath(folder))
    return (
        folder.parent / f"{folder.name}{MARK}"
        if folder.name not in ("", "..")
        else (real.with_name(f"{real.name}{MARK}"))
    )


def _free_name(wanted: Path, taken: set[str]) -> Path:
    """Number a name that is taken, as systems see it that fold case or Unicode forms."""
    path, number = wanted, 1
    while (key := unicodedata.normalize("NFC", os.fspath(path)).casefold()) in taken:
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    taken.add(key)
    return path
