"""The two fastest learned peers, as their papers describe them, with random weights.

Only their time is of interest here, and it does not depend on the weights. Written from the
papers; no line of their authors' code.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

CURVES = 8
"""Times that Zero-DCE applies its curve."""

DOWNSCALING = 12
"""By which Zero-DCE++ shrinks what its network sees."""

DARKEST = 1e-4
"""Least illumination that SCI divides by."""


class ZeroDcePlusPlus(nn.Module):
    r"""Zero-DCE++ (Li, Guo and Loy 2021, arXiv 2103.00860): a curve for each value.

    Seven depthwise separable convolutions estimate, on a picture 12 times smaller, how far
    each value is to be bent; the map is enlarged and used eight times:

    .. math::
        x \leftarrow x + a\,x\,(1 - x)

    Later layers read earlier ones too: the fifth the third, the sixth the second, the last the
    first. 10,561 parameters.
    """

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        widths = [3, channels, channels, channels, 2 * channels, 2 * channels]
        self.layers = nn.ModuleList(_separable(width, channels) for width in widths)
        self.last = _separable(2 * channels, 3)

    def forward(self, low: Tensor) -> Tensor:
        """Enhance float32 [B,3,H,W] in [0, 1], sRGB, to the same."""
        curves = functional.interpolate(
            self.curves(functional.interpolate(low, self.small(low), mode="bilinear")),
            low.shape[2:],
            mode="bilinear",
        )
        return bent(low, curves)

    def small(self, low: Tensor) -> tuple[int, int]:
        """Give the height and width that the network sees [pixels]."""
        return max(low.shape[2] // DOWNSCALING, 1), max(low.shape[3] // DOWNSCALING, 1)

    def curves(self, small: Tensor) -> Tensor:
        """Estimate how far to bend each value: float32 [B,3,H,W] in [-1, 1]."""
        found = [small]
        for layer in self.layers:
            skipped = {4: 3, 5: 2}.get(len(found) - 1)
            given = found[-1] if skipped is None else torch.cat((found[skipped], found[-1]), 1)
            found.append(torch.relu(layer(given)))
        return torch.tanh(self.last(torch.cat((found[1], found[-1]), 1)))


def bent(low: Tensor, curves: Tensor) -> Tensor:
    """Apply a curve of strength float32 [B,3,H,W] in [-1, 1] eight times to values in [0, 1]."""
    for _ in range(CURVES):
        low = torch.addcmul(low, curves, low - low * low)
    return low


def _separable(given: int, wanted: int) -> nn.Sequential:
    """Convolve each channel by itself, then mix the channels."""
    return nn.Sequential(
        nn.Conv2d(given, given, 3, padding=1, groups=given), nn.Conv2d(given, wanted, 1)
    )


class SelfCalibratedIllumination(nn.Module):
    r"""SCI (Ma et al. 2022, arXiv 2204.10137) as it enhances: one block, then a division.

    The block adds an estimate to the picture to get the light that fell on it; calibration and
    the further stages are only for training.

    .. math::
        y = x / (x + u(x))

    All layers have three channels. 258 parameters, six of them batch normalization's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())
        self.block = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())
        self.last = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, low: Tensor) -> Tensor:
        """Enhance float32 [B,3,H,W] in [0, 1], sRGB, to the same."""
        features = self.first(low)
        light = low + self.last(features + self.block(features))
        enhanced: Tensor = (low / light.clamp(DARKEST, 1.0)).clamp(0.0, 1.0)
        return enhanced
