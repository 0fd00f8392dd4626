"""Make hand-made scenes and their truth: `assets/scenes/NAME.jpg` and `NAME_truth.jpg`.

    python scripts/make_scenes.py

Backlit, night and noisy scenes, photographed by the camera of `experiments/camera.py`, beside what
they show in good light. They are made of scikit-image's photographs in the public domain or under
CC0 (astronaut: NASA; rocket: SpaceX; cat: Stefan van der Walt; coffee: Rachel Michetti; brick,
grass and gravel: cc0textures.com), so that everyone may have them.

The truth of a backlit scene has what is dark in the light of what is bright; what is bright stays.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from experiments.camera import Camera, Light, blurred, light_of, picture_of
from PIL import Image
from skimage import data

ROOT = Path(__file__).parents[1]

FOLDER = ROOT / "assets" / "scenes"
"""Where they go."""

WIDTH, HEIGHT = 384, 256
"""Of every scene [pixels]."""

SUPERSAMPLED = 2
"""Masks are drawn so much finer."""

TRUTH_QUALITY = 90
"""Of the truth's JPEG."""

CANDLE, SODIUM, SKY, MOON = (1.0, 0.62, 0.3), (1.0, 0.55, 0.16), (0.8, 0.92, 1.0), (0.75, 0.85, 1.0)
"""Colours of light: red, green and blue of white paper in it."""


@dataclass(frozen=True)
class Scene:
    """What falls on the sensor, and what it shows in good light."""

    light: Light
    truth: Light
    camera: Camera = field(default_factory=Camera)


def cut(name: str, left: float = 0.5, top: float = 0.5) -> Light:
    """Take a photograph's light, cut to 3:2 at a place from 0 to 1 and reduced."""
    image = np.asarray(getattr(data, name)())
    image = np.repeat(image[..., None], 3, 2) if image.ndim == 2 else image[..., :3]
    height, width = image.shape[:2]
    w, h = min(width, height * 3 // 2), min(height, width * 2 // 3)
    x, y = round(left * (width - w)), round(top * (height - h))
    part = Image.fromarray(np.ascontiguousarray(image[y : y + h, x : x + w]))
    return light_of(np.asarray(part.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)))


def shape(inside: Callable[[Light, Light], Light], soft: float = 0.7) -> Light:
    """Draw a mask [H,W,1] in [0, 1]: where a function of x and y, 0 to 1 across, is true."""
    size = HEIGHT * SUPERSAMPLED, WIDTH * SUPERSAMPLED
    y, x = ((np.indices(size) + 0.5) / np.array(size)[:, None, None]).astype(np.float64)
    fine = inside(x, y).astype(np.float64)
    mask = fine.reshape(HEIGHT, SUPERSAMPLED, WIDTH, SUPERSAMPLED).mean((1, 3))
    return blurred(mask, soft)[..., None]


def sky(top: float = 0.9, bottom: float = 0.6) -> Light:
    """Paint a bright sky, with a few clouds."""
    rng = np.random.default_rng(5)
    clouds = blurred(rng.normal(size=(HEIGHT, WIDTH)), 12.0)
    clouds = np.clip(clouds / np.abs(clouds).max(), 0, 1)[..., None]
    fall = np.linspace(top, bottom, HEIGHT)[:, None, None]
    return fall * np.array((0.55, 0.75, 1.0)) * (1 - 0.6 * clouds) + 0.6 * clouds * 0.95


def glow(x: float, y: float, reach: float) -> Light:
    """Light of a lamp at a place: 1 there, falling with the square of the distance [H,W,1]."""
    rows, columns = np.indices((HEIGHT, WIDTH)) / WIDTH
    away = (rows - y * HEIGHT / WIDTH) ** 2 + (columns - x) ** 2
    return (1.0 / (1.0 + away / reach**2))[..., None]


def backlit(ground: Light, bright: Light, mask: Light, darkness: float) -> Scene:
    """Put a dark ground before a bright background."""
    return Scene(
        (1 - mask) * ground / darkness + mask * bright, (1 - mask) * ground + mask * bright
    )


