"""The batch: a broken picture does not stop the rest, a broken machine does."""

import errno
import threading
from pathlib import Path

import numpy as np
import pytest
from pictures import dark_rgb, picture, saved

from noiser import Enhancer, MachineError
from noiser.io.codecs.strips import reader as strip_reader
from noiser.io.files import PARTIAL_SUFFIX, partial_prefix
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.jobs import job
from noiser.jobs.batch.run import run
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.job import PixelBudget, Result
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item


@pytest.fixture
def enhancer() -> Enhancer:
    return Enhancer(threads=1)


def folder_of(folder: Path, count: int, broken: tuple[int, ...] = ()) -> list[Item]:
    """Write small PNGs, some of them broken, and plan their outputs."""
    items = []
    for i in range(count):
        path = folder / f"{i:03}.png"
        data = saved(picture(), "PNG")
        path.write_bytes(data[:40] if i in broken else data)
        items.append(Item(path, folder / "out" / path.name))
    return items


def results_of(
    items: list[Item], enhancer: Enhancer, jobs: int = 1, **options
) -> dict[str, Result]:
    results: list[Result] = []
    run(items, JobOptions(enhancer, **options), jobs=jobs, on_result=results.append)
    assert len(results) == len(items)
    return {r.item.input.name: r for r in results}


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_rest_goes_on_after_broken_pictures(tmp_path, enhancer, jobs):
    results = results_of(folder_of(tmp_path, 9, broken=(2, 5)), enhancer, jobs=jobs)
    failed = {name for name, r in results.items() if r.status == "failed"}
    assert failed == {"002.png", "005.png"}
    assert len(list((tmp_path / "out").iterdir())) == 7
    assert results["002.png"].message.startswith("damaged PNG data")


def test_outputs_are_what_the_library_computes(tmp_path, enhancer):
    (item,) = folder_of(tmp_path, 1)
    result = results_of([item], enhancer)["000.png"]
    assert (result.width, result.height) == (16, 12)
    np.testing.assert_array_equal(
        decode(item.output.read_bytes()).pixels, enhancer.enhance(dark_rgb())
    )


def test_what_is_there_already_is_kept_unless_told_otherwise(tmp_path, enhancer):
    (item,) = folder_of(tmp_path, 1)
    item.output.parent.mkdir()
    item.output.write_bytes(b"mine")
    assert results_of([item], enhancer)["000.png"].status == "kept"
    assert item.output.read_bytes() == b"mine"
    assert results_of([item], enhancer, overwrite=True)["000.png"].status == "done"
    assert item.output.read_bytes() != b"mine"


def test_an_output_that_appears_meanwhile_is_kept(tmp_path, enhancer, monkeypatch):
    (item,) = folder_of(tmp_path, 1)

    def faster(*args, **options):
        item.output.parent.mkdir(exist_ok=True)
        item.output.write_bytes(b"faster")
        return real(*args, **options)

    real = job.enhance_source
    monkeypatch.setattr(job, "enhance_source", faster)
    assert results_of([item], enhancer)["000.png"].status == "kept"
    assert item.output.read_bytes() == b"faster"


def test_partial_files_of_a_killed_run_are_removed(tmp_path, enhancer):
    (item,) = folder_of(tmp_path, 1)
    item.output.parent.mkdir()
    stale = item.output.with_name(f"{partial_prefix(item.output)}00{PARTIAL_SUFFIX}")
    stale.write_bytes(b"half")
    results_of([item], enhancer)
    assert [p.name for p in item.output.parent.iterdir()] == ["000.png"]


def test_inputs_are_left_as_they_were(tmp_path, enhancer):
    items = folder_of(tmp_path, 3, broken=(1,))
    before = {i.input: (i.input.read_bytes(), i.input.stat().st_mtime_ns) for i in items}
    results_of(items, enhancer)
    assert {i.input: (i.input.read_bytes(), i.input.stat().st_mtime_ns) for i in items} == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_machine_that_cannot_write_stops_the_run(tmp_path, enhancer, monkeypatch, code):
    def fail(*_args, **_options):
        raise OSError(code, "no")

    monkeypatch.setattr(job, "write_file", fail)
    with pytest.raises(MachineError, match=r"000.png: cannot be written: no"):
        results_of(folder_of(tmp_path, 1), enhancer)


def test_a_single_unlucky_write_fails_one_picture(tmp_path, enhancer, monkeypatch):
    def fail(path, *_args, **_options):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(job, "write_file", fail)
    result = results_of(folder_of(tmp_path, 1), enhancer)["000.png"]
    assert result.status == "failed"
    assert result.message.endswith("000.png cannot be written: Input/output error")


def test_too_little_memory_fails_one_picture(tmp_path, enhancer, monkeypatch):
    def fail(*_args):
        raise MemoryError

    monkeypatch.setattr(job, "enhance_source", fail)
    result = results_of(folder_of(tmp_path, 1), enhancer)["000.png"]
    assert result.message == "there is not enough memory for it"


