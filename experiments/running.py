"""Runs experiments: their cells in processes, their JSON, figures and the report."""

import json
import logging
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from experiments import report
from experiments.lab import (
    DATA,
    HERE,
    KEPT,
    NIQE_MODEL,
    Cell,
    Json,
    Scale,
    compute,
    experiments,
    keep,
    lacking,
    load,
    versions,
)

QUICK = KEPT.parent / "lab-quick"
"""Where quick runs write: their numbers mean nothing and never replace the real ones."""


def home(scale: Scale) -> Path:
    """Give the folder of results, figures and report."""
    return QUICK if scale.quick else HERE


def describe() -> dict[str, str]:
    """Give the experiments with the first lines of their pages."""
    return {name: (load(name).__doc__ or "").splitlines()[0] for name in experiments()}


def complaint(names: Iterable[str]) -> str | None:
    """Say what is missing to run these experiments, or None."""
    names = list(names)
    absent = sorted({folder for name in names for folder in lacking(name)})
    if absent:
        return f"test images are absent: {', '.join(absent)}; they belong into {DATA}"
    if not NIQE_MODEL.exists() and {"n_regression", "metrics", "noise_search", "look"} & set(names):
        return "NIQE's pristine model is absent: `make niqe` fetches it"
    return None


def run(
    names: Iterable[str],
    scale: Scale,
    jobs: int,
    *,
    is_fresh: bool = False,
    on_cell: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Path]:
    """Compute what is not computed yet, then write results, figures and the report.

    Args:
        names: Experiments.
        scale: Everything, or quick.
        jobs: Processes.
        is_fresh: Forget what earlier runs computed, trained networks included.
        on_cell: Called after each cell with its experiment, the number done and the total.

    Returns:
        The files written.
    """
    if is_fresh:
        shutil.rmtree(KEPT, ignore_errors=True)
    # Matplotlib's font cache and the OCR engine would talk over the progress bar.
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    plans = {name: load(name).plan(scale) for name in names}
    owner = {cell.key: name for name, cells in plans.items() for cell in cells}
    values: dict[str, Json] = {}
    everything = [cell for cells in plans.values() for cell in cells]
    for cell, found in compute(everything, jobs):
        values[cell.key] = found
        on_cell(owner[cell.key], len(values), len(owner))
    written = [_write(name, cells, values, scale) for name, cells in plans.items()]
    folder = home(scale) / "figures"
    for name in plans:
        load(name).figures(report.read(home(scale), name), folder)
        written += [folder / picture for picture in load(name).FIGURES]
    text = report.written(home(scale))
    keep(home(scale) / "REPORT.md", text.encode())
    return [*written, home(scale) / "REPORT.md"]


def _write(name: str, cells: list[Cell], values: dict[str, Json], scale: Scale) -> Path:
    """Write an experiment's JSON."""
    rows = [
        {"task": cell.task.__name__, "arguments": cell.arguments, "values": values[cell.key]}
        for cell in cells
    ]
    about = {
        "experiment": name,
        "command": f"noiser experiment {name}" + (" --quick" if scale.quick else ""),
        "is_quick": scale.quick,
        "versions": versions(),
    }
    lines = ",\n".join("  " + json.dumps(row, sort_keys=True) for row in rows)
    text = json.dumps(about, indent=1)[:-2] + f',\n "cells": [\n{lines}\n ]\n}}\n'
    path = home(scale) / "results" / f"{name}.json"
    keep(path, text.encode())
    return path
