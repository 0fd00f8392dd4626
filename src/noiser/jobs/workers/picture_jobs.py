"""Picture jobs: what a worker does with one picture in memory."""

from functools import lru_cache
from typing import Any

from noiser.core.errors import LimitError, NoiserError
from noiser.engine.enhancer import Enhancer
from noiser.io.formats import sniff
from noiser.io.limits import MEGA
from noiser.io.output_options import OutputOptions
from noiser.io.source import Source
from noiser.jobs.in_memory import enhance_source, measure_source
from noiser.jobs.options import JobOptions
from noiser.jobs.workers.frames import Told
from noiser.statistics.luma_and_noise import Light

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Shares of the pixels for which the luma below is told."""


def weigh(source: Source, told: Told) -> int:
    """Say what a picture weighs, by its header alone [pixels of 8 bits].

    Raises:
        ImageError: It cannot be used, or is above a limit.
    """
    weight, most = source.weight, told["max_weight"]
    if weight > most:
        raise LimitError(
            f"takes as much memory as {weight / MEGA:.0f} megapixels of 8 bits; "
            f"the limit is {most / MEGA:g}"
        )
    return weight


def enhance(source: Source, told: Told) -> tuple[Told, bytes]:
    """Enhance a picture, as the command line does.

    Returns:
        Format, width, height and note; and the new file.
    """
    output = OutputOptions(
        told["format"],
        told["metadata"],
        profile=told["profile"],
        quality=told["quality"],
        max_size=told["max_size"],
    )
    options = JobOptions(_enhancer(**told["options"]), source.limits, output)
    made, width, height, note = enhance_source(source, options)
    return {"format": sniff(made), "width": width, "height": height, "note": note}, made


def measure(source: Source, told: Told) -> tuple[Told, bytes]:
    """Measure a picture.

    Returns:
        What the API answers; and no bytes.
    """
    options = JobOptions(_enhancer(**told["options"]))
    moments, width, height = measure_source(source, options)
    light = Light.of(moments)
    return {
        "width": width,
        "height": height,
        "light": {
            "mean": light.mean,
            "quantiles": {str(share): light.quantile(share) for share in QUANTILES},
            "noise": light.noise.calmest,
            "need": light.need,
        },
        "moments": {
            name: getattr(moments, name)
            for name in ("padding", "count", "sums", "products", "tones", "grain")
        },
    }, b""


DOES = {"enhance": enhance, "measure": measure}
"""The jobs by name."""


def failed(error: NoiserError | MemoryError) -> Told:
    """Describe why a picture cannot be used: the kind of error and its sentence."""
    if isinstance(error, MemoryError):
        return {"error": LimitError.__name__, "message": "there is not enough memory for it"}
    return {"error": type(error).__name__, "message": str(error)}


@lru_cache(maxsize=32)
def _enhancer(**options: Any) -> Enhancer:
    """Make an enhancer, or take one that was made before: clients turn the same knobs again."""
    return Enhancer(threads=1, **options)
