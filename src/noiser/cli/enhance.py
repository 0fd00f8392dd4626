"""`noiser enhance`: words in, one pipeline call, words out."""

import json
import os
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from noiser.cli.options import Words, file_options, look_options
from noiser.cli.progress import Bar, PicturesBar
from noiser.core.errors import DecodeError, LimitError, NoiserError, OutputError
from noiser.io.files import read_file, read_pipe, read_stream, save_file
from noiser.io.image_file import identify
from noiser.io.limits import MEGA
from noiser.io.paths import is_folder, is_pipe
from noiser.jobs.batch.names import names_in
from noiser.jobs.batch.run import Runner, foresee
from noiser.jobs.batch.same_look import foresee_look, share_look
from noiser.jobs.find_pictures import KNOWN_SUFFIXES, no_pictures
from noiser.jobs.in_memory import enhance_source, salvaging
from noiser.jobs.job import Result, format_of
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Plan, format_named, make_plan

COUNTED = ("done", "salvaged", "kept", "failed")
"""What becomes of pictures, as reports count it."""


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
@click.option(
    "--salvage",
    is_flag=True,
    help="Of a JPEG or PNG that is cut off, enhance and write the rows that are there; what is "
    "missing is told, and the exit code is 1.",
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
    again where the input or the options have changed. A single - reads stdin, and the name of
    a pipe reads that.
    """
    words = Words(given)
    if Path("-") in inputs:
        if len(inputs) > 1 or as_json or dry_run or same_look:
            raise click.UsageError("- goes alone, without --json, --dry-run and --same-look")
        _pipe(None, output, _options_of_one(output, words))
        return
    if output == Path("-"):
        if len(inputs) > 1 or is_folder(inputs[0]) or as_json or dry_run or same_look:
            raise click.UsageError(
                "-o - is stdout, for one picture, without --json, --dry-run and --same-look"
            )
        _pipe(inputs[0], None, _options_of_one(None, words))
        return
    pipe = inputs[0] if len(inputs) == 1 and is_pipe(inputs[0]) else None
    if pipe is not None:
        if as_json or same_look:
            raise click.UsageError("a pipe goes without --json and --same-look")
        _check_name(pipe, output)
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
    if pipe is not None:
        item = plan.items[0]
        if item.fault:
            raise OutputError(f"{pipe}: {item.fault}")
        written = replace(options.output, format=format_of(item, options))
        _pipe(pipe, item.output, replace(options, output=written))
        return
    with Runner(options, jobs=jobs) as runner:
        failed = _run(plan, runner, same_look, as_json)
    sys.exit(1 if failed else 0)


def _options_of_one(output: Path | None, words: Words) -> JobOptions:
    """Make the options for one picture, in the format that an output's name asks for."""
    try:
        format_ = None
        if output is not None and output != Path("-"):
            format_ = format_named(output, words.format)
    except OutputError as error:
        raise click.UsageError(str(error)) from error
    return words.job_options(words.threads, format_)


def _check_name(pipe: Path, output: Path | None) -> None:
    """Refuse a pipe whose own name says neither how its output is called nor where it can lie."""
    if output is not None and output.suffix and not is_folder(output):
        return
    if pipe.suffix.lower() not in KNOWN_SUFFIXES:
        raise click.UsageError(f"{pipe} is a pipe and no name for a picture; -o FILE is needed")
    if output is None and not os.access(pipe.parent, os.W_OK):
        raise click.UsageError(f"nothing can be written beside {pipe}; -o names another place")


def _read(source: Path | None, max_bytes: int) -> bytes:
    """Read stdin, a pipe or a file."""
    if source is not None and not is_pipe(source):
        return read_file(source, max_bytes)
    data = read_pipe(source, max_bytes) if source else read_stream(sys.stdin.buffer, max_bytes)
    if not data:
        where = "" if source else " on stdin"
        raise DecodeError(f"nothing came in; a picture is expected{where}")
    return data


def _pipe(source: Path | None, output: Path | None, options: JobOptions) -> None:
    """Enhance stdin, a pipe or a file, to stdout or to a file; ends with 1 after a salvage."""
    name = source or "-"
    try:
        data = _read(source, options.limits.max_file_bytes)
        picture = identify(data, options.limits, source.suffix if source else "")
        (enhanced, _, _, note), is_part = salvaging(enhance_source, picture, options)
    except NoiserError as error:
        error.args = (f"{name}: {error}",)
        raise
    except MemoryError:
        raise LimitError(f"{name}: there is not enough memory for it") from None
    if note:
        click.echo(f"noiser: {name}: {note}", err=True)
    if output is None or output == Path("-"):
        sys.stdout.buffer.write(enhanced)
        sys.stdout.buffer.flush()
    else:
        save_file(output, enhanced, overwrite=options.overwrite)
    if is_part:
        sys.exit(1)


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
    """Run the plan with a progress bar, and report; returns how many inputs were at fault."""
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
                    **{status: counts[status] for status in COUNTED},
                    "renewed": renewed,
                    "left_out": plan.left_out,
                    "megapixels": megapixels,
                    "seconds": seconds,
                },
                indent=2,
            )
        )
    click.echo(_summary(plan, counts, renewed, megapixels / seconds), err=True)
    return counts["failed"] + counts["salvaged"]


def _row(result: Result) -> dict[str, Any]:
    """Describe a result to a machine."""
    told = ("status", "message", "width", "height", "renewed")
    row = {name: getattr(result, name) for name in told}
    return {"input": str(result.item.input), "output": str(result.item.output), **row}


def _summary(plan: Plan, counts: Counter[str], renewed: int, speed: float) -> str:
    """Say in one line what came of it."""
    parts = [f"{counts['done']} enhanced"]
    if counts["salvaged"]:
        parts.append(f"{counts['salvaged']} salvaged (cut off; what is left was enhanced)")
    if renewed:
        parts.append(f"{renewed} of them anew (the input or the options changed)")
    parts.append(f"{counts['failed']} failed")
    if counts["kept"]:
        parts.append(f"{counts['kept']} kept (there already; --overwrite renews them)")
    if plan.left_out:
        kinds = ", ".join(f"{kind} {n}" for kind, n in plan.left_out.most_common(5))
        parts.append(f"{plan.left_out.total()} left out ({kinds})")
    return f"{', '.join(parts)}; {speed:.1f} megapixels a second"
