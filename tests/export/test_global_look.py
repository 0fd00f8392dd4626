"""The global look: how near a colour map comes to what `enhance` makes of photographs."""

import numpy as np
import pytest
from PIL import Image

from noiser import Enhancer
from noiser.export import global_look as module
from noiser.export.global_look import MapError, global_look


@pytest.fixture(scope="module")
def night(dark_photo):
    """A photograph of noise, texture and colour."""
    return dark_photo(90, 120)


def test_the_error_is_that_of_the_map_against_what_enhance_makes(night):
    enhancer = Enhancer(threads=1)

    found = global_look(enhancer, night, 9)

    mapped = found.map.apply(night.reshape(-1, 3) / 255.0)
    exact = enhancer.enhance(night.astype(np.uint16) * 257).reshape(-1, 3) / 65535.0
    difference = 255 * abs(mapped - exact)
    np.testing.assert_allclose(found.error.mean, difference.mean())
    np.testing.assert_allclose(found.error.p99, np.percentile(difference, 99))


def test_the_error_without_local_steps_is_against_a_picture_without_them(night):
    found = global_look(Enhancer(local=0.5, threads=1), night, 9)

    exact = Enhancer(local=0, denoise=0).enhance(night.astype(np.uint16) * 257) / 65535.0
    difference = 255 * abs(found.map.apply(night.reshape(-1, 3) / 255.0) - exact.reshape(-1, 3))
    np.testing.assert_allclose(found.without_local_steps.mean, difference.mean())
    assert found.error.mean > found.without_local_steps.mean


def test_the_local_steps_do_not_change_the_map(night):
    """It carries the rest, whatever they are."""
    plain = global_look(Enhancer(local=0, denoise=0, threads=1), night, 5).map.lattice
    local = global_look(Enhancer(local=0.5, denoise=1, threads=1), night, 5).map.lattice

    np.testing.assert_array_equal(local, plain)


def test_fitting_makes_it_better_than_the_flat_response(night):
    found = global_look(Enhancer(threads=1), night)

    assert found.without_local_steps.mean < 0.9 * found.flat.mean


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_picture_gives_the_same_map(night, threads):
    first = global_look(Enhancer(threads=1), night, 9)

    again = global_look(Enhancer(threads=threads), night.copy(), 9)

    assert again.map.lattice.tobytes() == first.map.lattice.tobytes()
    assert again.report() == first.report()


@pytest.mark.parametrize("kind", ["gray", "gray and alpha", "alpha", "deep", "deep gray"])
def test_pictures_of_every_kind_have_one(night, kind):
    """A gray picture's map keeps gray gray; 16 bits give the map of the same 8."""
    gray = night[..., :1]
    alpha = np.full_like(gray, 9)
    pixels = {
        "gray": gray[..., 0],
        "gray and alpha": np.concatenate([gray, alpha], 2),
        "alpha": np.concatenate([night, alpha], 2),
        "deep": night.astype(np.uint16) * 257,
        "deep gray": gray[..., 0].astype(np.uint16) * 257,
    }[kind]

    found = global_look(Enhancer(threads=1), pixels, 9)

    if "gray" in kind:
        levels = np.linspace(0, 1, 64)[:, None].repeat(3, 1)
        assert 255 * np.ptp(found.map.apply(levels), axis=1).max() < 0.5
        assert found.error.mean < 6
    else:
        expected = global_look(Enhancer(threads=1), night, 9).map.lattice
        np.testing.assert_allclose(found.map.lattice, expected, atol=1e-6)


def test_gray_stays_gray_between_the_points_too_where_the_look_keeps_its_colours(night):
    """`color` 1 takes no tint away."""
    found = global_look(Enhancer(color=1, threads=1), night).map

    levels = np.linspace(0, 1, 500)[:, None].repeat(3, 1)
    assert 255 * np.ptp(found.apply(levels), axis=1).max() < 0.5


def test_bands_and_samples_are_those_of_the_whole_picture(night, monkeypatch):
    """Rows at the bands' borders are rendered with their neighbours; every third is taken."""
    monkeypatch.setattr(module, "MAX_SAMPLES", night.shape[0] * night.shape[1] // 9)
    whole = global_look(Enhancer(local=0.4, threads=1), night, 5)

    monkeypatch.setattr(module, "BAND_PIXELS", night.shape[1] * 7)
    banded = global_look(Enhancer(local=0.4, threads=1), night, 5)

    assert banded.map.lattice.tobytes() == whole.map.lattice.tobytes()
    assert banded.report() == whole.report()
    exact = Enhancer(local=0.4).enhance(night.astype(np.uint16) * 257)[::3, ::3] / 65535.0
    mapped = whole.map.apply(night[::3, ::3].reshape(-1, 3) / 255.0)
    np.testing.assert_allclose(whole.error.mean, 255 * abs(mapped - exact.reshape(-1, 3)).mean())


def test_the_numbers_of_an_error_by_hand():
    error = MapError.between(np.zeros((2, 3)), np.array([[0, 0, 0], [1, 0, 0.2]]))

    assert error.mean == pytest.approx(255 * 1.2 / 6)
    assert error.p99 == pytest.approx(255 * (0.2 + 0.95 * 0.8))


def test_on_photographs_the_mean_error_is_at_most_1_7_of_255(shared_data):
    """Nine photographs of LIME: measured 1.64, and 7.9 with noise reduction and local light."""
    paths = sorted((shared_data / "lime").glob("*.bmp"))
    looks = []
    for path in paths:
        with Image.open(path) as image:
            looks.append(global_look(Enhancer(), np.asarray(image.convert("RGB"))))

    assert len(looks) == 9
    assert np.mean([look.without_local_steps.mean for look in looks]) <= 1.7
    assert np.mean([look.without_local_steps.p99 for look in looks]) <= 12.5
    assert 5 < np.mean([look.error.mean for look in looks]) <= 8.5
    assert np.mean([look.flat.mean for look in looks]) > 2.2
    assert all(look.without_local_steps.mean < look.flat.mean + 0.01 for look in looks)
