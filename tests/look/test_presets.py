"""Presets: a name stands for a look and knobs, what is given wins, a fault has a place."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pictures import dark_rgb, picture, saved

import noiser
from noiser import Enhancer, PresetError, preset
from noiser.cli import group
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.look.looks import LOOKS
from noiser.look.presets import MAX_FILE_BYTES, PACKAGED_FILE, all_presets, read_presets

DOCS = Path(__file__).parents[2] / "docs" / "presets.md"


@pytest.fixture
def own(tmp_path):
    """A maker of files of presets."""

    def make(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture(autouse=True)
def _no_config(monkeypatch, tmp_path):
    """Whoever runs the tests may have presets."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))


def call(*words):
    """Run a command in this process."""
    return CliRunner().invoke(group, [str(word) for word in words])


def test_noisers_own_presets_all_make_an_enhancer_of_their_own():
    """None is a copy of another or of a look: each turns some knob."""
    looks = [Enhancer(**preset(name)).look for name in all_presets()]

    assert len(looks) >= 5
    assert len({*looks, *LOOKS.values()}) == len(looks) + len(LOOKS)


@pytest.mark.parametrize("name", list(all_presets()))
def test_noisers_own_presets_are_described_in_one_line_and_in_the_documentation(name):
    found = all_presets()[name]

    assert 20 < len(found.description) < 90
    assert "\n" not in found.description
    assert f"| `{name}` | {found.description} |" in DOCS.read_text()


def test_the_example_of_the_documentation_is_sound(own):
    (text,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(), re.DOTALL)

    assert len(read_presets(own(text))) == 2


def test_a_preset_gives_the_arguments_of_an_enhancer(own):
    file = own('[mine]\nlook = "paper"\ncolor = 1\nblack = 0.25')

    options = preset("mine", file)

    assert options == {"look": "paper", "color": 1.0, "black": 0.25}
    assert Enhancer(**options).look == noiser.Enhancer("paper", color=1.0, black=0.25).look


def test_the_look_of_a_preset_is_natural_where_it_names_none(own):
    assert preset("mine", own("[mine]")) == {"look": "natural"}


def test_a_files_preset_wins_over_noisers_own_of_the_same_name(own):
    assert preset("gentle", own("[gentle]\nstrength = 0.125"))["strength"] == 0.125
    assert preset("gentle")["strength"] != 0.125


FAULTS = {
    "colour = 1": "[mine] colour is no knob; the knobs are strength, ",
    "eps = 0.1": "[mine] eps is no knob; the knobs are strength, ",
    "color = 1.01": "[mine] color is 1.01; it must be a number from 0 to 1",
    "color = -0.01": "[mine] color is -0.01; it must be a number from 0 to 1",
    "color = nan": "[mine] color is nan; it must be a number from 0 to 1",
    "color = true": "[mine] color is True; it must be a number from 0 to 1",
    "color = '1'": "[mine] color is '1'; it must be a number from 0 to 1",
    "look = 'vivid'": "[mine] look is 'vivid'; it must be one of natural, paper",
    "look = 1": "[mine] look is 1; it must be text",
    "description = 1": "[mine] description is 1; it must be text",
    "color": "no TOML: ",
}


@pytest.mark.parametrize(("line", "sentence"), FAULTS.items())
def test_a_fault_is_one_sentence_with_the_file_and_the_key(own, line, sentence):
    file = own(f"[mine]\n{line}")

    with pytest.raises(PresetError, match=f"^{re.escape(f'{file}: {sentence}')}"):
        read_presets(file)


def test_the_ends_of_a_range_are_allowed(own):
    """The neighbours of those above."""
    text = "[a]\ncolor = 1\n[b]\ncolor = 0"

    assert [found.knobs["color"] for found in read_presets(own(text)).values()] == [1.0, 0.0]


def test_a_value_outside_of_any_preset_is_refused(own):
    with pytest.raises(PresetError, match=r"color stands alone; a preset begins with \[its name\]"):
        read_presets(own("color = 1"))


def test_a_file_that_is_none_of_presets_is_refused(tmp_path):
    large, binary = tmp_path / "large.toml", tmp_path / "binary.toml"
    large.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    binary.write_bytes(b"\xff\xd8\xff")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 100_000)

    for path, sentence in [
        (large, "larger than 1048576 bytes"),
        (binary, "no TOML: "),
        (tmp_path / "deep.toml", "no TOML: "),
        (tmp_path / "none.toml", "there is no such file"),
        (tmp_path, "there is no such file"),
    ]:
        with pytest.raises(PresetError, match=f"^{re.escape(f'{path}: {sentence}')}"):
            read_presets(path)
    large.write_bytes(b"#" * MAX_FILE_BYTES)
    assert read_presets(large) == {}


