"""Why it works: means go to gray, contrast comes back, and normalization does the lifting.

    noiser experiment why_it_works

Claims (the paper's intuition): (1) self-regression rebuilds the contrast between neighbouring
pixels; (2) instance normalization corrects the overall magnitude; (3) zero-mean noise makes
the output follow the gray-world hypothesis. Measured on eval15 along the training.

The paper's analogy is mirror visual feedback therapy: a patient who watches a mirror image of
the healthy limb trains the other one. Likewise the network practises on a mirror (noise to
the same noise) and what it learns, to restore contrast around a normalized mean, works on
something it never saw. It is an analogy, not a mechanism: the mechanism is that the first
convolution and the normalization already turn any image into zero-mean, unit-variance
channels, and copying noise teaches the second convolution to turn such channels back.

Cost: 3 trainings of 2,000 steps, about 1 minute. Expect the output's mean near 0.5 from the
first step on, and contrast within the first 500.
"""

from pathlib import Path
from statistics import fmean

import numpy as np

from experiments import drawing, pictures
from experiments.lab import Cell, Claim, Json, Results, Scale
from experiments.variants import applied, network, trained
from noiser import Enhancer

NEEDS = ("lol-v1",)
FIGURES = ("why_it_works.png", "hidden_channels.png")

STEPS = (0, 10, 30, 100, 200, 300, 500, 700, 1000, 1500, 2000)
"""Training steps after which the network is looked at."""


def convergence(seed: int, steps: list[int], normalized: bool, limit: int | None) -> Json:
    """Follow the outputs' means and contrast along a training."""
    changes = {"seed": seed, "iterations": steps[-1], "is_normalized": normalized}
    images = pictures.pairs(pictures.EVAL, limit)
    rows = []
    for model in trained(changes, tuple(steps)):
        outputs = [(applied(model, low), reference) for low, reference in images]
        means = [enhanced.reshape(-1, 3).mean(0) / 255 for enhanced, _ in outputs]
        rows.append(
            {
                "mean": np.mean(means, axis=0),
                "spread_of_means": np.std([m.mean() for m in means]),
                "texture": fmean(pictures.texture_accuracy(*pair) for pair in outputs),
                "contrast": fmean(
                    pictures.local_contrast(enhanced) / pictures.local_contrast(reference)
                    for enhanced, reference in outputs
                ),
            }
        )
    return {name: [row[name] for row in rows] for name in rows[0]}


def channels(seed: int, iterations: int) -> Json:
    """Say what each hidden channel has become."""
    net = network({"seed": seed, "iterations": iterations})
    first = net.first_weight.astype(np.float64)
    level = first.sum((2, 3))
    return {
        "low_pass": (level**2).sum(1) / (9 * (first**2).sum((1, 2, 3))),
        "luma": level.sum(1) ** 2 / (3 * (level**2).sum(1)),
        "sign": np.sign(level.sum(1)),
        "to_luma": net.second_weight.astype(np.float64).sum((0, 2, 3)),
    }


def plan(scale: Scale) -> list[Cell]:
    """Three seeds with normalization, one without."""
    steps = [0, 6, 12] if scale.quick else list(STEPS)
    cells = [
        Cell(
            convergence,
            {"seed": seed, "steps": steps, "normalized": normalized, "limit": scale.limit},
        )
        for normalized in (True, False)
        for seed in (scale.seeds(3) if normalized else [0])
    ]
    return [*cells, Cell(channels, {"seed": 0, "iterations": scale.iterations(2000)})]


def report(results: Results) -> str:
    """Write the means along the training, and the channels."""
    steps = results.pairs(convergence)[0][0]["steps"]
    runs = results.of(convergence, normalized=True)
    without = results.of(convergence, normalized=False)[0]
    rows = []
    for i, step in enumerate(steps):
        rows.append(
            [
                str(step),
                drawing.spread([float(np.mean(r["mean"][i])) for r in runs], 3),
                f"{np.mean(without['mean'][i]):.3f}",
                drawing.spread([r["contrast"][i] for r in runs], 2),
                drawing.spread([r["texture"][i] for r in runs], 3),
            ]
        )
    (hidden,) = results.of(channels)
    blur, luma = np.array(hidden["low_pass"]), np.array(hidden["luma"])
    kinds = {
        "blurred luma": int(((blur >= 0.5) & (luma >= 0.5)).sum()),
        "blurred opponent colour": int(((blur >= 0.5) & (luma < 0.5)).sum()),
        "edges and mixtures": int((blur < 0.5).sum()),
    }
    matched = np.mean(np.sign(hidden["to_luma"]) == hidden["sign"])
    headers = ["training step", "output mean", "without normalization", "local contrast"]
    return (
        "eval15, mean ± deviation over the seeds; contrast in 8 x 8 squares over the "
        "reference's.\n\n"
        + drawing.table([*headers, "texture accuracy"], rows)
        + "\n\nThe sixteen hidden channels of seed 0: "
        + ", ".join(f"{count} of {name}" for name, count in kinds.items())
        + f". The second convolution gives {drawing.percent(matched)} of them back with the sign "
        "they were taken with. A channel is *blurred* when half of its kernel's energy is its "
        "mean over the nine positions, of *luma* when half of that is the same in the three "
        "colours."
    )


