"""The natural look's tables and its sheet of steps."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from experiments import drawing
from experiments.lab import Json
from noiser import Enhancer
from noiser.core.types import ByteImage

FIGURES = ("look_steps.png",)

WORDS = {
    "paper": "the paper's look",
    "alone": "natural weights",
    "natural": "+ `restraint`: the natural look",
}
"""Names of the stages that do not name their knob."""

WASHED, KEPT = 0.9, 6 / 255
"""Mean from which a photograph of `exposure` is white everywhere, and how far others may move."""

Bar = tuple[str, str, str, bool]
"""A promise, the bar, what was seen, and whether it is kept."""


def report(stages: Sequence[tuple[Json, Json]], promises: Json) -> str:
    """Write both tables."""
    rows = []
    for given, found in stages:
        rows.append(
            [
                _words(given["name"]),
                f"{found['clean']['psnr']:.2f} / {found['clean']['ssim']:.3f}",
                f"{found['noisy']['psnr']:.2f} / {found['noisy']['ssim']:.3f}",
                f"{found['niqe']['lime']:.2f}",
                f"{found['niqe']['dicm12']:.2f}",
                f"{found['harmless']:.1f}",
                f"{found['by_size']:.2f}",
            ]
        )
    headers = [
        "stage", "dev40: PSNR [dB] / SSIM", "with sensor noise", "NIQE LIME", "NIQE DICM (11)",
        "well-lit in and out [dB]", "half size, apart [of 255]",
    ]  # fmt: skip
    kept = [
        [text, bar, seen, "yes" if is_kept else "**no**"]
        for text, bar, seen, is_kept in bars(promises)
    ]
    return (
        "Built up step by step, then with one knob left out. NIQE, and the difference between "
        "enhancing at half size and halving the enhanced: lower is better.\n\n"
        + drawing.table(headers, rows)
        + "\n\nWhat the default look promises:\n\n"
        + drawing.table(["promise", "bar", "seen", "kept"], kept)
    )


def _words(name: str) -> str:
    """Name a stage in the table."""
    if name in WORDS:
        return WORDS[name]
    kind, knob = name.split()
    return f"+ `{knob}`" if kind == "to" else f"natural without `{knob}`"


def bars(found: Json) -> list[Bar]:
    """Set every promise beside its bar."""
    least, mean = found["harmless_least"], found["harmless_mean"]
    black, backdrop = found["black"], found["backdrop"]
    photos = found["over_exposed"].values()
    means = [p["mean"] for p in photos]
    kept = all(abs(after - before) <= KEPT for before, after in means if before < WASHED)
    calmer = all(after < before - KEPT for before, after in means if before >= WASHED)
    clipped = all(p["clipped"][1] <= p["clipped"][0] for p in photos)
    over = ", ".join(f"{p['mean'][0]:.2f} → {p['mean'][1]:.2f}" for p in photos)
    return [
        (
            "well-lit photographs are left alone",
            "24 dB on average, none below 18",
            ", ".join(f"{name}: {mean[name]:.1f} dB, least {least[name]:.1f}" for name in mean),
            min(mean.values()) >= 24 and min(least.values()) >= 18,
        ),
        (
            "the size of a picture does not matter",
            "at most 2.5 of 255 on LIME",
            f"{found['by_size']['natural']:.2f} (the paper's look {found['by_size']['paper']:.2f})",
            found["by_size"]["natural"] <= 2.5,
        ),
        (
            "with `color` 1 hue stays",
            "at most 6 degrees at the median",
            ", ".join(f"{name}: {value:.1f}" for name, value in found["hue"].items()),
            max(found["hue"].values()) <= 6,
        ),
        (
            "gray stays gray",
            "CIELAB chroma below 1",
            f"{found['ramp']:.2f}",
            found["ramp"] < 1,
        ),
        (
            "black stays black",
            "darkest fiftieth below 3 of 255: below 40",
            f"highest {black['highest']:.1f}, median {black['median']:.1f} of "
            f"{black['scenes']} scenes",
            black["highest"] < 40,
        ),
        (
            "a backdrop stays one (`lime/7.bmp`)",
            "luma at most 45, chroma at most 20",
            f"{backdrop['luma']:.1f}, {backdrop['chroma']:.1f}",
            backdrop["luma"] <= 45 and backdrop["chroma"] <= 20,
        ),
        (
            "what is over-exposed everywhere becomes calmer, what is bright stays",
            "means from 0.9 on fall, others keep within 6 of 255; not more clipped",
            f"means {over}; clipped {'never' if clipped else 'sometimes'} more",
            calmer and kept and clipped,
        ),
    ]


def figures(names: Sequence[str], variant: Callable[[str], Enhancer], folder: Path) -> None:
    """Draw the stages on scikit-image's free photographs, darkened by a camera model.

    Restraint does nothing to dark pictures, so the last column is the natural look as well.
    """
    built = [name for name in names if not name.startswith(("without", "natural", "alone"))]
    titles = ["as seen", *(_words(name).replace("`", "") for name in built)]
    rows = [
        (title, [_small(low), *(_small(variant(name).enhance(low)) for name in built)])
        for title, low in dark_scenes().items()
    ]
    drawing.sheet(rows, titles, folder / FIGURES[0])


def dark_scenes() -> dict[str, ByteImage]:
    """Darken three photographs in the public domain: two scenes, and one that is half night."""
    from skimage import data

    from experiments.downstream import darkened

    rng = np.random.default_rng(0)
    coffee, rocket = data.coffee(), data.rocket()
    return {
        "coffee, 1/30": darkened(rng, coffee, 30),
        "astronaut, 1/100": darkened(rng, data.astronaut(), 100),
        "rocket, 1/4": darkened(rng, rocket, 4),
    }


def _small(image: ByteImage) -> ByteImage:
    """Cut out the middle, 3:2, and shrink it."""
    height, width = image.shape[:2]
    cut = min(width, height * 3 // 2), min(height, width * 2 // 3)
    left, top = (width - cut[0]) // 2, (height - cut[1]) // 2
    part = image[top : top + cut[1], left : left + cut[0]]
    return np.asarray(Image.fromarray(part).resize((150, 100), Image.Resampling.BOX))
