"""Presets: named sets of knobs, those that ship with noiser and those of a user's file."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from noiser.core.errors import PresetError
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS

PACKAGED_FILE = Path(__file__).with_name("presets.toml")
"""The presets that ship with noiser."""

MAX_FILE_BYTES = 1 << 20
"""Size of a file of presets [bytes]; hundreds of presets take a tenth."""


@dataclass(frozen=True)
class Preset:
    """A look and the knobs that are turned away from the look's own values."""

    name: str
    """What it is chosen by."""

    description: str = ""
    """What it is for, in one line."""

    look: str = next(iter(LOOKS))
    """A name of `LOOKS`."""

    knobs: dict[str, float] = field(default_factory=dict)
    """Values by knob; what is not named stays as the look has it."""

    file: Path = PACKAGED_FILE
    """Where it was found."""

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `Enhancer`."""
        return {"look": self.look, **self.knobs}


def preset(name: str, file: str | Path | None = None) -> dict[str, Any]:
    """Give the arguments of `Enhancer` that a preset stands for.

    Args:
        name: One of noiser's own, see `noiser presets`, or one of the file's.
        file: A TOML file with more presets; of two with the same name the file's is taken.

    Returns:
        The look and the knobs; `Enhancer(**preset("gentle") | {"color": 1.0})` turns one more.

    Raises:
        PresetError: There is no such preset, or the file is at fault; the message says where.

    Example:
        >>> preset("gentle")["look"]
        'natural'
    """
    return preset_named(name, all_presets(file)).options


def preset_named(name: str, among: Mapping[str, Preset]) -> Preset:
    """Find a preset by its name.

    Raises:
        PresetError: There is none; the message lists those that there are.
    """
    if name not in among:
        files = {str(found.file) for found in among.values() if found.file != PACKAGED_FILE}
        where = f" and none in {', '.join(sorted(files))}" if files else ""
        raise PresetError(
            f"preset {name!r} is none of noiser's{where}; there are {', '.join(among)}"
        )
    return among[name]


def all_presets(file: str | Path | None = None) -> dict[str, Preset]:
    """List noiser's own presets and those of a file, by name.

    Args:
        file: A TOML file, a table for each preset; see `docs/presets.md`.

    Returns:
        noiser's own first, each in the order of its file; the file's win.

    Raises:
        PresetError: The file cannot be read, or a preset in it is wrong.
    """
    return _packaged() | ({} if file is None else read_presets(Path(file)))


@cache
def _packaged() -> dict[str, Preset]:
    """Read noiser's own presets once."""
    return read_presets(PACKAGED_FILE)


def read_presets(file: Path) -> dict[str, Preset]:
    """Read a file of presets, and refuse all of it where one is wrong.

    Args:
        file: TOML. Each table is a preset: `description` and `look`, both optional, and knobs.

    Returns:
        The presets by name, in the file's order.

    Raises:
        PresetError: It cannot be read, is no TOML, or a value is not one of those allowed. The
            message names the file and the key.
    """
    import tomllib  # takes as long to load as a small picture to enhance

    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise PresetError(f"{file}: there is no such file")
        if found.st_size > MAX_FILE_BYTES:
            raise PresetError(f"{file}: larger than {MAX_FILE_BYTES} bytes; not a file of presets")
        tables = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PresetError(f"{file}: there is no such file") from error
    except OSError as error:
        raise PresetError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PresetError(f"{file}: no TOML: {error}") from error
    return {name: _checked(name, table, file) for name, table in tables.items()}


def _checked(name: str, table: object, file: Path) -> Preset:
    """Make a preset of a table of the file."""
    if not isinstance(table, dict):
        raise PresetError(f"{file}: {name} stands alone; a preset begins with [its name]")
    described = {"description": "", "look": Preset.look} | table
    for key in ("description", "look"):
        if not isinstance(described[key], str):
            raise PresetError(f"{file}: [{name}] {key} is {described[key]!r}; it must be text")
    if described["look"] not in LOOKS:
        raise PresetError(
            f"{file}: [{name}] look is {described['look']!r}; it must be one of {', '.join(LOOKS)}"
        )
    values = {
        key: _value(f"{file}: [{name}]", key, value)
        for key, value in table.items()
        if key not in ("description", "look")
    }
    return Preset(name, described["description"], described["look"], values, file)


def _value(where: str, key: str, value: object) -> float:
    """Check one knob's value against its range."""
    ranges = {knob.name: knob.metadata for knob in knobs() if knob.name != "eps"}
    if key not in ranges:
        raise PresetError(f"{where} {key} is no knob; the knobs are {', '.join(ranges)}")
    low, high = ranges[key]["low"], ranges[key]["high"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise PresetError(
            f"{where} {key} is {value!r}; it must be a number from {low:g} to {high:g}"
        )
    return float(value)
