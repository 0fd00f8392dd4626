"""Coarse octaves in the native kernel: the reference's numbers, whatever the cut."""

from dataclasses import replace
from functools import cache, reduce
from operator import add

import numpy as np
import pytest
import truth
from noisy import noisy_photo

from noiser import Enhancer
from noiser.engine import tiling
from noiser.engine.kernels import native, reference
from noiser.engine.kernels.octaves import OCTAVE_HALO
from noiser.look.render_params import RenderParams, develop
from noiser.model import network
from noiser.statistics.moments import MEASURED_HALO

KERNELS = [pytest.param(kernel, id=kernel.name) for kernel in native.kernels().values()]
DTYPES = ["uint8", "uint16", "float32", "float64"]
PADDINGS = ["zero", "replicate"]
SIZES = [(1, 1), (2, 3), (5, 1), (7, 9), (16, 16), (33, 70)]
TILE, _ = truth.native_tiles()

NEAR = {"uint8": 1, "uint16": 2, "float32": 2e-6, "float64": 2e-6}
"""Largest difference from double precision, in the format's own levels."""

pytestmark = pytest.mark.skipif(
    not KERNELS, reason="noiser was installed without a C compiler: there is no native kernel"
)


def whole(image):
    """Give the region that is all of an image."""
    return np.s_[0 : image.shape[0], 0 : image.shape[1]]


@cache
def params(octaves, padding="replicate", hidden=None, **changes):
    """Develop the whole scene, and leave the noise of only so many octaves."""
    image = noisy_photo(256, 384)
    look = replace(Enhancer(local=0.0).look, padding=padding)
    own = truth.random_network(hidden) if hidden else network.packaged("natural")
    folded, adjustments = develop(own, reference.measure(image, whole(image), padding), look)
    noise = adjustments.noise[:octaves] + ((0.0,) * 5,) * (4 - octaves)
    found = replace(adjustments, noise=noise, **changes)
    assert found.octaves == octaves
    return RenderParams(folded, found)


def rendered(kernel, image, by, region=None, origin=(0, 0)):
    """Render into a fresh array."""
    region = region or whole(image)
    out = np.empty_like(image[region], order="C")
    kernel.render(image, region, by, out, origin)
    return out


def difference(a, b):
    """Give the largest difference of two images, in their own levels."""
    return abs(a.astype(np.float64) - b.astype(np.float64)).max()


def pieces_of(size, rows, columns, halo):
    """Cut a picture: each piece's place, what is passed of the picture, and the region of that."""
    places = [
        [slice(first, min(first + step, end)) for first in range(0, end, step)]
        for end, step in zip(size, (rows, columns), strict=True)
    ]
    for place in ((r, c) for r in places[0] for c in places[1]):
        passed = tuple(
            slice(max(part.start - halo, 0), min(part.stop + halo, end))
            for part, end in zip(place, size, strict=True)
        )
        region = tuple(
            slice(part.start - own.start, part.stop - own.start)
            for part, own in zip(place, passed, strict=True)
        )
        yield place, passed, region


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_grain_is_the_reference_s(kernel, size, padding, dtype, channels):
    """Of all octaves, wherever in the picture the image lies."""
    image = truth.as_kind(noisy_photo(*size, top=20, left=30), dtype, channels)

    for origin in ((0, 0), (3, 5), (8, 14), (7, 1)):
        found = kernel.measure(image, whole(image), padding, origin)

        assert found == reference.measure(image, whole(image), padding, origin)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(
    "region",
    [np.s_[2:32, 3:68], np.s_[9:10, 17:18], np.s_[0:33, 0:9], np.s_[24:33, 40:70]],
    ids=str,
)
def test_grain_of_a_region_counts_the_squares_that_begin_there(kernel, dtype, region):
    """And reads their neighbours."""
    image = truth.as_kind(noisy_photo(33, 70, top=20, left=30), dtype, 3)

    for origin in ((0, 0), (3, 5)):
        found = kernel.measure(image, region, "replicate", origin)

        assert found == reference.measure(image, region, "replicate", origin)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize(("rows", "columns"), [(1, 600), (64, 600), (13, 101), (50, 299)])
def test_any_cut_of_a_picture_has_the_same_moments(kernel, dtype, rows, columns):
    """Each square is counted in one piece."""
    image = truth.as_kind(noisy_photo(90, 600), dtype, 3)

    found = [
        kernel.measure(image[passed], region, "replicate", (passed[0].start, passed[1].start))
        for _, passed, region in pieces_of((90, 600), rows, columns, MEASURED_HALO)
    ]

    assert reduce(add, found) == kernel.measure(image, whole(image), "replicate")


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("value", [0, 255])
def test_grain_of_the_strongest_pattern_does_not_overflow(kernel, value):
    """Black and white squares of 2, 4 and 8 pixels."""
    for side in (2, 4, 8):
        y, x = np.indices((64, 64)) // side
        board = np.where((y + x) % 2, value, 255 - value).astype(np.uint8)

        found = kernel.measure(board, whole(board), "zero")

        assert found == reference.measure(board, whole(board), "zero")


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("octaves", [2, 3, 4])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_render_is_near_the_reference(kernel, octaves, padding, dtype, channels):
    """Down to one pixel, wherever in the picture the image lies."""
    by = params(octaves, padding, denoise=0.8)
    for size in ((1, 1), (2, 3), (21, 34)):
        image = truth.as_kind(noisy_photo(*size, top=20, left=30), dtype, channels)
        for origin in ((0, 0), (3, 5)):
            found = rendered(kernel, image, by, origin=origin)

            expected = rendered(reference, image, by, origin=origin)
            assert difference(found, expected) <= NEAR[dtype]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("colors", [1.0, 0.0])
