"""Light and noise: what the look does where a picture is not evenly lit, nor evenly noisy.

    noiser experiment light

Not the paper's claim but our aim: every part of a picture gets the light it needs, noise stays in
the dark, and a warm night stays warm. Measured on the hand-made scenes of `assets/scenes` (a camera
with demosaicing, a phone's noise reduction and JPEG), whose truth is known, on edges drawn by
arithmetic, and on warm nights at hand. Nothing here was chosen by eval15.

Cost: a minute on one core. Expect most backlit scenes to be lit, warm nights to stay warm, noise of
enlarged pictures to go as it does at their own size, and blocks of JPEG to be seen a little.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

from experiments import drawing, pictures
from experiments.camera import blurred
from experiments.lab import HERE, Cell, Claim, Json, Results, Scale
from noiser import Enhancer
from noiser.core.types import ByteImage, Plane
from noiser.tools.quality import ssim

NEEDS = ("lime", "exdark8", "lol-v1")

FIGURES = ()

SCENES = HERE.parent / "assets" / "scenes"

WARM_NIGHTS = (("exdark8", "2015_06400.jpg"), ("exdark8", "2015_02243.jpg"), ("lime", "1.bmp"))
"""Photographs whose light is a fire's, sodium lamps' or a city's."""

AROUND = 6.0
"""Deviation of the blur that tells what is dark or bright around a pixel [pixels]."""

DARK, BRIGHT = 0.10, 0.5
"""Luma around, below which a part of a picture is dark, and above which it is bright."""

SQUARE, BLOCK, WINDOW = 32, 8, 15
"""Sides of the squares whose hue is told, of JPEG's blocks, and of windows over which speckle is
told [pixels]."""

WARM, COLD, COLORED = (0.0, 110.0), (180.0, 300.0), 4.0
"""Hues in CIELAB [degrees], and the chroma from which a hue counts."""

MUCH_LIGHT = 50.0
"""Lightness in CIELAB from which warm pixels are flames and lamps; their chroma is above 20."""


def scene(name: str) -> Json:
    """Compare a hand-made scene, enhanced, with its truth, where it is dark and where it is bright.

    Returns:
        `ssim`; mean luma of `dark` parts before, after and in truth; mean change of luma in
        `bright` parts [of 255]; None where there are none.
    """
    before, truth = (pictures.read(SCENES / f"{name}{end}.jpg") for end in ("", "_truth"))
    after = Enhancer(threads=1).enhance(before)
    lumas = [pictures.gray(image) / 255 for image in (before, after, truth)]
    around = blurred(lumas[0], AROUND)
    is_dark, is_bright = around < DARK, around > BRIGHT
    change = np.abs(lumas[1] - lumas[0])[is_bright]
    return {
        "ssim": ssim(after, truth),
        "dark": [float(plane[is_dark].mean()) for plane in lumas] if is_dark.any() else None,
        "bright": 255 * float(change.mean()) if change.size else None,
    }


def enlarged(name: str, factor: int) -> Json:
    """Enlarge the dark pictures of pairs, enhance them, and bring them back to their size.

    Their noise is then as that of a phone's photos: correlated over several pixels.

    Returns:
        `psnr` [dB] and `ssim` against the references.
    """

    def resized(image: ByteImage, factor: float, kernel: Image.Resampling) -> ByteImage:
        size = round(image.shape[1] * factor), round(image.shape[0] * factor)
        return np.asarray(Image.fromarray(image).resize(size, kernel))

    enhancer = Enhancer(threads=1)

    def enhance(low: ByteImage) -> ByteImage:
        large = resized(low, factor, Image.Resampling.BICUBIC)
        return resized(enhancer.enhance(large), 1 / factor, Image.Resampling.LANCZOS)

    found = pictures.scores(enhance, pictures.pairs(name))
    return {"psnr": found["psnr"], "ssim": found["ssim"]}


