"""N-regression: the paper's main table. A network that copies noise enhances dark images.

    noiser experiment n_regression

Claim: trained by self-regression on Gaussian noise alone, a network of about 1,000
parameters competes with methods that were trained on task-related data. Five networks that
differ only in the seed, on LOL-v1's eval15 (paired) and on LIME and DICM (no reference).

Cost: 10 trainings of 2,000 steps, about 3 minutes on two cores. Expect the paper's look at
17.1 dB and 0.69, the natural look, with its own recipe for noise, at 19.4 dB and 0.79 (inputs:
7.77 dB and 0.195).
"""

from dataclasses import fields
from pathlib import Path
from statistics import fmean

from experiments import drawing, pictures
from experiments.lab import NIQE_MODEL, Cell, Claim, Json, Results, Scale
from experiments.variants import network
from noiser import Enhancer
from noiser.core.types import ByteImage
from noiser.model.network import packaged
from noiser.model.training import PRESETS
from noiser.tools.quality import load_pristine, niqe

NEEDS = ("lol-v1", "lime", "dicm12")
FIGURES = ("n_regression.png",)

MEASURED_PEERS = {
    "Zero-DCE": (14.86, 0.559, 79_416, "photos, no reference"),
    "Zero-DCE++": (15.36, 0.568, 10_561, "photos, no reference"),
    "SCI (medium)": (14.78, 0.522, 258, "photos, no reference"),
    "RUAS (lol)": (16.40, 0.500, 3_438, "photos, no reference"),
    "MobileIE": (23.62, 0.812, 4_075, "LOL pairs"),
    "IAT": (23.38, 0.808, 91_154, "LOL pairs"),
    "LYT-Net": (22.15, 0.818, 44_939, "LOL pairs"),
    "Zero-IG": (22.18, 0.777, 86_572, "LOL low images"),
}
"""PSNR [dB], SSIM, parameters, training data: measured once with the peers' own weights and
this protocol; their code and weights are not part of this project."""

METHODS = ("input", "paper", "natural")

RECIPES: dict[str, Json] = {
    look: {
        field.name: getattr(PRESETS[look], field.name)
        for field in fields(PRESETS[look])
        if getattr(PRESETS[look], field.name) != getattr(PRESETS["paper"], field.name)
    }
    for look in ("paper", "natural")
}
"""What each look's own recipe changes in the paper's."""


def paired(method: str, seed: int, iterations: int, limit: int | None) -> Json:
    """Score a method on eval15."""
    images = pictures.pairs(pictures.EVAL, limit)
    return pictures.scores(_enhance(method, seed, iterations), images)


def unpaired(method: str, seed: int, iterations: int, folder: str, limit: int | None) -> Json:
    """Give the NIQE of a method on pictures without references (lower is better)."""
    model, enhance = load_pristine(NIQE_MODEL), _enhance(method, seed, iterations)
    if folder == pictures.EVAL:
        images = [low for low, _ in pictures.pairs(folder, limit)]
    else:
        images = list(pictures.singles(folder, limit).values())
    return {"niqe": fmean(niqe(enhance(image), model) for image in images)}


def _enhance(method: str, seed: int, iterations: int):  # type: ignore[no-untyped-def]
    """Give a method as a function of a picture."""
    if method == "input":
        return _same
    weights = network(RECIPES[method] | {"seed": seed, "iterations": iterations})
    return Enhancer(method, weights=weights, threads=1).enhance


def _same(low: ByteImage) -> ByteImage:
    """Leave a picture as it is."""
    return low


def plan(scale: Scale) -> list[Cell]:
    """Both looks with five seeds; the input needs no seed."""
    cells = []
    for method in METHODS:
        for seed in scale.seeds(1 if method == "input" else 5):
            given = {
                "method": method, "seed": seed, "iterations": scale.iterations(2000),
                "limit": scale.limit,
            }  # fmt: skip
            cells.append(Cell(paired, given))
            cells += [
                Cell(unpaired, given | {"folder": folder})
                for folder in ("eval15", "lime", "dicm12")
            ]
    return cells


