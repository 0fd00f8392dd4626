"""The contact sheet: every cell is what `enhance` would write, reduced, under its own caption."""

import io

import numpy as np
import pytest
from click.testing import CliRunner
from pictures import dark_rgb, picture, saved
from PIL import Image, ImageCms, ImageFont

from noiser import Enhancer, OutputError, preset
from noiser.cli import group
from noiser.io.photo import Photo
from noiser.tools import contact_sheet as sheets
from noiser.tools.contact_sheet import (
    MARGIN,
    PAPER,
    Cell,
    Grid,
    Variant,
    cells_of,
    draw,
    fitted,
    make_sheet,
    measured_once,
)


def variants(*options):
    """Make a variant of each set of options."""
    return [Variant(str(i), Enhancer(threads=1, **chosen)) for i, chosen in enumerate(options)]


@pytest.fixture
def photo():
    """A picture of 200 x 150 pixels."""
    return Photo(dark_rgb(150, 200), "PNG")


@pytest.fixture
def night(tmp_path):
    """A file of one, and its path."""
    path = tmp_path / "night.png"
    path.write_bytes(saved(picture(height=150, width=200), "PNG"))
    return path


def call(*words):
    """Run `noiser sheet` in this process."""
    return CliRunner().invoke(group, ["sheet", *map(str, words)])


