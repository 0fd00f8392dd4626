"""The plan: which inputs there are, and under which name each output will appear."""

import os
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from noiser.core.errors import OutputError
from noiser.io.formats import INSTEAD, READ_ONLY_SUFFIXES, SUFFIXES, suffix_of
from noiser.io.paths import check_folder, is_folder, naming_error, real
from noiser.jobs.find_pictures import MARK, Found, empty_folders, find_pictures, folder_beside


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


class Names(Protocol):
    """What outputs in a folder were called before."""

    def given(self, input_: Path, wanted: Path) -> Path | None:
        """Find the name that an input's output has had, with or without a number."""

    def is_of_another(self, output: Path, input_: Path) -> bool:
        """Whether an output is there that was made of another input."""


def make_plan(
    inputs: list[Path],
    output: Path | None,
    format_: str | None = None,
    names_in: Callable[[Path], Names] | None = None,
) -> Plan:
    """Find the pictures and name their outputs.

    A folder is searched to its depth and mirrored; links, hidden files and what is
    neither named nor begins like a picture are left out. Names never collide: where two
    outputs would have the same name, also in another case or Unicode form, the later gets
    a number; what has a name from an earlier run keeps it. Inputs that are outputs of other inputs,
    beside them, are left out: an earlier run made them, and `*.jpg` found them.

    Args:
        inputs: Files and folders.
        output: The file to write for a single input file; a folder otherwise, or where
            it is one or ends in a slash; None for names beside the inputs'.
        format_: That all outputs are to have; their suffixes say so. By default each keeps its
            input's, and what is only read becomes a TIFF.
        names_in: Tells the names of earlier runs in a folder that gathers outputs.

    Returns:
        The plan; nothing is written.

    Raises:
        OutputError: An output would replace an input, or names no known format, or another than
            `format_`; or the folder for outputs cannot be one.
    """
    plan = Plan()
    if output is not None and not _gathers(inputs, output):
        plan.format = format_named(output, format_)
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
        plan.items.append(Item(path, wanted, fault, _root(source, inputs, output)))
    plan.items = [
        item if item.fault else replace(item, fault=_fault_of_output(item.output))
        for item in _named(plan.items, names_in)
    ]
    seen = {real(path) for _, path, _, _ in found} - made
    for item in plan.items:
        if real(item.output) in seen:
            raise OutputError(f"{item.output} is an input; noiser never writes over its inputs")
    return plan


def _made_of(found: list[Found], inputs: list[Path], format_: str | None) -> set[str]:
    """Find the inputs that lie where others' outputs belong, with all in a folder of outputs."""
    beside = {real(folder_beside(source)) for source in inputs if is_folder(source)}
    targets, taken = set[str](), set[str]()
    for source, path, relative, _ in found:
        wanted = _output_name(source, relative, inputs, None, format_)
        targets |= {real(wanted), real(_free_name(Item(path, wanted), taken, None))} - {real(path)}
    return {
        real(path)
        for source, path, _, _ in found
        if real(source) in beside or real(path) in targets
    }


def _fault_of_output(path: Path) -> str | None:
    """Say why an output cannot be written, where its name alone is at fault."""
    error = naming_error(path)
    return f"{path} cannot be written: {error.strerror}" if error else None


def _output_name(
    source: Path, relative: Path, inputs: list[Path], output: Path | None, format_: str | None
) -> Path:
    """Say where an input's output belongs, before names are made unique."""
    if relative.name:
        relative = relative.with_name(f"{relative.stem}{_suffix(relative, format_)}")
    if output is None:
        if is_folder(source):
            return folder_beside(source) / relative
        return source.with_name(f"{relative.stem}{MARK}{relative.suffix}")
    if not _gathers(inputs, output):
        return output
    if len(inputs) > 1 and is_folder(source):
        return output / Path(real(source)).name / relative
    return output / relative


def format_named(output: Path, format_: str | None) -> str:
    """Say which format the name of a picture asks for.

    Raises:
        OutputError: It names none that is known, or another than `format_`.
    """
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
        folders = (folder_beside(source) for source in inputs if is_folder(source))
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
    if format_ is None and path.suffix.lower() in READ_ONLY_SUFFIXES:
        format_ = INSTEAD
    if format_ is None and path.suffix.lower() == ".mpo":
        format_ = "JPEG"  # of one picture
    if format_ is None or SUFFIXES.get(path.suffix.lower()) == format_:
        return path.suffix
    return suffix_of(format_)


def _root(source: Path, inputs: list[Path], output: Path | None) -> Path | None:
    """Name the folder that an input's output is gathered in with others'."""
    if output is None:
        return folder_beside(source) if is_folder(source) else None
    return output if len(inputs) > 1 or is_folder(source) else None


def _gathers(inputs: list[Path], output: Path) -> bool:
    """Whether an output names a folder: for several pictures, or it is one, or has no suffix."""
    return len(inputs) > 1 or is_folder(inputs[0]) or is_folder(output) or not output.suffix


def _named(items: list[Item], names_in: Callable[[Path], Names] | None) -> list[Item]:
    """Make names unique: whoever had one keeps it, the others get what is free, in order."""
    roots = {item.root for item in items if item.root is not None}
    names: dict[Path | None, Names] = {r: names_in(r) for r in roots} if names_in else {}
    taken: set[str] = set()
    kept: dict[Item, Path] = {}
    for item in items:
        known = names.get(item.root)
        given = known.given(item.input, item.output) if known else None
        if given is not None and folded(given) not in taken:
            taken.add(folded(given))
            kept[item] = given
    return [
        replace(item, output=kept.get(item) or _free_name(item, taken, names.get(item.root)))
        for item in items
    ]


def _free_name(item: Item, taken: set[str], names: Names | None) -> Path:
    """Number a name that is taken, by another item or by what is there."""
    wanted = path = item.output
    number = 1
    while folded(path) in taken or (names and names.is_of_another(path, item.input)):
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    taken.add(folded(path))
    return path


def folded(name: Path | str) -> str:
    """Write a name as systems see it that fold case or Unicode forms."""
    return unicodedata.normalize("NFC", os.fspath(name)).casefold()
