"""Time and memory of measure + fold + render against torch eager on the same network.

    python benchmarks/speed.py [--size 1920x1080] [--threads 2] [--rounds 15]

All candidates take turns in one run; medians and ratios to torch are printed. uint8 in, uint8
out. Torch gets its own modules in inference mode and includes the conversions, as a user's
code would. Memory is the growth of the process's peak while enhancing once in a fresh
process, beyond input and output.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

from noiser import Enhancer
from noiser.engine.kernels import available
from noiser.tools.benchmark import PAUSE, dark_noise, taking_turns
from noiser.tools.rivals.torch_runtime import eager


def main() -> None:
    """Take turns and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--memory", action="store_true", help="measure memory only")
    words = parser.parse_args()
    width, height = map(int, words.size.split("x"))
    image = dark_noise(width, height)
    if words.memory:
        print(f"{extra_memory(image, words.threads) / 1e6:.1f}")
        return
    in_torch = eager(words.threads)
    natural = Enhancer(threads=words.threads)
    paper = Enhancer("paper", threads=words.threads)
    single = Enhancer(threads=1)
    moments = natural.measure(image)
    candidates = {
        "torch eager": lambda: in_torch(image),
        "natural": lambda: natural.enhance(image),
        "  measure": lambda: natural.measure(image),
        "  fold + render": lambda: natural.render(image, moments),
        "paper": lambda: paper.enhance(image),
        "natural, 1 thread": lambda: single.enhance(image),
    }
    for name in list(available())[1:-1]:
        other = Enhancer(threads=words.threads, kernel=name)
        candidates[f"natural, {name}"] = lambda other=other: other.enhance(image)
    seconds = taking_turns(candidates, words.rounds, PAUSE)
    base = statistics.median(seconds["torch eager"])
    print(f"{width} x {height}, {words.threads} threads, kernel {natural.kernel.name}")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"{name:24} {median * 1e3:8.1f} ms   1/{base / median:.1f} of torch eager")
    memory = subprocess.run(
        [sys.executable, __file__, "--memory", "--size", words.size, "--threads",
         str(words.threads)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    print(f"{'memory beyond in and out':24} {memory.stdout.strip():>8} MB")


def extra_memory(image: np.ndarray, threads: int) -> float:
    """Enhance once and return the growth of the peak beyond the output [bytes]."""
    enhancer = Enhancer(threads=threads)
    enhancer.enhance(image[:64, :64])
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew (Linux)
    before = resident("VmRSS")
    output = enhancer.enhance(image)
    return resident("VmHWM") - before - output.nbytes


def resident(name: str) -> int:
    """Read a figure of this process's memory [bytes]."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main()
