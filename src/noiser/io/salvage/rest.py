"""Rest: what is left of a picture that was cut off."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Rest:
    """What is left of a picture, as a sound file of its own."""

    data: bytes
    """The whole file; of any content where no row is left."""

    rows: int
    """Of the picture as it was, as stored [pixels]."""

    left: int
    """Of them, how many are in `data` [pixels]."""

    scan: int | None = None
    """Of a progressive JPEG, the scan in which it ends, counted from 1: finer detail is missing."""
