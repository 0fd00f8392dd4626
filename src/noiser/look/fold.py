"""Fold: moments and weights become one local filter; the normalization is gone."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import LUMA, luma
from noiser.core.types import Padding
from noiser.model.network import Network
from noiser.statistics.moments import TAPS, UPPER, Moments

NETWORK_HALO = 2
"""Pixels around a pixel that the network's output depends on: one for each convolution."""


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

    chroma: float = 1.0
    """Share of chroma that passes through. At 0 all colours go in and come out as their luma."""

    @property
    def colors(self) -> int:
        """How many differ, of those that go in and of those that come out: 3, or luma alone."""
        return 3 if self.chroma else 1

    @property
    def multiply_adds(self) -> int:
        """What both convolutions need for each pixel."""
        return 2 * 9 * self.colors * self.first_bias.size

    def turned(self, contrast: float, shift: float) -> "Folded":
        """Turn contrast and brightness: the tanh of `contrast * z + shift` in that of `z`'s place.

        There they multiply the exponent and the odds of a value, so they never clip and
        never reorder values.
        """
        return replace(
            self,
            second_weight=self.second_weight * contrast,
            second_bias=self.second_bias * contrast + shift,
        )


def fold(
    network: Network,
    moments: Moments,
    *,
    eps: float = 1e-5,
    noise_floor: float = 0.0,
    chroma: float = 1.0,
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

    Args:
        network: The weights.
        moments: Of the image, or of all images that are to share one look.
        eps: Added to every variance, squared units of [-1, 1]; torch's and the paper's
            is 1e-5.
        noise_floor: Standard deviation of the noise to expect [share of the full range].
        chroma: Share of the chroma that the network sees, and that it gives back, in [0, 1].

    Returns:
        The local filter.
    """
    mean, covariance = moments.mean(), moments.covariance()
    center = np.rint(mean.reshape(3, 9)[:, 4] * 255).astype(np.int64)
    offset = mean - np.repeat(center / 255, 9)
    first, second, second_bias = weights_for(network, chroma)
    kernels = first.reshape(-1, TAPS)
    scale = _inverse_deviations(kernels, covariance, eps, noise_floor)
    shift = in_order(kernels * offset)
    return Folded(
        padding=moments.padding,
        center=center,
        first_weight=(kernels * scale[:, None]).reshape(-1, 3, 3, 3),
        first_bias=-shift * scale,
        second_weight=second,
        second_bias=second_bias,
        chroma=chroma,
    )


@lru_cache(maxsize=8)
def weights_for(network: Network, chroma: float) -> tuple[NDArray[np.float64], ...]:
    """Put the fading of chroma, before the network and after it, into its weights.

    Chroma is what a colour differs from its luma by. Fading it is linear, so that it costs
    nothing; and without any, the three colours that go in are one, as are those that come out.

    Args:
        network: The weights.
        chroma: Share that is left, in [0, 1]; 1 changes nothing.

    Returns:
        First weight, second weight and second bias, float64.
    """
    first = network.first_weight.astype(np.float64)
    second = network.second_weight.astype(np.float64)
    bias = network.second_bias.astype(np.float64)
    if chroma == 1.0:
        return first, second, bias
    of_gray = first[:, 0] + first[:, 1] + first[:, 2]
    seen = [chroma * first[:, c] + (1.0 - chroma) * LUMA[c] * of_gray for c in range(3)]
    given = [
        chroma * values + (1.0 - chroma) * luma(values[0], values[1], values[2])
        for values in (second, bias)
    ]
    return np.stack(seen, 1), given[0], given[1]


def _inverse_deviations(
    kernels: NDArray[np.float64], covariance: NDArray[np.float64], eps: float, noise_floor: float
) -> NDArray[np.float64]:
    """Compute what instance normalization multiplies each hidden channel by: float64 [K]."""
    # Off the diagonal each term stands for two that are equal.
    rows, columns = UPPER
    twice = np.where(rows == columns, 1.0, 2.0) * covariance[UPPER]
    variance = in_order(kernels[:, rows] * kernels[:, columns] * twice)
    floor = eps + (2.0 * noise_floor) ** 2 * in_order(kernels * kernels)
    return np.asarray(1.0 / np.sqrt(np.maximum(variance, 0.0) + floor))


def in_order(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up along the last axis, one after the other.

    A matrix product, or a sum whose order is left open, differs in its last bits between
    processors.
    """
    return np.asarray(np.cumsum(terms, -1)[..., -1], np.float64)