def speckle() -> Json:
    """Describe the dark patches of the scene `patches`, enhanced: those of 0 to 6 of 255.

    Returns:
        Deviation of luma and of chroma over 15 x 15 pixels, the mean of the worst patch [of 255];
        and the mean step across JPEG's grid by the mean step beside it.
    """
    after = Enhancer(threads=1).enhance(pictures.read(SCENES / "patches.jpg"))
    luma = pictures.gray(after).astype(float)
    chroma = np.moveaxis(after.astype(float) - luma[..., None], 2, 0)
    insides = [np.s_[16:112, 128 * column + 16 : 128 * column + 112] for column in (0, 1, 2)]
    across, beside = [], []
    for inside in insides:
        steps = np.abs(np.diff(luma[inside], axis=1))
        across.append(steps[:, BLOCK - 1 :: BLOCK].mean())
        beside.append(np.delete(steps, np.s_[BLOCK - 1 :: BLOCK], 1).mean())
    return {
        "luma": max(_deviation(luma[inside]) for inside in insides),
        "chroma": max(_deviation(plane[inside]) for plane in chroma for inside in insides),
        "blocks": float(np.mean(across) / max(np.mean(beside), 1e-9)),
    }


def _deviation(plane: Plane) -> float:
    """Average the deviations of all windows."""
    windows = np.lib.stride_tricks.sliding_window_view(plane, (WINDOW, WINDOW))
    return float(windows.std((2, 3)).mean())


