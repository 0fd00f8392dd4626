"""Names of outputs: whoever had one keeps it, however the folder grows."""

import json
import sys

import pytest
from click.testing import CliRunner
from pictures import picture, saved

from noiser import Enhancer
from noiser.cli import group
from noiser.io.files import FileMark
from noiser.io.output_options import OutputOptions
from noiser.jobs.batch.journal import JOURNAL_NAME, read_journal
from noiser.jobs.batch.lines import Contents, Record
from noiser.jobs.batch.names import RecordedNames, names_in
from noiser.jobs.batch.run import foresee, run
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import make_plan

FORMATS = {"jpg": "JPEG", "tif": "TIFF", "webp": "WEBP", "png": "PNG", "bmp": "BMP"}


class _Folder:
    """A folder that grows, and what was made of it."""

    def __init__(self, path):
        self.path, self.out = path / "in", path / "out"
        self.path.mkdir()
        self.count = 0

    def add(self, *names):
        """Put pictures in, each unlike all others."""
        for name in names:
            self.count += 1
            (self.path / name).parent.mkdir(exist_ok=True)
            format_ = FORMATS[name.rpartition(".")[2].lower()]
            data = saved(picture(width=20 + self.count), format_)
            (self.path / name).write_bytes(data)

    def plan(self, format_="PNG"):
        """Give what is to be made, under which names."""
        return make_plan([self.path], self.out, format_, names_in).items

    def enhance(self, format_="PNG", **options):
        """Run, and tell what became of each; what was foreseen must come true."""
        items = self.plan(format_)
        treatment = JobOptions(Enhancer(threads=1), output=OutputOptions(format=format_), **options)
        told = {"make": "done", "renew": "renewed", "check": "kept", "keep": "kept"}
        wanted = [told[decision.action] for decision in foresee(items, treatment)]
        results = []
        run(items, treatment, on_result=results.append)
        by_input = {
            result.item.input.relative_to(self.path).as_posix(): (
                result.item.output.relative_to(self.out).as_posix(),
                "renewed" if result.renewed else result.status,
            )
            for result in results
        }
        names = [item.input.relative_to(self.path).as_posix() for item in items]
        assert [by_input[name][1] for name in names] == wanted
        return by_input

    def made(self):
        """Read all outputs, by name."""
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes()
            for path in self.out.rglob("*.*")
            if path.name != JOURNAL_NAME
        }


@pytest.fixture
def folder(tmp_path):
    return _Folder(tmp_path)


def test_a_source_of_the_same_stem_that_arrives_later_is_enhanced(folder):
    """The first keeps its name, and is not made again."""
    folder.add("a.tif")
    folder.enhance()
    folder.add("a.jpg")

    assert folder.enhance() == {"a.jpg": ("a-2.png", "done"), "a.tif": ("a.png", "kept")}


def test_names_stay_however_the_folder_grows(folder):
    """Each picture is made once, whatever arrives before it in the order of names."""
    arrivals = ["a.webp", "a.tif", "b/a.tif", "a.bmp", "a-2.tif", "b/a.bmp", "a.jpg", "A.tif"]
    names = {}
    for name in arrivals:
        folder.add(name)
        results = folder.enhance()
        assert results[name][1] == "done"
        assert {n: o for n, (o, _) in results.items() if n in names} == names
        assert [n for n, (_, status) in results.items() if status != "kept"] == [name]
        names = {n: o for n, (o, _) in results.items()}

    assert len({output.casefold() for output in names.values()}) == len(arrivals)


def test_what_was_made_is_not_written_again(folder):
    """Not a byte of it."""
    folder.add("a.tif", "a.webp")
    folder.enhance()
    before = folder.made()
    folder.add("a.bmp", "a.jpg")
    folder.enhance()

    assert before.items() < folder.made().items()


@pytest.mark.skipif(sys.platform != "linux", reason="the disk may fold case")
def test_names_that_differ_in_case_alone_stay(folder):
    """A.JPG comes before a.jpg in the order of names."""
    folder.add("a.jpg")
    folder.enhance(None)
    folder.add("A.JPG", "a.JPG")

    assert folder.enhance(None) == {
        "A.JPG": ("A-2.JPG", "done"),
        "a.JPG": ("a-3.JPG", "done"),
        "a.jpg": ("a.jpg", "kept"),
    }


def test_the_output_of_an_input_that_was_removed_is_not_overwritten(folder):
    """Even where that was asked for: it is another picture's."""
    folder.add("a.tif")
    folder.enhance()
    before = folder.made()
    (folder.path / "a.tif").unlink()
    folder.add("a.jpg")

    assert folder.enhance(overwrite=True) == {"a.jpg": ("a-2.png", "done")}
    assert before.items() < folder.made().items()


def test_the_name_of_an_input_that_came_back_is_its_own(folder):
    """It was away while another arrived."""
    folder.add("a.tif")
    folder.enhance()
    (folder.path / "a.tif").rename(folder.path.with_name("a.tif"))
    folder.add("a.jpg")
    folder.enhance()
    folder.path.with_name("a.tif").rename(folder.path / "a.tif")

    assert folder.enhance() == {"a.jpg": ("a-2.png", "kept"), "a.tif": ("a.png", "kept")}


def test_a_second_picture_keeps_its_number_when_the_first_is_removed(folder):
    """It is not made again under the name that has become free."""
    folder.add("a.tif", "a.webp")
    folder.enhance()
    (folder.path / "a.tif").unlink()
    (folder.out / "a.png").unlink()

    assert folder.enhance() == {"a.webp": ("a-2.png", "kept")}


