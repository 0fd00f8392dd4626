"""The benchmark: its floors by hand, its turns, its words. No test depends on a time."""

import json

import pytest
from click.testing import CliRunner

from noiser import Enhancer
from noiser.cli.benchmark import command
from noiser.kernels import native
from noiser.pipelines import benchmark as module
from noiser.pipelines.benchmark import benchmark

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


def test_the_floor_is_that_of_the_multiply_adds(a_clock):
    """Everything takes a second: 54 x 16 x 600 multiply-adds are a share of the trial's."""
    enhancer = Enhancer(threads=2)

    machine, (timing,) = benchmark(enhancer, [(30, 20)], rounds=2)

    done = 2 * enhancer.kernel.multiply_adds(1000)
    assert machine.multiply_adds == done
    assert machine.bandwidth == 1 << 16
    assert (timing.width, timing.height) == (30, 20)
    assert timing.floor == pytest.approx(54 * 16 * 600 / done)
    assert timing.render_share == pytest.approx(54 * 16 * 600 / done)
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
