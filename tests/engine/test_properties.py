"""Properties: what holds for any image, any cut, any setting."""

from functools import reduce
from operator import add

import numpy as np
import pytest
import truth
from hypothesis import given
from hypothesis import strategies as st

from noiser import Enhancer, Moments, enhance
from noiser.engine import kernels
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS
from noiser.statistics.moments import PAIRS, TAPS

KERNELS = list(kernels.available())
DTYPES = ["uint8", "uint16", "float32", "float64"]

HEIGHT, WIDTH = 22, max(truth.native_tiles()) + 24
"""One tile of the native kernel and the begin of another, so that cuts meet its seams."""

SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("tile", truth.native_tiles())
def test_the_width_crosses_a_seam_of_the_native_kernel(tile):
    """Whether a look develops or not; a few vectors of the next tile are enough."""
    assert 16 < WIDTH - tile < tile


@st.composite
def tilings(draw, height=HEIGHT, width=WIDTH):
    """Cut an image into rectangles by up to six cuts from edge to edge, in any order."""
    tiles = [(0, height, 0, width)]
    for _ in range(draw(st.integers(0, 6))):
        top, bottom, left, right = tiles.pop(draw(st.integers(0, len(tiles) - 1)))
        if draw(st.booleans()) and bottom - top > 1:
            cut = draw(st.integers(top + 1, bottom - 1))
            tiles += [(top, cut, left, right), (cut, bottom, left, right)]
        elif right - left > 1:
            cut = draw(st.integers(left + 1, right - 1))
            tiles += [(top, bottom, left, cut), (top, bottom, cut, right)]
        else:
            tiles.append((top, bottom, left, right))
    return [np.s_[t:b, x:r] for t, b, x, r in draw(st.permutations(tiles))]


@st.composite
def images(draw, max_side=12, dtypes=DTYPES, channels=(1, 2, 3, 4)):
    """Draw an image of any kind: a dark photograph, noise, one flat colour or black and white."""
    height, width = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    rng = np.random.default_rng(draw(SEEDS))
    values = {
        "photo": truth.dark_photo(height, width, draw(st.integers(0, 99))),
        "noise": rng.integers(0, draw(st.integers(1, 256)), (height, width, 3), dtype=np.uint8),
        "flat": np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8),
        "two levels": 255 * rng.integers(0, 2, (height, width, 3), dtype=np.uint8),
    }[draw(st.sampled_from(["photo", "noise", "flat", "two levels"]))]
    return truth.as_kind(values, draw(st.sampled_from(dtypes)), draw(st.sampled_from(channels)))


@st.composite
def settings(draw):
    """Draw a look and a value for each knob that `Enhancer` has."""
    given_knobs = {
        knob.name: draw(st.floats(knob.metadata["low"], knob.metadata["high"]))
        for knob in knobs()
        if knob.name != "eps"
    }
    return {"look": draw(st.sampled_from(list(LOOKS))), **given_knobs}


def joined(parts, regions, like):
    """Put rendered regions together."""
    whole = np.empty_like(like)
    for part, region in zip(parts, regions, strict=True):
        whole[region] = part
    return whole


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@given(regions=tilings(), seed=st.integers(0, 99))
def test_the_moments_of_any_tiling_add_up_to_those_of_the_whole(kernel, look, dtype, regions, seed):
    """However an image is cut, and in whatever order: the same integers."""
    image = truth.as_kind(truth.dark_photo(HEIGHT, WIDTH, seed), dtype, 3)
    tool = Enhancer(look, kernel=kernel)

    parts = reduce(add, [tool.measure(image, region) for region in regions])

    assert parts == tool.measure(image)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@given(regions=tilings())
def test_any_tiling_renders_the_bytes_of_the_whole(kernel, look, dtype, regions):
    """Float64 outputs too, where the last bit of a sum would show."""
    image = truth.as_kind(truth.dark_photo(HEIGHT, WIDTH), dtype, 4)
    tool = Enhancer(look, kernel=kernel, strength=0.8)
    moments = tool.measure(image)

    parts = [tool.render(image, moments, region) for region in regions]

    assert joined(parts, regions, image).tobytes() == tool.enhance(image).tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("rows", [1, 7, 64])
