"""How tables and figures look: one style, small files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from noiser.core.types import ByteImage


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: Sequence[float], digits: int) -> str:
    """Write mean and standard deviation; of one value, only that."""
    mean = f"{fmean(values):.{digits}f}"
    return f"{mean} ± {stdev(values):.{digits}f}" if len(values) > 1 else mean


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.1f} %"


def canvas(columns: int = 1, rows: int = 1, **options: Any) -> tuple[Any, Any]:
    """Open a figure of some panels: give it and its axes, as an array if there are several."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    size = options.pop("size", (4.6 * columns, 3.4 * rows))
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", **options)
    for axis in np.atleast_1d(axes).flat:
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def save(figure: Any, path: Path) -> str:
    """Write a figure as a PNG of 256 dithered colours, the same bytes each time; give its name."""
    from io import BytesIO

    from matplotlib import pyplot as plt
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    raw = BytesIO()
    figure.savefig(raw, dpi=100, metadata={"Software": None})
    plt.close(figure)
    image = Image.open(raw).convert("RGB")
    palette = image.quantize(256)
    image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    return path.name


def sheet(
    rows: Sequence[tuple[str, Sequence[ByteImage]]], titles: Sequence[str], path: Path
) -> str:
    """Draw pictures in rows and columns, named at the left and above; give the file's name."""
    height, width = rows[0][1][0].shape[:2]
    columns = len(rows[0][1])
    side = 2.1 if columns < 5 else 1.4  # inches
    figure, axes = canvas(
        columns, len(rows), size=(side * columns, (side * height / width + 0.12) * len(rows) + 0.3),
        squeeze=False,
    )  # fmt: skip
    for line, (name, images) in zip(axes, rows, strict=True):
        for axis, image in zip(line, images, strict=True):
            axis.imshow(image, vmin=0, vmax=255, cmap="gray", aspect="equal")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.grid(visible=False)
            axis.spines[:].set_visible(False)
        line[0].set_ylabel(name, fontsize=8)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=8)
    return save(figure, path)
