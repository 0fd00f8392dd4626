"""How natural a picture looks, without a reference: NIQE and the pristine model it needs."""

import io
import math
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import luma
from noiser.core.errors import WeightsError
from noiser.core.types import ByteImage, Plane
from noiser.tools.quality.psnr_ssim import check_image, smooth

BLOCK = 96
"""Side of the blocks that the pristine model was fitted to [pixels]."""

FEATURES = 36
"""18 at each of two scales: the shape and width of one distribution, four numbers of four."""

WINDOW_RADIUS = 3
"""The authors' window: 7 x 7, a Gaussian of deviation 7/6 [pixels]."""

HALVING = np.array([-3, -9, 29, 111, 111, 29, -9, -3]) / 256
"""Keys' cubic (a = -1/2) stretched twofold, at the 8 pixels around a new one."""

ROUNDING = 1e-9
"""Deviations from the local mean below this are rounding errors of a flat area."""

NEIGHBORS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Right, below and the two diagonals: rows and columns to the neighbour [pixels]."""

MAX_FILE_BYTES = 1 << 18
"""The authors' model takes 12 KB; anything larger is something else [bytes]."""

_MALFORMED = (
    ValueError, TypeError, AttributeError, LookupError, OSError, EOFError, SyntaxError,
    NotImplementedError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
    tokenize.TokenError, ArithmeticError,
)  # fmt: skip
"""What reading a file that is something else can raise."""


@dataclass(frozen=True, eq=False)
class PristineModel:
    """The Gaussian that NIQE's features follow in sharp, undistorted photographs.

    The authors fitted it to 125 photographs of nature and cities. It is data of theirs,
    no part of noiser: `scripts/fetch_niqe.py` fetches it.
    """

    mean: NDArray[np.float64]
    """float64 [36]."""

    covariance: NDArray[np.float64]
    """float64 [36,36], symmetric."""

    def __post_init__(self) -> None:
        """Refuse arrays that are not such a model's, or not finite."""
        for name, shape in (("mean", (FEATURES,)), ("covariance", (FEATURES, FEATURES))):
            array = getattr(self, name)
            if array.shape != shape or array.dtype != np.float64:
                raise WeightsError(
                    f"the pristine {name} is {array.dtype} {list(array.shape)}; "
                    f"NIQE needs float64 {list(shape)}"
                )
            if not np.isfinite(array).all():
                raise WeightsError(f"the pristine {name} holds values that are not finite numbers")
        if not np.array_equal(self.covariance, self.covariance.T):
            raise WeightsError("the pristine covariance is not symmetric")


