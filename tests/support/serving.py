"""Serving: a server in a process of its own, and a client that speaks to it byte by byte.

The server is `noiser serve`, or any other that says its address on stderr.
"""

import contextlib
import functools
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import processes

NOISER = (sys.executable, "-m", "noiser", "serve", "--port", "0")

BOUNDARY = "----boundary-of-a-browser"


@dataclass(frozen=True)
class Reply:
    """What came back; status 0 is a connection that ended without a whole answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case."""

    body: bytes = b""
    seconds: float = 0.0
    """From before connecting to the last byte."""


class Service:
    """A server that runs, from its line to the end of the `with` block.

    Args:
        words: Further words of the command.
        command: Starts it.
        temporary: Where it is to put temporary files.
        patience: How long it may take to start [seconds].
    """

    def __init__(
        self,
        *words: str,
        command: Iterable[str] = NOISER,
        temporary: Path | None = None,
        patience: float = 60,
    ) -> None:
        self._process = subprocess.Popen(
            [*command, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | ({"TMPDIR": str(temporary)} if temporary else {}),
        )
        self.lines: list[str] = []
        """What it said on stderr."""

        self._heard: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            self.host, self.port = self._address(time.monotonic() + patience)
            until(lambda: self.ask("GET", "/healthz").status == 200, patience)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self.lines.append(line.rstrip("\n"))
            self._heard.put(line)
        self._heard.put("")

    def _address(self, deadline: float) -> tuple[str, int]:
        while line := self._heard.get(timeout=max(0.0, deadline - time.monotonic())):
            if found := re.search(r"http://([\w.]+):(\d+)", line):
                return found[1], int(found[2])
        raise AssertionError(f"the server did not start: {self.lines}")

    @property
    def pid(self) -> int:
        """The number of the process that was started."""
        return self._process.pid

    def is_running(self) -> bool:
        """Tell whether the process that was started is there."""
        return self._process.poll() is None

    def connect(self, timeout: float = 60, buffer: int | None = None) -> socket.socket:
        """Open a connection; `buffer` bounds what it takes in before it is read [bytes]."""
        connection = socket.socket()
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(timeout)
        try:
            connection.connect((self.host, self.port))
        except BaseException:
            connection.close()
            raise
        return connection

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"{self.host}:{self.port}"

    def head(self, method: str, path: str, length: int | None, **headers: str) -> bytes:
        """Write the lines before a body for this server, as `head`."""
        return head(self.address, method, path, length, **headers)

    def ask(
        self, method: str, path: str, body: bytes = b"", timeout: float = 60, **headers: str
    ) -> Reply:
        """Send a request on a connection of its own, all of it, and read the answer then."""
        headers = {"Connection": "close"} | headers
        data = self.head(method, path, len(body), **headers) + body
        return self.exchange(data, method, timeout)

    def exchange(self, data: bytes, method: str = "POST", timeout: float = 60) -> Reply:
        """Send any bytes on a connection of their own, and read one answer."""
        start = time.perf_counter()
        try:
            connection = self.connect(timeout)
        except OSError:
            return Reply(0, seconds=time.perf_counter() - start)
        with connection:
            with contextlib.suppress(OSError):  # an early answer may be there all the same
                connection.sendall(data)
            return reply_on(connection, method, start)

    def enhance(self, image: bytes, query: str = "", timeout: float = 60) -> Reply:
        """Have a picture enhanced, sent as browsers send files."""
        kind, body = multipart([("image", "photo", image)])
        return self.ask("POST", f"/v1/enhance{query}", body, timeout, Content_Type=kind)

    def family(self) -> list[int]:
        """List the process that was started, and all below it."""
        return processes.family(self.pid)

    def memory(self) -> int:
        """Add up the resident memory of the whole family [bytes]."""
        return sum(map(processes.memory, self.family()))

    def settled(self, base: int, seconds: float = 3) -> int:
        """Give memory a moment to be handed back, and tell what is left above a base [bytes]."""
        with contextlib.suppress(TimeoutError):
            until(lambda: self.memory() <= base, seconds)
        return self.memory() - base

    def signal(self, number: int, pid: int | None = None) -> None:
        """Send a signal, by default to the process that was started."""
        os.kill(pid or self.pid, number)

    def wait(self, timeout: float) -> int:
        """Wait for the end, and give the exit code."""
        code = self._process.wait(timeout)
        self._listener.join(timeout)
        return code

    def close(self) -> None:
        """End it, if need be by force, and all that it has started."""
        family = self.family()
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pid in processes.alive(family[1:]):  # what it should have ended itself
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._listener.join(5)
        assert self._process.stderr
        self._process.stderr.close()


def head(address: str, method: str, path: str, length: int | None, **headers: str) -> bytes:
    """Write the lines before a body; underscores in the names stand for hyphens."""
    lines = {"Host": address} | ({} if length is None else {"Content-Length": str(length)})
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode("latin-1")


def reply_on(connection: socket.socket, method: str = "POST", start: float | None = None) -> Reply:
    """Read one answer, as far as there is one.

    Python's own client takes longer over its lines than a server to refuse a request, and there
    are many clients on few processors here.
    """
    start = time.perf_counter() if start is None else start
    with connection.makefile("rb") as stream:
        return next_reply(stream, method, start)


def next_reply(stream: BinaryIO, method: str, start: float) -> Reply:
    """Read one answer of those that may already lie in a stream together."""
    try:
        first = stream.readline(65_536).split(b" ", 2)
        status = int(first[1]) if first[0] == b"HTTP/1.1" else 0
        headers = {}
        while (line := stream.readline(65_536)) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", -1))
        body = b"" if method == "HEAD" or status == 204 else stream.read(length)
        is_whole = line and (length == -1 or method == "HEAD" or len(body) == length)
    except (OSError, ValueError, IndexError):
        status = is_whole = 0
    seconds = time.perf_counter() - start
    return Reply(status, headers, body, seconds) if is_whole else Reply(0, seconds=seconds)


def multipart(
    files: Iterable[tuple[str, str, bytes]],
    fields: Iterable[tuple[str, str]] = (),
    boundary: str = BOUNDARY,
) -> tuple[str, bytes]:
    """Write a form as browsers do: its type, and the body.

    Args:
        files: Name, file name and content of each.
        fields: Name and value of each.
        boundary: Between the parts.
    """
    parts = []
    for name, value in fields:
        parts.append(f'name="{name}"\r\n\r\n{value}'.encode())
    for name, file_name, content in files:
        head = f'name="{name}"; filename="{file_name}"\r\nContent-Type: image/jpeg\r\n\r\n'
        parts.append(head.encode() + content)
    opening = f"--{boundary}\r\nContent-Disposition: form-data; ".encode()
    body = b"".join(opening + part + b"\r\n" for part in parts)
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def own_address() -> str | None:
    """Find an address of this machine that is not the loopback's; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        found = probe.getsockname()[0]
    return None if found.startswith("127.") else found


def until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for what nothing reports, and say how long it took [seconds].

    Raises:
        TimeoutError: It did not come.
    """
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - start


def together(count: int, task: Callable[[int], object]) -> list[object]:
    """Run a task in threads that begin at the same moment, and give what each returned."""
    barrier = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(index: int) -> None:
        barrier.wait()
        results[index] = task(index)

    threads = [threading.Thread(target=functools.partial(run, i)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def percentile(values: Iterable[float], share: float) -> float:
    """Give the value below which that share lies; the largest there is for 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