def test_bands_of_any_height_give_the_bytes_of_the_whole(dark_photo, kernel, look, rows):
    """Bands of 1, 7 and 64 rows: moments and renders."""
    image = dark_photo(130, 40, seed=2)
    regions = [np.s_[row : min(row + rows, 130), 0:40] for row in range(0, 130, rows)]
    tool = Enhancer(look, kernel=kernel)

    moments = reduce(add, [tool.measure(image, region) for region in regions])
    parts = [tool.render(image, moments, region) for region in regions]

    assert moments == tool.measure(image)
    assert joined(parts, regions, image).tobytes() == tool.enhance(image).tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", LOOKS)
@given(region=st.data())
def test_a_tile_with_its_halo_renders_as_it_does_in_the_whole(kernel, look, region):
    """Cut out with `halo` pixels of neighbours, it needs nothing else but the moments."""
    image = truth.as_kind(truth.dark_photo(18, 20), "float64", 3)
    tool = Enhancer(look, kernel=kernel)
    moments, whole = tool.measure(image), tool.enhance(image)
    top, left = region.draw(st.integers(0, 17)), region.draw(st.integers(0, 19))
    bottom = region.draw(st.integers(top + 1, 18))
    right = region.draw(st.integers(left + 1, 20))

    above, before = min(top, tool.halo), min(left, tool.halo)
    tile = image[top - above : bottom + tool.halo, left - before : right + tool.halo]
    inner = np.s_[above : above + bottom - top, before : before + right - left]

    found = tool.render(tile.copy(), moments, inner, (top - above, left - before))
    assert np.array_equal(found, whole[top:bottom, left:right])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", LOOKS)
@given(cut=st.integers(1, 43))
def test_tiles_with_their_halo_measure_the_whole(kernel, look, cut):
    """Two files that overlap by it on either side give the moments of both as one."""
    image = truth.dark_photo(44, 20)
    tool = Enhancer(look, kernel=kernel)
    first = max(cut - tool.measured_halo, 0)

    upper = tool.measure(image[: cut + tool.measured_halo].copy(), np.s_[:cut, :])
    lower = tool.measure(image[first:].copy(), np.s_[cut - first :, :], (first, 0))

    assert upper + lower == tool.measure(image)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_any_number_of_threads_gives_the_same_bytes(dark_photo, kernel, look, dtype):
    """1, 2 and 4 threads cut the image differently."""
    image = truth.as_kind(dark_photo(300, 24), dtype, 3)

    outputs = {enhance(image, look, kernel=kernel, threads=n).tobytes() for n in (1, 2, 4)}

    assert len(outputs) == 1


@pytest.mark.parametrize("kernel", KERNELS)
def test_two_runs_give_the_same_bytes(dark_photo, kernel):
    """Nothing is random and nothing is left over from the last image."""
    image, other = dark_photo(50, 140, seed=1), dark_photo(33, 260, seed=2)
    first = enhance(image, kernel=kernel).tobytes()
    enhance(other, kernel=kernel)

    assert enhance(image, kernel=kernel).tobytes() == first


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(), look=st.sampled_from(list(LOOKS)))
def test_strength_zero_returns_the_bytes_of_the_input(kernel, image, look):
    """For every dtype and number of channels."""
    output = enhance(image, look, strength=0, kernel=kernel)

    assert (output.dtype, output.shape) == (image.dtype, image.shape)
    assert output.tobytes() == image.tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(), options=settings())
def test_outputs_are_finite_and_in_range(kernel, image, options):
    """Whatever the picture and the knobs; shape and dtype are those of the input."""
    output = enhance(image, kernel=kernel, **options)

    assert (output.dtype, output.shape) == (image.dtype, image.shape)
    assert np.isfinite(output).all()
    assert output.min() >= 0
    assert output.max() <= truth.PEAKS[output.dtype.name]


