"""Looks: what turns the network's output into the picture the user gets."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from noiser.types import Padding


def _knob(low: float, high: float, text: str, **default: float) -> Any:
    """Declare a knob with its range and its help, which the command line reads."""
    return field(metadata={"low": low, "high": high, "help": text}, **default)  # type: ignore


@dataclass(frozen=True)
class Look:
    """A value for each knob; every combination is a look.

    All steps are local: a pixel of the output depends on the moments and on the pixels
    at most 2 away, so any tiling gives the same bytes.

    Raises:
        ValueError: A knob is outside its range.
    """

    padding: Padding
    """What lies outside the image's borders.

    `zero`, the paper's, is mid-gray: in a dark photo a bright frame, which glows into the
    picture and damps it by an amount that depends on the photo's size. `replicate` is neutral.
    """

    noise_floor: float = _knob(
        0.0, 0.5, "Noise to expect, as a share of the full range; 0 trusts every pixel."
    )
    """Standard deviation of the noise to expect [share of the full range].

    Contrast below it is not blown up, and colour fades where luma nears twice of it.
    """

    color: float = _knob(0.0, 1.0, "Colours: 0 is gray-world like the paper, 1 the photo's own.")
    """Share of the photo's own colours; the rest is the network's, which tend to gray.

    The output's luma is the network's at any value.
    """

    black: float = _knob(
        0.0, 1.0, "Darkness of the shadows: 0 leaves them gray like the paper.", default=0.0
    )
    """Luma that is darkened to about a half [share of the photo's mean luma]; 0 is neutral.

    The network moves the mean to gray and black with it; this brings black back.
    """

    strength: float = _knob(0.0, 1.0, "Share of the enhanced picture: 0 is the input.", default=1.0)
    """Share of the enhanced picture; the rest is the input. 0 returns the input's bytes."""

    brightness: float = _knob(
        -0.9, 0.9, "Where mid-gray goes between black (-1) and white (1).", default=0.0
    )
    """Where mid-gray goes in (-1, 1); 0 is neutral.

    The odds of each value are multiplied, so nothing clips: the mean shift of MS-NoiSER,
    applied when folding instead of when training.
    """

    contrast: float = _knob(0.0, 4.0, "Slope at mid-gray; 1 is neutral.", default=1.0)
    """Slope at mid-gray; 1 is neutral, 0 is flat gray. Nothing clips."""

    eps: float = _knob(
        1e-12, 1.0, "Added to each hidden variance; the paper's is 1e-5.", default=1e-5
    )
    """Added to each hidden variance by the normalization, squared units of [-1, 1]."""

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        if self.padding not in ("zero", "replicate"):
            raise ValueError(f"padding is {self.padding!r}; it must be 'zero' or 'replicate'")
        for knob in knobs():
            value, low, high = getattr(self, knob.name), knob.metadata["low"], knob.metadata["high"]
            if not low <= value <= high:
                raise ValueError(f"{knob.name} is {value}; it must be from {low:g} to {high:g}")

    @property
    def chroma_floor(self) -> float:
        """Luma at which half of the photo's chroma has faded, in [0, 1].

        A quarter of an 8-bit step at least, so that black has a colour too: none.
        """
        return max(2.0 * self.noise_floor, 0.25 / 255)


def knobs() -> list[Any]:
    """List the fields of a look that are continuous numbers with a range."""
    return [f for f in fields(Look) if "low" in f.metadata]


PAPER = Look(padding="zero", noise_floor=0.0, color=0.0)
"""The network's output exactly as published (arXiv 2211.04700, 2022)."""

NATURAL = Look(padding="replicate", noise_floor=0.03, color=0.8, black=0.1)
"""The default: neutral borders, a noise floor, the photo's own colours and black.

The numbers were chosen on LOL training pairs: see `docs/look.md`.
"""

LOOKS = {"natural": NATURAL, "paper": PAPER}
"""The looks by name, the default first."""


def look_named(name: str, **changes: Any) -> Look:
    """Take a look by its name and turn some of its knobs.

    Args:
        name: `natural` or `paper`.
        changes: Values by knob; None leaves the look's own.

    Raises:
        ValueError: The name or a value is not one of those allowed.
        TypeError: A knob has another name.

    Example:
        >>> look_named("natural", color=0.5).color
        0.5
    """
    if name not in LOOKS:
        raise ValueError(f"look is {name!r}; it must be one of {', '.join(LOOKS)}")
    return replace(LOOKS[name], **{k: v for k, v in changes.items() if v is not None})
