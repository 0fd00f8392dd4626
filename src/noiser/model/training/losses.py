"""What training minimizes: the distance to the noise itself, and total variation."""

from torch import Tensor


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
        >>> import torch
        >>> total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])).item()
        0.5
    """
    vertical = (image[..., 1:, :] - image[..., :-1, :]).square().sum()
    horizontal = (image[..., :, 1:] - image[..., :, :-1]).square().sum()
    return (vertical + horizontal) / image.numel()


def self_regression_loss(output: Tensor, noise: Tensor, tv_weight: float) -> Tensor:
    """Mean absolute distance to the noise itself, plus the weighted total variation."""
    return (output - noise).abs().mean() + tv_weight * total_variation(output)


def self_regression_gradient(output: Tensor, noise: Tensor, tv_weight: float) -> Tensor:
    """Give the gradient of `self_regression_loss` at the output, of its shape.

    The sign of the distance, and twice the weighted difference to each neighbour, over the
    number of values.
    """
    gradient = (output - noise).sign_()
    vertical = output[..., 1:, :] - output[..., :-1, :]
    gradient[..., 1:, :].add_(vertical, alpha=2 * tv_weight)
    gradient[..., :-1, :].sub_(vertical, alpha=2 * tv_weight)
    horizontal = output[..., :, 1:] - output[..., :, :-1]
    gradient[..., :, 1:].add_(horizontal, alpha=2 * tv_weight)
    gradient[..., :, :-1].sub_(horizontal, alpha=2 * tv_weight)
    return gradient.div_(output.numel())
