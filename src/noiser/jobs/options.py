"""A job's options: all that is done to a picture, whichever it is."""

from dataclasses import dataclass, field

from noiser.engine.enhancer import Enhancer
from noiser.io.limits import Limits
from noiser.io.output_options import OutputOptions
from noiser.jobs.compare import Comparison
from noiser.statistics.moments import Moments


@dataclass(frozen=True, eq=False)
class JobOptions:
    """What every picture of a run gets alike."""

    enhancer: Enhancer
    """Network, look and kernel."""

    limits: Limits = field(default_factory=Limits)
    """How large an input may be, and how many pixels may be in flight together."""

    output: OutputOptions = field(default_factory=OutputOptions)
    """How the outputs are written."""

    overwrite: bool = False
    """Whether outputs that are there already are replaced."""

    moments: Moments | None = None
    """Of all pictures that are to share one look; None gives each its own."""

    compare: Comparison | None = None
    """Write before and after in one picture, instead of after alone."""

    keep_times: bool = False
    """Whether outputs get the times at which their inputs were changed last."""

    salvage: bool = False
    """Whether of a picture that is cut off the rows are taken that are there."""
