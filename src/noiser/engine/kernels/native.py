"""The native kernel: kernel.c, called through ctypes on arrays with checked shapes."""

import ctypes
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from noiser.core.color import LUMA
from noiser.core.types import Padding, Pixels, Region
from noiser.engine.kernels import structures
from noiser.engine.kernels.stamp import stamp_of
from noiser.engine.kernels.structures import Filter, Image
from noiser.look.fold import Folded
from noiser.look.render_params import SCALARS, RenderParams
from noiser.statistics.light_grid import BINS, FIRST_TONES, TONES, LightGrid, shift_for
from noiser.statistics.moments import GRAINS, OCTAVES, TAPS, UNIT, UPPER, Moments
from noiser.statistics.noise_by_octave import NOISE_LEVELS

LIBRARY = Path(__file__).with_name("c") / "libkernel.so"
"""Made by the build hook where a C compiler is at hand."""

VARIANTS = ("avx512", "avx2", "neon", "baseline")
"""Instruction sets, the fastest first."""

CHANNEL_BLOCK = 4
"""Hidden channels the kernel computes together; weights are padded to a multiple."""

GELU_UNIT = 5.2 / 7.499
"""What the kernel's hidden layer counts in: its GELU then needs no scaling; see vectors.h."""

DEPTHS = {np.dtype(d): i for i, d in enumerate((np.uint8, np.uint16, np.float32, np.float64))}
"""Numbers of the dtypes in kernel.c."""

LEVELS = (255, 65535, 1, 1)
"""The signed value 1 in the kernel's integers, by depth."""

PADDINGS = {"zero": 0, "replicate": 1}
"""Numbers of the paddings in kernel.c."""

FIRST = np.array(FIRST_TONES, np.int32)
"""First tones of the grid's classes, as kernel.c reads them."""


@dataclass(frozen=True)
class NativeKernel:
    """One instruction set of the native kernel."""

    variant: str
    """`avx512`, `avx2`, `neon` or `baseline`."""

    library: ctypes.CDLL

    @property
    def name(self) -> str:
        """What `noiser info` calls this kernel."""
        return f"native-{self.variant}"

    def multiply_adds(self, rounds: int) -> int:
        """Do multiply-adds as fast as this instruction set can, for a benchmark to time.

        Args:
            rounds: How often each of a few independent sums is added to.

        Returns:
            How many there were.
        """
        function = getattr(self.library, f"noiser_multiply_adds_{self.variant}")
        function.restype = ctypes.c_int64
        return int(function(ctypes.c_int64(rounds)))

    def measure(
        self,
        pixels: Pixels,
        region: Region,
        padding: Padding,
        origin: tuple[int, int] = (0, 0),
        *,
        with_grid: bool = False,
    ) -> Moments:
        """Sum up the values under the kernel over a region: see the reference."""
        sums = np.empty(TAPS, np.int64)
        products = np.empty((TAPS, TAPS), np.int64)
        tones = np.empty(TONES, np.uint32)
        grain = np.empty(GRAINS, np.uint32)
        light, counted = _grid(region, origin, with_grid)
        function = getattr(self.library, f"noiser_measure_{self.variant}")
        failed = function(
            ctypes.byref(_image(pixels)),
            ctypes.byref(_region(region)),
            PADDINGS[padding],
            *(ctypes.c_void_p(a.ctypes.data) for a in (sums, products, tones, grain)),
            ctypes.byref(light),
        )
        if failed:
            raise MemoryError
        # The kernel fills one order of each pair of taps; the other is zero or the same.
        unordered = np.where(products != 0, products, products.T)[UPPER]
        scale = UNIT // 255 if pixels.dtype == np.uint8 else 1
        rows, columns = region
        return Moments(
            padding,
            (rows.stop - rows.start) * (columns.stop - columns.start),
            tuple(scale * s for s in sums.tolist()),
            tuple(scale**2 * p for p in unordered.tolist()),
            tuple(tones.tolist()),
            tuple(grain.tolist()),
            _unpacked(light, counted, region[0].start + origin[0]) if with_grid else None,
        )

    def render(
        self,
        pixels: Pixels,
        region: Region,
        params: RenderParams,
        out: Pixels,
        origin: tuple[int, int] = (0, 0),
    ) -> None:
        """Apply the folded network and the look to a region: see the reference."""
        folded, adjustments = params
        source, target = _image(pixels), _image(out)
        levels = LEVELS[DEPTHS[pixels.dtype]]
        arrays = _pack(folded, levels, adjustments.develops)
        lift = adjustments.lift
        levels_of_noise = ctypes.c_float * len(NOISE_LEVELS)
        filter_ = Filter(
            *(array.ctypes.data for array in arrays),
            lift.table.ctypes.data if lift else None,
            *(lift.table.shape[:2] if lift else (0, 0)),
            *origin,
            lift.cell if lift else 0,
            arrays[1].size,
            PADDINGS[folded.padding],
            adjustments.develops,
            adjustments.octaves if adjustments.develops else 0,
            _is_gray(folded, adjustments.develops),
            (ctypes.c_float * 3)(*(folded.center / 255 * levels)),
            levels,
            (ctypes.c_float * 2)(*adjustments.cast),
            *(getattr(adjustments, name) for name in SCALARS),
            (ctypes.c_float * OCTAVES)(*(octave[0] for octave in adjustments.noise)),
            levels_of_noise(*NOISE_LEVELS),
            (levels_of_noise * OCTAVES)(*(levels_of_noise(*s) for s in adjustments.noise_slopes)),
        )
        function = getattr(self.library, f"noiser_render_{self.variant}")
        failed = function(
            ctypes.byref(source),
            ctypes.byref(target),
            ctypes.byref(_region(region)),
            ctypes.byref(filter_),
        )
        if failed:
            raise MemoryError


