"""Keeping: what a user made is never replaced unasked; what noiser made is, where it is old."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pictures import picture, saved
from PIL import Image

import noiser
from noiser import Enhancer
from noiser.io.image_file import decode
from noiser.io.output_options import OutputOptions
from noiser.jobs.batch import resume
from noiser.jobs.batch.journal import JOURNAL_NAME, read_journal
from noiser.jobs.batch.resume import job_key, measure_key
from noiser.jobs.batch.run import foresee, run
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.model.network import packaged


@pytest.fixture
def item(tmp_path) -> Item:
    """A picture that was enhanced, by a run with a journal."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(saved(picture(), "PNG"))
    made = Item(tmp_path / "in" / "a.png", tmp_path / "out" / "a.png", None, tmp_path / "out")
    assert result_of(made).status == "done"
    return made


def result_of(item: Item, **options):
    """Run one item; what was foreseen must come true."""
    knobs = {k: options.pop(k) for k in ("color", "look") if k in options}
    treatment = JobOptions(Enhancer(threads=1, **knobs), **options)
    (decision,) = foresee([item], treatment)
    results = []
    run([item], treatment, on_result=results.append)
    (result,) = results
    told = {"make": "done", "renew": "done", "check": "kept", "keep": "kept"}
    assert result.status == told[decision.action]
    assert result.renewed == (decision.action == "renew")
    return result


def state(item: Item) -> tuple[int, int, bytes]:
    """What tells whether an output was written again."""
    found = item.output.stat()
    return found.st_ino, found.st_mtime_ns, item.output.read_bytes()


def journal_of(item: Item) -> bytes:
    return (item.root / JOURNAL_NAME).read_bytes()


def test_what_is_finished_is_kept_without_a_write(item):
    before = state(item), journal_of(item)
    result = result_of(item)
    assert (result.status, result.message) == ("kept", None)
    assert (state(item), journal_of(item)) == before


@pytest.mark.parametrize("options", [{"color": 0.3}, {"look": "paper"}])
def test_another_treatment_renews_what_noiser_made(item, options):
    before = item.output.read_bytes()
    assert result_of(item, **options).renewed
    assert item.output.read_bytes() != before
    assert result_of(item, **options).status == "kept"


def test_another_input_renews_what_noiser_made(item):
    item.input.write_bytes(saved(picture(height=20), "PNG"))
    assert result_of(item).renewed
    assert decode(item.output.read_bytes()).pixels.shape == (20, 16, 3)


def test_an_input_that_was_only_touched_is_the_same(item):
    os.utime(item.input, ns=(1, 1))
    assert result_of(item).status == "kept"


def test_an_output_that_was_only_touched_is_the_same(item):
    """It was copied, say; then the other treatment still renews it."""
    os.utime(item.output, ns=(1, 1))
    assert result_of(item).status == "kept"
    assert result_of(item, color=0.3).renewed


@pytest.mark.parametrize("options", [{}, {"color": 0.3}])
def test_an_output_that_its_user_changed_is_kept(item, options):
    item.output.write_bytes(saved(picture("L"), "PNG"))
    before = state(item)
    result = result_of(item, **options)
    assert (result.status, result.message) == ("kept", resume.CHANGED)
    assert state(item) == before
    assert result_of(item, overwrite=True).renewed


@pytest.mark.parametrize("how", ["cut", "empty", "zeros", "flipped"])
def test_a_damaged_output_is_made_again(item, how):
    whole = item.output.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    damaged = {"cut": whole[:-20], "empty": b"", "zeros": bytes(len(whole)), "flipped": flipped}
    item.output.write_bytes(damaged[how])
    assert result_of(item).renewed
    assert item.output.read_bytes() == whole


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp"])
def test_an_output_cut_by_a_single_byte_is_made_again(item, tmp_path, suffix):
    format_ = {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper())
    source = tmp_path / "in" / f"b.{suffix}"
    source.write_bytes(saved(picture(), format_))
    cut = Item(source, item.root / source.name, None, item.root)
    result_of(cut)
    whole = cut.output.read_bytes()
    cut.output.write_bytes(whole[:-1])
    assert result_of(cut).renewed
    assert cut.output.read_bytes() == whole


def test_what_is_no_picture_of_ours_is_kept(item):
    """A user may put anything there."""
    item.output.write_bytes(b"notes of mine, that are no picture at all")
    assert result_of(item).message == resume.CHANGED
    assert item.output.read_bytes().startswith(b"notes")


