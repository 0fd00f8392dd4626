"""P-regression: palettes between one colour and noise; the finer, the truer the textures.

    noiser experiment p_regression

Claims (the paper's propositions): self-regression on palettes moves towards a normal-light
gray-world mapping and rebuilds textures more accurately than C-regression; N-regression is the
limit of ever finer palettes. Squares of one colour from half the image to one pixel, each
colour drawn anew from the noise's distribution; then one-pixel palettes of few colours. Each
palette is trained like the noise, smoothness term and all.

Cost: 39 trainings of 1,000 steps, about 4 minutes on two cores. Expect texture accuracy to
rise with fineness, and noise to lie among the one-pixel palettes.
"""

from itertools import pairwise
from pathlib import Path
from statistics import fmean

from experiments import drawing, pictures
from experiments.lab import Cell, Claim, Json, Results, Scale
from experiments.variants import applied, trained

NEEDS = ("lol-v1",)
FIGURES = ("p_regression.png",)

BLOCKS = (52, 26, 13, 8, 4, 2, 1)
"""Sides of the squares [pixels]: the training image has 104."""

COLORS = (2, 8, 64)
"""Colours of one-pixel palettes, beside a new one in each pixel."""


def mapping(kind: str, changes: Json, limit: int | None) -> Json:  # noqa: ARG001
    """Train on palettes (or noise, or single colours) and look at textures and means."""
    (model,) = trained(changes)
    images = pictures.pairs(pictures.EVAL, limit)
    outputs = [(applied(model, low), reference) for low, reference in images]
    by_name = iter([enhanced for enhanced, _ in outputs])
    return pictures.scores(lambda _: next(by_name), images) | {
        "texture": fmean(pictures.texture_accuracy(*pair) for pair in outputs),
        "gray_world": fmean(pictures.gray_world_distance(enhanced) for enhanced, _ in outputs),
        "contrast": fmean(
            pictures.local_contrast(enhanced) / pictures.local_contrast(reference)
            for enhanced, reference in outputs
        ),
    }


def kinds() -> dict[str, Json]:
    """Name what is trained on, from the coarsest to noise."""
    palette = {"images": "palette"}
    named: dict[str, Json] = {"one colour": {"images": "random"}}
    named |= {f"{block} px": palette | {"block": block} for block in BLOCKS}
    named |= {f"1 px, {count} colours": palette | {"colors": count} for count in COLORS}
    named["1 px, uniform colours"] = palette | {"palette": "uniform"}
    return named | {"noise": {}}


def plan(scale: Scale) -> list[Cell]:
    """Every kind with three seeds."""
    return [
        Cell(
            mapping,
            {
                "kind": kind,
                "changes": changes | {"seed": seed, "iterations": scale.iterations(1000)},
                "limit": scale.limit,
            },
        )
        for kind, changes in (kinds().items() if not scale.quick else scale.some(kinds().items()))
        for seed in scale.seeds(3)
    ]


def report(results: Results) -> str:
    """Write the table from the coarsest palette to noise."""
    rows = []
    for kind in results.values_of(mapping, "kind"):
        cells = results.of(mapping, kind=kind)
        columns = ("texture", 3), ("ssim", 3), ("psnr", 2), ("gray_world", 3), ("contrast", 2)
        rows.append([kind, *(drawing.spread([c[n] for c in cells], d) for n, d in columns)])
    headers = ["trained on", "texture accuracy", "SSIM", "PSNR [dB]", "gray-world distance"]
    headers += ["local contrast"]
    return (
        "eval15, mean ± deviation over the seeds. *Texture accuracy*: correlation of luma "
        "gradients with the reference's. *Gray-world distance*: of the channels' means from "
        "mid-gray, share of the range. *Local contrast*: in 8 x 8 squares, over the "
        "reference's.\n\n" + drawing.table(headers, rows)
    )


def _blocks(results: Results) -> dict[int, list[Json]]:
    """Give the cells of the palettes with ever new colours, by block size."""
    found = {block: results.of(mapping, kind=f"{block} px") for block in BLOCKS}
    return {block: cells for block, cells in found.items() if cells}


