"""Efficiency: how many parameters, how long to train, how long and how much memory to enhance.

    noiser experiment efficiency

Claims tested: "about 1K parameters", "about 1 minute" of training, "1.2 ms for 600x400 on an
RTX 2080 Ti". Parameters and multiply-adds are counted on torch's own modules and must equal
55 K + 3 and 54 K a pixel. Times are medians of interleaved rounds on two threads, uint8 in and
uint8 out; memory is the growth of the peak beyond the output, in a fresh process each.

This experiment's cells hold times, so they differ from run to run and from machine to machine:
ratios to torch eager on the same network travel better than milliseconds.

Cost: a minute on two idle cores; on busy ones the ratios shift too. Expect training in 9 to 17 s
and, at 1920x1080, about a tenth of torch eager's time.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from experiments import classical, efficiency_report
from experiments.lab import HERE, Cell, Claim, Json, Results, Scale
from noiser import Enhancer, TrainingConfig
from noiser.core.types import ByteImage
from noiser.tools.benchmark import dark_noise, taking_turns

NEEDS: tuple[str, ...] = ()

FIGURES = ("efficiency.png",)

WIDTHS = (8, 16, 18, 19, 32)
"""Hidden channels: ours are 8 and 16, the paper's are unknown."""

SIZES = ((600, 400), (1920, 1080), (3840, 2160))
"""Width and height [pixels]."""

THREADS = 2
"""Of every method that has threads."""

METHODS = (
    "torch eager", "noiser, paper look", "noiser, natural look", "CLAHE",
    "histogram equalization", "gamma 2.2",
)  # fmt: skip

ENTRY = "from experiments.efficiency import extra_memory as m; print(m({!r}, {}, {}))"
"""What a fresh process runs to measure memory."""


def counted(hidden_channels: int) -> Json:
    """Count `parameters` and `multiply_adds` a pixel on torch's modules.

    Raises:
        ValueError: They are not 55 K + 3 and 54 K.
    """
    from torch import nn

    from noiser.model.training.self_regression import build

    model = build(TrainingConfig(hidden_channels=hidden_channels))
    parameters = sum(p.numel() for p in model.parameters())
    # With stride 1 each weight of a convolution is used once a pixel.
    used = sum(m.weight.numel() for m in model if isinstance(m, nn.Conv2d))
    if (parameters, used) != (55 * hidden_channels + 3, 54 * hidden_channels):
        raise ValueError(f"{parameters} parameters and {used} multiply-adds a pixel found")
    return {"parameters": parameters, "multiply_adds": used}


def training(iterations: int) -> Json:
    """Time one training of the paper's recipe [s]."""
    from noiser.model.training.self_regression import (
        train,  # not lazily: torch's import is no training
    )

    start = time.perf_counter()
    train(TrainingConfig(iterations=iterations))
    return {"measured": {"seconds": time.perf_counter() - start}}


def inference(sizes: list[list[int]], rounds: int) -> Json:
    """Measure every method at every size: median `seconds` and `memory` [bytes]."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        runs = {method: method_named(method) for method in METHODS}
        found = {}
        for width, height in sizes:
            image = dark_noise(width, height)
            seconds = taking_turns({m: partial(run, image) for m, run in runs.items()}, rounds)
            for method, taken in seconds.items():
                code = ENTRY.format(method, width, height)
                peak = subprocess.run(  # noqa: S603
                    [sys.executable, "-c", code],
                    capture_output=True, text=True, check=True, cwd=HERE.parent,
                ).stdout  # fmt: skip
                found[f"{method} {width}x{height}"] = {
                    "seconds": median(taken), "memory": int(peak)
                }  # fmt: skip
    finally:
        torch.set_num_threads(threads)
    return {"measured": found}


def method_named(method: str) -> Callable[[ByteImage], ByteImage]:
    """Give a method as a function of a picture."""
    if method == "torch eager":
        return _eager()
    if method in classical.METHODS:
        import cv2

        cv2.setNumThreads(THREADS)
        return classical.METHODS[method]
    look = method.removeprefix("noiser, ").removesuffix(" look")
    return Enhancer(look, threads=THREADS).enhance


def _eager() -> Callable[[ByteImage], ByteImage]:
    """Give the same network in torch's own modules, conversions included."""
    import torch

    from noiser.model.training.self_regression import build

    torch.set_num_threads(THREADS)
    model = build(TrainingConfig()).eval()

    def run(image: ByteImage) -> ByteImage:
        with torch.inference_mode():
            signed = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1.0
            output = ((model(signed) + 1.0) * 127.5).round().to(torch.uint8)
            enhanced: ByteImage = output[0].permute(1, 2, 0).contiguous().numpy()
            return enhanced

    return run


def extra_memory(method: str, width: int, height: int) -> int:
    """Enhance once and give the growth of this process's peak beyond the output (Linux) [bytes].

    A tiny picture first: code and libraries that are loaded once do not count.
    """
    run, image = method_named(method), dark_noise(width, height)
    run(np.ascontiguousarray(image[:64, :64]))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _resident("VmRSS")
    output = run(image)
    return max(_resident("VmHWM") - before - output.nbytes, 0)


def _resident(name: str) -> int:
    """Read a figure of this process's memory [bytes]."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0]) * 1024


def plan(scale: Scale) -> list[Cell]:
    """Count all widths; time one training, and all methods and sizes in one cell."""
    sizes = [[60, 40]] if scale.quick else [list(size) for size in SIZES]
    return [
        *(Cell(counted, {"hidden_channels": width}) for width in WIDTHS),
        Cell(training, {"iterations": scale.iterations(2000)}, is_alone=True),
        Cell(inference, {"sizes": sizes, "rounds": 1 if scale.quick else 5}, is_alone=True),
    ]


def outcomes(results: Results) -> efficiency_report.Outcomes:
    """Sort the results."""
    counts = {given["hidden_channels"]: values for given, values in results.pairs(counted)}
    ((steps, taken),) = results.pairs(training)
    ((given, found),) = results.pairs(inference)
    return efficiency_report.Outcomes(
        counts=counts,
        steps=steps["iterations"],
        training=taken["measured"]["seconds"],
        sizes=[(width, height) for width, height in given["sizes"]],
        rounds=given["rounds"],
        threads=THREADS,
        measured=found["measured"],
    )


def report(results: Results) -> str:
    """Tell what was counted, and what was measured."""
    return efficiency_report.told(outcomes(results), METHODS)


def figures(results: Results, folder: Path) -> None:
    """Draw time and memory against the size of the picture."""
    efficiency_report.chart(outcomes(results), METHODS, folder / FIGURES[0])


def claims(results: Results) -> list[Claim]:
    """Judge parameters and training; the paper's GPU is not at hand."""
    return efficiency_report.judged(outcomes(results))
