"""Fit a colour map to what really became of a picture's colours, by least squares."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import LUMA
from noiser.export.color_map import ColorMap, Colors, corners

VOTES = 200_000
"""What all pixels together weigh, however many they are."""

TIE = 0.5
"""What the flat response weighs at each point of a lattice of 33, in votes."""

SMOOTHNESS = 30.0
"""Weight of the difference between neighbours' corrections, on a lattice of 33, in votes.

From 3 to 30 the mean error on nine photographs rises from 1.52 to 1.56 of 255, and the map's
reversals shrink from 13 to 3 (flat response: 2.32 and 0).
"""

STILL_GRAY = 0.5 / 255
"""Difference of red, green and blue of what counts as gray."""

GRAY_ROUNDS = 30
"""Times that gray and rising are made good in turn."""

ROUNDS = 200
"""Steps of the solver at most."""

BOUND_ROUNDS = 4
"""Times that points beyond black or white are brought back and the rest is solved anew."""

ENOUGH = 1e-5
"""The solver stops when what is left of the error has this share of what it was."""

Values = NDArray[np.float64]
"""float64 [n^3,3]: three numbers at each lattice point."""


def fitted(flat: ColorMap, before: Colors, after: Colors) -> ColorMap:
    r"""Correct a map where a picture has colours, and keep it where it has none.

    With the correction `c`, on the lattice, and `c(x)` linear between its points, it minimizes

    .. math::
        \frac{V}{N} \sum_i |c(x_i) - (y_i - f(x_i))|^2
        + t \sum_p |c_p|^2 + s \sum_{p \sim q} |c_p - c_q|^2

    so it fades out smoothly away from the picture's colours. Each output colour is made to rise
    with its input. Where the look keeps gray gray, so does the map; where it takes a tint away,
    the tint of grays changes evenly between the lattice's points.

    Args:
        flat: The flat response `f`.
        before: The picture's colours `x`, at least one.
        after: What each of them became, `y`.

    Returns:
        The map, in [0, 1].
    """
    keep_gray = keeps_gray(flat)
    flat = ColorMap(with_even_grays(flat.lattice, keep_gray=keep_gray))
    size = flat.size
    residuals = _to_chroma(after - flat.apply(before))
    neighbours, wanted = _equations(before, residuals, size)
    coarseness = 32.0 / (size - 1)  # so that every lattice fades out over the same distance
    tie, pull = TIE * coarseness**3, SMOOTHNESS * coarseness
    free = np.ones((size**3, 3))
    if keep_gray:
        free[_gray_points(size), 1:] = 0.0

    def operator(correction: Values) -> Values:
        total = tie * correction + neighbours[0][:, None] * correction
        for step, weights in neighbours.items():
            if step:
                total[:-step] += weights[:-step, None] * correction[step:]
                total[step:] += weights[:-step, None] * correction[:-step]
        _add_differences(correction, total, pull, size)
        return free * total

    diagonal = (neighbours[0] + tie + 6.0 * pull)[:, None]
    start = flat.lattice.reshape(-1, 3)
    held = np.zeros_like(wanted)
    for _ in range(BOUND_ROUNDS):
        rest = _solved(operator, diagonal, free * wanted - operator(held))
        found = start + _from_chroma(held + rest)
        outside = ((found < 0.0) | (found > 1.0)).any(1)
        if not outside.any():
            break
        # Points that want to go beyond black or white stay there; the others make up for it.
        held[outside] = _to_chroma(np.clip(found[outside], 0.0, 1.0) - start[outside])
        free[outside] = 0.0
    lattice = np.clip(found, 0.0, 1.0).reshape(flat.lattice.shape)
    for _ in range(GRAY_ROUNDS):  # each disturbs what the other did, less every time
        lattice = np.clip(with_even_grays(rising(lattice), keep_gray=keep_gray), 0.0, 1.0)
    return ColorMap(rising(lattice))


def keeps_gray(flat: ColorMap) -> bool:
    """Tell whether gray comes out gray, within half a level of 255."""
    gray = flat.lattice.reshape(-1, 3)[_gray_points(flat.size)]
    return bool(np.ptp(gray, axis=1).max() < STILL_GRAY)


def with_even_grays(lattice: NDArray[np.float64], *, keep_gray: bool) -> NDArray[np.float64]:
    r"""Let the tint of grays change evenly between the lattice's points, or be none.

    Between two gray points, trilinear, six more have a share in gray: three with one colour
    raised and three with two. With the chroma `c_0` and `c_1` of the two and the means `m_1`
    and `m_2` of the threes it is a cubic, whose Bernstein coefficients are these four:

    .. math:: (1-t)^3 c_0 + 3 t (1-t)^2 m_1 + 3 t^2 (1-t) m_2 + t^3 c_1

    so it is even where the means lie at the thirds between the two.

    Args:
        lattice: float64 [n,n,n,3], as in `ColorMap`.
        keep_gray: Make gray points gray first.

    Returns:
        float64 [n,n,n,3], luma as before.

    Example:
        >>> noise = np.random.default_rng(0).uniform(size=(3, 3, 3, 3))
        >>> gray = ColorMap(with_even_grays(noise, keep_gray=True)).apply(np.full((1, 3), 0.3))
        >>> bool(np.ptp(gray) < 1e-12)
        True
    """
    made = lattice.copy()
    points, size = made.reshape(-1, 3), len(lattice)
    gray = _gray_points(size)
    if keep_gray:
        points[gray] -= _chroma(points[gray])
    tint = _chroma(points[gray])
    red, green, blue = 1, size, size * size
    for raised, share in (
        ((red, green, blue), 1.0 / 3.0),
        ((red + green, red + blue, green + blue), 2.0 / 3.0),
    ):
        three = gray[:-1, None] + np.array(raised)
        wanted = (1.0 - share) * tint[:-1] + share * tint[1:]
        points[three] += (wanted - _chroma(points[three].mean(1)))[:, None]
    return made


def _chroma(colors: Values) -> Values:
    """Take luma away."""
    return np.asarray(colors - (colors @ np.array(LUMA))[..., None], np.float64)


def rising(lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make red rise with red, green with green and blue with blue: never fall.

    Halfway between the least rising map above and the greatest below, so that what rises
    already stays as it is.

    Args:
        lattice: float64 [n,n,n,3], as in `ColorMap`.

    Returns:
        float64 [n,n,n,3].

    Example:
        >>> falling = np.zeros((2, 2, 2, 3)); falling[0, ..., 2] = 1.0
        >>> rising(falling)[:, 0, 0, 2].tolist()
        [0.5, 0.5]
    """
    made = lattice.copy()
    for color in range(3):
        axis = 2 - color
        values = lattice[..., color]
        above = np.maximum.accumulate(values, axis)
        below = np.flip(np.minimum.accumulate(np.flip(values, axis), axis), axis)
        made[..., color] = (above + below) / 2.0
    return made


