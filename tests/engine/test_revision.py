"""The algorithm's revision: whoever changes what comes out must raise it."""

import dataclasses
import hashlib

import numpy as np
import pytest

from noiser import Enhancer
from noiser.core.version import ALGORITHM_REVISION
from noiser.engine.kernels import native

GOLDEN = {
    "0.1.0": {
        ("reference", "natural"): ("fd0f9fbf3e05a546", "898178a4ca72e92f"),
        ("reference", "paper"): ("bc3dd318fe12daac", "ed37d55fcd883458"),
        ("native", "natural"): ("a22c466e28f7c7aa", "898178a4ca72e92f"),
        ("native", "paper"): ("b87a4ed49b46ea75", "ed37d55fcd883458"),
    },
    "0.2.0": {
        ("reference", "natural"): ("8ceeb542be693091", "898178a4ca72e92f"),
        ("reference", "paper"): ("bc3dd318fe12daac", "ed37d55fcd883458"),
        ("native", "natural"): ("5d3c23ee1b714036", "898178a4ca72e92f"),
        ("native", "paper"): ("b87a4ed49b46ea75", "ed37d55fcd883458"),
    },
    "0.3.0": {  # moments may have a grid
        ("reference", "natural"): ("23b3a0e557dc2047", "8f32ff2304d84a3f"),
        ("reference", "paper"): ("bc3dd318fe12daac", "9f3c6265e1917d3c"),
        ("native", "natural"): ("02fe19b9cbfb2c79", "8f32ff2304d84a3f"),
        ("native", "paper"): ("b87a4ed49b46ea75", "9f3c6265e1917d3c"),
    },
    "0.4.0": {  # grain of four octaves, and a third picture, of 160 x 224 pixels
        ("reference", "natural"): ("1144b89478f0c243", "fc5d52a6b27f4319"),
        ("reference", "paper"): ("09b240af6e984e7d", "d81739a5f341f24e"),
        ("native", "natural"): ("95422242e3d503e3", "fc5d52a6b27f4319"),
        ("native", "paper"): ("9980c5a3dc3a22a0", "d81739a5f341f24e"),
    },
}
"""By revision, kind of kernel and look: SHA-256 of pixels and of moments, 16 digits each. AVX2 and
AVX-512 are alike, and all kernels measure the same."""


def dark(dtype):
    """Make a dark picture of 40 x 56 pixels by arithmetic alone, with texture and a bright spot."""
    row, column, color = np.indices((40, 56, 3))
    values = (row * 5 + column * 3 + color * 11 + row * column % 17 * 3) % 47 + column // 4
    values[10:14, 20:26] = 230
    return (values * (257 if dtype == np.uint16 else 1)).astype(dtype)


def digest(data):
    """Name bytes in a few digits."""
    return hashlib.sha256(data).hexdigest()[:16]


@pytest.mark.parametrize("look", ["natural", "paper"])
@pytest.mark.parametrize("kernel", ["reference", "native-avx2", "native-avx512"])
def test_what_comes_out_is_what_its_revision_made(kernel, look):
    """If this fails on purpose: raise `ALGORITHM_REVISION`, and note the new values above."""
    if kernel not in ["reference", *native.kernels()]:
        pytest.skip(f"{kernel} does not run here")
    enhancer = Enhancer(look, kernel=kernel, threads=1)
    images = [dark(np.uint8), dark(np.uint16), np.tile(dark(np.uint8) // 8, (4, 4, 1))]
    made = digest(b"".join(enhancer.enhance(image).tobytes() for image in images))
    moments = [enhancer.measure(image) for image in images]
    sums = [dataclasses.astuple(dataclasses.replace(each, grid=None)) for each in moments]
    grids = b"".join(each.grid.sums.tobytes() for each in moments if each.grid)
    measured = digest(repr(sums).encode() + grids)

    assert (made, measured) == GOLDEN[ALGORITHM_REVISION][kernel.partition("-")[0], look]
