"""The plan: every input has one output, and no two have the same."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture, saved

from noiser.core.errors import OutputError
from noiser.jobs.plan import make_plan


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """An empty folder as the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")


def outputs(inputs: list[str], output: str | None = None) -> dict[str, str]:
    plan = make_plan([Path(i) for i in inputs], Path(output) if output else None)
    return {str(item.input): str(item.output) for item in plan.items}


def test_a_file_goes_beside_itself(inside):
    touch("a/night.jpg")
    assert outputs(["a/night.jpg"]) == {"a/night.jpg": "a/night_enhanced.jpg"}


def test_a_folder_is_mirrored_beside_itself(inside):
    touch("a/1.jpg", "a/b/2.png")
    assert outputs(["a"]) == {"a/1.jpg": "a_enhanced/1.jpg", "a/b/2.png": "a_enhanced/b/2.png"}


def test_the_current_folder_gets_a_name(inside):
    touch("1.jpg")
    (output,) = outputs(["."]).values()
    assert output == str(inside.with_name(f"{inside.name}_enhanced") / "1.jpg")


def test_one_file_takes_the_name_it_is_given(inside):
    touch("a.jpg")
    assert outputs(["a.jpg"], "b.png") == {"a.jpg": "b.png"}


def test_one_file_goes_into_a_folder(inside):
    touch("a.jpg")
    Path("out.d").mkdir()
    assert outputs(["a.jpg"], "out.d") == {"a.jpg": "out.d/a.jpg"}
    assert outputs(["a.jpg"], "new") == {"a.jpg": "new/a.jpg"}


def test_a_format_nobody_knows_is_refused(inside):
    touch("a.jpg")
    with pytest.raises(OutputError, match=r"b.psd names no known format; its suffix must be one"):
        outputs(["a.jpg"], "b.psd")


def test_several_folders_keep_their_names(inside):
    touch("a/x.jpg", "b/x.jpg")
    assert outputs(["a", "b"], "out") == {"a/x.jpg": "out/a/x.jpg", "b/x.jpg": "out/b/x.jpg"}


def test_equal_names_are_numbered(inside):
    touch("a/x.jpg", "b/x.jpg", "c/X.JPG")
    assert list(outputs(["a/x.jpg", "b/x.jpg", "c/X.JPG"], "out").values()) == [
        "out/x.jpg",
        "out/x-2.jpg",
        "out/X-3.JPG",
    ]


def test_names_that_differ_only_in_unicode_form_are_numbered(inside):
    touch("a/\u00e9.jpg", "b/e\u0301.jpg")
    assert len({os.path.normcase(o) for o in outputs(["a", "b"], "out").values()}) == 2
    both = outputs(["a/\u00e9.jpg", "b/e\u0301.jpg"], "out")
    assert both["b/e\u0301.jpg"] == "out/e\u0301-2.jpg"


def test_an_input_named_twice_is_enhanced_once(inside):
    touch("a/x.jpg")
    assert len(outputs(["a", "a/x.jpg", "./a/../a/x.jpg"], "out")) == 1


def test_an_output_that_is_an_input_is_refused(inside):
    touch("a/x.jpg", "a/y.jpg")
    with pytest.raises(OutputError, match="is an input; noiser never writes over its inputs"):
        outputs(["a"], "a")
    with pytest.raises(OutputError, match="is an input"):
        outputs(["a/x.jpg"], "a/x.jpg")


def test_the_output_folder_inside_the_input_is_not_searched(inside):
    touch("a/x.jpg", "a/out/x.jpg")
    assert outputs(["a"], "a/out") == {"a/x.jpg": "a/out/x.jpg"}


def test_links_hidden_files_and_other_files_are_left_out_and_counted(inside):
    touch("a/x.jpg", "a/._x.jpg", "a/note.txt", "a/.cache/y.jpg", "elsewhere.jpg", "a/README")
    Path("a/link.jpg").symlink_to("../elsewhere.jpg")
    Path("a/loop").symlink_to(".")
    plan = make_plan([Path("a")], None)
    assert [str(item.input) for item in plan.items] == ["a/x.jpg"]
    assert plan.left_out == {"hidden": 2, "links": 2, ".txt": 1, "no suffix": 1}


def test_a_picture_without_a_suffix_is_found_by_its_bytes(inside):
    Path("a").mkdir()
    Path("a/photo").write_bytes(saved(picture(), "PNG"))
    assert outputs(["a"]) == {"a/photo": "a_enhanced/photo"}


def test_a_named_link_is_followed(inside):
    touch("real/x.jpg")
    Path("link.jpg").symlink_to("real/x.jpg")
    assert outputs(["link.jpg"]) == {"link.jpg": "link_enhanced.jpg"}


