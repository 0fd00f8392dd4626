"""Whether what was brighter stays brighter: the lightness order error, LOE."""

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import ByteImage
from noiser.tools.quality.psnr_ssim import check_pair

SHORT_SIDE = 50
"""What the shorter side is sampled down to, or a little more [pixels]."""


def loe(output: ByteImage, low: ByteImage) -> float:
    r"""Lightness order error (Wang, Zheng, Hu, Li 2013) of an output against its dark input.

    .. math::
        \mathrm{LOE} = \frac{1}{N} \sum_{p} \sum_{q}
            \left[L(p) \ge L(q)\right] \oplus \left[L_e(p) \ge L_e(q)\right]

    over all ordered pairs of the N sampled pixels, where the lightness L of the input and
    :math:`L_e` of the output are the largest of red, green and blue. So it is the number of
    pixels to which a pixel changes its order, on average. It says nothing of a reference:
    any strictly rising curve of brightness has 0, and so has the input itself.

    The paper reduces both images to a shorter side of 50 pixels. As in its authors' published
    script, that is done by keeping one pixel of each square of `min(H, W) // 50` pixels, its
    last, at the same places in both; smaller images are taken whole. The script, of 2015,
    replaces each lightness by the largest within 7 pixels before that; this function follows
    the paper's definition and does not. LOE grows with N: compare it between equal sizes.

    Args:
        output: uint8 [H,W,3] in [0, 255], sRGB.
        low: uint8 [H,W,3] in [0, 255], sRGB. The dark input, not a reference.

    Returns:
        Number of pixels, lower is better; at least 0 and less than N.

    Raises:
        ValueError: The images differ in shape, or are not uint8 [H,W,3].

    Example:
        >>> ramp = np.arange(3, dtype=np.uint8)[:, None, None].repeat(3, axis=2)
        >>> loe(ramp * 80, ramp), loe(ramp[::-1], ramp)
        (0.0, 2.0)
    """
    check_pair(output, low, "low-light input")
    counts = np.zeros((256, 256), np.int64)
    np.add.at(counts, (_sampled_lightness(low), _sampled_lightness(output)), 1)
    # Lightness has 256 values, so pairs of pixels are counted by pairs of values: exact,
    # and as fast for any number of pixels. `below[i, j]` have at most i in the input and at
    # most j in the output; from (i, j) the order flips to those below in one image only.
    below = counts.cumsum(axis=0).cumsum(axis=1)
    flipped = below[:, -1:] + below[-1:, :] - 2 * below
    return float((counts * flipped).sum() / counts.sum())


def _sampled_lightness(image: ByteImage) -> NDArray[np.uint8]:
    """Take the lightness of one pixel in each square: uint8 [N]."""
    step = max(min(image.shape[:2]) // SHORT_SIDE, 1)
    lightness: NDArray[np.uint8] = image[step - 1 :: step, step - 1 :: step].max(axis=2).ravel()
    return lightness