def pristine_from_bytes(data: bytes) -> PristineModel:
    """Read a pristine model from the bytes of an npz file; nothing is unpickled.

    Args:
        data: An npz archive with `mu_pris_param` [1,36] and `cov_pris_param` [36,36].

    Raises:
        WeightsError: The bytes are not a pristine model.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            # A member that is no array comes as bytes.
            mean, covariance = map(np.asarray, (arrays["mu_pris_param"], arrays["cov_pris_param"]))
    except _MALFORMED as error:
        raise WeightsError(
            "not a pristine model of NIQE; it is an npz file of mu_pris_param and cov_pris_param"
        ) from error
    return PristineModel(mean.reshape(-1), covariance)


def load_pristine(path: str | Path) -> PristineModel:
    """Read the file of a pristine model.

    Args:
        path: `niqe_pris_params.npz`, as `scripts/fetch_niqe.py` fetches it.

    Returns:
        The model, checked.

    Raises:
        WeightsError: The file cannot be read or is not sound.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise WeightsError(f"larger than {MAX_FILE_BYTES} bytes; not a pristine model of NIQE")
        return pristine_from_bytes(path.read_bytes())
    except OSError as error:
        raise WeightsError(
            f"{path}: {error.strerror}; scripts/fetch_niqe.py fetches the pristine model of NIQE"
        ) from error
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def niqe(image: ByteImage, model: PristineModel) -> float:
    r"""Natural image quality evaluator (Mittal, Soundararajan, Bovik 2013).

    .. math:: \sqrt{(\nu - \mu)^T \left(\frac{\Sigma + S}{2}\right)^{+} (\nu - \mu)}

    with mean and covariance of the pristine model and, in Greek nu and S, of the features of
    the image's own blocks of 96 x 96 pixels (equation 10). No reference is needed.

    Protocol: luma of BT.601 in studio range, 16 to 235 (MATLAB's Y of YCbCr), rounded to
    whole levels; nothing is cropped but what is left over beside whole blocks at the right
    and below. The half scale is made from that, not rounded. Where a block has nothing to
    fit (a flat sky, clipped black), the authors' code takes the smallest shape, 0.2, and
    leaves the other features of that block out; so does this, and a flat block counts as
    unnatural.

    Args:
        image: uint8 [H,W,3] in [0, 255], sRGB.
        model: The pristine model, see `load_pristine`.

    Returns:
        Distance, lower is better; photographs have about 2 to 6.

    Raises:
        ValueError: The image is not uint8 [H,W,3], has fewer than two whole blocks, or is
            flat in all but one of them.
    """
    check_image(image, "image")
    height, width = image.shape[0] // BLOCK * BLOCK, image.shape[1] // BLOCK * BLOCK
    if height * width < 2 * BLOCK**2:
        raise ValueError(
            f"the image is {image.shape[1]} x {image.shape[0]}; "
            f"NIQE needs at least two blocks of {BLOCK} x {BLOCK} pixels"
        )
    full = studio_luma(image[:height, :width])
    features = np.hstack([_features(full, BLOCK), _features(half_size(full), BLOCK // 2)])
    complete = features[~np.isnan(features).any(axis=1)]
    if len(complete) < 2:
        raise ValueError(
            f"{len(complete)} of the image's {len(features)} blocks of {BLOCK} x {BLOCK} pixels "
            "have any detail; NIQE needs at least two"
        )
    distance = np.nanmean(features, axis=0) - model.mean
    spread = (model.covariance + np.cov(complete, rowvar=False)) / 2
    square = float(distance @ np.linalg.pinv(spread, hermitian=True) @ distance)
    return math.sqrt(max(square, 0.0))


def studio_luma(image: ByteImage) -> Plane:
    """Luma of BT.601 in studio range, rounded: float64 [H,W] in [16, 235]."""
    red, green, blue = np.moveaxis(image.astype(np.float64), -1, 0)
    return np.rint(16.0 + luma(red, green, blue) * (219.0 / 255.0))


def half_size(plane: Plane) -> Plane:
    """Halve a plane as MATLAB's `imresize(plane, 0.5)` does: bicubic, antialiased.

    The border is mirrored, its own pixels included. On whole levels below 2^32 the result
    is exact: all taps are multiples of 1/256.

    Args:
        plane: float64 [H,W], both even.

    Returns:
        float64 [H/2,W/2].

    Example:
        >>> half_size(np.full((4, 6), 7.0)).tolist()
        [[7.0, 7.0, 7.0], [7.0, 7.0, 7.0]]
    """
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    padded = np.pad(plane, 3, mode="symmetric")
    rows = np.zeros((height, padded.shape[1]))
    for i, tap in enumerate(HALVING):
        rows += tap * padded[i : i + 2 * height : 2]
    halved = np.zeros((height, width))
    for i, tap in enumerate(HALVING):
        halved += tap * rows[:, i : i + 2 * width : 2]
    return halved


def normalized(plane: Plane) -> Plane:
    """Subtract the local mean and divide by the local deviation plus 1 (equation 1).

    The border is repeated. What comes out is called MSCN coefficients.

    Args:
        plane: float64 [H,W] in [0, 255].

    Returns:
        float64 [H,W], 0 where the neighbourhood is flat.
    """
    offsets = np.arange(-WINDOW_RADIUS, WINDOW_RADIUS + 1)
    taps = np.exp(-0.5 * (offsets / (7 / 6)) ** 2)
    taps /= taps.sum()
    padded = np.pad(plane, WINDOW_RADIUS, mode="edge")
    mean = smooth(padded, taps)
    deviation = np.sqrt(np.abs(smooth(padded * padded, taps) - mean * mean))
    difference = plane - mean
    difference[np.abs(difference) < ROUNDING] = 0.0
    return difference / (deviation + 1.0)


def fit_aggd(samples: Plane) -> tuple[Plane, Plane, Plane, Plane]:
    r"""Fit asymmetric generalized Gaussians by their moments (Lasmar et al. 2009).

    .. math:: p(x) \propto \exp\left(-(|x| / \beta)^{\alpha}\right), \quad
        \beta = \beta_l \text{ for } x < 0, \; \beta_r \text{ for } x \ge 0

    Args:
        samples: float64 [N,K]: N sets of K samples.

    Returns:
        Four float64 [N]: the shape alpha, 0.2 to 10 in steps of 0.001; the left and the
        right scale beta; and the mean (equation 8). Sets without negative or without
        positive samples have the shape 0.2, and not-a-numbers.
    """
    squares = samples * samples
    negative, positive = samples < 0, samples > 0
    left = np.sqrt(_divide((squares * negative).sum(axis=1), negative.sum(axis=1)))
    right = np.sqrt(_divide((squares * positive).sum(axis=1), positive.sum(axis=1)))
    peakedness = _divide(np.abs(samples).mean(axis=1) ** 2, squares.mean(axis=1))
    skew = _divide(left, right)
    wanted = peakedness * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shapes, ratios, scales, means = _moments_of_shapes()
    nearest = np.searchsorted((ratios[1:] + ratios[:-1]) / 2, wanted)
    nearest[np.isnan(wanted)] = 0
    left, right = left * scales[nearest], right * scales[nearest]
    return shapes[nearest], left, right, (right - left) * means[nearest]


def _features(plane: Plane, block: int) -> Plane:
    """Describe each block of one scale by 18 numbers: float64 [N,18]."""
    down, across = plane.shape[0] // block, plane.shape[1] // block
    grid = normalized(plane).reshape(down, block, across, block)
    blocks = grid.swapaxes(1, 2).reshape(down * across, block, block)
    shape, left, right, _ = fit_aggd(blocks.reshape(len(blocks), -1))
    columns = [shape, (left + right) / 2]
    for step in NEIGHBORS:
        products = blocks * np.roll(blocks, step, axis=(1, 2))
        shape, left, right, mean = fit_aggd(products.reshape(len(blocks), -1))
        columns += [shape, mean, left, right]
    return np.stack(columns, axis=1)


def _divide(dividend: Plane, divisor: NDArray[np.float64] | NDArray[np.int64]) -> Plane:
    """Divide; anything by nothing is not a number, and no warning."""
    quotient = np.full(dividend.shape, np.nan)
    np.divide(dividend, divisor, out=quotient, where=divisor != 0)
    return quotient


@cache
def _moments_of_shapes() -> tuple[Plane, Plane, Plane, Plane]:
    """Tabulate shapes, `mean(|x|)^2 / mean(x^2)`, `beta / deviation`, `mean(|x|) / beta`."""
    shapes = np.arange(200, 10001) / 1000.0
    first, second, third = (
        np.array([math.lgamma(order / shape) for shape in shapes]) for order in (1, 2, 3)
    )
    ratios = np.exp(2 * second - first - third)
    return shapes, ratios, np.exp((first - third) / 2), np.exp(second - first)
