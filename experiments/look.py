"""The natural look: what each of its steps gains, and whether it keeps its promises.

    noiser experiment look

The claim is ours, not the paper's, whose output is a proof and not yet a photograph: the look
keeps what a photographer would want kept. It is built up step by step, and each step is left out
once. Measured are PSNR and SSIM on dev40 as it is and with sensor noise added (dev40 was made
smaller, which took most of its noise away), NIQE on photographs without references, what a
well-lit photograph loses, and how much the size of a picture matters. Then the promises, with the
default knobs: to do no harm, to keep hue and black, to calm what is over-exposed. Nothing here
was chosen by eval15.

Cost: nothing is trained; 5 minutes on two cores. Expect denoising, detail and black to carry
SSIM and NIQE, and every promise to be kept.
"""

from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

from experiments import look_report, pictures
from experiments.lab import NIQE_MODEL, Cell, Claim, Json, Results, Scale
from noiser import Enhancer
from noiser.core.types import ByteImage
from noiser.look.looks import NATURAL
from noiser.tools.quality import load_pristine, niqe, psnr

NEEDS = ("lol-v1", "lime", "dicm12", "exposure", "exdark8")

FIGURES = look_report.FIGURES

STEPS = ("auto", "color", "black", "highlights", "detail", "denoise", "local", "restraint")
"""The knobs of the natural look, in the order in which it is built up."""

NOISE_STD = 1.64
"""Deviation of the sensor noise that is added to dev40 [of 255], for each channel: in luma it
is 1.1, that of LOL's pictures at full size."""

SAME = 60.0
"""What counts as the PSNR of two equal pictures [dB]."""


def variant(name: str) -> Enhancer:
    """Give a stage of the look by its name: `paper`, `natural`, `to KNOB` or `without KNOB`."""
    if name in ("paper", "natural"):
        return Enhancer(name, threads=1)
    if name == "alone":
        kept: tuple[str, ...] = ()
    elif name.startswith("to "):
        kept = STEPS[: STEPS.index(name.removeprefix("to ")) + 1]
    else:
        kept = tuple(knob for knob in STEPS if knob != name.removeprefix("without "))
    return Enhancer(threads=1, **{knob: 0.0 for knob in STEPS if knob not in kept})


def variants() -> list[str]:
    """List the stages: the paper's look, built up, and with each knob left out."""
    built = ["paper", "alone", *(f"to {knob}" for knob in STEPS[:-1]), "natural"]
    return [*built, *(f"without {knob}" for knob in STEPS)]


def stage(name: str, limit: int | None) -> Json:
    """Score a stage of the look."""
    enhance, model = variant(name).enhance, load_pristine(NIQE_MODEL)
    clean = pictures.pairs(pictures.DEV, limit)
    noisy = tuple((_with_noise(low, i), high) for i, (low, high) in enumerate(clean))
    natural = {
        folder: fmean(niqe(enhance(p), model) for p in pictures.singles(folder, limit).values())
        for folder in ("lime", "dicm12")
    }
    return {
        "clean": pictures.scores(enhance, clean),
        "noisy": pictures.scores(enhance, noisy),
        "niqe": natural,
        "harmless": fmean(_likeness(enhance(high), high) for _, high in clean),
        "by_size": fmean(apart_by_size(variant(name), limit)),
    }


def promises(limit: int | None) -> Json:
    """Measure what the default look promises, on all photographs at hand."""
    default, own_colors = Enhancer(threads=1), Enhancer(threads=1, color=1.0)
    highs = {
        name: [_likeness(default.enhance(high), high) for _, high in pictures.pairs(name, limit)]
        for name in (pictures.EVAL, pictures.DEV)
    }
    turns = {
        folder: float(np.median(np.concatenate([
            hue_turns(image, own_colors.enhance(image))
            for image in pictures.singles(folder, limit).values()
        ])))
        for folder in ("lime", "dicm12")
    }  # fmt: skip
    return {
        "harmless_mean": {name: fmean(values) for name, values in highs.items()},
        "harmless_least": {name: min(values) for name, values in highs.items()},
        "by_size": {
            look: fmean(apart_by_size(Enhancer(look, threads=1), limit))
            for look in ("natural", "paper")
        },
        "hue": turns,
        "ramp": _ramp_chroma(own_colors),
        "black": _blackest(default, limit),
        "backdrop": backdrop(default),
        "over_exposed": over_exposed(default, limit),
    }


def apart_by_size(enhancer: Enhancer, limit: int | None) -> list[float]:
    """Compare enhancing at half the size with halving the enhanced, on LIME [of 255]."""
    found = []
    for image in pictures.singles("lime", limit).values():
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        first, last = enhancer.enhance(_halved(even)), _halved(enhancer.enhance(even))
        found.append(float(np.abs(first.astype(float) - last).mean()))
    return found


