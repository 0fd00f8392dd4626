"""`noiser presets`: which there are, and what each of them turns."""

import json
from pathlib import Path
from typing import Any

import click

from noiser.cli.options import Words, own_presets_file, presets_option
from noiser.io.paths import is_there
from noiser.look.presets import PACKAGED_FILE, Preset


@click.command("presets")
@presets_option
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(presets_file: Path | None, as_json: bool) -> None:
    """List the presets and the knobs that each turns.

    Your own are read from FILE, which may be absent only where it was not named. In it, each
    [name] is followed by lines like color = 0.9, and look and description if you like.
    """
    found = Words({"presets_file": presets_file}).presets()
    if as_json:
        click.echo(json.dumps({name: _row(preset) for name, preset in found.items()}, indent=2))
        return
    for preset in found.values():
        click.echo(f"{preset.name}{': ' if preset.description else ''}{preset.description}")
        values = [f"--look {preset.look}"]
        values += [f"--{k.replace('_', '-')} {v:g}" for k, v in preset.knobs.items()]
        click.echo(f"    {' '.join(values)}")
    own = presets_file or own_presets_file()
    state = "read" if presets_file or is_there(own) else "not there"
    click.echo(f"your own presets: {own} ({state})", err=True)


def _row(preset: Preset) -> dict[str, Any]:
    """Describe a preset to a machine."""
    file = None if preset.file == PACKAGED_FILE else str(preset.file)
    return {
        "description": preset.description,
        "look": preset.look,
        "knobs": preset.knobs,
        "file": file,
    }
