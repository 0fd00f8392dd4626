"""The structures of the native kernel, and how they lie in the library."""

import ctypes

from noiser.look.render_params import SCALARS
from noiser.statistics.moments import OCTAVES
from noiser.statistics.noise_by_octave import NOISE_LEVELS


class Image(ctypes.Structure):
    """`image` of kernel.c."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("row", "column", "channel", "height", "width")),
        *((name, ctypes.c_int32) for name in ("channels", "depth")),
    )


class Region(ctypes.Structure):
    """`region` of kernel.c."""

    _fields_ = tuple((name, ctypes.c_int64) for name in ("top", "bottom", "left", "right"))


class Grid(ctypes.Structure):
    """`grid` of kernel.c."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("sums", "first_tones")),
        *(
            (name, ctypes.c_int64)
            for name in ("rows", "columns", "origin_row", "origin_column", "shift")
        ),
    )


class Filter(ctypes.Structure):
    """`filter` of kernel.c."""

    _fields_ = (
        *(
            (name, ctypes.c_void_p)
            for name in (
                "first_weight", "first_bias", "second_weight", "second_bias", "lift",
            )
        ),
        *(
            (name, ctypes.c_int64)
            for name in (
                "lift_rows", "lift_columns", "origin_row", "origin_column", "lift_cell",
            )
        ),
        *(
            (name, ctypes.c_int32)
            for name in ("hidden", "padding", "develops", "octaves", "gray")
        ),
        ("center", ctypes.c_float * 3),
        ("levels", ctypes.c_float),
        ("cast", ctypes.c_float * 2),
        *((name, ctypes.c_float) for name in SCALARS),
        ("noise", ctypes.c_float * OCTAVES),
        ("noise_levels", ctypes.c_float * len(NOISE_LEVELS)),
        ("noise_slopes", ctypes.c_float * len(NOISE_LEVELS) * OCTAVES),
    )  # fmt: skip


LAYOUT: tuple[int, ...] = tuple(
    number
    for struct in (Image, Region, Grid, Filter)
    for number in (
        ctypes.sizeof(struct),
        *(getattr(struct, field[0]).offset for field in struct._fields_),
    )
)
"""Of each structure its size and the offsets of its fields [bytes]; layout.h has the kernel's."""


def layout(library: ctypes.CDLL, variant: str) -> tuple[int, ...]:
    """Read what a variant was compiled of, and how its structures lie, see layout.h.

    Returns:
        The sources' stamp, and the numbers that are to be `LAYOUT`; of a library from before
        there was a stamp, only a 0.
    """
    symbol = f"noiser_layout_{variant}"
    if not hasattr(library, symbol):
        return (0,)
    count = ctypes.c_int64.in_dll(library, symbol).value
    return tuple((ctypes.c_int64 * (count + 1)).in_dll(library, symbol))[1:]
