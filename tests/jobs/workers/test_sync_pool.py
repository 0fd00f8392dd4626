"""The synchronous pool: whatever becomes of a worker, the run goes on and loses nothing."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from pictures import dark_rgb, saved
from PIL import Image

from noiser import Enhancer, MachineError
from noiser.io.limits import Limits
from noiser.jobs.batch.journal import read_journal
from noiser.jobs.batch.run import Runner, run
from noiser.jobs.options import JobOptions
from noiser.jobs.plan import Item
from noiser.jobs.workers.process import Setting
from noiser.jobs.workers.sync_pool import Supervisor, seconds_for

WORKER = """
import ctypes, os, signal, sys, time
from noiser.core.errors import MachineError
from noiser.jobs import job
from noiser.jobs.workers import worker
real = job.enhance_source
def enhance_source(source, treatment):
    data, made = source.data, real(source, treatment)
    {code}
    return made
job.enhance_source = enhance_source
worker.main()
"""
"""A worker that does something more to each picture."""


def doing(code: str) -> list[str]:
    """Give the command of such a worker."""
    return [sys.executable, "-c", WORKER.format(code=code)]


def items_in(folder: Path, count: int, mark: dict[int, bytes] | None = None) -> list[Item]:
    """Write pictures, some with words after their end, and plan their outputs."""
    items = []
    for i in range(count):
        path = folder / f"{i:03}.png"
        data = saved(Image.fromarray(dark_rgb(30, 40, i)), "PNG")
        path.write_bytes(data + (mark or {}).get(i, b""))
        items.append(Item(path, folder / "out" / path.name, None, folder / "out"))
    return items


def results_of(items, workers=2, command=None, limits=None, on_result=None, **options):
    """Run items by workers of our own making."""
    treatment = JobOptions(Enhancer(threads=1), limits or Limits())
    options |= {"command": command} if command else {}
    supervisor = Supervisor(treatment, workers, **options)
    results = {}

    def told(result):
        results[result.item.input.name] = result
        if on_result:
            on_result(result)

    with Runner(treatment, supervisor=supervisor) as runner:
        runner.run(items, told)
    assert children() == []
    return results


@pytest.fixture(autouse=True)
def _others(monkeypatch):
    """Leave out what other tests have started."""
    monkeypatch.setattr("test_sync_pool.OTHERS", frozenset(children()))


OTHERS: frozenset[int] = frozenset()


def children() -> list[int]:
    """List the processes that this thread has started and that are not gone."""
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    return [int(pid) for pid in listed.read_text().split() if int(pid) not in OTHERS]


def outputs(items) -> dict[str, bytes]:
    return {i.output.name: i.output.read_bytes() for i in items if i.output.exists()}


def visible(items) -> set[str]:
    return {p.name for p in items[0].root.iterdir() if p.name != ".noiser-journal"}


def test_workers_write_the_same_bytes_as_threads(tmp_path):
    items = items_in(tmp_path, 6)
    results = results_of(items)
    assert {r.status for r in results.values()} == {"done"}
    plain = [Item(i.input, tmp_path / "plain" / i.input.name) for i in items[:3]]
    run(plain, JobOptions(Enhancer(threads=2)), jobs=2, on_result=lambda _: None)
    assert outputs(items).items() >= outputs(plain).items()
    assert len(outputs(plain)) == 3


@pytest.mark.parametrize("death", ["ctypes.string_at(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_picture_that_kills_its_worker_twice_fails_alone(tmp_path, death):
    items = items_in(tmp_path, 8, {2: b"poison"})
    results = results_of(items, command=doing(f"if b'poison' in data: {death}"))
    assert {n for n, r in results.items() if r.status == "failed"} == {"002.png"}
    assert results["002.png"].message.startswith("the decoder crashed on it twice")
    assert visible(items) == {i.output.name for i in items} - {"002.png"}


def test_a_picture_whose_worker_dies_once_is_tried_again(tmp_path):
    items = items_in(tmp_path, 6, {2: b"poison"})
    once = "if b'poison' in data and not os.path.exists('{0}'): open('{0}', 'x'); os._exit(9)"
    results = results_of(items, command=doing(once.format(tmp_path / "been there")))
    assert {r.status for r in results.values()} == {"done"}
    assert len(results) == 6


def test_a_worker_that_hangs_is_replaced(tmp_path):
    items = items_in(tmp_path, 6, {1: b"endless"})
    results = results_of(
        items, command=doing("if b'endless' in data: time.sleep(60)"), patience=lambda _: 1.5
    )
    assert {n for n, r in results.items() if r.status == "failed"} == {"001.png"}
    assert results["001.png"].message == "took longer than 2 s"


def test_a_picture_may_take_two_seconds_a_megapixel_more_than_two_minutes():
    assert (seconds_for(0), seconds_for(10_000_000)) == (120, 140)


def test_a_fault_of_ours_costs_one_picture(tmp_path):
    items = items_in(tmp_path, 5, {3: b"odd"})
    results = results_of(items, command=doing("if b'odd' in data: {}['key']"))
    assert {n for n, r in results.items() if r.status == "failed"} == {"003.png"}
    assert results["003.png"].message == "a fault of noiser: KeyError: 'key'"


def test_a_machine_that_cannot_write_stops_the_run_and_its_workers(tmp_path):
    items = items_in(tmp_path, 6, {1: b"full"})
    full = doing("if b'full' in data: raise MachineError('the disk is full')")
    with pytest.raises(MachineError, match=r"^the disk is full$"):
        results_of(items, command=full)
    assert children() == []


def test_workers_that_cannot_start_are_an_error_of_the_machine(tmp_path):
    items = items_in(tmp_path, 4)
    with pytest.raises(MachineError, match="worker processes end as they start, with code 7"):
        results_of(items, command=[sys.executable, "-c", "raise SystemExit(7)"])


def test_workers_that_hang_as_they_start_are_an_error_of_the_machine(tmp_path):
    """Each is ended when its time is over, and counts as one that did not start."""
    hanging = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(MachineError, match=r"^worker processes do not get ready within 0\.5 s$"):
        results_of(items_in(tmp_path, 4), command=hanging, start_seconds=0.5)
    assert children() == []


def test_a_worker_that_hangs_as_it_starts_is_replaced(tmp_path):
    """No picture is lost by it: it had none."""
    once = (
        f"import os, time\nif not os.path.exists({str(tmp_path / 'been')!r}):\n"
        f"    open({str(tmp_path / 'been')!r}, 'x'); time.sleep(600)\n"
    )
    command = [sys.executable, "-c", once + WORKER.format(code="")]
    results = results_of(items_in(tmp_path, 4), command=command, workers=1, start_seconds=5.0)
    assert {r.status for r in results.values()} == {"done"}
    assert len(results) == 4


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_worker_program_that_is_missing_is_an_error_of_the_machine(tmp_path):
    with pytest.raises(MachineError, match=r"^a worker process cannot start: No such file"):
        results_of(items_in(tmp_path, 4), command=[str(tmp_path / "gone")])


def test_a_worker_that_cannot_start_leaves_no_descriptor_open(tmp_path):
    items = items_in(tmp_path, 4)
    before = descriptors()
    with pytest.raises((MachineError, OSError)) as caught:
        results_of(items, command=[str(tmp_path / "gone")])
    assert descriptors() == before, caught  # its frames hold all that was not closed


def test_workers_killed_thirty_times_lose_nothing(tmp_path):
    """Each picture was begun twice at most, by what the workers note; as many as were killed."""
    items = items_in(tmp_path, 300)
    (tmp_path / "begun").mkdir()
    note = (
        "import hashlib, uuid; "
        f"open(f'{tmp_path}/begun/{{hashlib.md5(data).hexdigest()}}-{{uuid.uuid4()}}', 'x')"
    )
    killed, chance = [], iter(range(0, 300, 9))
    wanted = next(chance)

    def on_result(_result):
        nonlocal wanted
        if len(done) >= wanted and len(killed) < 30:
            workers = children()
            if workers:
                victim = workers[len(killed) % len(workers)]
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
                wanted = next(chance)
        done.append(1)

    done = []
    results = results_of(items, command=doing(note), on_result=on_result)
    assert len(killed) == 30
    assert {r.status for r in results.values()} == {"done"}
    assert len(done) == len(results) == len(outputs(items)) == 300
    begun = [p.name.split("-")[0] for p in (tmp_path / "begun").iterdir()]
    assert max(begun.count(name) for name in set(begun)) <= 2
    assert len(read_journal(items[0].root).done) == 300


def test_pixels_in_flight_are_bounded_over_all_workers(tmp_path):
    """Two pictures of 1,200 pixels fit into 2,400; the third waits, and into 1,200 goes one."""
    for limit, at_once in [(1200, 1), (2400, 2), (4800, 3)]:
        folder = tmp_path / str(limit)
        folder.mkdir()
        items = items_in(folder, 9)
        log = folder / "log"
        note = (
            f"log = os.open('{log}', os.O_APPEND | os.O_CREAT | os.O_WRONLY); "
            "os.write(log, b'+'); time.sleep(0.1); os.write(log, b'-')"
        )
        limits = Limits(max_pixels=1_000_000, max_whole_pixels=limit)
        results_of(items, workers=3, command=doing(note), limits=limits)
        assert len(outputs(items)) == 9
        inside = most = 0
        for sign in log.read_text():
            inside += 1 if sign == "+" else -1
            most = max(most, inside)
        assert most == at_once


def test_a_worker_that_is_bound_takes_no_more_memory(tmp_path):
    """Its picture fails, and it goes on."""
    items = items_in(tmp_path, 4, {1: b"wild"})
    wild = doing("if b'wild' in data: bytearray(8 << 30)")
    results = results_of(items, command=wild, setting=Setting(max_bytes=4 << 30))
    assert {n for n, r in results.items() if r.status == "failed"} == {"001.png"}
    assert results["001.png"].message == "there is not enough memory for it"


def test_an_interrupt_ends_all_workers_and_loses_nothing_finished(tmp_path):
    items = items_in(tmp_path, 20)

    def interrupt(_result):
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        results_of(items, on_result=interrupt, command=doing("time.sleep(0.05)"))
    assert time.monotonic() - start < 5
    assert children() == []
    noted = set(read_journal(items[0].root).done)
    assert 1 <= len(noted) < 20
    assert noted <= visible(items)
    assert len(visible(items) - noted) <= 2  # complete, though nobody was told


def test_what_was_finished_while_nobody_listened_is_noted(tmp_path):
    """The second worker has answered when the interrupt comes, and was not heard."""
    items, heard = items_in(tmp_path, 30), []

    def interrupt(result):
        heard.append(result)
        deadline = time.monotonic() + 0.5  # now and then both have been heard, and wait for work
        while len(visible(items)) == len(heard) and time.monotonic() < deadline:
            time.sleep(0.01)
        if len(visible(items)) > len(heard):
            time.sleep(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        results_of(items, on_result=interrupt, command=doing("time.sleep(0.1)"))
    assert len(visible(items)) > len(heard)
    assert set(read_journal(items[0].root).done) == visible(items)


def test_what_a_worker_was_writing_when_it_died_is_removed(tmp_path):
    items = items_in(tmp_path, 5, {2: b"poison"})
    results = results_of(
        items, command=doing("if b'poison' in data: os.fsync = lambda _: os._exit(9)")
    )
    assert results["002.png"].message == "the decoder crashed on it twice"
    assert visible(items) == {i.output.name for i in items} - {"002.png"}


def test_progress_of_strips_comes_with_its_item(tmp_path):
    items = items_in(tmp_path, 2)
    treatment = JobOptions(Enhancer(threads=1), Limits(max_whole_pixels=1000))
    told = []
    with Runner(treatment, supervisor=Supervisor(treatment, 2)) as runner:
        runner.run(items, lambda _: None, lambda *words: told.append(words))
    assert sorted(told, key=str) == [(i, n, 2400) for i in items for n in (1200, 2400)]
