"""MS-NoiSER: shift the noise's mean, and the output's mean follows.

    noiser experiment ms_noiser

Claim: a mean-shifted variant adapts to a data set's mean. The shift is added before the noise
is clipped; for a wanted mean it is found from the clipped normal's expectation. Beside it the
knob `brightness`, which shifts the folded network's output without any training.

Cost: 24 trainings of 1,000 steps, about 3 minutes. Expect the mean to follow the shift, and
PSNR to gain little: the network's mean is near LOL's already.
"""

from pathlib import Path
from statistics import NormalDist, fmean

import numpy as np

from experiments import drawing, pictures
from experiments.lab import Cell, Claim, Json, Results, Scale
from experiments.variants import network
from noiser import Enhancer

NEEDS = ("lol-v1",)
FIGURES = ("ms_noiser.png",)

SHIFTS = (0.0, -0.9, -0.6, -0.3, -0.1, 0.1, 0.3, 0.6, 0.9)
"""Means of the noise before it is clipped, in [-1, 1]."""

NOISE_STD = 3.0
"""The recipe's deviation of the noise."""


def clipped_mean(shift: float) -> float:
    """Compute the mean of noise with this shift after clipping to [-1, 1]."""
    normal = NormalDist()
    low, high = (-1 - shift) / NOISE_STD, (1 - shift) / NOISE_STD
    inside = normal.cdf(high) - normal.cdf(low)
    slope = NOISE_STD * (normal.pdf(low) - normal.pdf(high))
    return -normal.cdf(low) + 1 - normal.cdf(high) + shift * inside + slope


def shift_for(mean: float) -> float:
    """Find the shift whose clipped noise has a mean in (-1, 1), by bisection."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if clipped_mean(middle) < mean else (low, middle)
    return (low + high) / 2


def shifted(shift: float, seed: int, iterations: int, limit: int | None) -> Json:
    """Train with a shift and score both sets."""
    net = network({"noise_mean": shift, "seed": seed, "iterations": iterations})
    enhance = Enhancer("paper", weights=net, threads=1).enhance
    return {
        name: pictures.scores(enhance, pictures.pairs(name, limit))
        for name in (pictures.EVAL, pictures.DEV)
    } | {"noise_mean": clipped_mean(shift)}


def adapted(target: str, way: str, seed: int, iterations: int, limit: int | None) -> Json:
    """Give the output the mean of a data set's references, by training or by the knob."""
    references = [reference for _, reference in pictures.pairs(target, limit)]
    mean = fmean(2 * float(r.mean()) / 255 - 1 for r in references)
    shift = shift_for(mean) if way == "noise" else 0.0
    net = network({"noise_mean": shift, "seed": seed, "iterations": iterations})
    options = {"brightness": mean} if way == "knob" else {}
    enhance = Enhancer("paper", weights=net, threads=1, **options).enhance
    scores = pictures.scores(enhance, pictures.pairs(target, limit))
    return scores | {"shift": shift, "wanted": (mean + 1) / 2}


def plan(scale: Scale) -> list[Cell]:
    """The sweep, then each set's own mean in three ways."""
    common = {"iterations": scale.iterations(1000), "limit": scale.limit}
    cells = [
        Cell(shifted, {"shift": shift, "seed": seed} | common)
        for shift in scale.some(SHIFTS)
        for seed in scale.seeds(2)
    ]
    return cells + [
        Cell(adapted, {"target": target, "way": way, "seed": seed} | common)
        for target in (pictures.EVAL, pictures.DEV)
        for way in ("none", "noise", "knob")
        for seed in scale.seeds(2)
    ]


def report(results: Results) -> str:
    """Write the sweep and the adaptation."""
    rows = []
    for shift in sorted(results.values_of(shifted, "shift")):
        cells = results.of(shifted, shift=shift)
        rows.append(
            [
                f"{shift:+.1f}",
                f"{cells[0]['noise_mean']:+.3f}",
                *(
                    drawing.spread([c[pictures.EVAL][name] for c in cells], digits)
                    for name, digits in (("mean", 3), ("psnr", 2), ("ssim", 3))
                ),
                drawing.spread([c[pictures.DEV]["psnr"] for c in cells], 2),
            ]
        )
    headers = ["shift", "mean of the clipped noise", "output mean", "PSNR eval15 [dB]"]
    sweep = drawing.table([*headers, "SSIM", "PSNR dev40 [dB]"], rows)
    rows = []
    words = {"none": "no shift", "noise": "noise shifted, trained anew", "knob": "`brightness`"}
    for target in results.values_of(adapted, "target"):
        for way, word in words.items():
            cells = results.of(adapted, target=target, way=way)
            rows.append(
                [
                    target,
                    word,
                    f"{cells[0]['wanted']:.3f}",
                    *(
                        drawing.spread([c[name] for c in cells], digits)
                        for name, digits in (("mean", 3), ("psnr", 2), ("ssim", 3))
                    ),
                ]
            )
    headers = ["set", "way", "mean of its references", "output mean", "PSNR [dB]", "SSIM"]
    return (
        "Paper look; mean ± deviation over two seeds.\n\n" + sweep + "\n\nWith and without each "
        "set's mean. That mean is read from the references, which a user does not have: a bound, "
        "not a method.\n\n" + drawing.table(headers, rows)
    )


def figures(results: Results, folder: Path) -> list[str]:
    """Draw output mean and PSNR against the shift."""
    figure, axes = drawing.canvas(2, size=(9, 3.2))
    shifts = sorted(results.values_of(shifted, "shift"))
    for name, color in ((pictures.EVAL, "tab:blue"), (pictures.DEV, "tab:orange")):
        for axis, metric in zip(axes, ("mean", "psnr"), strict=True):
            means = [
                fmean(c[name][metric] for c in results.of(shifted, shift=shift)) for shift in shifts
            ]
            axis.plot(shifts, means, "o-", color=color, label=name)
    wanted = [(clipped_mean(shift) + 1) / 2 for shift in shifts]
    axes[0].plot(shifts, wanted, "k--", label="mean of the clipped noise")
    axes[0].set(ylabel="mean in [0, 1]")
    axes[1].set(ylabel="PSNR [dB]")
    for axis in axes:
        axis.set(xlabel="mean of the noise before clipping, in [-1, 1]")
        axis.legend(fontsize=8)
    return [drawing.save(figure, folder / "ms_noiser.png")]


def claims(results: Results) -> list[Claim]:
    """Judge: the mean follows, and adapting gains PSNR."""
    shifts = sorted(results.values_of(shifted, "shift"))
    means = [fmean(c[pictures.EVAL]["mean"] for c in results.of(shifted, shift=s)) for s in shifts]
    follows = bool(np.all(np.diff(means) > 0))
    gains = {
        target: fmean(c["psnr"] for c in results.of(adapted, target=target, way="noise"))
        - fmean(c["psnr"] for c in results.of(adapted, target=target, way="none"))
        for target in results.values_of(adapted, "target")
    }
    shown = ", ".join(f"{gain:+.2f} dB on {target}" for target, gain in gains.items())
    return [
        Claim(
            "MS-NoiSER: shifting the noise's mean adapts the output to a data set's mean",
            "a variant that adapts to a data set's mean",
            f"the output's mean {'rises' if follows else 'does not rise'} with each of "
            f"{len(shifts)} shifts, from {means[0]:.2f} to {means[-1]:.2f}; the set's own mean "
            f"gives {shown} (holds: the mean follows and PSNR gains on both)",
            "holds" if follows and min(gains.values()) > 0 else
            "holds in part" if follows else "does not hold",
        )
    ]  # fmt: skip