@dataclass(frozen=True)
class Found:
    """What came of looking for the library."""

    kernels: dict[str, NativeKernel]
    """Those that this machine can run, by name, the fastest first."""

    fault: str | None = None
    """Why there are none."""


@cache
def found() -> Found:
    """Look for the library once: when a kernel is first needed, not when noiser is imported."""
    return load(LIBRARY)


def kernels() -> dict[str, NativeKernel]:
    """Give the native kernels that this machine can run, by name, the fastest first."""
    return found().kernels


def fault() -> str | None:
    """Say why there is no native kernel, None where there is one."""
    return found().fault


def load(path: Path) -> Found:
    """Load a library, if it is there, sound, and compiled of the sources that lie beside it.

    After an update of the sources alone, a library compiled of the old ones would take
    structures of another layout, and render wrong pictures without a word.

    Args:
        path: Of the library.
    """
    if not path.exists():
        return Found({}, "the native kernel was not built (is there a C compiler?)")
    unused = f"the native kernel is not used: {path.name} {{}}; pip install again builds it"
    try:
        library = ctypes.CDLL(str(path.absolute()))
    except OSError as error:
        return Found({}, unused.format(f"cannot be loaded ({error})"))
    variants = [name for name in VARIANTS if hasattr(library, f"noiser_supported_{name}")]
    stamp = stamp_of(path.parent)
    for name in variants:
        numbers = structures.layout(library, name)
        if numbers[1:] != structures.LAYOUT or (stamp and numbers[0] != stamp):
            return Found({}, unused.format("was compiled of other sources than this version's"))
    able = [name for name in variants if getattr(library, f"noiser_supported_{name}")()]
    if not able:
        return Found({}, unused.format("has no instructions that this machine knows"))
    made = [NativeKernel(name, library) for name in able]
    return Found({kernel.name: kernel for kernel in made})