def test_an_input_that_is_faulty_from_the_start_is_reported(tmp_path, enhancer):
    item = Item(tmp_path / "x.jpg", tmp_path / "y.jpg", "there is no such file")
    assert results_of([item], enhancer)["x.jpg"].message == "there is no such file"


def test_another_suffix_converts_and_the_same_suffix_does_not(tmp_path, enhancer):
    wrong_name = tmp_path / "a.jpg"
    wrong_name.write_bytes(saved(picture(), "PNG"))
    items = [
        Item(wrong_name, tmp_path / "same.JPG"),
        Item(wrong_name, tmp_path / "other.webp"),
    ]
    run(items, JobOptions(enhancer), on_result=lambda _: None)
    assert decode(items[0].output.read_bytes()).format == "PNG"
    assert decode(items[1].output.read_bytes()).format == "WEBP"


def test_bytes_are_enhanced_in_memory(enhancer):
    data, width, height, note = enhance_bytes(saved(picture(), "PNG"), JobOptions(enhancer))
    assert (width, height, note) == (16, 12, None)
    np.testing.assert_array_equal(decode(data).pixels, enhancer.enhance(dark_rgb()))


def test_the_budget_holds_back_what_does_not_fit():
    budget, order = PixelBudget(100), []
    entered = threading.Event()

    def second():
        entered.set()
        with budget.hold(60):
            order.append("second")

    with budget.hold(60):
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait()
        thread.join(timeout=0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_picture_above_the_budget_goes_alone():
    with PixelBudget(100).hold(1000):
        pass


def in_strips(item: Item, enhancer: Enhancer, on_progress=lambda *_: None, **options) -> Result:
    """Run one item that is above what is taken whole."""
    results: list[Result] = []
    treatment = JobOptions(enhancer, Limits(max_whole_pixels=100), **options)
    run([item], treatment, on_result=results.append, on_progress=on_progress)
    (result,) = results
    return result


def test_a_picture_above_what_is_taken_whole_goes_through_in_strips(
    tmp_path, enhancer, monkeypatch
):
    monkeypatch.setattr(job, "enhance_source", None)
    (item,) = folder_of(tmp_path, 1)
    result = in_strips(item, enhancer)
    assert (result.status, result.width, result.height) == ("done", 16, 12)
    np.testing.assert_array_equal(
        decode(item.output.read_bytes()).pixels, enhancer.enhance(dark_rgb())
    )


def test_progress_of_a_picture_in_strips_is_told_with_its_item(tmp_path, enhancer):
    (item,) = folder_of(tmp_path, 1)
    told = []
    in_strips(item, enhancer, on_progress=lambda *words: told.append(words))
    assert told == [(item, 192, 384), (item, 384, 384)]


def test_a_broken_picture_in_strips_fails_alone(tmp_path, enhancer):
    (item,) = folder_of(tmp_path, 1, broken=(0,))
    result = in_strips(item, enhancer)
    assert result.status == "failed"
    assert result.message.startswith("damaged PNG data")


def test_an_output_of_strips_that_appears_meanwhile_is_kept(tmp_path, enhancer):
    (item,) = folder_of(tmp_path, 1)

    def faster(*_words):
        item.output.write_bytes(b"faster")

    assert in_strips(item, enhancer, on_progress=faster).status == "kept"
    assert item.output.read_bytes() == b"faster"


@pytest.mark.parametrize(("code", "stops"), [(errno.ENOSPC, True), (errno.EIO, False)])
def test_a_disk_that_fills_up_in_strips_stops_the_run(tmp_path, enhancer, monkeypatch, code, stops):
    def fail(*_args):
        raise OSError(code, "no")

    monkeypatch.setattr("noiser.jobs.gigapixel.write_strips", fail)
    (item,) = folder_of(tmp_path, 1)
    if stops:
        with pytest.raises(MachineError, match=r"000.png: cannot be written: no"):
            in_strips(item, enhancer)
    else:
        assert in_strips(item, enhancer).message.endswith("000.png cannot be written: no")
    assert list(item.output.parent.iterdir()) == []


def test_a_run_that_is_interrupted_drops_the_picture_in_strips(tmp_path, enhancer, monkeypatch):
    """The second strip is not begun before the interrupt has come; then there is no third."""
    monkeypatch.setattr(strip_reader, "STRIP_PIXELS", 1)
    first, second = folder_of(tmp_path, 2)
    (tmp_path / "001.png").write_bytes(saved(picture(height=160), "PNG"))
    first.input.write_bytes(b"no picture")
    interrupted, told = threading.Event(), []

    def on_progress(*words):
        told.append(words)
        interrupted.wait(10)

    def on_result(_result):
        interrupted.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(
            [second, first], JobOptions(enhancer, Limits(max_whole_pixels=200)), jobs=2,
            on_result=on_result, on_progress=on_progress,
        )  # fmt: skip
    assert len(told) < 20
    assert not second.output.exists()
