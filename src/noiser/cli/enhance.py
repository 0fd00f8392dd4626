"""`noiser enhance`: words in, one pipeline call, words out."""

import dataclasses
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import click

from noiser.enhancer import Enhancer, usable_processors
from noiser.errors import DecodeError, LimitError, NoiserError, OutputError
from noiser.io.files import save_file
from noiser.io.gate import MEGA, Limits
from noiser.io.images import SUFFIXES
from noiser.looks import LOOKS, knobs
from noiser.pipelines.batch import Result, enhance_bytes, run
from noiser.pipelines.plan import Item, Plan, make_plan

MAX_SIDE = 1_000_000
"""Width or height where the limit of pixels was raised: a strip must still fit [pixels]."""

_F = TypeVar("_F", bound=Callable[..., Any])


def knob_options(command: _F) -> _F:
    """Add an option for each knob of a look, with the help and range declared there."""
    for knob in reversed([k for k in knobs() if k.name != "eps"]):
        low, high = knob.metadata["low"], knob.metadata["high"]
        default = getattr(next(iter(LOOKS.values())), knob.name)
        command = click.option(
            f"--{knob.name.replace('_', '-')}",
            type=click.FloatRange(low, high),
            metavar="NUMBER",
            help=f"{knob.metadata['help']} (natural: {default:g})",
        )(command)
    return command


