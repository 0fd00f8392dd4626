"""Beyond low light: can self-regression on damaged noise teach denoising, deraining, deblurring?

    noiser experiment beyond_low_light

Claim tested: the paper's joint tasks (deraining) and its future work (noise, blur). The input
of the training is damaged and the target is not; the rest is the paper's recipe. Pairs are
made: well-lit LOL-v1 training photographs are damaged, then scored as they are and *darkened
after the damage* to a tenth of their sRGB values, in 8 bits. Since the network changes
brightness by design, every output is first mapped to the reference by the best affine map per
channel (least squares). Undamaged pictures ("none") show how much of the loss is its tone curve.

Cost: 22 trainings of 1,000 steps, about seven minutes on two cores. Expect a negative result: in
the dark, training on damage gains less than 0.5 dB, and a median of 3x3 pixels beats it by 5 dB.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from experiments import beyond_low_light_report, damage, drawing, pictures
from experiments.lab import Cell, Claim, Json, Results, Scale
from experiments.variants import applied, signed, trained
from noiser.core.types import ByteImage

NEEDS = ("lol-v1",)

FIGURES = ("beyond_low_light.png", "beyond_low_light_sheet.png")

Values = NDArray[np.float64]
"""float64 [H,W,3], in the units of a uint8 image, of any range."""

RECIPES: dict[str, tuple[bool, dict[str, Any]]] = {
    "plain": (False, {}),
    "damaged noise": (True, {}),
    "plain palettes": (False, {"images": "palette", "block": 8}),
    "damaged palettes": (True, {"images": "palette", "block": 8}),
    "damaged palettes, no TV": (True, {"images": "palette", "block": 8, "tv_weight": 0.0}),
}
"""Whether the training's input is damaged, and what else differs from the paper's recipe."""

REFERENCES = ("damaged input", "simple filter", "best 5x5 linear filter")
"""What needs no training. The last is fitted to each picture's own reference: a bound."""

LIGHTS = {"normal": 1.0, "dark": 0.1}
"""What the damaged picture's sRGB values are multiplied by."""

CROP = np.s_[96:160, 96:160]
"""Rows and columns of the contact sheet: few enough to see single pixels."""

EDGE = 2
"""A filter of 5x5 pixels sees this far [pixels]."""


def restored(method: str, kind: str, seed: int, iterations: int, limit: int | None) -> Json:
    """Score a method on one kind of damage.

    Returns:
        For each light the mean `psnr` after the best affine map [dB] and the mean `texture`,
        the correlation of gradients with the undamaged picture's.
    """
    restore = restoration(method, kind, seed, iterations)
    values = {}
    for light in LIGHTS:
        rows = []
        for index, (_, reference) in enumerate(pictures.pairs(pictures.DEV, limit)):
            given = damaged(reference, kind, index, light)
            output = restore(given, reference)
            fit = fitted(output, reference)
            error = float(((fit - reference) ** 2).mean())
            rows.append((10 * np.log10(255**2 / error), pictures.texture_accuracy(fit, reference)))
        values[light] = {"psnr": fmean(r[0] for r in rows), "texture": fmean(r[1] for r in rows)}
    return values


def restoration(
    method: str, kind: str, seed: int, iterations: int
) -> Callable[[ByteImage, ByteImage], Values]:
    """Give a method as a function of a damaged picture and its reference."""
    if method == "damaged input":
        return lambda given, _: given.astype(np.float64)
    if method == "simple filter":
        return lambda given, _: filtered(given, kind)
    if method == "best 5x5 linear filter":
        return best_linear
    is_damaged, changes = RECIPES[method]
    changes = changes | {"seed": seed, "iterations": iterations}
    (model,) = trained(changes | {"damage": kind} if is_damaged else changes)
    return lambda given, _: applied(model, given).astype(np.float64)


def damaged(reference: ByteImage, kind: str, index: int, light: str) -> ByteImage:
    """Damage a picture, then darken it; the damage is the same in both lights."""
    image = signed(reference)
    if kind != "none":
        with torch.random.fork_rng():
            torch.manual_seed(index)
            image = damage.KINDS[kind](image)
    unit = (image[0].permute(1, 2, 0).numpy() + 1) / 2
    given: ByteImage = np.rint(unit * LIGHTS[light] * 255).astype(np.uint8)
    return given


