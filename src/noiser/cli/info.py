"""`noiser info`: what is installed, and what it will use."""

import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path

import click

from noiser import kernels
from noiser.enhancer import usable_processors
from noiser.looks import LOOKS
from noiser.network import PACKAGED, load, packaged, packaged_bytes
from noiser.version import __version__


@click.command("info")
@click.option("--weights", type=click.Path(path_type=Path), help="Of this file instead.")
@click.option(
    "--look",
    "name",
    type=click.Choice(PACKAGED),
    default=PACKAGED[0],
    show_default=True,
    help="Of this look's weights.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(weights: Path | None, name: str, as_json: bool) -> None:
    """Show the version, the kernels and the weights."""
    network = load(weights) if weights else packaged(name)
    data = weights.read_bytes() if weights else packaged_bytes(name)
    facts = {
        "noiser": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("numpy", "pillow")},
        "threads": usable_processors(),
        "kernels": kernels.names(),
        "looks": list(LOOKS),
        "weights": str(weights or name),
        "parameters": network.parameter_count,
        "sha256": hashlib.sha256(data).hexdigest(),
        **{f"trained with {k}": v for k, v in network.provenance.items()},
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<{width}}  {shown}")
