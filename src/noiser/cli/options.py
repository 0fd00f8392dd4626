"""Options that several commands share, and what is made of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from noiser.enhancer import Enhancer, usable_processors
from noiser.io.delivery import Delivery
from noiser.io.gate import MEGA, Limits
from noiser.io.photo import DEPTHS
from noiser.looks import LOOKS, knobs
from noiser.pipelines.treatment import Treatment

MAX_SIDE = 1_000_000
"""Width or height where the limit of pixels was raised: a strip must still fit [pixels]."""

_F = TypeVar("_F", bound=Callable[..., Any])


def look_options(command: _F) -> _F:
    """Add what chooses the enhancement: the look, its knobs, weights and kernel."""
    found = [
        click.option(
            "--look", type=click.Choice(list(LOOKS)), default=next(iter(LOOKS)), show_default=True
        ),
        *map(_knob_option, (knob for knob in knobs() if knob.name != "eps")),
        click.option(
            "--weights",
            type=click.Path(path_type=Path),
            help="Another network, made by noiser train.",
        ),
        click.option("--kernel", default="auto", show_default=True, help="See noiser info."),
        click.option(
            "--threads", type=click.IntRange(1, 1024), help="Default: all usable processors."
        ),
    ]
    return _added(command, found)


def file_options(command: _F) -> _F:
    """Add what chooses how files are read and written."""
    found = [
        click.option(
            "--format",
            type=click.Choice([name.lower() for name in DEPTHS]),
            help="Of the outputs, whose names follow. By default the input's own, or what the "
            "output's name says; camera raws become TIFFs. A format that holds fewer bits than "
            "the input has gets them rounded.",
        ),
        click.option("--overwrite", is_flag=True, help="Replace outputs that are there already."),
        click.option(
            "--max-megapixels",
            type=click.IntRange(1, 100_000),
            default=Limits.max_pixels // MEGA,
            show_default=True,
            help="Refuse larger pictures. Above 80, JPEG, PNG and TIFF go through in strips, in "
            "constant memory, with noiser[io]; others take 7 bytes of memory a pixel.",
        ),
    ]
    return _added(command, found)


@dataclass(frozen=True)
class Words:
    """The values of `look_options` and `file_options`, as they were given."""

    given: dict[str, Any]

    @property
    def threads(self) -> int:
        """How many threads to use in all."""
        return int(self.given["threads"] or usable_processors())

    @property
    def format(self) -> str | None:
        """What `--format` asks for."""
        return self.given["format"].upper() if self.given["format"] else None

    @property
    def limits(self) -> Limits:
        """How large an input may be."""
        pixels = self.given["max_megapixels"] * MEGA
        side = MAX_SIDE if pixels > Limits.max_pixels else Limits.max_side
        return Limits(max_pixels=pixels, max_side=side)

    def enhancer(self, threads: int) -> Enhancer:
        """Build the enhancer; a wrong value is wrong words."""
        names = ["look", "weights", "kernel", *(k.name for k in knobs() if k.name != "eps")]
        try:
            enhancer = Enhancer(threads=threads, **{name: self.given[name] for name in names})
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        if enhancer.kernel.name == "reference" and self.given["kernel"] == "auto":
            click.echo(
                "noiser: the native kernel was not built (is there a C compiler?); "
                "the NumPy kernel serves, many times slower",
                err=True,
            )
        return enhancer

    def treatment(self, threads: int, format_: str | None = None) -> Treatment:
        """Make of them what is done to each picture."""
        return Treatment(
            self.enhancer(threads),
            self.limits,
            Delivery(format_ or self.format),
            self.given["overwrite"],
        )


def _knob_option(knob: Any) -> Callable[[Any], Any]:
    """Make an option of a knob, with the help and range declared in `looks.py`."""
    default = getattr(next(iter(LOOKS.values())), knob.name)
    return click.option(
        f"--{knob.name.replace('_', '-')}",
        type=click.FloatRange(knob.metadata["low"], knob.metadata["high"]),
        metavar="NUMBER",
        help=f"{knob.metadata['help']} (natural: {default:g})",
    )


def _added(command: _F, options: Sequence[Callable[[Any], Any]]) -> _F:
    """Add options so that help lists them in this order."""
    return reduce(lambda made, option: option(made), reversed(options), command)
