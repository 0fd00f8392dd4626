"""Over-exposure: does a network that brightens the dark also calm what is too bright?

    noiser experiment over_exposure

Claim tested: "automatic suppression of over-exposure". 14 photographs that were rendered at
-1.5, +1 or +1.5 EV go through both looks with the packaged weights, and through auto-gamma,
which also moves each mean to 0.5, as a control. Measured are the mean, the share of clipped
values, and local contrast: in the whole picture and where the input is bright.

Cost: ten seconds on one core. Expect the paper's look to bring the over-exposed mean from 0.71 to
0.5 and local contrast to *fall* by a fifth; the natural look to leave all but what is white
everywhere as it is; auto-gamma, to 0.5 with a third more of it.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from experiments import classical, drawing, pictures
from experiments.lab import Cell, Claim, Json, Results, Scale
from noiser import Enhancer
from noiser.core.types import ByteImage, Plane

NEEDS = ("exposure",)

FIGURES = ("over_exposure.png", "over_exposure_sheet.png")

LOOKS = ("input", "paper look", "natural look")

METHODS = (*LOOKS, "auto-gamma")

CLIPPED = 254
"""Values from here on count as clipped [of 255]."""

BRIGHT = 0.8
"""A square of 8 x 8 pixels is bright from this mean luma of the input on [share of the range]."""

SQUARE = 8
"""Side of the squares [pixels]."""


def measured(method: str, limit: int | None) -> Json:
    """Describe each photograph after a method, by file name.

    Returns:
        `mean` and `contrast` [share of the full range], `bright_contrast`, the same where the
        input is bright (None if it is nowhere), and `clipped` [share of the values].
    """
    enhance = _enhancement(method)
    found = {}
    for name, image in pictures.singles("exposure", limit).items():
        enhanced = enhance(image)
        is_bright = _squares(image).mean(axis=(1, 3)) >= 255 * BRIGHT
        deviations = _squares(enhanced).std(axis=(1, 3))[is_bright] / 255
        found[name] = {
            "mean": float(enhanced.mean()) / 255,
            "clipped": float((enhanced >= CLIPPED).mean()),
            "contrast": pictures.local_contrast(enhanced, SQUARE),
            "bright_contrast": float(deviations.mean()) if deviations.size else None,
        }
    return found


def _enhancement(method: str) -> Callable[[ByteImage], ByteImage]:
    """Give a method as a function of a picture."""
    if method == "input":
        return np.asarray
    if method in classical.METHODS:
        return classical.METHODS[method]
    return Enhancer(method.removesuffix(" look"), threads=1).enhance


def _squares(image: ByteImage) -> Plane:
    """Cut luma into squares, float64 [rows,SQUARE,columns,SQUARE] in [0, 255]."""
    plane = pictures.gray(image)
    height, width = (side // SQUARE * SQUARE for side in plane.shape)
    cut = plane[:height, :width]
    return cut.reshape(height // SQUARE, SQUARE, width // SQUARE, SQUARE)


def exposure_value(name: str) -> float:
    """Read the exposure from the end of a file's name: N is minus, P is plus [EV]."""
    word = Path(name).stem.rsplit("_", 1)[-1]
    return float(word[1:]) * (-1 if word[0] == "N" else 1)


def medians(results: Results, method: str, values: tuple[float, ...]) -> dict[str, float]:
    """Give the medians over the photographs of some exposure values; NaN for none."""
    (photos,) = results.of(measured, method=method)
    rows = [row for name, row in photos.items() if exposure_value(name) in values]
    given = {
        key: [row[key] for row in rows if row[key] is not None]
        for key in ("mean", "clipped", "contrast", "bright_contrast")
    }
    return {key: median(found) if found else float("nan") for key, found in given.items()}


def exposures(results: Results) -> list[float]:
    """List the exposure values at hand, the darkest first [EV]."""
    return sorted({exposure_value(name) for name in results.of(measured, method="input")[0]})


def plan(scale: Scale) -> list[Cell]:
    """Measure each method over all photographs."""
    return [Cell(measured, {"method": method, "limit": scale.limit}) for method in METHODS]


