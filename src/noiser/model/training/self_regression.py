"""Self-regression on noise, in torch: the only place where the network learns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from noiser.core.version import __version__
from noiser.model.network import Network, shapes
from noiser.model.training.config import TrainingConfig
from noiser.model.training.early_stopping import AutoStop
from noiser.model.training.gradient import Learn, by_hand, by_torch
from noiser.model.training.noise import noise_images

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


def train(
    config: TrainingConfig, *, device: str = "cpu", progress: Progress | None = None
) -> Network:
    """Train a network on Gaussian noise.

    Args:
        config: The recipe.
        device: A torch device, `cpu` or `cuda`.
        progress: Called after each step with the steps done and the loss.

    Returns:
        The network; the same for the same recipe, torch build and kind of processor.
    """
    with reproducible(config.seed):
        model = build(config).to(device)
        stopping = AutoStop(config) if config.stop == "auto" else None

        def after_step(step: int, loss: float) -> bool:
            if progress is not None:
                progress(step, loss)
            return stopping is not None and stopping.is_over(step, model)

        def draw() -> tuple[Tensor, Tensor]:
            noise = noise_images(config, config.batch_size).to(device)
            return noise, noise

        # On other devices a product of matrices need not be deterministic.
        on_cpu = torch.device(device).type == "cpu"
        learn = by_hand(model, config) if on_cpu else by_torch(model, config.tv_weight)
        optimize(model, config, draw, learn, after_step)
        if stopping is not None:
            stopping.restore(model)
        return to_network(model, config, device)


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seed torch and make its sums ordered; its global state is left as it was.

    One thread on the CPU: the network is too small to share, and the sums of several
    threads would depend on their number. Deterministic algorithms would also fill all new
    memory with NaN, which finds faults and changes no result: it takes 6 % of a step.
    """
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    try:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        with torch.random.fork_rng(), torch.enable_grad():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
        torch.utils.deterministic.fill_uninitialized_memory = filling  # type: ignore[attr-defined]


def optimize(
    model: nn.Module,
    config: TrainingConfig,
    draw: Callable[[], tuple[Tensor, Tensor]],
    learn: Learn,
    after_step: Callable[[int, float], bool],
) -> None:
    """Run Adam over what `draw` gives, until the iterations are over or `after_step` says so.

    Args:
        model: Trained in place.
        config: Iterations, learning rate and betas.
        draw: Gives an input and a target, float32 [B,3,H,W] in [-1, 1]; in self-regression
            they are the same.
        learn: Finds the gradient for what was drawn; see `noiser.model.training.gradient`.
        after_step: Called with the number of steps done and the loss; true ends the training.
    """
    _keep_freed_memory()
    flat = _flattened(model)
    optimizer = torch.optim.Adam([flat], lr=config.learning_rate, betas=config.betas)
    for step in range(1, config.iterations + 1):
        optimizer.zero_grad(set_to_none=False)
        loss = learn(*draw())
        optimizer.step()
        if after_step(step, loss.item()):
            break


def _keep_freed_memory() -> None:
    """Let the C library keep what a step frees for the next one.

    glibc gives memory back above twice the largest block that was ever mapped and freed, of
    up to 32 MiB. That was after each step: the next had 400 to 1,400 pages to fault in, a
    third of its time (virtual machine, EPYC, November 2026). The block freed here is never
    touched and costs nothing.
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def _flattened(model: nn.Module) -> Tensor:
    """Lay a model's parameters and their gradients end to end; the model's become views.

    Adam works on each number alone: one long tensor gives the same bits as several short
    ones, and costs their calls once.
    """
    parameters = list(model.parameters())
    flat = parameters_to_vector(parameters).detach()
    vector_to_parameters(flat, parameters)
    flat.grad = torch.zeros_like(flat)
    gradients = torch.split(flat.grad, [parameter.numel() for parameter in parameters])
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.view_as(parameter)
    return flat


def to_network(model: nn.Module, config: TrainingConfig, device: str) -> Network:
    """Take the arrays out of torch and say how they came about."""
    arrays = (p.detach().cpu().numpy().copy() for p in model.parameters())
    named = dict(zip(shapes(config.hidden_channels), arrays, strict=True))
    provenance = {
        "recipe": config.to_json(),
        "noiser": __version__,
        "torch": torch.__version__,
        "device": torch.device(device).type,
    }
    return Network(**named, provenance=provenance)
