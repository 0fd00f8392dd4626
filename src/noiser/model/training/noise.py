"""The noise: all that a network ever sees in training."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from noiser.model.training.config import TrainingConfig


def noise_images(
    config: TrainingConfig, count: int, generator: torch.Generator | None = None
) -> Tensor:
    """Draw noise images by a recipe.

    A share of what the channels have is common to all, `sqrt(c) common + sqrt(1 - c) own`.

    Args:
        config: Deviation, mean, spectrum, correlation and size of the noise.
        count: Images.
        generator: What to draw from; by default torch's own.

    Returns:
        float32 [count,3,S,S] in [-1, 1], on the CPU: a seed means the same noise for every
        device.
    """
    if config.correlation == 0:
        noise = _planes(config, count, 3, generator)
    else:
        common = _planes(config, count, 1, generator)
        own = _planes(config, count, 3, generator)
        noise = math.sqrt(config.correlation) * common + math.sqrt(1 - config.correlation) * own
    return (noise * config.noise_std + config.noise_mean).clamp(-1.0, 1.0)


def _planes(
    config: TrainingConfig, count: int, channels: int, generator: torch.Generator | None
) -> Tensor:
    """Draw independent channels of deviation 1 whose amplitude falls as 1/f^a."""
    size = config.image_size
    white = torch.randn(count, channels, size, size, generator=generator)
    if config.spectrum == 0:
        return white
    shaped = torch.fft.rfft2(white) * _amplitudes(size, config.spectrum)
    colored = torch.fft.irfft2(shaped, s=(size, size))
    scaled: Tensor = colored / colored.std((2, 3), keepdim=True)
    return scaled


@lru_cache(maxsize=8)
def _amplitudes(size: int, exponent: float) -> Tensor:
    """Keep what each step multiplies a square's frequencies with."""
    return spectrum(size).pow(-exponent)


def spectrum(size: int) -> Tensor:
    """Give the frequencies of a square's Fourier transform, the mean's as the slowest wave's.

    Args:
        size: Side of the square [pixels].

    Returns:
        float32 [S,S//2+1] above 0 [cycles a pixel].
    """
    rows, columns = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None]
    frequency = torch.sqrt(rows * rows + columns * columns)
    frequency[0, 0] = 1.0 / size
    return frequency
