"""Time of measure and render on a CUDA device, against what its memory and arithmetic allow.

    python benchmarks/gpu.py [--rounds 20] [--look natural]

uint8 in, uint8 out, on the device. "busy" is the time of all kernels and copies, by torch's
profiler; "elapsed" the median of CUDA events around both halves, with what the host does
meanwhile: it launches, and puts sums together. Developing, about a millisecond a picture, is in
neither. The floor is the longer of reading the picture twice and writing it once as fast as the
device copies, and of the network's multiply-adds at the rate of its arithmetic units. The last
column is the largest difference from the processor's kernel, in 8-bit levels. Without a CUDA
device it says so and ends.
"""

import argparse
import statistics
from functools import partial

import numpy as np
import torch

from noiser import Enhancer
from noiser.engine.kernels.pytorch import Batch
from noiser.tools.benchmark import dark_noise

SIZES = ((600, 400), (1920, 1080), (3840, 2160))
BATCHES = (1, 32)

LANES = 128
"""Multiply-adds that a multiprocessor begins in a cycle (compute capability 8.6 and later)."""

CLOCK = 1.98e9
"""Cycles a second, where torch does not tell: an H200's highest."""


def main() -> None:
    """Measure and print, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--look", default="natural")
    words = parser.parse_args()
    if not torch.cuda.is_available():
        print("no CUDA device here: there is nothing to time")
        return
    bandwidth, rate = copy_bandwidth(), multiply_adds()
    print(f"{torch.cuda.get_device_name()}: {bandwidth / 1e12:.2f} TB/s, {rate / 1e12:.1f} TFMA/s")
    tool, other = Enhancer(words.look, kernel="torch"), Enhancer(words.look)
    for width, height in SIZES:
        photo = dark_noise(width, height)
        expected = other.enhance(photo)
        frame = torch.from_numpy(photo).permute(2, 0, 1).contiguous().cuda()
        for images in BATCHES:
            batch = frame.expand(images, -1, -1, -1).contiguous()
            work = Batch(batch)
            found = work.measure(tool.look)
            filters = [tool.develop(moments) for moments in found]
            measure, render = partial(work.measure, tool.look), partial(work.render, filters)
            elapsed = elapsed_time(measure, words.rounds) + elapsed_time(render, words.rounds)
            summed, drawn = (busy_time(task, words.rounds) for task in (measure, render))
            pixels = images * width * height
            colors = 1 if filters[0][0].chroma == 0 and filters[0][1].develops else 3
            products = 2 * 9 * colors * tool.network.hidden_channels
            floor = max(9 * pixels / bandwidth, products * pixels / rate)
            apart = abs(
                work.render(filters)[-1].permute(1, 2, 0).cpu().numpy().astype(int) - expected
            )
            print(
                f"{width} x {height} x {images:<3} "
                f"busy {summed * 1e3:7.3f} + {drawn * 1e3:7.3f} ms, "
                f"{(summed + drawn) / floor:5.1f} of the floor   elapsed {elapsed * 1e3:7.3f} ms   "
                f"{np.max(apart)} levels apart"
            )


def elapsed_time(task, rounds: int) -> float:
    """Time a task between two events: the median [seconds]."""
    for _ in range(3):
        task()
    seconds = []
    for _ in range(rounds):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        task()
        end.record()
        end.synchronize()
        seconds.append(begin.elapsed_time(end) / 1e3)
    return statistics.median(seconds)


def busy_time(task, rounds: int) -> float:
    """Add up what the device itself does for a task: the mean [seconds]."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(rounds):
            task()
        torch.cuda.synchronize()
    return sum(e.self_device_time_total for e in profile.key_averages()) / rounds / 1e6


def copy_bandwidth() -> float:
    """Copy a gigabyte: bytes read and written [per second]."""
    source = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / elapsed_time(lambda: target.copy_(source), 10)


def multiply_adds() -> float:
    """Tell the device's multiply-adds in single precision [per second]."""
    facts = torch.cuda.get_device_properties(0)
    clock = getattr(facts, "clock_rate", CLOCK / 1e3) * 1e3
    return LANES * facts.multi_processor_count * clock


if __name__ == "__main__":
    main()
