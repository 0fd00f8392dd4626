"""Early stopping: when is enough, and can noise alone tell?

    noiser experiment early_stopping

Claim: smoothing and early stopping trade metrics against looks; the paper stops by eye and
names an unsupervised criterion as future work. Ten seeds, a look every 100 steps until 4,000.
Criteria that need no image: the noise's reconstruction (its contrast against its roughness),
darkened scenes made of 1/f noise, and both: `TrainingConfig(stop="auto")`. Each is charged
with what it loses against the best step in hindsight, separately on eval15 and dev40.

The criterion was chosen on seeds 0 to 6 by dev40; seeds 7 to 9 were kept for a check.

Cost: 10 runs of 4,000 steps and 10 of `auto`, about 5 minutes on two cores. Expect `auto` to
lose less than 0.15 dB with each seed.
"""

from pathlib import Path
from statistics import fmean

from experiments import drawing, pictures
from experiments.lab import Cell, Claim, Json, Results, Scale
from experiments.variants import networks
from noiser import Enhancer, TrainingConfig, train
from noiser.model.training.early_stopping import Probe, Prober, highest
from noiser.model.training.self_regression import build
from noiser.tools.quality import psnr, ssim

NEEDS = ("lol-v1",)
FIGURES = ("early_stopping.png",)

LAST = 4000
"""Steps of a run: the best lies between 1,100 and 2,400."""

FRESH = 7
"""The first of the seeds by which nothing was chosen."""

CRITERIA = {
    "always 1,000 steps": lambda _: 1000,
    "always 2,000 steps (the paper's)": lambda _: 2000,
    "always 4,000 steps": lambda _: 4000,
    "smoothest output on noise": lambda p: highest({s: -v.roughness for s, v in p.items()}),
    "most contrast kept on noise": lambda p: highest({s: v.contrast for s, v in p.items()}),
    "contrast / roughness²": lambda p: highest(
        {s: v.contrast / v.roughness**2 for s, v in p.items()}
    ),
    "1/f scenes": lambda p: highest({s: v.scene_psnr for s, v in p.items()}),
    "**`auto`: scenes and contrast / roughness**": lambda p: highest(
        {s: v.score for s, v in p.items()}
    ),
}
"""Ways to choose a step from the probes."""


def course(seed: int, steps: list[int], limit: int | None) -> Json:
    """Follow a run: the metrics of each look, and what the probes of noise say."""
    config = TrainingConfig(seed=seed, iterations=steps[-1])
    prober, rows = Prober(config), []
    for net in networks({"seed": seed, "iterations": steps[-1]}, tuple(steps)):
        model = build(config)
        _give(model, net)
        probe = prober(model)
        row = {n: getattr(probe, n) for n in ("contrast", "roughness", "scene_psnr")}
        enhance = Enhancer("paper", weights=net, threads=1).enhance
        for name in (pictures.EVAL, pictures.DEV):
            outputs = [(enhance(low), ref) for low, ref in pictures.pairs(name, limit)]
            row[f"psnr {name}"] = fmean(psnr(*pair) for pair in outputs)
        row["ssim"] = fmean(ssim(*pair) for pair in outputs[::5])
        rows.append(row)
    return {name: [row[name] for row in rows] for name in rows[0]}


def automatic(seed: int, iterations: int, limit: int | None) -> Json:
    """Train with `stop="auto"` and score what it gives."""
    done: list[int] = []
    config = TrainingConfig(seed=seed, iterations=iterations, stop="auto")
    net = train(config, progress=lambda step, _: done.append(step))
    enhance = Enhancer("paper", weights=net, threads=1).enhance
    return {
        name: pictures.scores(enhance, pictures.pairs(name, limit))["psnr"]
        for name in (pictures.EVAL, pictures.DEV)
    } | {"ended": done[-1]}


def _give(model, net) -> None:  # type: ignore[no-untyped-def]
    """Put a network's arrays into torch's modules."""
    import torch

    arrays = (net.first_weight, net.first_bias, net.second_weight, net.second_bias)
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays, strict=True):
            parameter.copy_(torch.from_numpy(array.copy()))


def plan(scale: Scale) -> list[Cell]:
    """Ten seeds, watched and left to themselves."""
    steps = [6, 12] if scale.quick else list(range(100, LAST + 1, 100))
    cells = []
    for seed in scale.seeds(10):
        cells.append(Cell(course, {"seed": seed, "steps": steps, "limit": scale.limit}))
        given = {"seed": seed, "iterations": steps[-1], "limit": scale.limit}
        cells.append(Cell(automatic, given))
    return cells


