"""`noiser experiment`: the paper's tables and figures, computed afresh in a clone."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click

import noiser
from noiser.cli.progress import Bar
from noiser.core.cpu import usable_processors
from noiser.core.errors import MissingExtraError


@click.command("experiment")
@click.argument("names", nargs=-1, required=True, metavar="list | all | NAME...")
@click.option("--quick", is_flag=True, help="Only see that it runs; writes to out/lab-quick.")
@click.option("--fresh", is_flag=True, help="Compute again what earlier runs have computed.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Processes.  [default: one for each usable processor]"
)
def command(names: tuple[str, ...], quick: bool, fresh: bool, jobs: int | None) -> None:
    """Reproduce a table or figure of the paper.

    Writes experiments/results, experiments/figures and experiments/REPORT.md in the clone
    that noiser was installed from. What is finished is kept: an interrupted run goes on where
    it was. Needs pip install -e '.[lab]' in a clone, and test images beside it.
    """
    running = _lab("running")
    known: dict[str, str] = running.describe()
    if names == ("list",):
        width = max(map(len, known))
        click.echo("\n".join(f"{name:<{width}}  {page}" for name, page in known.items()))
        return
    chosen = list(known) if names == ("all",) else list(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            raise click.UsageError(
                f"there is no experiment {name!r}; noiser experiment list names them"
            )
    complaints = {name: running.complaint([name]) for name in chosen}
    if names == ("all",):
        for name, complaint in complaints.items():
            if complaint:
                click.echo(f"noiser: {name} is skipped: {complaint}", err=True)
        chosen = [name for name in chosen if not complaints[name]]
    elif any(complaints.values()):
        raise MissingExtraError(running.complaint(chosen))
    with Bar() as bar:

        def on_cell(name: str, done: int, total: int) -> None:
            bar.show(done, total, name)

        scale = _lab("lab").Scale(quick=quick)
        jobs = jobs or usable_processors()
        written = running.run(chosen, scale, jobs, is_fresh=fresh, on_cell=on_cell)
    for path in written:
        click.echo(path)


def _lab(module: str) -> Any:
    """Import a module of the lab, which lies beside the package in a clone."""
    root = Path(noiser.__file__).parents[2]
    if not (root / "experiments" / "lab.py").is_file():
        raise MissingExtraError(
            "the lab is not part of the installed package: "
            "clone the project and pip install -e '.[lab]' there"
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        imported: ModuleType = import_module(f"experiments.{module}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(("experiments", "noiser")):
            raise
        raise MissingExtraError(
            f"the lab needs {error.name}, which is not installed: pip install -e '.[lab]'"
        ) from error
    return imported