@pytest.mark.parametrize("layout", ["planes", "mirrored", "blue first", "part of a row"])
def test_any_layout_is_read(kernel, colors, layout):
    """Where colours do not lie side by side."""
    image = noisy_photo(30, 41)
    if layout == "planes":
        other = np.ascontiguousarray(image.transpose(2, 0, 1)).transpose(1, 2, 0)
    elif layout == "mirrored":
        other = np.ascontiguousarray(image[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    elif layout == "blue first":
        other = np.ascontiguousarray(image[..., ::-1])[..., ::-1]
    else:
        other = np.concatenate([image, image], 2)[..., :3]
    by = params(4, hidden=4, color=colors)

    assert np.array_equal(rendered(kernel, other, by), rendered(kernel, image, by))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("octaves", [2, 3, 4])
@pytest.mark.parametrize("width", [TILE - 1, TILE, TILE + 1, 2 * TILE + 3])
@pytest.mark.parametrize("column", [0, 1])
def test_no_seam_shows_at_any_width(kernel, octaves, width, column):
    """Around one and two tiles, from even and odd columns of the picture on."""
    image = truth.as_kind(noisy_photo(9, width), "float64", 3)
    by = params(octaves, hidden=2)

    found = rendered(kernel, image, by, origin=(0, column))

    assert difference(found, rendered(reference, image, by, origin=(0, column))) <= 2e-6


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_seam_shows_between_tiles_of_a_coarse_octave(kernel):
    """Octave 2 of 2,100 pixels is more than a tile wide."""
    image = truth.as_kind(noisy_photo(3, 2100), "float64", 3)
    by = params(4, hidden=1)

    assert difference(rendered(kernel, image, by), rendered(reference, image, by)) <= 2e-6


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("octaves", [2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@pytest.mark.parametrize(("rows", "columns"), [(1, 600), (64, 600), (57, 303), (200, 101)])
def test_any_cut_of_a_picture_is_rendered_to_the_same_bits(kernel, octaves, dtype, rows, columns):
    """With the halo that an enhancer asks for."""
    height = 240 if rows > 1 else 5
    image = truth.as_kind(noisy_photo(height, 600), dtype, 3)
    by = params(octaves)
    expected, found = rendered(kernel, image, by), np.empty_like(image)

    for place, passed, region in pieces_of((height, 600), rows, columns, OCTAVE_HALO):
        origin = passed[0].start, passed[1].start
        found[place] = rendered(kernel, image[passed].copy(), by, region, origin)

    assert np.array_equal(found, expected)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_region_of_the_image_is_the_same_as_in_the_whole(kernel):
    """As a band of rows is rendered."""
    image = truth.as_kind(noisy_photo(150, 300), "float32", 3)
    expected = rendered(kernel, image, params(4))

    for region in (np.s_[0:1, 0:300], np.s_[77:150, 0:300], np.s_[40:41, 99:100]):
        assert np.array_equal(rendered(kernel, image, params(4), region), expected[region])


@pytest.mark.skipif(
    not {"native-avx2", "native-avx512"} <= set(native.kernels()),
    reason="this machine has not both AVX2 and AVX-512",
)
@pytest.mark.parametrize("octaves", [2, 3, 4])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_avx2_and_avx512_give_the_same_bytes(octaves, dtype, channels):
    """Every lane does the same operations in the same order."""
    image = truth.as_kind(noisy_photo(37, 600), dtype, channels)

    narrow, wide = (
        rendered(native.kernels()[f"native-{v}"], image, params(octaves), origin=(1, 1))
        for v in ("avx2", "avx512")
    )

    assert narrow.tobytes() == wide.tobytes()


@pytest.mark.parametrize("octaves", [1, 2])
def test_a_thread_gets_one_band_where_coarse_octaves_are_noisy(monkeypatch, octaves):
    """Each band recomputes what lies around it in them."""
    bands = []
    kernel = next(iter(native.kernels().values()))

    class Recorder:
        name = "recorder"

        def render(self, pixels, region, *rest):
            bands.append(region[0])
            kernel.render(pixels, region, *rest)

    monkeypatch.setattr(tiling, "MIN_BAND_PIXELS", 1)
    tool = Enhancer(threads=2)
    tool.kernel = Recorder()
    tool._open(noisy_photo(256, 30)).single.render([params(octaves)])

    assert len(bands) == (8 if octaves == 1 else 2)
