"""The torch kernel: measure and render on a tensor's own device; only sums come to the host.

`Batch` works on tensors; `measure` and `render` are the same for arrays, as every kernel has
them. On CUDA, where Triton is installed, `fused/` does the work; elsewhere `measure.py`
and `render.py`, in plain torch operations. Integers are exact in all of them; pixels are computed
in single precision, those of float64 tensors in double.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from noiser.core.adapters import checked_tensor, one_by_one, resolved
from noiser.core.types import Padding, Pixels, Region
from noiser.engine.kernels.denoise import BAND_HALO
from noiser.engine.kernels.octaves import OCTAVE_HALO
from noiser.engine.kernels.pytorch.measure import measured
from noiser.engine.kernels.pytorch.planes import grown
from noiser.engine.kernels.pytorch.render import render_into
from noiser.engine.kernels.pytorch.render_params import stacked
from noiser.look.fold import NETWORK_HALO
from noiser.look.knobs import Look
from noiser.look.render_params import RenderParams
from noiser.statistics.moments import MEASURED_HALO, Moments

name = "torch"
"""What `noiser info` calls this kernel."""


class Batch:
    """A tensor of one or more images that stays on its device.

    Args:
        tensor: uint8, uint16 or float [3,H,W] or [B,3,H,W], floats in [0, 1], sRGB.

    Raises:
        ValueError: Its dtype, shape or range is none of these.
    """

    def __init__(self, tensor: Tensor) -> None:
        self._given: Tensor = checked_tensor(tensor).detach()
        self._images = self._given.reshape(-1, *self._given.shape[-3:])

    @property
    def single(self) -> "Batch":
        """Itself, if it is one image.

        Raises:
            ValueError: It is a batch of several.
        """
        one_by_one(len(self._images))
        return self

    def measure(
        self, look: Look, region: Region | None = None, origin: tuple[int, int] = (0, 0)
    ) -> list[Moments]:
        """Measure a region of each image, as the look needs it, exactly as every kernel does."""
        part = resolved(region, self._images.shape[2:])
        sum_up, _ = steps(self._images.device.type, self._images.dtype)
        with _on_device_of(self._images):
            return sum_up(self._images, part, look.padding, origin, with_grid=look.local > 0)

    def render(
        self,
        filters: Sequence[RenderParams],
        region: Region | None = None,
        origin: tuple[int, int] = (0, 0),
    ) -> Tensor:
        """Render a region of each image by its own filter.

        Args:
            filters: One for each image.
            region: Rows and columns; by default all.
            origin: Row and column of the images' first pixel in the whole picture [pixels].

        Returns:
            A new tensor on the same device, of the shape, but for the region, and dtype given.
        """
        rows, columns = part = resolved(region, self._images.shape[2:])
        if all(adjustments.strength == 0 for _, adjustments in filters):
            return self._given[..., rows, columns].clone()
        size = (rows.stop - rows.start, columns.stop - columns.start)
        out = self._images.new_empty((*self._images.shape[:2], *size))
        double = self._images.dtype == torch.float64
        stack = stacked(filters, torch.float64 if double else torch.float32)
        _, render_all = steps(out.device.type, out.dtype)
        with _on_device_of(out):
            render_all(out, self._images, part, stack, origin)
        enhanced: Tensor = out.view(*self._given.shape[:-2], *size)
        return enhanced


def steps(
    device: str, dtype: torch.dtype
) -> tuple[Callable[..., list[Moments]], Callable[..., None]]:
    """Choose who measures and who renders tensors.

    Args:
        device: Its kind, in torch's words.
        dtype: Of the tensors; Triton's kernels compute in single precision.
    """
    if device == "cuda" and dtype != torch.float64 and find_spec("triton") is not None:
        from noiser.engine.kernels.pytorch.fused import triton_launch  # takes long to import

        return triton_launch.measured, triton_launch.render_into
    return measured, render_into


def measure(
    pixels: Pixels,
    region: Region,
    padding: Padding,
    origin: tuple[int, int] = (0, 0),
    *,
    with_grid: bool = False,
) -> Moments:
    """Sum up the values under the kernel over a region of an array: see the reference."""
    batch, part, place = _cropped(pixels, region, MEASURED_HALO, origin)
    return measured(batch, part, padding, place, with_grid=with_grid)[0]


def render(
    pixels: Pixels,
    region: Region,
    params: RenderParams,
    out: Pixels,
    origin: tuple[int, int] = (0, 0),
) -> None:
    """Apply the folded network and the look to a region of an array: see the reference."""
    coarse = params.adjustments.octaves > 1
    halo = OCTAVE_HALO if coarse else NETWORK_HALO + BAND_HALO
    batch, part, place = _cropped(pixels, region, halo, origin)
    target = batch.new_empty((1, batch.shape[1], *out.shape[:2]))
    double = batch.dtype == torch.float64
    dtype = torch.float64 if double else torch.float32
    render_into(target, batch, part, stacked([params], dtype), place)
    out[...] = target[0].permute(1, 2, 0).numpy().reshape(out.shape)


def _cropped(
    pixels: Pixels, region: Region, halo: int, origin: tuple[int, int]
) -> tuple[Tensor, Region, tuple[int, int]]:
    """Copy a region and what is read around it into a tensor.

    Returns:
        The tensor [1,C,h,w], the region in it, and its own origin in the whole picture [pixels].
    """
    rows, columns = (
        slice(max(part.start, 0), min(part.stop, size))
        for part, size in zip(grown(region, halo), pixels.shape[:2], strict=True)
    )
    planar = np.atleast_3d(pixels[rows, columns]).transpose(2, 0, 1)
    inner = (
        slice(region[0].start - rows.start, region[0].stop - rows.start),
        slice(region[1].start - columns.start, region[1].stop - columns.start),
    )
    place = (origin[0] + rows.start, origin[1] + columns.start)
    return torch.from_numpy(planar.copy("C"))[None], inner, place


def _on_device_of(images: Tensor) -> AbstractContextManager[object]:
    """Launch on the GPU that a tensor lies on; Triton takes the current one."""
    return torch.cuda.device(images.device) if images.is_cuda else nullcontext()
