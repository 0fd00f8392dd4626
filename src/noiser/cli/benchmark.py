"""`noiser benchmark`: how long it takes here, and how near that is to the least possible."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from noiser.cli.options import tell_of_kernel
from noiser.engine import kernels
from noiser.engine.enhancer import Enhancer
from noiser.io.files import save_file
from noiser.io.paths import is_taken
from noiser.look.looks import LOOKS
from noiser.tools import rivals
from noiser.tools.benchmark import Timing, benchmark
from noiser.tools.rivals import chart

SIZES = ("600x400", "1920x1080", "3840x2160")


class _Size(click.ParamType):  # type: ignore[type-arg]
    """Two whole numbers around an x."""

    name = "WIDTHxHEIGHT"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Split it."""
        width, _, height = value.partition("x")
        if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
            self.fail(f"{value!r} is not a size like 1920x1080", param, ctx)
        return int(width), int(height)


@click.command("benchmark")
@click.option(
    "--size",
    "sizes",
    type=_Size(),
    multiple=True,
    default=SIZES,
    show_default=True,
    help="Of a picture; may be given again [pixels].",
)
@click.option("--look", type=click.Choice(list(LOOKS)), default="natural", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="[default: one for each usable processor]")
@click.option(
    "--kernel",
    type=click.Choice([name for name in kernels.available() if name.startswith("native")]),
    help="[default: the fastest]",
)
@click.option("--rounds", type=click.IntRange(1), default=9, show_default=True, help="Turns.")
@click.option(
    "--rivals", "has_rivals", is_flag=True, help="What is installed beside noiser takes turns too."
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, readable=False),
    help="A chart with the rivals to write, .png or .svg.  [needs matplotlib]",
)
@click.option("--overwrite", is_flag=True, help="Replace a figure that is there already.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(
    sizes: tuple[tuple[int, int], ...],
    look: str,
    threads: int | None,
    kernel: str | None,
    rounds: int,
    has_rivals: bool,
    figure: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Time this machine, beside the least it could take.

    Measures how many multiply-adds and bytes a second the machine can do, then each step on
    pictures of some sizes, all taking turns. The floor is what the two convolutions, or moving
    the picture, would take at those rates if nothing else had to be done.

    With --rivals, the same network in torch, onnxruntime and OpenVINO and other methods take
    turns too, as far as they are installed (noiser[lab] has all but OpenVINO): bytes in, bytes
    out, on as many threads. Large pictures then take minutes and gigabytes.
    """
    _check(figure, has_rivals, overwrite)
    if kernel is None:
        tell_of_kernel()
    enhancer = Enhancer(look, threads=threads, kernel=kernel or "auto")
    found, left_out = _rivals(enhancer, look) if has_rivals else ({}, {})
    if left_out:
        click.echo(f"noiser: {rivals.summary(left_out)}", err=True)
    try:
        machine, timings = benchmark(enhancer, sizes, rounds, found)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    facts = {"kernel": enhancer.kernel.name, "threads": enhancer.threads, "look": look}
    if as_json:
        told = {"machine": asdict(machine), "timings": [_told(timing) for timing in timings]}
        others = {"versions": rivals.versions(), "left_out": left_out} if has_rivals else {}
        click.echo(json.dumps({**facts, "rounds": rounds, **told, **others}, indent=2))
    else:
        click.echo(
            f"{facts['kernel']}, threads {facts['threads']}, look {look}: "
            f"{machine.multiply_adds / 1e9:.0f} G multiply-adds/s, "
            f"{machine.bandwidth / 1e9:.1f} GB/s"
        )
        click.echo(_steps(timings))
        if has_rivals:
            click.echo("\n".join(_beside(timing, look) for timing in timings))
    if figure is not None:
        panels = {
            f"{t.width} x {t.height}": {
                name: s * 1e9 / (t.width * t.height) for name, s in _all(t, look).items()
            }
            for t in timings
        }
        title = f"Bytes in, bytes out, threads: {enhancer.threads}"
        data = chart.chart(panels, title, figure.suffix.lower(), rivals.SAME_NETWORK)
        save_file(figure, data, overwrite=overwrite)
        click.echo(f"noiser: {figure} is written", err=True)


def _check(figure: Path | None, has_rivals: bool, overwrite: bool) -> None:
    """Refuse words about a figure that would fail only after all the timing."""
    if figure is None:
        return
    if not has_rivals:
        raise click.UsageError("--figure shows rivals; give --rivals too")
    if figure.suffix.lower() not in chart.SUFFIXES:
        raise click.UsageError(f"{figure} is no {' or '.join(chart.SUFFIXES)} file")
    if is_taken(figure) and not overwrite:
        raise click.UsageError(f"{figure} is there already; --overwrite replaces it")
    chart.require()


def _rivals(enhancer: Enhancer, look: str) -> tuple[dict[str, rivals.Enhance], dict[str, str]]:
    """Find the rivals, and let the other looks take turns too."""
    threads, kernel = enhancer.threads, enhancer.kernel.name
    others = {
        _ours(name): Enhancer(name, threads=threads, kernel=kernel).enhance
        for name in LOOKS
        if name != look
    }
    found, left_out = rivals.find(threads)
    return {**others, **found}, left_out


def _ours(look: str) -> str:
    """Name us among rivals."""
    return f"noiser, {look} look"


def _all(timing: Timing, look: str) -> dict[str, float]:
    """Put us among our rivals, the fastest first [s]."""
    seconds = {_ours(look): timing.whole, **timing.rivals}
    return dict(sorted(seconds.items(), key=lambda pair: pair[1]))


def _told(timing: Timing) -> dict[str, object]:
    """Give a timing to JSON: a rival's seconds, and how often ours go into them."""
    beside = {
        name: {"seconds": seconds, "ratio": seconds / timing.whole}
        for name, seconds in timing.rivals.items()
    }
    return {**asdict(timing), "rivals": beside}


def _steps(timings: list[Timing]) -> str:
    """Write the table of steps."""
    titles = ("size", "measure", "render", "whole [ms]", "floor", "whole/floor", "ns/pixel", "peak")
    lines = [("{:>12}" * len(titles)).format(*titles)]
    for t in timings:
        times = "".join(f"{s * 1e3:12.2f}" for s in (t.measure, t.render, t.whole, t.floor))
        per_pixel = t.whole / (t.width * t.height) * 1e9
        lines.append(
            f"{f'{t.width}x{t.height}':>12}{times}{t.whole / t.floor:12.2f}{per_pixel:12.1f}"
            f"{t.render_share:12.0%}"
        )
    lines.append("peak: what the convolutions reach of the multiply-adds while rendering")
    return "\n".join(lines)


def _beside(timing: Timing, look: str) -> str:
    """Write a table of ours and the rivals, the fastest first."""
    size = f"{timing.width}x{timing.height}"
    lines = [f"\n{size:28}{'[ms]':>12}{'ns/pixel':>12}{'of ours':>12}"]
    for name, seconds in _all(timing, look).items():
        per_pixel = seconds / (timing.width * timing.height) * 1e9
        ratio = seconds / timing.whole
        lines.append(f"{name:28}{seconds * 1e3:12.2f}{per_pixel:12.1f}{ratio:12.2f}")
    return "\n".join(lines)
