"""How *efficiency* tells its results: tables, verdicts and the chart.

Nothing here is part of a measurement, so a change here computes nothing anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments import drawing
from experiments.lab import Claim, Json

PARAMETERS = 1000
"""What the paper says, about."""

CLOSE = 0.2
"""A number of parameters is "about" another within this share."""

MINUTE = 60.0
"""What the paper says of training, about [s]."""


@dataclass(frozen=True)
class Outcomes:
    """What was counted and measured."""

    counts: dict[int, Json]
    """Parameters and multiply-adds by hidden channels."""

    steps: int
    """Of the training."""

    training: float
    """Its duration [s]."""

    sizes: list[tuple[int, int]]
    """Width and height of the pictures [pixels]."""

    rounds: int
    """Of which times are medians."""

    threads: int
    """Of every method that has threads."""

    measured: dict[str, Json]
    """Seconds and memory [bytes] by method and size."""

    def of(self, method: str, size: tuple[int, int]) -> tuple[float, float, float]:
        """Give seconds, memory [bytes] and the time as a share of torch eager's."""
        here, eager = (
            self.measured[f"{name} {size[0]}x{size[1]}"] for name in (method, "torch eager")
        )
        return here["seconds"], here["memory"], here["seconds"] / eager["seconds"]


def told(found: Outcomes, methods: Sequence[str]) -> str:
    """Write what was counted, and what was measured."""
    counts = [
        [str(hidden), f"{v['parameters']:,}", f"{v['multiply_adds']:,}",
         f"{v['multiply_adds'] * 0.24:,.0f} M"]
        for hidden, v in found.counts.items()
    ]  # fmt: skip
    rows = []
    for width, height in found.sizes:
        for method in methods:
            seconds, memory, ratio = found.of(method, (width, height))
            rows.append(
                [f"{width} x {height}", method, f"{1e3 * seconds:.1f}", f"{ratio:.3f}",
                 f"{memory / 1e6:.1f}"]
            )  # fmt: skip
    headers = ["size [pixels]", "method", "time [ms]", "of torch eager's time", "memory [MB]"]
    wide = ["hidden channels", "parameters", "multiply-adds per pixel", "at 600 x 400"]
    return "\n\n".join(
        [
            drawing.table(wide, counts),
            f"Training for {found.steps:,} steps on one core: {found.training:.1f} s.",
            drawing.table(headers, rows),
            f"Medians of {found.rounds} interleaved rounds, {found.threads} "
            "threads, uint8 in and out; memory is the growth of the peak beyond the output. "
            "Milliseconds are this machine's, which others share: the ratios to torch eager on the "
            "same network are what travels. CLAHE includes the way to Lab and back, histogram "
            "equalization the way to YCbCr; gamma is a table of 256 entries. "
            "These three are here for scale; they are not rivals in quality.",
        ]
    )


def chart(found: Outcomes, methods: Sequence[str], path: Path) -> None:
    """Draw time and memory against the size of the picture."""
    figure, axes = drawing.canvas(2, size=(9.6, 3.8))
    sizes = found.sizes
    across = [width * height / 1e6 for width, height in sizes]
    styles = ("k^-", "C3s-", "C0D-", "C1o--", "C2o--", "C7o--")
    for method, style in zip(methods, styles, strict=True):
        rows = [found.of(method, size) for size in sizes]
        axes[0].plot(across, [1e3 * row[0] for row in rows], style, ms=5, label=method)
        # A page is the least that can be seen.
        axes[1].plot(across, [max(row[1], 4096) / 1e6 for row in rows], style, ms=5, label=method)
    labels = ("time [ms]", "memory beyond input and output [MB]")
    for axis, label in zip(axes, labels, strict=True):
        axis.set(
            xscale="log", yscale="log", xlabel="size of the picture [megapixels]", ylabel=label
        )
        axis.set_xticks(across, [f"{megapixels:.3g}" for megapixels in across])
        axis.minorticks_off()
    axes[1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    drawing.save(figure, path)


def judged(found: Outcomes) -> list[Claim]:
    """Judge parameters within a fifth, training within a minute; the GPU is not at hand."""
    count = found.counts[16]["parameters"]
    size = found.sizes[0]
    taken, _, ratio = found.of("noiser, paper look", size)
    torch_seconds = found.of("torch eager", size)[0]
    is_about = abs(count / PARAMETERS - 1) <= CLOSE
    return [
        Claim(
            "The network has about 1,000 parameters",
            "about 1K; the width is not known",
            ", ".join(f"{v['parameters']:,} at {k}" for k, v in found.counts.items())
            + f" hidden channels (holds: ours, at 16, within {CLOSE:.0%} of {PARAMETERS:,})",
            "holds" if is_about else "does not hold",
        ),
        Claim(
            "Training takes about a minute",
            "about 1 minute, on its GPU",
            f"{found.steps:,} steps in {found.training:.1f} s on one CPU core "
            "(holds: a minute at most)",
            "holds" if found.training <= MINUTE else "does not hold",
        ),
        Claim(
            "A picture of 600 x 400 takes 1.2 ms on an RTX 2080 Ti",
            "1.2 ms",
            f"no such GPU at hand; on {found.threads} CPU threads {size[0]} x {size[1]} takes "
            f"{1e3 * taken:.1f} ms, torch eager {1e3 * torch_seconds:.1f} ms, a ratio of "
            f"{ratio:.3f} (open whatever the CPU shows)",
            "open",
        ),
    ]
