"""The pool: a lost worker costs one request, a client that leaves none, and all end in the end."""

import asyncio
import contextlib
import os
import signal

import pytest
from faulty_worker import NOT_STARTING
from hosting import FAULTY

from noiser.core.errors import MachineError
from noiser.jobs.workers import async_pool
from noiser.jobs.workers.async_pool import Pool
from noiser.jobs.workers.async_worker import PoolError, WorkerLimits

QUICK = WorkerLimits(compute_seconds=0.3, compute_seconds_per_megapixel=0.001, max_waiting=2)


def with_pool(test, workers=1, limits=QUICK):
    """Run a coroutine with a pool of faulty workers."""

    async def run():
        async with Pool(workers, limits, FAULTY) as pool:
            return await asyncio.wait_for(test(pool), 30)

    return asyncio.run(run())


async def refused(pool, data):
    """Have a picture refused; its code."""
    with pytest.raises(PoolError) as caught:
        await pool.run({}, data)
    return caught.value.code


async def until(condition):
    """Let the others go on until something is so."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def test_an_answer_comes_back_whole():
    async def test(pool):
        told, data = await pool.run({}, b"x" * 5_000_000)
        assert (told["format"], bytes(data)) == ("PNG", b"x" * 5_000_000)

    with_pool(test)


def test_a_worker_that_ends_costs_its_own_request_and_no_other():
    """It is not tried again: what killed one worker would kill the next."""

    async def test(pool):
        assert await refused(pool, b"end") == "worker_lost"
        assert bytes((await pool.run({}, b"next"))[1]) == b"next"
        assert pool.restarts == 1

    with_pool(test)


def test_requests_that_wait_are_done_by_the_worker_that_follows():
    async def test(pool):
        ending, waiting = await asyncio.gather(
            pool.run({}, b"end"), pool.run({}, b"next"), return_exceptions=True
        )
        assert (ending.code, bytes(waiting[1])) == ("worker_lost", b"next")

    with_pool(test)


def test_a_worker_that_takes_too_long_is_ended():
    async def test(pool):
        pid = (await pool.run({}, b""))[0]["pid"]
        assert await refused(pool, b"hang") == "too_slow"
        assert (await pool.run({}, b""))[0]["pid"] != pid

    with_pool(test)


@pytest.mark.parametrize(("data", "outcome"), [(b"wait", "done"), (b"light", "too_slow")])
def test_time_is_allowed_by_weight(data, outcome, tmp_path):
    """A picture that said that it is heavy has more."""
    limits = WorkerLimits(compute_seconds=0.2, compute_seconds_per_megapixel=1_000_000)

    async def test(pool):
        loop = asyncio.get_running_loop()
        loop.call_later(0.6, (tmp_path / "go").touch)
        try:
            await pool.run({}, data + b" " + os.fsencode(tmp_path / "go"))
        except PoolError as error:
            return error.code
        return "done"

    assert with_pool(test, limits=limits) == outcome


def test_a_worker_that_was_killed_while_idle_costs_nothing():
    async def test(pool):
        pid = (await pool.run({}, b""))[0]["pid"]
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it is gone now, and still to be buried

        assert bytes((await pool.run({}, b"next"))[1]) == b"next"
        assert pool.restarts == 1

    with_pool(test)


def test_a_dead_worker_that_cannot_start_again_leaves_requests_to_the_others(tmp_path, monkeypatch):
    monkeypatch.setenv(NOT_STARTING, str(tmp_path / "none"))

    async def test(pool):
        wait = b"wait " + os.fsencode(tmp_path / "go")
        both = [asyncio.create_task(pool.run({}, wait)) for _ in range(2)]
        await until(lambda: pool.working == 2)
        (tmp_path / "go").touch()
        dead, alive = [told["pid"] for told, _ in await asyncio.gather(*both)]
        (tmp_path / "none").touch()
        os.kill(dead, signal.SIGKILL)
        os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)

        async with asyncio.timeout(10):
            found = [(await pool.run({}, b"next"))[0]["pid"] for _ in range(3)]

        assert found == [alive] * 3

    with_pool(test, workers=2)


def test_a_request_that_waits_too_long_is_refused_as_busy(tmp_path):
    """Its worker may never come back."""

    async def test(pool):
        first = asyncio.create_task(pool.run({}, b"wait " + os.fsencode(tmp_path / "go")))
        await until(lambda: pool.working == 1)

        assert await refused(pool, b"more") == "busy"

        assert pool.waiting == 0
        (tmp_path / "go").touch()
        assert (await first)[0]["format"] == "PNG"

    with_pool(test, limits=WorkerLimits(queue_seconds=0.05))


def test_as_many_wait_as_may_and_one_more_is_refused(tmp_path):
    async def test(pool):
        wait = b"wait " + os.fsencode(tmp_path / "go")
        first = [asyncio.create_task(pool.run({}, wait)) for _ in range(3)]
        await until(lambda: pool.working == 1)

        assert pool.waiting == 2
        assert await refused(pool, b"more") == "busy"

        (tmp_path / "go").touch()
        await asyncio.gather(*first)
        assert pool.waiting == pool.working == 0

    with_pool(test, limits=WorkerLimits(max_waiting=2))


def test_nobody_may_wait_where_that_is_said(tmp_path):
    async def test(pool):
        wait = b"wait " + os.fsencode(tmp_path / "go")
        first = asyncio.create_task(pool.run({}, wait))
        await until(lambda: pool.working == 1)

        assert await refused(pool, b"more") == "busy"
        (tmp_path / "go").touch()
        await first

    with_pool(test, limits=WorkerLimits(max_waiting=0))


async def leave(pool, data):
    """Begin a picture, and leave when it is in work."""
    task = asyncio.create_task(pool.run({}, data))
    await until(lambda: pool.working == 1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def test_a_worker_whose_client_has_left_is_ended_when_it_does_not_finish_soon():
    async def test(pool):
        await leave(pool, b"hang")
        assert bytes((await pool.run({}, b"next"))[1]) == b"next"
        assert pool.restarts == 1

    with_pool(test, limits=WorkerLimits(abandon_seconds=0.05))


def test_a_worker_whose_client_has_left_goes_on_when_it_finishes_soon(tmp_path):
    """Ending it would cost more."""

    async def test(pool):
        await leave(pool, b"wait " + os.fsencode(tmp_path / "go"))
        (tmp_path / "go").touch()
        assert bytes((await pool.run({}, b"next"))[1]) == b"next"
        assert pool.restarts == 0

    with_pool(test, limits=WorkerLimits(abandon_seconds=20.0))


def test_a_client_that_leaves_the_queue_is_forgotten(tmp_path):
    async def test(pool):
        wait = b"wait " + os.fsencode(tmp_path / "go")
        first = asyncio.create_task(pool.run({}, wait))
        await until(lambda: pool.working == 1)
        second = asyncio.create_task(pool.run({}, b"end"))
        await until(lambda: pool.waiting == 1)
        second.cancel()
        await until(lambda: pool.waiting == 0)
        (tmp_path / "go").touch()
        await first
        assert bytes((await pool.run({}, b"next"))[1]) == b"next"
        assert pool.restarts == 0

    with_pool(test, limits=WorkerLimits())


def test_a_client_that_leaves_as_its_picture_is_taken_costs_no_worker():
    async def test(pool):
        leaving = asyncio.create_task(pool.run({}, b"end"))
        await asyncio.sleep(0)  # it is in the queue now, and the worker about to wake up
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        assert bytes((await pool.run({}, b"next"))[1]) == b"next"
        assert pool.restarts == 0

    with_pool(test)


def test_draining_refuses_what_waits_and_what_comes_and_finishes_what_is_in_work(tmp_path):
    async def test(pool):
        wait = b"wait " + os.fsencode(tmp_path / "go")
        first = asyncio.create_task(pool.run({}, wait))
        await until(lambda: pool.working == 1)
        second = asyncio.create_task(pool.run({}, b"next"))
        await until(lambda: pool.waiting == 1)

        pool.drain()

        with pytest.raises(PoolError, match="about to end"):
            await second
        assert await refused(pool, b"more") == "draining"
        (tmp_path / "go").touch()
        assert (await first)[0]["format"] == "PNG"

    with_pool(test, limits=WorkerLimits())


def test_what_is_in_work_when_the_pool_ends_is_refused_and_its_worker_gone():
    async def test():
        async with Pool(1, WorkerLimits(), FAULTY) as pool:
            pid = (await pool.run({}, b""))[0]["pid"]
            hanging = asyncio.create_task(pool.run({}, b"hang"))
            await until(lambda: pool.working == 1)
        with pytest.raises(PoolError, match="about to end"):
            await hanging
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    asyncio.run(test())


def test_a_pool_whose_workers_cannot_start_says_so(tmp_path, monkeypatch):
    (tmp_path / "none").touch()
    monkeypatch.setenv(NOT_STARTING, str(tmp_path / "none"))

    with pytest.raises(MachineError, match=r"^a worker process cannot start: the process "):
        with_pool(refused)


def test_a_pool_whose_program_is_missing_says_so(tmp_path):
    async def test():
        async with Pool(1, QUICK, (str(tmp_path / "gone"),)):
            pass

    with pytest.raises(MachineError, match=r"^a worker process cannot start: No such file"):
        asyncio.run(test())


def test_a_worker_is_started_again_when_its_program_is_back(tmp_path, monkeypatch):
    """An update of the machine takes it away for a moment."""
    monkeypatch.setattr(async_pool, "PAUSE", 0.01)
    program = tmp_path / "python"
    program.symlink_to(FAULTY[0])

    async def test():
        async with Pool(1, QUICK, (str(program), *FAULTY[1:])) as pool:
            program.unlink()
            assert await refused(pool, b"end") == "worker_lost"
            await until(lambda: pool.restarts > 2)
            program.symlink_to(FAULTY[0])
            assert bytes((await pool.run({}, b"next"))[1]) == b"next"

    asyncio.run(test())


def test_a_worker_that_does_not_get_ready_in_time_cannot_start():
    sleeper = (FAULTY[0], "-c", "import time; time.sleep(600)")

    async def test():
        async with Pool(1, WorkerLimits(start_seconds=0.05), sleeper):
            pass

    with pytest.raises(MachineError, match="it did not get ready in time"):
        asyncio.run(test())


def test_a_worker_that_hangs_up_is_lost_though_it_lives_on():
    """Its process is ended, and another follows."""
    code = (
        "import socket, sys, time; from noiser.jobs.workers.frames import opening\n"
        "end = socket.socket(fileno=int(sys.argv[2])); end.sendall(opening({}, 0)); end.close()\n"
        "time.sleep(600)"
    )

    async def test():
        async with Pool(1, QUICK, (FAULTY[0], "-c", code)) as pool:
            assert await refused(pool, bytes(5_000_000)) == "worker_lost"
            await until(lambda: pool.restarts == pool.ready == 1)

    asyncio.run(test())


def test_a_worker_that_hangs_up_in_mid_answer_is_lost():
    """What was read of it is no answer."""
    code = (
        "import socket, sys; from noiser.jobs.workers.frames import opening, read_frame\n"
        "end = socket.socket(fileno=int(sys.argv[2])); end.sendall(opening({}, 0))\n"
        "read_frame(end.makefile('rb')); end.sendall(opening({}, 1000) + bytes(999))"
    )

    async def test():
        async with Pool(1, QUICK, (FAULTY[0], "-c", code)) as pool:
            assert await refused(pool, b"") == "worker_lost"

    asyncio.run(test())


def test_a_worker_is_started_again_until_it_gets_ready(tmp_path, monkeypatch):
    """Memory may be short for a while."""
    monkeypatch.setenv(NOT_STARTING, str(tmp_path / "none"))
    monkeypatch.setattr(async_pool, "PAUSE", 0.01)

    async def test(pool):
        (tmp_path / "none").touch()
        assert await refused(pool, b"end") == "worker_lost"
        await until(lambda: pool.restarts > 2)
        assert pool.ready == 0
        (tmp_path / "none").unlink()
        assert bytes((await pool.run({}, b"next"))[1]) == b"next"
        assert pool.ready == 1

    with_pool(test)


def test_workers_work_side_by_side(tmp_path):
    async def test(pool):
        wait = b"wait " + os.fsencode(tmp_path / "go")
        tasks = [asyncio.create_task(pool.run({}, wait)) for _ in range(2)]
        await until(lambda: pool.working == 2)
        (tmp_path / "go").touch()
        pids = {told["pid"] for told, _ in await asyncio.gather(*tasks)}
        assert len(pids) == pool.ready == 2

    with_pool(test, workers=2, limits=WorkerLimits())
