"""Looks: named values of all knobs, that of photographs and that of the paper."""

from dataclasses import replace
from typing import Any

from noiser.look.knobs import Look

PAPER = Look(padding="zero")
"""The network's output exactly as published (arXiv 2211.04700, 2022): every knob is neutral."""

NATURAL = Look(
    padding="replicate",
    restraint=1.0,
    auto=1.0,
    black=1.0,
    highlights=1.0,
    color=0.8,
    detail=1.0,
    denoise=0.9,
    local=0.5,
)
"""The default: a photograph of the same scene with more light.

How it came about, step by step and with numbers: `docs/look.md`.
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
