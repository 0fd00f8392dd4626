"""Benchmark: how long each step takes on this machine, beside the least it could take.

Everything takes turns in each round, so that a machine that slows down slows all of it down,
and medians are told. What travels to other machines is the ratio to the floor.
"""

import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TypeVar

import numpy as np

from noiser.core.types import ByteImage
from noiser.engine.enhancer import Enhancer
from noiser.engine.kernels.native import NativeKernel

BYTES_PER_PIXEL = 9
"""That have to move: three values are read to measure, read again to render, and written."""

TRIAL_ROUNDS = 20_000_000
"""Of the loop of multiply-adds: long enough that starting threads does not count."""

TRIAL_BYTES = 1 << 27
"""Copied to time the memory: more than caches hold."""

PAUSE = 0.02
"""Other libraries' threads go on spinning after their work: a turn waits until they sleep [s]."""

Enhance = Callable[[ByteImage], ByteImage]
"""Takes a picture and gives a new one: uint8 [H,W,3] in [0, 255], sRGB."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Machine:
    """What the threads of an enhancer reach together when they do nothing else."""

    multiply_adds: float
    """In single precision, by the enhancer's kernel [per second]."""

    bandwidth: float
    """Of memory, read and written [bytes per second]."""


@dataclass(frozen=True)
class Timing:
    """Medians for one size of picture: uint8 in, uint8 out [s]."""

    width: int
    height: int
    measure: float
    render: float
    """With folding and developing."""

    whole: float
    """`enhance`, timed by itself."""

    floor: float
    """The least that the convolutions' multiply-adds, or moving the bytes, would take."""

    render_share: float
    """What the convolutions reach of the machine's multiply-adds while rendering, in [0, 1]."""

    rivals: Mapping[str, float] = field(default_factory=dict)
    """What else took its turns, by name [s]."""


def benchmark(
    enhancer: Enhancer,
    sizes: Iterable[tuple[int, int]],
    rounds: int,
    rivals: Mapping[str, Enhance] | None = None,
) -> tuple[Machine, list[Timing]]:
    """Time an enhancer on dark noise of some sizes, and rivals beside it.

    Args:
        enhancer: Its look, kernel and threads are what is timed.
        sizes: Width and height of each picture [pixels].
        rounds: Turns that count; one more warms up.
        rivals: What takes turns with it on the same pictures, by name. All turns then begin
            after a pause.

    Returns:
        The machine's rates, and a timing for each size.

    Raises:
        ValueError: The kernel is not a native one, so its rate cannot be told.
    """
    kernel = enhancer.kernel
    if not isinstance(kernel, NativeKernel):
        raise ValueError(f"the {kernel.name} kernel has no floor to compare with; use a native one")
    images = {size: dark_noise(*size) for size in sizes}
    runs = _trials(kernel, enhancer.threads)
    multiply_adds = 0
    for size, image in images.items():
        moments = enhancer.measure(image)
        multiply_adds = enhancer.develop(moments).folded.multiply_adds  # the same for all
        runs[size, "measure"] = partial(enhancer.measure, image)
        runs[size, "render"] = partial(enhancer.render, image, moments)
        runs[size, "whole"] = partial(enhancer.enhance, image)
        runs.update({(size, name): partial(run, image) for name, run in (rivals or {}).items()})
    taken = taking_turns(runs, rounds, PAUSE if rivals else 0.0)
    seconds = {what: median(times) for what, times in taken.items()}
    done = kernel.multiply_adds(TRIAL_ROUNDS) * enhancer.threads
    machine = Machine(done / seconds["multiply-adds"], TRIAL_BYTES / seconds["bytes"])
    timings = []
    for width, height in images:
        size, pixels = (width, height), width * height
        computed = multiply_adds * pixels / machine.multiply_adds
        timings.append(
            Timing(
                width,
                height,
                measure=seconds[size, "measure"],
                render=seconds[size, "render"],
                whole=seconds[size, "whole"],
                floor=max(computed, BYTES_PER_PIXEL * pixels / machine.bandwidth),
                render_share=computed / seconds[size, "render"],
                rivals={name: seconds[size, name] for name in rivals or {}},
            )
        )
    return machine, timings


def _trials(kernel: NativeKernel, threads: int) -> dict[Hashable, Callable[[], object]]:
    """Prepare what times the machine: multiply-adds that need no memory, and a copy."""
    blank = np.ones(TRIAL_BYTES // 2, np.uint8)
    sources, copies = (np.array_split(a, threads) for a in (blank, np.empty_like(blank)))
    loops = [partial(kernel.multiply_adds, TRIAL_ROUNDS)] * threads
    parts = [partial(np.copyto, *pair) for pair in zip(copies, sources, strict=True)]
    return {
        "multiply-adds": partial(_on_all, threads, loops),
        "bytes": partial(_on_all, threads, parts),
    }


def dark_noise(width: int, height: int) -> ByteImage:
    """Make a dark picture: uint8 [H,W,3]. Times hardly depend on what it shows."""
    rng = np.random.default_rng(0)
    image = np.empty((height, width, 3), np.uint8)
    for row in image:  # one by one: large temporaries would blur a figure of memory
        row[:] = rng.random((width, 3), np.float32) ** 3 * 80
    return image


def _on_all(threads: int, tasks: Sequence[Callable[[], object]]) -> None:
    """Do tasks on some threads."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda task: task(), tasks))


def taking_turns(
    runs: Mapping[Key, Callable[[], object]], rounds: int, pause: float = 0.0
) -> dict[Key, list[float]]:
    """Run all of them once a round.

    Args:
        runs: What to time.
        rounds: Turns that count; one more warms up.
        pause: Before each run, for threads of the one before to fall asleep [s]. Caches and
            clocks fall asleep too, so a run that does not count follows it.

    Returns:
        The seconds of each run, without the first round.
    """
    seconds: dict[Key, list[float]] = {what: [] for what in runs}
    for turn in range(rounds + 1):
        for what, run in runs.items():
            if pause:
                time.sleep(pause)
                run()
            start = time.perf_counter()
            run()
            if turn:
                seconds[what].append(time.perf_counter() - start)
    return seconds
