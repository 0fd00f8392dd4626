"""Delivery: how a file is to be written, as far as its user chooses."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """What the user wants of the files that are written, whatever the picture."""

    format: str | None = None
    """`JPEG`, `PNG`, ...; by default the input's own, or what the output's suffix says."""
