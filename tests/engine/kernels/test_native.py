"""The native kernel: every instruction set against loops, against SciPy, against the others."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import truth
from scipy import special

from noiser import Enhancer
from noiser.engine.kernels import native, reference
from noiser.look.fold import Folded, fold
from noiser.look.looks import LOOKS, NATURAL, PAPER
from noiser.look.render_params import Adjustments, RenderParams, develop
from noiser.model import network
from noiser.statistics.moments import Moments

NATIVE = list(native.kernels().values())
KERNELS = [pytest.param(kernel, id=kernel.name) for kernel in NATIVE]
DTYPES = ["uint8", "uint16", "float32", "float64"]
PADDINGS = ["zero", "replicate"]
NEUTRAL = Adjustments()
TILE, _ = truth.native_tiles()
"""Columns that kernel.c walks down together; its seams are where faults would be."""

NEAR = {"uint8": 1, "uint16": 2, "float32": 6e-6, "float64": 6e-6}
"""Largest difference from double precision, in the format's own levels."""

pytestmark = pytest.mark.skipif(
    not NATIVE, reason="noiser was installed without a C compiler: there is no native kernel"
)


def whole(image):
    """Give the region that is all of an image."""
    return np.s_[0 : image.shape[0], 0 : image.shape[1]]


def rendered(kernel, image, folded, adjustments=NEUTRAL, region=None, origin=(0, 0)):
    """Render into a fresh array."""
    region = region or whole(image)
    out = np.empty_like(image[region], order="C")
    kernel.render(image, region, RenderParams(folded, adjustments), out, origin)
    return out


def developed(image, look, hidden=None):
    """Develop an image by the reference's moments, with the packaged network or a random one."""
    moments = reference.measure(image, whole(image), look.padding, with_grid=look.local > 0)
    own = truth.random_network(hidden) if hidden else network.packaged("natural")
    return develop(own, moments, look)


NATURAL_LIKE = [
    pytest.param(NATURAL, id="natural"),
    pytest.param(replace(NATURAL, padding="zero"), id="natural, zero padding"),
    pytest.param(replace(NATURAL, local=0.7, color=0.3, highlights=0.5), id="local"),
    pytest.param(replace(PAPER, denoise=1.0, detail=2.0), id="denoise and detail alone"),
    pytest.param(replace(PAPER, local=1.0), id="local alone"),
    pytest.param(PAPER, id="paper"),
]


def difference(a, b):
    """Give the largest difference of two images, in their own levels."""
    return abs(a.astype(np.float64) - b.astype(np.float64)).max()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_measure_is_the_loop_over_pixels(dark_photo, kernel, padding, dtype, channels):
    """Every sum is the same integer, for every kind of image."""
    image = truth.as_kind(dark_photo(6, 9), dtype, channels)

    found = kernel.measure(image, whole(image), padding)

    assert found == Moments(padding, *truth.moments_by_loops(image, padding))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(
    "region", [np.s_[2:5, 3:8], np.s_[0:1, 0:1], np.s_[5:6, 0:9], np.s_[0:6, 8:9]], ids=str
)
def test_measure_of_a_region_reads_its_neighbours(dark_photo, kernel, padding, dtype, region):
    """Inside the image they count as they are; only outside there is padding."""
    image = truth.as_kind(dark_photo(6, 9), dtype, 3)

    found = kernel.measure(image, region, padding)

    assert found == Moments(padding, *truth.moments_by_loops(image, padding, region))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_measure_does_not_overflow_on_a_wide_white_image(kernel, dtype):
    """40,000 white pixels: a sum of 40,000 x 65535^2 needs more than 32 bits."""
    image = np.full((1, 40_000), np.iinfo(dtype).max, dtype)

    moments = kernel.measure(image, whole(image), "replicate")

    assert set(moments.sums) == {40_000 * 65535}
    assert set(moments.products) == {40_000 * 65535**2}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("level", [1, 2, 7, 8, 31, 32, 100, 101, 254, 255])