def figures(results: Results, folder: Path) -> list[str]:
    """Draw the convergence to gray and the hidden channels of one picture."""
    figure, axes = drawing.canvas(2, size=(9, 3.3))
    given, first = results.pairs(convergence, normalized=True)[0]
    steps = np.maximum(given["steps"], 1)
    for c, color in enumerate(("red", "green", "blue")):
        axes[0].plot(steps, np.array(first["mean"])[:, c], color=f"tab:{color}", label=color)
    without = results.of(convergence, normalized=False)[0]
    axes[0].plot(steps, np.mean(without["mean"], 1), "k--", label="no normalization")
    axes[0].axhline(0.5, color="gray", lw=0.8)
    axes[0].set(ylabel="output mean on eval15, in [0, 1]", ylim=(0, 0.7))
    axes[0].legend(fontsize=8)
    for run in results.of(convergence, normalized=True):
        axes[1].plot(steps, run["contrast"], color="tab:blue")
        axes[1].plot(steps, run["texture"], color="tab:orange")
    axes[1].plot([], [], color="tab:blue", label="local contrast / reference's")
    axes[1].plot([], [], color="tab:orange", label="texture accuracy")
    axes[1].set(ylabel="three seeds", ylim=(0, 1.3))
    axes[1].legend(fontsize=8)
    for axis in axes:
        axis.set(xscale="log", xlabel="training step (0 drawn at 1)")
    return [drawing.save(figure, folder / "why_it_works.png"), _channels(results, folder)]


def _channels(results: Results, folder: Path) -> str:
    """Draw what the sixteen channels see in one picture."""
    ((given, _),) = results.pairs(channels)
    net = network(given)
    low, reference = pictures.pairs(pictures.EVAL, 1)[0]
    low, reference = low[::2, ::2], reference[::2, ::2]
    padded = np.pad(low / 127.5 - 1, ((1, 1), (1, 1), (0, 0)))
    height, width = low.shape[:2]
    images = [low, Enhancer("paper", weights=net).enhance(low), reference]
    views = []
    for kernel in net.first_weight.astype(np.float64):
        hidden = sum(
            padded[i : i + height, j : j + width] @ kernel[:, i, j]
            for i in range(3)
            for j in range(3)
        )
        normal = (hidden - hidden.mean()) / hidden.std()
        views.append(np.uint8(np.clip(127.5 + 50 * normal, 0, 255)))
    cells = [*images, *views][:18]
    rows = [("", cells[i : i + 6]) for i in range(0, 18, 6)]
    titles = ["input", "output", "reference", "hidden channels 1, ...", "", ""]
    return drawing.sheet(rows, titles, folder / "hidden_channels.png")


def claims(results: Results) -> list[Claim]:
    """Judge each of the three intuitions."""
    runs = results.of(convergence, normalized=True)
    (without,) = results.of(convergence, normalized=False)
    mean = fmean(float(np.mean(r["mean"][-1])) for r in runs)
    tint = max(float(np.ptp(r["mean"][-1])) for r in runs)
    contrast = [fmean(r["contrast"][i] for r in runs) for i in (0, -1)]
    texture = [fmean(r["texture"][i] for r in runs) for i in (0, -1)]
    dark = float(np.mean(without["mean"][-1]))
    return [
        Claim(
            "Self-regression rebuilds the contrast between neighbouring pixels",
            "intuition 1",
            f"local contrast {contrast[0]:.2f} of the reference's before training, "
            f"{contrast[1]:.2f} after; texture accuracy {texture[0]:.2f} and {texture[1]:.2f} "
            "(holds: both rise)",
            "holds" if contrast[1] > contrast[0] and texture[1] > texture[0] else "holds in part",
        ),
        Claim(
            "Instance normalization corrects the overall magnitude",
            "intuition 2",
            f"output mean {mean:.2f} with it, {dark:.2f} without (holds: within 0.1 of 0.5 with "
            "it, not without)",
            "holds" if abs(mean - 0.5) < 0.1 < abs(dark - 0.5) else "does not hold",
        ),
        Claim(
            "Zero-mean noise makes the output follow the gray-world hypothesis",
            "intuition 3",
            f"the channels' means come to {mean:.2f} and lie within {tint:.3f} of each other "
            "(holds: 0.5 ± 0.1 and 0.05)",
            "holds" if abs(mean - 0.5) < 0.1 and tint < 0.05 else "holds in part",
        ),
    ]
