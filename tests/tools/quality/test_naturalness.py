"""NIQE against its authors' definition in SciPy's words, and against BasicSR's numbers."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, special
from skimage.color import rgb2ycbcr

from noiser.core.errors import WeightsError
from noiser.tools.quality import PristineModel, load_pristine, niqe
from noiser.tools.quality.naturalness import (
    MAX_FILE_BYTES,
    fit_aggd,
    half_size,
    normalized,
    pristine_from_bytes,
    studio_luma,
)

ROOT = Path(__file__).parents[3]
PRISTINE = ROOT / ".venv" / "niqe_pris_params.npz"
FETCH = ROOT / "scripts" / "fetch_niqe.py"

BASICSR = {
    "lol-v1/eval15/low": (15, 6.7642, 7.0361),
    "lime": (9, 4.5609, 4.0961),
    "dicm12": (11, 4.6455, 3.9082),
}
"""Files, NIQE and NIQE after gamma 2.2 by `calculate_niqe(image, crop_border=0)` of BasicSR 1.4.2.

It computes in float32, which moves single pictures by up to 0.005.
"""


@pytest.fixture(scope="module")
def pristine() -> PristineModel:
    """Give the authors' model, or skip."""
    if not PRISTINE.is_file():
        pytest.skip("the pristine model of NIQE is absent: `make niqe` fetches it")
    return load_pristine(PRISTINE)


@pytest.fixture(scope="module")
def made_up() -> PristineModel:
    """Give a model of no photographs: any mean, any positive definite covariance."""
    rng = np.random.default_rng(3)
    root = rng.normal(0, 0.3, (36, 36))
    return PristineModel(rng.uniform(0, 2, 36), root @ root.T + np.diag(np.full(36, 0.05)))


def pictures(folder):
    """Read the pictures of a folder."""
    paths = [p for p in sorted(folder.iterdir()) if p.suffix in {".png", ".bmp", ".jpg"}]
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def brightened(image):
    """Apply gamma 2.2."""
    return np.rint(255 * (image / 255) ** (1 / 2.2)).astype(np.uint8)


@pytest.mark.parametrize("folder", BASICSR)
def test_the_mean_niqe_of_a_set_is_that_of_basicsr(shared_data, pristine, folder):
    """The dark inputs as they are."""
    count, expected, _ = BASICSR[folder]

    scores = [niqe(image, pristine) for image in pictures(shared_data / folder)]

    assert len(scores) == count
    assert np.mean(scores) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("folder", BASICSR)
def test_the_mean_niqe_of_a_set_after_gamma_is_that_of_basicsr(shared_data, pristine, folder):
    """Brightened, with all the noise that comes to light."""
    _, _, expected = BASICSR[folder]

    scores = [niqe(brightened(image), pristine) for image in pictures(shared_data / folder)]

    assert np.mean(scores) == pytest.approx(expected, abs=1.5e-3)


