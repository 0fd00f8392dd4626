"""The lab: its machinery, its recipes, its measures, and a report that equals its results."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from noiser import TrainingConfig, train

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from experiments import (  # noqa: E402
    ORDER,
    c_regression,
    damage,
    lab,
    ms_noiser,
    pictures,
    report,
    variants,
)

TINY = {"iterations": 3, "image_size": 16, "hidden_channels": 4}

TOY = '''"""A toy."""

CALLS = []


def double(number):
    """Double it."""
    CALLS.append(number)
    return {"value": 2 * number}


def report(results):
    """Say it."""
    return "text"
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """An experiment of its own, in a folder of its own."""
    for name in lab.SUPPORT:
        (tmp_path / f"{name}.py").write_text("")
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(lab, "HERE", tmp_path)
    monkeypatch.setattr(lab, "KEPT", tmp_path / "kept")
    monkeypatch.syspath_prepend(tmp_path)
    lab._surroundings.cache_clear()
    lab.meaning.cache_clear()
    sys.modules.pop("toy", None)
    import toy

    yield toy
    lab._surroundings.cache_clear()
    lab.meaning.cache_clear()


@pytest.fixture
def network_folder(tmp_path, monkeypatch):
    """Keep trained networks out of the clone."""
    monkeypatch.setattr(variants, "KEPT", tmp_path)
    return tmp_path


def cells(toy, *numbers):
    """Cells of the toy, computed in this process."""
    return [lab.Cell(toy.double, {"number": number}, is_alone=True) for number in numbers]


def test_a_cell_gives_its_values(toy):
    assert [found for _, found in lab.compute(cells(toy, 3), 1)] == [{"value": 6}]


def test_a_finished_cell_is_not_computed_twice(toy):
    list(lab.compute(cells(toy, 3, 4), 1))
    again = [found["value"] for _, found in lab.compute(cells(toy, 3, 4, 5), 1)]

    assert sorted(again) == [6, 8, 10]
    assert toy.CALLS == [3, 4, 5]


def test_equal_cells_are_computed_once(toy):
    list(lab.compute(cells(toy, 3, 3), 1))

    assert toy.CALLS == [3]


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("2 * number", "3 * number", False),
        ("Double it.", "Twice.", True),
        ('return "text"', 'return "words"', True),
        ("A toy.", "Another.", True),
    ],
)
def test_a_cell_is_computed_again_when_its_code_changes(toy, old, new, is_same):
    """But not for words or for the report."""
    (cell,) = cells(toy, 3)
    before = cell.key
    (lab.HERE / "toy.py").write_text(TOY.replace(old, new))
    lab.meaning.cache_clear()

    assert (cell.key == before) == is_same


def test_a_cell_is_computed_again_when_what_it_computes_with_changes(toy):
    (cell,) = cells(toy, 3)
    before = cell.key
    (lab.HERE / "variants.py").write_text("x = 1")
    lab.meaning.cache_clear()
    lab._surroundings.cache_clear()

    assert cell.key != before


def test_cells_run_in_other_processes():
    """A task of the lab itself: no toy can be imported there."""
    cell = lab.Cell(ms_noiser.clipped_mean, {"shift": 0.5})
    key = cell.key
    path = lab.KEPT / "cells" / f"{key}.json"
    path.unlink(missing_ok=True)
    try:
        ((_, found),) = lab.compute([cell], 2)
        assert found == pytest.approx(ms_noiser.clipped_mean(0.5), rel=1e-8)
    finally:
        path.unlink(missing_ok=True)


def test_values_are_rounded_to_nine_digits_of_plain_data():
    given = {"a": np.float64(1 / 3), "b": [np.int64(2), (np.array([0.5]), "x")], "c": None}

    assert lab.rounded(given) == {"a": 0.333333333, "b": [2, [[0.5], "x"]], "c": None}


def test_results_select_by_task_and_arguments():
    rows = [
        {"task": "double", "arguments": {"number": n, "seed": s}, "values": {"v": n + s}}
        for n in (1, 2)
        for s in (0, 10)
    ]

    def double():
        """Stand for the task."""

    results = lab.Results(tuple(rows))

    assert results.of(double, number=2) == [{"v": 2}, {"v": 12}]
    assert results.values_of(double, "number") == [1, 2]


def test_quick_runs_one_seed_of_a_few_steps():
    assert (lab.Scale(quick=True).seeds(5), lab.Scale(quick=True).iterations(2000)) == ([0], 12)
    assert (lab.Scale().seeds(5), lab.Scale().iterations(2000)) == ([0, 1, 2, 3, 4], 2000)


def test_the_plain_variant_is_the_packages_own_recipe(network_folder):
    """The same weights, number by number."""
    ours, packages = variants.network(TINY), train(TrainingConfig(**TINY))

    assert (ours.first_weight == packages.first_weight).all()
    assert (ours.second_bias == packages.second_bias).all()


def test_a_trained_variant_is_kept(network_folder):
    variants.trained(TINY)
    (path,) = (network_folder / "networks").iterdir()
    before = path.stat().st_mtime_ns
    variants.trained(TINY)

    assert path.stat().st_mtime_ns == before


def test_networks_come_in_the_order_of_their_steps(network_folder):
    first, last = variants.trained(TINY, (0, 3))

    torch.manual_seed(0)
    assert torch.equal(first[0].weight, variants.assembled(variants.Variant(**TINY))[0].weight)
    assert torch.equal(last[0].weight, variants.trained(TINY)[0][0].weight)


def test_a_palette_has_squares_of_one_colour():
    _, image = variants.drawn(variants.Variant(images="palette", block=8, image_size=20))

    assert image.shape == (1, 3, 20, 20)
    assert image[..., :8, :8].flatten(2).std(2).max() == 0
    assert image[0, :, 0, 0].tolist() != image[0, :, 0, 8].tolist()


def test_a_palette_has_no_more_colours_than_it_says():
    _, image = variants.drawn(variants.Variant(images="palette", colors=2, image_size=20))

    assert len({tuple(pixel) for pixel in image[0].flatten(1).T.tolist()}) == 2


def test_a_colour_is_that_colour_everywhere():
    _, image = variants.drawn(variants.Variant(images="red", image_size=4))

    assert {tuple(pixel) for pixel in image[0].flatten(1).T.tolist()} == {(1.0, -1.0, -1.0)}


def test_self_regression_copies_its_input():
    given, target = variants.drawn(variants.Variant(image_size=4))

    assert given is target


def test_damage_is_laid_over_the_input_alone():
    torch.manual_seed(5)
    given, target = variants.drawn(variants.Variant(damage="noise", image_size=16))
    torch.manual_seed(5)
    _, plain = variants.drawn(variants.Variant(image_size=16))

    assert torch.equal(target, plain)
    assert not torch.equal(given, target)


def test_blur_keeps_a_flat_image_and_spreads_a_point():
    point = torch.zeros(1, 3, 15, 15)
    point[..., 7, 7] = 1.0
    blurred = damage.blur(point)

    assert damage.blur(torch.full((1, 3, 15, 15), 0.3)) == pytest.approx(0.3, abs=1e-6)
    assert blurred.sum().item() == pytest.approx(3.0, abs=1e-5)
    assert blurred[0, 0, 7, 7] == blurred.max() < 0.2


def test_sensor_noise_has_the_deviation_it_says():
    torch.manual_seed(1)
    noisy = damage.noise(torch.zeros(1, 3, 100, 100))

    assert noisy.std().item() == pytest.approx(2 * damage.NOISE_STD, rel=0.02)


def test_rain_only_adds_light():
    torch.manual_seed(1)
    rained = damage.rain(torch.full((1, 3, 64, 64), -0.5))

    assert sorted({round(v, 4) for v in rained.flatten().tolist()}) == [-0.5, 0.2]


def test_the_foretold_sign_is_the_colours_where_the_image_is_brighter_than_its_mean():
    low = torch.full((1, 3, 20, 20), -1.0)
    low[..., 10:] = -0.5
    sign = c_regression.predicted_sign(low, torch.tensor([1.0, 1.0, -1.0]).view(3, 1, 1))

    assert sign[:, 0, 15].tolist() == [1, 1, -1]
    assert sign[:, 0, 2].tolist() == [-1, -1, 1]


def test_the_clipped_mean_is_that_of_samples():
    samples = np.clip(np.random.default_rng(0).normal(0.6, 3.0, 400_000), -1, 1)

    assert ms_noiser.clipped_mean(0.6) == pytest.approx(samples.mean(), abs=0.005)


def test_a_shift_is_found_for_a_mean():
    assert ms_noiser.clipped_mean(ms_noiser.shift_for(-0.2)) == pytest.approx(-0.2, abs=1e-9)


def test_texture_accuracy_does_not_see_brightness_or_contrast(dark_photo):
    image = dark_photo(40, 50)

    assert pictures.texture_accuracy(image, image) == pytest.approx(1)
    assert pictures.texture_accuracy(np.uint8(20 + 2 * image), image) == pytest.approx(1, abs=1e-6)
    assert pictures.texture_accuracy(255 - image, image) == pytest.approx(-1)


def test_gray_world_distance_worked_by_hand():
    """Red 1, green and blue 0.5: sqrt(0.25 / 3)."""
    image = np.zeros((4, 4, 3), np.uint8) + np.array([255, 127.5, 127.5])

    assert pictures.gray_world_distance(image) == pytest.approx((0.25 / 3) ** 0.5)


def test_local_contrast_worked_by_hand():
    """Halves of 0 and 255 in each square have the deviation 127.5."""
    image = np.zeros((16, 16, 3), np.uint8)
    image[::2] = 255

    assert pictures.local_contrast(image) == pytest.approx(0.5)


def test_every_experiment_says_how_to_run_it_and_what_to_expect():
    assert len(ORDER) == 15
    for name in ORDER:
        page = lab.load(name).__doc__
        assert f"\n    noiser experiment {name}\n" in page
        assert re.search(r"[Cc]laim", page), name
        assert "Cost:" in page, name
        assert "xpect" in page, name


def test_every_experiment_has_results_figures_and_no_quick_numbers():
    for name in ORDER:
        found = json.loads((lab.HERE / "results" / f"{name}.json").read_text())
        assert (found["experiment"], found["is_quick"]) == (name, False)
        assert {"noiser", "torch", "numpy"} <= set(found["versions"])
        for picture in lab.load(name).FIGURES:
            assert 0 < (lab.HERE / "figures" / picture).stat().st_size < 200_000, picture


def test_the_report_is_made_of_the_results():
    """Written again from the JSON, it is the same text."""
    assert report.written(lab.HERE) == (lab.HERE / "REPORT.md").read_text()


@pytest.mark.parametrize("name", ORDER)
def test_every_claim_has_a_verdict(name):
    claims = lab.load(name).claims(report.read(lab.HERE, name))

    assert claims
    for claim in claims:
        assert claim.verdict in ("holds", "holds in part", "does not hold", "open")


def test_the_report_covers_what_the_paper_says():
    """Its intuitions, steps, variants, efficiency and future work."""
    text = (lab.HERE / "REPORT.md").read_text()
    table = text[text.index("## Claims") : text.index("<a id")]
    for words in (
        "noise alone", "paired, unpaired or zero-reference", "contrast between neighbouring",
        "Instance normalization", "gray-world", "C-regression", "P-regression", "N-regression",
        "over-exposure", "parameters", "minute", "MS-NoiSER", "Early stopping", "Smoothing",
        "distribution", "unsupervised criterion", "derain", "denoise", "deblur", "OCR", "detector",
    ):  # fmt: skip
        assert words.lower() in table.lower(), words


def test_the_results_reach_the_bars():
    """White binarizes, the derivation foretells, and noise alone knows when to stop."""
    white = report.read(lab.HERE, "c_regression").of(c_regression.binarization, color="white")
    early = lab.load("early_stopping")
    results = report.read(lab.HERE, "early_stopping")

    assert min(cell["saturated"] for cell in white) >= 0.9
    assert min(cell["foretold"] for cell in white) >= 0.95
    for name in (pictures.EVAL, pictures.DEV):
        assert max(early.real_losses(results, name)[:5]) <= 0.15
