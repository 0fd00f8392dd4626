"""The enhancer: measure, fold and render an image, in bands and on several threads."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from noiser import kernels, network
from noiser.carriers import unpack
from noiser.developing import Development, develop
from noiser.folding import NETWORK_HALO, Folded
from noiser.kernels.scene import BAND_HALO
from noiser.locality import cell_sums
from noiser.looks import look_named
from noiser.moments import Moments
from noiser.types import Pixels, Region

BANDS_PER_THREAD = 4
"""Bands each thread gets: a thread that the machine holds up leaves its rest to others."""

MIN_BAND_PIXELS = 1 << 18
"""Pixels of a band at least, where there is a band for each thread: a band has its costs."""

MIN_BAND_ROWS = 32
"""Rows of a band at least: each recomputes two hidden rows of its neighbours, and ten rows of what
the network reads [pixels]."""

MAX_BAND_PIXELS = 1 << 22
"""Pixels of a band at most; bounds the reference kernel's memory and the sums in kernel.c."""

_T = TypeVar("_T")


class Enhancer:
    """A network, a look and a kernel: everything but the image.

    `enhance` does all; `measure` and `render` are its halves, for images that come in
    pieces or are to share one look. A piece is any region, and any cut of an image into
    regions gives the same bytes as the whole.

    Args:
        look: `natural`, or `paper` for the network's output as published.
        strength: Share of the enhanced picture in [0, 1]; 0 returns the input.
        restraint: How far well-lit pictures are left alone, in [0, 1].
        auto: How far the picture's own light sets brightness and contrast, in [0, 1].
        brightness: Where mid-gray goes in [-0.9, 0.9]; 0 is neutral.
        contrast: Slope at mid-gray in [0, 4]; 1 is neutral.
        black: How far black is anchored, in [0, 1]; 0 leaves shadows gray.
        highlights: How far lamps and skies keep their drawing, in [0, 1].
        color: 0 for gray-world colours like the paper's, 1 for the photo's own.
        detail: Fine detail given back, in [0, 2]; 0 is as soft as the network.
        denoise: Share of the noise that is taken away, in [0, 1].
        local: How far dark parts are judged by their surroundings, in [0, 1].
        noise_floor: More noise to expect than `auto` does, share of the full range in [0, 0.5].
        weights: A weights file or a network; by default the look's packaged weights.
        threads: Threads to compute on; by default one for each usable processor.
        kernel: A name from `noiser info`; `auto` is the fastest.

    Raises:
        ValueError: A name or value is not one of those allowed.
        WeightsError: The weights file is not sound.

    Example:
        >>> dark = np.full((4, 4, 3), 10, np.uint8)
        >>> Enhancer(strength=0).enhance(dark).tolist() == dark.tolist()
        True
    """

    halo = NETWORK_HALO + BAND_HALO
    """Pixels around a region that its rendering reads; measuring reads one."""

    def __init__(
        self,
        look: str = "natural",
        *,
        strength: float | None = None,
        restraint: float | None = None,
        auto: float | None = None,
        brightness: float | None = None,
        contrast: float | None = None,
        black: float | None = None,
        highlights: float | None = None,
        color: float | None = None,
        detail: float | None = None,
        denoise: float | None = None,
        local: float | None = None,
        noise_floor: float | None = None,
        weights: str | Path | network.Network | None = None,
        threads: int | None = None,
        kernel: str = "auto",
    ) -> None:
        self.look = look_named(
            look,
            strength=strength,
            restraint=restraint,
            auto=auto,
            brightness=brightness,
            contrast=contrast,
            black=black,
            highlights=highlights,
            color=color,
            detail=detail,
            denoise=denoise,
            local=local,
            noise_floor=noise_floor,
        )
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}; it must be at least 1")
        self.threads = threads or usable_processors()
        self.kernel = kernels.select(kernel)
        if weights is None:
            self.network = network.packaged(look)
        elif isinstance(weights, network.Network):
            self.network = weights
        else:
            self.network = network.load(weights)

    def enhance(self, image: Any) -> Any:
        """Brighten an image: measure, fold and render.

        Args:
            image: A NumPy array, PIL image or torch tensor; see `noiser.enhance`.

        Returns:
            A new image of the type, dtype and layout given.
        """
        carrier = unpack(image)
        return carrier.pack([self._render(frame, self._measure(frame)) for frame in carrier.frames])

    def measure(
        self, image: Any, region: Region | None = None, origin: tuple[int, int] = (0, 0)
    ) -> Moments:
        """Sum up what has to be known of an image as a whole.

        Args:
            image: One image of any type that `enhance` takes.
            region: Rows and columns to measure; by default all. To measure a tile of a
                larger image, pass it with one pixel of its neighbours and leave them out
                of the region.
            origin: Row and column of the image's first pixel in that larger image; only
                `local` needs it [pixels].

        Returns:
            The moments. Those of disjoint regions, or of several images, add up with `+`.
        """
        return self._measure(unpack(image).single, region, origin)

    def develop(self, moments: Moments) -> tuple[Folded, Development]:
        """Put moments, weights and knobs into one local filter, and what else a kernel does."""
        if moments.padding != self.look.padding:
            raise ValueError(
                f"the moments were measured with {moments.padding} padding; "
                f"this look needs {self.look.padding}"
            )
        return develop(self.network, moments, self.look)

    def render(
        self,
        image: Any,
        moments: Moments,
        region: Region | None = None,
        origin: tuple[int, int] = (0, 0),
    ) -> Any:
        """Brighten an image, or a region of it, by given moments.

        Args:
            image: One image of any type that `enhance` takes.
            moments: Of this image, or of several that are to share one look.
            region: Rows and columns to render; by default all. To render a tile of a
                larger image, pass it with `halo` pixels of its neighbours and leave them
                out of the region.
            origin: Row and column of the image's first pixel in that larger image; only
                `local` needs it [pixels].

        Returns:
            The region, as a new image of the type, dtype and layout given.
        """
        carrier = unpack(image)
        return carrier.pack([self._render(carrier.single, moments, region, origin)])

    def _measure(
        self, pixels: Pixels, region: Region | None = None, origin: tuple[int, int] = (0, 0)
    ) -> Moments:
        """Measure an array in bands and add up."""

        def measure_band(band: Region) -> Moments:
            moments = self.kernel.measure(pixels, band, self.look.padding)
            if self.look.local == 0:
                return moments
            return replace(moments, cells=cell_sums(pixels, band, origin))

        return reduce(add, self._map(measure_band, self._bands(pixels, region)))

    def _render(
        self,
        pixels: Pixels,
        moments: Moments,
        region: Region | None = None,
        origin: tuple[int, int] = (0, 0),
    ) -> Pixels:
        """Render an array in bands, each into its rows of the output."""
        folded, development = self.develop(moments)
        if self.look.strength == 0:  # the very bytes, a negative zero's too
            return pixels[_resolved(region, pixels)].copy()
        bands = self._bands(pixels, region)
        top, columns = bands[0][0].start, bands[0][1]
        enhanced = _empty(pixels, bands[-1][0].stop - top, columns.stop - columns.start)

        def render_band(band: Region) -> None:
            out = enhanced[band[0].start - top : band[0].stop - top]
            self.kernel.render(pixels, band, folded, development, out, origin)

        self._map(render_band, bands)
        return enhanced

    def _bands(self, pixels: Pixels, region: Region | None) -> list[Region]:
        """Cut a region into bands of rows."""
        rows, columns = _resolved(region, pixels)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        shares = min(BANDS_PER_THREAD, max(width * height // (MIN_BAND_PIXELS * self.threads), 1))
        step = max(-(-height // (self.threads * shares)), MIN_BAND_ROWS)
        step = min(step, max(MAX_BAND_PIXELS // width, 1))
        return [
            (slice(row, min(row + step, rows.stop)), columns)
            for row in range(rows.start, rows.stop, step)
        ]

    def _map(self, task: Callable[[Region], _T], bands: list[Region]) -> Iterable[_T]:
        """Do a task for each band, in order, on the enhancer's threads; the caller's is one."""
        helpers = min(self.threads, len(bands)) - 1
        if helpers == 0:
            return [task(band) for band in bands]
        results: dict[int, _T] = {}
        numbers = iter(range(len(bands)))  # whoever is free takes the next

        def work() -> None:
            for number in numbers:
                results[number] = task(bands[number])

        with ThreadPoolExecutor(helpers) as pool:
            helping = [pool.submit(work) for _ in range(helpers)]
            work()
            for help_ in helping:
                help_.result()
        return [results[number] for number in range(len(bands))]


def enhance(image: Any, look: str = "natural", **options: Any) -> Any:
    """Brighten an image.

    Args:
        image: An array uint8, uint16, float32 or float64 [H,W] or [H,W,C] with 1 to 4
            channels (a second or fourth is alpha and is kept), sRGB, floats in [0, 1];
            a PIL image; or a torch tensor [3,H,W] or [B,3,H,W] in [0, 1].
        look: `natural`, or `paper` for the network's output as published.
        options: Any other argument of `Enhancer`.

    Returns:
        A new image of the type, dtype and layout given.

    Raises:
        TypeError: The image is of another type, or an option has another name.
        ValueError: The image or an option has a value that is not allowed.

    Example:
        >>> dark = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
        >>> bright = enhance(dark)
        >>> bright.shape, bright.dtype, bool(bright.mean() > dark.mean())
        ((4, 4, 3), dtype('uint8'), True)
    """
    return Enhancer(look, **options).enhance(image)


def usable_processors() -> int:
    """Count the processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _resolved(region: Region | None, pixels: Pixels) -> Region:
    """Give a region's slices numbers, and refuse what is not inside the image."""
    if region is None:
        return slice(0, pixels.shape[0]), slice(0, pixels.shape[1])
    if len(region) != 2 or not all(isinstance(part, slice) for part in region):
        raise ValueError(f"region is {region!r}; it must be two slices, rows and columns")
    resolved = []
    for part, size, axis in zip(region, pixels.shape, ("rows", "columns"), strict=False):
        start = 0 if part.start is None else part.start
        stop = size if part.stop is None else part.stop
        if part.step not in (None, 1) or not 0 <= start < stop <= size:
            raise ValueError(f"the region's {axis} are {part}; the image has 0 to {size}")
        resolved.append(slice(start, stop))
    return resolved[0], resolved[1]


def _empty(pixels: Pixels, height: int, width: int) -> Pixels:
    """Allocate an output laid out in memory like the input: interleaved or planar."""
    shape = (height, width, *pixels.shape[2:])
    if pixels.ndim == 3 and pixels.strides[2] > pixels.strides[1]:
        return np.empty((shape[2], height, width), pixels.dtype).transpose(1, 2, 0)
    return np.empty(shape, pixels.dtype)
