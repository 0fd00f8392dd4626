"""Loads on a server: crowds, clients that leave, and signals while it works."""

import contextlib
import itertools
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import processes
from serving import Reply, Service, multipart, percentile, reply_on, together, until

BUSY = (429, 503)
"""What a server says that has too much to do."""


def crowd(service: Service, images: Sequence[bytes], clients: int, each: int) -> list[list[Reply]]:
    """Let clients send pictures at the same time, one after the other each, patient or not.

    Returns:
        The replies of each picture of `images`, which go round.
    """
    found: list[list[Reply]] = [[] for _ in images]

    def run(client: int) -> None:
        for i in range(each):
            which = (client * each + i) % len(images)
            found[which].append(service.enhance(images[which]))

    together(clients, run)
    return found


@dataclass(frozen=True)
class Rate:
    """What a server did in a time."""

    seconds: float
    replies: Sequence[Reply]

    @property
    def goodput(self) -> float:
        """Pictures that came back [1/s]."""
        return sum(reply.status == 200 for reply in self.replies) / self.seconds

    @property
    def statuses(self) -> Counter[int]:
        """How often each status came."""
        return Counter(reply.status for reply in self.replies)

    def seconds_at(self, share: float, *statuses: int) -> float:
        """Give a percentile of the time that replies of some statuses took [seconds]."""
        return percentile((r.seconds for r in self.replies if r.status in statuses), share)


def rate(
    service: Service,
    image: bytes,
    clients: int,
    seconds: float,
    is_polite: bool,
    offered: float | None = None,
) -> Rate:
    """Let clients send the same picture again and again.

    Args:
        service: The server.
        image: The picture.
        clients: How many at the same time.
        seconds: For how long.
        is_polite: Whether a client that was sent away waits for as long as it was told.
        offered: How many pictures all together send, if they can [1/s]; by default what they can.
    """
    start = time.monotonic()
    replies: list[Reply] = []
    numbers = itertools.count()
    kind, body = multipart([("image", "photo", image)])
    lines = {"Content_Type": kind, "Connection": "close"}
    request = service.head("POST", "/v1/enhance", len(body), **lines) + body

    def run(_client: int) -> None:
        while time.monotonic() < start + seconds:
            if offered is not None:
                time.sleep(max(0.0, start + next(numbers) / offered - time.monotonic()))
            reply = service.exchange(request)
            if (left := start + seconds - time.monotonic()) >= 0:
                replies.append(reply)
            if is_polite and reply.status in BUSY:
                time.sleep(min(max(0.0, left), float(reply.headers.get("retry-after", 1))))

    together(clients, run)
    return Rate(seconds, replies)


def under_way(service: Service, request: bytes, seconds: float = 0.15) -> socket.socket:
    """Send a request, and wait until the server has computed on it for some time.

    Returns:
        The connection, on which an answer is to come.
    """
    before = _computed(service)
    connection = service.connect()
    connection.sendall(request)
    until(lambda: _computed(service) - before > seconds, 30)
    return connection


def _computed(service: Service) -> float:
    return sum(processes.cpu_seconds(pid) for pid in service.family())


def cancelled(service: Service, large: bytes, small: bytes, count: int) -> list[float]:
    """Leave in mid-compute, and see how soon a server with one worker is free again.

    Returns:
        After each, how long it took until a small picture came back [seconds].
    """
    found = []
    for _ in range(count):
        under_way(service, large).close()
        start = time.monotonic()
        until(lambda: service.exchange(small, timeout=10).status == 200, 20)
        found.append(time.monotonic() - start)
    return found


def stopped(service: Service, request: bytes, count: int) -> tuple[list[Reply], Reply, int, float]:
    """Send SIGTERM in mid-compute.

    Returns:
        The replies to what was under way, one to a newcomer, the exit code, and how long the end
        took [seconds].
    """
    connections = [under_way(service, request) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        replies = [pool.submit(reply_on, connection) for connection in connections]
        service.signal(signal.SIGTERM)
        start = time.monotonic()
        with contextlib.suppress(TimeoutError):
            until(lambda: not _takes_connections(service), 5)
        newcomer = service.exchange(request, timeout=30)
        code = service.wait(60)
        seconds = time.monotonic() - start
        found = [reply.result() for reply in replies]
    for connection in connections:
        connection.close()
    return found, newcomer, code, seconds


def _takes_connections(service: Service) -> bool:
    try:
        service.connect(timeout=1).close()
    except OSError:
        return False
    return True


def killed(service: Service, large: bytes, small: bytes) -> tuple[Reply, float]:
    """Kill the worker that computes.

    Returns:
        The reply to its request, and how long it took until a small picture came back [seconds].
    """
    before = {pid: processes.cpu_seconds(pid) for pid in service.family()[1:]}
    with under_way(service, large) as connection:
        busy = max(before, key=lambda pid: processes.cpu_seconds(pid) - before[pid])
        service.signal(signal.SIGKILL, busy)
        reply = reply_on(connection)
    start = time.monotonic()
    until(lambda: service.exchange(small).status == 200, 60)
    return reply, time.monotonic() - start


def mixed_up(service: Service, images: Sequence[bytes], clients: int, count: int) -> Counter[str]:
    """Send pictures that all differ from many clients, and compare with what each alone gave.

    Returns:
        How many replies were `right`, `busy`, `wrong` and `another's`.
    """
    expected = [service.enhance(image).body for image in images]
    assert len(set(expected)) == len(images)
    numbers, found, lock = itertools.count(), Counter[str](), threading.Lock()

    def run(client: int) -> None:
        while (number := next(numbers)) < count:
            which = (number * 7 + client) % len(images)
            reply = service.enhance(images[which])
            while reply.status in BUSY:
                with lock:
                    found["busy"] += 1
                time.sleep(0.02)
                reply = service.enhance(images[which])
            verdict = "right" if reply.body == expected[which] else "wrong"
            if verdict == "wrong" and reply.body in expected:
                verdict = "another's"
            with lock:
                found[verdict] += 1

    together(clients, run)
    return found
