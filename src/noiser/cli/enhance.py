"""`noiser enhance`: words in, one pipeline call, words out."""

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from noiser.cli.options import Words, file_options, look_options
from noiser.cli.progress import Bar, PicturesBar
from noiser.core.errors import DecodeError, LimitError, NoiserError, OutputError
from noiser.io.files import read_file, read_stream, save_file
from noiser.io.limits import MEGA
from noiser.io.paths import is_folder
from noiser.jobs.batch.names import names_in
from noiser.jobs.batch.run import Runner, foresee
from noiser.jobs.batch.same_look import foresee_look, share_look
from noiser.jobs.find_pictures import no_pictures
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.job import Result
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Plan, format_of, make_plan


@click.command("enhance")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, readable=False),
    help="A file for one input, - for stdout, or a folder.",
)
@look_options
@file_options
@click.option("--same-look", is_flag=True, help="One look for all, as for frames of one scene.")
@click.option(
    "--compare",
    type=click.Choice(["side", "split"]),
    help="Write before and after: side by side, or one picture split in the middle.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Report on stdout, for machines.")
def command(
    inputs: tuple[Path, ...],
    output: Path | None,
    same_look: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Brighten dark photographs.

    INPUTS are files or folders; a folder is searched to its depth and mirrored. Without
    -o, night.jpg gives night_enhanced.jpg and the folder photos gives photos_enhanced. An
    output keeps the input's format, depth, profile and metadata, and is written complete
    or not at all. Nothing that is there already is replaced without --overwrite, so an
    interrupted run is finished by the same command; only what noiser wrote itself is made
    again where the input or the options have changed. A single - reads stdin.
    """
    words = Words(given)
    if Path("-") in inputs:
        if len(inputs) > 1 or as_json or dry_run or same_look:
            raise click.UsageError("- goes alone, without --json, --dry-run and --same-look")
        _pipe(None, output, words)
        return
    if output == Path("-"):
        if len(inputs) > 1 or is_folder(inputs[0]) or as_json or dry_run or same_look:
            raise click.UsageError(
                "-o - is stdout, for one picture, without --json, --dry-run and --same-look"
            )
        _pipe(inputs[0], None, words)
        return
    try:
        plan = make_plan(list(inputs), output, words.format, names_in)
    except OutputError as error:
        raise click.UsageError(str(error)) from error
    jobs = min(words.threads, max(len(plan.items), 1))
    options = words.job_options(max(words.threads // jobs, 1), plan.format)
    for folder in plan.empty:
        click.echo(f"noiser: {no_pictures(folder)}", err=True)
    if dry_run:
        _show(plan, options, same_look, as_json)
        return
    with Runner(options, jobs=jobs) as runner:
        failed = _run(plan, runner, same_look, as_json)
    sys.exit(1 if failed else 0)


def _pipe(source: Path | None, output: Path | None, words: Words) -> None:
    """Enhance stdin or a file, to stdout or to a file."""
    to_stdout = output is None or output == Path("-")
    try:
        format_ = None if to_stdout or output is None else format_of(output, words.format)
    except OutputError as error:
        raise click.UsageError(str(error)) from error
    options = words.job_options(words.threads, format_)
    name, most = source or "-", options.limits.max_file_bytes
    try:
        data = read_file(source, most) if source else read_stream(sys.stdin.buffer, most)
        if not data and source is None:
            raise DecodeError("nothing came in; a picture is expected on stdin")
        enhanced, _, _, note = enhance_bytes(data, options, source.suffix if source else "")
    except NoiserError as error:
        error.args = (f"{name}: {error}",)
        raise
    except MemoryError:
        raise LimitError(f"{name}: there is not enough memory for it") from None
    if note:
        click.echo(f"noiser: {name}: {note}", err=True)
    if to_stdout or output is None:
        sys.stdout.buffer.write(enhanced)
        sys.stdout.buffer.flush()
    else:
        save_file(output, enhanced, overwrite=options.overwrite)


def _show(plan: Plan, options: JobOptions, same_look: bool, as_json: bool) -> None:
    """Print the plan."""
    planned = {"make": "planned", "check": "kept", "keep": "kept", "renew": "renewed"}
    sound = [item for item in plan.items if not item.fault]
    unknown = 0
    if same_look:
        options, unknown = foresee_look(sound, options)
    decisions = dict(zip(sound, foresee(sound, options), strict=True))
    rows = [
        {
            "input": str(item.input),
            "output": str(item.output),
            "status": planned[decisions[item].action] if item in decisions else "failed",
            "message": item.fault,
        }
        for item in plan.items
    ]
    for row in rows:
        if row["message"]:
            click.echo(f"noiser: {row['input']}: {row['message']}", err=True)
    if unknown and any(decision.action == "renew" for decision in decisions.values()):
        click.echo(
            f"noiser: {unknown} of {len(sound)} pictures {'is' if unknown == 1 else 'are'} not "
            "measured yet; what cannot be read changes no look, and then less is renewed",
            err=True,
        )
    if as_json:
        click.echo(json.dumps({"files": rows, "left_out": plan.left_out}, indent=2))
        return
    for row in rows:
        click.echo(f"{row['input']} -> {row['output']} ({row['status']})")


def _run(plan: Plan, runner: Runner, same_look: bool, as_json: bool) -> int:
    """Run the plan with a progress bar, and report; returns the number of failures."""
    results: list[Result] = []
    start = time.perf_counter()
    with Bar() as bar:
        pictures = PicturesBar(bar, len(plan.items), 2 if same_look else 1)

        def on_result(result: Result) -> None:
            if result.status != "measured":
                results.append(result)
            pictures.finish(result.item, len(results))
            if result.message:
                bar.say(f"noiser: {result.item.input}: {result.message}")

        items = plan.items
        if same_look:
            items = share_look(runner, items, on_result, pictures.move)
        runner.run(items, on_result, pictures.move)
    seconds = time.perf_counter() - start
    counts = Counter[str](result.status for result in results)
    renewed = sum(result.renewed for result in results)
    megapixels = sum(r.width * r.height for r in results) / MEGA
    if as_json:
        order = {item: i for i, item in enumerate(plan.items)}
        results.sort(key=lambda result: order[result.item])
        click.echo(
            json.dumps(
                {
                    "files": [_row(result) for result in results],
                    **{status: counts[status] for status in ("done", "kept", "failed")},
                    "renewed": renewed,
                    "left_out": plan.left_out,
                    "megapixels": megapixels,
                    "seconds": seconds,
                },
                indent=2,
            )
        )
    click.echo(_summary(plan, counts, renewed, megapixels / seconds), err=True)
    return counts["failed"]


def _row(result: Result) -> dict[str, Any]:
    """Describe a result to a machine."""
    told = ("status", "message", "width", "height", "renewed")
    row = {name: getattr(result, name) for name in told}
    return {"input": str(result.item.input), "output": str(result.item.output), **row}


def _summary(plan: Plan, counts: Counter[str], renewed: int, speed: float) -> str:
    """Say in one line what came of it."""
    parts = [f"{counts['done']} enhanced", f"{counts['failed']} failed"]
    if renewed:
        parts.append(f"{renewed} of them anew (the input or the options changed)")
        parts[:] = [parts[0], parts[2], parts[1]]
    if counts["kept"]:
        parts.append(f"{counts['kept']} kept (there already; --overwrite renews them)")
    if plan.left_out:
        kinds = ", ".join(f"{kind} {n}" for kind, n in plan.left_out.most_common(5))
        parts.append(f"{plan.left_out.total()} left out ({kinds})")
    return f"{', '.join(parts)}; {speed:.1f} megapixels a second"