@pytest.mark.parametrize(("value", "expected"), [(0, 4.3662), (128, 4.4745), (255, 4.5089)])
def test_niqe_of_a_picture_with_a_flat_third_is_that_of_basicsr(
    shared_data, pristine, value, expected
):
    """Blocks without detail have the smallest shape and no other feature; rounding is none."""
    image = pictures(shared_data / "lime")[0].copy()
    image[:, : image.shape[1] // 3] = value

    assert niqe(image, pristine) == pytest.approx(expected, abs=1e-3)


def aggd_by_the_paper(samples):
    """Fit as the paper says: search the shape whose moment is nearest."""
    shapes = np.arange(0.2, 10.001, 0.001)
    moments = special.gamma(2 / shapes) ** 2 / special.gamma(1 / shapes) / special.gamma(3 / shapes)
    left = np.sqrt(np.mean(samples[samples < 0] ** 2))
    right = np.sqrt(np.mean(samples[samples > 0] ** 2))
    skew = left / right
    wanted = np.mean(np.abs(samples)) ** 2 / np.mean(samples**2)
    wanted *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = shapes[np.argmin((moments - wanted) ** 2)]
    scale = np.sqrt(special.gamma(1 / shape) / special.gamma(3 / shape))
    mean = (right - left) * scale * special.gamma(2 / shape) / special.gamma(1 / shape)
    return shape, left * scale, right * scale, mean


def niqe_by_the_paper(image, model):
    """Compute NIQE block by block, with SciPy's filters and gamma function."""
    plane = np.rint(rgb2ycbcr(image)[..., 0])
    down, across = (side // 96 for side in plane.shape)
    plane = plane[: down * 96, : across * 96]
    described = [[] for _ in range(down * across)]
    for size in (96, 48):
        mean = ndimage.gaussian_filter(plane, 7 / 6, radius=3, mode="nearest")
        square = ndimage.gaussian_filter(plane**2, 7 / 6, radius=3, mode="nearest")
        coefficients = (plane - mean) / (np.sqrt(np.abs(square - mean**2)) + 1)
        for i, features in enumerate(described):
            y, x = i // across * size, i % across * size
            block = coefficients[y : y + size, x : x + size]
            shape, left, right, _ = aggd_by_the_paper(block)
            features += [shape, (left + right) / 2]
            for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
                shape, left, right, mean = aggd_by_the_paper(block * np.roll(block, shift, (0, 1)))
                features += [shape, mean, left, right]
        plane = halving(plane.shape[0]) @ plane @ halving(plane.shape[1]).T
    distance = np.mean(described, axis=0) - model.mean
    spread = (np.cov(described, rowvar=False) + model.covariance) / 2
    return np.sqrt(distance @ np.linalg.inv(spread) @ distance)


def halving(length):
    """MATLAB's imresize by 1/2 as a dense matrix [length/2, length].

    Its documentation: bicubic (Keys, a = -1/2), the kernel widened by 2 against aliasing,
    weights that sum to 1, pixels outside mirrored with the border's own pixels.
    """
    matrix = np.zeros((length // 2, length))
    for i in range(length // 2):
        center = 2 * i + 0.5
        weights = {j: keys(abs(center - j) / 2) for j in range(2 * i - 3, 2 * i + 5)}
        for j, weight in weights.items():
            inside = -1 - j if j < 0 else min(j, 2 * length - 1 - j)
            matrix[i, inside] += weight / sum(weights.values())
    return matrix


def keys(x, a=-0.5):
    """Keys' cubic convolution kernel (1981)."""
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def test_niqe_is_what_the_paper_says(dark_photo, made_up):
    """Six blocks, and a rest beside and below them that does not count."""
    image = dark_photo(96 * 2 + 50, 96 * 3 + 1, seed=5)

    assert niqe(image, made_up) == pytest.approx(niqe_by_the_paper(image, made_up), rel=1e-6)


def test_niqe_ignores_what_is_left_over_beside_whole_blocks(dark_photo, made_up):
    """Right and below; the border is repeated from where the blocks end."""
    image = dark_photo(96 * 2 + 50, 96 * 3 + 1, seed=5)

    assert niqe(image, made_up) == niqe(image[: 96 * 2, : 96 * 3], made_up)


@pytest.mark.parametrize(("height", "width"), [(96, 192), (192, 96)])
def test_niqe_takes_an_image_of_exactly_two_blocks(dark_photo, made_up, height, width):
    """The fewest that have a covariance."""
    assert niqe(dark_photo(height, width), made_up) > 0


@pytest.mark.parametrize(("height", "width"), [(96, 191), (95, 400), (191, 96)])
def test_niqe_refuses_an_image_of_fewer_than_two_blocks(dark_photo, made_up, height, width):
    """One pixel less; the message has the size found and the size needed."""
    with pytest.raises(ValueError, match=r"^the image is ") as caught:
        niqe(dark_photo(height, width), made_up)

    assert str(caught.value) == (
        f"the image is {width} x {height}; NIQE needs at least two blocks of 96 x 96 pixels"
    )


def test_niqe_refuses_an_image_that_is_flat_but_for_one_block(dark_photo, made_up):
    """A single block has no covariance; the message has the number found."""
    image = np.full((192, 192, 3), 33, np.uint8)
    image[:90, :90] = dark_photo(90, 90)

    with pytest.raises(ValueError, match=r"^1 of the image's 4 blocks of 96 x 96 pixels have any"):
        niqe(image, made_up)


def test_niqe_refuses_what_is_not_an_8_bit_rgb_image(made_up):
    """Values in [0, 1] would give a wrong number in silence."""
    with pytest.raises(
        ValueError, match=r"^the image is float64 \[200, 200, 3\]; metrics need uint8 \[H,W,3\]$"
    ):
        niqe(np.zeros((200, 200, 3)), made_up)


def test_studio_luma_agrees_with_scikit_image():
    """Its Y of YCbCr, rounded."""
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)

    np.testing.assert_array_equal(studio_luma(image), np.rint(rgb2ycbcr(image)[..., 0]))


@pytest.mark.parametrize(("height", "width"), [(96, 192), (4, 10)])
def test_half_size_is_matlabs_bicubic_reduction(height, width):
    """The dense matrix of the documented kernel, borders included."""
    plane = np.random.default_rng(1).uniform(0, 255, (height, width))

    expected = halving(height) @ plane @ halving(width).T

    np.testing.assert_allclose(half_size(plane), expected, rtol=0, atol=1e-11)


def test_normalized_agrees_with_scipys_filters(dark_photo):
    """A Gaussian of deviation 7/6 over 7 x 7 pixels, the border repeated."""
    plane = studio_luma(dark_photo(33, 47, seed=2))
    mean = ndimage.gaussian_filter(plane, 7 / 6, radius=3, mode="nearest")
    square = ndimage.gaussian_filter(plane**2, 7 / 6, radius=3, mode="nearest")

    expected = (plane - mean) / (np.sqrt(square - mean**2) + 1)

    np.testing.assert_allclose(normalized(plane), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("value", [16.0, 77.0, 89.0, 235.0])
def test_a_flat_plane_is_normalized_to_nothing_at_all(value):
    """Not to rounding errors of either sign, which would pass for detail."""
    assert not normalized(np.full((20, 20), value)).any()


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0])
def test_the_parameters_of_samples_are_found_again(shape):
    """Drawn from a known distribution: |x / beta|^alpha has a gamma distribution."""
    rng, left, right = np.random.default_rng(4), 0.5, 1.5
    size = rng.gamma(1 / shape, size=1_000_000) ** (1 / shape)
    samples = np.where(rng.random(size.size) < left / (left + right), -left, right) * size

    found = np.concatenate(fit_aggd(samples[None]))

    assert found[:3] == pytest.approx([shape, left, right], rel=0.02)
    assert found[3] == pytest.approx(samples.mean(), rel=0.02)


def test_a_normal_distribution_has_the_shape_2():
    """And the scale of the square root of 2 standard deviations, on both sides."""
    samples = np.random.default_rng(5).normal(0, 3, 1_000_000)

    shape, left, right, mean = np.concatenate(fit_aggd(samples[None]))

    assert shape == pytest.approx(2.0, abs=0.01)
    assert [left, right] == pytest.approx([3 * 2**0.5] * 2, rel=0.01)
    assert mean == pytest.approx(0.0, abs=0.01)


def test_several_sets_are_fitted_as_each_alone():
    """With SciPy's gamma function, to the same step of the table."""
    sets = np.random.default_rng(6).normal(0.1, 1, (5, 400)) ** 3

    found = np.stack(fit_aggd(sets), axis=1)

    np.testing.assert_allclose(found, [aggd_by_the_paper(x) for x in sets], rtol=1e-9)


@pytest.mark.parametrize("samples", [[0, 0, 0, 0], [0, 1, 2, 3], [0, -1, -2, -3]])
def test_samples_without_one_side_have_the_shape_of_nothing(samples):
    """The smallest, as in the authors' code; the scales are not numbers."""
    shape, left, right, mean = fit_aggd(np.array([samples], float))

    assert shape.item() == 0.2
    assert np.isnan(left + right).all()
    assert np.isnan(mean).all()


def saved(**arrays):
    """Give the bytes of an npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


MEAN, COVARIANCE = np.arange(36.0)[None], np.eye(36)


def test_a_pristine_model_is_read_as_it_was_written():
    """The mean is a row in the file."""
    model = pristine_from_bytes(saved(mu_pris_param=MEAN, cov_pris_param=COVARIANCE))

    np.testing.assert_array_equal(model.mean, np.arange(36.0))
    np.testing.assert_array_equal(model.covariance, COVARIANCE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        saved(mu_pris_param=MEAN),
        saved(mu_pris_param=np.array([print]), cov_pris_param=COVARIANCE),
        saved(mu_pris_param=MEAN, cov_pris_param=COVARIANCE)[:5000],
    ],
    ids=["nothing", "a picture", "half of it", "pickled objects", "a torn file"],
)
def test_what_is_no_pristine_model_is_one_sentence(tmp_path, data):
    """Nothing is unpickled; the message names the file and what it should hold."""
    path = tmp_path / "model.npz"
    path.write_bytes(data)

    with pytest.raises(WeightsError) as caught:
        load_pristine(path)

    assert str(caught.value) == (
        f"{path}: not a pristine model of NIQE; "
        "it is an npz file of mu_pris_param and cov_pris_param"
    )


@pytest.mark.parametrize(
    ("mean", "covariance", "message"),
    [
        (MEAN[:, :35], COVARIANCE, "the pristine mean is float64 [35]; NIQE needs float64 [36]"),
        (
            MEAN,
            COVARIANCE.astype(np.float32),
            "the pristine covariance is float32 [36, 36]; NIQE needs float64 [36, 36]",
        ),
        (
            np.where(MEAN == 7, np.nan, MEAN),
            COVARIANCE,
            "the pristine mean holds values that are not finite numbers",
        ),
        (MEAN, COVARIANCE + np.eye(36, k=1), "the pristine covariance is not symmetric"),
    ],
)
def test_a_pristine_model_of_other_arrays_is_refused(mean, covariance, message):
    """The message has what was found and what is needed."""
    with pytest.raises(WeightsError) as caught:
        pristine_from_bytes(saved(mu_pris_param=mean, cov_pris_param=covariance))

    assert str(caught.value) == message


def test_a_missing_pristine_model_says_where_it_comes_from(tmp_path):
    """The script fetches it."""
    with pytest.raises(WeightsError) as caught:
        load_pristine(tmp_path / "absent.npz")

    assert str(caught.value) == (
        f"{tmp_path / 'absent.npz'}: No such file or directory; "
        "scripts/fetch_niqe.py fetches the pristine model of NIQE"
    )


def test_a_pristine_model_of_256_kib_is_not_even_read(tmp_path):
    """One byte less is read, and then found to be something else."""
    path = tmp_path / "large.npz"
    found = []
    for size in (MAX_FILE_BYTES, MAX_FILE_BYTES + 1):
        path.write_bytes(bytes(size))
        with pytest.raises(WeightsError) as caught:
            load_pristine(path)
        found.append(str(caught.value).removeprefix(f"{path}: ").split(";")[0])

    assert found == ["not a pristine model of NIQE", "larger than 262144 bytes"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("niqe_pris_params.npz", "has SHA-256 "),
        ("other.npz", "has no member basicsr-1.4.2/basicsr/metrics/niqe_pris_params.npz"),
    ],
)
def test_the_fetcher_runs_nothing_and_refuses_another_archive(tmp_path, name, message):
    """An archive of the same name, from pip, with a setup.py that would leave a trace."""
    trace, output = tmp_path / "trace", tmp_path / "model.npz"
    members = {
        "setup.py": f"open({str(trace)!r}, 'w')".encode(),
        "PKG-INFO": b"Metadata-Version: 2.1\nName: basicsr\nVersion: 1.4.2\n",
        f"basicsr/metrics/{name}": bytes(11850),
    }
    with tarfile.open(tmp_path / "basicsr-1.4.2.tar.gz", "w:gz") as archive:
        for path, data in members.items():
            member = tarfile.TarInfo(f"basicsr-1.4.2/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, FETCH, "-o", output],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("fetch_niqe: basicsr-1.4.2")
    assert message in done.stderr
    assert not trace.exists()
    assert not output.exists()