@lru_cache(maxsize=8)  # once for all bands of a picture
def _pack(folded: Folded, levels: int, develops: bool) -> tuple[Pixels, ...]:
    """Lay the weights out as the kernel walks them, in single precision.

    The kernel reads levels, or where it develops luma and two colour differences in [0, 1].
    """
    hidden = folded.first_bias.size
    first = folded.first_weight.reshape(hidden, 3, 9)
    if develops:
        red, green, blue = first.transpose(1, 0, 2)
        # red = luma + (red - luma), and the luma of the three differences is zero
        differences = [
            c - weight / LUMA[1] * green for c, weight in ((red, LUMA[0]), (blue, LUMA[2]))
        ]
        first = 2.0 * np.stack([red + green + blue, *differences], 1)
    else:
        first = first / levels
    second, second_bias = folded.second_weight.reshape(3, hidden, 9), folded.second_bias
    if _is_gray(folded, develops):
        first, second, second_bias = first[:, :1], second[:1], second_bias[:1]
    missing = -hidden % CHANNEL_BLOCK
    first = np.pad(first.reshape(hidden, -1), ((0, missing), (0, 0)))
    second = np.pad(second, ((0, 0), (0, missing), (0, 0)))
    arrays = (
        first.reshape(-1, CHANNEL_BLOCK, first.shape[1]).transpose(0, 2, 1) / GELU_UNIT,
        np.pad(folded.first_bias, (0, missing)) / GELU_UNIT,
        second.transpose(1, 2, 0) * GELU_UNIT,
        second_bias,
    )
    return tuple(np.ascontiguousarray(array, np.float32) for array in arrays)


def _is_gray(folded: Folded, develops: bool) -> bool:
    """Whether luma alone goes through the network."""
    return develops and folded.colors == 1


def _image(pixels: Pixels) -> Image:
    """Describe an array to the kernel."""
    if any(stride % pixels.itemsize for stride in pixels.strides):
        raise ValueError("the strides of the array are not whole pixels; pass a copy of it")
    if not pixels.flags.aligned:
        raise ValueError("the array begins between two addresses of its type; pass a copy of it")
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    channel = pixels.strides[2] if pixels.ndim == 3 else pixels.itemsize
    return Image(
        pixels.ctypes.data,
        pixels.strides[0],
        pixels.strides[1],
        channel,
        pixels.shape[0],
        pixels.shape[1],
        channels,
        DEPTHS[pixels.dtype],
    )


def _grid(
    region: Region, origin: tuple[int, int], is_counted: bool
) -> tuple[structures.Grid, NDArray[np.uint64]]:
    """Make an empty grid for the kernel to count a region's light into, if that is counted."""
    if not is_counted:
        return structures.Grid(None, None, 0, 0, *origin, 0), np.empty(0, np.uint64)
    top = region[0].start + origin[0]
    bottom, right = (part.stop + first for part, first in zip(region, origin, strict=True))
    shift = shift_for(bottom, right)
    rows, columns = ((bottom - 1) >> shift) - (top >> shift) + 1, ((right - 1) >> shift) + 1
    sums = np.zeros((2, rows, columns, BINS), np.uint64)
    place = sums.ctypes.data, FIRST.ctypes.data, rows, columns, *origin, shift
    return structures.Grid(*place), sums


def _unpacked(light: structures.Grid, counted: NDArray[np.uint64], top: int) -> LightGrid:
    """Take pixels and tones apart, and put them where they lie in the picture."""
    both = counted[0] + counted[1]
    above = top >> light.shift
    sums = np.zeros((2, above + light.rows, light.columns, BINS), np.int64)
    sums[0, above:], sums[1, above:] = both >> 40, both & ((1 << 40) - 1)
    return LightGrid(light.shift, sums)


def _region(region: Region) -> structures.Region:
    """Describe a region to the kernel."""
    rows, columns = region
    return structures.Region(rows.start, rows.stop, columns.start, columns.stop)
