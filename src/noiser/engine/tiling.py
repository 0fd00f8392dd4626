"""Bands: arrays measured and rendered in bands of rows, on several threads."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, reduce
from operator import add
from typing import Any, TypeVar

import numpy as np

from noiser.core.adapters import Adapter, one_by_one, resolved
from noiser.core.types import Pixels, Region
from noiser.engine.kernels import Kernel
from noiser.look.knobs import Look
from noiser.look.render_params import RenderParams
from noiser.statistics.moments import Moments

BANDS_PER_THREAD = 4
"""Bands to render that each thread gets: one that the machine holds up leaves its rest to others.
To measure it gets one, because adding moments up takes as long as some rows; and one where there
is noise in coarse octaves, of which each band recomputes those around it."""

MIN_BAND_PIXELS = 1 << 18
"""Pixels of a band at least, where there is a band for each thread: a band has its costs."""

MIN_BAND_ROWS = 32
"""Rows of a band at least: each recomputes two hidden rows of its neighbours, and ten rows of what
the network reads [pixels]."""

MAX_BAND_PIXELS = 1 << 22
"""Pixels of a band at most; bounds the reference kernel's memory and the sums in kernel.c."""

_T = TypeVar("_T")


class Bands:
    """The arrays of one image or batch, and how they are worked on.

    Args:
        adapter: The arrays, and the way back.
        kernel: What measures and renders a band.
        threads: How many bands are worked on at once, the caller's thread included.
    """

    def __init__(self, adapter: Adapter, kernel: Kernel, threads: int) -> None:
        self._adapter, self._kernel, self._threads = adapter, kernel, threads

    @property
    def single(self) -> "Bands":
        """Itself, if it is one image.

        Raises:
            ValueError: It is a batch of several.
        """
        one_by_one(len(self._adapter.frames))
        return self

    def measure(
        self, look: Look, region: Region | None = None, origin: tuple[int, int] = (0, 0)
    ) -> list[Moments]:
        """Measure a region of each image, as the look needs it."""
        return [self._measured(frame, look, region, origin) for frame in self._adapter.frames]

    def render(
        self,
        params: Sequence[RenderParams],
        region: Region | None = None,
        origin: tuple[int, int] = (0, 0),
    ) -> Any:
        """Render a region of each image by its own parameters, and pack them as they came."""
        pairs = zip(self._adapter.frames, params, strict=True)
        return self._adapter.pack([self._rendered(f, by, region, origin) for f, by in pairs])

    def _measured(
        self, pixels: Pixels, look: Look, region: Region | None, origin: tuple[int, int]
    ) -> Moments:
        """Measure an array in bands and add up."""

        def measure_band(band: Region) -> Moments:
            return self._kernel.measure(
                pixels, band, look.padding, origin, with_grid=look.local > 0
            )

        return reduce(add, self._map(measure_band, self._cut(pixels, region, 1)))

    def _rendered(
        self,
        pixels: Pixels,
        params: RenderParams,
        region: Region | None,
        origin: tuple[int, int],
    ) -> Pixels:
        """Render an array in bands, each into its rows of the output."""
        if params.adjustments.strength == 0:  # the very bytes, a negative zero's too
            return pixels[resolved(region, pixels.shape[:2])].copy()
        most = 1 if params.adjustments.octaves > 1 else BANDS_PER_THREAD
        bands = self._cut(pixels, region, most)
        top, columns = bands[0][0].start, bands[0][1]
        enhanced = _empty(pixels, bands[-1][0].stop - top, columns.stop - columns.start)

        def render_band(band: Region) -> None:
            out = enhanced[band[0].start - top : band[0].stop - top]
            self._kernel.render(pixels, band, params, out, origin)

        self._map(render_band, bands)
        return enhanced

    def _cut(self, pixels: Pixels, region: Region | None, most: int) -> list[Region]:
        """Cut a region into bands of rows, so many for each thread at most, or as few as may be."""
        rows, columns = resolved(region, pixels.shape[:2])
        height, width = rows.stop - rows.start, columns.stop - columns.start
        shares = min(most, max(width * height // (MIN_BAND_PIXELS * self._threads), 1))
        shares = max(shares, -(-width * height // (MAX_BAND_PIXELS * self._threads)))
        step = max(-(-height // (self._threads * shares)), MIN_BAND_ROWS)
        step = min(step, max(MAX_BAND_PIXELS // width, 1))
        return [
            (slice(row, min(row + step, rows.stop)), columns)
            for row in range(rows.start, rows.stop, step)
        ]

    def _map(self, task: Callable[[Region], _T], bands: list[Region]) -> Iterable[_T]:
        """Do a task for each band, in order, on the threads; the caller's is one."""
        helpers = min(self._threads, len(bands)) - 1
        if helpers == 0:
            return [task(band) for band in bands]
        results: dict[int, _T] = {}
        numbers = iter(range(len(bands)))  # whoever is free takes the next

        def work() -> None:
            for number in numbers:
                results[number] = task(bands[number])

        pool = _helpers(self._threads - 1)
        helping = [pool.submit(work) for _ in range(helpers)]
        try:
            work()
        finally:
            for _ in numbers:  # after a fault nobody begins another
                pass
            begun = [help_ for help_ in helping if not help_.cancel()]
            wait(begun)
        for help_ in begun:
            help_.result()
        return [results[number] for number in range(len(bands))]


@cache
def _helpers(count: int) -> ThreadPoolExecutor:
    """Give threads that stay: to begin one takes as long as some rows of a picture."""
    return ThreadPoolExecutor(count, "noiser")


if hasattr(os, "register_at_fork"):  # a forked process has none of its parent's threads
    os.register_at_fork(after_in_child=_helpers.cache_clear)


def _empty(pixels: Pixels, height: int, width: int) -> Pixels:
    """Allocate an output laid out in memory like the input: interleaved or planar."""
    shape = (height, width, *pixels.shape[2:])
    if pixels.ndim == 3 and pixels.strides[2] > pixels.strides[1]:
        return np.empty((shape[2], height, width), pixels.dtype).transpose(1, 2, 0)
    return np.empty(shape, pixels.dtype)
