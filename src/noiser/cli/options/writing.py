"""Options of writing: how outputs are encoded, and what of the metadata and colours they keep."""

from collections.abc import Callable
from typing import Any, get_args

import click

from noiser.io.color.conversion import Target
from noiser.io.output_options import QUALITIES, SIZES


def writing_options() -> list[Callable[[Any], Any]]:
    """List what chooses how outputs are encoded, which metadata and which colours they have."""
    return [
        click.option(
            "--quality",
            type=click.IntRange(*QUALITIES),
            metavar="NUMBER",
            help="1 to 100, of JPEG, WebP, AVIF, HEIC and JPEG XL. By default as the input's, or "
            "90; PNG, TIFF, BMP and GIF have none.",
        ),
        click.option(
            "--max-size",
            type=click.IntRange(*SIZES),
            metavar="PIXELS",
            help="Make outputs smaller whose longest side is longer; none is made larger.",
        ),
        click.option(
            "--strip-metadata",
            is_flag=True,
            help="Hand on no metadata but what shows the picture right: the colour profile.",
        ),
        click.option(
            "--strip-location",
            is_flag=True,
            help="Hand on no coordinates, no names of places and no maker note.",
        ),
        click.option(
            "--keep-attachments",
            is_flag=True,
            help="Hang the film of a motion photo behind the output, from JPEG to JPEG.",
        ),
        click.option("--software", is_flag=True, help="Note in EXIF that noiser made the file."),
        click.option(
            "--embed-settings",
            is_flag=True,
            help="Write look and knobs into XMP, for noiser info and --settings-of.",
        ),
        click.option(
            "--profile",
            type=click.Choice(get_args(Target)),
            default="keep",
            show_default=True,
            help="Keep the file's colour profile, or convert to sRGB.",
        ),
    ]
