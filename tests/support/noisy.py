"""Noise in several octaves: of a photograph, and as tests choose it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from noiser.core.types import ByteImage
from noiser.look.render_params import RenderParams

SCENE = Path(__file__).parents[2] / "assets" / "scenes" / "noisy_cat.jpg"
"""Noise in four octaves; 256 x 384."""


def noisy_photo(height: int, width: int, top: int = 0, left: int = 0) -> ByteImage:
    """Cut a part out of the scene, which repeats itself to the right and below."""
    rows, columns = np.arange(top, top + height), np.arange(left, left + width)
    scene = _scene()
    return scene[np.ix_(rows % scene.shape[0], columns % scene.shape[1])]


@cache
def _scene() -> ByteImage:
    return np.asarray(Image.open(SCENE))


def in_octaves(pairs: Sequence[RenderParams], octaves: Sequence[int]) -> list[RenderParams]:
    """Give each of some pictures noise of its own in so many octaves, different at each level."""
    deviations = np.random.default_rng(3).uniform(0.5, 6, (len(pairs), 4, 5)) / 255
    found = []
    for (folded, adjustments), own, count in zip(pairs, deviations**2, octaves, strict=True):
        own[count:] = 0.0
        noise = tuple(tuple(octave) for octave in own.tolist())
        found.append(RenderParams(folded, replace(adjustments, noise=noise)))
    return found