def test_a_missing_input_is_an_item_with_a_fault(inside):
    (item,) = make_plan([Path("nothing.jpg")], None).items
    assert item.fault == "there is no such file"


def test_a_folder_that_cannot_be_read_is_an_item_with_a_fault(inside, monkeypatch):
    touch("a/x.jpg")

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("noiser.jobs.plan.os.scandir", refuse)
    (item,) = make_plan([Path("a")], None).items
    assert item.fault == "cannot be read: Permission denied"


names = st.lists(
    st.sampled_from(["a.jpg", "A.jpg", "a.JPG", "b/a.jpg", "B/a.jpg", "a-2.jpg", "b/c/a.jpg"]),
    min_size=1,
    unique=True,
)


@given(names=names, flat=st.booleans())
def test_outputs_never_collide_even_where_case_does_not_count(names, flat, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    plan = make_plan(paths if flat else [folder], folder.with_name("out"))
    keys = {str(item.output).casefold() for item in plan.items}
    assert len(keys) == len(plan.items) == len({os.path.realpath(p) for p in paths})


def named(inputs: list[str], output: str | None, format_: str | None) -> list[str]:
    plan = make_plan([Path(i) for i in inputs], Path(output) if output else None, format_)
    return [str(item.output) for item in plan.items]


def test_names_follow_the_format_that_all_outputs_are_to_have(inside):
    touch("a.jpg", "b/1.tiff", "b/c/2.PNG", "b/c/3.nef")
    assert named(["a.jpg"], None, "PNG") == ["a_enhanced.png"]
    assert named(["a.jpg"], "out", "PNG") == ["out/a.png"]
    assert named(["b"], None, "TIFF") == [
        "b_enhanced/1.tiff", "b_enhanced/c/2.tif", "b_enhanced/c/3.tif",
    ]  # fmt: skip
    assert named(["b"], None, "HEIC") == [
        "b_enhanced/1.heic", "b_enhanced/c/2.heic", "b_enhanced/c/3.heic",
    ]  # fmt: skip


def test_what_is_only_read_becomes_a_tiff(inside):
    touch("a/1.dng", "a/2.JP2", "a/3.j2k", "a/4.jxl")
    assert named(["a"], None, None) == [
        "a_enhanced/1.tif", "a_enhanced/2.tif", "a_enhanced/3.tif", "a_enhanced/4.jxl",
    ]  # fmt: skip


def test_names_that_become_equal_by_their_format_are_numbered(inside):
    touch("a/x.jpg", "a/x.png")
    assert named(["a"], None, "PNG") == ["a_enhanced/x.png", "a_enhanced/x-2.png"]


@pytest.mark.parametrize("suffix", [".NEF", ".dng", ".cr3"])
def test_a_raw_becomes_a_tiff_by_default(inside, suffix):
    touch(f"DSC1{suffix}", f"b/DSC1{suffix}")
    assert named([f"DSC1{suffix}"], None, None) == ["DSC1_enhanced.tif"]
    assert named([f"DSC1{suffix}"], None, "JPEG") == ["DSC1_enhanced.jpg"]
    assert named(["b"], None, None) == ["b_enhanced/DSC1.tif"]


def test_a_raw_is_no_format_to_write(inside):
    touch("a.jpg")
    with pytest.raises(OutputError, match=r"b.dng names no known format"):
        named(["a.jpg"], "b.dng", None)


def test_a_name_that_says_another_format_is_refused(inside):
    touch("a.jpg")
    with pytest.raises(OutputError, match=r"b.png is no name for WEBP; --format asks for it"):
        named(["a.jpg"], "b.png", "WEBP")
    assert named(["a.jpg"], "b.jpeg", "JPEG") == ["b.jpeg"]


def test_outputs_of_an_earlier_run_are_left_out(inside):
    """`noiser enhance *.jpg` finds them when it is called again."""
    touch("a.jpg", "b.png", "a_enhanced.jpg", "a_enhanced_enhanced.jpg", "c_enhanced.jpg")
    plan = make_plan([Path(name) for name in sorted(p.name for p in Path().iterdir())], None)

    assert {str(item.input): str(item.output) for item in plan.items} == {
        "a.jpg": "a_enhanced.jpg",
        "b.png": "b_enhanced.png",
        "c_enhanced.jpg": "c_enhanced_enhanced.jpg",
    }
    assert plan.left_out == {"outputs": 2}


def test_outputs_of_another_format_are_left_out(inside):
    """The name that the input gets is what counts, not its suffix."""
    touch("a.jpg", "a_enhanced.webp", "r.dng", "r_enhanced.tif")
    webp = make_plan([Path(name) for name in ("a.jpg", "a_enhanced.webp")], None, "WEBP")
    raw = make_plan([Path(name) for name in ("r.dng", "r_enhanced.tif")], None)

    assert [str(item.input) for item in webp.items] == ["a.jpg"]
    assert [str(item.input) for item in raw.items] == ["r.dng"]


def test_numbered_outputs_are_the_same_when_they_are_found_as_inputs(inside):
    """Outputs that are left out take no names away."""
    touch("a.jpg", "A.jpg")
    first = make_plan([Path("A.jpg"), Path("a.jpg")], None)
    names = [str(item.output) for item in first.items]
    touch(*names)
    again = make_plan([Path(name) for name in sorted(p.name for p in Path().iterdir())], None)

    assert [str(item.output) for item in again.items] == names


def test_the_folder_of_outputs_beside_an_input_folder_is_left_out(inside):
    """`noiser enhance */` finds it when it is called again, with more in it than there is now."""
    touch("a/x.jpg", "a_enhanced/x.jpg", "a_enhanced/gone.jpg", "b/y.jpg")
    plan = make_plan([Path("a"), Path("a_enhanced"), Path("b")], None)

    assert [str(item.input) for item in plan.items] == ["a/x.jpg", "b/y.jpg"]
    assert plan.left_out == {"outputs": 2}


def test_a_picture_that_is_named_like_an_output_is_an_input_where_outputs_go_elsewhere(inside):
    """Nothing would be written over."""
    touch("a.jpg", "a_enhanced.jpg")
    assert len(outputs(["a.jpg", "a_enhanced.jpg"], "out")) == 2
    assert outputs(["a_enhanced.jpg"]) == {"a_enhanced.jpg": "a_enhanced_enhanced.jpg"}


@pytest.mark.parametrize("inputs", [["a"], ["a/x.jpg", "a/y.jpg"]], ids=["folder", "files"])
def test_the_name_of_a_picture_is_no_folder_for_several(inside, inputs):
    """A slip: a folder of that name would be made."""
    touch("a/x.jpg", "a/y.jpg")
    with pytest.raises(OutputError, match=r"^bright\.jpg is the name of one picture; .* a folder"):
        outputs(inputs, "bright.jpg")
    Path("bright.jpg").mkdir()
    assert len(outputs(inputs, "bright.jpg")) == 2


@pytest.mark.parametrize("name", ["file", "file/out", "file.jpg"])
def test_a_file_is_no_folder_for_outputs(inside, name):
    """It says so before anything is written."""
    touch("a/x.jpg", "a/y.jpg", "file", "file.jpg")
    found = name.partition("/")[0]
    with pytest.raises(OutputError, match=rf"^{found} is a file, not a folder$"):
        outputs(["a"], name)
    with pytest.raises(OutputError, match=rf"^{found} is a file, not a folder$"):
        outputs(["a/x.jpg", "a/y.jpg"], name)


def test_a_file_is_no_folder_for_one_output(inside):
    """Where its name has no suffix, it is a folder's."""
    touch("x.jpg", "file")
    for name in ("file", "file/y.jpg"):
        with pytest.raises(OutputError, match=r"^file is a file, not a folder$"):
            outputs(["x.jpg"], name)


def test_a_file_beside_a_folder_is_no_folder_for_its_outputs(inside):
    """Its pictures have nowhere to go."""
    touch("a/x.jpg", "a_enhanced")
    with pytest.raises(OutputError, match=r"^a_enhanced is a file, not a folder$"):
        outputs(["a"])


def test_the_name_of_the_only_output_says_its_format(inside):
    """Whatever the input's name says."""
    touch("a.png", "b.jpg")
    formats = {
        output: make_plan([Path("a.png")], Path(output)).format
        for output in ("x.png", "x.jpeg", "x.JPG", "folder")
    }
    assert formats == {"x.png": "PNG", "x.jpeg": "JPEG", "x.JPG": "JPEG", "folder": None}
    assert make_plan([Path("a.png"), Path("b.jpg")], Path("x")).format is None
    assert make_plan([Path("a.png")], None).format is None


def test_an_output_that_is_a_link_to_its_own_input_is_refused(inside):
    """It is no output of an earlier run."""
    touch("a.jpg")
    Path("a_enhanced.jpg").symlink_to("a.jpg")
    with pytest.raises(OutputError, match="is an input"):
        outputs(["a.jpg"])


def test_a_folder_is_empty_though_its_neighbours_name_goes_on_where_its_own_ends(inside):
    (inside / "night").mkdir()
    touch("night2/a.png")
    assert make_plan([Path("night"), Path("night2")], None).empty == [Path("night")]
