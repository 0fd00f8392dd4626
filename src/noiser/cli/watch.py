"""`noiser watch`: a folder in, pictures out as they arrive, until a signal ends it."""

import os
from pathlib import Path
from typing import Any

import click

from noiser.cli.options import Words, file_options, look_options
from noiser.core.errors import MachineError, OutputError
from noiser.io.paths import is_folder, lookup_error
from noiser.jobs.batch.run import Runner
from noiser.jobs.batch.watch import watch, watchfiles
from noiser.jobs.job import Result
from noiser.jobs.workers.sync_pool import Supervisor, can_supervise


@click.command("watch")
@click.argument("folder", type=click.Path(path_type=Path, readable=False))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, readable=False),
    help="Where outputs go.",
)
@look_options
@file_options
def command(folder: Path, output: Path, **given: Any) -> None:
    """Brighten pictures as they arrive in a folder.

    FOLDER is searched to its depth and mirrored in the output folder. What is there at the
    start is done first, unless it is done already; then each new picture as soon as it is
    complete, and each that is changed. One line on stdout tells of each output, failures are
    told on stderr, and it goes on until Ctrl-C (exit code 130) or SIGTERM (143). Needs
    noiser[watch].
    """
    if output == Path("-"):
        raise click.UsageError("-o - is stdout; a folder is needed")
    words = Words(given)
    _check(folder)
    watchfiles()
    options = words.job_options(1)
    supervisor = Supervisor(options, words.threads) if can_supervise() else None

    def on_result(result: Result) -> None:
        name = _printable(result.item.input.relative_to(folder))
        if result.message:
            click.echo(f"noiser: {name}: {result.message}", err=True)
        if result.status == "done":
            click.echo(f"{name} -> {_printable(result.item.output)}")

    try:
        with Runner(options, jobs=words.threads, supervisor=supervisor) as runner:
            watch(folder, output, runner, on_result)
    except OutputError as error:
        raise click.UsageError(str(error)) from error


def _check(folder: Path) -> None:
    """Refuse what is no folder that can be watched."""
    if error := lookup_error(folder):
        raise MachineError(f"{folder}: the folder cannot be watched: {error.strerror}")
    if not is_folder(folder):
        found = "is a file, not a folder" if os.path.lexists(folder) else "does not exist"
        raise click.UsageError(f"{folder} {found}")


def _printable(path: Path) -> str:
    """Write a name in one line that any terminal can show."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
