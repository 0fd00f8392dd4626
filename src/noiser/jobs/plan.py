"""The plan: which inputs there are, and under which name each output will appear."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from noiser.core.errors import OutputError, UnsupportedError
from noiser.io.formats import RAW_SUFFIXES, SUFFIXES, sniff, suffix_of
from noiser.io.paths import check_folder, is_folder, lookup_error, naming_error, real

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
    """Why it cannot even be tried."""

    root: Path | None = None
    """The folder that gathers the outputs, where a run keeps its journal; None for a single
    file, and for outputs beside their inputs."""


Found = tuple[Path, Path, Path, str | None]
"""What was named, a picture's path, its path below what was named, and why it cannot be tried."""


@dataclass
class Plan:
    """All that a run will do, before it does anything."""

    items: list[Item] = field(default_factory=list)
    """In the order of the inputs, folders by name."""

    left_out: Counter[str] = field(default_factory=Counter)
    """Files that are no pictures for us, by suffix or kind."""

    empty: list[Path] = field(default_factory=list)
    """Folders that were named and have no pictures."""

    format: str | None = None
    """Of the only output, as its name says it; None where a folder or nothing was named."""


def make_plan(inputs: list[Path], output: Path | None, format_: str | None = None) -> Plan:
    """Find the pictures and name their outputs.

    A folder is searched to its depth and mirrored; links, hidden files and what is
    neither named nor begins like a picture are left out. Names never collide: where two
    outputs would have the same name, also in another case or Unicode form, the later gets
    a number. Inputs that are outputs of other inputs, beside them, are left out: an earlier run
    made them, and `*.jpg` found them.

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
            `format_`; or the folder for outputs cannot be one.
    """
    plan, taken = Plan(), set[str]()
    if output is not None and not _gathers(inputs, output):
        plan.format = _format_of(output, format_)
    for folder in _folders(inputs, output):
        check_folder(folder)
    found = list(find_pictures(inputs, output, plan.left_out))
    plan.empty = empty_folders(inputs, found)
    made = set() if output else _made_of(found, inputs, format_)
    for source, path, relative, fault in found:
        if real(path) in made:
            plan.left_out["outputs"] += 1
            continue
        wanted = _output_name(source, relative, inputs, output, format_)
        target, root = _free_name(wanted, taken), _root(source, inputs, output)
        plan.items.append(Item(path, target, fault or _fault_of_output(target), root))
    seen = {real(path) for _, path, _, _ in found} - made
    for item in plan.items:
        if real(item.output) in seen:
            raise OutputError(f"{item.output} is an input; noiser never writes over its inputs")
    return plan


def find_pictures(
    inputs: list[Path], output: Path | None, left_out: Counter[str]
) -> Iterator[Found]:
    """Find the pictures among files and below folders, each once.

    Args:
        inputs: Files and folders.
        output: A folder that is not searched.
        left_out: Is told what is no picture.

    Yields:
        What was named, the picture's path, its path below what was named, and its fault.
    """
    seen: set[str] = set()
    for source in inputs:
        for path, relative, fault in _pictures(source, output, left_out):
            if real(path) not in seen:
                seen.add(real(path))
                yield source, path, relative, fault


def empty_folders(inputs: list[Path], found: list[Found]) -> list[Path]:
    """List the folders that were named and in which nothing was found, also before."""
    paths = [real(path) for _, path, _, _ in found]
    return [
        source
        for source in dict.fromkeys(inputs)
        if is_folder(source) and not any(path.startswith(real(source)) for path in paths)
    ]


def no_pictures(folder: Path) -> str:
    """Say that a folder has no pictures, and what was looked for."""
    return f"no pictures in {folder}; looked for {', '.join(SUFFIXES)} and camera raws"


def _made_of(found: list[Found], inputs: list[Path], format_: str | None) -> set[str]:
    """Find the inputs that lie where others' outputs belong, with all in a folder of outputs."""
    beside = {real(_beside(source)) for source in inputs if is_folder(source)}
    targets, taken = set[str](), set[str]()
    for source, path, relative, _ in found:
        wanted = _output_name(source, relative, inputs, None, format_)
        targets |= {real(wanted), real(_free_name(wanted, taken))} - {real(path)}
    return {
        real(path)
        for source, path, _, _ in found
        if real(source) in beside or real(path) in targets
    }


