"""How a step learns: the loss and its gradient, by torch or worked out by hand.

Torch's convolutions are made for hundreds of channels and wait for most of a step at 3 and
16. Written as products of matrices, both convolutions and their gradients take less than
half of a step's time on a CPU; the numbers are the same but for rounding.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from noiser.model.training.config import TrainingConfig
from noiser.model.training.losses import self_regression_gradient, self_regression_loss

Learn = Callable[[Tensor, Tensor], Tensor]
"""Takes an input and a target, float32 [B,3,H,W] in [-1, 1]; adds to the parameters' gradients
and returns the loss, float32 []."""


def by_torch(
    model: nn.Module,
    tv_weight: float,
    loss_of: Callable[[Tensor, Tensor, float], Tensor] = self_regression_loss,
) -> Learn:
    """Learn with any model and loss: torch finds the gradient.

    Args:
        model: From input to output.
        tv_weight: Weight of the total variation.
        loss_of: Takes output, target and that weight.
    """

    def learn(given: Tensor, target: Tensor) -> Tensor:
        loss = loss_of(model(given), target, tv_weight)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    return learn


def by_hand(model: nn.Sequential, config: TrainingConfig) -> Learn:
    r"""Learn with the model of `build` and self-regression's loss.

    With `p` the 27 values under the first kernel and `q` those of the second at one place,
    columns of matrices for all of them,

    .. math::
        h = W_1 p, \quad n = (h - \bar{h}) \, r, \quad r = 1 / \sqrt{\mathrm{var}\,h + \epsilon},
        \quad x = \tanh(W_2 \, q(\mathrm{GELU}(n)) + b_2)

    and backwards, g the gradient of n: :math:`r (g - \bar{g} - n\,\overline{g n}) \, p^T` is
    that of the first weights. The first bias has none: the normalization takes it away.

    Args:
        model: Changed in its gradients only.
        config: Its padding, eps and weight of the total variation.
    """
    first, _, second, bias = model.parameters()
    mode: Literal["constant", "replicate"]
    mode = "constant" if config.padding == "zero" else "replicate"

    @torch.no_grad()
    def learn(given: Tensor, target: Tensor) -> Tensor:
        batch, _, height, width = given.shape
        under_first = taps(functional.pad(given, (1, 1, 1, 1), mode))
        hidden = first.flatten(1).expand(batch, -1, -1).bmm(under_first)
        scale = _normalize(hidden, config.eps)
        active = functional.gelu(hidden).view(batch, -1, height, width)
        padded = functional.pad(active, (1, 1, 1, 1), mode).flatten(2)

        weights = second.permute(0, 2, 3, 1).flatten(0, 2).expand(batch, -1, -1)
        shares = weights.bmm(padded).view(batch, 3, 3, 3, height + 2, width + 2)
        output = _gathered(shares).add_(bias[:, None, None]).tanh_()

        at_output = self_regression_gradient(output, target, config.tv_weight)
        at_output.mul_(1 - output * output)
        _add(bias, at_output.sum((0, 2, 3)))
        # The place that a tap reads at +1 hears from the output at -1: the taps turn round.
        at_shares = taps(functional.pad(at_output, (2, 2, 2, 2)))
        turned = second.flip(2, 3).permute(1, 0, 2, 3).flatten(1).expand(batch, -1, -1)
        at_second = at_shares.bmm(padded.mT).sum(0).view(3, 3, 3, -1)
        _add(second, at_second.flip(1, 2).permute(0, 3, 1, 2))

        at_padded = turned.bmm(at_shares).view(batch, -1, height + 2, width + 2)
        at_active = _unpadded(at_padded, mode).flatten(2)
        at_hidden = torch.ops.aten.gelu_backward(at_active, hidden)
        at_hidden -= at_hidden.mean(2, keepdim=True)
        at_hidden -= hidden * (at_hidden * hidden).mean(2, keepdim=True)
        at_hidden *= scale
        at_first = under_first.bmm(at_hidden.mT).sum(0).T
        _add(first, at_first.view_as(first))
        return self_regression_loss(output, target, config.tv_weight)

    return learn


def _add(parameter: Tensor, gradient: Tensor) -> None:
    """Add to a parameter's gradient, as torch does."""
    parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)


def taps(padded: Tensor) -> Tensor:
    """Lay the nine values under a 3x3 kernel in rows.

    Args:
        padded: float32 [B,C,H,W].

    Returns:
        float32 [B,9C,(H-2)(W-2)]: channel by channel, row by row of the kernel.

    Example:
        >>> taps(torch.arange(12.0).view(1, 1, 3, 4))[0, :, 1].tolist()
        [1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 9.0, 10.0, 11.0]
    """
    _, _, height, width = padded.shape
    windows = padded.unfold(2, height - 2, 1).unfold(3, width - 2, 1)
    return windows.flatten(4).flatten(1, 3)


def _normalize(hidden: Tensor, eps: float) -> Tensor:
    """Normalize float32 [B,K,N] in place; return what it was multiplied with, [B,K,1]."""
    hidden -= hidden.mean(2, keepdim=True)
    energy = torch.linalg.vector_norm(hidden, dim=2, keepdim=True).square()
    scale: Tensor = (energy / hidden.shape[2] + eps).rsqrt()
    hidden *= scale
    return scale


def _gathered(shares: Tensor) -> Tensor:
    """Add what each of nine taps gives, [B,C,3,3,H+2,W+2], each from its side: [B,C,H,W]."""
    height, width = shares.shape[4] - 2, shares.shape[5] - 2
    total = shares[:, :, 0, 0, :height, :width].clone()
    for tap in range(1, 9):
        row, column = divmod(tap, 3)
        total += shares[:, :, row, column, row : row + height, column : column + width]
    return total


def _unpadded(gradient: Tensor, mode: Literal["constant", "replicate"]) -> Tensor:
    """Give the gradient before a padding by 1; a replicated border's goes to its source."""
    if mode == "replicate":
        for side in (gradient, gradient.mT):
            side[..., 1, :] += side[..., 0, :]
            side[..., -2, :] += side[..., -1, :]
    return gradient[..., 1:-1, 1:-1]
