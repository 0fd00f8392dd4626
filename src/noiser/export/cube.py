"""The .cube format: a colour map as text, as Adobe's specification 1.0 (2013) has it.

Read by darktable, DaVinci Resolve, ffmpeg (`lut3d`), OBS, Premiere and others.
"""

from noiser.export.color_map import ColorMap

SIZES = (2, 256)
"""Least and most points along an axis that the format allows."""

DECIMALS = 6
"""Digits behind the point: a sixteenth of a 16-bit step."""


def to_cube(color_map: ColorMap, title: str = "noiser") -> bytes:
    """Write a map in the .cube format; red changes fastest.

    Args:
        color_map: The map.
        title: One line; quotes and what is not ASCII are replaced.

    Returns:
        The file.

    Example:
        >>> import numpy as np
        >>> to_cube(ColorMap(np.zeros((2, 2, 2, 3)))).decode().splitlines()[:5]
        ['TITLE "noiser"', 'LUT_3D_SIZE 2', 'DOMAIN_MIN 0 0 0', 'DOMAIN_MAX 1 1 1', \
'0.000000 0.000000 0.000000']
    """
    clean = "".join(c if " " <= c <= "~" and c != '"' else "_" for c in title)
    lines = [
        f'TITLE "{clean}"',
        f"LUT_3D_SIZE {color_map.size}",
        "DOMAIN_MIN 0 0 0",
        "DOMAIN_MAX 1 1 1",
    ]
    lines += [
        " ".join(f"{value:.{DECIMALS}f}" for value in color)
        for color in color_map.lattice.reshape(-1, 3).tolist()
    ]
    return ("\n".join(lines) + "\n").encode("ascii")
