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


READING = """Damage in training changes next to nothing for noise and rain. For blur in normal
light, seeds differ by more than it adds; in the dark, training on blurred white noise does harm. No
wonder: pixels of white noise say nothing of their neighbours, so nothing tells damage
from content; palettes have structure, but squares of one colour are no photographs; and
streaks of rain are longer (9 pixels) than the network sees (5). A filter of 5x5 pixels is not
the limit, as *best 5x5 linear filter* shows: what is missing is something like photographs to learn
from. The plain network smooths noise and streaks a little by itself, whatever it is trained on.

An affine map cannot undo tanh and GELU: the bent tone curve costs the networks PSNR even where
nothing is damaged (*none*). So compare them with each other, and with the filters by texture."""
"""What the tables mean."""


def chart(found: Outcomes, path: Path) -> None:
    """Draw the PSNR of every method, a panel for each damage."""
    kinds = list(TASKS)
    methods = [m for m in of(found, 1) if (kinds[0], m, "dark", "psnr") in found]
    figure, axes = drawing.canvas(len(kinds), size=(10.5, 3.6), sharex=True, sharey=True)
    for axis, kind in zip(axes, kinds, strict=True):
        for place, light in enumerate(LIGHTS):
            scores = [found[kind, method, light, "psnr"] for method in methods]
            heights = np.arange(len(methods)) + 0.36 * (place - 0.5)
            means = [fmean(values) for values in scores]
            color = ("tab:orange", "tab:blue")[place]
            axis.barh(heights, means, 0.34, color=color, label=f"{light} light")
            for height, values in zip(heights, scores, strict=True):
                axis.plot(values, [height] * len(values), "k.", ms=3)
        axis.set(title=kind, xlabel="PSNR after the best affine map [dB]")
        axis.set_yticks(range(len(methods)), methods)
    highest = max(max(found[kind, m, "normal", "psnr"]) for kind in kinds for m in methods)
    axes[0].set_xlim(10, highest + 1)
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
        psnr, texture = (fmean(found[kind, best, "dark", name]) for name in ("psnr", "texture"))
        given, simple = (
            [found[kind, method, "dark", name][0] for name in ("psnr", "texture")]
            for method in ("damaged input", "simple filter")
        )
        claims.append(
            Claim(
                f"Self-regression on damaged noise learns to {verb}",
                paper,
                f"in the dark, damage in training ({best}) adds {more:+.2f} dB and gives "
                f"{psnr:.2f} dB, texture {texture:.3f}; the damaged input has {given[0]:.2f} and "
                f"{given[1]:.3f}, a simple filter {simple[0]:.2f} and {simple[1]:.3f} (holds: "
                f"{ENOUGH} dB gained and more texture than the input; in part: only the gain)",
                "does not hold" if more < ENOUGH
                else "holds" if texture > given[1] else "holds in part",
            )
        )  # fmt: skip
    return claims