def hue_turns(before: ByteImage, after: ByteImage) -> np.ndarray:
    """Measure how far the hue of each coloured pixel turns in CIELAB [degrees].

    Only where chroma is above 8 and the input's lightness above 5: elsewhere hue is noise.
    """
    old, new = rgb2lab(before), rgb2lab(after)
    is_colored = (np.hypot(old[..., 1], old[..., 2]) > 8) & (old[..., 0] > 5)
    hues = [np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) for lab in (old, new)]
    turned = np.abs((hues[1] - hues[0] + 180) % 360 - 180)
    return turned[is_colored]


def _ramp_chroma(enhancer: Enhancer) -> float:
    """Give the highest CIELAB chroma of an enhanced gray ramp."""
    ramp = np.repeat(np.repeat(np.arange(64, dtype=np.uint8), 8)[None], 64, 0)
    lab = rgb2lab(enhancer.enhance(np.repeat(ramp[..., None], 3, 2)))
    return float(np.hypot(lab[..., 1], lab[..., 2]).max())


def _blackest(enhancer: Enhancer, limit: int | None) -> Json:
    """Find scenes whose darkest fiftieth is below 3 of 255: where does it go?"""
    folders = [pictures.singles(f, limit).values() for f in ("lime", "dicm12", "exdark8")]
    images = [image for folder in folders for image in folder]
    for name in (pictures.DEV, pictures.EVAL):
        images += [low for low, _ in pictures.pairs(name, limit)]
    found = [
        float(np.percentile(pictures.gray(enhancer.enhance(image)), 2))
        for image in images
        if np.percentile(pictures.gray(image), 2) < 3
    ]
    return {"scenes": len(found), "highest": max(found), "median": float(np.median(found))}


def backdrop(enhancer: Enhancer) -> Json:
    """Describe the violet backdrop of LIME's seventh picture, luma below 11, once enhanced."""
    image = pictures.singles("lime")["7.bmp"]
    is_backdrop, output = pictures.gray(image) < 11, enhancer.enhance(image)
    lab = rgb2lab(output)
    return {
        "luma": float(np.median(pictures.gray(output)[is_backdrop])),
        "chroma": float(np.median(np.hypot(lab[..., 1], lab[..., 2])[is_backdrop])),
    }


def over_exposed(enhancer: Enhancer, limit: int | None) -> Json:
    """Give mean and clipped share, before and after, of each over-exposed photograph."""
    found = {}
    for name, image in pictures.singles("exposure", limit).items():
        if "_P" in name:
            output = enhancer.enhance(image)
            found[name] = {
                "mean": [float(i.mean()) / 255 for i in (image, output)],
                "clipped": [float((i >= 254).mean()) for i in (image, output)],
            }
    return found


def _with_noise(low: ByteImage, seed: int) -> ByteImage:
    """Add sensor noise."""
    noise = np.random.default_rng(seed).normal(0.0, NOISE_STD, low.shape)
    return np.asarray(np.clip(np.rint(low + noise), 0, 255), np.uint8)


def _likeness(output: ByteImage, image: ByteImage) -> float:
    """Give the PSNR of two pictures, 60 dB at most [dB]."""
    return SAME if np.array_equal(output, image) else min(psnr(output, image), SAME)


def _halved(image: ByteImage) -> ByteImage:
    """Average squares of 2 x 2 pixels."""
    size = image.shape[1] // 2, image.shape[0] // 2
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def plan(scale: Scale) -> list[Cell]:
    """Every stage, then the promises."""
    names = ["paper", "natural"] if scale.quick else variants()
    return [
        *(Cell(stage, {"name": name, "limit": scale.limit}) for name in names),
        Cell(promises, {"limit": scale.limit}),
    ]


def report(results: Results) -> str:
    """Write the tables."""
    return look_report.report(results.pairs(stage), results.of(promises)[0])


def figures(results: Results, folder: Path) -> None:
    """Draw the steps on scenes that may be shown."""
    look_report.figures(results.values_of(stage, "name"), variant, folder)


def claims(results: Results) -> list[Claim]:
    """Judge the promises as a whole, ours."""
    rows = look_report.bars(results.of(promises)[0])
    kept = sum(is_kept for *_, is_kept in rows)
    return [
        Claim(
            "The natural look does no harm and keeps hue, black and size (ours)",
            "not discussed",
            f"{kept} of {len(rows)} promises are kept, color {NATURAL.color:g} (holds: all; in "
            "part: most)",
            "holds" if kept == len(rows) else
            "holds in part" if 2 * kept > len(rows) else "does not hold",
        )
    ]  # fmt: skip