@pytest.mark.parametrize("kernel", KERNELS[:-1])
@given(image=images(), options=settings())
def test_every_kernel_is_near_the_reference(kernel, image, options):
    """Whatever the picture and the knobs: a 500th of the range, and a rounding, at most.

    Knobs at their ends amplify single precision: no noise floor and four times the contrast
    on a flat image. At the default settings see test_native.py.
    """
    found = enhance(image, kernel=kernel, **options)

    expected = enhance(image, kernel="reference", **options)
    apart = abs(found.astype(np.float64) - expected).max()
    assert apart <= truth.PEAKS[image.dtype.name] / 500 + (image.dtype.kind == "u")


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(channels=(2, 4)), options=settings())
def test_alpha_is_untouched(kernel, image, options):
    """Bit for bit, whatever the knobs."""
    output = enhance(image, kernel=kernel, **options)

    assert output[..., -1].tobytes() == image[..., -1].tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(dtypes=["uint8"], channels=(3,)), alpha=st.integers(0, 255))
def test_alpha_does_not_change_the_colours(kernel, image, alpha):
    """RGB and RGBA have the same colours."""
    with_alpha = np.concatenate([image, np.full_like(image[..., :1], alpha)], 2)

    assert np.array_equal(
        enhance(with_alpha, kernel=kernel)[..., :3], enhance(image, kernel=kernel)
    )


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(channels=(1,)), look=st.sampled_from(list(LOOKS)))
def test_one_gray_plane_gives_one_however_it_is_shaped(kernel, image, look):
    """[H,W] and [H,W,1] are the same picture."""
    flat = enhance(image, look, kernel=kernel)

    assert np.array_equal(enhance(image[..., None], look, kernel=kernel)[..., 0], flat)


@pytest.mark.parametrize("kernel", KERNELS)
@given(image=images(dtypes=["uint8"], channels=(1,)))
def test_gray_in_is_gray_out_with_the_photos_own_colours(kernel, image):
    """A gray RGB picture has no colour to keep: with color = 1 it stays gray."""
    gray = np.repeat(image[..., None], 3, 2)

    output = enhance(gray, color=1, kernel=kernel)

    assert np.ptp(output.astype(int), axis=2).max() <= 1


LAYOUTS = {
    "flipped rows": lambda image: image[::-1],
    "flipped columns": lambda image: image[:, ::-1],
    "flipped both ways": lambda image: image[::-1, ::-1],
    "transposed": lambda image: image.swapaxes(0, 1),
    "every other row": lambda image: image[::2],
    "every third column": lambda image: image[:, ::3],
    "a part": lambda image: image[1:, 2:],
    "by columns": np.asfortranarray,
    "planar": lambda image: np.moveaxis(np.moveaxis(image, -1, 0).copy(), 0, -1),
    "planar, flipped": lambda image: np.moveaxis(np.moveaxis(image, -1, 0).copy()[::-1], 0, -1),
    "one row repeated": lambda image: np.broadcast_to(image[:1], image.shape),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_view_gives_the_result_of_its_contiguous_copy(
    dark_photo, kernel, layout, dtype, channels
):
    """However an array lies in memory: the same moments, the same bytes."""
    image = LAYOUTS[layout](truth.as_kind(dark_photo(14, 17), dtype, channels))
    copy = np.array(image, order="C")
    tool = Enhancer(kernel=kernel, strength=0.9)

    assert tool.measure(image) == tool.measure(copy)
    assert tool.enhance(image).tobytes() == tool.enhance(copy).tobytes()


def moments(padding="zero"):
    """Draw moments of any numbers."""
    number = st.integers(-(2**80), 2**80)
    return st.builds(
        lambda count, seeds: Moments(padding, count, (*seeds,) * 9, (*seeds,) * 126),
        st.integers(1, 2**60),
        st.tuples(number, number, number),
    )


def test_the_drawn_moments_have_the_right_counts():
    """3 x 9 and 3 x 126."""
    assert (TAPS, PAIRS) == (3 * 9, 3 * 126)


@given(a=moments(), b=moments())
def test_adding_moments_is_commutative(a, b):
    """It does not matter which machine answers first."""
    assert a + b == b + a


@given(a=moments(), b=moments(), c=moments())
def test_adding_moments_is_associative(a, b, c):
    """Nor who adds up whose."""
    assert (a + b) + c == a + (b + c)