def losses(results: Results, criterion: str) -> dict[str, list[float]]:
    """Give what a criterion loses against hindsight, by set and seed [dB]."""
    lost: dict[str, list[float]] = {pictures.EVAL: [], pictures.DEV: [], "step": []}
    for given, run in results.pairs(course):
        columns = zip(run["contrast"], run["roughness"], run["scene_psnr"], strict=True)
        probes = dict(zip(given["steps"], (Probe(*c) for c in columns), strict=True))
        step = CRITERIA[criterion](probes)
        index = given["steps"].index(step) if step in given["steps"] else -1
        lost["step"].append(step)
        for name in (pictures.EVAL, pictures.DEV):
            curve = run[f"psnr {name}"]
            lost[name].append(max(curve) - curve[index])
    return lost


def real_losses(results: Results, name: str) -> list[float]:
    """Give what training with `auto` lost against the run's best step [dB], by seed."""
    return [
        max(run[f"psnr {name}"]) - results.of(automatic, seed=given["seed"])[0][name]
        for given, run in results.pairs(course)
    ]


def report(results: Results) -> str:
    """Write what each criterion loses, and where the best step lies."""
    rows = []
    for criterion in CRITERIA:
        lost = losses(results, criterion)
        rows.append(
            [criterion, f"{min(lost['step'])} to {max(lost['step'])}"]
            + [
                cell
                for name in (pictures.EVAL, pictures.DEV)
                for cell in (f"{fmean(lost[name]):.2f}", f"{max(lost[name]):.2f}")
            ]
        )
    headers = ["criterion", "steps chosen", "eval15: mean loss [dB]", "worst", "dev40: mean loss"]
    best = [
        given["steps"][run[f"psnr {pictures.DEV}"].index(max(run[f"psnr {pictures.DEV}"]))]
        for given, run in results.pairs(course)
    ]
    rows_auto = [
        [
            str(given["seed"]) + (" (fresh)" if given["seed"] >= FRESH else ""),
            str(results.of(automatic, seed=given["seed"])[0]["ended"]),
            *(f"{real_losses(results, n)[i]:.2f}" for n in (pictures.EVAL, pictures.DEV)),
        ]
        for i, (given, _) in enumerate(results.pairs(course))
    ]
    return (
        "Paper look, PSNR, against the best step of the same run and set in hindsight. The best "
        f"step on dev40 lies between {min(best)} and {max(best)}, seed by seed.\n\n"
        + drawing.table([*headers, "worst"], rows)
        + '\n\nTraining with `TrainingConfig(stop="auto")`, which sees no image, seed by seed:\n\n'
        + drawing.table(
            ["seed", "ended at step", "eval15: loss [dB]", "dev40: loss [dB]"], rows_auto
        )
    )


def figures(results: Results, folder: Path) -> list[str]:
    """Draw the metrics and the probes along the runs."""
    figure, axes = drawing.canvas(3, size=(11, 3.3))
    for given, run in results.pairs(course):
        steps, color = given["steps"], f"C{given['seed'] % 10}"
        axes[0].plot(steps, run[f"psnr {pictures.DEV}"], color=color, lw=1)
        axes[1].plot(steps, run["ssim"], color=color, lw=1)
        columns = zip(run["contrast"], run["roughness"], run["scene_psnr"], strict=True)
        axes[2].plot(steps, [Probe(*c).score for c in columns], color=color, lw=1)
    axes[0].set(ylabel="PSNR on dev40 [dB]", ylim=(16, None) if not results.is_quick else None)
    axes[1].set(
        ylabel="SSIM on dev40 (8 pairs)", ylim=(0.6, None) if not results.is_quick else None
    )
    lowest = None if results.is_quick else 24
    axes[2].set(ylabel="score of noise alone [dB]", ylim=(lowest, None))
    for axis in axes:
        axis.set(xlabel="training step")
    return [drawing.save(figure, folder / "early_stopping.png")]


def claims(results: Results) -> list[Claim]:
    """Judge: metrics part ways along the training; the criterion loses 0.15 dB at most."""
    apart = []
    for _, run in results.pairs(course):
        by_psnr, by_ssim = (run[n].index(max(run[n])) for n in (f"psnr {pictures.DEV}", "ssim"))
        apart.append(by_psnr != by_ssim)
    worst = max(max(real_losses(results, name)) for name in (pictures.EVAL, pictures.DEV))
    decline = fmean(losses(results, "always 4,000 steps")[pictures.DEV])
    return [
        Claim(
            "Early stopping trades metrics against looks",
            "stops early, by eye",
            f"from its best step to step 4,000 PSNR falls by {decline:.2f} dB; PSNR and SSIM "
            f"name different best steps in {sum(apart)} of {len(apart)} runs (holds: 0.2 dB)",
            "holds" if decline > 0.2 else "does not hold",
        ),
        Claim(
            "An unsupervised criterion can replace early stopping by eye",
            "future work",
            f'`stop="auto"` loses at most {worst:.2f} dB against hindsight over '
            f"{len(apart)} seeds and two sets, without an image (holds: 0.15 dB)",
            "holds" if worst <= 0.15 else "holds in part",
        ),
    ]