def report(results: Results) -> str:
    """Write medians by exposure value, and over all over-exposed photographs."""
    values = exposures(results)
    over = tuple(value for value in values if value > 0)
    groups = [(f"{value:+g}", (value,)) for value in values] + [("all over-exposed", over)]
    photos = [exposure_value(name) for name in results.of(measured, method="input")[0]]
    rows = []
    for title, chosen in groups:
        count = sum(value in chosen for value in photos)
        for method in results.values_of(measured, "method"):
            row = medians(results, method, chosen)
            rows.append(
                [
                    title, str(count), method, f"{row['mean']:.3f}",
                    drawing.percent(row["clipped"]), f"{row['contrast']:.4f}",
                    f"{row['bright_contrast']:.4f}" if min(chosen) > 0 else "–",
                ]
            )  # fmt: skip
    headers = [
        "exposure [EV]", "photos", "method", "mean [of 1]", f"values >= {CLIPPED}",
        "local contrast [of 1]", "local contrast, bright squares [of 1]",
    ]  # fmt: skip
    return (
        "Medians over photographs. Local contrast is the deviation of luma within squares of "
        f"{SQUARE} x {SQUARE} pixels; bright squares have an input luma of {BRIGHT} or more.\n\n"
        + drawing.table(headers, rows)
        + "\n\nThe paper's look brings every mean near gray and leaves nothing clipped, but local "
        "contrast falls, in bright squares too: highlights turn from white to a flatter gray. The "
        "natural look calms only what is white everywhere, for a white wall is meant to be white; "
        "others are left as they are. Auto-gamma, one exponent per picture and the control, "
        "reaches gray with more contrast than the input. What was clipped before holds no "
        "texture, and no method here brings it back."
    )


def figures(results: Results, folder: Path) -> None:
    """Draw mean and contrast against exposure, and three over-exposed photographs."""
    figure, axes = drawing.canvas(2)
    styles = dict(zip(METHODS, ("ko", "C3s", "C0D", "C7x"), strict=True))
    for place, method in enumerate(results.values_of(measured, "method")):
        (photos,) = results.of(measured, method=method)
        # Side by side, so that photographs of one exposure do not hide each other.
        across = [exposure_value(name) + 0.1 * (place - 1.5) for name in photos]
        for axis, key in zip(axes, ("mean", "contrast"), strict=True):
            heights = [row[key] for row in photos.values()]
            axis.plot(across, heights, styles[method], ms=4, alpha=0.8, label=method)
    axes[0].axhline(0.5, color="gray", lw=0.8, ls="--")
    axes[0].set(ylabel="mean [share of the range]", ylim=(0, 1))
    axes[1].set(ylabel="local contrast [share of the range]", ylim=(0, None))
    for axis in axes:
        axis.set(xlabel="exposure of the input [EV]", xticks=exposures(results))
    axes[0].legend(fontsize=8)
    limit = results.values_of(measured, "limit")[0]
    photos = pictures.singles("exposure", limit)
    over = [name for name in photos if exposure_value(name) > 0][1:4] or list(photos)[:1]
    rows = [
        (f"{exposure_value(name):+g} EV", [_small(_enhancement(m)(photos[name])) for m in LOOKS])
        for name in over
    ]
    drawing.save(figure, folder / FIGURES[0])
    drawing.sheet(rows, LOOKS, folder / FIGURES[1])


def _small(image: ByteImage) -> ByteImage:
    """Shrink a photograph to the contact sheet's size."""
    return np.asarray(Image.fromarray(image).resize((150, 100), Image.Resampling.BOX))


def claims(results: Results) -> list[Claim]:
    """Judge the paper's look by the medians over the over-exposed photographs.

    What the natural look promises of them is told by `look`.
    """
    over = tuple(value for value in exposures(results) if value > 0)
    given = medians(results, "input", over)
    row = medians(results, "paper look", over)
    is_calmer = abs(row["mean"] - 0.5) < abs(given["mean"] - 0.5)
    is_calmer = is_calmer and row["clipped"] < given["clipped"]
    keeps = row["contrast"] >= given["contrast"]
    return [
        Claim(
            "Over-exposure is suppressed automatically",
            "yes, without a setting",
            f"over-exposed photographs: mean {given['mean']:.2f} -> {row['mean']:.2f}, clipped "
            f"{drawing.percent(given['clipped'])} -> {drawing.percent(row['clipped'])}, local "
            f"contrast {given['contrast']:.4f} -> {row['contrast']:.4f} (holds: mean nearer to "
            "0.5, less clipped, contrast not lower; in part: only the first two)",
            ("holds" if keeps else "holds in part") if is_calmer else "does not hold",
        )
    ]