def test_a_cell_is_the_picture_enhanced_at_full_size_and_then_reduced(photo):
    """Not the enhancement of a reduced picture, which has other noise and another light."""
    before, after = cells_of(photo, "night.png", variants({"local": 0.5}), 100)

    full = Image.fromarray(Enhancer(local=0.5).enhance(photo.pixels))
    np.testing.assert_array_equal(after.picture, full.resize((100, 75), Image.Resampling.LANCZOS))
    small = Image.fromarray(photo.pixels).resize((100, 75), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(before.picture, small)
    assert (before.caption, after.caption) == ("night.png", "0")


def test_a_picture_smaller_than_a_cell_is_not_enlarged(photo):
    cells = cells_of(photo, "", variants({}), 300)

    assert {cell.picture.size for cell in cells} == {(200, 150)}


def test_a_picture_is_measured_once_for_all_variants_of_a_padding(photo, monkeypatch):
    """Natural and paper see other things outside the borders."""
    measured = []
    measure = Enhancer.measure

    def counted(self, *arguments):
        measured.append(self.look.padding)
        return measure(self, *arguments)

    monkeypatch.setattr(Enhancer, "measure", counted)

    cells_of(photo, "", variants({}, {"color": 0}, {"local": 0.5}, {"denoise": 0}), 100)
    assert measured == ["replicate"]
    measured.clear()
    cells_of(photo, "", variants({}, {"look": "paper"}, {"color": 0}), 100)
    assert sorted(measured) == ["replicate", "zero"]


def test_what_was_measured_for_all_serves_each(photo):
    """The moments have all that the most demanding look needs."""
    enhancers = [Enhancer(local=local, denoise=d) for local, d in [(0, 1), (0.7, 0), (0.2, 1)]]

    moments = measured_once(photo.pixels, enhancers)["replicate"]

    for enhancer in enhancers:
        np.testing.assert_array_equal(
            enhancer.render(photo.pixels, moments), enhancer.enhance(photo.pixels)
        )


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_pictures_of_every_mode_become_cells(mode):
    """What is transparent shows white, and 16 bits become the nearest of 8."""
    pixels = np.asarray(picture(mode))

    before, _ = cells_of(Photo(pixels, "PNG"), "", variants({}), 100)

    image = picture("LA" if mode == "LA" else "RGBA" if mode == "RGBA" else "L")
    if mode == "I;16":
        expected = np.rint(pixels / 257.0)
    elif "A" in mode:
        values = np.asarray(image, np.float64)
        alpha = values[..., -1:] / 255
        expected = np.rint(values[..., :-1] * alpha + 255 * (1 - alpha)).squeeze()
    else:
        expected = pixels
    expected = np.broadcast_to(np.atleast_3d(expected), (12, 16, 3))
    assert before.picture.mode == "RGB"
    assert abs(np.asarray(before.picture, int) - expected).max() <= 1


def test_a_cell_is_shown_in_the_pictures_own_colours():
    """As a viewer shows them: through the profile, to sRGB. LAB's is of the wrong kind."""
    gray = ImageCms.createProfile("sRGB")
    pixels = np.full((4, 4, 3), 100, np.uint8)
    plain = Photo(pixels, "PNG")
    with_profile = Photo(pixels, "PNG", {"icc_profile": ImageCms.ImageCmsProfile(gray).tobytes()})
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

    def colour(photo):
        return cells_of(photo, "", [], 100)[0].picture.getpixel((0, 0))

    assert colour(plain) == colour(with_profile) == (100, 100, 100)
    assert colour(Photo(pixels, "PNG", {"icc_profile": swapped_profile()})) == (100, 100, 100)
    red = np.zeros((4, 4, 3), np.uint8) + np.array([200, 0, 0], np.uint8)
    assert colour(Photo(red, "PNG", {"icc_profile": swapped_profile()}))[2] > 150
    assert colour(Photo(red, "PNG", {"icc_profile": lab})) == (200, 0, 0)
    assert colour(Photo(red, "PNG", {"icc_profile": b"no profile"})) == (200, 0, 0)


def swapped_profile():
    """Make a profile: sRGB's, with the tags of red and blue exchanged."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    count = int.from_bytes(data[128:132], "big")
    table = bytearray(data)
    for at in range(132, 132 + 12 * count, 12):
        name = data[at : at + 4]
        table[at : at + 4] = tags.get(name, name)
    return bytes(table)


def block(colour, height=20, width=80):
    """A cell of one colour."""
    return Cell("", Image.new("RGB", (width, height), colour))


def test_cells_lie_in_lines_from_left_to_right_and_top_to_bottom():
    red, green, blue = (200, 0, 0), (0, 200, 0), (0, 0, 200)

    drawn = draw([[block(red), block(green, height=40)], [block(blue, width=40)]], 80)

    second = MARGIN + 40 + 2 * 11 + MARGIN
    assert drawn.shape == (second + 20 + 2 * 11 + MARGIN, 2 * 80 + 3 * MARGIN, 3)
    assert tuple(drawn[MARGIN, MARGIN]) == red
    assert tuple(drawn[MARGIN + 39, 2 * MARGIN + 80]) == green
    assert tuple(drawn[second, MARGIN + 20]) == blue
    assert tuple(drawn[second, MARGIN + 19]) == tuple(drawn[second, MARGIN + 60]) == PAPER


def test_a_caption_stands_below_its_own_cell():
    cells = [block((0, 0, 0)), Cell("night", Image.new("RGB", (80, 20)))]

    drawn = draw([cells], 80)

    below = drawn[MARGIN + 20 :] != PAPER
    assert not below[:, : MARGIN + 80].any()
    assert below[:, 2 * MARGIN + 80 :].any()


def test_a_caption_never_leaves_its_cell():
    """A long name is cut, and what would break the line is not drawn."""
    length = ImageFont.load_default(11).getlength

    assert length(fitted("night" * 40, 80, length)) <= 80
    assert fitted("night", 80, length) == "night"
    assert fitted("a\nb\udcff", 80, length) == "a?b?"
    cells = [Cell("long name " * 9, Image.new("RGB", (80, 9))), block((0, 0, 0))]
    gap = draw([cells], 80)[MARGIN + 20 :, MARGIN + 80 : 2 * MARGIN + 80]
    assert (gap == PAPER).all()


@pytest.mark.parametrize(("pixels", "is_refused"), [(214 * 73, False), (214 * 73 - 1, True)])
def test_a_sheet_above_the_limit_is_refused_in_a_sentence(night, monkeypatch, pixels, is_refused):
    """One picture 64 wide, before and after: 8 + 2 * 72 wide, 8 + 48 + 22 + 8 high."""
    monkeypatch.setattr(sheets, "MAX_SHEET_PIXELS", pixels - 214 * 73 + 152 * 86)
    grid = Grid(64)

    if is_refused:
        with pytest.raises(OutputError, match="a sheet of 152 x 86 pixels and more; the limit is"):
            make_sheet([night], variants({}), grid, on_fault=print)
    else:
        assert make_sheet([night], variants({}), grid, on_fault=print).shape == (86, 152, 3)


def size_of(path):
    """Read a picture's size in cells: columns and lines of 200 x 150 pixels."""
    with Image.open(path) as image:
        width, height = image.size
    return (width - MARGIN) / (200 + MARGIN), (height - MARGIN) / (150 + 2 * 11 + MARGIN)


WORDS = {
    "": (2, 1),
    "--looks natural,paper": (3, 1),
    "--presets gentle,strong --looks paper": (4, 1),
    "--vary color=0,0.5,1": (4, 1),
    "--vary color=0,1 --vary brightness=-0.2,0,0.2": (3, 3),
    "--vary color=0,1 --vary brightness=-0.2,0,0.2 --columns 4": (4, 2),
    "--vary color=0,0.5,1 --columns 2": (2, 2),
}


@pytest.mark.parametrize(("words", "size"), WORDS.items())
def test_words_make_columns_and_lines(night, tmp_path, words, size):
    output = tmp_path / "sheet.png"

    done = call(night, "-o", output, "--width", 200, *words.split())

    assert done.exit_code == 0, done.output
    assert size_of(output) == size


def test_two_pictures_take_two_lines_with_every_pair_in_each(night, tmp_path):
    (tmp_path / "other.png").write_bytes(night.read_bytes())
    output = tmp_path / "sheet.png"

    pairs = ("--vary", "color=0,1", "--vary", "detail=0,1")
    call(night, tmp_path / "other.png", "-o", output, "--width", 200, *pairs)

    assert size_of(output) == (5, 2)


def cell_at(path, column, line=0):
    """Cut a cell of 200 x 150 pixels out of a sheet."""
    with Image.open(path) as image:
        left, top = MARGIN + column * (200 + MARGIN), MARGIN + line * (150 + 22 + MARGIN)
        return np.asarray(image.crop((left, top, left + 200, top + 150)))


def test_every_cell_shows_what_its_words_say(night, tmp_path):
    """Given options hold for all cells, but for the knob that is varied."""
    output = tmp_path / "sheet.png"
    words = "--looks paper --presets gentle --vary color=0,1 --color 0.25 --detail 0"

    done = call(night, "-o", output, "--width", 200, *words.split())

    assert done.exit_code == 0, done.output
    low = dark_rgb(150, 200)
    both = {"color": 0.25, "detail": 0.0}
    for column, options in enumerate(
        [
            {"strength": 0.0},
            {"look": "paper"} | both,
            preset("gentle") | both,
            both | {"color": 0.0},
            both | {"color": 1.0},
        ]
    ):
        expected = Enhancer(**options).enhance(low)
        np.testing.assert_array_equal(cell_at(output, column), expected, str(options))


def test_a_grid_has_the_first_knob_down_and_the_second_across(night, tmp_path):
    output = tmp_path / "sheet.png"

    words = ["--vary", "noise-floor=0,0.5", "--vary", "brightness=0,0.2"]
    call(night, "-o", output, "--width", 200, *words)

    low = dark_rgb(150, 200)
    np.testing.assert_array_equal(cell_at(output, 0), low)
    for line, floor in enumerate((0.0, 0.5)):
        for column, brightness in enumerate((0.0, 0.2)):
            expected = Enhancer(noise_floor=floor, brightness=brightness).enhance(low)
            np.testing.assert_array_equal(cell_at(output, column, line + 1), expected)


def test_a_broken_picture_is_named_and_the_rest_is_shown(night, tmp_path):
    (tmp_path / "broken.png").write_bytes(night.read_bytes()[:40])
    output = tmp_path / "out" / "sheet.jpg"

    done = call(tmp_path, "-o", output, "--width", 200)

    assert done.exit_code == 1
    assert "broken.png: damaged PNG data" in done.output
    assert size_of(output) == (2, 1)


def test_where_no_picture_can_be_read_there_is_no_sheet(tmp_path):
    done = call(tmp_path / "none.png", "-o", tmp_path / "sheet.png")

    assert done.exit_code == 1
    assert not (tmp_path / "sheet.png").exists()


FAULTS = {
    "-o sheet.psd": "sheet.psd names no known format",
    "-o night.png --overwrite": "is an input; noiser never writes over its inputs",
    "-o night.png": "night.png is there already; --overwrite replaces it",
    "-o s.png --vary colour=1": "there is no such knob",
    "-o s.png --vary eps=1": "there is no such knob",
    "-o s.png --vary color=": "it must be like color=0,0.5,1",
    "-o s.png --vary color=x": "it must be like color=0,0.5,1",
    "-o s.png --vary color=nan": "it must be like color=0,0.5,1",
    "-o s.png --vary color=0,1.5": "color is 1.5; it must be from 0 to 1",
    "-o s.png --vary color=0 --vary color=1": "two different knobs at most",
    "-o s.png --vary color=0 --vary black=1 --vary detail=1": "two different knobs at most",
    "-o s.png --looks vivid": "'vivid' must be one of natural, paper",
    "-o s.png --presets vivid": "preset 'vivid' is none of noiser's",
    f"-o s.png --vary color={','.join(['1'] * 101)}": "101 variants; the limit is 100",
}


@pytest.mark.parametrize(("words", "sentence"), FAULTS.items())
def test_wrong_words_are_one_sentence(night, tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    before = night.read_bytes()

    done = call("night.png", *words.split())

    assert done.exit_code == 2
    assert sentence in done.output
    assert night.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["night.png"]


def test_the_sheet_is_not_one_of_its_own_pictures(night, tmp_path):
    """A folder can be shown again, with its sheet in it."""
    output = tmp_path / "sheet.png"
    call(tmp_path, "-o", output, "--width", 200)
    first = output.read_bytes()

    done = call(tmp_path, "-o", output, "--width", 200, "--overwrite")

    assert done.exit_code == 0
    assert output.read_bytes() == first


def test_a_jpeg_can_be_asked_for(night, tmp_path):
    call(night, "-o", tmp_path / "s.jpg")

    assert Image.open(io.BytesIO((tmp_path / "s.jpg").read_bytes())).format == "JPEG"
