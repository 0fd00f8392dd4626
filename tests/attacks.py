"""Attacks on a server: clients that are slow, bodies that are too large, words that lead out.

Each returns numbers; the tests and the benchmark say which are good.
"""

import select
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from urllib.parse import quote

from serving import Reply, Service, multipart, reply_on

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
    before = service.sockets()
    connections = [service.connect(buffer=4096) for _ in range(count)]
    for connection in connections:
        connection.sendall(request)
        connection.recv(1)
    start, ended, next_byte = time.monotonic(), [], time.monotonic() + 1
    while len(ended) < count and time.monotonic() - start < give_up:
        time.sleep(0.1)
        held = service.sockets() - before
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
    head = service.head("POST", path, None, Transfer_Encoding="chunked", Content_Type=kind)
    head += f"{len(opening):x}\r\n".encode() + opening + b"\r\n"
    start = time.perf_counter()
    with service.connect(timeout=10) as connection:
        connection.sendall(head)
        with suppress(OSError):
            while sent < at_most and not select.select([connection], [], [], 0)[0]:
                connection.sendall(CHUNK)
                sent += len(CHUNK)
                if sent % (16 * len(CHUNK)) == 0:
                    grown = max(grown, service.memory() - base)
                    written = max(written, spilled(service, temporary))
        return reply_on(connection, start=start), sent, grown, written


def spilled(service: Service, folder: Path) -> int:
    """Add up what the server holds open in a folder, names or no names [bytes]."""
    found = {}
    for pid in service.family():
        with suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                if str(link.readlink()).startswith(str(folder)):
                    found[link.stat().st_ino] = link.stat().st_size
    return sum(found.values())


def oversized(service: Service, image: bytes) -> dict[str, bytes]:
    """Write requests that are too much in one way each, by what it is."""
    many = multipart([("image", "a.jpg", b"x")] * 1001)
    fields = multipart([("image", "a.jpg", image)], [("strength", "1")] * 10_000)
    long = multipart([("image", "a.jpg", image)], boundary="b" * 300)
    large = multipart([("image", "a.jpg", image)], [("strength", "1" * 5000)])
    found = {
        "1,001 files": _form(service, *many),
        "10,000 fields": _form(service, *fields),
        "a boundary of 300 bytes": _form(service, *long),
        "a field of 5 kB": _form(service, *large),
    }
    lengthy = {"1 MB of header": {"X_Long": "a" * 1_000_000}, "1,000 headers": {}}
    lengthy["1,000 headers"] = {f"X_{i}": "a" * 40 for i in range(1000)}
    for name, headers in lengthy.items():
        head = service.head("POST", "/v1/enhance", len(image), Connection="close", **headers)
        found[name] = head + image
    return found


def _form(service: Service, kind: str, body: bytes) -> bytes:
    head = service.head("POST", "/v1/enhance", len(body), Content_Type=kind, Connection="close")
    return head + body


def smuggled(service: Service, image: bytes) -> dict[str, bytes]:
    """Write requests whose length two servers might read differently, with a second inside."""
    host = f"Host: {service.host}:{service.port}\r\n"
    second = f"GET /healthz HTTP/1.1\r\n{host}\r\n".encode()
    chunked = b"0\r\n\r\n" + second
    length = len(image)

    def request(*lines: str, body: bytes) -> bytes:
        text = "".join(f"{line}\r\n" for line in lines)
        return f"POST /v1/enhance HTTP/1.1\r\n{host}{text}\r\n".encode() + body

    both = ["Transfer-Encoding: chunked", f"Content-Length: {len(chunked)}"]
    return {
        "CL+TE": request(*reversed(both), body=chunked),
        "TE+CL": request(*both, body=chunked),
        "two lengths": request("Content-Length: 5", f"Content-Length: {length}", body=image),
        "a list of lengths": request(f"Content-Length: 5, {length}", body=image),
        "a signed length": request(f"Content-Length: +{length}", body=image),
        "a length in hex": request(f"Content-Length: 0x{length:x}", body=image),
        "a negative length": request("Content-Length: -1", body=image),
        "TE twice": request(*both[:1] * 2, body=chunked),
        "TE unknown": request("Transfer-Encoding: xchunked", body=chunked),
        "TE padded": request("Transfer-Encoding : chunked", body=chunked),
        "a bad chunk": request("Transfer-Encoding: chunked", body=b"zz\r\n" + image + second),
        "two hosts": request("Host: example.org", f"Content-Length: {length}", body=image),
    }


def leading_out(canary: Path) -> list[str]:
    """Write over 200 words that lead to a file, if a server takes a word for a path or address."""
    inside = str(canary).lstrip("/")
    targets = [inside, "etc/passwd", "proc/self/environ"]
    ups = ["../", "..\\", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e%252f",
           "....//", "..;/", "..%c0%af", "%c0%ae%c0%ae/", "..%00/", "./../", ".../"]  # fmt: skip
    found = [up * depth + target for target in targets for up in ups for depth in (1, 12)]
    found += [f"static/{up * 12}{target}" for target in targets for up in ups]
    schemes = [
        "file://",
        "file:",
        "file=",
        "file:///",
        "http://127.0.0.1:1/",
        "//",
        "\\\\?\\",
        "\\\\127.0.0.1\\c$\\",
        "gopher://127.0.0.1/_",
        "data:,",
        "ftp://127.0.0.1/",
        "/",
        "~/",
        "@",
        "|cat /",
        "$(cat /",
        "`cat /",
        ";cat /",
        "{{",
        "php://filter/",
    ]
    found += [f"{scheme}{target}" for target in targets for scheme in schemes]
    ends = ["%00.jpg", "\0.jpg", "\r\nX-Injected: 1", "?", "#", "/."]
    found += [f"/{target}{end}" for target in targets for end in ends]
    found += ["CON", "NUL", "-o", "--help", "' OR 1=1 --", "<script>alert(1)</script>"]
    found += ["A" * 4000, "%n%s%x", "\N{FULLWIDTH FULL STOP}" * 2 + "/etc/passwd", "\x7f\x1b[2J"]
    return found


def injected(service: Service, word: str, image: bytes, names: Sequence[str]) -> list[bytes]:
    """Write requests with a word wherever a request has room for one.

    Args:
        service: The server.
        word: Of `leading_out`.
        image: A good picture.
        names: Parameters to put it into.
    """
    quoted = quote(word)
    raw = "".join(c for c in word if "!" <= c <= "~" and c not in "#") or "x"
    paths = [f"/{raw}", f"/v1/{quoted}", f"/{quoted}"]
    found = [service.head("GET", path, None, Connection="close") for path in paths]
    for name in names:
        path = f"/v1/enhance?{name}={quoted}"
        found.append(service.head("POST", path, len(image), Connection="close") + image)
    plain = word.replace("\r", "").replace("\n", "")
    file_name = multipart([("image", word.replace('"', "%22"), image)], [(names[0], word)])
    part_name = multipart([(word.replace('"', "%22"), "a.jpg", image)])
    found += [_form(service, *form) for form in (file_name, part_name)]
    latin = plain.encode("latin-1", "replace").decode("latin-1").replace("\0", "")
    head = service.head("GET", "/", None, X_Request_Id=latin, Referer=latin, Connection="close")
    return [*found, head]
