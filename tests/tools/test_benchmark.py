"""The benchmark: its floors by hand, its turns, its words. No test depends on a time."""

import json

import cv2
import pytest
import torch
from click.testing import CliRunner

from noiser import Enhancer
from noiser.cli.benchmark import command
from noiser.engine.kernels import native
from noiser.tools import benchmark as module
from noiser.tools.benchmark import benchmark

NATIVE = list(native.kernels().values())

pytestmark = pytest.mark.skipif(
    not NATIVE, reason="noiser was installed without a C compiler: there is no native kernel"
)


@pytest.fixture(autouse=True)
def short_trials(monkeypatch):
    monkeypatch.setattr(module, "TRIAL_ROUNDS", 1000)
    monkeypatch.setattr(module, "TRIAL_BYTES", 1 << 16)


@pytest.fixture
def a_clock(monkeypatch):
    """Each reading of the clock is a second after the one before."""
    ticks = iter(range(10_000))
    monkeypatch.setattr(module.time, "perf_counter", lambda: float(next(ticks)))


@pytest.mark.parametrize("kernel", [pytest.param(k, id=k.name) for k in NATIVE])
def test_the_loop_does_eight_sums_of_whole_vectors(kernel):
    lanes = {"avx512": 16, "avx2": 8}.get(kernel.variant, 4)

    assert kernel.multiply_adds(1000) == 8 * lanes * 1000


@pytest.mark.parametrize(("look", "a_pixel"), [("paper", 54 * 16), ("natural", 18 * 8)])
def test_the_floor_is_that_of_the_multiply_adds(a_clock, look, a_pixel):
    """Everything takes a second: each pixel's multiply-adds are a share of the trial's."""
    enhancer = Enhancer(look, threads=2)

    machine, (timing,) = benchmark(enhancer, [(30, 20)], rounds=2)

    done = 2 * enhancer.kernel.multiply_adds(1000)
    assert machine.multiply_adds == done
    assert machine.bandwidth == 1 << 16
    assert (timing.width, timing.height) == (30, 20)
    assert timing.floor == pytest.approx(a_pixel * 600 / done)
    assert timing.render_share == pytest.approx(a_pixel * 600 / done)
    assert (timing.measure, timing.render, timing.whole) == (1, 1, 1)


def test_the_floor_is_that_of_the_memory_where_it_is_slower(a_clock, monkeypatch):
    """Nine bytes a pixel at 90 bytes a second."""
    monkeypatch.setattr(module, "TRIAL_ROUNDS", 10**6)
    monkeypatch.setattr(module, "TRIAL_BYTES", 90)

    _, (timing,) = benchmark(Enhancer(threads=1), [(30, 20)], rounds=1)

    assert timing.floor == pytest.approx(9 * 600 / 90)


def test_everything_takes_turns_and_the_first_round_does_not_count():
    order = []

    seconds = module.taking_turns(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2
    )

    assert order == ["a", "b", "a", "b", "a", "b"]
    assert {what: len(taken) for what, taken in seconds.items()} == {"a": 2, "b": 2}


def test_the_reference_has_no_floor():
    with pytest.raises(ValueError, match="no floor"):
        benchmark(Enhancer(kernel="reference"), [(8, 8)], 1)


def test_the_table_has_a_line_for_each_size():
    done = CliRunner().invoke(command, ["--size", "8x6", "--size", "20x10", "--rounds", "1"])

    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["8x6", "20x10"]
    assert all(len(line.split()) == 8 for line in lines[2:4])


def test_json_has_the_same_in_seconds():
    words = ["--size", "8x6", "--rounds", "1", "--threads", "1", "--look", "paper", "--json"]

    found = json.loads(CliRunner().invoke(command, words).output)

    assert (found["look"], found["threads"], found["rounds"]) == ("paper", 1, 1)
    assert set(found["machine"]) == {"multiply_adds", "bandwidth"}
    assert [(t["width"], t["height"]) for t in found["timings"]] == [(8, 6)]


@pytest.mark.parametrize("size", ["8", "8x", "x8", "0x8", "8x6x4", "8x-6", "axb"])
def test_what_is_no_size_is_said(size):
    done = CliRunner().invoke(command, ["--size", size])

    assert done.exit_code == 2
    assert "is not a size like 1920x1080" in done.output


