"""The series: one look for all, found once, whatever the order."""

import random
import select
import signal
from dataclasses import replace

import numpy as np
import pytest
from pictures import dark_rgb, picture, saved
from PIL import Image

from noiser import Enhancer
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.jobs import job
from noiser.jobs.batch.journal import read_journal
from noiser.jobs.batch.run import Runner
from noiser.jobs.batch.same_look import share_look
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import make_plan
from noiser.jobs.workers.sync_pool import Supervisor


@pytest.fixture
def scene(tmp_path):
    """Four pictures of several shapes and depths, and a broken one."""
    folder = tmp_path / "in"
    folder.mkdir()
    for i, size in enumerate([(40, 60), (60, 40), (30, 30)]):
        image = Image.fromarray(dark_rgb(*size, i) * (i + 1))
        (folder / f"{i}.png").write_bytes(saved(image, "PNG"))
    (folder / "3.png").write_bytes(saved(picture("I;16"), "PNG"))
    (folder / "broken.png").write_bytes(saved(picture(), "PNG")[:50])
    return folder


def shared(folder, output, *, limits=None, order=None, **knobs):
    """Run a folder as a series; give the moments, and the results of both phases."""
    treatment = JobOptions(Enhancer(threads=1, **knobs), limits or Limits())
    items = make_plan([folder], output).items
    if order:
        order.shuffle(items)
    measured, results = [], []
    with Runner(treatment, jobs=2) as runner:
        rest = share_look(runner, items, measured.append)
        runner.run(rest, results.append)
        return runner.options.moments, measured, results


def pixels_of(path):
    return decode(path.read_bytes()).pixels


def test_a_series_is_rendered_by_the_sum_of_its_moments(scene, tmp_path):
    """Worked by hand: each measured alone, added, each rendered by the sum."""
    moments, measured, results = shared(scene, tmp_path / "out")
    enhancer = Enhancer(threads=1)
    images = [pixels_of(scene / f"{i}.png") for i in range(4)]
    parts = [enhancer.measure(image) for image in images]
    assert moments == replace(parts[0] + parts[1] + parts[2] + parts[3], grid=None)
    for i, image in enumerate(images):
        made = pixels_of(tmp_path / "out" / f"{i}.png")
        own = replace(moments, grid=parts[i].grid)
        np.testing.assert_array_equal(made, enhancer.render(image, own))
    assert not np.array_equal(pixels_of(tmp_path / "out" / "0.png"), enhancer.enhance(images[0]))
    assert {r.item.input.name for r in measured if r.status == "failed"} == {"broken.png"}
    assert {r.status for r in results} == {"done"}
    assert len(results) == 4


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_files_changes_nothing(scene, tmp_path, seed):
    moments, _, _ = shared(scene, tmp_path / "a")
    again, _, _ = shared(scene, tmp_path / "b", order=random.Random(seed))
    assert again == moments


def test_a_second_run_measures_nothing_again(scene, tmp_path, monkeypatch):
    (scene / "broken.png").unlink()
    (scene / "3.png").unlink()  # three are done in threads, where this test can look
    first, _, _ = shared(scene, tmp_path / "out")
    calls = []
    real = job._measured
    monkeypatch.setattr(job, "_measured", lambda *a: (calls.append(a[0]), real(*a))[1])
    again, measured, results = shared(scene, tmp_path / "out")
    assert (calls, again) == ([], first)
    assert [r.status for r in measured] == ["measured"] * 3
    assert [r.status for r in results] == ["kept"] * 3

    (scene / "0.png").write_bytes(saved(picture(), "PNG"))
    changed, _, results = shared(scene, tmp_path / "out")
    assert [item.input.name for item in calls] == ["0.png"]
    assert changed != first
    assert [r.renewed for r in results] == [True] * 3  # their look is another now

    shared(scene, tmp_path / "out", look="paper")
    assert len(calls) == 4  # with another padding


def test_pictures_in_strips_take_part(scene, tmp_path):
    whole, _, _ = shared(scene, tmp_path / "a")
    strips, _, results = shared(scene, tmp_path / "b", limits=Limits(max_whole_pixels=1000))
    assert strips == whole
    assert {r.status for r in results} == {"done"}
    for i in range(3):
        np.testing.assert_array_equal(
            pixels_of(tmp_path / "b" / f"{i}.png"), pixels_of(tmp_path / "a" / f"{i}.png")
        )


@pytest.mark.parametrize("limits", [Limits(), Limits(max_whole_pixels=1000)])
def test_what_lies_where_is_each_pictures_own(scene, tmp_path, limits):
    """`local` needs a grid; that of another picture would be a ghost of it."""
    moments, _, _ = shared(scene, tmp_path / "out", limits=limits, local=1.0)
    assert moments.grid is None
    enhancer, image = Enhancer(threads=1, local=1.0), pixels_of(scene / "0.png")
    own = replace(moments, grid=enhancer.measure(image).grid)
    made = pixels_of(tmp_path / "out" / "0.png")
    np.testing.assert_array_equal(made, enhancer.render(image, own))


def test_a_series_without_a_picture_is_empty(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"no picture")
    moments, measured, results = shared(tmp_path / "in", tmp_path / "out")
    assert (moments, results) == (None, [])
    assert [r.status for r in measured] == ["failed"]


def test_an_interrupt_while_it_measures_ends_the_run_and_loses_nothing_measured(tmp_path):
    """Another worker has answered when the interrupt comes, and was not heard."""
    (tmp_path / "in").mkdir()
    data = saved(Image.fromarray(dark_rgb(300, 400)), "PNG")
    for i in range(100):  # time enough for both workers to get ready
        (tmp_path / "in" / f"{i}.png").write_bytes(data)
    treatment, heard = JobOptions(Enhancer(threads=1)), []
    supervisor = Supervisor(treatment, 2)

    def interrupt(result):
        heard.append(result)
        measuring = [w.line for w in supervisor._workers if w.task and w.pixels]
        if measuring:
            assert select.select(measuring, [], [], 60)[0]
            signal.raise_signal(signal.SIGINT)

    items = make_plan([tmp_path / "in"], tmp_path / "out").items
    with pytest.raises(KeyboardInterrupt), Runner(treatment, supervisor=supervisor) as runner:
        share_look(runner, items, interrupt)
    assert supervisor.late
    noted = read_journal(tmp_path / "out").measured
    assert len(noted) == len(heard) + len(supervisor.late)
