"""`noiser evaluate`: how good the pictures of files or folders are, as a table or JSON.

    noiser evaluate OUTPUT REFERENCE      PSNR, SSIM, SSIM 7x7, GT-mean PSNR, DeltaE2000
    noiser evaluate OUTPUT --low LOW      LOE, against the dark inputs
    noiser evaluate OUTPUT --niqe FILE    NIQE, against the pristine model in FILE

All three go together; each file that cannot be compared is named, and the rest goes on.
"""

import json
import math
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import click
import numpy as np

from noiser.core.errors import DecodeError, ImageError, UnsupportedError
from noiser.core.types import ByteImage
from noiser.io.files import open_regular, read_file
from noiser.io.formats import SUFFIXES
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.io.paths import is_folder, lookup_error
from noiser.tools.quality import delta_e_2000, gt_mean_psnr, load_pristine, loe, niqe, psnr, ssim

WORDS = {"reference": "REFERENCE", "low": "--low"}
"""The words on the command line that say what OUTPUT is compared with."""

NAMES = {"reference": "reference", "low": "low-light input"}
"""The same, in a sentence about one picture."""


class Column(NamedTuple):
    """One metric of the table."""

    key: str
    """Its name in JSON."""

    header: str

    decimals: int

    inputs: tuple[str, ...]
    """The pictures it compares."""

    score: Callable[..., float]


PAIR = ("output", "reference")

COLUMNS = (
    Column("psnr", "PSNR [dB]", 2, PAIR, psnr),
    Column("ssim", "SSIM", 4, PAIR, ssim),
    Column("ssim_7x7", "SSIM 7x7", 4, PAIR, partial(ssim, window="uniform")),
    Column("gt_mean_psnr", "GT-mean PSNR [dB]", 2, PAIR, gt_mean_psnr),
    Column("delta_e_2000", "DeltaE2000", 2, PAIR, delta_e_2000),
    Column("loe", "LOE", 1, ("output", "low"), loe),
)
"""In their order; NIQE comes last, with its model."""


@click.command("evaluate")
@click.argument("output", type=click.Path(path_type=Path, readable=False))
@click.argument("reference", type=click.Path(path_type=Path, readable=False), required=False)
@click.option(
    "--low",
    type=click.Path(path_type=Path, readable=False),
    help="The dark inputs, a file or a folder: adds LOE.",
)
@click.option(
    "--niqe",
    "pristine",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="NIQE's pristine model, which make niqe or scripts/fetch_niqe.py fetches: adds NIQE.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(
    output: Path, reference: Path | None, low: Path | None, pristine: Path | None, as_json: bool
) -> None:
    """Measure pictures, with or without references.

    Files, or folders whose files match by name, the suffix aside. With REFERENCE: PSNR over
    RGB, SSIM with the Gaussian window of the paper and with the 7x7 window, PSNR after
    scaling to the reference's mean, which flatters and never replaces the first, and the
    colour difference CIEDE2000. With --low: the lightness order error against the dark
    inputs. With --niqe: the naturalness of OUTPUT alone. Higher is better for PSNR and
    SSIM, lower for the others.
    """
    places = {"output": output, "reference": reference, "low": low}
    given = {role: path for role, path in places.items() if path is not None}
    for path in given.values():
        _check(path)
    if len(given) == 1 and pristine is None:
        raise click.UsageError("nothing to compare with; give REFERENCE, --low or --niqe")
    columns = [column for column in COLUMNS if given.keys() >= set(column.inputs)]
    if pristine is not None:
        score = partial(niqe, model=load_pristine(pristine))
        columns.append(Column("niqe", "NIQE", 2, ("output",), score))
    scores, failures = {}, {}
    matched = _matched(given)
    if not matched:
        click.echo(f"noiser: no pictures in {output}; looked for {', '.join(SUFFIXES)}", err=True)
    for name, paths in matched.items():
        try:
            images = {role: _read(role, path) for role, path in paths.items()}
            scores[name] = {
                column.key: column.score(*(images[role] for role in column.inputs))
                for column in columns
            }
        except (ImageError, ValueError) as error:
            failures[name] = str(error)
            click.echo(f"noiser: {name}: {error}", err=True)
    mean = {c.key: fmean(row[c.key] for row in scores.values()) for c in columns} if scores else {}
    if as_json:
        finite = {name: _finite(row) for name, row in scores.items()}
        report = {"files": finite, "mean": _finite(mean), "failed": failures}
        click.echo(json.dumps(report, indent=2, allow_nan=False))
    elif scores:
        _print_table(scores, mean, columns)
    sys.exit(1 if failures or not scores else 0)


def _check(path: Path) -> None:
    """Refuse what cannot be looked up or read, before its fault is told of another picture."""
    if error := lookup_error(path):
        raise DecodeError(f"{path}: cannot be read: {error.strerror}")
    if not os.path.lexists(path):
        raise click.UsageError(f"{path} does not exist")
    if not is_folder(path):
        try:
            with open_regular(path):
                pass
        except ImageError as error:
            raise DecodeError(f"{path}: {error}") from error


def _matched(given: dict[str, Path]) -> dict[str, dict[str, Path | None]]:
    """Name the pictures to compare, and find each in all the places given."""
    output = given["output"]
    kinds = ("a folder", "a file") if is_folder(output) else ("a file", "a folder")
    for role, word in WORDS.items():
        if role in given and is_folder(given[role]) != is_folder(output):
            raise click.UsageError(
                f"OUTPUT is {kinds[0]} and {word} {kinds[1]}; both must be the same"
            )
    if not is_folder(output):
        return {output.name: dict(given)}
    pictures = {role: _pictures(path) for role, path in given.items()}
    by_stem = {
        role: {relative.with_suffix(""): path for relative, path in found.items()}
        for role, found in pictures.items()
    }
    return {
        str(relative): {
            role: found.get(relative) or by_stem[role].get(relative.with_suffix(""))
            for role, found in pictures.items()
        }
        for relative in sorted(pictures["output"])
    }


def _pictures(folder: Path) -> dict[Path, Path]:
    """Find the pictures below a folder, by their paths in it."""
    return {p.relative_to(folder): p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES}


def _read(role: str, path: Path | None) -> ByteImage:
    """Read a picture as 8-bit RGB."""
    if path is None:
        raise UnsupportedError(f"there is no {NAMES[role]} of this name")
    limits = Limits()
    pixels = decode(read_file(path, limits.max_file_bytes), limits).pixels
    if pixels.dtype != np.uint8:
        raise UnsupportedError("16 bits found; the metrics compare 8 bits")
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, 2)
    return pixels[..., :3] if pixels.shape[2] >= 3 else np.repeat(pixels[..., :1], 3, 2)


def _finite(row: dict[str, float]) -> dict[str, float | None]:
    """Replace infinite ratios (equal images) by null, which JSON can write."""
    return {k: v if math.isfinite(v) else None for k, v in row.items()}


def _print_table(
    scores: dict[str, dict[str, float]], mean: dict[str, float], columns: list[Column]
) -> None:
    """Print one row a file, and the mean."""
    rows = [*scores.items()] + ([("mean", mean)] if len(scores) > 1 else [])
    width = max((len(name) for name, _ in rows), default=0)
    widths = {c.key: max(len(c.header), 7) for c in columns}
    click.echo("  ".join([" " * width, *(c.header.rjust(widths[c.key]) for c in columns)]))
    for name, row in rows:
        cells = [f"{row[c.key]:.{c.decimals}f}".rjust(widths[c.key]) for c in columns]
        click.echo("  ".join([name.ljust(width), *cells]))
