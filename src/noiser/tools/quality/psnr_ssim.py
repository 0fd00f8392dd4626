"""How near an output is to its reference: PSNR, SSIM, and PSNR at the same mean."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from noiser.core.color import LUMA
from noiser.core.types import ByteImage, Plane

PEAK = 255.0
"""Data range of 8-bit images."""

GAUSSIAN_RADIUS = 5
"""3.5 standard deviations of 1.5 pixels, rounded: an 11 x 11 window [pixels]."""

UNIFORM_SIZE = 7
"""Side of the uniform window [pixels]."""


def psnr(output: ByteImage, reference: ByteImage) -> float:
    r"""Peak signal-to-noise ratio over all values.

    .. math:: 10 \log_{10} \frac{255^2}{\mathrm{mean}((x - y)^2)}

    Args:
        output: uint8 [H,W,3] in [0, 255], sRGB.
        reference: uint8 [H,W,3] in [0, 255], sRGB.

    Returns:
        Ratio [dB], higher is better; infinite for equal images.

    Raises:
        ValueError: The images differ in shape, or are not uint8 [H,W,3].

    Example:
        >>> black = np.zeros((8, 8, 3), np.uint8)
        >>> round(psnr(black, black + 255), 6), psnr(black, black)
        (0.0, inf)
    """
    check_pair(output, reference)
    return _psnr(output.astype(np.float64), reference.astype(np.float64))


def gt_mean_psnr(output: ByteImage, reference: ByteImage) -> float:
    """PSNR after scaling the output to the reference's mean luma.

    It forgives a wrong global brightness, so it flatters: plain gamma correction beats
    most methods under it. Report it beside PSNR, never instead.

    Args:
        output: uint8 [H,W,3] in [0, 255], sRGB.
        reference: uint8 [H,W,3] in [0, 255], sRGB.

    Returns:
        Ratio [dB], higher is better.

    Raises:
        ValueError: The images differ in shape, or are not uint8 [H,W,3].
    """
    check_pair(output, reference)
    mean = float((output.reshape(-1, 3) @ np.array(LUMA)).mean())
    wanted = float((reference.reshape(-1, 3) @ np.array(LUMA)).mean())
    scaled = np.clip(output * (wanted / mean), 0, PEAK) if mean else output.astype(np.float64)
    return _psnr(scaled, reference.astype(np.float64))


def ssim(
    output: ByteImage,
    reference: ByteImage,
    window: Literal["gaussian", "uniform"] = "gaussian",
) -> float:
    """Structural similarity (Wang et al. 2004), mean over positions and channels.

    `gaussian` is the paper's own window: 11 x 11, deviation 1.5, population covariance.
    `uniform` is the 7 x 7 window with sample covariance that many papers report. Only
    windows that lie inside the image count.

    Args:
        output: uint8 [H,W,3] in [0, 255], sRGB.
        reference: uint8 [H,W,3] in [0, 255], sRGB.
        window: `gaussian` or `uniform`.

    Returns:
        Similarity in [-1, 1], higher is better.

    Raises:
        ValueError: The images differ in shape, are not uint8 [H,W,3], or are smaller
            than the window.

    Example:
        >>> ramp = np.tile(np.arange(16, dtype=np.uint8)[:, None], (1, 16, 3)).reshape(16, 16, 3)
        >>> ssim(ramp, ramp)
        1.0
    """
    check_pair(output, reference)
    if window == "gaussian":
        offsets = np.arange(-GAUSSIAN_RADIUS, GAUSSIAN_RADIUS + 1)
        taps = np.exp(-0.5 * (offsets / 1.5) ** 2)
        taps /= taps.sum()
        unbiased = 1.0
    elif window == "uniform":
        taps = np.full(UNIFORM_SIZE, 1.0 / UNIFORM_SIZE)
        unbiased = UNIFORM_SIZE**2 / (UNIFORM_SIZE**2 - 1.0)
    else:
        raise ValueError(f"window is {window!r}; it must be 'gaussian' or 'uniform'")
    if min(output.shape[:2]) < taps.size:
        raise ValueError(
            f"the image is {output.shape[1]} x {output.shape[0]}; "
            f"this SSIM needs at least {taps.size} pixels a side"
        )
    mean = partial(smooth, taps=taps)
    channels = [
        _ssim_map(
            output[..., c].astype(np.float64), reference[..., c].astype(np.float64), mean, unbiased
        ).mean()
        for c in range(3)
    ]
    return float(np.mean(channels))


def check_image(image: ByteImage, name: str) -> None:
    """Refuse what is not an 8-bit RGB image.

    Raises:
        ValueError: The image, called `name`, is not uint8 [H,W,3].
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"the {name} is {image.dtype} {list(image.shape)}; metrics need uint8 [H,W,3]"
        )


def check_pair(output: ByteImage, other: ByteImage, name: str = "reference") -> None:
    """Refuse pairs that cannot be compared.

    Raises:
        ValueError: One is not uint8 [H,W,3], or the output and the other image, called
            `name`, differ in size.
    """
    check_image(output, "output")
    check_image(other, name)
    if output.shape != other.shape:
        raise ValueError(
            f"the output is {output.shape[1]} x {output.shape[0]}, "
            f"the {name} {other.shape[1]} x {other.shape[0]}; sizes must be equal"
        )


def smooth(plane: Plane, taps: Plane) -> Plane:
    """Weigh a separable window at every position where it fits.

    Args:
        plane: float64 [H,W].
        taps: float64 [n], used down the columns and along the rows.

    Returns:
        float64 [H-n+1,W-n+1].

    Example:
        >>> smooth(np.eye(2), np.array([0.5, 0.5])).tolist()
        [[0.5]]
    """
    n = taps.size
    height, width = plane.shape[0] - n + 1, plane.shape[1] - n + 1
    rows = np.zeros((height, plane.shape[1]))
    for i, tap in enumerate(taps):
        rows += tap * plane[i : i + height]
    smoothed = np.zeros((height, width))
    for i, tap in enumerate(taps):
        smoothed += tap * rows[:, i : i + width]
    return smoothed


def _psnr(output: Plane, reference: Plane) -> float:
    """Compute the ratio from floats."""
    error = float(((output - reference) ** 2).mean())
    return float("inf") if error == 0 else float(10 * np.log10(PEAK**2 / error))


def _ssim_map(x: Plane, y: Plane, mean: Callable[[Plane], Plane], unbiased: float) -> Plane:
    """SSIM at every position of one channel (equation 13 of Wang et al. 2004)."""
    c1, c2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
    mx, my = mean(x), mean(y)
    vx = unbiased * (mean(x * x) - mx * mx)
    vy = unbiased * (mean(y * y) - my * my)
    vxy = unbiased * (mean(x * y) - mx * my)
    return ((2 * mx * my + c1) * (2 * vxy + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))
