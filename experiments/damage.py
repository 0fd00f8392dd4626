"""Degradations made of random numbers: sensor noise, rain streaks and blur, for torch."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

NOISE_STD = 0.1
"""Deviation of the sensor noise [share of the full range]: strong, as at high ISO."""

STREAKS = 0.004
"""Share of the pixels at which a rain streak begins."""

STREAK_LENGTH = 9
"""Length of a streak [pixels]: longer than the network's 5x5 receptive field."""

STREAK_LIGHT = 0.35
"""Light that a streak adds [share of the full range]."""

BLUR_STD = 1.0
"""Deviation of the Gaussian blur [pixels]."""


def noise(image: Tensor) -> Tensor:
    """Add sensor noise to float32 [B,3,H,W] in [-1, 1]."""
    return (image + 2 * NOISE_STD * torch.randn(image.shape)).clamp(-1, 1)


def rain(image: Tensor) -> Tensor:
    """Add slanted bright streaks, the same in the three channels."""
    batch, _, height, width = image.shape
    seeds = (torch.rand(batch, 1, height, width) < STREAKS).float()
    kernel = torch.zeros(1, 1, STREAK_LENGTH, STREAK_LENGTH)
    for row in range(STREAK_LENGTH):
        kernel[0, 0, row, STREAK_LENGTH // 2 + (row - STREAK_LENGTH // 2) // 3] = 1.0
    streaks = functional.conv2d(seeds, kernel, padding=STREAK_LENGTH // 2).clamp(0, 1)
    return (image + 2 * STREAK_LIGHT * streaks).clamp(-1, 1)


def blur(image: Tensor) -> Tensor:
    """Blur with a Gaussian; borders are replicated."""
    offsets = torch.arange(-3, 4, dtype=torch.float32)
    taps = torch.exp(-0.5 * (offsets / BLUR_STD) ** 2)
    taps = taps / taps.sum()
    kernel = (taps[:, None] * taps[None]).expand(3, 1, 7, 7)
    return functional.conv2d(functional.pad(image, (3, 3, 3, 3), "replicate"), kernel, groups=3)


def exposure(image: Tensor) -> Tensor:
    """Take light away, up to 19 parts of 20: a darker picture of the same thing."""
    light = 10.0 ** (-1.3 * torch.rand(()))
    return (image + 1.0) * light - 1.0


KINDS: dict[str, Callable[[Tensor], Tensor]] = {"noise": noise, "rain": rain, "blur": blur}
"""The degradations by name."""