def figures(results: Results, folder: Path) -> list[str]:
    """Draw texture accuracy, SSIM and gray-world distance against block size."""
    figure, axes = drawing.canvas(3, size=(10.5, 3.3))
    names = ("texture", "ssim", "gray_world")
    titles = ("texture accuracy", "SSIM", "distance from gray-world\n[share of the range]")
    blocks, noise = _blocks(results), results.of(mapping, kind="noise")
    for axis, name, title in zip(axes, names, titles, strict=True):
        for block, cells in blocks.items():
            axis.plot([block] * len(cells), [c[name] for c in cells], "o", color="tab:blue", ms=4)
        means = [fmean(c[name] for c in cells) for cells in blocks.values()]
        axis.plot(list(blocks), means, color="tab:blue", label="palettes")
        if noise:
            axis.axhline(fmean(c[name] for c in noise), color="black", ls="--", label="noise")
        axis.set(xscale="log", xlabel="side of the squares [pixels]", ylabel=title)
        axis.invert_xaxis()
        axis.set_xticks(list(BLOCKS), [str(b) for b in BLOCKS])
        axis.minorticks_off()
    axes[0].legend(fontsize=8)
    return [drawing.save(figure, folder / "p_regression.png")]


def claims(results: Results) -> list[Claim]:
    """Judge by ranks: how texture and gray-world change from block to block."""
    blocks = _blocks(results)
    if len(blocks) < len(BLOCKS) or not results.of(mapping, kind="noise"):
        return []
    curves = {
        name: [fmean(c[name] for c in cells) for cells in blocks.values()]
        for name in ("texture", "ssim", "gray_world")
    }
    coarse = {
        name: fmean(c[name] for c in results.of(mapping, kind="one colour")) for name in curves
    }
    texture, ssim, gray = curves.values()
    rises = [sum(b > a for a, b in pairwise(curves[name])) for name in ("texture", "ssim")]
    steps = len(BLOCKS) - 1
    is_above = min(texture) > coarse["texture"] and min(ssim) > coarse["ssim"]
    ends_above = texture[-1] > max(texture[0], coarse["texture"]) and ssim[-1] > max(
        ssim[0], coarse["ssim"]
    )
    noise = [c["texture"] for c in results.of(mapping, kind="noise")]
    finest = [c["texture"] for c in blocks[1]]
    return [
        Claim(
            "P-regression rebuilds textures more accurately than C-regression",
            "a proposition",
            f"texture accuracy {coarse['texture']:.3f} after one colour a step, {texture[0]:.3f} "
            f"at 52 px, {texture[-1]:.3f} at 1 px; SSIM {coarse['ssim']:.3f}, {ssim[0]:.3f}, "
            f"{ssim[-1]:.3f}. They rise in {rises[0]} and {rises[1]} of {steps} steps (holds: in "
            "all but one, and every palette above one colour; in part: the finest above the "
            "coarsest and one colour)",
            "holds"
            if is_above and min(rises) >= steps - 1
            else "holds in part"
            if ends_above
            else "does not hold",
        ),
        Claim(
            "P-regression moves towards a normal-light gray-world mapping",
            "a proposition",
            f"distance from mid-gray {coarse['gray_world']:.3f} after one colour a "
            f"step, {gray[0]:.3f} at 52 px, {gray[-1]:.3f} at 1 px (holds: below half of one "
            "colour's for each palette)",
            "holds" if max(gray) < 0.5 * coarse["gray_world"] else "holds in part",
        ),
        Claim(
            "N-regression is the limit of ever finer palettes",
            "a proposition",
            f"texture accuracy {fmean(noise):.3f} after noise; {min(finest):.3f} to "
            f"{max(finest):.3f} after one-pixel palettes (holds: within that spread)",
            "holds" if min(finest) <= fmean(noise) <= max(finest) else "does not hold",
        ),
    ]
