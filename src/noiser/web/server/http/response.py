"""Answers: pictures that go out in pieces."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from noiser.web.server.http.request_body import Held
from noiser.web.server.limits import ServerLimits


class Answer(Response):
    """A picture as an answer.

    A piece goes out when the client has taken the one before; `Protocol` closes the connection
    of a client that does not take one in `write_seconds`.

    Args:
        data: The picture's file.
        headers: Of the answer.
        limits: How fast it must be taken.
        held: Counts it until the last piece is out.
    """

    def __init__(
        self, data: bytearray, headers: Mapping[str, str], limits: ServerLimits, held: Held
    ) -> None:
        super().__init__(headers={**headers, "Content-Length": str(len(data))})
        self._data, self._held = data, held
        self.piece = piece_of(len(data), limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        data, self._data = self._data, bytearray()
        with self._held.holding() as share:
            share.count(len(data))
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            for start in range(0, len(data), self.piece):
                stop = start + self.piece
                piece = bytes(memoryview(data)[start:stop])
                more = stop < len(data)
                await send({"type": "http.response.body", "body": piece, "more_body": more})


def piece_of(size: int, limits: ServerLimits) -> int:
    """Say how much a client must take in `write_seconds` [bytes].

    So much that the least rate is kept, and that all is taken in `answer_seconds`.

    Args:
        size: Of the answer [bytes].
        limits: The rates.
    """
    share = limits.write_seconds / limits.answer_seconds
    return max(int(limits.least_rate * limits.write_seconds), int(size * share), 1)
