"""The lab's machinery: experiments are lists of cells; a finished cell is kept and not redone.

An experiment is a module with

    NEEDS     folders of ../shared/data that it reads
    FIGURES   names of the PNG files that it draws
    plan      scale -> the cells to compute
    report    results -> Markdown, its numbers taken from the results
    figures   results, folder -> draws them there
    claims    results -> what the paper says, what we see, and a verdict by a stated rule

A cell is a function of such a module and its arguments; both are plain data, so that a cell
can run in another process and its values can be kept as JSON. Values are rounded to nine
digits and hold no times (but for *efficiency*, whose cells say so), so two runs on one kind
of machine give the same files.
"""

import ast
import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import noiser

HERE = Path(__file__).parent
"""The lab's own folder, with `results/`, `figures/` and `REPORT.md`."""

DATA = HERE.parents[1] / "shared" / "data"
"""Test images: beside the project, never inside it."""

NIQE_MODEL = HERE.parent / ".venv" / "niqe_pris_params.npz"
"""NIQE's pristine model, which `make niqe` fetches."""

KEPT = HERE.parent / "out" / "lab"
"""Finished cells and trained networks."""

SUPPORT = ("classical", "damage", "pictures", "variants")
"""Modules of the lab that cells compute with."""

ENGINE = (
    "bands", "cells", "color", "developing", "enhancer", "exposure", "folding", "light", "locality",
    "looks", "metrics", "moments", "network", "training",
)  # fmt: skip
"""Parts of noiser that cells compute with, beside the kernels."""

Json = dict[str, Any]
"""What a cell returns: plain data."""


@dataclass(frozen=True)
class Scale:
    """How much to compute: everything, or as little as shows that it runs."""

    quick: bool = False
    """A few steps on a few small pictures: the numbers mean nothing."""

    @property
    def limit(self) -> int | None:
        """Pictures of a folder: None for all."""
        return 2 if self.quick else None

    def seeds(self, count: int) -> list[int]:
        """List seeds: `count` of them, one when quick."""
        return list(range(1 if self.quick else count))

    def iterations(self, count: int) -> int:
        """Give a number of training steps: `count`, a handful when quick."""
        return 12 if self.quick else count

    def some(self, values: Iterable[Any]) -> list[Any]:
        """Give a sweep's values: all of them, the first two when quick."""
        return list(values)[: 2 if self.quick else None]


@dataclass(frozen=True)
class Cell:
    """One computation: a top-level function of an experiment, and its arguments."""

    task: Callable[..., Json]
    arguments: Json = field(default_factory=dict)
    is_alone: bool = False
    """Whether nothing else may run meanwhile: it measures time or memory."""

    @property
    def key(self) -> str:
        """Name the cell by all that its values depend on."""
        module = self.task.__module__.rsplit(".", 1)[-1]
        parts = [module, self.task.__name__, self.arguments, meaning(HERE / f"{module}.py")]
        text = json.dumps([*parts, _surroundings()], sort_keys=True)
        return f"{module}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


@dataclass(frozen=True)
class Results:
    """The finished cells of one experiment."""

    cells: tuple[Json, ...]
    """Each a dict of `task`, `arguments` and `values`."""

    is_quick: bool = False

    def of(self, task: Callable[..., Json], **arguments: Any) -> list[Json]:
        """List the values of a task's cells whose arguments include these."""
        return [values for _, values in self.pairs(task, **arguments)]

    def pairs(self, task: Callable[..., Json], **arguments: Any) -> list[tuple[Json, Json]]:
        """List arguments and values of a task's cells whose arguments include these."""
        wanted = arguments.items()
        return [
            (cell["arguments"], cell["values"])
            for cell in self.cells
            if cell["task"] == task.__name__
            and all(cell["arguments"].get(name) == value for name, value in wanted)
        ]

    def values_of(self, task: Callable[..., Json], name: str) -> list[Any]:
        """List the distinct values of one argument, in the order of the plan."""
        return list(dict.fromkeys(given[name] for given, _ in self.pairs(task)))


