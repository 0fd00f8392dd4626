"""How *downstream* tells its results: intervals, tables, verdicts and figures.

Nothing here is part of a measurement, so a change here computes nothing anew.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import drawing
from experiments.lab import Claim, Json
from noiser.core.types import ByteImage

Outcomes = dict[str, dict[int, Json]]
"""What `read_signs` returned, by condition and by what the light was divided by."""

Interval = tuple[float, float, float]
"""A value and both ends of its 95 % confidence interval."""

ORDER = (
    "clean", "dark input", "gamma 2.2", "auto-gamma", "CLAHE", "paper look", "natural look"
)  # fmt: skip
"""Conditions as tables and figures list them."""

LOW = "dark input"
"""What enhancements are compared with."""

RESAMPLES = 2000
"""Draws of a bootstrap interval."""


def wilson(hits: int, count: int) -> Interval:
    """Give a share and its interval (Wilson, 1927), which stays sound near 0 and 1."""
    z = 1.959964
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def bootstrap(values: Sequence[int], weights: Sequence[int]) -> Interval:
    """Give sum(values) / sum(weights) and its percentile interval over resampled signs."""
    top, bottom = np.array(values), np.array(weights)
    picks = np.random.default_rng(0).integers(len(top), size=(RESAMPLES, len(top)))
    ratios = top[picks].sum(1) / bottom[picks].sum(1)
    lower, upper = np.quantile(ratios, [0.025, 0.975])
    return float(top.sum() / bottom.sum()), float(lower), float(upper)


def pooled(by_darkness: dict[int, Json], name: str, darkness: int | None) -> list[Any]:
    """List a value of each sign at one darkness, or at all of them."""
    chosen = by_darkness if darkness is None else [darkness]
    return [item for each in chosen for item in by_darkness[each][name]]


def accuracy(found: Outcomes, condition: str, darkness: int | None) -> Interval:
    """Share of the signs read without a mistake."""
    edits = pooled(found[condition], "edits", darkness)
    return wilson(edits.count(0), len(edits))


def error_rate(found: Outcomes, condition: str, darkness: int | None) -> Interval:
    """Wrong, missing and surplus characters per character of truth."""
    by_darkness = found[condition]
    return bootstrap(
        pooled(by_darkness, "edits", darkness), pooled(by_darkness, "lengths", darkness)
    )


def accuracy_gain(found: Outcomes, condition: str, darkness: int | None) -> Interval:
    """Difference of a condition's accuracy to the dark input's, sign by sign."""
    after = pooled(found[condition], "edits", darkness)
    before = pooled(found[LOW], "edits", darkness)
    pairs = zip(after, before, strict=True)
    return bootstrap([(a == 0) - (b == 0) for a, b in pairs], [1] * len(after))


def error_gain(found: Outcomes, condition: str, darkness: int | None) -> Interval:
    """Difference of a condition's character error rate to the dark input's."""
    after = pooled(found[condition], "edits", darkness)
    before = pooled(found[LOW], "edits", darkness)
    changes = [a - b for a, b in zip(after, before, strict=True)]
    return bootstrap(changes, pooled(found[LOW], "lengths", darkness))


def percent(interval: Interval, sign: str = "") -> str:
    """Write an interval in percent or percentage points."""
    value, lower, upper = (f"{round(100 * part, 1) + 0.0:{sign}.1f}" for part in interval)
    return f"{value} ({lower} to {upper})"


def columns(found: Outcomes) -> list[int | None]:
    """List the darknesses, and `None` for all signs together."""
    return [*found[LOW], None]


def listed(found: Outcomes, *without: str) -> list[str]:
    """List the conditions that were computed, in the order of the tables."""
    return [name for name in ORDER if name in found and name not in without]


def table(
    found: Outcomes,
    names: list[str],
    measure: Callable[[Outcomes, str, int | None], Interval],
    sign: str = "",
) -> str:
    """Lay a measure out, conditions down and darknesses across."""
    heads = ["all signs" if each is None else f"1/{each} of the light" for each in columns(found)]
    rows = [
        [name, *(percent(measure(found, name, each), sign) for each in columns(found))]
        for name in names
    ]
    return drawing.table(["condition", *heads], rows)


def told(found: Outcomes) -> str:
    """Write the report."""
    first = next(iter(found[LOW].values()))
    count = len(first["edits"])
    enhanced = listed(found, "clean", LOW)
    return "\n\n".join(
        [
            f"{count} signs at each of {len(found[LOW])} darknesses, {count * len(found[LOW])} in "
            "all, read by one OCR engine. Brackets are 95 % intervals, each of one number: with so "
            "many of them, one or another misses by chance.",
            "**Signs read without a mistake** [%, higher is better; Wilson intervals]",
            table(found, listed(found), accuracy),
            "**Change against the dark input**, the same signs [percentage points, positive is "
            "better; paired bootstrap]",
            table(found, enhanced, accuracy_gain, "+"),
            "**Character error rate** [%, lower is better; bootstrap]",
            table(found, listed(found), error_rate),
            "**Its change against the dark input** [percentage points, negative is better; paired "
            "bootstrap]",
            table(found, enhanced, error_gain, "+"),
            "**Signs in which no text was found, and mean brightness of what was read** [%]",
            silence(found),
            in_words(found, enhanced),
            "Detection is not measured: no detector that is at hand finds enough in dark photos to "
            "tell enhancements apart, and 8 photos (`exdark8`) would prove nothing. A third party "
            "saw Zero-DCE lower detection on ExDark from 0.662 to 0.572.",
        ]
    )


def silence(found: Outcomes) -> str:
    """Lay out how often the engine found nothing, and how bright the pictures were."""
    heads = ["condition"]
    for each in found[LOW]:
        heads += [f"none found, 1/{each}", f"mean, 1/{each}"]
    rows = []
    for name in listed(found):
        rows.append([name])
        for values in found[name].values():
            share = values["read"].count("") / len(values["read"])
            rows[-1] += [f"{100 * share:.1f}", f"{100 * values['mean']:.0f}"]
    return drawing.table(heads, rows)


def in_words(found: Outcomes, enhanced: list[str]) -> str:
    """Say what helped and what harmed, by intervals that exclude zero."""
    lines = []
    for each in found[LOW]:
        gains = {name: accuracy_gain(found, name, each) for name in enhanced}
        lines.append(
            f"- At 1/{each} of the light, where {100 * accuracy(found, LOW, each)[0]:.1f} % of the "
            f"dark signs are read: {sides(gains, is_more_better=True)}."
        )
    changes = {name: error_gain(found, name, None) for name in enhanced}
    lines.append(f"- In wrong characters, on all signs: {sides(changes, is_more_better=False)}.")
    return "\n".join(lines)


def sides(gains: dict[str, Interval], is_more_better: bool) -> str:
    """Name the conditions whose interval lies wholly on one side of zero."""
    above = [f"{name} ({100 * gain[0]:+.1f})" for name, gain in gains.items() if gain[1] > 0]
    below = [f"{name} ({100 * gain[0]:+.1f})" for name, gain in gains.items() if gain[2] < 0]
    helped, harmed = (above, below) if is_more_better else (below, above)
    return f"helped by {', '.join(helped) or 'nothing'}; harmed by {', '.join(harmed) or 'nothing'}"


def judged(found: Outcomes) -> list[Claim]:
    """Judge what each look does to reading, by its intervals."""
    paper = "names tasks after enhancement as future work, without numbers"
    verdicts = []
    for name in (n for n in ("natural look", "paper look") if n in found):
        gains = {each: accuracy_gain(found, name, each) for each in columns(found)}
        parts = [f"{percent(gains[each], '+')} at 1/{each} of the light" for each in found[LOW]]
        parts.append(f"{percent(gains[None], '+')} on all signs")
        verdicts.append(
            Claim(
                text=f"The {name} helps an OCR engine to read dark signs",
                paper=paper,
                seen=f"change of exact reading [percentage points]: {'; '.join(parts)} (holds: "
                "the interval of all signs above zero, that of no darkness below; in part: any "
                "above zero)",
                verdict=verdict(list(gains.values())),
            )
        )
    detection = Claim(
        text="Enhancement helps a detector",
        paper=paper + "; a third party saw Zero-DCE lower it from 0.662 to 0.572 on ExDark",
        seen="not measured: no detector at hand that finds enough in dark photos",
        verdict="open",
    )
    return [*verdicts, detection]


def verdict(gains: list[Interval]) -> str:
    """Apply the rule that `judged` states; the last interval is that of all signs."""
    is_any_below = any(upper < 0 for _, _, upper in gains)
    if gains[-1][1] > 0 and not is_any_below:
        return "holds"
    return "holds in part" if any(lower > 0 for _, lower, _ in gains) else "does not hold"


def chart(found: Outcomes, path: Path) -> None:
    """Draw accuracy by condition and darkness, with intervals."""
    figure, axis = drawing.canvas(size=(7.4, 3.4))
    names = listed(found)
    for offset, each in zip((-0.2, 0.0, 0.2), found[LOW], strict=True):
        shares = np.array([accuracy(found, name, each) for name in names]) * 100
        errors = [shares[:, 0] - shares[:, 1], shares[:, 2] - shares[:, 0]]
        places = np.arange(len(names)) + offset
        axis.errorbar(places, shares[:, 0], errors, fmt="o", capsize=3, label=f"1/{each}")
    axis.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
    axis.set(ylabel="signs read without a mistake [%]", ylim=(0, 103))
    axis.set_title("Reading dark signs: 95 % intervals", fontsize=9)
    axis.legend(title="of the light", fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    drawing.save(figure, path)


def sheet(
    found: Outcomes, seen: Callable[[str, int, int], tuple[str, ByteImage]], path: Path
) -> None:
    """Show the first sign of each darkness under each condition, and how it was read."""
    names, levels = listed(found), list(found[LOW])
    size = (5.4, 0.8 * len(names) + 0.3)
    figure, axes = drawing.canvas(len(levels), len(names), size=size, squeeze=False)
    for line, name in zip(axes, names, strict=True):
        for axis, each in zip(line, levels, strict=True):
            truth, image = seen(name, each, 0)
            text = found[name][each]["read"][0]
            axis.imshow(image, interpolation="antialiased")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.grid(visible=False)
            axis.spines[:].set_visible(False)
            color = "black" if text == truth.replace(" ", "") else "firebrick"
            axis.set_xlabel(text or "(none found)", color=color, fontsize=8, labelpad=1)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    for axis, each in zip(axes[0], levels, strict=True):
        axis.set_title(f"1/{each} of the light", fontsize=8)
    drawing.save(figure, path)
