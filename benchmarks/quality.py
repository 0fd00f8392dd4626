"""PSNR and SSIM of both looks on LOL-v1 pairs, for networks trained with several seeds.

    python benchmarks/quality.py [--data ../shared/data/lol-v1] [--seeds 5]

Trains preset `paper` with each seed (15 s each; weights are kept in `out/seeds`), enhances
`eval15` with both looks, and writes the table to `docs/results.md`. Protocol: 8-bit outputs
at full size, PSNR over RGB, SSIM with the Gaussian window (sigma 1.5, population covariance)
and with the 7x7 window. Expect the paper's look at 17.1 dB and 0.69 on average.
"""

import argparse
import hashlib
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
from PIL import Image

from noiser import Enhancer, TrainingConfig, train
from noiser.looks import LOOKS
from noiser.metrics import gt_mean_psnr, psnr, ssim
from noiser.network import load, to_bytes

ROOT = Path(__file__).parents[1]

HEADER = """# Results on LOL-v1 eval15

Made by `python benchmarks/quality.py`; the docstring states the protocol. Five networks of
preset `paper`, 883 parameters each, that differ in nothing but the seed. Seed 0's are the
weights in the package, whatever their rank. GT-mean PSNR flatters and is no headline.

| look | seed | PSNR [dB] | SSIM | SSIM 7x7 | GT-mean PSNR [dB] | SHA-256 of the weights |
|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Train, enhance, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "lol-v1")
    parser.add_argument("--seeds", type=int, default=5)
    words = parser.parse_args()
    pairs = [
        (read(low), read(low.parents[1] / "high" / low.name))
        for low in sorted((words.data / "eval15" / "low").iterdir())
    ]
    weights = [trained(seed) for seed in range(words.seeds)]
    lines = []
    for look in LOOKS:
        rows = []
        for seed, path in enumerate(weights):
            enhancer = Enhancer(look, weights=path)
            outputs = [(enhancer.enhance(low), high) for low, high in pairs]
            scores = [scored(*pair) for pair in outputs]
            rows.append([fmean(column) for column in zip(*scores, strict=True)])
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"| {look} | {seed} | {cells(rows[-1])} | `{digest[:16]}` |")
            print(lines[-1])
        columns = list(zip(*rows, strict=True))
        lines.append(f"| **{look}** | **mean** | {cells(map(fmean, columns))} | |")
        lines.append(f"| {look} | deviation | {cells(map(stdev, columns))} | |")
        print(*lines[-2:], sep="\n")
    (ROOT / "docs" / "results.md").write_text(HEADER + "\n".join(lines) + "\n")


def trained(seed: int) -> Path:
    """Train preset `paper`, or take the weights of an earlier run that match the recipe."""
    path = ROOT / "out" / "seeds" / f"{seed}.safetensors"
    config = TrainingConfig(seed=seed)
    if path.exists() and load(path).provenance["recipe"] == config.to_json():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(train(config)))
    return path


def read(path: Path) -> np.ndarray:
    """Read uint8 [H,W,3]."""
    return np.asarray(Image.open(path).convert("RGB"))


def scored(output: np.ndarray, reference: np.ndarray) -> list[float]:
    """Compute the four metrics."""
    return [
        psnr(output, reference),
        ssim(output, reference),
        ssim(output, reference, "uniform"),
        gt_mean_psnr(output, reference),
    ]


def cells(values) -> str:  # type: ignore[no-untyped-def]
    """Format a row."""
    first, second, third, fourth = values
    return f"{first:.2f} | {second:.3f} | {third:.3f} | {fourth:.2f}"


if __name__ == "__main__":
    main()
