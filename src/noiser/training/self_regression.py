"""Self-regression on noise, in torch: the only place where the network learns."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from noiser.network import Network, shapes
from noiser.training.recipe import TrainingConfig
from noiser.version import __version__

Progress = Callable[[int, float], None]
"""Called after each step with the number of steps done and the loss."""


def build(config: TrainingConfig) -> nn.Sequential:
    """Stack the network from torch's own modules, with torch's own first weights."""
    mode: Literal["zeros", "replicate"] = "zeros" if config.padding == "zero" else "replicate"
    hidden = config.hidden_channels
    return nn.Sequential(
        nn.Conv2d(3, hidden, 3, padding=1, padding_mode=mode),
        nn.InstanceNorm2d(hidden, eps=config.eps, affine=False),
        nn.GELU(),
        nn.Conv2d(hidden, 3, 3, padding=1, padding_mode=mode),
        nn.Tanh(),
    )


def total_variation(image: Tensor) -> Tensor:
    r"""Mean squared difference between neighbouring pixels.

    .. math::
        \mathrm{TV}(x) = \frac{1}{BCHW}\left(
            \sum (x_{i+1,j} - x_{i,j})^2 + \sum (x_{i,j+1} - x_{i,j})^2\right)

    Both sums are divided by the number of values in the image. Zero-DCE's loss of the
    same name (2020) skips the channels in the divisor and doubles the result.

    Args:
        image: float32 [B,C,H,W] in [-1, 1].

    Returns:
        float32 []. Zero for a constant image.

    Example:
        >>> total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])).item()
        0.5
    """
    vertical = (image[..., 1:, :] - image[..., :-1, :]).square().sum()
    horizontal = (image[..., :, 1:] - image[..., :, :-1]).square().sum()
    return (vertical + horizontal) / image.numel()


def self_regression_loss(output: Tensor, noise: Tensor, tv_weight: float) -> Tensor:
    """Mean absolute distance to the noise itself, plus the weighted total variation."""
    return (output - noise).abs().mean() + tv_weight * total_variation(output)


def train(
    config: TrainingConfig, *, device: str = "cpu", progress: Progress | None = None
) -> Network:
    """Train a network on Gaussian noise.

    One thread on the CPU: the network is too small to share, and the sums of several
    threads would depend on their number. Torch's global state is left as it was.

    Args:
        config: The recipe.
        device: A torch device, `cpu` or `cuda`.
        progress: Called after each step with the steps done and the loss.

    Returns:
        The network; the same for the same recipe, torch build and kind of processor.
    """
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        with torch.random.fork_rng(), torch.enable_grad():
            return _train(config, torch.device(device), progress)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)


def _train(config: TrainingConfig, device: torch.device, progress: Progress | None) -> Network:
    """Run the optimizer with torch's state prepared."""
    torch.manual_seed(config.seed)
    model = build(config).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, betas=config.betas)
    shape = (config.batch_size, 3, config.image_size, config.image_size)
    for step in range(1, config.iterations + 1):
        # Drawn on the CPU: a seed means the same noise on every device.
        noise = torch.randn(shape) * config.noise_std + config.noise_mean
        noise = noise.clamp(-1.0, 1.0).to(device)
        loss = self_regression_loss(model(noise), noise, config.tv_weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if progress is not None:
            progress(step, loss.item())
    return _to_network(model, config, device)


def _to_network(model: nn.Sequential, config: TrainingConfig, device: torch.device) -> Network:
    """Take the arrays out of torch and say how they came about."""
    arrays = (p.detach().cpu().numpy().copy() for p in model.parameters())
    named = dict(zip(shapes(config.hidden_channels), arrays, strict=True))
    provenance = {
        "recipe": config.to_json(),
        "noiser": __version__,
        "torch": torch.__version__,
        "device": device.type,
    }
    return Network(**named, provenance=provenance)
