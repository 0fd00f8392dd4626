"""`noiser sheet`: the variants asked for, one pipeline call, one picture."""

import sys
from collections import Counter
from functools import reduce
from itertools import product
from operator import and_
from pathlib import Path
from typing import Any

import click
import numpy as np

from noiser.cli.options import Words, look_options, summary_options
from noiser.io.files import save_file
from noiser.io.formats import SUFFIXES
from noiser.io.image_file import encode
from noiser.io.paths import Traits, is_taken, real, traits_of
from noiser.io.photo import Photo
from noiser.jobs.plan import empty_folders, find_pictures, no_pictures
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS
from noiser.tools.contact_sheet import Grid, Variant, make_sheet

MAX_VARIANTS = 100
"""Columns at most: a slip of the keyboard should not take hours."""


@click.command("sheet")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, readable=False),
    required=True,
    help="A picture.",
)
@click.option("--looks", default="", metavar="NAMES", help="Show these looks: natural,paper")
@click.option("--presets", default="", metavar="NAMES", help="Show these presets: gentle,strong")
@click.option(
    "--vary",
    "varied",
    multiple=True,
    metavar="KNOB=NUMBERS",
    help="Show a knob at these values: color=0,0.5,1. Twice: every pair, for one input as a grid.",
)
@click.option("--columns", type=click.IntRange(1), help="Begin a new line after so many cells.")
@click.option(
    "--width",
    type=click.IntRange(64, 4096),
    default=Grid.width,
    show_default=True,
    help="Of a cell [pixels].",
)
@look_options
@summary_options
def command(
    inputs: tuple[Path, ...],
    output: Path,
    looks: str,
    presets: str,
    varied: tuple[str, ...],
    columns: int | None,
    width: int,
    **given: Any,
) -> None:
    """Show variants beside each other on one contact sheet.

    Each of INPUTS, files or folders, begins a line: the picture before, then each look, preset
    and value asked for, rendered at full size and reduced after. The other options hold for
    all of them. Pictures that cannot be read are named and left out.
    """
    words = Words(given)
    format_ = SUFFIXES.get(output.suffix.lower())
    if format_ is None:
        raise click.UsageError(f"{output} names no known format")
    if is_taken(output) and not given["overwrite"]:
        raise click.UsageError(f"{output} is there already; --overwrite replaces it")
    values = [_values(text) for text in varied]
    variants = _variants(words, _names(looks), _names(presets), values)
    is_grid = len(values) == 2 and columns is None and not looks and not presets
    paths = _pictures(inputs, output)
    if is_grid and len(paths) == 1:
        grid = Grid(width, len(values[1][1]), before_alone=True)
    else:
        grid = Grid(width, columns)
    faults: list[Path] = []

    def on_fault(path: Path, message: str) -> None:
        faults.append(path)
        click.echo(f"noiser: {path}: {message}", err=True)

    sheet = make_sheet(paths, variants, grid, limits=words.limits, on_fault=on_fault)
    if sheet is not None:
        modes = (traits_of(path).mode for path in paths if path not in faults)
        traits = Traits(reduce(and_, modes, Traits.mode))
        data = encode(Photo(sheet, format_))
        save_file(output, data, overwrite=given["overwrite"], traits=traits)
        size = f"{sheet.shape[1]} x {sheet.shape[0]} pixels"
        shown = len(paths) - len(faults)
        click.echo(f"{output}: {shown} in {len(variants)} variants, {size}", err=True)
    sys.exit(1 if faults or sheet is None else 0)


def _pictures(inputs: tuple[Path, ...], output: Path) -> list[Path]:
    """Find the pictures, as `enhance` does; the sheet itself is none of them."""
    found = list(find_pictures(list(inputs), None, Counter()))
    for folder in empty_folders(list(inputs), found):
        click.echo(f"noiser: {no_pictures(folder)}", err=True)
    sheet = real(output)
    if any(real(path) == sheet for path in inputs):
        raise click.UsageError(f"{output} is an input; noiser never writes over its inputs")
    return [path for _, path, _, _ in found if real(path) != sheet]


def _names(text: str) -> list[str]:
    """Take a list with commas apart."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _values(text: str) -> tuple[str, list[float]]:
    """Take `color=0,0.5,1` apart."""
    name, _, numbers = text.partition("=")
    name = name.strip().replace("-", "_")
    known = [knob.name for knob in knobs() if knob.name != "eps"]
    if name not in known:
        raise click.UsageError(f"--vary {text}: there is no such knob; it must be one of {known}")
    try:
        values = [float(number) for number in _names(numbers)]
    except ValueError:
        values = []
    if not values or not np.isfinite(values).all():
        raise click.UsageError(f"--vary {text}: it must be like color=0,0.5,1")
    return name, values


def _variants(
    words: Words, looks: list[str], presets: list[str], varied: list[tuple[str, list[float]]]
) -> list[Variant]:
    """Make a variant of each look, each preset and each combination of values."""
    if len(varied) > 2 or len({name for name, _ in varied}) < len(varied):
        raise click.UsageError("--vary takes two different knobs at most")
    if unknown := [name for name in looks if name not in LOOKS]:
        raise click.UsageError(f"--looks: {unknown[0]!r} must be one of {', '.join(LOOKS)}")
    wanted: list[tuple[str, dict[str, Any]]] = [(name, {"look": name}) for name in looks]
    explicit = Words(words.given | {"preset": None}).options
    wanted += [(name, words.preset(name) | explicit) for name in presets]
    if varied:
        combined = product(*([(name, value) for value in values] for name, values in varied))
        wanted += [(", ".join(f"{k} {v:g}" for k, v in pairs), dict(pairs)) for pairs in combined]
    if not wanted:
        wanted = [("enhanced", {})]
    if len(wanted) > MAX_VARIANTS:
        raise click.UsageError(f"{len(wanted)} variants; the limit is {MAX_VARIANTS}")
    return [
        Variant(caption, words.enhancer(words.threads, **changes)) for caption, changes in wanted
    ]