def fitted(output: Values, reference: ByteImage) -> Values:
    """Map each channel by the `a x + b` that is nearest to the reference."""
    fit = np.empty(output.shape)
    for channel in range(3):
        x, y = output[..., channel], reference[..., channel]
        centered = x - x.mean()
        slope = (centered * y).sum() / max((centered**2).sum(), 1e-12)
        fit[..., channel] = slope * centered + y.mean()
    return fit.clip(0, 255)


def filtered(given: ByteImage, kind: str) -> Values:
    """Apply the usual small filter: median 3x3, or an unsharp mask for blur."""
    import cv2

    if kind != "blur":
        return cv2.medianBlur(given, 3).astype(np.float64)
    values = given.astype(np.float64)
    return 2 * values - cv2.GaussianBlur(values, (0, 0), damage.BLUR_STD)


def best_linear(given: ByteImage, reference: ByteImage) -> Values:
    """Apply the linear 5x5 filter over all channels that is nearest to the reference."""
    height, width, _ = given.shape
    padded = np.pad(given / 255, ((EDGE, EDGE), (EDGE, EDGE), (0, 0)), "edge")
    shifts = range(2 * EDGE + 1)
    taps = [padded[i : i + height, j : j + width] for i in shifts for j in shifts]
    matrix = np.concatenate([*taps, np.ones((height, width, 1))], axis=2).reshape(
        height * width, -1
    )
    target = reference.reshape(-1, 3).astype(np.float64)
    # A trace of ridge: flat pictures leave taps alike.
    gram = matrix.T @ matrix + 1e-6 * np.eye(matrix.shape[1])
    return (matrix @ np.linalg.solve(gram, matrix.T @ target)).reshape(height, width, 3)


def plan(scale: Scale) -> list[Cell]:
    """Score every method on every damage; what is not trained needs no seeds."""
    recipes = scale.some(RECIPES)
    chosen = [(kind, method) for kind in damage.KINDS for method in (*REFERENCES, *recipes)]
    chosen += [("none", method) for method in recipes if not RECIPES[method][0]]
    shared = {"iterations": scale.iterations(1000), "limit": scale.limit}
    return [
        Cell(restored, {"kind": kind, "method": method, "seed": seed} | shared)
        for kind, method in chosen
        for seed in scale.seeds(1 if method in REFERENCES else 2)
    ]


def outcomes(results: Results) -> beyond_low_light_report.Outcomes:
    """Sort the results: a list by seed for each kind, method, light and score."""
    found: beyond_low_light_report.Outcomes = {}
    for given, values in results.pairs(restored):
        for light, scores in values.items():
            for name, value in scores.items():
                key = (given["kind"], given["method"], light, name)
                found.setdefault(key, []).append(value)
    return found


def report(results: Results) -> str:
    """Tell scores by damage, and what training on damage gained."""
    return beyond_low_light_report.told(outcomes(results))


def figures(results: Results, folder: Path) -> None:
    """Draw scores and gains, and a crop of one picture for each damage, in the dark."""
    beyond_low_light_report.chart(outcomes(results), folder / FIGURES[0])
    given, _ = results.pairs(restored)[0]
    _, reference = pictures.pairs(pictures.DEV, given["limit"])[0]
    methods = ("damaged input", "simple filter", "plain", "damaged noise")
    rows = []
    for kind in damage.KINDS:
        dark = damaged(reference, kind, 0, "dark")
        outputs = [
            fitted(restoration(method, kind, 0, given["iterations"])(dark, reference), reference)
            for method in methods
        ]
        shown = [np.rint(output).astype(np.uint8) for output in outputs]
        rows.append((kind, [image[CROP] for image in (*shown, reference)]))
    titles = ("damaged, dark", "simple filter", "trained on noise", "on damaged noise", "reference")
    drawing.sheet(rows, titles, folder / FIGURES[1])


def claims(results: Results) -> list[Claim]:
    """Judge each damage by what training on it gains in the dark."""
    return beyond_low_light_report.judged(outcomes(results))
