"""The README tells the truth: its code runs, its commands exist, its numbers are measured."""

import json
import re
import shlex
from pathlib import Path
from statistics import fmean

import pytest

from noiser.cli import group
from noiser.look.knobs import knobs

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RESULTS = json.loads((ROOT / "experiments" / "results" / "n_regression.json").read_text())


def commands() -> list[list[str]]:
    """Every `noiser ...` line of the README, without its remark."""
    lines = re.findall(r"^    noiser (.*)$", README, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_the_python_example_runs():
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102
    assert names["bright"].shape == (400, 600, 3)


def test_there_are_four_commands():
    assert [words[0] for words in commands()] == [
        "enhance",
        "enhance",
        "serve",
        "experiment",
    ]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_commands_and_their_options_exist(words):
    command = group.get_command(None, words[0])
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options


def test_the_knobs_named_are_options_of_enhance():
    (sentence,) = re.findall(r"\*\*Knobs\*\*, .*?;", README, re.DOTALL)
    options = {name for p in group.get_command(None, "enhance").params for name in p.opts}
    named = set(re.findall(r"`(--[a-z-]+)`", sentence))
    assert named == {f"--{knob.name.replace('_', '-')}" for knob in knobs() if knob.name != "eps"}
    assert named <= options


def test_the_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= targets


def test_the_linked_files_exist():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("look", ["natural", "paper"])
def test_quality_numbers_are_those_of_the_lab(look):
    runs = [
        cell["values"]
        for cell in RESULTS["cells"]
        if cell["task"] == "paired" and cell["arguments"]["method"] == look
    ]
    assert len(runs) == 5
    means = {name: fmean(run[name] for run in runs) for name in ("psnr", "ssim")}
    row = f"look `{look}`, mean of 5 seeds | {means['psnr']:.2f} dB, SSIM {means['ssim']:.3f} |"
    assert row in README
