"""The chart of a benchmark with rivals: time per megapixel, shortest first, ours highlighted."""

from collections.abc import Collection, Mapping
from io import BytesIO
from math import floor, log10
from typing import Any

from noiser.core.errors import MissingExtraError

SUFFIXES = (".png", ".svg")
"""Kinds of files it can be."""

OURS, SAME_NETWORK, OTHERS = "#d9480f", "#5b7fa6", "#b9c0c7"
"""Colours of ours, of others with the same network, and of all else."""

_KINDS = {OURS: "noiser", SAME_NETWORK: "the same network elsewhere", OTHERS: "another method"}


def chart(
    panels: Mapping[str, Mapping[str, float]],
    title: str,
    suffix: str,
    same_network: Collection[str] = (),
) -> bytes:
    """Draw a bar for each method, on a logarithmic scale, in a panel for each size of picture.

    Args:
        panels: Milliseconds per megapixel of each method, the same methods in all panels;
            names that begin with `noiser` are highlighted. The first panel gives the order.
        title: Above the chart.
        suffix: One of `SUFFIXES`.
        same_network: Names of those that run the same network.

    Returns:
        The file. The same times give the same bytes: no date is kept.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    require()
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    first = next(iter(panels.values()))
    names = sorted(first, key=lambda name: first[name])
    colors = [_color(name, same_network) for name in names]
    width, height = 2.6 + 3.6 * len(panels), 1.4 + 0.3 * len(names)
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(panels), sharey=True, sharex=True, squeeze=False)[0]
    for axis, (label, times) in zip(axes, panels.items(), strict=True):
        _draw(axis, label, [times[name] for name in names], names, colors)
    ends = [time for times in panels.values() for time in times.values()]
    axes[0].set_xlim(10.0 ** floor(log10(min(ends) / 2)), max(ends) * 3)
    axes[0].invert_yaxis()
    for text, color in zip(axes[0].get_yticklabels(), colors, strict=True):
        text.set_fontweight("bold" if color == OURS else "normal")
    figure.suptitle(title, fontsize=11)
    handles = [Patch(color=color, label=kind) for color, kind in _KINDS.items() if color in colors]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    raw = BytesIO()
    metadata = {"Software": None} if suffix == ".png" else {"Date": None}
    with mpl.rc_context({"svg.hashsalt": "noiser"}):
        figure.savefig(raw, format=suffix.removeprefix("."), dpi=120, metadata=metadata)
    return raw.getvalue()


def require() -> None:
    """Make sure that a chart can be drawn.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "a figure needs matplotlib, which is not installed: pip install matplotlib"
        ) from error


def _draw(axis: Any, label: str, times: list[float], names: list[str], colors: list[str]) -> None:
    """Draw a panel."""
    bars = axis.barh(names, times, color=colors)
    axis.bar_label(bars, [f"{time:.3g}" for time in times], padding=3, fontsize=8)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlabel("time per megapixel [ms]")
    axis.set_title(label, fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)


def _color(name: str, same_network: Collection[str]) -> str:
    """Tell ours, the same network's and others apart."""
    if name.startswith("noiser"):
        return OURS
    return SAME_NETWORK if name in same_network else OTHERS