def test_measure_sorts_grain_by_the_reference_s_classes(kernel, level):
    """Flat gray at both sides of each border between two classes."""
    image = np.full((3, 4, 3), level, np.uint8)

    assert kernel.measure(image, whole(image), "replicate") == reference.measure(
        image, whole(image), "replicate"
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", NATURAL_LIKE)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_render_is_near_the_reference(dark_photo, kernel, look, dtype, channels):
    """Single precision against double: a rounding apart in every kind of image."""
    image = truth.as_kind(dark_photo(20, 33), dtype, channels)
    folded, adjustments = developed(image, look)

    found = rendered(kernel, image, folded, adjustments)

    assert difference(found, rendered(reference, image, folded, adjustments)) <= NEAR[dtype]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", NATURAL_LIKE)
@pytest.mark.parametrize(
    "width", [1, 2, 3, TILE - 1, TILE, TILE + 1, TILE + 2, TILE + 3, 2 * TILE, 2 * TILE + 1]
)
@pytest.mark.parametrize("height", [1, 2, 3])
def test_no_seam_shows_at_any_width(dark_photo, kernel, look, width, height):
    """Around one and two tiles, and down to one pixel."""
    image = dark_photo(height, width)
    folded, adjustments = developed(image, look, 2)

    found = rendered(kernel, image, folded, adjustments)

    assert difference(found, rendered(reference, image, folded, adjustments)) <= 1


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_lift_is_read_at_the_place_the_origin_tells(dark_photo, kernel):
    """A tile that lies at (40, 33) of the picture reads the table there."""
    image = truth.as_kind(dark_photo(60, 50), "float64", 3)
    folded, adjustments = developed(image, replace(NATURAL, local=1.0, denoise=0.0), 4)
    whole_picture = rendered(kernel, image, folded, adjustments)

    tile = rendered(
        kernel, image[33:].copy(), folded, adjustments, np.s_[7:20, 10:50], origin=(33, 0)
    )

    assert np.array_equal(tile, whole_picture[40:53, 10:50])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("hidden", [1, 3, 4, 5, 18, 32, 256])
def test_any_width_of_the_network_is_rendered(dark_photo, kernel, hidden):
    """Whether or not it is a multiple of the four channels computed together."""
    image = truth.as_kind(dark_photo(4, 7), "float64", 3)
    moments = reference.measure(image, whole(image), "zero")
    folded = fold(truth.random_network(hidden), moments)

    found = rendered(kernel, image, folded)

    assert difference(found, rendered(reference, image, folded)) < 1e-5


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("strength", [0.0, 0.25, 0.75])
@pytest.mark.parametrize("dtype", DTYPES)
def test_strength_mixes_as_the_reference_does(dark_photo, kernel, strength, dtype):
    """Before rounding, in every format."""
    image = truth.as_kind(dark_photo(7, 8), dtype, 4)
    share = Adjustments(strength=strength)
    folded = fold(truth.random_network(4), reference.measure(image, whole(image), "zero"))

    found = rendered(kernel, image, folded, share)

    assert difference(found, rendered(reference, image, folded, share)) <= NEAR[dtype]


def pointwise(weights, gain, bias=0.0):
    """Make a filter without neighbours: tanh(gain sum_k a_k GELU(w_k x) + bias), gray to gray.

    `weights` has the pairs (w_k, a_k); x is 2 v - 1 of red.
    """
    hidden = len(weights)
    first, second = np.zeros((hidden, 3, 3, 3)), np.zeros((3, hidden, 3, 3))
    for k, (inner, outer) in enumerate(weights):
        first[k, 0, 1, 1] = inner
        second[:, k, 1, 1] = gain * outer
    return Folded("zero", np.zeros(3, np.int64), first, np.zeros(hidden), second, np.full(3, bias))


def swept(kernel, folded, values):
    """Render signed values side by side; give the output of red in [0, 1]."""
    image = np.repeat(((values + 1) / 2)[None, :, None], 3, 2)
    return rendered(kernel, image, folded)[0, :, 0]


SWEEP = np.linspace(-1, 1, 2**15 + 1)
"""Signed values that single precision holds exactly, with halves of the steps."""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("reach", "limit"), [(0.5, 7e-8), (5.125, 7e-8), (8.0, 6e-7), (64.0, 6e-7)]
)
def test_gelu_is_exact_to_single_precision(kernel, reach, limit):
    """Below zero GELU is the table alone: off by 7e-8 down to -5.1, and 6e-7 beyond.

    It is read back through the tanh, which adds 2e-8; the truth is SciPy's normal distribution.
    """
    values = SWEEP[SWEEP <= 0]
    x = reach * values

    gelu = special.logit(swept(kernel, pointwise([(reach, 1.0)], 30.0), values)) / 60

    assert abs(gelu - x * special.ndtr(x)).max() < limit


