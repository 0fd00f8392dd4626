"""`noiser benchmark`: how long it takes here, and how near that is to the least possible."""

import json
from dataclasses import asdict

import click

from noiser import kernels
from noiser.enhancer import Enhancer
from noiser.looks import LOOKS
from noiser.pipelines.benchmark import benchmark

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
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(
    sizes: tuple[tuple[int, int], ...],
    look: str,
    threads: int | None,
    kernel: str | None,
    rounds: int,
    as_json: bool,
) -> None:
    """Time this machine, beside the least it could take.

    Measures how many multiply-adds and bytes a second the machine can do, then each step on
    pictures of some sizes, all taking turns. The floor is what the two convolutions, or moving
    the picture, would take at those rates if nothing else had to be done.
    """
    enhancer = Enhancer(look, threads=threads, kernel=kernel or "auto")
    try:
        machine, timings = benchmark(enhancer, sizes, rounds)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    facts = {"kernel": enhancer.kernel.name, "threads": enhancer.threads, "look": look}
    if as_json:
        found = {"machine": asdict(machine), "timings": [asdict(t) for t in timings]}
        click.echo(json.dumps({**facts, "rounds": rounds, **found}, indent=2))
        return
    click.echo(
        f"{facts['kernel']}, threads {facts['threads']}, look {look}: "
        f"{machine.multiply_adds / 1e9:.0f} G multiply-adds/s, {machine.bandwidth / 1e9:.1f} GB/s"
    )
    titles = ("size", "measure", "render", "whole [ms]", "floor", "whole/floor", "ns/pixel", "peak")
    click.echo(("{:>12}" * len(titles)).format(*titles))
    for t in timings:
        times = "".join(f"{s * 1e3:12.2f}" for s in (t.measure, t.render, t.whole, t.floor))
        per_pixel = t.whole / (t.width * t.height) * 1e9
        click.echo(
            f"{f'{t.width}x{t.height}':>12}{times}{t.whole / t.floor:12.2f}{per_pixel:12.1f}"
            f"{t.render_share:12.0%}"
        )
    click.echo("peak: what the convolutions reach of the multiply-adds while rendering")
