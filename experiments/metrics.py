"""Metrics: ours against other people's, and what each says of the looks.

    noiser experiment metrics

Claim: the numbers in this report can be trusted. PSNR, SSIM and DeltaE2000 against
scikit-image on eval15; NIQE against known values of the inputs: 6.76 on eval15, 4.57 on LIME.
Then all metrics for the input, gamma and both looks.

Cost: about 1 minute. Expect differences below 1e-6 (PSNR, SSIM), 1e-4 (DeltaE2000) and 0.02
(NIQE).
"""

from pathlib import Path
from statistics import fmean

import numpy as np

from experiments import drawing, pictures
from experiments.classical import METHODS
from experiments.lab import NIQE_MODEL, Cell, Claim, Json, Results, Scale
from noiser import Enhancer
from noiser.tools.quality import delta_e_2000, gt_mean_psnr, load_pristine, loe, niqe, psnr, ssim

NEEDS = ("lol-v1", "lime")
FIGURES = ()

KNOWN_NIQE = {"eval15": 6.76, "lime": 4.57}
"""NIQE of the inputs, known before this implementation was written."""


def agreement(limit: int | None) -> Json:
    """Compare with scikit-image on the natural look's outputs."""
    from skimage import color, metrics

    enhance, differences = Enhancer(threads=1).enhance, []
    for low, reference in pictures.pairs(pictures.EVAL, limit):
        output = enhance(low)
        gauss = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        common = {"channel_axis": -1, "data_range": 255}
        lab = [color.rgb2lab(image) for image in (output, reference)]
        differences.append(
            {
                "PSNR [dB]": psnr(output, reference)
                - metrics.peak_signal_noise_ratio(reference, output, data_range=255),
                "SSIM": ssim(output, reference)
                - metrics.structural_similarity(reference, output, **common, **gauss),
                "SSIM 7x7": ssim(output, reference, "uniform")
                - metrics.structural_similarity(reference, output, **common),
                "DeltaE2000": delta_e_2000(output, reference)
                - float(np.mean(color.deltaE_ciede2000(*lab))),
            }
        )
    return {name: max(abs(d[name]) for d in differences) for name in differences[0]}


def inputs_niqe(folder: str, limit: int | None) -> Json:
    """Give the mean NIQE of a folder's dark pictures."""
    if folder == pictures.EVAL:
        images = [low for low, _ in pictures.pairs(folder, limit)]
    else:
        images = list(pictures.singles(folder, limit).values())
    model = load_pristine(NIQE_MODEL)
    return {"niqe": fmean(niqe(image, model) for image in images)}


def judged(method: str, limit: int | None) -> Json:
    """Give every metric of a method on eval15."""
    if method in ("paper", "natural"):
        enhance = Enhancer(method, threads=1).enhance
    else:
        enhance = METHODS.get(method, lambda low: low)
    model, rows = load_pristine(NIQE_MODEL), []
    for low, reference in pictures.pairs(pictures.EVAL, limit):
        output = enhance(low)
        rows.append(
            {
                "psnr": psnr(output, reference),
                "ssim": ssim(output, reference),
                "gt_mean_psnr": gt_mean_psnr(output, reference),
                "delta_e_2000": delta_e_2000(output, reference),
                "loe": loe(output, low),
                "niqe": niqe(output, model),
            }
        )
    return {name: fmean(row[name] for row in rows) for name in rows[0]}


def plan(scale: Scale) -> list[Cell]:
    """Agreement, known values, and the table."""
    limit = {"limit": scale.limit}
    methods = ["input", *METHODS, "paper", "natural"]
    return [
        Cell(agreement, limit),
        *(Cell(inputs_niqe, {"folder": folder} | limit) for folder in KNOWN_NIQE),
        *(Cell(judged, {"method": method} | limit) for method in scale.some(methods)),
    ]


def report(results: Results) -> str:
    """Write agreement and table."""
    (differences,) = results.of(agreement)
    rows = [[name, "scikit-image", f"{value:.1e}"] for name, value in differences.items()]
    for given, values in results.pairs(inputs_niqe):
        known = KNOWN_NIQE[given["folder"]]
        rows.append(
            [f"NIQE of the inputs, {given['folder']}: {values['niqe']:.3f}", f"known: {known}",
             f"{abs(values['niqe'] - known):.3f}"]
        )  # fmt: skip
    first = drawing.table(["metric", "against", "largest difference"], rows)
    rows = [
        [
            given["method"],
            f"{v['psnr']:.2f}",
            f"{v['ssim']:.3f}",
            f"{v['gt_mean_psnr']:.2f}",
            f"{v['delta_e_2000']:.2f}",
            f"{v['loe']:.0f}",
            f"{v['niqe']:.2f}",
        ]
        for given, v in results.pairs(judged)
    ]
    headers = ["method", "PSNR [dB] ↑", "SSIM ↑", "GT-mean PSNR [dB] ↑", "DeltaE2000 ↓", "LOE ↓"]
    return (
        f"{first}\n\nEvery metric on eval15 (packaged weights). LOE compares the output's order "
        "of lightness with the input's; the input's own is zero.\n\n"
        + drawing.table([*headers, "NIQE ↓"], rows)
    )


def figures(_results: Results, _folder: Path) -> list[str]:
    """Draw nothing: tables say it all."""
    return []


def claims(results: Results) -> list[Claim]:
    """Judge by the bars."""
    (differences,) = results.of(agreement)
    niqes = [
        abs(v["niqe"] - KNOWN_NIQE[given["folder"]]) for given, v in results.pairs(inputs_niqe)
    ]
    fine = (
        max(differences[n] for n in ("PSNR [dB]", "SSIM", "SSIM 7x7")) < 1e-6
        and differences["DeltaE2000"] < 1e-4
        and max(niqes) < 0.02
    )
    return [
        Claim(
            "The metrics are the field's own (ours)",
            "SSIM and PSNR without saying which",
            f"largest difference from scikit-image {max(differences.values()):.0e}, from known "
            f"NIQE values {max(niqes):.3f} (holds: 1e-6, DeltaE2000 1e-4, NIQE 0.02)",
            "holds" if fine else "does not hold",
        )
    ]