def report(results: Results) -> str:
    """Write the main table."""
    rows = []
    for method in METHODS:
        scores = results.of(paired, method=method)
        niqes = [
            [v["niqe"] for v in results.of(unpaired, method=method, folder=folder)]
            for folder in ("eval15", "lime", "dicm12")
        ]
        rows.append(
            [
                {"input": "the input", "paper": "**noiser, paper look**"}.get(
                    method, "**noiser, natural look**"
                ),
                "–" if method == "input" else "noise",
                "–" if method == "input" else str(packaged(method).parameter_count),
                drawing.spread([s["psnr"] for s in scores], 2),
                drawing.spread([s["ssim"] for s in scores], 3),
                drawing.spread([s["gt_mean_psnr"] for s in scores], 2),
                *(drawing.spread(values, 2) for values in niqes),
            ]
        )
    for name, (psnr, ssim, parameters, data) in MEASURED_PEERS.items():
        rows.append([name, data, f"{parameters:,}", f"{psnr:.2f}", f"{ssim:.3f}", *"––––"])
    seeds = [
        [
            str(given["seed"]),
            look,
            f"{v['psnr']:.2f}",
            f"{v['ssim']:.3f}",
            f"{v['gt_mean_psnr']:.2f}",
        ]
        for look in ("paper", "natural")
        for given, v in results.pairs(paired, method=look)
    ]
    headers = ["method", "trained on", "parameters", "PSNR [dB]", "SSIM", "GT-mean PSNR [dB]"]
    headers += ["NIQE eval15", "NIQE LIME", "NIQE DICM (11)"]
    return (
        f"LOL-v1 eval15, mean ± deviation over {len(results.of(paired, method='paper'))} seeds. "
        "The peers' rows were measured once with their own weights and the same protocol; "
        "they are quoted. NIQE: lower is better. GT-mean PSNR flatters.\n\n"
        + drawing.table(headers, rows)
        + "\n\nSeed by seed; seed 0's recipe, trained again here, is the package's:\n\n"
        + drawing.table(["seed", "look", "PSNR [dB]", "SSIM", "GT-mean PSNR [dB]"], seeds)
    )


def figures(results: Results, folder: Path) -> list[str]:
    """Draw quality against the number of parameters."""
    figure, axis = drawing.canvas(size=(6.4, 3.8))
    for name, (psnr, _, parameters, data) in MEASURED_PEERS.items():
        color = "tab:red" if "LOL" in data else "tab:blue"
        axis.plot(parameters, psnr, "o", color=color)
        axis.annotate(name, (parameters, psnr), xytext=(5, 3), textcoords="offset points", size=8)
    for look, marker in (("paper", "s"), ("natural", "D")):
        psnrs = [s["psnr"] for s in results.of(paired, method=look)]
        place = (packaged(look).parameter_count, fmean(psnrs))
        axis.plot(*place, marker, color="black", ms=7)
        axis.annotate(f"noiser, {look}", place, xytext=(7, -3), textcoords="offset points", size=8)
    axis.set(xscale="log", xlabel="parameters", ylabel="PSNR on LOL-v1 eval15 [dB]")
    axis.set_title("trained on: noise (black), photos (blue), LOL (red)", fontsize=9)
    return [drawing.save(figure, folder / "n_regression.png")]


def claims(results: Results) -> list[Claim]:
    """Judge: better than the input and every peer without LOL data; near those with it."""
    psnr = fmean(s["psnr"] for s in results.of(paired, method="paper"))
    given = results.of(paired, method="input")[0]["psnr"]
    free = max(p for p, _, _, data in MEASURED_PEERS.values() if "no reference" in data)
    fed = min(p for p, _, _, data in MEASURED_PEERS.values() if "LOL" in data)
    return [
        Claim(
            "A network trained on noise alone enhances low-light images",
            "yes, without any task-related data",
            f"{given:.2f} dB becomes {psnr:.2f} dB (holds: 5 dB more than the input at least)",
            "holds" if psnr > given + 5 else "does not hold",
        ),
        Claim(
            "It competes with methods trained on paired, unpaired or zero-reference data",
            "competitive on LOL, LSRW and SICE (only LOL is at hand)",
            f"{psnr:.2f} dB; the best of four trained on photos without reference has {free:.2f}, "
            f"the worst of four trained on LOL {fed:.2f} (holds: above both)",
            "holds" if psnr > max(free, fed) else
            "holds in part" if psnr > free else "does not hold",
        ),
    ]  # fmt: skip
