"""Kernels: interchangeable engines for measure and render, and the choice among them."""

from importlib.util import find_spec
from typing import Any, Protocol

from noiser.core.adapters import device_of
from noiser.core.types import Padding, Pixels, Region
from noiser.engine.kernels import native, reference
from noiser.look.render_params import RenderParams
from noiser.statistics.moments import Moments

GPUS = ("cuda", "mps")
"""Kinds of devices, in torch's words, whose tensors are worked on where they lie."""


class Kernel(Protocol):
    """Two functions on arrays; `reference` says what they mean."""

    @property
    def name(self) -> str:
        """What `noiser info` calls this kernel."""

    def measure(
        self,
        pixels: Pixels,
        region: Region,
        padding: Padding,
        origin: tuple[int, int] = (0, 0),
        *,
        with_grid: bool = False,
    ) -> Moments:
        """Sum up the values under the kernel over a region."""

    def render(
        self,
        pixels: Pixels,
        region: Region,
        params: RenderParams,
        out: Pixels,
        origin: tuple[int, int] = (0, 0),
    ) -> None:
        """Apply the folded network and the look to a region."""


def available() -> dict[str, Kernel]:
    """Find the kernels that this machine can run, by name, the fastest first."""
    return {**native.kernels(), "reference": reference}


def names() -> list[str]:
    """List what `select` takes beside `auto`: torch too, where it is installed, unimported."""
    return [*available(), *(["torch"] if find_spec("torch") else [])]


def select(name: str = "auto") -> Kernel:
    """Choose a kernel.

    Args:
        name: A name from `names()`, or `auto` for the fastest on this machine's processor.

    Raises:
        ValueError: There is no such kernel on this machine.
    """
    found = available()
    if name == "auto":
        return next(iter(found.values()))
    if name not in names():
        raise ValueError(f"kernel is {name!r}; this machine has auto, {', '.join(names())}")
    if name == "torch":
        from noiser.engine.kernels import pytorch  # takes seconds; for whoever asks for it

        return pytorch
    return found[name]


def stays_on_device(image: Any, name: str) -> bool:
    """Whether an image is a tensor that the torch kernel takes where it lies.

    Args:
        image: Of any type.
        name: The kernel asked for. `auto` takes tensors on a GPU; those in the processor's
            memory, and all with a kernel for it, are carried to that kernel and back.
    """
    device = device_of(image)
    return device is not None and (name == "torch" or (name == "auto" and device in GPUS))
