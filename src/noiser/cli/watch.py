"""`noiser watch`: a folder in, pictures out as they arrive, until a signal ends it."""

from pathlib import Path
from typing import Any

import click

from noiser.cli.options import Words, file_options, look_options
from noiser.core.errors import OutputError
from noiser.jobs.batch.run import Runner
from noiser.jobs.batch.watch import watch, watchfiles
from noiser.jobs.job import Result
from noiser.jobs.workers.sync_pool import Supervisor, can_supervise


@click.command("watch")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Where outputs go."
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
    words = Words(given)
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


def _printable(path: Path) -> str:
    """Write a name in one line that any terminal can show."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
