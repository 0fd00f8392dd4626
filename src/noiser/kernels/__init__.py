"""Kernels: interchangeable engines for measure and render, and the choice among them."""

from typing import Protocol

from noiser.developing import Development
from noiser.folding import Folded
from noiser.kernels import native, reference
from noiser.moments import Moments
from noiser.types import Padding, Pixels, Region


class Kernel(Protocol):
    """Two functions on arrays; `reference` says what they mean."""

    @property
    def name(self) -> str:
        """What `noiser info` calls this kernel."""

    def measure(self, pixels: Pixels, region: Region, padding: Padding) -> Moments:
        """Sum up the values under the kernel over a region."""

    def render(
        self,
        pixels: Pixels,
        region: Region,
        folded: Folded,
        development: Development,
        out: Pixels,
        origin: tuple[int, int] = (0, 0),
    ) -> None:
        """Apply the folded network and the look to a region."""


def available() -> dict[str, Kernel]:
    """Find the kernels that this machine can run, by name, the fastest first."""
    return {**native.kernels(), "reference": reference}


def select(name: str = "auto") -> Kernel:
    """Choose a kernel.

    Args:
        name: A name from `available()`, or `auto` for the fastest.

    Raises:
        ValueError: There is no such kernel on this machine.
    """
    found = available()
    if name == "auto":
        return next(iter(found.values()))
    if name not in found:
        raise ValueError(f"kernel is {name!r}; this machine has auto, {', '.join(found)}")
    return found[name]