def test_an_unknown_name_is_answered_with_the_names_that_there_are(own):
    file = own("[mine]")

    with pytest.raises(PresetError, match=r"^preset 'vivid' is none of noiser's; there are gentle"):
        preset("vivid")
    with pytest.raises(PresetError, match=re.escape(f"and none in {file}; there are gentle, ")):
        preset("vivid", file)


def enhanced(tmp_path, *words):
    """Enhance a small picture on the command line; give its pixels."""
    (tmp_path / "night.png").write_bytes(saved(picture(), "PNG"))
    done = call("enhance", tmp_path / "night.png", "--overwrite", *words)
    assert done.exit_code == 0, done.output
    return decode((tmp_path / "night_enhanced.png").read_bytes(), Limits()).pixels


def test_the_order_of_precedence_is_given_then_preset_then_look(own, tmp_path):
    file = own('[mine]\nlook = "paper"\nstrength = 0.5\ncolor = 0.3')
    chosen = ("--preset", "mine", "--presets-file", file)

    by_preset = enhanced(tmp_path, *chosen)
    by_knob = enhanced(tmp_path, *chosen, "--color", "1")
    by_look = enhanced(tmp_path, *chosen, "--look", "natural")

    expected = [
        noiser.enhance(dark_rgb(), "paper", strength=0.5, color=0.3),
        noiser.enhance(dark_rgb(), "paper", strength=0.5, color=1.0),
        noiser.enhance(dark_rgb(), "natural", strength=0.5, color=0.3),
    ]
    np.testing.assert_array_equal([by_preset, by_knob, by_look], expected)
    assert len({image.tobytes() for image in expected}) == 3


def test_without_a_preset_the_look_is_natural(tmp_path):
    np.testing.assert_array_equal(enhanced(tmp_path), noiser.enhance(dark_rgb(), "natural"))


def test_the_users_own_file_is_found_without_being_named(tmp_path):
    file = tmp_path / "config" / "noiser" / "presets.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[mine]\nstrength = 0")

    np.testing.assert_array_equal(enhanced(tmp_path, "--preset", "mine"), dark_rgb())
    assert str(file) in call("presets").output


def test_a_broken_own_file_stops_nobody_who_does_not_ask_for_presets(tmp_path):
    file = tmp_path / "config" / "noiser" / "presets.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[mine]\ncolour = 0")

    enhanced(tmp_path)
    done = call("enhance", tmp_path / "night.png", "--preset", "gentle")

    assert done.exit_code == 2
    assert f"{file}: [mine] colour is no knob" in done.output


@pytest.mark.parametrize("words", [["--preset", "vivid"], ["--preset", "gentle"]])
def test_wrong_presets_are_wrong_words(own, tmp_path, words):
    """An unknown name, and a file at fault."""
    file = own("[mine]\ncolor = 7" if words[1] == "gentle" else "[mine]")
    (tmp_path / "night.png").write_bytes(saved(picture(), "PNG"))

    done = call("enhance", tmp_path / "night.png", "--presets-file", file, *words)

    assert done.exit_code == 2
    assert str(file) in done.output
    assert not (tmp_path / "night_enhanced.png").exists()


def test_the_command_lists_names_values_and_descriptions(own):
    done = call("presets", "--presets-file", own("[mine]\nnoise_floor = 0.125"))

    assert done.exit_code == 0
    assert "mine\n    --look natural --noise-floor 0.125\n" in done.output
    for name, found in all_presets().items():
        assert f"{name}: {found.description}\n" in done.output


def test_the_listed_values_are_words_of_enhance(tmp_path):
    """They can be copied to the command line, and do the same."""
    listed = re.findall(r"^(\S+): .*\n    (--.*)$", call("presets").output, re.MULTILINE)

    assert len(listed) == len(all_presets())
    for name, words in listed:
        by_words = enhanced(tmp_path, *words.split())
        np.testing.assert_array_equal(by_words, enhanced(tmp_path, "--preset", name))


def test_the_list_for_machines_holds_the_same(own):
    file = own('[mine]\ndescription = "x"\ncolor = 0.5')

    done = call("presets", "--presets-file", file, "--json")

    listed = json.loads(done.output)
    assert listed["mine"] == {
        "description": "x",
        "look": "natural",
        "knobs": {"color": 0.5},
        "file": str(file),
    }
    assert {name: {"look": row["look"], **row["knobs"]} for name, row in listed.items()} == {
        name: found.options for name, found in all_presets(file).items()
    }
    assert listed["gentle"]["file"] is None


def test_the_packaged_file_is_in_the_package():
    assert PACKAGED_FILE.is_relative_to(Path(noiser.__file__).parent)


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path):
    """Some editors write one."""
    file = tmp_path / "own.toml"
    file.write_bytes(b"\xef\xbb\xbf[mine]\r\ncolor = 0.5\r\n")
    assert all_presets(file)["mine"].knobs == {"color": 0.5}
