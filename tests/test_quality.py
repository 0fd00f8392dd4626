"""The packaged weights keep their numbers on LOL-v1 eval15 (the README's table)."""

import hashlib
import re
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from PIL import Image

from noiser import Enhancer
from noiser.metrics import gt_mean_psnr, psnr, ssim
from noiser.network import packaged_bytes

RESULTS = (Path(__file__).parents[1] / "docs" / "results.md").read_text()


@pytest.fixture(scope="module")
def eval15(shared_data) -> list[tuple[np.ndarray, np.ndarray]]:
    lows = sorted((shared_data / "lol-v1" / "eval15" / "low").iterdir())
    assert len(lows) == 15
    pair = [(low, low.parents[1] / "high" / low.name) for low in lows]
    return [tuple(np.asarray(Image.open(p).convert("RGB")) for p in paths) for paths in pair]


def published(look: str) -> list[str]:
    """Seed 0's row of the results."""
    row = re.search(rf"^\| {look} \| 0 \|(.*)\|$", RESULTS, re.MULTILINE)
    return [cell.strip(" `") for cell in row[1].split("|")]


@pytest.mark.parametrize(("look", "bar"), [("natural", (17.6, 0.715)), ("paper", (17.0, 0.685))])
def test_the_numbers_are_those_of_the_results_and_above_the_bar(eval15, look, bar):
    enhancer = Enhancer(look)
    pairs = [(enhancer.enhance(low), high) for low, high in eval15]
    measured = [
        f"{fmean(psnr(*p) for p in pairs):.2f}",
        f"{fmean(ssim(*p) for p in pairs):.3f}",
        f"{fmean(ssim(*p, 'uniform') for p in pairs):.3f}",
        f"{fmean(gt_mean_psnr(*p) for p in pairs):.2f}",
    ]
    assert measured == published(look)[:4]
    assert float(measured[0]) >= bar[0]
    assert float(measured[1]) >= bar[1]


def test_the_packaged_weights_are_seed_0s():
    digest = hashlib.sha256(packaged_bytes()).hexdigest()
    assert digest[:16] == published("paper")[4] == published("natural")[4]
