"""`noiser evaluate`: PSNR and SSIM of files or folders, as a table or JSON."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import click
import numpy as np

from noiser.errors import ImageError, UnsupportedError
from noiser.io.files import read_file
from noiser.io.gate import Limits
from noiser.io.images import SUFFIXES, decode
from noiser.metrics import gt_mean_psnr, psnr, ssim
from noiser.types import ByteImage

METRICS: dict[str, Callable[[ByteImage, ByteImage], float]] = {
    "psnr": psnr,
    "ssim": ssim,
    "ssim_7x7": lambda output, reference: ssim(output, reference, "uniform"),
    "gt_mean_psnr": gt_mean_psnr,
}
"""Columns of the table."""

HEADERS = ("PSNR [dB]", "SSIM", "SSIM 7x7", "GT-mean PSNR [dB]")


@click.command("evaluate")
@click.argument("output", type=click.Path(exists=True, path_type=Path))
@click.argument("reference", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(output: Path, reference: Path, as_json: bool) -> None:
    """Compare pictures with their references.

    Two files, or two folders whose files match by name, the suffix aside: PSNR over RGB,
    SSIM with the Gaussian window of the paper and with the 7x7 window, and PSNR after
    scaling to the reference's mean, which flatters and never replaces the first.
    """
    if output.is_dir() != reference.is_dir():
        raise click.UsageError("one is a folder and the other a file; both must be the same")
    pairs = _pairs(output, reference) if output.is_dir() else {output.name: (output, reference)}
    scores, failures = {}, {}
    for name, (first, second) in pairs.items():
        try:
            images = _read(first), _read(second)
            scores[name] = {metric: score(*images) for metric, score in METRICS.items()}
        except (ImageError, ValueError) as error:
            failures[name] = str(error)
            click.echo(f"noiser: {name}: {error}", err=True)
    mean = {m: fmean(row[m] for row in scores.values()) for m in METRICS} if scores else {}
    if as_json:
        finite = {name: _finite(row) for name, row in scores.items()}
        report = {"files": finite, "mean": _finite(mean), "failed": failures}
        click.echo(json.dumps(report, indent=2, allow_nan=False))
    else:
        _print_table(scores, mean)
    sys.exit(1 if failures or not scores else 0)


def _pairs(outputs: Path, references: Path) -> dict[str, tuple[Path, Path | None]]:
    """Match the files of two folders by name, and by stem where the suffix differs."""
    known = [p for p in references.rglob("*") if p.suffix.lower() in SUFFIXES]
    by_name = {p.relative_to(references): p for p in known}
    by_stem = {p.relative_to(references).with_suffix(""): p for p in known}
    found = {}
    for path in sorted(p for p in outputs.rglob("*") if p.suffix.lower() in SUFFIXES):
        relative = path.relative_to(outputs)
        found[str(relative)] = (
            path, by_name.get(relative) or by_stem.get(relative.with_suffix(""))
        )  # fmt: skip
    return found


def _read(path: Path | None) -> ByteImage:
    """Read a picture as 8-bit RGB."""
    if path is None:
        raise UnsupportedError("there is no reference of this name")
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


def _print_table(scores: dict[str, dict[str, float]], mean: dict[str, float]) -> None:
    """Print one row a file, and the mean."""
    rows = [*scores.items()] + ([("mean", mean)] if len(scores) > 1 else [])
    width = max((len(name) for name, _ in rows), default=0)
    click.echo("  ".join([" " * width, *HEADERS]))
    for name, row in rows:
        values = zip(row.items(), HEADERS, strict=True)
        cells = [f"{v:.{2 if 'psnr' in m else 4}f}".rjust(len(h)) for (m, v), h in values]
        click.echo("  ".join([name.ljust(width), *cells]))