def lit_by(scene: Light, lamps: list[tuple[float, float, float, tuple[float, ...]]],
           ambient: float, lamp: float) -> Scene:  # fmt: skip
    """Light a scene by lamps of a colour each, and a little of everywhere."""
    light, truth = scene * ambient, scene * 0.3
    for x, y, reach, color in lamps:
        here = glow(x, y, reach)
        light = light + lamp * here * scene * np.array(color)
        truth = truth + 0.7 * here * scene * np.array(color)
        bulb = shape(lambda u, v, x=x, y=y: (u - x) ** 2 + ((v - y) / 1.5) ** 2 < 0.012**2, 1.0)
        light, truth = (
            plane * (1 - bulb) + 1.2 * bulb * np.array(color) for plane in (light, truth)
        )
    return Scene(light, truth)


def skyline(x: Light, y: Light) -> Light:
    """Tell the sky above a row of houses."""
    heights = np.array([0.45, 0.3, 0.55, 0.38, 0.62, 0.33, 0.5, 0.42])
    return y < heights[np.minimum((x * 8).astype(int), 7)]


def scenes() -> dict[str, Scene]:
    """Make all scenes, by name."""
    coffee, cat, astronaut = cut("coffee"), cut("cat", 0.4, 0.3), cut("astronaut", 0.5, 0.05)
    brick, grass, gravel, rocket = (
        cut("brick"),
        cut("grass"),
        cut("gravel"),
        cut("rocket", 0.5, 0.8),
    )
    pole = shape(lambda x, y: (y < 0.6) & ~((np.abs(x - 0.3) < 0.008) | (np.abs(x - 0.7) < 0.02)))
    window = shape(lambda x, y: (x > 0.55) & (x < 0.95) & (y > 0.08) & (y < 0.7)
                   & (np.abs(x - 0.75) > 0.012))  # fmt: skip
    halo = shape(lambda x, y: ((x - 0.5) / 0.34) ** 2 + ((y - 0.62) / 0.62) ** 2 > 1, 1.5)
    arch = shape(lambda x, y: (np.abs(x - 0.5) < 0.16) & (y > 0.3 - 0.2 * np.cos(4 * (x - 0.5))))
    quiet = Camera(full_well=20_000.0)
    flat = np.repeat(np.repeat(np.array([[0.0, 2, 4], [8, 16, 32]]), 128, 0), 128, 1)
    patches = light_of(np.repeat(flat[..., None], 3, 2).astype(np.uint8))
    return {
        "backlit_window": backlit(coffee, 0.9 * sky(), window, 24),
        "backlit_street": backlit(brick * np.array((1.0, 0.8, 0.65)), sky(), shape(skyline), 30),
        "backlit_poles": backlit(grass, sky(1.0, 0.8), pole, 40),
        "backlit_portrait": backlit(astronaut, 0.95 * sky(1.0, 0.9), halo, 16),
        "backlit_arch": backlit(gravel, 0.9 * sky(), arch, 32),
        "backlit_cat": backlit(cat, sky(0.9, 0.9), shape(lambda x, y: y < 0.25 + 0.1 * x, 2.0), 20),
        "night_lamps": lit_by(
            brick, [(0.25, 0.3, 0.1, SODIUM), (0.75, 0.35, 0.08, SODIUM)], 0.01, 0.5
        ),
        "night_fire": lit_by(gravel, [(0.5, 0.75, 0.12, CANDLE)], 0.004, 0.7),
        "night_table": lit_by(coffee, [(0.12, 0.2, 0.2, CANDLE)], 0.01, 0.25),
        "night_moon": Scene(rocket / 24 * np.array(MOON), rocket * np.array(MOON)),
        "noisy_coffee": Scene(coffee / 60, coffee),
        "noisy_cat": Scene(cat / 80, cat, Camera(quality=80)),
        "noisy_astronaut": Scene(astronaut / 40, astronaut, Camera(full_well=3_000.0)),
        "clean_grass": Scene(grass / 20, grass, quiet),
        "patches": Scene(patches, patches, Camera(quality=85)),
    }


def main() -> None:
    """Photograph all scenes."""
    FOLDER.mkdir(exist_ok=True)
    for number, (name, scene) in enumerate(scenes().items()):
        file = scene.camera.photograph(scene.light, np.random.default_rng(number))
        (FOLDER / f"{name}.jpg").write_bytes(file)
        truth = Image.fromarray(picture_of(scene.truth))
        truth.save(FOLDER / f"{name}_truth.jpg", quality=TRUTH_QUALITY, subsampling=0)
        print(f"{name}: {len(file)} bytes")


if __name__ == "__main__":
    main()