@pytest.mark.parametrize("kernel", KERNELS)
def test_gelu_of_a_positive_number_is_the_number_plus_gelu_of_its_negative(kernel):
    """GELU(x) - GELU(-x) = x: with both in a filter the output is tanh(x), to 2e-7."""
    output = swept(kernel, pointwise([(6.0, 1.0), (-6.0, -1.0)], 1 / 6), SWEEP)

    assert abs(output - (np.tanh(SWEEP) + 1) / 2).max() < 2e-7


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("reach", [1.0, 4.0, 16.0])
def test_the_exponential_is_exact_to_single_precision(kernel, reach):
    """(tanh(z) + 1) / 2 is off by at most 1.2e-7 for z from -16 to 16."""
    output = swept(kernel, pointwise([(1.0, 1.0), (-1.0, -1.0)], reach), SWEEP)

    assert abs(output - special.expit(2 * reach * SWEEP)).max() < 1.2e-7


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_darkest_outputs_have_the_right_ratio(kernel):
    """Down to e^-60 the relative error stays below 2e-5: the range reduction holds."""
    values = SWEEP[SWEEP <= 0]

    output = swept(kernel, pointwise([(1.0, 1.0), (-1.0, -1.0)], 30.0), values)

    assert abs(output / special.expit(60 * values) - 1).max() < 2e-5


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_is_missing_to_white_keeps_its_digits(kernel):
    """Highlights take its root: a difference from 1 would be off by 1e-5 near white."""
    folded = replace(pointwise([(1.0, 1.0), (-1.0, -1.0)], 8.0), padding="replicate")
    adjustments = Adjustments(develops=True, highlights=1.0)
    unit = (SWEEP + 1) / 2
    image = np.repeat(unit[None, :, None], 3, 2)

    output = rendered(kernel, image, folded, adjustments)[0, :, 0]

    expected = 1 - np.sqrt(special.expit(-16 * SWEEP) * (1 - unit))
    assert abs(output - expected)[1:-1].max() < 1e-6  # beside the image the sweep ends


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("gain", [100.0, 1e4, 1e9])
def test_the_exponential_saturates_without_overflow(kernel, gain):
    """However large the exponent, the output is 0 or 1 and never NaN."""
    output = swept(kernel, pointwise([(1.0, 1.0), (-1.0, -1.0)], gain), np.array([-1.0, 0.0, 1.0]))

    assert output == pytest.approx([0.0, 0.5, 1.0], abs=1e-30)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("dtype", "peak"), [("uint8", 255), ("uint16", 65535)])
def test_integers_are_rounded_half_to_even(kernel, dtype, peak):
    """Half-way between an even v and white lies a tie, which goes to the even number."""
    image = np.array([[[0, 2, 4], [2, 4, 6]]], dtype)
    white = pointwise([(0.0, 0.0)], 1.0, bias=60.0)

    output = rendered(kernel, image, white, Adjustments(strength=0.5))

    half = (peak + 1) // 2
    assert output.tolist() == [[[half, half, half + 2], [half, half + 2, half + 2]]]


@pytest.mark.parametrize("kernel", [*KERNELS, pytest.param(reference, id="reference")])
def test_white_does_not_pass_1_by_a_rounding(kernel):
    """Detail and roundings are clipped, and floats show it."""
    white = replace(pointwise([(0.0, 0.0)], 1.0, bias=60.0), padding="replicate")
    bright = Adjustments(develops=True, black=1.0, fine=1.0, chroma_floor=1e-3, detail_floor=1e-3)

    output = rendered(kernel, np.ones((4, 5, 3)), white, bright)

    assert 1 - 1e-6 < output.min() <= output.max() <= 1


@pytest.mark.skipif(
    not {"native-avx2", "native-avx512"} <= set(native.kernels()),
    reason="this machine has not both AVX2 and AVX-512",
)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_avx2_and_avx512_give_the_same_bytes(dark_photo, look, dtype, channels):
    """Every lane does the same operations in the same order."""
    image = truth.as_kind(dark_photo(37, 300, seed=6), dtype, channels)

    narrow, wide = (
        Enhancer(look, kernel=f"native-{v}", brightness=0.2, strength=0.9, local=0.5).enhance(image)
        for v in ("avx2", "avx512")
    )

    assert narrow.tobytes() == wide.tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
