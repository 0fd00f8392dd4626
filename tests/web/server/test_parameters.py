"""The fields of a request: what is allowed, and what is said of what is not."""

import pytest

from noiser.io.formats import DEPTHS
from noiser.look.knobs import knobs
from noiser.look.presets import preset
from noiser.web.server.errors import RefusedError
from noiser.web.server.parameters import (
    accepted_format,
    enhance_parameters,
    look_parameters,
    values_of,
    wanted_of,
)

KNOBS = [knob for knob in knobs() if knob.name != "eps"]


def read(*pairs):
    """Read fields of an enhancement."""
    return values_of(pairs, enhance_parameters())


def refused(*pairs):
    """Read fields that are not allowed; the sentence."""
    with pytest.raises(RefusedError) as caught:
        read(*pairs)
    assert (caught.value.code, caught.value.status) == ("bad_parameter", 400)
    return caught.value.message


def test_there_are_knobs():
    """The guard of the next tests."""
    assert len(KNOBS) > 8


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_each_knob_is_a_field_with_its_own_range(knob):
    """Both ends pass; a step further does not."""
    low, high = knob.metadata["low"], knob.metadata["high"]

    assert read((knob.name, str(low))) == {knob.name: low}
    assert read((knob.name, str(high))) == {knob.name: high}
    expected = f"it must be a number from {low:g} to {high:g}"
    assert refused((knob.name, str(high + 0.01))).endswith(expected)
    assert refused((knob.name, str(low - 0.01))).endswith(expected)


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_0", " 1", "0x1", "١", "1,5", "--1", "1e"])
def test_a_number_is_a_decimal_number_in_ascii(text):
    """Python's own reading is wider."""
    assert refused(("contrast", text)).startswith(f"contrast is {text!a}; it must be a number")


@pytest.mark.parametrize("text", ["1", "+1", "1.", "1.0", ".1e1", "10e-1", "1E0"])
def test_every_way_to_write_a_decimal_number_is_read(text):
    assert read(("contrast", text)) == {"contrast": 1.0}


def test_an_unknown_field_is_named_with_those_that_there_are():
    text = refused(("exposure", "1"))

    assert text.startswith("'exposure' is no field; the fields are look, preset, strength, ")


def test_eps_is_no_field():
    """Nor is it an option of the command line."""
    assert refused(("eps", "1")).startswith("'eps' is no field")


def test_a_field_that_is_given_twice_is_refused():
    assert refused(("color", "1"), ("color", "1")) == "color is given twice; give it once"


def test_a_wrong_choice_is_told_with_the_right_ones():
    assert refused(("look", "night")) == "look is 'night'; it must be one of natural, paper"


def test_a_long_word_is_cut_and_kept_in_ascii():
    """What a client sends comes back in the message; it must not carry anything."""
    text = refused(("look", "é\n" * 100))

    assert text.isascii()
    assert "\n" not in text
    assert len(text) < 200


def test_measuring_takes_a_look_and_nothing_else():
    with pytest.raises(RefusedError, match=r"^'color' is no field; the fields are look$"):
        values_of([("color", "1")], look_parameters())


def test_a_preset_stands_for_its_look_and_knobs_and_a_knob_beside_it_wins():
    wanted = wanted_of({"preset": "gentle", "color": 0.25})

    assert dict(wanted.options) == preset("gentle") | {"color": 0.25}


def test_the_field_wins_over_the_header():
    assert wanted_of({"format": "png"}, "JPEG").format == "PNG"


def test_without_either_the_format_is_the_pictures_own():
    assert wanted_of({}).format is None


def test_every_format_that_is_written_can_be_asked_for():
    assert [wanted_of(read(("format", name.lower()))).format for name in DEPTHS] == list(DEPTHS)


@pytest.mark.parametrize(("alias", "format_"), [("jpg", "JPEG"), ("tif", "TIFF")])
def test_a_format_is_known_by_the_suffix_of_its_files_too(alias, format_):
    """In the field, in what describes it, and in the header."""
    parameter = enhance_parameters()["format"]

    assert wanted_of(read(("format", alias))).format == format_
    assert alias in parameter.schema["enum"]
    assert accepted_format(f"image/{alias}") == format_
    assert refused(("format", f"{alias}x")).endswith(", jxl, jpg, tif")


@pytest.mark.parametrize(("name", "low", "high"), [("quality", 1, 100), ("max_size", 1, 1_000_000)])
def test_whole_numbers_have_no_fractions(name, low, high):
    """Both ends pass, and no step further; JSON Schema says the same."""
    assert read((name, str(low)), ("color", "1")) == {name: low, "color": 1.0}
    assert read((name, f"{high}.0")) == {name: high}
    assert type(read((name, str(high)))[name]) is int
    for text in (str(low - 1), str(high + 1), "1.5", "nan", ""):
        expected = f"{name} is {text!a}; it must be an integer from {low} to {high}"
        assert refused((name, text)) == expected
    assert enhance_parameters()[name].schema == {"type": "integer", "minimum": low, "maximum": high}


def test_quality_and_size_are_passed_on():
    wanted = wanted_of(read(("quality", "80"), ("max_size", "1024")))

    assert (wanted.quality, wanted.max_size, wanted.options) == (80, 1024, ())


def test_metadata_and_profile_are_passed_on():
    wanted = wanted_of(read(("metadata", "no-location"), ("profile", "srgb")))

    assert (wanted.metadata, wanted.profile) == ("no-location", "srgb")


@pytest.mark.parametrize(
    ("header", "format_"),
    [
        ("image/png", "PNG"),
        ("IMAGE/PNG", "PNG"),
        ("*/*", None),
        ("image/*", None),
        ("text/html, image/webp;q=0.9, */*;q=0.1", "WEBP"),
        ("image/png;q=0.2, image/jpeg;q=0.3", "JPEG"),
        ("image/png;q=0, image/avif;q=0.1", "AVIF"),
        ("image/tiff ; q=1.0", "TIFF"),
    ],
)
def test_the_format_that_is_liked_best_is_chosen(header, format_):
    """RFC 9110, section 12.5.1."""
    assert accepted_format(header) == format_


@pytest.mark.parametrize(
    "header", ["text/html", "image/png;q=0", "image/x-icon", "", "image/png;q=x"]
)
def test_a_header_that_allows_nothing_is_refused(header):
    with pytest.raises(RefusedError, match="Accept allows nothing that is written") as caught:
        accepted_format(header)

    assert caught.value.status == 406
