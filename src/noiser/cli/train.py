"""`noiser train`: a new network from noise, with a bar while it learns."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from noiser.cli.progress import Bar
from noiser.io.files import save_file
from noiser.io.paths import is_taken
from noiser.model.network import to_bytes
from noiser.model.training import PRESETS, train


@click.command("train")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, readable=False),
    help="Weights file to write.  [default: PRESET-seedSEED.safetensors]",
)
@click.option("--preset", type=click.Choice(list(PRESETS)), default="paper", show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--iterations", type=click.IntRange(1), help="Steps.  [default: the preset's]")
@click.option("--hidden-channels", type=click.IntRange(1), help="[default: the preset's]")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
def command(
    output: Path | None,
    preset: str,
    seed: int,
    iterations: int | None,
    hidden_channels: int | None,
    device: str,
    overwrite: bool,
) -> None:
    """Train a network on nothing but noise.

    Needs torch: pip install 'noiser[train]'. The same preset and seed give the same file
    on the same torch build and kind of processor. Use it with noiser enhance --weights.
    """
    changes: dict[str, Any] = {
        "seed": seed,
        "iterations": iterations,
        "hidden_channels": hidden_channels,
    }
    try:
        config = replace(PRESETS[preset], **{k: v for k, v in changes.items() if v is not None})
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    output = output or Path(f"{preset}-seed{seed}.safetensors")
    if is_taken(output) and not overwrite:
        raise click.UsageError(f"{output} is there already; --overwrite replaces it")
    start = time.perf_counter()
    with Bar() as bar:

        def progress(step: int, loss: float) -> None:
            bar.show(step, config.iterations, f"loss {loss:.4f}")

        network = train(config, device=device, progress=progress)
    data = to_bytes(network)
    save_file(output, data, overwrite=overwrite)
    click.echo(
        f"{output}: {network.parameter_count} parameters, "
        f"{time.perf_counter() - start:.1f} seconds, SHA-256 {hashlib.sha256(data).hexdigest()}"
    )
