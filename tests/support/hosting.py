"""Hosting: noiser's server in a thread of this process, with limits and workers of the test's."""

import asyncio
import http.client
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving import Reply, reply_on

from noiser.jobs.workers.async_pool import Pool
from noiser.jobs.workers.process import COMMAND
from noiser.web.server.access_control import Access
from noiser.web.server.app import create_app
from noiser.web.server.limits import ServerLimits
from noiser.web.server.run import bind, serve

FAULTY = (COMMAND[0], str(Path(__file__).with_name("faulty_worker.py")))
"""A worker that does what the picture's own bytes say."""


@dataclass
class Host:
    """A server that runs."""

    port: int
    pool: Pool
    stop: Callable[[], None]
    """Tells it to end."""

    address: str = "127.0.0.1"
    """Where it listens."""

    log: list[dict[str, Any]] = field(default_factory=list)
    """What it has logged."""

    logged: threading.Condition = field(default_factory=threading.Condition)

    def ask(self, method, path, body=None, **headers):
        """Send a request on a connection of its own, and read the answer."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=20)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()

    def connect(self):
        """Open a connection."""
        import socket

        return socket.create_connection((self.address, self.port), timeout=20)

    def say(self, data):
        """Send bytes on a connection of their own; the answer, and whether it was closed then."""
        with self.connect() as connection:
            connection.sendall(data)
            reply = reply_on(connection)
            connection.settimeout(0.2)
            try:
                return reply, connection.recv(1) == b""
            except TimeoutError:
                return reply, False

    def wait_for_log(self, count):
        """Wait until so many requests were logged, and give the last."""
        with self.logged:
            assert self.logged.wait_for(lambda: len(self.log) >= count, timeout=20)
        return self.log[count - 1]

    def take(self, entry):
        """Be told of a request."""
        with self.logged:
            self.log.append(entry)
            self.logged.notify_all()


@contextmanager
def hosted(limits=None, workers=1, access=None, files=None, command=COMMAND, address="127.0.0.1"):
    """Run a server, from when it answers to the end of the block."""
    limits = limits or ServerLimits()
    pool = Pool(workers, limits, command)
    listener = bind(address, 0)
    running, is_ready, failures = [], threading.Event(), []
    host = Host(
        listener.getsockname()[1], pool, lambda: setattr(running[0], "should_exit", True), address
    )
    app = create_app(pool, limits, access or Access(), files, host.take)

    def on_ready(server):
        running.append(server)
        is_ready.set()

    def work():
        try:
            asyncio.run(serve(listener, app, pool, limits, on_ready))
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            is_ready.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert is_ready.wait(60)
    assert not failures
    try:
        yield host
    finally:
        host.stop()
        thread.join(30)
    assert not failures
