"""Running: bind an address, start the workers, serve until a signal says otherwise."""

import asyncio
import functools
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from noiser.core.errors import MachineError
from noiser.jobs.workers.async_pool import Pool
from noiser.jobs.workers.process import COMMAND
from noiser.web.server.access_control import Access
from noiser.web.server.app import create_app
from noiser.web.server.http.protocol import Protocol
from noiser.web.server.limits import ServerLimits
from noiser.web.server.middleware import Log

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Signals that end the server, and its exit code where a second one does."""


def bind(host: str, port: int) -> socket.socket:
    """Bind a listening socket.

    Args:
        host: A name or an address.
        port: Its number; 0 takes any that is free.

    Raises:
        MachineError: The address is in use, or is none of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        raise MachineError(f"{host}:{port} cannot be used: {error.strerror or error}") from error


def url_of(listener: socket.socket) -> str:
    """Write a listening socket's address as a browser takes it."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run(
    listener: socket.socket,
    workers: int,
    limits: ServerLimits,
    access: Access,
    *,
    files: Mapping[str, bytes] | None,
    log: Log,
    on_ready: Callable[["Server"], None],
    command: Sequence[str] = COMMAND,
) -> None:
    """Serve until a signal ends it.

    Args:
        listener: A bound socket; closed in the end.
        workers: Processes that compute.
        limits: All limits.
        access: Whose requests are answered.
        files: The page's, by path; None serves no page.
        log: Is told of each request.
        on_ready: Is called when requests are answered.
        command: Starts a worker, see `Pool`.

    Raises:
        MachineError: The workers cannot start.
    """
    pool = Pool(workers, limits, command)
    app = create_app(pool, limits, access, files, log)
    asyncio.run(serve(listener, app, pool, limits, on_ready))


async def serve(
    listener: socket.socket,
    app: ASGIApp,
    pool: Pool,
    limits: ServerLimits,
    on_ready: Callable[["Server"], None],
) -> None:
    """Serve until the server is told to end, then finish what is in work.

    Args:
        listener: A bound socket; closed in the end.
        app: From `create_app`.
        pool: Of the application.
        limits: Of connections.
        on_ready: Is called when requests are answered.

    Raises:
        MachineError: The workers cannot start.
    """
    for name in ("uvicorn", "python_multipart"):  # what they say of requests, the log says
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    config = uvicorn.Config(
        app,
        http=functools.partial(Protocol, limits),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=limits.drain_seconds,  # type: ignore[arg-type]
        h11_max_incomplete_event_size=limits.max_header_bytes,
    )
    with listener:
        async with pool:
            await Server(config, pool, on_ready).serve(sockets=[listener])


class Server(uvicorn.Server):
    """uvicorn's server, whose requests that wait do not hold up its end."""

    def __init__(
        self, config: uvicorn.Config, pool: Pool, on_ready: Callable[["Server"], None]
    ) -> None:
        super().__init__(config)
        self._pool, self._on_ready = pool, on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._on_ready(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to listen, refuse what waits, and finish what is in work."""
        self._pool.drain()
        await super().shutdown(sockets)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End gently; the second time at once, as all of noiser does."""
        if self.should_exit:
            os._exit(SIGNALS[signal.Signals(number)])
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let signals end the server, and not the process with it."""
        if threading.current_thread() is not threading.main_thread():
            yield  # they are its process's own
            return
        before = {number: signal.getsignal(number) for number in SIGNALS}
        for number in SIGNALS:
            signal.signal(number, lambda number, _: self.stop(number))
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
