"""The kernel for Arm, under an emulator: the same bytes as AVX2."""

import numpy as np
import pytest
import truth
from emulated import MISSING, EmulatedLibrary
from noisy import noisy_photo

from noiser import Enhancer
from noiser.engine.kernels import native

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)} not installed"),
    pytest.mark.skipif(
        "native-avx2" not in native.kernels(), reason="this machine has no AVX2 to compare with"
    ),
]


@pytest.fixture(scope="module")
def neon(tmp_path_factory):
    """Compile the kernel for Arm."""
    return native.NativeKernel("neon", EmulatedLibrary(tmp_path_factory.mktemp("neon")))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("padding", ["zero", "replicate"])
def test_measure_gives_the_same_integers(dark_photo, neon, dtype, padding):
    """Sums, products and histograms, over a width that no vector divides."""
    image = truth.as_kind(dark_photo(9, 45, seed=3), dtype, 3)
    region = np.s_[1:9, 2:45]

    expected = native.kernels()["native-avx2"].measure(image, region, padding, (3, 5))

    assert neon.measure(image, region, padding, (3, 5)) == expected


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize(
    "knobs", [{}, {"color": 0.2, "strength": 0.7}, {"local": 0.6}, {"look": "paper"}], ids=str
)
def test_render_gives_the_same_bytes(dark_photo, neon, dtype, knobs):
    """Across a tile's seam, at every border."""
    image = truth.as_kind(dark_photo(21, 530, seed=8), dtype, 3)
    enhancers = [Enhancer(kernel="native-avx2", threads=1, **knobs) for _ in range(2)]
    enhancers[0].kernel = neon

    found, expected = (enhancer.enhance(image) for enhancer in enhancers)

    assert np.array_equal(found, expected)
    assert not np.array_equal(found, image)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_gray_and_alpha_give_the_same_bytes(dark_photo, neon, channels):
    """Every number of channels has its own way in and out."""
    image = truth.as_kind(dark_photo(11, 19, seed=2), "uint8", channels)
    enhancers = [Enhancer(kernel="native-avx2", threads=1) for _ in range(2)]
    enhancers[0].kernel = neon

    found, expected = (enhancer.enhance(image) for enhancer in enhancers)

    assert np.array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 3])
def test_coarse_octaves_give_the_same_bytes(neon, dtype, channels):
    """Noise in four octaves, across a tile's seam."""
    image = truth.as_kind(noisy_photo(45, 530), dtype, channels)
    enhancers = [Enhancer(kernel="native-avx2", threads=1) for _ in range(2)]
    enhancers[0].kernel = neon

    found, expected = (enhancer.enhance(image) for enhancer in enhancers)

    assert enhancers[1].develop(enhancers[1].measure(image)).adjustments.octaves == 4
    assert np.array_equal(found, expected)