def test_the_output_of_another_input_is_kept(item, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.png").write_bytes(saved(picture("L"), "PNG"))
    before = state(item)
    result = result_of(replace(item, input=tmp_path / "b" / "a.png"))
    assert result.status == "kept"
    assert result.message.startswith("the output is there already, made of ../in/a.png, and is ke")
    assert state(item) == before


def test_an_output_that_is_gone_is_made_again(item):
    whole = item.output.read_bytes()
    item.output.unlink()
    assert result_of(item).status == "done"
    assert item.output.read_bytes() == whole


def test_what_was_there_before_the_first_run_is_kept_for_ever(item):
    """The second run has a journal, which says that it is not ours."""
    (item.root / JOURNAL_NAME).unlink()
    before = state(item)
    assert result_of(item, color=0.3).status == "kept"
    assert result_of(item, color=0.3).message is None
    assert read_journal(item.root).kept == {"a.png"}
    assert state(item) == before


def test_an_output_of_which_the_line_was_lost_is_compared_and_adopted(item):
    """It is not written again, and known from then on."""
    (item.root / JOURNAL_NAME).write_bytes(journal_of(item)[:-9])
    before = state(item)
    assert result_of(item).status == "kept"
    assert state(item) == before
    assert "a.png" in read_journal(item.root).done
    assert result_of(item, color=0.3).renewed


def test_an_output_of_which_nobody_knows_that_differs_is_kept(item):
    (item.root / JOURNAL_NAME).write_bytes(b"torn")
    item.output.write_bytes(saved(picture("L"), "PNG"))
    before = state(item)
    assert result_of(item).message == resume.DIFFERENT
    assert result_of(item).message is None  # told once; then it is known not to be ours
    assert state(item) == before


def test_a_single_file_leaves_no_journal(tmp_path):
    (tmp_path / "a.png").write_bytes(saved(picture(), "PNG"))
    single = Item(tmp_path / "a.png", tmp_path / "b.png")
    assert result_of(single).status == "done"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png"]
    assert result_of(single, color=0.3).status == "kept"


def test_the_key_names_all_that_the_bytes_depend_on(monkeypatch):
    plain = JobOptions(Enhancer(threads=1))
    network = packaged("natural")
    other = replace(network, first_bias=network.first_bias + np.float32(1e-3))
    moments = plain.enhancer.measure(np.asarray(picture()))
    keys = [
        job_key(plain, None),
        job_key(plain, "PNG"),
        job_key(JobOptions(Enhancer(weights=other)), None),
        job_key(JobOptions(Enhancer(denoise=0.5)), None),
        job_key(replace(plain, moments=moments), None),
    ]
    monkeypatch.setattr(resume, "ALGORITHM_REVISION", "0.0.0")
    keys.append(job_key(plain, None))
    assert len(set(keys)) == len(keys)


KEYS = {
    "natural": ("4738aac219bc1c8f11fa3bf14ccae6fd", "51b246deec6e1833490bcd9423b95917"),
    "paper": ("7c8455c6ac3369dce8842e1ad5be3730", "58a649c4caa340a8f97b885dd66526d3"),
}
"""Of the treatment and of the measuring, as 0.4.0 writes them into journals."""


@pytest.mark.parametrize("look", KEYS)
def test_the_keys_are_those_that_journals_have(look):
    """Another key would make everybody's outputs again."""
    treatment = JobOptions(Enhancer(look, threads=1))
    assert (job_key(treatment, None), measure_key(treatment)) == KEYS[look]


@pytest.mark.parametrize("settings", ["None", "settings_of('natural', NATURAL, None)"])
def test_a_release_that_changes_no_pixel_has_the_same_keys(settings):
    """Also where the version is noted in the output: what it says of an old output is true."""
    keys = [
        subprocess.run(
            [sys.executable, "-c", TELLING_KEYS.format(version=version, settings=settings)],
            capture_output=True, check=True,
        ).stdout
        for version in (noiser.__version__, "9.9.9")
    ]  # fmt: skip
    assert keys[0] == keys[1]


TELLING_KEYS = """
import noiser.core.version
noiser.core.version.__version__ = {version!r}
from noiser import Enhancer
from noiser.io.output_options import OutputOptions
from noiser.io.metadata.embedded_settings import settings_of
from noiser.look.looks import NATURAL
from noiser.jobs.batch.resume import measure_key, job_key
from noiser.jobs.options import JobOptions
treatment = JobOptions(Enhancer(threads=1), output=OutputOptions(settings={settings}))
print(job_key(treatment, None), measure_key(treatment))
"""
"""Prints the keys of a release."""


def test_the_key_does_not_name_the_threads_or_limits():
    one, two = JobOptions(Enhancer(threads=1)), JobOptions(Enhancer(threads=2), overwrite=True)
    assert job_key(one, None) == job_key(two, None)
    jpeg = JobOptions(Enhancer(threads=1), output=OutputOptions("JPEG"))
    assert job_key(jpeg, "JPEG") == job_key(one, "JPEG")


def test_pictures_of_other_kinds_are_kept(item):
    """An output that was turned into what noiser does not read is not damaged."""
    item.output.write_bytes(saved(Image.new("P", (4, 4)), "GIF"))
    assert result_of(item).message == resume.CHANGED
