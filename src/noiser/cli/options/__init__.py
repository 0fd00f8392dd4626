"""Options that several commands share, and what is made of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from noiser.cli.options.writing import writing_options
from noiser.core.cpu import usable_processors
from noiser.core.errors import PresetError
from noiser.engine.enhancer import Enhancer
from noiser.engine.kernels import native
from noiser.io.formats import DEPTHS, format_called
from noiser.io.limits import MEGA, Limits
from noiser.io.metadata.embedded_settings import network_sha256, settings_of
from noiser.io.output_options import OutputOptions
from noiser.io.paths import is_there
from noiser.jobs.options import JobOptions
from noiser.look.knobs import Look, knobs
from noiser.look.looks import LOOKS
from noiser.look.presets import Preset, all_presets, preset_named
from noiser.tools.inspect import settings_in

MAX_SIDE = 1_000_000
"""Width or height where the limit of pixels was raised: a strip must still fit [pixels]."""


class _Format(click.Choice):  # type: ignore[type-arg]
    """A format, by its name or one of its suffixes."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Find its name."""
        return super().convert((format_called(value) or value).lower(), param, ctx)


_F = TypeVar("_F", bound=Callable[..., Any])


def look_options(command: _F) -> _F:
    """Add what chooses the enhancement: the look or preset, knobs, weights and kernel."""
    found = [
        click.option(
            "--look",
            type=click.Choice(list(LOOKS)),
            help=f"[default: the preset's, or {next(iter(LOOKS))}]",
        ),
        click.option("--preset", metavar="NAME", help="Knobs by a name: see noiser presets."),
        presets_option,
        *map(_knob_option, (knob for knob in knobs() if knob.name != "eps")),
        click.option(
            "--settings-of",
            type=click.Path(path_type=Path, readable=False),
            metavar="FILE",
            help="Look and knobs that --embed-settings wrote into FILE; knobs given here win.",
        ),
        click.option(
            "--weights",
            type=click.Path(path_type=Path, readable=False),
            help="Another network, made by noiser train.",
        ),
        click.option("--kernel", default="auto", show_default=True, help="See noiser info."),
        click.option(
            "--threads", type=click.IntRange(1, 1024), help="Default: all usable processors."
        ),
    ]
    return _added(command, found)


def presets_option(command: _F) -> _F:
    """Add where the user's own presets are."""
    path = click.Path(path_type=Path, readable=False)
    text = "Your own presets.  [default: noiser presets tells where]"
    return click.option("--presets-file", type=path, metavar="FILE", help=text)(command)


def file_options(command: _F) -> _F:
    """Add what chooses how pictures are read, enhanced and written again."""
    found = [
        click.option(
            "--format",
            type=_Format([name.lower() for name in DEPTHS]),
            help="Of the outputs, whose names follow. By default the input's own, or what the "
            "output's name says; camera raws and JPEG 2000 become TIFFs. A format that holds "
            "fewer bits than the input has gets them rounded.",
        ),
        _overwrite("Replace outputs that are there already."),
        *writing_options(),
        click.option(
            "--keep-times",
            is_flag=True,
            help="Give outputs the times at which their inputs were changed last.",
        ),
        _max_megapixels(
            "Refuse larger pictures. Above 80, JPEG, PNG and TIFF go through in strips, in "
            "constant memory, with noiser[io]; others take 7 bytes of memory a pixel."
        ),
    ]
    return _added(command, found)


def summary_options(command: _F) -> _F:
    """Add what a command honours that makes one file of its own of pictures."""
    found = [
        _overwrite("Replace an output that is there already."),
        _max_megapixels("Refuse larger pictures."),
    ]
    return _added(command, found)


def _overwrite(text: str) -> Callable[[Any], Any]:
    """Make the option that lets outputs be replaced."""
    return click.option("--overwrite", is_flag=True, help=text)


def _max_megapixels(text: str) -> Callable[[Any], Any]:
    """Make the option that limits the inputs."""
    return click.option(
        "--max-megapixels",
        type=click.IntRange(1, 100_000),
        default=Limits.max_pixels // MEGA,
        show_default=True,
        help=text,
    )


