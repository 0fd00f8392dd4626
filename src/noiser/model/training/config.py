"""What a training run is made of: one frozen value, stored with the weights it gives."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Literal

from noiser.model.network import MAX_HIDDEN_CHANNELS


@dataclass(frozen=True)
class TrainingConfig:
    """A recipe for self-regression on noise; the defaults are the preset `paper`.

    NoiSER (arXiv 2211.04700, 2022): the noise image is input and target. The paper
    leaves the width and the deviation of the noise open; 16 channels and 3 are the
    values of a public reimplementation's noise and of "about 1K parameters".

    Raises:
        ValueError: A value is outside its range.
    """

    seed: int = 0
    """Seed of the first weights and of every noise image."""

    hidden_channels: int = 16
    """Width of the hidden layer [channels]: 883 parameters at 16."""

    iterations: int = 2000
    """Optimizer steps, each on fresh noise; at most so many when `stop` is `auto`."""

    stop: Literal["last", "auto"] = "last"
    """Which step's network to give: the last, or that of the highest score on noise alone.

    `auto` needs no image and may end training early; see `noiser.model.training.early_stopping`.
    """

    noise_std: float = 3.0
    """Standard deviation of the noise before it is clipped to [-1, 1]."""

    noise_mean: float = 0.0
    """Mean of the noise before it is clipped: the shift of MS-NoiSER."""

    spectrum: float = 0.0
    """Exponent a of the noise's amplitude, 1/f^a: 0 is white, 1 is like photographs."""

    correlation: float = 0.0
    """Correlation of the noise's channels in [0, 1]; those of photographs are mostly alike."""

    image_size: int = 104
    """Side of the square noise images [pixels]."""

    batch_size: int = 1
    """Noise images a step."""

    learning_rate: float = 2e-4
    """Adam's step size."""

    betas: tuple[float, float] = (0.5, 0.999)
    """Adam's decay rates."""

    tv_weight: float = 1.0
    """Weight of the total variation beside the L1 distance."""

    eps: float = 1e-5
    """Added to the variance by the instance normalization, squared units of [-1, 1]."""

    padding: Literal["zero", "replicate"] = "zero"
    """What both convolutions see outside the image; the paper's is zero."""

    def __post_init__(self) -> None:
        """Refuse values that cannot train."""
        positive = ("hidden_channels", "iterations", "image_size", "batch_size", "learning_rate")
        for name in (*positive, "noise_std", "eps"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")
        for name in ("learning_rate", "noise_std", "noise_mean", "tv_weight", "eps"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be a finite number")
        if self.hidden_channels > MAX_HIDDEN_CHANNELS:
            raise ValueError(
                f"hidden_channels is {self.hidden_channels}; "
                f"it must be at most {MAX_HIDDEN_CHANNELS}"
            )
        if self.image_size < 2:
            raise ValueError("image_size is 1; noise needs at least 2 pixels a side")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas are {self.betas}; both must be in [0, 1)")
        for name, allowed, text in (
            ("seed", 0 <= self.seed < 2**63, "from 0 to 2^63 - 1"),
            ("tv_weight", self.tv_weight >= 0, "at least 0"),
            ("spectrum", 0 <= self.spectrum <= 2, "from 0 to 2"),
            ("correlation", 0 <= self.correlation <= 1, "from 0 to 1"),
            ("padding", self.padding in ("zero", "replicate"), "'zero' or 'replicate'"),
            ("stop", self.stop in ("last", "auto"), "'last' or 'auto'"),
        ):
            if not allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be {text}")

    def to_json(self) -> str:
        """Write the recipe as one line of JSON, the same text for the same recipe."""
        return json.dumps(asdict(self), sort_keys=True)


PRESETS = {
    "paper": TrainingConfig(),
    "natural": TrainingConfig(
        hidden_channels=8, noise_std=0.7, spectrum=0.75, correlation=0.5, padding="replicate"
    ),
    "auto": TrainingConfig(stop="auto", iterations=6000),
}
"""Recipes by name: `paper` is PAPER's, as far as the paper says it; `natural` is that of the
look of the same name, half as wide, on noise with the statistics of photographs; `auto` stops
by itself."""