def _equations(
    before: Colors, residuals: Colors, size: int
) -> tuple[dict[int, NDArray[np.float64]], Values]:
    """Sum up the normal equations: the matrix by distance of the points, upper half only."""
    points, weight = size**3, VOTES / len(before)
    around = list(corners(before, size))
    wanted = np.empty((points, 3))
    for channel in range(3):
        wanted[:, channel] = weight * sum(
            np.bincount(index, share * residuals[:, channel], points) for index, share in around
        )
    matrix: dict[int, NDArray[np.float64]] = {}
    nothing = np.zeros(points)
    first = around[0][0]
    for index, share in around:
        for other, other_share in around:
            step = int((other - index)[0])
            if step >= 0:
                # All eight corners lie at the same distances from the first.
                offset = int((index - first)[0])
                found = weight * np.bincount(first + offset, share * other_share, points)
                matrix[step] = np.asarray(matrix.get(step, nothing) + found, np.float64)
    return matrix, wanted


def _add_differences(correction: Values, total: Values, pull: float, size: int) -> None:
    """Add the gradient of the smoothness along all three axes."""
    values, sums = (array.reshape(size, size, size, 3) for array in (correction, total))
    for axis in range(3):
        rises = pull * np.diff(values, axis=axis)
        lower = tuple(slice(0, -1) if i == axis else slice(None) for i in range(3))
        upper = tuple(slice(1, None) if i == axis else slice(None) for i in range(3))
        sums[lower] -= rises
        sums[upper] += rises


def _solved(operator: Callable[[Values], Values], diagonal: Values, wanted: Values) -> Values:
    """Solve three symmetric systems at once by conjugate gradients (Hestenes and Stiefel 1952)."""
    found = np.zeros_like(wanted)
    rest = wanted.copy()
    direction = scaled = rest / diagonal
    size = (rest * scaled).sum(0)
    first = size
    for _ in range(ROUNDS):
        if (size <= ENOUGH**2 * first).all():
            break
        image = operator(direction)
        step = _ratio(size, (direction * image).sum(0))
        found += step * direction
        rest -= step * image
        scaled = rest / diagonal
        size, before = (rest * scaled).sum(0), size
        direction = scaled + _ratio(size, before) * direction
    return found


def _ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, 0 by 0 giving 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _gray_points(size: int) -> NDArray[np.int64]:
    """List the places of the lattice's grays: int64 [n]."""
    return np.arange(size) * (size * size + size + 1)


def _to_chroma(colors: Values) -> Values:
    """Turn red, green, blue into luma, red less luma, blue less luma."""
    bright = colors @ np.array(LUMA)
    return np.stack([bright, colors[:, 0] - bright, colors[:, 2] - bright], 1)


def _from_chroma(values: Values) -> Values:
    """Turn luma, red less luma, blue less luma into red, green, blue."""
    bright, red, blue = values.T
    green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
    return np.asarray(bright[:, None] + np.stack([red, green, blue], 1), np.float64)