def test_a_rival_takes_its_turns_on_the_same_pictures(a_clock):
    sizes = []

    _, timings = benchmark(
        Enhancer(threads=1), [(8, 6), (5, 4)], 2, {"a rival": lambda low: sizes.append(low.shape)}
    )

    assert sizes == ([(6, 8, 3)] * 2 + [(4, 5, 3)] * 2) * 3
    assert [timing.rivals for timing in timings] == [{"a rival": 1}, {"a rival": 1}]


def test_after_a_pause_a_run_that_does_not_count_warms_up(monkeypatch):
    order = []
    monkeypatch.setattr(module.time, "sleep", order.append)

    seconds = module.taking_turns({"a": lambda: order.append("a")}, 1, pause=0.5)

    assert order == [0.5, "a", "a"] * 2
    assert [len(taken) for taken in seconds.values()] == [1]


@pytest.mark.parametrize(("rivals", "pauses_of"), [(None, set()), ({"a rival": len}, {0.02})])
def test_turns_wait_for_a_rival_s_threads_to_sleep(monkeypatch, rivals, pauses_of):
    pauses = []
    monkeypatch.setattr(module.time, "sleep", pauses.append)

    benchmark(Enhancer(threads=1), [(8, 6)], 1, rivals)

    assert set(pauses) == pauses_of


@pytest.fixture(scope="module")
def invoked(tmp_path_factory):
    """A short run with rivals, once for people and once for machines and with a figure.

    Torch does not compile in it, for want of a compiler.
    """
    words = ["--rivals", "--size", "16x12", "--rounds", "1", "--threads", "2"]
    figure = tmp_path_factory.mktemp("benchmark") / "rivals.svg"
    threads = torch.get_num_threads(), cv2.getNumThreads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TRIAL_ROUNDS", 1000)
        patch.setattr(module, "TRIAL_BYTES", 1 << 16)
        patch.setenv("CXX", "no-such-compiler")
        table = CliRunner().invoke(command, words)
        told = CliRunner().invoke(command, [*words, "--json", "--figure", str(figure)])
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])
    assert (table.exit_code, told.exit_code) == (0, 0), table.output + told.output
    return table, told, figure


def test_rivals_get_a_table_with_ours_among_them_the_fastest_first(invoked):
    title, *lines = invoked[0].stdout.split("\n\n")[1].splitlines()

    names = [line[:28].strip() for line in lines]
    times, ratios = ([float(line.split()[i]) for line in lines] for i in (-3, -1))
    assert title.split()[0] == "16x12"
    assert {"noiser, natural look", "noiser, paper look", "torch eager", "onnxruntime"} < set(names)
    assert times == sorted(times)
    assert ratios[names.index("noiser, natural look")] == 1


def test_what_is_left_out_is_one_line_on_stderr(invoked):
    (line,) = invoked[0].stderr.splitlines()

    assert line.startswith("noiser: left out: ")
    assert "torch compiled (torch compiles with a C++ compiler, and none was found)" in line


def test_json_tells_a_rival_s_seconds_and_how_often_ours_go_into_them(invoked):
    found = json.loads(invoked[1].stdout)

    (timing,) = found["timings"]
    eager = timing["rivals"]["torch eager"]
    assert eager["ratio"] == eager["seconds"] / timing["whole"]
    assert found["versions"]["torch"] == torch.__version__
    assert "torch compiled" in found["left_out"]


def test_the_figure_is_of_the_same_run(invoked):
    text = invoked[2].read_text()

    assert "<!-- 16 x 12 -->" in text
    seconds = json.loads(invoked[1].stdout)["timings"][0]["rivals"]["torch eager"]["seconds"]
    assert f"<!-- {seconds * 1e3 / (16 * 12 / 1e6):.3g} -->" in text


def test_without_rivals_json_has_none():
    done = CliRunner().invoke(command, ["--size", "8x6", "--rounds", "1", "--json"])

    found = json.loads(done.stdout)
    assert found["timings"][0]["rivals"] == {}
    assert not {"versions", "left_out"} & set(found)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--figure", "new.png"], "--figure shows rivals; give --rivals too"),
        (["--rivals", "--figure", "new.jpg"], "new.jpg is no .png or .svg file"),
        (["--rivals", "--figure", "old.png"], "old.png is there already; --overwrite replaces it"),
    ],
)
def test_a_figure_that_could_not_be_written_is_refused_before_any_timing(
    words, sentence, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.png").touch()

    done = CliRunner().invoke(command, words)

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == f"Error: {sentence}"
    assert (tmp_path / "old.png").read_bytes() == b""
