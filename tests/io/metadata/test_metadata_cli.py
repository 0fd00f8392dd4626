"""The command line: strip, note, embed, show and re-apply."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import picture, saved
from PIL import Image
from spaces import profile
from tagged import CITY, LATITUDE, everything

from noiser import Enhancer
from noiser.io.color.profiles import SRGB
from noiser.io.image_file import decode
from noiser.io.metadata.embedded_settings import from_xmp, network_sha256
from noiser.look.looks import NATURAL


def call(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess:
    """Run noiser as a user does."""
    command = [sys.executable, "-m", "noiser", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def night(tmp_path) -> Path:
    """A folder with a picture that has metadata of all kinds."""
    (tmp_path / "night.jpg").write_bytes(everything(icc_profile=profile("Display P3")))
    (tmp_path / "other.png").write_bytes(saved(picture(height=40, width=40), "PNG"))
    return tmp_path


def enhanced(folder: Path, *words: str | Path, source: str = "night.jpg") -> bytes:
    """What a run makes of a picture."""
    target = "made" + Path(source).suffix
    done = call("enhance", source, "-o", target, "--overwrite", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return (folder / target).read_bytes()


def test_metadata_are_kept_by_default(night):
    found = decode(enhanced(night)).metadata
    assert found.keys() == {
        "exif", "icc_profile", "xmp", "iptc", "resources", "comment", "dpi"
    }  # fmt: skip


def test_stripping_the_metadata_leaves_the_profile(night):
    found = decode(enhanced(night, "--strip-metadata")).metadata
    assert found.keys() - {"dpi"} == {"icc_profile"}


def test_stripping_the_location_leaves_no_trace_of_it(night):
    made = enhanced(night, "--strip-location")
    assert LATITUDE not in made
    assert CITY not in made
    assert b"Camera of a long name" in made


def test_the_software_is_noted(night):
    made = Image.open(io.BytesIO(enhanced(night, "--software")))
    assert made.getexif()[305].startswith("noiser ")


def test_colours_become_srgb(night):
    assert decode(enhanced(night, "--profile", "srgb")).metadata["icc_profile"] == SRGB


def test_both_ways_to_strip_are_one_too_many(night):
    done = call("enhance", "night.jpg", "--strip-metadata", "--strip-location", cwd=night)
    assert done.returncode == 2
    assert "--strip-metadata strips the location too; give one of them" in done.stderr


def test_embedded_settings_are_those_of_the_run(night):
    made = enhanced(night, "--embed-settings", "--color", "0.3", "--strength", "0.9")
    settings = from_xmp(decode(made).metadata["xmp"])
    assert settings.look == "natural"
    assert dict(settings.knobs)["color"] == 0.3
    assert dict(settings.knobs)["strength"] == 0.9
    assert dict(settings.knobs)["detail"] == NATURAL.detail
    assert settings.sha256 == network_sha256("natural")


def test_settings_of_a_file_are_applied_to_another(night):
    (night / "liked.jpg").write_bytes(
        enhanced(night, "--embed-settings", "--look", "paper", "--brightness", "0.2")
    )
    made = decode(enhanced(night, "--settings-of", "liked.jpg", source="other.png")).pixels
    wanted = Enhancer("paper", brightness=0.2).enhance(np.asarray(picture(height=40, width=40)))
    np.testing.assert_array_equal(made, wanted)


def test_knobs_that_are_given_win(night):
    (night / "liked.jpg").write_bytes(
        enhanced(night, "--embed-settings", "--color", "0.3", "--strength", "0.5")
    )
    words = ["--settings-of", "liked.jpg", "--strength", "0.8", "--embed-settings"]
    made = decode(enhanced(night, *words, source="other.png"))
    knobs = dict(from_xmp(made.metadata["xmp"]).knobs)
    assert (knobs["color"], knobs["strength"]) == (0.3, 0.8)


def test_a_look_beside_settings_is_wrong_words(night):
    (night / "liked.jpg").write_bytes(enhanced(night, "--embed-settings"))
    words = ["enhance", "other.png", "--settings-of", "liked.jpg", "--look", "paper"]
    done = call(*words, cwd=night)
    assert done.returncode == 2
    assert "--settings-of brings a look; give knobs beside it, not --look" in done.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("night.jpg", "night.jpg: holds no settings; noiser enhance --embed-settings writes them"),
        ("absent.jpg", "absent.jpg"),
        ("text.jpg", "text.jpg: no image that noiser knows"),
    ],
)
def test_a_file_without_settings_is_one_sentence(night, name, words):
    (night / "text.jpg").write_text("hello")
    done = call("enhance", "other.png", "--settings-of", name, cwd=night)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_settings_of_another_network_are_applied_with_a_note(night):
    made = enhanced(night, "--embed-settings")
    sha256 = network_sha256("natural").encode()
    (night / "liked.jpg").write_bytes(made.replace(sha256, b"0" * 64))
    done = call("enhance", "other.png", "--settings-of", "liked.jpg", cwd=night)
    assert done.returncode == 0
    assert "was made with another network (SHA-256 0000000000000000)" in done.stderr


def test_info_describes_a_picture(night):
    (night / "liked.jpg").write_bytes(enhanced(night, "--embed-settings", "--color", "0.3"))
    facts = json.loads(call("info", "liked.jpg", "--json", cwd=night).stdout)
    assert {k: v for k, v in facts.items() if k != "settings"} == {
        "format": "JPEG",
        "width": 64,
        "height": 48,
        "bits": 8,
        "profile": "Display P3",
        "metadata": [
            "EXIF", "the colour profile", "XMP", "IPTC", "Photoshop's resources", "the comment"
        ],
        "notes": [],
    }  # fmt: skip
    assert facts["settings"]["look"] == "natural"
    assert facts["settings"]["knobs"]["color"] == 0.3
    lines = call("info", "liked.jpg", cwd=night).stdout.splitlines()
    assert any(line.split() == ["color", "0.3"] for line in lines)
    assert any(line.split() == ["profile", "Display", "P3"] for line in lines)


def test_info_of_what_is_no_picture_is_one_sentence(night):
    (night / "text.jpg").write_text("hello")
    done = call("info", "text.jpg", cwd=night)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("noiser: text.jpg: no image that noiser knows")


def test_a_profiles_name_cannot_write_to_the_terminal(night):
    """It is anybody's text."""
    data = everything(
        icc_profile=profile("Display P3").replace("P3".encode("utf-16-be"), b"\0\x1b\0[")
    )
    (night / "evil.jpg").write_bytes(data)
    assert "\x1b" not in call("info", "evil.jpg", cwd=night).stdout
