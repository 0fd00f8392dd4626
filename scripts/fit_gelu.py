"""Derive the polynomial of the native kernel's GELU and print it as C.

    python scripts/fit_gelu.py

`t(a) = a (1 - Phi(a))` is interpolated at the Chebyshev nodes of [0, 5.2], degree 16, and
written in powers of `s = a / 2.6 - 1`. The last line gives the error in double precision.
"""

import math

import numpy as np
from numpy.polynomial import chebyshev, polynomial

END = 5.2
DEGREE = 16


def tail(magnitude: float) -> float:
    """GELU's distance to max(x, 0)."""
    return 0.5 * magnitude * math.erfc(magnitude / math.sqrt(2))


def main() -> None:
    """Fit and print."""
    fitted = chebyshev.chebinterpolate(
        lambda s: np.array([tail((v + 1) * END / 2) for v in np.atleast_1d(s)]), DEGREE
    )
    powers = chebyshev.cheb2poly(fitted)
    print(",\n".join(f"{np.float32(p):.9e}f" for p in powers))
    grid = np.linspace(0, END, 100_001)
    exact = np.array([tail(a) for a in grid])
    error = np.abs(polynomial.polyval(grid * 2 / END - 1, powers) - exact).max()
    print(f"/* at most {error:.1e} off on [0, {END}] */")


if __name__ == "__main__":
    main()
