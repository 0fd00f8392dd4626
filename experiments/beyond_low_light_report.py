"""How *beyond_low_light* tells its results: tables, gains, verdicts and the chart.

Nothing here is part of a measurement, so a change here computes nothing anew.
"""

from pathlib import Path
from statistics import fmean

import numpy as np

from experiments import drawing
from experiments.lab import Claim

Outcomes = dict[tuple[str, str, str, str], list[float]]
"""Scores by seed for each kind of damage, method, light and name of a score."""

LIGHTS = ("normal", "dark")

GAINS = {
    "damaged noise": "plain",
    "damaged palettes": "plain palettes",
}
"""Recipes with damage, and the same without."""

ENOUGH = 0.5
"""What counts as a gain [dB]."""

TASKS = {
    "rain": ("derain", "joint tasks (deraining); how it does them is not known to us"),
    "noise": ("denoise", "named as future work"),
    "blur": ("deblur", "named as future work"),
}
"""What each claim is about, and what the paper says."""


def of(found: Outcomes, place: int) -> list[str]:
    """List the kinds (0) or methods (1) at hand, in the order of the plan."""
    return list(dict.fromkeys(key[place] for key in found))


def gain(found: Outcomes, kind: str, recipe: str, light: str) -> list[float]:
    """List what damage in training adds to the PSNR, seed by seed [dB]; nothing if not at hand."""
    without = found.get((kind, GAINS[recipe], light, "psnr"), [])
    with_ = found.get((kind, recipe, light, "psnr"), [])
    return [a - b for a, b in zip(with_, without, strict=True)]


def told(found: Outcomes) -> str:
    """Write a table for each kind of damage, and one of the gains."""
    headers = ["method"]
    headers += [f"{name}, {light}" for light in LIGHTS for name in ("PSNR [dB]", "texture [of 1]")]
    parts = [
        "The mean over the pictures, ± the deviation over seeds; texture is the correlation of "
        "gradients with the undamaged picture. *Best 5x5 linear filter* is fitted to each "
        "reference: what linear filters of the network's size could do at best."
    ]
    for kind in of(found, 0):
        rows = [
            [method]
            + [
                drawing.spread(found[kind, method, light, name], digits)
                for light in LIGHTS
                for name, digits in (("psnr", 2), ("texture", 3))
            ]
            for method in of(found, 1)
            if (kind, method, "dark", "psnr") in found
        ]
        parts.append(f"**{kind}**\n\n" + drawing.table(headers, rows))
    rows = [
        [kind, recipe] + [drawing.spread(gain(found, kind, recipe, light), 2) for light in LIGHTS]
        for kind in TASKS
        for recipe in GAINS
        if gain(found, kind, recipe, "dark")
    ]
    headers = ["damage", "trained on", "gain, normal [dB]", "gain, dark [dB]"]
    parts.append("What damage in training adds, seed by seed:\n\n" + drawing.table(headers, rows))
    parts.append(READING)
    return "\n\n".join(parts)


READING = """What we make of it. A pixel of white noise says nothing of its neighbours, so there is
nothing to learn that would tell damage from content; only blur can be undone there, and what
sharpens noise also sharpens the steps of 8 bits in the dark. Palettes have structure, but squares of
one colour are not what photographs are made of. Rain streaks are longer (9 pixels) than the network
sees (5). That the plain network smooths noise in normal light comes from its loss's total variation.
An affine map cannot undo tanh and GELU: the bent tone curve costs the networks PSNR even where
nothing is damaged (*none*), so compare them with each other, and with the filters by texture."""
"""What the tables mean."""


def chart(found: Outcomes, path: Path) -> None:
    """Draw the PSNR of every method, a panel for each damage."""
    kinds = list(TASKS)
    methods = [m for m in of(found, 1) if (kinds[0], m, "dark", "psnr") in found]
    figure, axes = drawing.canvas(len(kinds), size=(10.5, 3.6), sharex=True, sharey=True)
    for axis, kind in zip(axes, kinds, strict=True):
        for place, (light, color) in enumerate(
            zip(LIGHTS, ("tab:orange", "tab:blue"), strict=True)
        ):
            scores = [found[kind, method, light, "psnr"] for method in methods]
            heights = np.arange(len(methods)) + 0.36 * (place - 0.5)
            means = [fmean(values) for values in scores]
            axis.barh(
                heights,
                means,
                0.34,
                color=("tab:orange", "tab:blue")[place],
                label=f"{light} light",
            )
            for height, values in zip(heights, scores, strict=True):
                axis.plot(values, [height] * len(values), "k.", ms=3)
        axis.set(title=kind, xlabel="PSNR after the best affine map [dB]", xlim=(15, None))
        axis.set_yticks(range(len(methods)), methods)
    axes[0].invert_yaxis()
    axes[0].legend(fontsize=8, loc="lower right")
    drawing.save(figure, path)


def judged(found: Outcomes) -> list[Claim]:
    """Judge each damage by the better of both recipes, in the dark."""
    claims = []
    for kind, (verb, paper) in TASKS.items():
        gains = {recipe: gain(found, kind, recipe, "dark") for recipe in GAINS}
        best = max((r for r in gains if gains[r]), key=lambda recipe: fmean(gains[recipe]))
        more = fmean(gains[best])
        score = fmean(found[kind, best, "dark", "psnr"])
        (given,) = found[kind, "damaged input", "dark", "psnr"]
        (simple,) = found[kind, "simple filter", "dark", "psnr"]
        learns = more >= ENOUGH
        claims.append(
            Claim(
                f"Self-regression on damaged noise learns to {verb}",
                paper,
                f"in the dark, damage in training ({best}) adds {more:+.2f} dB and gives "
                f"{score:.2f} dB; the damaged input has {given:.2f}, a simple filter {simple:.2f} "
                f"(holds: {ENOUGH} dB gained and better than the input; in part: only the gain)",
                ("holds" if score > given else "holds in part") if learns else "does not hold",
            )
        )
    return claims
