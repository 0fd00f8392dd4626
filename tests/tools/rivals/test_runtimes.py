"""The network in onnxruntime and OpenVINO: what torch computes, in strips or whole."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import truth
from scipy import ndimage

from noiser.core.color import to_bytes
from noiser.core.errors import RivalError
from noiser.model import network
from noiser.tools.rivals import runtimes

ENGINES = {
    "onnxruntime": (runtimes.onnxruntime_whole, runtimes.onnxruntime_folded),
    "openvino": (runtimes.openvino_whole, runtimes.openvino_folded),
}


@pytest.fixture(params=list(ENGINES))
def engine(request):
    """Each engine, whole and folded, where it is installed."""
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return ENGINES[request.param]


def apart(found, expected):
    """Give the largest difference [levels of 255]."""
    return int(abs(found.astype(int) - expected).max())


def in_torch(low):
    """Let torch enhance with the packaged weights."""
    weights = network.packaged("paper")
    return to_bytes(truth.torch_enhance(weights, low, "zero", dtype=torch.float32))


def test_whole_is_torch_to_one_level(engine, dark_photo):
    low = dark_photo(70, 50)

    assert apart(engine[0](2)(low), in_torch(low)) <= 1


@pytest.mark.parametrize("height", [2, 36, 70])
def test_folded_and_in_strips_is_torch_to_one_level(engine, dark_photo, height):
    """A picture lower than a strip; one strip with its halo; two and some rows."""
    low = dark_photo(height, 50)

    assert apart(engine[1](2)(low), in_torch(low)) <= 1


def test_one_of_them_takes_pictures_of_all_sizes(engine, dark_photo):
    """The second picture's statistics are its own, not the first's."""
    for load in engine:
        enhance = load(2)
        enhance(dark_photo(70, 50))
        low = dark_photo(40, 30, seed=1) // 2

        assert apart(enhance(low), in_torch(low)) <= 1


@pytest.mark.parametrize("load", ENGINES["openvino"])
def test_bfloat16_is_near_or_is_refused(load, dark_photo):
    """It has 8 bits of mantissa: a few levels apart, but not none."""
    openvino = pytest.importorskip("openvino", reason="openvino is not installed")
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if "BF16" not in capabilities:
        with pytest.raises(RivalError, match=r"^this processor has no bfloat16 arithmetic$"):
            load(2, "bf16")
        return
    low = dark_photo(40, 50)

    assert 0 < apart(load(2, "bf16")(low), in_torch(low)) <= 8


@pytest.mark.parametrize("height", [1, 31, 32, 35, 36, 37, 64, 100, 130])
def test_strips_of_a_filter_of_five_rows_are_the_whole(height):
    """Against scipy's minimum over 5 x 5 pixels: the halo is enough, and no row is missing."""
    low = np.random.default_rng(0).integers(0, 256, (height, 9, 3), np.uint8)

    def smallest(strip):
        return ndimage.minimum_filter(strip, (5, 5, 1), mode="nearest")

    with ThreadPoolExecutor(2) as pool:
        found = runtimes.in_strips(low, smallest, pool)

    assert found.tolist() == smallest(low).tolist()


def test_all_strips_are_equally_high():
    """So that a graph compiled for one size serves all."""
    heights = []

    def noted(strip):
        heights.append(len(strip))
        return strip

    with ThreadPoolExecutor(1) as pool:
        runtimes.in_strips(np.zeros((100, 4, 3), np.uint8), noted, pool)

    assert heights == [36, 36, 36, 36]