def _pictures(
    source: Path, output: Path | None, left_out: Counter[str]
) -> Iterator[tuple[Path, Path, str | None]]:
    """Yield pictures: path, path below the folder that was named, and fault."""
    if not is_folder(source):
        yield source, Path(source.name), _fault_of_input(source)
        return
    skipped = {real(p) for p in (output, _beside(source)) if p is not None}
    skipped.discard(real(source))
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
            elif is_folder(path):
                if real(path) not in skipped:
                    folders.append(path)
            elif path.suffix.lower() in KNOWN_SUFFIXES or _begins_like_a_picture(entry):
                yield path, path.relative_to(source), None
            else:
                left_out[path.suffix.lower() or "no suffix"] += 1


def _fault_of_input(path: Path) -> str | None:
    """Say why an input cannot be read, as far as its name can tell."""
    if error := lookup_error(path):
        return f"cannot be read: {error.strerror}"
    return None if os.path.lexists(path) else "there is no such file"


def _fault_of_output(path: Path) -> str | None:
    """Say why an output cannot be written, where its name alone is at fault."""
    error = naming_error(path)
    return f"{path} cannot be written: {error.strerror}" if error else None


def _begins_like_a_picture(entry: "os.DirEntry[str]") -> bool:
    """Look at the first bytes of a file whose name says nothing."""
    try:
        if not entry.is_file():
            return False
        with Path(entry.path).open("rb") as file:
            sniff(file.read(64))
    except (OSError, UnsupportedError):
        return False
    return True


def _output_name(
    source: Path, relative: Path, inputs: list[Path], output: Path | None, format_: str | None
) -> Path:
    """Say where an input's output belongs, before names are made unique."""
    if relative.name:
        relative = relative.with_name(f"{relative.stem}{_suffix(relative, format_)}")
    if output is None:
        if is_folder(source):
            return _beside(source) / relative
        return source.with_name(f"{relative.stem}{MARK}{relative.suffix}")
    if not _gathers(inputs, output):
        return output
    if len(inputs) > 1 and is_folder(source):
        return output / Path(real(source)).name / relative
    return output / relative


def _format_of(output: Path, format_: str | None) -> str:
    """Say which format the name of a picture asks for."""
    named = SUFFIXES.get(output.suffix.lower())
    if named is None:
        raise OutputError(
            f"{output} names no known format; its suffix must be one of {', '.join(SUFFIXES)}"
        )
    if format_ and named != format_:
        raise OutputError(f"{output} is no name for {format_}; --format asks for it")
    return named


def _folders(inputs: list[Path], output: Path | None) -> list[Path]:
    """List the folders that outputs are to lie in, where a name of them may be wrong."""
    if output is None:
        folders = (_beside(source) for source in inputs if is_folder(source))
        return [folder for folder in folders if not naming_error(folder)]
    if not _gathers(inputs, output):
        return [output.parent]
    if output.suffix.lower() in SUFFIXES and not os.path.lexists(output):
        raise OutputError(
            f"{output} is the name of one picture; several pictures need the name of a folder"
        )
    return [output]


def _suffix(path: Path, format_: str | None) -> str:
    """Say which suffix an output has; the input's, where it names the output's format."""
    if format_ is None and path.suffix.lower() in RAW_SUFFIXES:
        format_ = "TIFF"
    if format_ is None or SUFFIXES.get(path.suffix.lower()) == format_:
        return path.suffix
    return suffix_of(format_)


def _root(source: Path, inputs: list[Path], output: Path | None) -> Path | None:
    """Name the folder that an input's output is gathered in with others'."""
    if output is None:
        return _beside(source) if is_folder(source) else None
    return output if len(inputs) > 1 or is_folder(source) else None


def _gathers(inputs: list[Path], output: Path) -> bool:
    """Whether an output names a folder: for several pictures, or it is one, or has no suffix."""
    return len(inputs) > 1 or is_folder(inputs[0]) or is_folder(output) or not output.suffix


def _beside(folder: Path) -> Path:
    """Name the folder beside an input folder: `night` gives `night_enhanced`."""
    if folder.name in ("", ".."):
        folder = Path(real(folder))
    return folder.with_name(f"{folder.name}{MARK}")


def _free_name(wanted: Path, taken: set[str]) -> Path:
    """Number a name that is taken, as systems see it that fold case or Unicode forms."""
    path, number = wanted, 1
    while (key := unicodedata.normalize("NFC", os.fspath(path)).casefold()) in taken:
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    taken.add(key)
    return path