@click.command("enhance")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file for one input, or a folder."
)
@click.option(
    "--look", type=click.Choice(list(LOOKS)), default=next(iter(LOOKS)), show_default=True
)
@knob_options
@click.option(
    "--weights", type=click.Path(path_type=Path), help="Another network, made by noiser train."
)
@click.option("--overwrite", is_flag=True, help="Replace outputs that are there already.")
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Report on stdout, for machines.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Default: all usable processors.")
@click.option(
    "--max-megapixels",
    type=click.IntRange(1, 100_000),
    default=Limits.max_pixels // MEGA,
    show_default=True,
    help="Refuse larger pictures. Above 80, JPEG, PNG and TIFF go through in strips, in constant "
    "memory, with noiser[io]; others take 7 bytes of memory a pixel.",
)
@click.option("--kernel", default="auto", show_default=True, help="See noiser info.")
def command(
    inputs: tuple[Path, ...],
    output: Path | None,
    look: str,
    weights: Path | None,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
    threads: int | None,
    max_megapixels: int,
    kernel: str,
    **turned: float | None,
) -> None:
    """Brighten dark photographs.

    INPUTS are files or folders; a folder is searched to its depth and mirrored. Without
    -o, night.jpg gives night_enhanced.jpg and the folder photos gives photos_enhanced. An
    output keeps the input's format, depth, profile and metadata, and is written complete
    or not at all. Nothing that is there already is replaced without --overwrite, so an
    interrupted run is finished by the same command. A single - reads stdin.
    """
    threads = threads or usable_processors()
    limits = Limits(
        max_pixels=max_megapixels * MEGA,
        max_side=MAX_SIDE if max_megapixels * MEGA > Limits.max_pixels else Limits.max_side,
    )
    settings = {"look": look, "weights": weights, "kernel": kernel, **turned}
    if Path("-") in inputs:
        if len(inputs) > 1 or as_json or dry_run:
            raise click.UsageError("- goes alone, without --json and --dry-run")
        _pipe(output, _enhancer(threads, settings), limits, overwrite)
        return
    try:
        plan = make_plan(list(inputs), output)
    except OutputError as error:
        raise click.UsageError(str(error)) from error
    if dry_run:
        _show(plan, overwrite, as_json)
        return
    jobs = min(threads, max(len(plan.items), 1))
    enhancer = _enhancer(max(threads // jobs, 1), settings)
    failed = _run(plan, enhancer, limits, overwrite, jobs, as_json)
    sys.exit(1 if failed else 0)


def _enhancer(threads: int, settings: dict[str, Any]) -> Enhancer:
    """Build the enhancer; a wrong value is wrong words."""
    try:
        enhancer = Enhancer(threads=threads, **settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if enhancer.kernel.name == "reference" and settings["kernel"] == "auto":
        click.echo(
            "noiser: the native kernel was not built (is there a C compiler?); "
            "the NumPy kernel serves, many times slower",
            err=True,
        )
    return enhancer


def _pipe(output: Path | None, enhancer: Enhancer, limits: Limits, overwrite: bool) -> None:
    """Enhance stdin, to stdout or to a file."""
    data = sys.stdin.buffer.read(limits.max_file_bytes + 1)
    if len(data) > limits.max_file_bytes:
        raise LimitError(f"-: more than {limits.max_file_bytes} bytes; that is the limit")
    if not data:
        raise DecodeError("-: nothing came in; a picture is expected on stdin")
    to_stdout = output is None or output == Path("-")
    format_ = None if to_stdout or output is None else SUFFIXES.get(output.suffix.lower())
    if not to_stdout and format_ is None:
        raise click.UsageError(f"{output} names no known format")
    try:
        enhanced, _, _, note = enhance_bytes(data, enhancer, limits, format_)
    except NoiserError as error:
        error.args = (f"-: {error}",)
        raise
    if note:
        click.echo(f"noiser: -: {note}", err=True)
    if to_stdout or output is None:
        sys.stdout.buffer.write(enhanced)
        sys.stdout.buffer.flush()
    else:
        save_file(output, enhanced, overwrite=overwrite)


def _show(plan: Plan, overwrite: bool, as_json: bool) -> None:
    """Print the plan."""
    rows = [
        {
            "input": str(item.input),
            "output": str(item.output),
            "status": "failed"
            if item.fault
            else "kept"
            if item.output.exists() and not overwrite
            else "planned",
        }
        for item in plan.items
    ]
    if as_json:
        click.echo(json.dumps({"files": rows, "left_out": plan.left_out}, indent=2))
        return
    for row in rows:
        click.echo(f"{row['input']} -> {row['output']} ({row['status']})")


def _run(
    plan: Plan, enhancer: Enhancer, limits: Limits, overwrite: bool, jobs: int, as_json: bool
) -> int:
    """Run the plan with a progress bar, and report; returns the number of failures."""
    results: list[Result] = []
    bars: dict[Item, Any] = {}
    start = time.perf_counter()
    with _bar(len(plan.items)) as bar:

        def on_progress(item: Item, done: int, total: int) -> None:
            if item not in bars:
                bars[item] = _strips_bar(item, total)
            bars[item].update(done - bars[item].n)

        def on_result(result: Result) -> None:
            results.append(result)
            if result.item in bars:
                bars.pop(result.item).close()
            if bar is not None:
                bar.update()
            if result.message:
                with nullcontext() if bar is None else bar.external_write_mode(file=sys.stderr):
                    click.echo(f"noiser: {result.item.input}: {result.message}", err=True)

        run(
            plan.items,
            enhancer,
            limits=limits,
            overwrite=overwrite,
            jobs=jobs,
            on_result=on_result,
            on_progress=on_progress,
        )
    seconds = time.perf_counter() - start
    counts = Counter[str](result.status for result in results)
    megapixels = sum(r.width * r.height for r in results) / MEGA
    if as_json:
        order = {item: i for i, item in enumerate(plan.items)}
        results.sort(key=lambda result: order[result.item])
        click.echo(
            json.dumps(
                {
                    "files": [_row(result) for result in results],
                    **{status: counts[status] for status in ("done", "kept", "failed")},
                    "left_out": plan.left_out,
                    "megapixels": megapixels,
                    "seconds": seconds,
                },
                indent=2,
            )
        )
    click.echo(_summary(plan, counts, megapixels / seconds), err=True)
    return counts["failed"]


def _bar(total: int) -> AbstractContextManager[Any]:
    """Draw a bar for several pictures on a terminal: tqdm's import takes longer than one."""
    if total < 2 or not sys.stderr.isatty():
        return nullcontext()
    from tqdm import tqdm

    bar: AbstractContextManager[Any] = tqdm(total=total, unit="picture", leave=False)
    return bar


def _strips_bar(item: Item, total: int) -> Any:
    """Show how far a picture is that goes through in strips, both passes counted."""
    from tqdm import tqdm

    return tqdm(
        total=total,
        desc=item.input.name,
        bar_format="{desc}: {percentage:3.0f}% {bar} {elapsed}<{remaining}",
        disable=None,
        leave=False,
    )


def _row(result: Result) -> dict[str, Any]:
    """Describe a result to a machine."""
    row = {k: v for k, v in dataclasses.asdict(result).items() if k != "item"}
    return {"input": str(result.item.input), "output": str(result.item.output), **row}


def _summary(plan: Plan, counts: Counter[str], speed: float) -> str:
    """Say in one line what came of it."""
    parts = [f"{counts['done']} enhanced", f"{counts['failed']} failed"]
    if counts["kept"]:
        parts.append(f"{counts['kept']} kept (there already; --overwrite renews them)")
    if plan.left_out:
        kinds = ", ".join(f"{kind} {n}" for kind, n in plan.left_out.most_common(5))
        parts.append(f"{plan.left_out.total()} left out ({kinds})")
    return f"{', '.join(parts)}; {speed:.1f} megapixels a second"
