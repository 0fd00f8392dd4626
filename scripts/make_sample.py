"""Make the dark sample picture that ships with the project: `assets/night.jpg`.

    python scripts/make_sample.py

The scene is scikit-image's `coffee` (Rachel Michetti, public domain dedication CC0). It is
darkened as a camera would see it by candlelight: to linear light, a thirtieth of it, less
towards the corners, photons counted (shot noise), the sensor's read noise added, twelve bits,
and back to sRGB.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

EXPOSURE = 1 / 30
"""Share of the light of the well-exposed scene."""

FULL_WELL = 12_000
"""Electrons that white would free in one pixel of a small sensor."""

READ_NOISE = 3.0
"""Standard deviation of reading a pixel [electrons]."""

PATH = Path(__file__).parents[1] / "assets" / "night.jpg"


def main() -> None:
    """Render the picture."""
    rng = np.random.default_rng(0)
    scene = data.coffee() / 255.0
    linear = np.where(scene <= 0.04045, scene / 12.92, ((scene + 0.055) / 1.055) ** 2.4)
    height, width = scene.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    falloff = 1.0 / (1.0 + 0.8 * (x**2 + y**2))
    electrons = rng.poisson(linear * EXPOSURE * falloff[..., None] * FULL_WELL)
    read = electrons + rng.normal(0.0, READ_NOISE, electrons.shape)
    digital = np.rint(np.clip(read / FULL_WELL, 0.0, 1.0) * 4095) / 4095
    encoded = np.where(
        digital <= 0.0031308,
        digital * 12.92,
        1.055 * np.maximum(digital, 1e-9) ** (1 / 2.4) - 0.055,
    )
    pixels = np.rint(np.clip(encoded, 0.0, 1.0) * 255).astype(np.uint8)
    PATH.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(PATH, quality=95, subsampling=0)
    print(f"{PATH.name}: {width} x {height}, mean {pixels.mean():.1f} of 255")


if __name__ == "__main__":
    main()
