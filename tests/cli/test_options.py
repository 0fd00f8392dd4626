"""Options: a command takes what it honours, and calls the others unknown."""

import re

import pytest
from click.testing import CliRunner
from pictures import picture, saved
from PIL import Image

from noiser.cli import group

OF_OUTPUTS = [
    ["--format", "png"],
    ["--strip-metadata"],
    ["--strip-location"],
    ["--software"],
    ["--embed-settings"],
    ["--profile", "srgb"],
]
"""Say how enhanced pictures are written; a sheet and a LUT are none."""

OF_LOOKS = [["--look", "paper"], ["--color", "0.5"], ["--kernel", "auto"], ["--settings-of", "a"]]
"""Say how pictures are enhanced."""

REFUSED = [
    *((command, option) for command in ("export cube", "sheet") for option in OF_OUTPUTS),
    *(("export page", option) for option in [*OF_OUTPUTS, *OF_LOOKS, ["--max-megapixels", "9"]]),
    *(("watch", option) for option in (["--same-look"], ["--compare", "side"], ["--dry-run"])),
    *((c, ["--max-megapixels", "9"]) for c in ("evaluate", "info", "presets", "train")),
    *((c, ["--overwrite"]) for c in ("evaluate", "info", "presets", "serve")),
]

WRITTEN = {"export cube": "made.cube", "sheet": "made.png"}
"""Commands that make one file of pictures, and its name."""


def call(command, *words):
    """Run a command in this process."""
    return CliRunner().invoke(group, [*command.split(), *map(str, words)])


@pytest.fixture
def night(tmp_path):
    """A picture of 1,001,000 pixels, and its path."""
    Image.new("RGB", (1001, 1000), (9, 9, 9)).save(tmp_path / "night.png")
    return tmp_path / "night.png"


@pytest.mark.parametrize(
    ("command", "option"), REFUSED, ids=[f"{command} {option[0]}" for command, option in REFUSED]
)
def test_an_option_that_a_command_does_not_honour_is_unknown(command, option):
    """It would be ignored without a word."""
    done = call(command, *option)

    assert done.exit_code == 2
    assert re.search(f"No such option:? '?{option[0]}\\b", done.output)


@pytest.mark.parametrize("command", WRITTEN)
def test_a_picture_above_the_limit_is_refused(command, night):
    """Also where it is not written again."""
    made = night.with_name(WRITTEN[command])

    done = call(command, night, "-o", made, "--max-megapixels", 1)

    assert done.exit_code == 1
    assert "1001 x 1000 pixels" in done.output + str(done.exception)
    assert not made.exists()


@pytest.mark.parametrize("command", WRITTEN)
def test_a_file_that_is_there_is_replaced_when_it_is_asked_for(command, tmp_path):
    (tmp_path / "night.png").write_bytes(saved(picture(), "PNG"))
    made = tmp_path / WRITTEN[command]
    made.write_bytes(b"mine")
    words = [tmp_path / "night.png", "-o", made]

    refused = call(command, *words)

    assert (refused.exit_code, made.read_bytes()) == (2, b"mine")
    assert call(command, *words, "--overwrite").exit_code == 0
    assert made.read_bytes() != b"mine"


@pytest.mark.parametrize("words", [["--weights", "w"], ["--look", "paper"]])
def test_info_of_a_picture_takes_no_network(words):
    """A picture's settings name their own."""
    done = call("info", "night.png", *words)

    assert done.exit_code == 2
    assert f"FILE is described without a network; {words[0]} names one" in done.output


def test_info_tells_of_one_network():
    done = call("info", "--weights", "w", "--look", "paper")

    assert done.exit_code == 2
    assert "--weights and --look each name a network; give one of them" in done.output