def own_presets_file() -> Path:
    """Say where the user's own presets are looked for."""
    return Path(click.get_app_dir("noiser")) / "presets.toml"


@dataclass(frozen=True)
class Words:
    """The values of `look_options`, `file_options` and `summary_options`, as they were given."""

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

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `Enhancer`: a preset's or a file's, and those given, which win."""
        names = ["look", "weights", "kernel", *(k.name for k in knobs() if k.name != "eps")]
        given = {name: self.given[name] for name in names if self.given[name] is not None}
        if self.given.get("settings_of") is not None:
            return self._settings() | given
        return ({} if self.given["preset"] is None else self.preset(self.given["preset"])) | given

    def _settings(self) -> dict[str, Any]:
        """Read look and knobs that were written into a file."""
        if self.given["look"] is not None or self.given["preset"] is not None:
            raise click.UsageError(
                "--settings-of brings a look; give knobs beside it, not --look or --preset"
            )
        settings = settings_in(self.given["settings_of"], self.limits)
        if settings.sha256 != network_sha256(settings.look, self.given["weights"]):
            click.echo(
                f"noiser: {self.given['settings_of']}: was made with another network "
                f"(SHA-256 {settings.sha256[:16]}), so the same settings can look different",
                err=True,
            )
        kept = {name: value for name, value in settings.knobs if name != "eps"}
        return kept | {"look": settings.look}

    def preset(self, name: str) -> dict[str, Any]:
        """Find a preset, noiser's or the user's."""
        try:
            return preset_named(name, self.presets()).options
        except PresetError as error:
            raise click.UsageError(str(error)) from error

    def presets(self) -> dict[str, Preset]:
        """List all presets; a file at fault is wrong words."""
        file = self.given["presets_file"] or own_presets_file()
        try:
            return all_presets(file if self.given["presets_file"] or is_there(file) else None)
        except PresetError as error:
            raise click.UsageError(str(error)) from error

    def enhancer(self, threads: int, **changes: Any) -> Enhancer:
        """Build the enhancer, with some arguments changed; a wrong value is wrong words."""
        try:
            enhancer = Enhancer(threads=threads, **self.options | changes)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        if self.given["kernel"] == "auto":
            tell_of_kernel()
        return enhancer

    def job_options(self, threads: int, format_: str | None = None) -> JobOptions:
        """Make of them what is done to each picture."""
        enhancer = self.enhancer(threads)
        output = self.output(enhancer.look, format_ or self.format)
        return JobOptions(
            enhancer,
            self.limits,
            output,
            self.given["overwrite"],
            compare=self.given.get("compare"),
            keep_times=self.given["keep_times"],
            salvage=self.given.get("salvage", False),
        )

    def output(self, look: Look, format_: str | None = None) -> OutputOptions:
        """Make of them how files are written."""
        if self.given["strip_metadata"] and self.given["strip_location"]:
            raise click.UsageError("--strip-metadata strips the location too; give one of them")
        attachments = self.given["keep_attachments"]
        if attachments and (self.given["strip_metadata"] or self.given["strip_location"]):
            raise click.UsageError(
                "--keep-attachments keeps a film, which can tell the location; give it without "
                "--strip-metadata and --strip-location"
            )
        metadata: Literal["keep", "no-location", "none"] = "keep"
        if self.given["strip_metadata"]:
            metadata = "none"
        elif self.given["strip_location"]:
            metadata = "no-location"
        settings = None
        if self.given["embed_settings"]:
            name = self.options.get("look", next(iter(LOOKS)))
            settings = settings_of(name, look, self.given["weights"])
        software, profile = self.given["software"], self.given["profile"]
        return OutputOptions(
            format_,
            metadata,
            software,
            settings,
            profile,
            attachments,
            self.given["quality"],
            self.given["max_size"],
        )


@cache
def tell_of_kernel() -> None:
    """Say once where the NumPy kernel serves for want of a compiled one."""
    if fault := native.fault():
        click.echo(f"noiser: {fault}; the NumPy kernel serves, many times slower", err=True)


def _knob_option(knob: Any) -> Callable[[Any], Any]:
    """Make an option of a knob, with the help and range declared in `knobs.py`."""
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
