"""The enhancer: measure, fold and render an image, in bands and on several threads."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from noiser import kernels, network
from noiser.carriers import unpack
from noiser.folding import HALO, Folded, fold
from noiser.looks import look_named
from noiser.moments import Moments
from noiser.types import Pixels, Region

BANDS_PER_THREAD = 4
"""Bands each thread gets: a thread that the machine holds up leaves its rest to others."""

MIN_BAND_ROWS = 32
"""Rows of a band at least: each recomputes two hidden rows of its neighbours [pixels]."""

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
        noise_floor: Noise to expect, share of the full range in [0, 0.5].
        color: 0 for gray-world colours like the paper's, 1 for the photo's own.
        black: Darkness of the shadows in [0, 1]; 0 leaves them gray.
        strength: Share of the enhanced picture in [0, 1]; 0 returns the input.
        brightness: Where mid-gray goes in [-0.9, 0.9]; 0 is neutral.
        contrast: Slope at mid-gray in [0, 4]; 1 is neutral.
        weights: A weights file or a network; by default the packaged weights.
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

    halo = HALO
    """Pixels around a region that its rendering reads; measuring reads one."""

    def __init__(
        self,
        look: str = "natural",
        *,
        noise_floor: float | None = None,
        color: float | None = None,
        black: float | None = None,
        strength: float | None = None,
        brightness: float | None = None,
        contrast: float | None = None,
        weights: str | Path | network.Network | None = None,
        threads: int | None = None,
        kernel: str = "auto",
    ) -> None:
        self.look = look_named(
            look,
            noise_floor=noise_floor,
            color=color,
            black=black,
            strength=strength,
            brightness=brightness,
            contrast=contrast,
        )
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}; it must be at least 1")
        self.threads = threads or usable_processors()
        self.kernel = kernels.select(kernel)
        if weights is None:
            self.network = network.packaged()
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
        return carrier.pack(
            [self._render(frame, self._measure(frame, None), None) for frame in carrier.frames]
        )

    def measure(self, image: Any, region: Region | None = None) -> Moments:
        """Sum up what the normalization needs to know of an image.

        Args:
            image: One image of any type that `enhance` takes.
            region: Rows and columns to measure; by default all. To measure a tile of a
                larger image, pass it with one pixel of its neighbours and leave them out
                of the region.

        Returns:
            The moments. Those of disjoint regions, or of several images, add up with `+`.
        """
        return self._measure(unpack(image).single, region)

    def fold(self, moments: Moments) -> Folded:
        """Put moments, weights and knobs into one local filter."""
        if moments.padding != self.look.padding:
            raise ValueError(
                f"the moments were measured with {moments.padding} padding; "
                f"this look needs {self.look.padding}"
            )
        return fold(
            self.network,
            moments,
            eps=self.look.eps,
            noise_floor=self.look.noise_floor,
            contrast=self.look.contrast,
            brightness=self.look.brightness,
            black=self.look.black,
        )

    def render(self, image: Any, moments: Moments, region: Region | None = None) -> Any:
        """Brighten an image, or a region of it, by given moments.

        Args:
            image: One image of any type that `enhance` takes.
            moments: Of this image, or of several that are to share one look.
            region: Rows and columns to render; by default all. To render a tile of a
                larger image, pass it with `halo` pixels of its neighbours and leave them
                out of the region.

        Returns:
            The region, as a new image of the type, dtype and layout given.
        """
        carrier = unpack(image)
        return carrier.pack([self._render(carrier.single, moments, region)])

    def _measure(self, pixels: Pixels, region: Region | None) -> Moments:
        """Measure an array in bands and add up."""

        def measure_band(band: Region) -> Moments:
            return self.kernel.measure(pixels, band, self.look.padding)

        return reduce(add, self._map(measure_band, self._bands(pixels, region)))

    def _render(self, pixels: Pixels, moments: Moments, region: Region | None) -> Pixels:
        """Render an array in bands, each into its rows of the output."""
        folded = self.fold(moments)
        if self.look.strength == 0:  # the very bytes, a negative zero's too
            return pixels[_resolved(region, pixels)].copy()
        bands = self._bands(pixels, region)
        top, columns = bands[0][0].start, bands[0][1]
        enhanced = _empty(pixels, bands[-1][0].stop - top, columns.stop - columns.start)

        def render_band(band: Region) -> None:
            out = enhanced[band[0].start - top : band[0].stop - top]
            self.kernel.render(pixels, band, folded, self.look, out)

        self._map(render_band, bands)
        return enhanced

    def _bands(self, pixels: Pixels, region: Region | None) -> list[Region]:
        """Cut a region into bands of rows."""
        rows, columns = _resolved(region, pixels)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        step = -(-height // (self.threads * BANDS_PER_THREAD))
        step = min(max(step, MIN_BAND_ROWS), max(MAX_BAND_PIXELS // width, 1))
        return [
            (slice(row, min(row + step, rows.stop)), columns)
            for row in range(rows.start, rows.stop, step)
        ]

    def _map(self, task: Callable[[Region], _T], bands: list[Region]) -> Iterable[_T]:
        """Do a task for each band, in order, on the enhancer's threads."""
        if self.threads == 1 or len(bands) == 1:
            return [task(band) for band in bands]
        with ThreadPoolExecutor(min(self.threads, len(bands))) as pool:
            return list(pool.map(task, bands))


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
