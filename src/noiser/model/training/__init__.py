"""Training: a network from nothing but noise. Torch is imported only when it runs."""

from collections.abc import Callable

from noiser.core.errors import MissingExtraError
from noiser.model.network import Network
from noiser.model.training.config import PRESETS, TrainingConfig

__all__ = ["PRESETS", "TrainingConfig", "train"]


def train(
    config: TrainingConfig | None = None,
    *,
    device: str = "cpu",
    progress: Callable[[int, float], None] | None = None,
) -> Network:
    """Train a network on Gaussian noise by self-regression (arXiv 2211.04700, 2022).

    Args:
        config: The recipe; by default the paper's.
        device: A torch device, `cpu` or `cuda`.
        progress: Called after each step with the number of steps done and the loss.

    Returns:
        The network: pass it as `weights` to `Enhancer`, or write `network.to_bytes` of it.
        The same for the same recipe, torch build and kind of processor.

    Raises:
        MissingExtraError: Torch is not installed.
    """
    try:
        from noiser.model.training import self_regression
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingExtraError(
            "training needs torch, which is not installed: pip install 'noiser[train]'"
        ) from error
    return self_regression.train(config or TrainingConfig(), device=device, progress=progress)
