"""The page: its files, and the facts about noiser that it needs, as any web server can give them.

What the page knows of looks, knobs and constants it reads from `facts.json`, which is made here
from the modules that say so; nothing is said twice.
"""

import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from noiser.core.version import __version__
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS
from noiser.look.presets import all_presets
from noiser.model.network import PACKAGED, packaged, to_bytes

FOLDER = Path(__file__).with_name("page")
"""Where the files lie that are the same for everyone."""

SUFFIXES = (".html", ".css", ".js", ".svg", ".webmanifest")
"""Kinds of files of the page."""

TOLD = (
    "core.color", "statistics.moments", "statistics.light_grid", "statistics.luma_and_noise",
    "statistics.noise_by_octave",
    "look.fold", "look.tone_curve", "look.local_light", "look.render_params",
    "engine.kernels.denoise", "engine.kernels.octaves", "engine.kernels.reference",
)  # fmt: skip
"""Modules whose constants the page's engine is to have."""


_REMARKS = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*?\s(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
"""Comments that have their lines to themselves; others stay."""


_NEEDLESS = re.compile(
    r"(?<=[^\w\s$+-]) | (?=[^\w\s$#+-])|(?<=[^+-]) (?=[+-]=? [^+-])|(?<= [+-]) (?=[^+-])"
)
"""Spaces beside a sign of a script; where one `+` or `-` meets another they mean something."""


_QUOTED = re.compile(r"['`\\]|(?<! )/|/(?! )")
"""What begins a text, or a pattern, or a remark: there a space may mean something."""


_NAMES = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
"""Names of constants."""


def page_files() -> dict[str, bytes]:
    """Give all files of the page by their path, relative to its address.

    They come without remarks and indentation, a quarter of their weight; line for line they are
    what lies in the package.

    Example:
        >>> [path for path in page_files() if path.startswith("weights/")]
        ['weights/natural.safetensors', 'weights/paper.safetensors']
    """
    found = {
        path.relative_to(FOLDER).as_posix(): (
            shortened(path.read_text("utf-8"), is_script=path.suffix == ".js").encode()
            if path.suffix in (".js", ".css", ".html")
            else path.read_bytes()
        )
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in SUFFIXES
    }
    found["facts.json"] = json.dumps(facts(), separators=(",", ":")).encode("ascii")
    return found | {f"weights/{name}.safetensors": _weights(name) for name in PACKAGED}


def shortened(text: str, *, is_script: bool = False) -> str:
    r"""Empty the lines of a text that hold remarks only, as scripts have them; unindent all.

    Scripts also lose the spaces around signs, outside of texts in double quotes; lines with other
    quotes stay as they are.

    The number of lines stays, so that a browser's messages name the right one. Text in backquotes
    must not depend on its own indentation, nor have lines that look like remarks.

    Example:
        >>> shortened("// Why.\nif (a) {\n  b(); // c\n}")
        '\nif (a) {\nb(); // c\n}'
    """
    bare = _REMARKS.sub(lambda remark: "\n" * remark.group().count("\n"), text)
    lines = re.sub(r"^[ \t]+", "", bare, flags=re.MULTILINE).split("\n")
    if is_script:
        lines = list(map(_closed_up, lines))
    return "\n".join(lines)


def _closed_up(line: str) -> str:
    """Take the needless spaces out of a line, but not out of its texts."""
    parts = line.split('"')
    goes_on = len(parts) % 2 == 0  # in the next line, or a text does from the one before
    if goes_on or any(map(_QUOTED.search, parts[::2])):
        return line
    parts[::2] = [_NEEDLESS.sub("", part) for part in parts[::2]]
    return '"'.join(parts)


def facts() -> dict[str, Any]:
    """Tell what the page has to know: version, looks, knobs, presets and constants."""
    return {
        "version": __version__,
        "looks": {name: _values(look) for name, look in LOOKS.items()},
        "knobs": [{"name": k.name, **k.metadata} for k in knobs() if k.name != "eps"],
        "presets": {
            name: {"description": preset.description, **preset.options}
            for name, preset in all_presets(None).items()
        },
        "constants": _constants(),
    }


def _weights(name: str) -> bytes:
    """Give packaged weights without their history, a tenth of what a visitor loads of them."""
    return to_bytes(replace(packaged(name), provenance={}))


def _values(look: Any) -> dict[str, Any]:
    """Give a look's padding and knobs, `eps` among them."""
    return {"padding": look.padding, **{k.name: getattr(look, k.name) for k in knobs()}}


def _constants() -> dict[str, Any]:
    """Give the modules' constants that a script names, numbers or tuples of them, by name."""
    named = {
        word for path in FOLDER.rglob("*.js") for word in _NAMES.findall(path.read_text("utf-8"))
    }
    modules = [vars(import_module(f"noiser.{module}")) for module in TOLD]
    return {
        name: value
        for names in modules
        for name, value in names.items()
        if name in named and _is_plain(value)
    }


def _is_plain(value: Any) -> bool:
    """Tell whether a value is a number, or a tuple of numbers."""
    values = value if isinstance(value, tuple) else (value,)
    return all(isinstance(v, int | float) for v in values)
