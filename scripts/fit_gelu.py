"""Derive the polynomials of the native kernel's GELU and print them as C.

    python scripts/fit_gelu.py

`t(a) = a (1 - Phi(a))` on [0, 5.2] is cut into eight pieces around the whole values of
`s = a * 7.499 / 5.2`. In each it is interpolated at the Chebyshev nodes, degree 6, and written in
powers of the distance from the middle, `t` too in the unit of `s`. One row is one power, so that
a piece's coefficients stand in one column. The last line gives the error in double precision.
"""

import math

import numpy as np
from numpy.polynomial import chebyshev, polynomial

END = 5.2
PIECES = 8
SCALE = (PIECES - 0.501) / END
DEGREE = 6


def tail(magnitude: float) -> float:
    """GELU's distance to max(x, 0), in the unit of s."""
    return SCALE * 0.5 * magnitude * math.erfc(magnitude / math.sqrt(2))


def piece(middle: int) -> np.ndarray:
    """Fit one piece: coefficients of the powers of s - middle, float64 [7]."""
    fitted = chebyshev.chebinterpolate(
        lambda u: np.array([tail((middle + v / 2) / SCALE) for v in np.atleast_1d(u)]), DEGREE
    )
    powers = chebyshev.cheb2poly(fitted) * 2.0 ** np.arange(DEGREE + 1)
    return np.where(abs(powers) < 1e-12, 0.0, powers)  # around zero some vanish


def main() -> None:
    """Fit and print."""
    table = np.array([piece(middle) for middle in range(PIECES)])
    for row in table.T:
        print("{" + ", ".join(f"{np.float32(p):.9e}f" for p in row) + "},")
    grid = np.linspace(0, END, 100_001)
    middles = np.rint(grid * SCALE).astype(int)
    error = max(
        abs(polynomial.polyval(a * SCALE - m, table[m]) - tail(a)) / SCALE
        for a, m in zip(grid, middles, strict=True)
    )
    print(f"/* at most {error:.1e} off on [0, {END}] */")


if __name__ == "__main__":
    main()
