"""Attacks on a server: clients that are slow, and bodies that are too large.

Each returns numbers; the tests and the benchmark say which are good.
"""

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path

import processes
from serving import Reply, Service, head, multipart, reply_on

SLOW_HEADER = b"POST /v1/enhance HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "

CHUNK = b"10000\r\n" + bytes(0x10000) + b"\r\n"
"""64 KiB of a body that does not say how long it is."""


def drip(
    service: Service, opening: bytes, count: int, give_up: float, pace: float = 1.0
) -> list[float]:
    """Open connections that say one byte at a time, and never end.

    Args:
        service: The server.
        opening: What each says at once.
        count: Of connections.
        give_up: How long to go on [seconds].
        pace: Between two bytes [seconds].

    Returns:
        When the server closed each, after it was opened; infinite if it never did [seconds].
    """
    connections = [service.connect() for _ in range(count)]
    start = time.monotonic()
    ended = dict.fromkeys(connections, inf)
    for connection in connections:
        connection.setblocking(False)
        with suppress(OSError):
            connection.send(opening)
    poller = select.poll()
    by_number = {c.fileno(): c for c in connections}
    for number in by_number:
        poller.register(number, select.POLLIN)
    next_byte = start + pace
    while by_number and time.monotonic() - start < give_up:
        for number, _ in poller.poll(max(0.0, next_byte - time.monotonic()) * 1000):
            if _is_closed(by_number[number]):
                ended[by_number.pop(number)] = time.monotonic() - start
                poller.unregister(number)
        if time.monotonic() >= next_byte:
            next_byte += pace
            for connection in by_number.values():
                with suppress(OSError):
                    connection.send(b"a")
    for connection in connections:
        connection.close()
    return list(ended.values())


def _is_closed(connection: socket.socket) -> bool:
    """Take in what was said, and tell whether it was the end."""
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def slow_readers(service: Service, request: bytes, count: int, give_up: float) -> list[float]:
    """Ask for large answers, and read one byte a second.

    The kernel keeps what was sent for as long as it likes, so the server's own sockets are what
    is watched.

    Returns:
        When the server had let go of each, after its answer began; infinite if never [seconds].
    """
    before = processes.sockets(service.pid)
    connections = [service.connect(buffer=4096) for _ in range(count)]
    for connection in connections:
        connection.sendall(request)
        connection.recv(1)
    start, ended, next_byte = time.monotonic(), [], time.monotonic() + 1
    while len(ended) < count and time.monotonic() - start < give_up:
        time.sleep(0.1)
        held = processes.sockets(service.pid) - before
        ended += [time.monotonic() - start] * (count - held - len(ended))
        if time.monotonic() >= next_byte:
            next_byte += 1
            for connection in connections:
                with suppress(OSError):
                    connection.recv(1)
    for connection in connections:
        connection.close()
    return ended + [inf] * (count - len(ended))


@contextmanager
def watched(service: Service, pause: float = 0.05) -> Iterator[list[Reply]]:
    """Ask after the server's health all the while, and collect the answers."""
    replies: list[Reply] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.wait(pause):
            replies.append(service.ask("GET", "/healthz", timeout=10))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield replies
    finally:
        is_over.set()
        thread.join()


FORM, _BODY = multipart([("image", "photo", b"")])

OPENINGS = {
    "image/jpeg": b"\xff\xd8\xff\xe0",
    FORM: _BODY[: _BODY.index(b"\r\n\r\n") + 4],
}
"""How a body begins, by its type: a picture, and a form with one."""


def announced(service: Service, length: int, kind: str) -> Reply:
    """Announce a body, and wait for the answer to that alone: none of the body is sent."""
    start = time.perf_counter()
    with service.connect(timeout=5) as connection:
        connection.sendall(service.head("POST", "/v1/enhance", length, Content_Type=kind))
        return reply_on(connection, start=start)


def sent_whole(service: Service, length: int, kind: str) -> Reply:
    """Send a body of that many zeros, and read the answer then."""
    body = OPENINGS[kind] + bytes(length)
    return service.ask("POST", "/v1/enhance", body, Content_Type=kind)


def endless(
    service: Service, kind: str, at_most: int, temporary: Path
) -> tuple[Reply, int, int, int]:
    """Send chunks without end, until the server has had enough.

    Returns:
        The answer, the bytes that were sent, the most by which the server's memory grew, and the
        most that lay in its folder for temporary files [bytes].
    """
    base, sent, grown, written = service.memory(), 0, 0, 0
    path, opening = "/v1/enhance", OPENINGS[kind]
    lines = service.head("POST", path, None, Transfer_Encoding="chunked", Content_Type=kind)
    lines += f"{len(opening):x}\r\n".encode() + opening + b"\r\n"
    start = time.perf_counter()
    with service.connect(timeout=10) as connection:
        connection.sendall(lines)
        with suppress(OSError):
            while sent < at_most and not select.select([connection], [], [], 0)[0]:
                connection.sendall(CHUNK)
                sent += len(CHUNK)
                if sent % (16 * len(CHUNK)) == 0:
                    grown = max(grown, service.memory() - base)
                    written = max(written, processes.spilled(service.family(), temporary))
        return reply_on(connection, start=start), sent, grown, written


def oversized(address: str, image: bytes) -> dict[str, bytes]:
    """Write requests that are too much in one way each, by what it is."""
    many = multipart([("image", "a.jpg", b"x")] * 1001)
    fields = multipart([("image", "a.jpg", image)], [("strength", "1")] * 10_000)
    long = multipart([("image", "a.jpg", image)], boundary="b" * 300)
    large = multipart([("image", "a.jpg", image)], [("strength", "1" * 5000)])
    found = {
        "1,001 files": form(address, *many),
        "10,000 fields": form(address, *fields),
        "a boundary of 300 bytes": form(address, *long),
        "a field of 5 kB": form(address, *large),
    }
    lengthy = {"1 MB of header": {"X_Long": "a" * 1_000_000}, "1,000 headers": {}}
    lengthy["1,000 headers"] = {f"X_{i}": "a" * 40 for i in range(1000)}
    for name, headers in lengthy.items():
        lines = {"Connection": "close"} | headers
        found[name] = head(address, "POST", "/v1/enhance", len(image), **lines) + image
    return found


def form(address: str, kind: str, body: bytes) -> bytes:
    """Write a request with a form."""
    lines = {"Content_Type": kind, "Connection": "close"}
    return head(address, "POST", "/v1/enhance", len(body), **lines) + body
