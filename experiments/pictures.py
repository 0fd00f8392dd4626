"""Pictures, scores and the scale of both: what cells read and what they report."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from experiments.lab import DATA
from noiser.core.color import LUMA
from noiser.core.types import ByteImage, Plane
from noiser.tools.quality import gt_mean_psnr, psnr, ssim

Pair = tuple[ByteImage, ByteImage]
"""A dark picture and its reference, uint8 [H,W,3]."""

EVAL, DEV = "eval15", "dev40_256px"
"""LOL-v1's test pairs, and the training pairs by which things are chosen."""


@cache
def pairs(name: str, limit: int | None = None) -> tuple[Pair, ...]:
    """Read the pairs of LOL-v1's folder `eval15` or `dev40_256px`."""
    lows = sorted((DATA / "lol-v1" / name / "low").iterdir())[:limit]
    return tuple((read(low), read(low.parents[1] / "high" / low.name)) for low in lows)


@cache
def singles(name: str, limit: int | None = None) -> dict[str, ByteImage]:
    """Read a folder of pictures without references, by file name."""
    paths = sorted(p for p in (DATA / name).iterdir() if p.suffix.lower() in SUFFIXES)
    return {path.name: read(path) for path in paths[:limit]}


SUFFIXES = (".bmp", ".jpg", ".jpeg", ".png")
"""Files of the data folders that are pictures."""


def read(path: Path) -> ByteImage:
    """Read uint8 [H,W,3]."""
    return np.asarray(Image.open(path).convert("RGB"))


def scores(enhance: Callable[[ByteImage], ByteImage], images: tuple[Pair, ...]) -> dict[str, float]:
    """Enhance the dark half of each pair and give the mean of the metrics of PAPER's protocol.

    Args:
        enhance: uint8 [H,W,3] to the same.
        images: Pairs.

    Returns:
        `psnr` [dB], `ssim`, `gt_mean_psnr` [dB] and the output's `mean` in [0, 1].
    """
    rows = []
    for low, reference in images:
        enhanced = enhance(low)
        rows.append(
            {
                "psnr": psnr(enhanced, reference),
                "ssim": ssim(enhanced, reference),
                "gt_mean_psnr": gt_mean_psnr(enhanced, reference),
                "mean": float(enhanced.mean()) / 255,
            }
        )
    return {name: fmean(row[name] for row in rows) for name in rows[0]}


def gray(image: ByteImage) -> Plane:
    """Weigh the channels to luma, float64 [H,W] in [0, 255]."""
    return image @ np.array(LUMA)


def texture_accuracy(enhanced: ByteImage, reference: ByteImage) -> float:
    """Correlate the luma's gradients of two pictures: 1 when every edge has its place.

    Pearson's correlation of all horizontal and vertical differences between neighbours, so
    neither brightness nor contrast counts.
    """
    edges = []
    for image in (enhanced, reference):
        plane = gray(image)
        edges.append(np.concatenate([np.diff(plane, axis=0).ravel(), np.diff(plane).ravel()]))
    if min(edge.std() for edge in edges) == 0:
        return 0.0
    return float(np.corrcoef(edges[0], edges[1])[0, 1])


def gray_world_distance(image: ByteImage) -> float:
    """Distance of the channels' means from mid-gray, root mean square [share of the range]."""
    means = image.reshape(-1, 3).mean(0) / 255
    return float(np.sqrt(((means - 0.5) ** 2).mean()))


def local_contrast(image: ByteImage, size: int = 8) -> float:
    """Mean deviation of luma in squares of `size` pixels [share of the full range]."""
    plane = gray(image)
    height, width = (side // size * size for side in plane.shape)
    blocks = plane[:height, :width].reshape(height // size, size, width // size, size)
    return float(blocks.std(axis=(1, 3)).mean()) / 255
