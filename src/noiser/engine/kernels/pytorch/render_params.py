"""Render parameters of a batch of images, as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from noiser.core.color import LUMA
from noiser.core.types import Padding
from noiser.look.fold import Folded
from noiser.look.render_params import SCALARS, RenderParams


@dataclass(frozen=True, eq=False)
class Filters:
    """The filters of a batch, stacked; what the network reads is in [0, 1] less the center."""

    padding: Padding
    """What both convolutions see outside."""

    develops: bool
    """Whether there is more to do than the network."""

    gray: bool
    """Whether luma alone goes through the network: then `P` is 1, or else 3."""

    first_weight: Tensor
    """[B,K,P,3,3]."""

    first_bias: Tensor
    """[B,K]."""

    second_weight: Tensor
    """[B,P,K,3,3]."""

    second_bias: Tensor
    """[B,P]."""

    center: Tensor
    """[B,3,1,1]: subtracted from each colour in [0, 1]."""

    levels: Tensor
    """[B,3,1,1]: the same in [-1, 1] [1/255]."""

    cast: Tensor
    """[B,2,1,1]: red and blue less luma, of a luma of 1, that are the photo's tint."""

    noise: Tensor
    """[B,4,6,1,1]: variance of the noise in black, and changes of its slope at `NOISE_LEVELS`, in
    each octave."""

    octaves: tuple[int, ...]
    """Of each image: how many there is noise in that is taken away."""

    numbers: dict[str, Tensor]
    """[B,1,1] each: those of `SCALARS`."""

    lift: Tensor | None
    """[B,rows,columns,12]: what is added before the tanh, by place and square root of luma."""

    cell: int
    """Side of a cell [pixels]."""

    def to(self, device: torch.device) -> "Filters":
        """Move them to a device, in one copy: each has its costs."""
        tensors = {k: v for k, v in vars(self).items() if isinstance(v, Tensor)} | self.numbers
        if device == self.center.device:
            return self
        flat = torch.cat([tensor.flatten() for tensor in tensors.values()]).to(device)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors.values()])
        moved = {k: part.view(tensors[k].shape) for k, part in zip(tensors, parts, strict=True)}
        numbers = {name: moved.pop(name) for name in self.numbers}
        return Filters(**{**vars(self), **moved, "numbers": numbers})

    def of(self, images: slice) -> "Filters":
        """Take those of some images."""
        parts: dict[str, Any] = {
            name: value[images] for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        parts["numbers"] = {name: value[images] for name, value in self.numbers.items()}
        parts["octaves"] = self.octaves[images]
        return Filters(**{**vars(self), **parts})


def stacked(filters: Sequence[RenderParams], dtype: torch.dtype) -> Filters:
    """Stack the filters of a batch, still in the processor's memory.

    Args:
        filters: One for each image, all of one look and one network.
        dtype: Precision to render in: float32 or float64.
    """

    def tensor(arrays: list[NDArray[np.float64]], *more: int) -> Tensor:
        values = np.stack([np.asarray(array, np.float64) for array in arrays])
        return torch.from_numpy(values).reshape(*values.shape, *more).to(dtype)

    folded, adjustments = [f for f, _ in filters], [d for _, d in filters]
    develops = adjustments[0].develops
    gray = develops and folded[0].chroma == 0.0
    lifts = [d.lift for d in adjustments if d.lift is not None]
    second = 1 if gray else 3
    return Filters(
        padding=folded[0].padding,
        develops=develops,
        gray=gray,
        first_weight=tensor([_read_in_unit(f, gray) for f in folded]),
        first_bias=tensor([f.first_bias for f in folded]),
        second_weight=tensor([f.second_weight[:second] for f in folded]),
        second_bias=tensor([f.second_bias[:second] for f in folded]),
        center=tensor([0.5 + f.center / 510 for f in folded], 1, 1),
        levels=tensor([f.center.astype(np.float64) for f in folded], 1, 1),
        cast=tensor([np.array(d.cast) for d in adjustments], 1, 1),
        noise=tensor(
            [np.hstack([np.array(d.noise)[:, :1], d.noise_slopes]) for d in adjustments], 1, 1
        ),
        octaves=tuple(d.octaves for d in adjustments),
        numbers={
            name: tensor([np.array(getattr(d, name)) for d in adjustments], 1, 1)
            for name in SCALARS
        },
        lift=tensor([lift.table.astype(np.float64) for lift in lifts]) if lifts else None,
        cell=lifts[0].cell if lifts else 1,
    )


def _read_in_unit(folded: Folded, gray: bool) -> NDArray[np.float64]:
    """Turn the first weights, for signed values, into those for [0, 1]; gray: of luma."""
    weight = 2.0 * folded.first_weight
    return weight.sum(1, keepdims=True) if gray else weight


def luma(planes: Tensor) -> Tensor:
    """Weigh three planes into one (BT.601): [B,3,h,w] -> [B,h,w]."""
    return LUMA[0] * planes[:, 0] + LUMA[1] * planes[:, 1] + LUMA[2] * planes[:, 2]
