"""Scenes in double precision, for tests of what is found of a whole picture."""

import numpy as np
import truth

from noiser import Enhancer

WEIGHTS = np.array([0.299, 0.587, 0.114])


def patches(*levels, size=24):
    """Make squares of flat gray side by side: float64 [H,W,3] in [0, 1]."""
    gray = np.concatenate([np.full((size, size), level) for level in levels], 1)
    return np.repeat(gray[..., None], 3, 2)


def luma(image):
    """Weigh any image's channels, in [0, 1]."""
    return truth.unit(image) @ WEIGHTS


def dark_scene(exposure=1.0, seed=1, size=96):
    """Make a dark photograph in double precision, without noise, of any exposure."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    scene = 0.03 + 0.1 * np.exp(-6 * ((y - 0.4) ** 2 + (x - 0.6) ** 2))[..., None] * [1, 0.8, 0.6]
    for _ in range(12):
        top, left = rng.integers(0, size - 12, 2)
        scene[top : top + 12, left : left + 12] *= rng.uniform(0.3, 1.6, 3)
    return np.clip(scene * exposure, 0, 1)


def developed(image, **knobs):
    """Develop an image: filter and adjustments."""
    tool = Enhancer(**knobs)
    return tool.develop(tool.measure(image))
