"""Finding pictures: among files, and in folders to their depth."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from noiser.core.errors import UnsupportedError
from noiser.io.formats import READ_ONLY_SUFFIXES, SUFFIXES, sniff
from noiser.io.paths import is_folder, is_pipe, lookup_error, real

MARK = "_enhanced"
"""Added to the name of an input where no output is named."""

KNOWN_SUFFIXES = READ_ONLY_SUFFIXES | set(SUFFIXES)
"""Suffixes of what a folder is searched for."""

PIPE_BESIDE = "a pipe goes alone: name no other input beside it"

Found = tuple[Path, Path, Path, str | None]
"""What was named, a picture's path, its path below what was named, and why it cannot be tried."""


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
                is_beside = path == source and len(inputs) > 1 and is_pipe(path)
                yield source, path, relative, PIPE_BESIDE if is_beside else fault


def empty_folders(inputs: list[Path], found: list[Found]) -> list[Path]:
    """List the folders that were named and in which nothing was found, also before."""
    # A folder that cannot be searched was found itself, with its fault.
    places = [os.path.join(real(path), "") for _, path, _, _ in found]  # noqa: PTH118
    return [
        source
        for source in dict.fromkeys(inputs)
        if is_folder(source)
        and not any(place.startswith(os.path.join(real(source), "")) for place in places)  # noqa: PTH118
    ]


def no_pictures(folder: Path) -> str:
    """Say that a folder has no pictures, and what was looked for."""
    return f"no pictures in {folder}; looked for {', '.join(SUFFIXES)}, JPEG 2000 and camera raws"


def _pictures(
    source: Path, output: Path | None, left_out: Counter[str]
) -> Iterator[tuple[Path, Path, str | None]]:
    """Yield pictures: path, path below the folder that was named, and fault."""
    if not is_folder(source):
        yield source, Path(source.name), _fault_of_input(source)
        return
    skipped = {real(p) for p in (output, folder_beside(source)) if p is not None}
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


def folder_beside(folder: Path) -> Path:
    """Name the folder beside an input folder: `night` gives `night_enhanced`."""
    if folder.name in ("", ".."):
        folder = Path(real(folder))
    return folder.with_name(f"{folder.name}{MARK}")
