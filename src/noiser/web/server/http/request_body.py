"""Bodies: read as they stream in, within limits of size, of time and of memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager

from starlette.requests import Request
from starlette.types import Receive

from noiser.jobs.workers.memory import give_back
from noiser.web.server.errors import ClientLeftError, RefusedError
from noiser.web.server.http.multipart import FormReader
from noiser.web.server.limits import ServerLimits

LARGE = 4 << 20
"""From here on what a request held is handed back to the system [bytes]."""

PAUSE = 0.5
"""Before it is: many requests are one effort [s]."""


class Held:
    """Counts what the bodies and answers of all clients hold of memory.

    Args:
        limit: At most [bytes].
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._returning: asyncio.TimerHandle | None = None
        self.bytes = 0
        """Held now [bytes]."""

    @contextmanager
    def holding(self) -> Iterator["Share"]:
        """Count for one request, and give all back in the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.bytes -= share.bytes
            if share.bytes > LARGE and self._returning is None:
                loop = asyncio.get_running_loop()
                self._returning = loop.call_later(PAUSE, self._return)

    def take(self, count: int) -> None:
        """Count more.

        Raises:
            RefusedError: It would be too much.
        """
        if self.bytes + count > self._limit:
            raise RefusedError("busy", "other pictures fill the memory; try again later")
        self.bytes += count

    def _return(self) -> None:
        """Hand memory back to the system, when those who held it have let it go."""
        self._returning = None
        give_back()


class Share:
    """What one request holds of it."""

    def __init__(self, held: Held) -> None:
        self._held, self.bytes = held, 0

    def take(self, count: int) -> None:
        """Count more of a body, as `Held.take`."""
        self._held.take(count)
        self.bytes += count

    def count(self, count: int) -> None:
        """Count an answer: it is there, whether there is room or not."""
        self._held.bytes += count
        self.bytes += count


async def read_picture(
    request: Request, limits: ServerLimits, share: Share
) -> tuple[bytes, list[tuple[str, str]]]:
    """Read a picture that was sent as the body itself, or in a form.

    Args:
        request: Its body is read while it comes; what is above a limit is not read at all.
        limits: The limits.
        share: Counts the memory.

    Returns:
        The picture's file, and the fields beside it.

    Raises:
        RefusedError: It is too large, too slow, or no form as it should be.
        ClientLeftError: It was not complete.
    """
    check_length(request, limits)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise RefusedError("unsupported", "the body is compressed; send the picture as it is")
    chunks = _chunks(request.receive, limits, share)
    kind = request.headers.get("content-type", "")
    if not kind.lower().lstrip().startswith("multipart/"):
        return b"".join([chunk async for chunk in chunks]), []
    with closing(FormReader(kind, limits)) as form:
        async for chunk in chunks:
            form.write(chunk)
        return form.finish()


def check_length(request: Request, limits: ServerLimits) -> None:
    """Refuse a body that says itself that it is too large, before it is read."""
    length = request.headers.get("content-length", "0")
    if int(length) > limits.max_body_bytes:
        raise _too_large(f"{length} bytes", limits)


async def _chunks(receive: Receive, limits: ServerLimits, share: Share) -> AsyncIterator[bytes]:
    """Give a body's bytes as they come."""
    start, size, more = asyncio.get_running_loop().time(), 0, True
    while more:
        allowed = min(limits.body_seconds, limits.grace_seconds + size / limits.least_rate)
        try:
            async with asyncio.timeout_at(start + allowed):
                message = await receive()
        except TimeoutError:
            raise RefusedError(
                "timeout",
                f"{size} bytes came in {allowed:.3g} seconds; at least {limits.least_rate} a "
                f"second must come, and all in {limits.body_seconds:g} seconds",
                closes=True,
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > limits.max_body_bytes:
            raise _too_large(f"more than {limits.max_body_bytes} bytes", limits)
        share.take(len(chunk))
        yield chunk


def _too_large(found: str, limits: ServerLimits) -> RefusedError:
    """Say that a body is too large, whether it said so itself or not."""
    return RefusedError(
        "too_large", f"{found}; the limit of a body is {limits.max_body_bytes}", closes=True
    )


async def left(receive: Receive) -> None:
    """Wait until the client has left; its body must have been read."""
    message = await receive()
    assert message["type"] == "http.disconnect"  # noqa: S101
