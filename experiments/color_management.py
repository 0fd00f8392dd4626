"""Colour management: does a photo look alike whatever the colour space of its file?

Command: `python -m experiments.color_management FOLDER...`; minutes for 30 photos.

Each photo is stored in other spaces, enhanced, shown in sRGB, and compared with what is made of
the sRGB file: CIEDE2000, median over the pixels. `own` enhances the numbers as they are in the
file; `noiser` is what a run does. At 16 bits rounding is out of the way; at 8 bits, as users have
their files, `file` is what storing in that space alone costs: the rounded file is moved back to
16 bits of sRGB and enhanced there. Numbers to expect: docs/metadata.md.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from noiser import Enhancer
from noiser.core.color import linear_from_srgb
from noiser.io.color import icc
from noiser.io.color.conversion import UNCONVERTED, conversion_for
from noiser.io.color.profiles import ADOBE_RGB, SRGB
from noiser.jobs.color_managed import enhance_by
from noiser.tools.quality.color_difference import WHITE, XYZ_FROM_RGB, _compress, ciede2000

P3 = icc.rgb_profile("Display P3", ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), icc.SRGB_CURVE)
PROPHOTO_PRIMARIES = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
PROPHOTO = icc.rgb_profile("ProPhoto", PROPHOTO_PRIMARIES, (1.8,), (0.3457, 0.3585))
SPACES = {"Display P3": P3, "Adobe RGB": ADOBE_RGB, "ProPhoto": PROPHOTO}

Floats = NDArray[np.float64]


def changed(values: Floats, source: bytes, target: bytes) -> Floats:
    """Convert values in [0, 1] from one profile to another, clipped."""
    first, second = icc.parse(source), icc.parse(target)
    if first is None or first.primaries is None or second is None or second.primaries is None:
        raise ValueError("no simple profile")
    points = np.linspace(0.0, 1.0, icc.CURVE_POINTS)
    light = np.interp(values, points, first.curves[0])
    light = np.clip(light @ (np.linalg.inv(second.primaries) @ first.primaries).T, 0.0, 1.0)
    return np.interp(light, second.curves[0], points)


def lab(values: Floats) -> Floats:
    """CIELAB of sRGB values in [0, 1]."""
    x, y, z = np.moveaxis(_compress(linear_from_srgb(values) @ XYZ_FROM_RGB.T / WHITE), -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def differences(path: Path, enhancer: Enhancer) -> Iterator[tuple[str, float]]:
    """Measure one photo: names of columns and medians."""
    image = np.asarray(Image.open(path).convert("RGB"))
    deep = image.astype(np.uint16) * np.uint16(257)
    for dtype, source in ((np.uint16, deep), (np.uint8, image)):
        peak = np.iinfo(dtype).max
        wanted = lab(enhancer.enhance(source) / peak)
        for name, profile in SPACES.items():
            stored = np.rint(changed(image / 255.0, SRGB, profile) * peak).astype(dtype)
            made = {
                "own": changed(enhance_by(UNCONVERTED, stored, enhancer) / peak, profile, SRGB),
                "noiser": changed(
                    enhance_by(conversion_for(profile, 3, "keep")[0], stored, enhancer) / peak,
                    profile,
                    SRGB,
                ),
            }
            if dtype == np.uint8:
                moved = np.rint(changed(stored / 255.0, profile, SRGB) * 65535).astype(np.uint16)
                made["file"] = enhancer.enhance(moved) / 65535.0
            for way, values in made.items():
                median = float(np.median(ciede2000(lab(values), wanted)))
                yield f"{name}, {8 * np.dtype(dtype).itemsize} bits, {way}", median


def main() -> None:
    """Print the median and the worst photo of each column."""
    enhancer = Enhancer()
    found: dict[str, list[float]] = {}
    for folder in map(Path, sys.argv[1:]):
        for path in sorted(folder.iterdir()):
            for column, median in differences(path, enhancer):
                found.setdefault(column, []).append(median)
    sys.stdout.write(f"{'':<32} photos  median  worst\n")
    for column, medians in found.items():
        numbers = f"{len(medians):6} {np.median(medians):7.2f} {max(medians):6.2f}"
        sys.stdout.write(f"{column:<32} {numbers}\n")


if __name__ == "__main__":
    main()