def test_a_name_whose_output_is_gone_is_free(folder):
    """Its input is gone too."""
    folder.add("a.tif")
    folder.enhance()
    (folder.path / "a.tif").unlink()
    (folder.out / "a.png").unlink()
    folder.add("a.jpg")

    assert folder.enhance() == {"a.jpg": ("a.png", "done")}


def test_an_input_that_was_renamed_keeps_its_output(folder):
    """It is the same picture under another suffix."""
    folder.add("a.tif")
    folder.enhance()
    (folder.path / "a.tif").rename(folder.path / "a.tiff")

    assert folder.enhance() == {"a.tiff": ("a.png", "kept")}


def test_an_input_that_has_changed_keeps_its_name(folder):
    """It is made again there, and its neighbour is not touched."""
    folder.add("a.tif", "a.webp")
    folder.enhance()
    folder.add("a.webp", "a.jpg")

    assert folder.enhance() == {
        "a.jpg": ("a-3.png", "done"),
        "a.tif": ("a.png", "kept"),
        "a.webp": ("a-2.png", "renewed"),
    }


def test_overwrite_makes_each_under_its_own_name(folder):
    """As without it."""
    folder.add("a.tif")
    folder.enhance()
    folder.add("a.jpg")
    folder.enhance()

    assert folder.enhance(overwrite=True) == {
        "a.jpg": ("a-2.png", "renewed"),
        "a.tif": ("a.png", "renewed"),
    }


def test_an_output_of_another_format_lends_no_name(folder):
    """The same folder, enhanced to two formats."""
    folder.add("a.tif")
    folder.enhance()

    assert folder.enhance("WEBP") == {"a.tif": ("a.webp", "done")}


def test_a_run_that_was_killed_goes_on_with_its_names(folder):
    """The second's output is there, and its line is not."""
    folder.add("a.tif")
    folder.enhance()
    journal = (folder.out / JOURNAL_NAME).read_bytes()
    folder.add("a.jpg")
    folder.enhance()
    before = folder.made()
    (folder.out / JOURNAL_NAME).write_bytes(journal)

    assert folder.enhance() == {"a.jpg": ("a-2.png", "kept"), "a.tif": ("a.png", "kept")}
    assert folder.made() == before


@pytest.mark.parametrize("line", [1, 2])
def test_a_damaged_line_costs_no_output(folder, line):
    """The other line still tells who has which name."""
    folder.add("a.tif")
    folder.enhance()
    folder.add("a.jpg")
    folder.enhance()
    before = folder.made()
    lines = (folder.out / JOURNAL_NAME).read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"a", b"e")
    (folder.out / JOURNAL_NAME).write_bytes(b"".join(lines))

    assert folder.enhance() == {"a.jpg": ("a-2.png", "kept"), "a.tif": ("a.png", "kept")}
    assert folder.made() == before


def test_names_that_a_journal_gives_twice_are_never_overwritten(folder):
    """Older versions numbered by the order of names, and made a picture a second time."""
    folder.add("a.tif")
    folder.enhance()
    (folder.out / "a.png").rename(folder.out / "first")
    text = (folder.out / JOURNAL_NAME).read_bytes()
    record = read_journal(folder.out).done["a.png"]
    assert record.input == "../in/a.tif"
    items = make_plan([folder.path], folder.out, "PNG", names_in).items
    numbered = [type(items[0])(items[0].input, folder.out / "a-2.png", None, folder.out)]
    treatment = JobOptions(Enhancer(threads=1), output=OutputOptions(format="PNG"))
    run(numbered, treatment, on_result=lambda _: None)
    (folder.out / "first").rename(folder.out / "a.png")
    assert (folder.out / JOURNAL_NAME).read_bytes().startswith(text)
    folder.add("a.jpg")

    assert folder.enhance() == {"a.jpg": ("a-3.png", "done"), "a.tif": ("a.png", "kept")}


def test_without_a_journal_names_follow_the_order_of_inputs(folder):
    """As nobody knows better."""
    folder.add("a.tif", "a.jpg", "a.webp")

    outputs = {item.input.name: item.output.name for item in folder.plan()}

    assert outputs == {"a.jpg": "a.png", "a.tif": "a-2.png", "a.webp": "a-3.png"}


def test_the_command_shows_and_does_the_same(folder):
    """`--dry-run` first."""
    folder.add("a.tif")
    words = ["enhance", str(folder.path), "-o", str(folder.out), "--format", "png", "--json"]
    CliRunner().invoke(group, words)
    folder.add("a.jpg")

    shown, told = (
        [
            (row["input"].rpartition("/")[2], row["output"].rpartition("/")[2], row["status"])
            for row in json.loads(CliRunner().invoke(group, more).stdout)["files"]
        ]
        for more in ([*words, "--dry-run"], words)
    )

    assert shown == [("a.jpg", "a-2.png", "planned"), ("a.tif", "a.png", "kept")]
    assert told == [("a.jpg", "a-2.png", "done"), ("a.tif", "a.png", "kept")]


def test_a_recorded_output_that_cannot_be_looked_up_keeps_its_name_from_others(tmp_path):
    """As in a folder that nobody may enter any more: it is not called gone."""
    mark = FileMark(1, 1)
    name = "n" * 300 + ".png"
    contents = Contents(done={name: Record("in/a.tif", mark, "key", mark)})
    names = RecordedNames(tmp_path, contents)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.tif").write_bytes(b"another")
    assert names.is_of_another(tmp_path / name, tmp_path / "in" / "b.tif")
    assert not names.is_of_another(tmp_path / "gone.png", tmp_path / "in" / "b.tif")