def edge(soft: int) -> Json:
    """Measure what a step from .04 to .8 becomes on either side, beyond what is flat [of 255].

    Args:
        soft: Pixels over which it rises.
    """
    width = 192
    ramp = np.clip((np.arange(width) - width // 2 + soft / 2) / soft, 0, 1)
    values = np.rint(255 * (0.04 + 0.76 * ramp)).astype(np.uint8)
    image = np.repeat(np.repeat(values[None], width, 0)[..., None], 3, 2)
    row = pictures.gray(Enhancer(threads=1).enhance(image)).astype(float)[width // 2]
    dark, bright = row[: width // 2 - soft - 1], row[width // 2 + soft + 1 :]
    return {
        "above": float(max(bright.max() - bright[-1], dark.max() - dark[0])),
        "below": float(max(dark[0] - dark.min(), bright[-1] - bright.min())),
    }


def warm_night(folder: str, name: str) -> Json:
    """Count warm squares of a night that come out cold, and tell how far its lamps turn."""
    image = pictures.singles(folder)[name]
    after = Enhancer(threads=1).enhance(image)
    old, new = (_squares(rgb2lab(i)) for i in (image, after))
    is_warm = (_chroma(old) > COLORED) & _within(_hue(old), WARM)
    is_cold = (_chroma(new) > COLORED) & _within(_hue(new), COLD)
    old, new = rgb2lab(image), rgb2lab(after)
    lamps = (old[..., 0] > MUCH_LIGHT) & (_chroma(old) > 20) & _within(_hue(old), WARM)
    turns = np.abs((_hue(new) - _hue(old) + 180) % 360 - 180)[lamps]
    return {
        "warm": int(is_warm.sum()),
        "turned_cold": int((is_warm & is_cold).sum()),
        "lamps_turn": float(np.median(turns)) if turns.size else 0.0,
    }


def _squares(lab: Plane) -> Plane:
    """Average squares of a picture."""
    height, width = (side // SQUARE for side in lab.shape[:2])
    cut = lab[: height * SQUARE, : width * SQUARE]
    return np.asarray(cut.reshape(height, SQUARE, width, SQUARE, 3).mean((1, 3)))


def _hue(lab: Plane) -> Plane:
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360


def _chroma(lab: Plane) -> Plane:
    return np.hypot(lab[..., 1], lab[..., 2])


def _within(hue: Plane, bounds: tuple[float, float]) -> Plane:
    return (hue >= bounds[0]) & (hue <= bounds[1])


def scenes() -> list[str]:
    """Name the hand-made scenes that have a truth."""
    names = sorted(path.stem for path in SCENES.glob("*.jpg"))
    return [name for name in names if f"{name}_truth" in names and name != "patches"]


def plan(scale: Scale) -> list[Cell]:
    """Every scene, patches, edges and warm nights."""
    names = scenes()[:2] if scale.quick else scenes()
    return [
        *(Cell(scene, {"name": name}) for name in names),
        *(
            Cell(enlarged, {"name": name, "factor": factor})
            for name in ((pictures.DEV,) if scale.quick else (pictures.DEV, pictures.EVAL))
            for factor in (1, 2, 4)
        ),
        Cell(speckle, {}),
        *(Cell(edge, {"soft": soft}) for soft in (1, 2, 4)),
        *(Cell(warm_night, {"folder": folder, "name": name}) for folder, name in WARM_NIGHTS),
    ]


def report(results: Results) -> str:
    """Write the tables of scenes, patches, edges and nights."""
    rows = []
    for given, found in results.pairs(scene):
        dark = [f"{value:.3f}" for value in found["dark"] or ()] or ["–"] * 3
        bright = "–" if found["bright"] is None else f"{found['bright']:.1f}"
        rows.append([given["name"].replace("_", " "), *dark, bright, f"{found['ssim']:.3f}"])
    headers = ["scene", "dark parts, as seen", "enhanced", "truth", "bright parts, change", "SSIM"]
    nights = [
        [f"{given['folder']}/{given['name']}", str(found["warm"]), str(found["turned_cold"]),
         f"{found['lamps_turn']:.1f}"]
        for given, found in results.pairs(warm_night)
    ]  # fmt: skip
    (patches,) = results.of(speckle)
    edges = [
        [str(given["soft"]), f"{found['above']:.1f}", f"{found['below']:.1f}"]
        for given, found in results.pairs(edge)
    ]
    return (
        "Luma of 1, SSIM against the truth; dark is a luma around below "
        f"{DARK}, bright one above {BRIGHT}; the change is the mean of its size, of 255.\n\n"
        + drawing.table(headers, rows)
        + "\n\nDark patches of one tone each: over 15 x 15 pixels luma deviates by "
        f"{patches['luma']:.1f} at most, chroma by {patches['chroma']:.1f} of 255 (aim: 3 and 2); "
        f"steps across JPEG's grid are {patches['blocks']:.2f} times those beside it "
        "(aim: 1.15).\n\n"
        + drawing.table(
            ["enlarged before, reduced after", "1", "2", "4"],
            [
                [
                    name,
                    *(
                        f"{found['psnr']:.2f} / {found['ssim']:.3f}"
                        for given, found in results.pairs(enlarged)
                        if given["name"] == name
                    ),
                ]
                for name in dict.fromkeys(given["name"] for given, _ in results.pairs(enlarged))
            ],
        )
        + "\n\n"
        + drawing.table(["edge, soft over [pixels]", "above [of 255]", "below [of 255]"], edges)
        + "\n\n"
        + drawing.table(
            ["warm night", "warm squares", "turned cold", "lamps turn [degrees]"], nights
        )
    )


def figures(_results: Results, _folder: Path) -> None:
    """Draw nothing: the scenes are pictures themselves."""


def claims(results: Results) -> list[Claim]:
    """Judge our aims, each by its own bar."""
    backlit = [
        found["dark"] for given, found in results.pairs(scene)
        if given["name"].startswith("backlit") and found["dark"]
    ]  # fmt: skip
    lit = sum(after >= min(0.28, 0.7 * truth) for _, after, truth in backlit)
    (patches,) = results.of(speckle)
    nights = results.of(warm_night)
    cold = sum(night["turned_cold"] for night in nights)
    turn = max((night["lamps_turn"] for night in nights), default=0.0)
    beyond = max(max(found.values()) for found in results.of(edge))
    is_calm = patches["luma"] <= 3 and patches["chroma"] <= 2 and patches["blocks"] <= 1.15
    return [
        Claim(
            "What is dark before something bright is lit (ours)",
            "not discussed",
            f"{lit} of {len(backlit)} backlit scenes reach .28 or 70 % of the truth in their dark "
            "parts (holds: all; in part: half)",
            "holds" if lit == len(backlit) else
            "holds in part" if 2 * lit >= len(backlit) else "does not hold",
        ),
        Claim(
            "Noise of demosaiced and compressed pictures stays in the dark (ours)",
            "not discussed",
            f"dark patches deviate by {patches['luma']:.1f} in luma, {patches['chroma']:.1f} in "
            f"chroma of 255, blocks {patches['blocks']:.2f} (holds: 3, 2, 1.15)",
            "holds" if is_calm else "does not hold",
        ),
        Claim(
            "A warm night stays warm, and edges have no halo (ours)",
            "not discussed",
            f"{cold} warm squares turn cold, lamps turn by {turn:.1f} degrees at the median, edges "
            f"go {beyond:.1f} of 255 beyond (holds: 0, 8, 2)",
            "holds" if (cold, turn <= 8, beyond <= 2) == (0, True, True) else "does not hold",
        ),
    ]  # fmt: skip
