"""The enhancer: measure, fold and render an image, in bands and on several threads."""

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from noiser.core.adapters import unpack
from noiser.core.cpu import usable_processors
from noiser.core.errors import KernelWarning
from noiser.core.types import Region
from noiser.engine import kernels
from noiser.engine.kernels import native
from noiser.engine.kernels.denoise import BAND_HALO
from noiser.engine.kernels.octaves import OCTAVE_HALO
from noiser.engine.tiling import Bands
from noiser.look.fold import NETWORK_HALO
from noiser.look.knobs import Look, knobs
from noiser.look.looks import look_named
from noiser.look.render_params import RenderParams, develop
from noiser.model import network
from noiser.statistics.moments import MEASURED_HALO, Moments


class Work(Protocol):
    """The images that were passed, in the hands of whoever measures and renders them."""

    @property
    def single(self) -> "Work":
        """Itself, if it is one image and not a batch."""

    def measure(
        self, look: Look, region: Region | None = None, origin: tuple[int, int] = (0, 0)
    ) -> list[Moments]:
        """Measure a region of each image."""

    def render(
        self,
        params: Sequence[RenderParams],
        region: Region | None = None,
        origin: tuple[int, int] = (0, 0),
    ) -> Any:
        """Render a region of each image by its own parameters, into what was passed."""


class Enhancer:
    """A network, a look and a kernel: everything but the image.

    `enhance` does all; `measure` and `render` are its halves, for images that come in
    pieces or are to share one look. A piece is any region, and any cut of an image into
    regions gives the same bytes as the whole. It can be copied and pickled: the copy has the
    weights with it, and the kernel that was asked for.

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
        local: How far each part gets the light it needs, in [0, 1].
        noise_floor: More noise to expect than `auto` does, share of the full range in [0, 0.5].
        weights: A weights file or a network; by default the look's packaged weights.
        threads: Threads to compute on; by default one for each usable processor.
        kernel: A name from `noiser info`; `auto` is the fastest, and works on tensors on a GPU
            where they lie; `torch` on all tensors.

    Raises:
        ValueError: A name or value is not one of those allowed.
        WeightsError: The weights file is not sound.

    Warns:
        KernelWarning: `auto` found no compiled kernel that can be used; once in a process.

    Example:
        >>> import numpy as np
        >>> dark = np.full((4, 4, 3), 10, np.uint8)
        >>> Enhancer(strength=0).enhance(dark).tolist() == dark.tolist()
        True
    """

    measured_halo = MEASURED_HALO
    """Pixels around a region that its measuring reads."""

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
        self.kernel, self._asked = _selected(kernel), kernel
        self._look_name = look
        if weights is None:
            self.network = network.packaged(look)
        elif isinstance(weights, network.Network):
            self.network = weights
        else:
            self.network = network.load(weights)

    def __getstate__(self) -> dict[str, Any]:
        """Give all that a copy in another process needs: a kernel is of its machine."""
        return {name: value for name, value in vars(self).items() if name != "kernel"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become a copy, with the kernel that was asked for; `auto` is chosen anew.

        Raises:
            ValueError: There is no kernel of this name on this machine.
        """
        vars(self).update(state, kernel=_selected(state["_asked"]))

    def enhance(self, image: Any) -> Any:
        """Brighten an image: measure, fold and render.

        Args:
            image: A NumPy array, PIL image or torch tensor; see `noiser.enhance`.

        Returns:
            A new image of the type, dtype and layout given.
        """
        work = self._open(image)
        return work.render([self.develop(moments) for moments in work.measure(self.look)])

    def measure(
        self, image: Any, region: Region | None = None, origin: tuple[int, int] = (0, 0)
    ) -> Moments:
        """Sum up what has to be known of an image as a whole.

        Args:
            image: One image of any type that `enhance` takes.
            region: Rows and columns to measure; by default all. To measure a tile of a
                larger image, pass it with `measured_halo` pixels of its neighbours and leave
                them out of the region.
            origin: Row and column of the image's first pixel in that larger image [pixels].

        Returns:
            The moments. Those of disjoint regions, or of several images, add up with `+`.
        """
        return self._open(image).single.measure(self.look, region, origin)[0]

    def develop(self, moments: Moments) -> RenderParams:
        """Put moments, weights and knobs into all that a kernel has to know beside the pixels."""
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
            origin: Row and column of the image's first pixel in that larger image [pixels].

        Returns:
            The region, as a new image of the type, dtype and layout given.
        """
        return self._open(image).single.render([self.develop(moments)], region, origin)

    @property
    def halo(self) -> int:
        """Pixels around a region that its rendering reads."""
        return NETWORK_HALO + BAND_HALO if self.look.denoise == 0 else OCTAVE_HALO

    def settings(self) -> dict[str, str | int | float]:
        """Give the arguments that make the same enhancer elsewhere, but for `weights`.

        Example:
            >>> first = Enhancer(color=0.5, threads=1)
            >>> Enhancer(**first.settings()).look == first.look
            True
        """
        turned = {k.name: getattr(self.look, k.name) for k in knobs() if k.name != "eps"}
        return {
            "look": self._look_name,
            **turned,
            "threads": self.threads,
            "kernel": self.kernel.name,
        }

    def _open(self, image: Any) -> Work:
        """Give an image to whoever works on it: arrays in bands, or a tensor on its device."""
        if not isinstance(image, np.ndarray) and kernels.stays_on_device(image, self._asked):
            from noiser.engine.kernels.pytorch import Batch

            return Batch(image)
        return Bands(unpack(image), self.kernel, self.threads)


def enhance(image: Any, look: str = "natural", **options: Any) -> Any:
    """Brighten an image.

    Args:
        image: An array uint8, uint16, float16, float32 or float64 [H,W], [H,W,C] or
            [B,H,W,C] with 1 to 4 channels (a second or fourth is alpha and is kept), sRGB,
            floats in [0, 1]; a PIL image; or a torch tensor [3,H,W] or [B,3,H,W] in [0, 1].
            Each image of a batch is enhanced by itself.
        look: `natural`, or `paper` for the network's output as published.
        options: Any other argument of `Enhancer`.

    Returns:
        A new image of the type, dtype and layout given.

    Raises:
        TypeError: The image is of another type, or an option has another name.
        ValueError: The image or an option has a value that is not allowed.

    Example:
        >>> import numpy as np
        >>> dark = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
        >>> bright = enhance(dark)
        >>> bright.shape, bright.dtype, bool(bright.mean() > dark.mean())
        ((4, 4, 3), dtype('uint8'), True)
    """
    return Enhancer(look, **options).enhance(image)


def _selected(name: str) -> kernels.Kernel:
    """Choose a kernel, and warn where `auto` finds no compiled one."""
    kernel = kernels.select(name)
    if name == "auto" and (fault := native.fault()):
        _warn_once(fault)
    return kernel


@cache
def _warn_once(fault: str) -> None:
    """Warn whoever makes an enhancer."""
    warnings.warn(f"{fault}; the NumPy kernel serves, many times slower", KernelWarning, 4)
