"""The protocol: uvicorn's, with the deadlines that it lacks (Kludex/uvicorn#157)."""

import asyncio
import json
import re
import socket
import struct
import sys
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from noiser.web.server.errors import RefusedError, new_id
from noiser.web.server.http.client_address import client_at
from noiser.web.server.limits import ServerLimits

TOO_LARGE = 431
"""How h11 marks headers without an end."""

LENGTHS = re.compile(rb"\ncontent-length[ \t]*:", re.IGNORECASE)
"""Headers that h11 joins in silence where they agree."""


class Protocol(H11Protocol):
    """Closes connections of clients that are too slow, too many, or that cannot be trusted.

    Headers must have come `header_seconds` after their first byte, and what is sent must be
    taken in `write_seconds`; bodies have their deadline where they are read.

    Args:
        limits: The deadlines.
        arguments: uvicorn's.
    """

    def __init__(self, limits: ServerLimits, **arguments: Any) -> None:
        state = {"is_unread": self._is_unread}
        super().__init__(**arguments | {"app_state": arguments["app_state"] | state})
        self._limits = limits
        self._heading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, if there are not too many."""
        self._end = _Lingering(transport, self._limits.linger_seconds, self._is_unread)
        super().connection_made(cast(asyncio.Transport, self._end))
        self.of_client = client_at(self.client[0]) if self.client else None
        most = self._limits.max_connections_per_client
        if len(self.connections) > self._limits.max_connections:
            self._refuse("crowded", "too many connections are open; try again later")
        elif self.of_client is not None and self._count_of_client() > most:
            self._refuse("crowded", f"your address has {most} connections open, which is the limit")
        else:
            self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Take in what the client sends."""
        if self.transport.is_closing():
            return  # whatever it is, nobody will answer
        if self.conn.their_state is h11.IDLE:
            head = (b"\n" + self.conn.trailing_data[0] + data).partition(b"\r\n\r\n")[0]
            if len(LENGTHS.findall(head)) > 1:
                self._refuse("bad_request", "Content-Length is there twice; send it once")
                return
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._heading = _without(self._heading)
        elif self._heading is None:
            self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._heading, self._writing = _without(self._heading), _without(self._writing)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Give the client time to take what waits for it."""
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        """Go on: it was taken."""
        super().resume_writing()
        self._writing = _without(self._writing)

    def on_response_complete(self) -> None:
        """Wait for the next request, and for the client to take the last of the answer."""
        super().on_response_complete()
        self._await_taking()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's
        """Refuse what is no HTTP; uvicorn calls it where h11 raised."""
        error = sys.exc_info()[1]
        if getattr(error, "error_status_hint", 400) == TOO_LARGE:
            most = self._limits.max_header_bytes
            self._refuse("headers_too_large", f"the headers are above {most} bytes, the limit")
        else:
            self._refuse("bad_request", f"the request is no sound HTTP: {error}")

    def _is_unread(self) -> bool:
        """Tell whether more is to come than what was understood: the rest of a body."""
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _count_of_client(self) -> int:
        """Count the open connections of the same client."""
        clients = (getattr(other, "of_client", None) for other in self.connections)
        return sum(client == self.of_client for client in clients)

    def _await_headers(self) -> None:
        """Close the connection if the headers do not come in time."""
        self._heading = self.loop.call_later(self._limits.header_seconds, self.transport.abort)

    def _await_taking(self) -> None:
        """Close the connection if the client does not take what waits for it."""
        _without(self._writing)
        self._writing = self.loop.call_later(self._limits.write_seconds, self._check_taken)

    def _check_taken(self) -> None:
        """See whether anything still waits."""
        if self.transport.get_write_buffer_size():
            end = self.transport.get_extra_info("socket")
            # The system would go on offering what it has, some megabytes, for minutes.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    def _refuse(self, code: str, message: str) -> None:
        """Answer without the application, and end the connection."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # it waits for the rest of a body that is damaged
            self.cycle.message_event.set()
        refusal = RefusedError(code, message)
        request_id = new_id()
        body = json.dumps(refusal.body(request_id)).encode("ascii")
        lines = [
            b"HTTP/1.1 %d %s" % (refusal.status, STATUS_PHRASES[refusal.status]),
            b"content-type: application/json",
            b"content-length: %d" % len(body),
            b"x-request-id: " + request_id.encode("ascii"),
            b"x-content-type-options: nosniff",
            b"connection: close",
            *(b"%s: %s" % (n.lower().encode(), v.encode()) for n, v in refusal.headers.items()),
        ]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self._end.linger()


class _Lingering:
    """A transport that, while the client still sends, closes only its own half at first.

    Closed at once, the system would answer what comes next with a reset, and with it many
    clients lose the answer that says why. What still comes is thrown away.
    """

    def __init__(self, transport: asyncio.Transport, seconds: float, is_unread: Any) -> None:
        self._transport, self._seconds, self._is_unread = transport, seconds, is_unread
        self._is_ending = False

    def __getattr__(self, name: str) -> Any:
        """Be the transport in all else."""
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Tell whether the end has begun."""
        return self._is_ending or self._transport.is_closing()

    def close(self) -> None:
        """End, when what was written is out."""
        if not self._is_unread():
            self._transport.close()
        elif not self.is_closing():
            self.linger()

    def linger(self) -> None:
        """End our half now, and the other a moment later."""
        self._is_ending = True
        self._transport.resume_reading()
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(self._seconds, self._transport.abort)


def _without(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Cancel a timer, if there is one; what is left is none."""
    if timer is not None:
        timer.cancel()
    return None
