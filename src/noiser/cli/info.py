"""`noiser info`: what is installed and what it will use; or what a picture's file is."""

import hashlib
import json
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from noiser.core.cpu import usable_processors
from noiser.core.errors import NoiserError
from noiser.core.version import __version__
from noiser.engine import kernels
from noiser.engine.kernels import native
from noiser.io.limits import Limits
from noiser.look.looks import LOOKS
from noiser.model.network import PACKAGED, load, packaged, packaged_bytes
from noiser.tools.inspect import describe

MAX_PIXELS = 1 << 40
"""Of a picture that is described, and of its sides: nothing is decoded."""


@click.command("info")
@click.argument("file", required=False, type=click.Path(path_type=Path, readable=False))
@click.option(
    "--weights", type=click.Path(path_type=Path, readable=False), help="Of this file instead."
)
@click.option(
    "--look",
    "name",
    type=click.Choice(PACKAGED),
    help=f"Of this look's weights.  [default: {PACKAGED[0]}]",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(file: Path | None, weights: Path | None, name: str | None, as_json: bool) -> None:
    """Show the version, the kernels and the weights.

    Of a picture, FILE: its format, size, depth, colour profile, the kinds of its metadata, and
    the settings that noiser enhance --embed-settings wrote.
    """
    if weights and name:
        raise click.UsageError("--weights and --look each name a network; give one of them")
    if file is not None:
        if weights or name:
            word = "--weights" if weights else "--look"
            raise click.UsageError(f"FILE is described without a network; {word} names one")
        _show(_facts_of(file), as_json)
        return
    name = name or PACKAGED[0]
    network = load(weights) if weights else packaged(name)
    data = weights.read_bytes() if weights else packaged_bytes(name)
    facts = {
        "noiser": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("numpy", "pillow")},
        "threads": usable_processors(),
        "kernels": kernels.names(),
        **({"native kernel": fault} if (fault := native.fault()) else {}),
        "looks": list(LOOKS),
        "weights": str(weights or name),
        "parameters": network.parameter_count,
        "sha256": hashlib.sha256(data).hexdigest(),
        **{f"trained with {k}": v for k, v in network.provenance.items()},
    }
    _show(facts, as_json)


def _facts_of(file: Path) -> dict[str, Any]:
    """Describe a picture; whatever its size, for its pixels are not decoded."""
    try:
        return describe(file, Limits(max_pixels=MAX_PIXELS, max_side=MAX_PIXELS))
    except NoiserError as error:
        error.args = (f"{file}: {error}",)
        raise


def _show(facts: dict[str, Any], as_json: bool) -> None:
    """Print facts as JSON or as lines."""
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    lines = dict(_lines(facts))
    width = max(map(len, lines))
    for name, value in lines.items():
        click.echo(f"{name:<{width}}  {value}")


def _lines(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Put facts into lines; those of the settings each have one."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield name, ""
            yield from ((f"  {key}", text) for key, text in _lines(value))
        elif isinstance(value, list):
            yield name, ", ".join(value) or "none"
        else:
            yield name, "none" if value is None else _printable(value)


def _printable(value: Any) -> str:
    """Show a value that a file may hold; a profile's name can be anything."""
    return "".join(c if c.isprintable() else "?" for c in f"{value}")
