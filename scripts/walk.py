"""Follow a picture through the house: which files its bytes and pixels pass, in order.

    python scripts/walk.py assets/night.jpg

Enhances the file in memory, as the command line does, and prints a line for each stop. A stop is a
call from one file of the package into another that hands over the picture, in whatever form: bytes,
an array, an image, or a value that holds one of these or what was measured of it. Calls within a
file belong to the same stop; returning is not counted, coming back by another call is.
"""

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import noiser
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

PACKAGE = Path(noiser.__file__).parent

LEAST = 64
"""Bytes or values from which something may be a picture: a shape or a tag has fewer."""


class Stop(NamedTuple):
    """A stay in one file."""

    file: str
    """Path below the package."""

    function: str
    """Called first."""

    form: str
    """The kind of value that was handed over."""


def walk(path: Path) -> list[Stop]:
    """Follow a picture from its file's bytes to the new file's bytes."""
    treatment = JobOptions(noiser.Enhancer(threads=1))
    data = path.read_bytes()
    enhance_bytes(data, treatment, path.suffix)  # modules load and caches fill, once
    stops: list[Stop] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or (file := _file_of(frame)) is None:
            return
        if stops and stops[-1].file == file:
            return
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        forms = [form for name in names if (form := form_of(frame.f_locals.get(name)))]
        if forms:
            stops.append(Stop(file, frame.f_code.co_name, forms[0]))

    sys.setprofile(note)
    try:
        enhance_bytes(data, treatment, path.suffix)
    finally:
        sys.setprofile(None)
    return stops


def form_of(value: Any) -> str | None:
    """Name the form of a picture that a value is, or holds; None if it is none."""
    if isinstance(value, np.ndarray):
        is_curve = max(value.shape, default=0) == value.size
        return None if is_curve or value.size < LEAST else "ndarray"
    if isinstance(value, bytes | bytearray | memoryview):
        return type(value).__name__ if len(value) >= LEAST else None
    if isinstance(value, Image.Image):
        return "PIL image"
    held = list(value) if isinstance(value, list) else list(_held(value))
    return type(value).__name__ if any(form_of(part) for part in held) else None


def _held(value: Any) -> Iterator[Any]:
    """Give what a value of the package holds, but for weights, which are no picture's."""
    if not type(value).__module__.startswith("noiser.") or hasattr(value, "first_bias"):
        return
    if dataclasses.is_dataclass(value):
        yield from (getattr(value, field.name, None) for field in dataclasses.fields(value))
        if hasattr(value, "products"):  # moments: numbers, of a picture
            yield bytes(LEAST)
    elif isinstance(value, tuple):
        yield bytes(LEAST)  # render parameters: found for a picture
    else:
        yield from getattr(value, "__dict__", {}).values()


def _file_of(frame: FrameType) -> str | None:
    """Name the package's file that a frame runs in."""
    path = Path(frame.f_code.co_filename)
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else None


if __name__ == "__main__":
    found = walk(Path(sys.argv[1]))
    for number, stop in enumerate(found, 1):
        print(f"{number:3}  {stop.file:40} {stop.function} ({stop.form})")
    print(f"{len(found)} stops in {len({stop.file for stop in found})} files")
