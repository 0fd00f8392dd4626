"""When to stop training, judged by noise alone: no image is needed.

The paper stops early by eye, because metrics and looks part ways, and names an unsupervised
criterion as future work. Ours asks two things of the network every 100 steps, both of noise:

- Of held-out noise images, how much *contrast* it keeps (the slope of output on input) and
  how *rough* its output is (total variation). Training first smooths, then sells smoothness
  for contrast.
- Of darkened *scenes*, noise whose spectrum falls as 1/f like that of photographs, how near
  it comes to the scenes before they were darkened [dB].

The score is `scene PSNR + 20 log10(contrast / roughness)` [dB], averaged over 500 steps. Its
highest point lies within 0.15 dB of the best step in hindsight: `noiser experiment
early_stopping` measures it, beside simpler criteria.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor, nn

from noiser.model.training.config import TrainingConfig
from noiser.model.training.losses import total_variation
from noiser.model.training.noise import noise_images

INTERVAL = 100
"""Steps between two looks at the network."""

WINDOW = 5
"""Scores averaged around the one that is judged: single ones jitter by up to 0.13 dB."""

PATIENCE = 1000
"""Steps without a new highest score after which training ends."""

SCENES, SCENE_SIZE = 4, 256
"""Scenes, and their side [pixels]; the border's share is that of a small photograph."""

SCENE_MEAN, SCENE_STD = 0.45, 0.22
"""Level and deviation of the scenes before they are darkened [share of the full range]."""

SCENE_CORRELATION = 0.9
"""Correlation of the scenes' channels: photographs are mostly gray."""

DARKNESS = 0.15
"""What the scenes are multiplied with."""

PROBE_SEED = 2211_04700
"""Seed of the held-out noise and of the scenes, whatever the training's: the paper's number."""


@dataclass(frozen=True)
class Probe:
    """What a network makes of the held-out noise and of the scenes."""

    contrast: float
    """Slope of the output on the noise: 1 keeps it all."""

    roughness: float
    """Total variation of the output on the noise, squared units of [-1, 1]."""

    scene_psnr: float
    """PSNR of the darkened scenes' outputs against the scenes [dB]."""

    @property
    def score(self) -> float:
        """Weigh the three [dB]."""
        kept = max(self.contrast, 1e-6) / max(self.roughness, 1e-12)
        return self.scene_psnr + 20.0 * math.log10(kept)


class Prober:
    """Held-out noise and scenes, drawn once: a network goes in, a `Probe` comes out."""

    def __init__(self, config: TrainingConfig) -> None:
        generator = torch.Generator().manual_seed(PROBE_SEED)
        self.noise = noise_images(config, 4, generator)
        self.scenes = scenes(generator)
        dark = torch.round(self.scenes * DARKNESS * 255.0) / 255.0
        self.dark = dark * 2.0 - 1.0

    def __call__(self, model: nn.Module) -> Probe:
        """Ask a network."""
        device = next(model.parameters()).device
        with torch.no_grad():
            output = model(self.noise.to(device)).cpu()
            enhanced = (model(self.dark.to(device)).cpu() + 1.0) / 2.0
        error = (enhanced - self.scenes).square().mean((1, 2, 3))
        return Probe(
            contrast=((output * self.noise).mean() / self.noise.square().mean()).item(),
            roughness=total_variation(output).item(),
            scene_psnr=(-10.0 * torch.log10(error)).mean().item(),
        )


def scenes(generator: torch.Generator) -> Tensor:
    """Draw scenes of noise whose amplitude falls as 1/f: float32 [B,3,H,W] in [0, 1]."""
    size = SCENE_SIZE
    rows, columns = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None]
    frequency = torch.sqrt(rows * rows + columns * columns)
    frequency[0, 0] = math.inf  # the mean is set below

    def plane(count: int) -> Tensor:
        white = torch.randn(SCENES, count, size, size, generator=generator)
        pink = torch.fft.irfft2(torch.fft.rfft2(white) / frequency, s=(size, size))
        scaled: Tensor = pink / pink.std((2, 3), keepdim=True)
        return scaled

    common, own = plane(1), plane(3)
    mixed = math.sqrt(SCENE_CORRELATION) * common + math.sqrt(1 - SCENE_CORRELATION) * own
    return (SCENE_MEAN + SCENE_STD * mixed).clamp(0.0, 1.0)


def highest(scores: Mapping[int, float]) -> int:
    """Find the step whose score, averaged with its neighbours', is highest.

    Args:
        scores: Score by step, in order.

    Returns:
        The step; the earliest of equals.
    """
    steps, values = list(scores), list(scores.values())
    half = WINDOW // 2
    smooth = [fmean(values[max(0, i - half) : i + half + 1]) for i in range(len(values))]
    return steps[smooth.index(max(smooth))]


class AutoStop:
    """Watches a training run and keeps the network of the highest score."""

    def __init__(self, config: TrainingConfig) -> None:
        self._prober = Prober(config)
        self._scores: dict[int, float] = {}
        self._states: dict[int, dict[str, Tensor]] = {}
        self._last = config.iterations

    def is_over(self, step: int, model: nn.Module) -> bool:
        """Look at the network now and then; true when it has not been better for long."""
        if step % INTERVAL and step != self._last:
            return False
        self._scores[step] = self._prober(model).score
        self._states[step] = {k: v.clone() for k, v in model.state_dict().items()}
        return step >= self.best_step + PATIENCE

    @property
    def best_step(self) -> int:
        """Step of the highest score so far."""
        return highest(self._scores)

    def restore(self, model: nn.Module) -> None:
        """Give the network the weights of the highest score."""
        model.load_state_dict(self._states[self.best_step])
