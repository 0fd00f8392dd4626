"""Fold: moments and weights become one local filter; the normalization is gone."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noiser.color import luma
from noiser.moments import TAPS, Moments
from noiser.network import Network
from noiser.types import Padding

HALO = 2
"""Pixels around a pixel that its output depends on: one for each convolution."""


DARKEST_MEAN = 10 / 255
"""Means below this count as this for the black point, or sensor noise would become speckles."""


@dataclass(frozen=True, eq=False)
class Folded:
    """The network with its normalization folded in: `tanh(second * GELU(first * x))`.

    The first convolution reads `x - center`. The center is near the image's mean and
    exact in every integer format, so single precision does not lose a dark picture's
    small contrasts in a large sum that cancels.
    """

    padding: Padding
    """What both convolutions see outside the image."""

    center: NDArray[np.int64]
    """int64 [3]: offset of each colour [1/255 in [-1, 1]]."""

    first_weight: NDArray[np.float64]
    """float64 [K,3,3,3]."""

    first_bias: NDArray[np.float64]
    """float64 [K]."""

    second_weight: NDArray[np.float64]
    """float64 [3,K,3,3]."""

    second_bias: NDArray[np.float64]
    """float64 [3]."""

    black: float
    """Luma that is darkened to about a half, in [0, 1]."""


def fold(
    network: Network,
    moments: Moments,
    *,
    eps: float = 1e-5,
    noise_floor: float = 0.0,
    contrast: float = 1.0,
    brightness: float = 0.0,
    black: float = 0.0,
) -> Folded:
    r"""Put the image's statistics into the network's weights.

    The first convolution is linear, so mean and variance of its output follow from the
    mean `m` and covariance `C` of the 27 values `p` under the kernel:

    .. math::
        h_k = \frac{w_k \cdot (p - m)}{\sqrt{w_k^\top C\, w_k + f_k}},
        \qquad f_k = \mathrm{eps} + (2\,\mathrm{noise\_floor})^2\, |w_k|^2

    (instance normalization: Ulyanov et al. 2016; the bias cancels). White noise of
    standard deviation `noise_floor` [share of the full range] would add exactly the
    second part of `f_k`: contrast below it is left small instead of being blown up.

    Contrast and brightness act before the tanh. There they multiply the exponent and
    the odds of a value, so they never clip and never reorder values.

    Args:
        network: The weights.
        moments: Of the image, or of all images that are to share one look.
        eps: Added to every variance, squared units of [-1, 1]; torch's and the paper's
            is 1e-5.
        noise_floor: Standard deviation of the noise to expect [share of the full range].
        contrast: Slope at mid-gray; 1 changes nothing.
        brightness: Where mid-gray goes in (-1, 1); 0 changes nothing.
        black: Luma that is darkened to about a half [share of the image's mean luma].

    Returns:
        The local filter.
    """
    mean, covariance = moments.mean(), moments.covariance()
    center = np.rint(mean.reshape(3, 9)[:, 4] * 255).astype(np.int64)
    offset = mean - np.repeat(center / 255, 9)
    kernels = network.first_weight.astype(np.float64).reshape(-1, TAPS)
    scale = _inverse_deviations(kernels, covariance, eps, noise_floor)
    shift = np.array([math.fsum(w * offset) for w in kernels])
    return Folded(
        padding=moments.padding,
        center=center,
        first_weight=(kernels * scale[:, None]).reshape(-1, 3, 3, 3),
        first_bias=-shift * scale,
        second_weight=network.second_weight.astype(np.float64) * contrast,
        second_bias=network.second_bias.astype(np.float64) * contrast + math.atanh(brightness),
        black=black * max(float(luma(*(mean.reshape(3, 9)[:, 4] + 1.0) / 2.0)), DARKEST_MEAN),
    )


def _inverse_deviations(
    kernels: NDArray[np.float64], covariance: NDArray[np.float64], eps: float, noise_floor: float
) -> NDArray[np.float64]:
    """Compute what instance normalization multiplies each hidden channel by: float64 [K]."""
    # math.fsum rounds once, whatever the order: a matrix product's last bits differ
    # between processors.
    return np.array(
        [
            1.0
            / math.sqrt(
                max(math.fsum((np.outer(w, w) * covariance).flat), 0.0)
                + eps
                + (2.0 * noise_floor) ** 2 * math.fsum(w * w)
            )
            for w in kernels
        ]
    )
