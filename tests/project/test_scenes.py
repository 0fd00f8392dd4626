"""Hand-made scenes: what the look is judged by has the faults that real photographs have."""

import io
from pathlib import Path

import numpy as np
import pytest
from experiments.camera import Camera, blurred, demosaiced, light_of, picture_of
from PIL import Image

FOLDER = Path(__file__).parents[2] / "assets" / "scenes"
NAMES = sorted(p.stem for p in FOLDER.glob("*.jpg") if not p.stem.endswith("_truth"))
WEIGHTS = np.array([0.299, 0.587, 0.114])


def read(name: str) -> np.ndarray:
    return np.asarray(Image.open(FOLDER / f"{name}.jpg")).astype(float)


def taken(level: float, **options) -> np.ndarray:
    """Photograph flat gray of a linear level."""
    light = np.full((128, 128, 3), level)
    data = Camera(**options).photograph(light, np.random.default_rng(1))
    return np.asarray(Image.open(io.BytesIO(data))).astype(float)


def correlation(plane: np.ndarray, lag: int) -> float:
    rest = plane - plane.mean()
    return float((rest[:, lag:] * rest[:, :-lag]).mean() / (rest**2).mean())


def test_there_are_scenes_of_each_kind():
    kinds = [name.split("_")[0] for name in NAMES]
    assert len(NAMES) >= 12
    assert {kind: kinds.count(kind) >= 3 for kind in ("backlit", "night", "noisy")} == {
        "backlit": True, "night": True, "noisy": True,
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_and_its_truth_are_of_one_size_and_the_scene_is_dark(name):
    scene, truth = read(name), read(f"{name}_truth")
    assert scene.shape == truth.shape == (256, 384, 3)
    if name != "patches":
        assert scene.mean() < 0.8 * truth.mean()


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("backlit")])
def test_of_a_backlit_scene_what_is_bright_is_as_it_should_be(name):
    scene, truth = read(name) @ WEIGHTS, read(f"{name}_truth") @ WEIGHTS
    bright = blurred(scene, 6) > 0.6 * 255
    dark = blurred(scene, 6) < 0.25 * 255
    assert bright.mean() > 0.1
    assert dark.mean() > 0.25
    assert np.abs(scene - truth)[bright].mean() < 8
    assert truth[dark].mean() > 2 * scene[dark].mean()


def test_noise_is_correlated_and_colours_more_so():
    flat = taken(0.01)
    luma, color = flat @ WEIGHTS, flat[..., 0] - flat @ WEIGHTS
    assert correlation(luma, 1) > 0.25
    assert correlation(color, 2) > correlation(luma, 2) + 0.1
    white = taken(0.01, is_bayer=False, smoothing=0.0, quality=100)
    assert abs(correlation(white @ WEIGHTS, 1)) < 0.1


def test_less_light_is_noisier_beside_the_signal():
    dark, bright = taken(0.002), taken(0.2)
    assert dark.std() / dark.mean() > 3 * bright.std() / bright.mean()


def test_light_and_picture_are_two_ways_of_one_thing():
    pixels = np.random.default_rng(2).integers(0, 256, (8, 10, 3)).astype(np.uint8)
    np.testing.assert_array_equal(picture_of(light_of(pixels)), pixels)


def test_demosaicing_keeps_what_is_flat():
    flat = np.broadcast_to([0.1, 0.5, 0.9], (8, 10, 3))
    np.testing.assert_allclose(demosaiced(flat), flat)