def test_render_writes_only_into_its_output(dark_photo, kernel):
    """Nothing beside a part of a larger array is touched."""
    image = dark_photo(5, 130)
    folded = fold(truth.random_network(2), reference.measure(image, whole(image), "zero"))
    canvas = np.full((9, 140, 3), 77, np.uint8)

    kernel.render(image, whole(image), RenderParams(folded, NEUTRAL), canvas[2:7, 1:131])

    assert np.array_equal(canvas[2:7, 1:131], rendered(kernel, image, folded))
    canvas[2:7, 1:131] = 77
    assert (canvas == 77).all()


def test_strides_that_are_not_whole_pixels_are_refused():
    """A field of a structured array: the message says what to do."""
    image = np.zeros((4, 4), [("flag", "u1"), ("value", "<u2")])["value"]

    with pytest.raises(
        ValueError, match=r"^the strides of the array are not whole pixels; pass a copy of it$"
    ):
        NATIVE[0].measure(image, whole(image), "zero")


@pytest.mark.parametrize("verb", ["measure", "render into"])
@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_an_array_at_an_odd_address_is_refused(dtype, verb):
    """To read or write one is undefined in C; the message says what to do."""
    image = np.zeros((4, 5, 3), dtype)
    shifted = np.frombuffer(bytearray(image.nbytes + 1), dtype, offset=1).reshape(image.shape)
    folded = fold(truth.random_network(2), reference.measure(image, whole(image), "zero"))
    params = RenderParams(folded, NEUTRAL)
    calls = {
        "measure": lambda: NATIVE[0].measure(shifted, whole(shifted), "zero"),
        "render into": lambda: NATIVE[0].render(image, whole(image), params, shifted),
    }

    with pytest.raises(
        ValueError, match=r"^the array begins between two addresses of its type; pass a copy of it$"
    ):
        calls[verb]()


def test_an_array_that_starts_at_an_odd_address_is_enhanced(dark_photo):
    """As a memory-mapped file with a header of odd length has it."""
    image = truth.as_kind(dark_photo(9, 40), "uint16", 3)
    raw = b"\0" + image.tobytes()
    shifted = np.frombuffer(raw, np.uint16, offset=1).reshape(image.shape)

    assert np.array_equal(Enhancer().enhance(shifted), Enhancer().enhance(image))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are set Linux's way")
def test_lack_of_memory_in_the_kernel_is_pythons_memory_error():
    """A row of 2^31 pixels in a process of 512 MB: no crash, no wrong numbers."""
    code = """
import resource
import numpy as np
from noiser.engine.kernels import native
kernel = next(iter(native.kernels().values()))
image = np.broadcast_to(np.uint8(1), (1, 2**31))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**29, used + 2**29))
try:
    kernel.measure(image, np.s_[0:1, 0:2**31], "zero")
except MemoryError:
    print("MemoryError")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("MemoryError\n", "")


@pytest.mark.parametrize("verb", ["measure", "render"])
def test_a_kernel_that_answers_1_had_no_memory(dark_photo, verb):
    """Either function of the library says so by its return value."""
    image = dark_photo(3, 3)
    folded = fold(truth.random_network(2), reference.measure(image, whole(image), "zero"))
    full = SimpleNamespace(noiser_measure_full=lambda *_: 1, noiser_render_full=lambda *_: 1)
    kernel = native.NativeKernel("full", full)

    calls = {
        "measure": lambda: kernel.measure(image, whole(image), "zero"),
        "render": lambda: rendered(kernel, image, folded),
    }

    with pytest.raises(MemoryError):
        calls[verb]()


@pytest.mark.parametrize("kernel", KERNELS)
def test_luma_alone_goes_down_to_black(dark_photo, kernel):
    """With high contrast the darkest luma is below a level, and has the right ratio."""
    image = truth.as_kind(dark_photo(24, 40, seed=6), "float64", 3).mean(2, keepdims=True)
    image = np.repeat(image, 3, 2)
    look = replace(PAPER, padding="replicate", color=1.0, contrast=4.0)
    folded, adjustments = developed(image, look)

    found = rendered(kernel, image, folded, adjustments)
    expected = rendered(reference, image, folded, adjustments)

    assert expected.min() < 0.002
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-9)
