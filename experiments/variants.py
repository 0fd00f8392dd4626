"""Recipes beyond the package's own, trained once and kept: what the experiments vary."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from experiments import damage
from experiments.lab import HERE, KEPT, keep, meaning
from noiser.core.types import ByteImage
from noiser.model.network import Network
from noiser.model.training import TrainingConfig
from noiser.model.training.gradient import by_hand, by_torch
from noiser.model.training.losses import self_regression_loss, total_variation
from noiser.model.training.noise import noise_images
from noiser.model.training.self_regression import build, optimize, reproducible, to_network

COLORS = {
    "white": (1.0, 1.0, 1.0),
    "black": (-1.0, -1.0, -1.0),
    "red": (1.0, -1.0, -1.0),
    "green": (-1.0, 1.0, -1.0),
    "blue": (-1.0, -1.0, 1.0),
    "mid-gray": (0.0, 0.0, 0.0),
}
"""Training colours of C-regression in [-1, 1]."""

LEAVES = 60
"""Disks in an image of dead leaves."""

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "gelu": nn.GELU, "relu": nn.ReLU, "silu": nn.SiLU, "tanh": nn.Tanh, "none": nn.Identity
}  # fmt: skip
"""What can stand between normalization and second convolution."""


@dataclass(frozen=True)
class Variant(TrainingConfig):
    """A recipe with what the paper and its ablations vary beside the package's own values."""

    images: str = "noise"
    """What is input and target: `noise`, `exponential` (noise with long tails), `leaves` (disks
    that cover each other), `palette`, `random` (a colour a step) or a colour."""

    block: int = 1
    """Side of a palette's squares of one colour [pixels]."""

    colors: int = 0
    """Colours in a palette; 0 for a new one in each square."""

    palette: str = "noise"
    """Where a palette's colours come from: the `noise`'s distribution, or `uniform`."""

    is_clipped: bool = True
    """Whether the noise is clipped to [-1, 1]."""

    is_normalized: bool = True
    """Whether there is an instance normalization."""

    activation: str = "gelu"
    """A name of `ACTIVATIONS`."""

    kernel_size: int = 3
    """Side of both convolutions' kernels [pixels]."""

    distance: str = "l1"
    """`l1` or `l2`, between output and target."""

    damage: str = ""
    """A name of `damage.KINDS`, or `exposure`, to lay over the input, not the target."""

    @property
    def is_plain(self) -> bool:
        """Whether network and loss are the package's own, whatever it is shown."""
        varied = (self.kernel_size, self.is_normalized, self.activation, self.distance)
        return varied == (3, True, "gelu", "l1")


def trained(changes: dict[str, Any], steps: tuple[int, ...] = ()) -> list[nn.Module]:
    """Train a variant, or take it from an earlier run.

    Args:
        changes: Fields of `Variant` that differ from the paper's recipe.
        steps: Steps after which to keep the network; by default only the last.

    Returns:
        The networks, in the order of the steps.
    """
    variant = Variant(**changes)
    steps = steps or (variant.iterations,)
    parts = [variant.to_json(), steps, torch.__version__, *map(meaning, _sources())]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
    path = KEPT / "networks" / f"{key}.safetensors"
    if not path.exists():
        keep(path, safetensors.torch.save(_train(variant, steps)))
    states = safetensors.torch.load(path.read_bytes())
    models = []
    for step in steps:
        model = assembled(variant)
        prefix = f"{step}."
        model.load_state_dict(
            {k.removeprefix(prefix): v for k, v in states.items() if k.startswith(prefix)}
        )
        models.append(model)
    return models


def network(changes: dict[str, Any]) -> Network:
    """Train a recipe of the package's own kind and give it as noiser's network."""
    (model,) = trained(changes)
    return to_network(model, Variant(**changes), "cpu")


def networks(changes: dict[str, Any], steps: tuple[int, ...]) -> list[Network]:
    """As `network`, after several steps."""
    return [to_network(m, Variant(**changes), "cpu") for m in trained(changes, steps)]


def assembled(variant: Variant) -> nn.Sequential:
    """Stack a variant's network; the package's own where it differs in nothing."""
    model = build(variant)
    if variant.kernel_size != 3:
        mode = "zeros" if variant.padding == "zero" else "replicate"
        size, hidden = variant.kernel_size, variant.hidden_channels
        margin = size // 2
        model[0] = nn.Conv2d(3, hidden, size, padding=margin, padding_mode=mode)
        model[3] = nn.Conv2d(hidden, 3, size, padding=margin, padding_mode=mode)
    if not variant.is_normalized:
        model[1] = nn.Identity()
    model[2] = ACTIVATIONS[variant.activation]()
    return model


