"""The noise: does another distribution make a better network?

    noiser experiment noise_search

Claim: optimizing the noise's distribution is the paper's first direction for the future. All
of it stays noise: its spectrum (amplitude 1/f^a), the correlation of its channels, deviation,
mean, tails, dead leaves (disks that cover each other, like the things in a photograph), sensor
noise added to the input alone, darker exposures of it as input. One thing is changed at a time
around the recipe `natural`, with two seeds, and both recipes are trained with five. Each network
is judged by its own output (the paper's way) and by the natural look. Only dev40, LIME and DICM
are used: nothing is chosen by eval15.

Cost: 58 trainings of 2,000 steps and as many judgements, about 12 minutes on two cores. Expect
coloured noise to gain with the network alone, and the natural look to make all of them equal.
"""

from pathlib import Path
from statistics import fmean

from experiments import drawing, pictures
from experiments.lab import NIQE_MODEL, Cell, Claim, Json, Results, Scale
from experiments.n_regression import RECIPES
from experiments.variants import network
from noiser import Enhancer
from noiser.tools.quality import load_pristine, niqe

NEEDS = ("lol-v1", "lime", "dicm12")
FIGURES = ("noise_search.png",)

NATURAL = RECIPES["natural"]
"""What the recipe `natural` changes in the paper's."""

ROWS: dict[str, dict[str, Json]] = {
    "recipe": {"paper": {}, "natural": NATURAL},
    "white": {"replicated borders": {"padding": "replicate"}},
    "spectrum 1/f^a": {f"{a:g}": {"spectrum": a} for a in (0.0, 0.25, 0.5, 1.0, 1.25)},
    "correlation": {f"{c:g}": {"correlation": c} for c in (0.0, 0.3, 0.7, 0.9)},
    "deviation": {f"{s:g}": {"noise_std": s} for s in (0.3, 0.5, 1.0, 1.5, 3.0)},
    "mean": {f"{m:+g}": {"noise_mean": m} for m in (-0.3, 0.3)},
    "tails": {"exponential": {"images": "exponential"}},
    "images": {"dead leaves": {"images": "leaves"}},
    "input alone": {"sensor noise": {"damage": "noise"}, "darker": {"damage": "exposure"}},
    "smoothness": {f"{w:g}": {"tv_weight": w} for w in (0.5, 2.0)},
    "distance": {"L2": {"distance": "l2"}},
    "width": {f"{k}": {"hidden_channels": k} for k in (4, 12, 16, 24)},
}  # fmt: skip
"""What is changed, and to what; the recipes stand alone, the rest is changed in `natural`."""


def judged(row: str, value: str, changes: Json, limit: int | None) -> Json:  # noqa: ARG001
    """Train a network, and judge it alone and within the natural look."""
    own, model = network(changes), load_pristine(NIQE_MODEL)
    images = pictures.pairs(pictures.DEV, limit)
    alone, natural = (Enhancer(look, weights=own, threads=1).enhance for look in LOOKS)
    return {
        "paper": pictures.scores(alone, images),
        "natural": pictures.scores(natural, images),
        **{
            folder: fmean(
                niqe(natural(image), model) for image in pictures.singles(folder, limit).values()
            )
            for folder in ("lime", "dicm12")
        },
    }


LOOKS = ("paper", "natural")
"""How a network is judged: alone, and with the default knobs."""


def plan(scale: Scale) -> list[Cell]:
    """Both recipes with five seeds, every change with two."""
    cells = []
    rows = [(row, value, c) for row, values in ROWS.items() for value, c in values.items()]
    for row, value, changes in scale.some(rows):
        base = changes if row in ("recipe", "white") else NATURAL | changes
        for seed in scale.seeds(5 if row == "recipe" else 2):
            recipe = base | {"iterations": scale.iterations(2000), "seed": seed}
            given = {"row": row, "value": value, "changes": recipe, "limit": scale.limit}
            cells.append(Cell(judged, given))
    return cells


def report(results: Results) -> str:
    """Write a line for each change."""
    lines = []
    for row, value in rows_of(results):
        cells = results.of(judged, row=row, value=value)
        lines.append(
            [
                row,
                value,
                str(len(cells)),
                *(
                    drawing.spread([c[look][metric] for c in cells], digits)
                    for look in LOOKS
                    for metric, digits in (("psnr", 2), ("ssim", 3))
                ),
                *(drawing.spread([c[folder] for c in cells], 2) for folder in ("lime", "dicm12")),
            ]
        )
    headers = [
        "what", "changed to", "seeds", "alone: PSNR [dB]", "SSIM", "natural: PSNR [dB]", "SSIM",
        "NIQE LIME", "NIQE DICM (11)",
    ]  # fmt: skip
    return (
        "Means ± deviations over seeds, dev40. *Alone* is the paper's look; *natural* the default "
        "look, which calibrates contrast and finds brightness by itself.\n\n"
        + drawing.table(headers, lines)
    )


def rows_of(results: Results) -> list[tuple[str, str]]:
    """List the changes in the order of the plan."""
    return list(dict.fromkeys((g["row"], g["value"]) for g, _ in results.pairs(judged)))


def figures(results: Results, folder: Path) -> list[str]:
    """Draw PSNR alone and within the look, side by side."""
    rows = rows_of(results)
    figure, axis = drawing.canvas(size=(6.4, 0.2 * len(rows) + 1.1))
    labels = [f"{row}: {value}" for row, value in rows]
    for look, style in zip(LOOKS, ("C3s", "C0D"), strict=True):
        values = [
            fmean(c[look]["psnr"] for c in results.of(judged, row=row, value=value))
            for row, value in rows
        ]
        axis.plot(values, labels, style, ms=4, label={"paper": "alone"}.get(look, look))
    axis.invert_yaxis()
    axis.tick_params(axis="y", labelsize=7.5)
    axis.set(xlabel="PSNR on dev40 [dB]")
    axis.legend(fontsize=8)
    return [drawing.save(figure, folder / FIGURES[0])]


def claims(results: Results) -> list[Claim]:
    """Judge whether another noise helps: alone, and within the look."""
    if ("recipe", "natural") not in rows_of(results):
        return []
    best = {}
    for look in LOOKS:
        means = {
            f"{row}: {value}": fmean(
                c[look]["psnr"] for c in results.of(judged, row=row, value=value)
            )
            for row, value in rows_of(results)
        }
        top = max(means, key=lambda name: means[name])
        best[look] = (top, means[top], means["recipe: paper"])
    texts = [
        f"{ {'paper': 'alone'}.get(look, look) }: {now:.2f} dB ({name}) against {paper:.2f}"
        for look, (name, now, paper) in best.items()
    ]
    gains = [now - paper for _, now, paper in best.values()]
    return [
        Claim(
            "The noise's distribution can be optimized",
            "future work",
            "; ".join(texts) + " with the paper's noise (holds: 0.15 dB more both ways; in part: "
            "one way)",
            "holds" if min(gains) > 0.15 else
            "holds in part" if max(gains) > 0.15 else "does not hold",
        )
    ]  # fmt: skip
