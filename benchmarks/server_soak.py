"""The server for half an hour: pictures of several sizes, hostile files and slow clients."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from server_bench import HOSTILE, Bench, Row, at_most, exactly, loads, picture, serving

MB = 1_000_000
CLIENTS = 4
"""At the same time; more than there are workers, and less than fill the queue."""

HOSTILE_SHARE, SLOW_SHARE = 0.08, 0.02

GROWTH = 1.2
"""By which the 99th percentile of the last third may be above that of the first."""


class Traffic:
    """Clients that send whatever comes, until they are told to stop."""

    def __init__(self, bench: Bench, service: serving.Service) -> None:
        self._bench, self._service = bench, service
        self._start = time.monotonic()
        self._good = [
            bench.night,
            picture(300, 200, "PNG", 1),
            picture(1200, 800, "JPEG", 2),
            picture(1600, 1200, "WEBP", 3),
            picture(3000, 2000, "JPEG", 4),
        ]
        found = HOSTILE.rglob("*") if HOSTILE.is_dir() else ()
        self._hostile = [path for path in sorted(found) if path.is_file()] or [None]
        self.is_over = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.served: list[tuple[float, float]] = []
        """When the project's photograph was answered, and after how long [seconds]."""

        self.failed: list[str] = []
        """What was not as it must be."""

    def run(self, client: int) -> None:
        """Be one client."""
        chance = random.Random(client)
        while not self.is_over.is_set():
            drawn = chance.random()
            if drawn < SLOW_SHARE:
                self._slow()
            elif drawn < SLOW_SHARE + HOSTILE_SHARE:
                path = chance.choice(self._hostile)
                self._count(self._service.enhance(path.read_bytes() if path else b"GIF89a"), False)
            else:
                image = chance.choices(self._good, (8, 4, 4, 2, 1))[0]
                reply = self._service.enhance(image)
                self._count(reply, True)
                if image is self._bench.night and reply.status == 200:
                    self.served.append((time.monotonic() - self._start, reply.seconds))

    def _count(self, reply: serving.Reply, is_good: bool) -> None:
        self.statuses[reply.status] += 1
        if reply.status in loads.BUSY[:1]:
            self.is_over.wait(float(reply.headers.get("retry-after", 1)))
        elif reply.status >= 500 or (is_good and reply.status != 200) or not reply.status:
            self.failed.append(f"{reply.status} {reply.body[:100]!r}")

    def _slow(self) -> None:
        """Upload for some seconds, and leave."""
        with suppress(OSError), self._service.connect() as connection:
            connection.sendall(self._service.head("POST", "/v1/enhance", 100_000))
            for _ in range(10):
                if self.is_over.wait(0.5):
                    return
                connection.sendall(self._bench.night[:1000])


def soak(bench: Bench) -> Iterator[Row]:
    """Send mixed requests for long, and fit a line to the memory of all processes."""
    seconds = bench.soak_seconds * bench.share
    with bench.serve("--workers", "2") as service:
        service.enhance(bench.night)
        traffic = Traffic(bench, service)
        threads = [threading.Thread(target=traffic.run, args=[i]) for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            samples, family = _watch(service, traffic, seconds)
        finally:
            traffic.is_over.set()
            for thread in threads:
                thread.join()
        restarts = len(family - set(service.family())) + (not service.is_running())
    yield Row("minutes", seconds / 60)
    told = ", ".join(f"{status}: {n}" for status, n in sorted(traffic.statuses.items()))
    yield Row("statuses", told)
    yield exactly("answers that must not be", len(traffic.failed), 0)
    for failure in traffic.failed[:3]:
        yield Row("one of them", failure)
    yield exactly("processes that ended", restarts, 0)
    late = samples[len(samples) // 3 :]
    slope = 60 * np.polyfit(late[:, 0], late[:, 1], 1)[0] / MB
    yield at_most("memory, slope of the last two thirds", float(slope), 1, "MB/min")
    minutes = late[:, 0] // 60
    least = [(m, late[minutes == m, 1].min()) for m in np.unique(minutes)]
    if len(least) > 1:  # what stays, whatever is in work at the moment
        kept = np.polyfit(*np.transpose(least), 1)[0] / MB
        yield Row("the same of each minute's least [MB/min]", float(kept))
    yield Row("memory, at most [MB]", float(samples[:, 1].max()) / MB)
    first, last = (
        serving.percentile(
            (took for at, took in traffic.served if low <= at / seconds < high), 0.99
        )
        for low, high in ((0, 1 / 3), (2 / 3, math.inf))
    )
    yield Row("600 x 400, p99 of the first third [ms]", 1e3 * first)
    yield Row("600 x 400, p99 of the last third [ms]", 1e3 * last)
    if first:
        yield at_most("the last by the first", last / first, GROWTH)


def _watch(
    service: serving.Service, traffic: Traffic, seconds: float
) -> tuple[np.ndarray, set[int]]:
    """Sample memory once a second, and print a line a minute.

    Returns:
        float64 [N,2]: time [seconds] and memory [bytes]; and all processes there ever were.
    """
    samples: list[tuple[float, int]] = []
    family = set(service.family())
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds and service.is_running():
        samples.append((now, service.memory()))
        family |= set(service.family())
        if int(now) % 60 == 0 and int(now) > 0:
            recent = np.mean([memory for at, memory in samples if at > now - 60])
            counts = ", ".join(f"{s}: {n}" for s, n in sorted(traffic.statuses.items()))
            print(f"   {now / 60:3.0f} min, {recent / MB:.1f} MB, {counts}", flush=True)
        traffic.is_over.wait(max(0.0, start + int(now) + 1 - time.monotonic()))
    return np.array(samples), family