def applied(model: nn.Module, low: ByteImage) -> ByteImage:
    """Run a network over a picture, padding and eps as in training: the paper's inference.

    Args:
        model: A variant's network.
        low: uint8 [H,W,3] in [0, 255], sRGB.

    Returns:
        uint8 [H,W,3] in [0, 255], sRGB.
    """
    with torch.no_grad():
        unit = (model(signed(low))[0].permute(1, 2, 0).numpy() + 1) / 2
    enhanced: ByteImage = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    return enhanced


def signed(low: ByteImage) -> Tensor:
    """Give a picture to torch: uint8 [H,W,3] to float32 [1,3,H,W] in [-1, 1]."""
    return torch.from_numpy(low.astype(np.float32)).permute(2, 0, 1)[None] * (2 / 255) - 1


def drawn(variant: Variant) -> tuple[Tensor, Tensor]:
    """Draw a step's input and target, float32 [B,3,H,W] in [-1, 1]."""
    batch, size = variant.batch_size, variant.image_size
    if variant.images == "noise" and variant.is_clipped:
        target = noise_images(variant, batch)
    elif variant.images == "noise":
        target = _noise(variant, (batch, 3, size, size))
    elif variant.images == "exponential":
        signs = torch.sign(torch.randn(batch, 3, size, size))
        tails = signs * torch.empty(batch, 3, size, size).exponential_() / 2**0.5
        target = (tails * variant.noise_std).clamp(-1, 1)
    elif variant.images == "leaves":
        target = _leaves(variant)
    elif variant.images == "palette":
        target = _palette(variant)
    elif variant.images == "random":
        target = (torch.rand(batch, 3, 1, 1) * 2 - 1).expand(batch, 3, size, size)
    else:
        color = torch.tensor(COLORS[variant.images]).view(1, 3, 1, 1)
        target = color.expand(batch, 3, size, size)
    kinds = damage.KINDS | {"exposure": damage.exposure}
    return (kinds[variant.damage](target) if variant.damage else target), target


def _noise(variant: Variant, shape: tuple[int, ...]) -> Tensor:
    """Draw the recipe's noise."""
    noise = torch.randn(shape) * variant.noise_std + variant.noise_mean
    return noise.clamp(-1, 1) if variant.is_clipped else noise


def _leaves(variant: Variant) -> Tensor:
    """Draw disks over each other, most of them small: the dead leaves model of scenes."""
    size = variant.image_size
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    target = torch.zeros(variant.batch_size, 3, size, size)
    share = variant.correlation
    for image in target:
        radii = (2.0 / torch.rand(LEAVES).clamp(0.02, 1.0)).clamp(2.0, 40.0)
        for radius in radii.sort(descending=True).values:
            row, column = torch.rand(2) * size
            inside = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
            color = share**0.5 * torch.randn(1) + (1 - share) ** 0.5 * torch.randn(3)
            image[:, inside] = color[:, None]
    return ((target + 0.1 * torch.randn(target.shape)) * variant.noise_std).clamp(-1, 1)


def _palette(variant: Variant) -> Tensor:
    """Draw squares of one colour each: block sizes from half the image to one pixel."""
    batch, size = variant.batch_size, variant.image_size
    side = -(-size // variant.block)
    count = variant.colors or side * side
    colors = (
        _noise(variant, (batch, 3, count))
        if variant.palette == "noise"
        else torch.rand(batch, 3, count) * 2 - 1
    )
    if variant.colors:
        which = torch.randint(count, (batch, 1, side * side)).expand(batch, 3, side * side)
        colors = colors.gather(2, which)
    squares = colors.view(batch, 3, side, side)
    whole = squares.repeat_interleave(variant.block, 2).repeat_interleave(variant.block, 3)
    return whole[..., :size, :size]


def _train(variant: Variant, steps: tuple[int, ...]) -> dict[str, Tensor]:
    """Train and collect the states after the given steps."""
    states: dict[str, Tensor] = {}

    def after_step(step: int, _loss: float) -> bool:
        if step in steps:
            for name, value in model.state_dict().items():
                states[f"{step}.{name}"] = value.clone()
        return False

    with reproducible(variant.seed):
        model = assembled(variant)
        if 0 in steps:
            after_step(0, 0.0)
        loss = self_regression_loss if variant.distance == "l1" else _squared_loss
        learn = (
            by_hand(model, variant)
            if variant.is_plain
            else by_torch(model, variant.tv_weight, loss)
        )
        optimize(model, variant, lambda: drawn(variant), learn, after_step)
    return states


def _squared_loss(output: Tensor, target: Tensor, tv_weight: float) -> Tensor:
    """Mean squared distance in the place of the mean absolute one."""
    return (output - target).square().mean() + tv_weight * total_variation(output)


def _sources() -> list[Path]:
    """List the files that training depends on."""
    from noiser.model.training import config, gradient, losses, noise, self_regression

    files = (
        gradient.__file__,
        self_regression.__file__,
        config.__file__,
        losses.__file__,
        noise.__file__,
    )
    return [HERE / "variants.py", HERE / "damage.py", *map(Path, files)]