@dataclass(frozen=True)
class Claim:
    """A statement of the paper beside what the lab saw."""

    text: str
    """The claim, in one sentence."""

    paper: str
    """What the paper says of it, with numbers where they are known."""

    seen: str
    """What we see, with numbers from the results."""

    verdict: str
    """`holds`, `holds in part`, `does not hold` or `open`, by the rule stated in `seen`."""


def experiments() -> list[str]:
    """Name the experiments in the order of the report."""
    from experiments import ORDER

    return list(ORDER)


def load(name: str) -> ModuleType:
    """Import an experiment."""
    return import_module(f"experiments.{name}")


def lacking(name: str) -> list[str]:
    """List the folders of test images that an experiment needs and that are absent."""
    return [folder for folder in load(name).NEEDS if not (DATA / folder).is_dir()]


def compute(cells: Iterable[Cell], jobs: int) -> Iterator[tuple[Cell, Json]]:
    """Yield every cell with its values: the kept ones first, the others as they finish.

    Args:
        cells: What to compute; equal cells are computed once.
        jobs: Processes to compute in; each uses one thread.
    """
    missing: list[Cell] = []
    for cell in {cell.key: cell for cell in cells}.values():
        path = KEPT / "cells" / f"{cell.key}.json"
        if path.exists():
            yield cell, json.loads(path.read_text())
        else:
            missing.append(cell)
    shared = [cell for cell in missing if not cell.is_alone]
    if shared:
        # Spawned, not forked: torch and threads do not survive a fork.
        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
        try:
            futures: dict[Future[Json], Cell] = {
                pool.submit(_compute, cell.task, cell.arguments, cell.key): cell for cell in shared
            }
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)
    for cell in missing:
        if cell.is_alone:
            yield cell, _compute(cell.task, cell.arguments, cell.key)


def _compute(task: Callable[..., Json], arguments: Json, key: str) -> Json:
    """Compute a cell and keep its values."""
    values = rounded(task(**arguments))
    keep(KEPT / "cells" / f"{key}.json", json.dumps(values).encode())
    return values


def keep(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all."""
    from noiser.io.files import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(path, data, overwrite=True)


def rounded(value: Any) -> Any:
    """Make plain data of NumPy's numbers, floats with nine digits."""
    if isinstance(value, dict):
        return {str(name): rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if hasattr(value, "tolist"):
        return rounded(value.tolist())
    return float(f"{value:.9g}") if isinstance(value, float) else value


def versions() -> dict[str, str]:
    """Say what the numbers were made with."""
    packages = ("numpy", "pillow", "torch", "opencv-python-headless", "onnxruntime", "rapidocr")
    return {
        "noiser": noiser.__version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }


@cache
def _surroundings() -> str:
    """Fingerprint what every cell computes with: the lab's support, noiser, versions."""
    package = Path(noiser.__file__).parent
    sources = [HERE / f"{name}.py" for name in SUPPORT]
    for name in ENGINE:
        sources += sorted((package / name).glob("*.py")) or [package / f"{name}.py"]
    sources += sorted((package / "kernels").glob("*.py"))
    text = [meaning(path) for path in sources]
    text += [path.read_text() for path in sorted((package / "kernels").glob("*.[ch]"))]
    return hashlib.sha256(json.dumps([text, versions()]).encode()).hexdigest()


@cache
def meaning(path: Path) -> str:
    """Fingerprint what a module computes: its code without docstrings and reporting."""
    tree = ast.parse(path.read_text())
    reporting = ("plan", "report", "figures", "claims")
    tree.body = [
        node for node in tree.body
        if not (isinstance(node, ast.FunctionDef) and node.name in reporting)
    ]  # fmt: skip
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_text(line)]  # type: ignore[attr-defined]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(node: ast.AST) -> bool:
    """Tell a docstring from code."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
