"""`noiser export`: the look of a picture in forms that other programs read."""

import json
import os
from pathlib import Path
from typing import Any

import click

from noiser.cli.options import Words, look_options, summary_options
from noiser.core.errors import NoiserError, OutputError
from noiser.export.cube import to_cube
from noiser.export.global_look import GlobalLook, global_look
from noiser.io.codecs.bit_depth import reduced
from noiser.io.files import read_file, save_file
from noiser.io.image_file import decode
from noiser.io.paths import check_folder, is_taken
from noiser.web.page_files import page_files


@click.group("export")
def command() -> None:
    """Hand the look over to other programs."""


@command.command("cube")
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path, readable=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, readable=False),
    help="[default: night.cube of night.jpg]",
)
@click.option("--size", type=click.IntRange(2, 129), default=33, show_default=True)
@look_options
@summary_options
@click.option("--json", "as_json", is_flag=True, help="Report on stdout, for machines.")
def cube(source: Path, output: Path | None, size: int, as_json: bool, **given: Any) -> None:
    """Write the picture's look as a 3D LUT (.cube).

    The best map from colours before to colours after for this one picture, for darktable,
    Resolve, ffmpeg, OBS and others, with SIZE points along each axis. It holds for colours as
    they are in the file. It carries tones and colours, not what depends on a pixel's
    surroundings: noise reduction, fine detail, --local.
    """
    words = Words(given)
    output = output or source.with_suffix(".cube")
    if output.suffix.lower() != ".cube":
        raise click.UsageError(f"{output} must end in .cube")
    if is_taken(output) and not given["overwrite"]:
        raise click.UsageError(f"{output} is there already; --overwrite replaces it")
    enhancer = words.enhancer(words.threads)
    try:
        data = read_file(source, words.limits.max_file_bytes)
        photo = reduced(decode(data, words.limits, source.suffix), "PNG")
    except NoiserError as error:
        error.args = (f"{source}: {error}",)
        raise
    look = global_look(enhancer, photo.pixels, size)
    save_file(output, to_cube(look.map, f"noiser {source.stem}"), overwrite=given["overwrite"])
    if as_json:
        click.echo(json.dumps({"output": str(output), "size": size, **look.report()}, indent=2))
    click.echo(f"{output}: {_summary(look)}", err=True)


@command.command("page")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, readable=False),
    metavar="DIR",
    help="A folder.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
def page(output: Path, overwrite: bool) -> None:
    """Write the page's files, for any web server.

    They need no server of their own: pictures are enhanced in the visitor's browser, and none
    leaves it. Browsers open them by http:// or https://, not from a disk.
    """
    files = page_files()
    try:
        check_folder(output)
    except OutputError as error:
        raise click.UsageError(str(error)) from error
    there = [name for name in files if os.path.lexists(output / name)]
    if there and not overwrite:
        raise click.UsageError(f"{output / there[0]} is there already; --overwrite replaces it")
    for name, data in files.items():
        save_file(output / name, data, overwrite=overwrite)
    size = sum(map(len, files.values()))
    click.echo(f"{output}: {len(files)} files, {size / 1000:.0f} kB", err=True)


def _summary(look: GlobalLook) -> str:
    """Say in one line how near the map comes."""
    whole, calm = look.error, look.without_local_steps
    return (
        f"{look.map.size}^3 colours; error {whole.mean:.1f} of 255 in the mean, 99 of 100 values "
        f"within {whole.p99:.0f}; without local steps {calm.mean:.1f} and {calm.p99:.0f}"
    )
