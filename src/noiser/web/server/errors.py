"""Refusals: every way in which a request can fail, its code and its status, in one table."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

from starlette.responses import JSONResponse


@dataclass(frozen=True)
class Code:
    """What a code stands for."""

    status: int
    """Of HTTP."""

    meaning: str
    """One line, for the API's description."""


CODES = {
    "bad_request": Code(400, "The request is not sound HTTP."),
    "bad_parameter": Code(400, "A field is unknown, repeated, or has a value that is not allowed."),
    "bad_form": Code(400, "The form is damaged, or is not one picture with a few fields."),
    "unauthorized": Code(401, "The token is missing or wrong."),
    "forbidden_origin": Code(403, "A page of another site sent the request."),
    "not_found": Code(404, "There is nothing at this path."),
    "method_not_allowed": Code(405, "The path has other methods; the header Allow lists them."),
    "not_acceptable": Code(406, "The header Accept allows no format that is written."),
    "timeout": Code(408, "The body came too slowly."),
    "too_large": Code(413, "The body or the picture is above a limit."),
    "unsupported": Code(415, "The body is no kind of image that noiser reads."),
    "wrong_host": Code(421, "The header Host names another server."),
    "damaged": Code(422, "The body starts like an image and does not hold one."),
    "not_writable": Code(422, "The format cannot hold the result."),
    "busy": Code(429, "All workers are busy and enough requests wait; try again later."),
    "headers_too_large": Code(431, "The headers are above the limit."),
    "fault": Code(500, "A fault of noiser; its log says more."),
    "worker_lost": Code(503, "The process that worked on the picture ended."),
    "too_slow": Code(503, "The picture took too long."),
    "draining": Code(503, "The server is about to end."),
    "crowded": Code(503, "Too many connections are open."),
}
"""All codes of errors. A code never changes its meaning; new ones may join."""

RETRIED = (429, 503)
"""Statuses whose answers say when to try again."""

RETRY_SECONDS = cycle((1, 2, 3))
"""When to try again [s], told in turn: who was refused at once is not to come back at once."""

BY_IMAGE_ERROR = {
    "UnsupportedError": "unsupported",
    "MissingExtraError": "unsupported",
    "LimitError": "too_large",
    "DecodeError": "damaged",
    "OutputError": "not_writable",
}
"""Codes by the errors that the engine raises about a picture."""


class RefusedError(Exception):
    """A request that is answered with an error.

    Args:
        code: One of `CODES`.
        message: One sentence for the client.
        headers: More of the answer's headers.
        closes: Whether the connection ends with it, because what follows cannot be trusted.
    """

    def __init__(
        self,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        closes: bool = False,
    ) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.status = CODES[code].status
        self.headers = dict(headers or {})
        if closes:
            self.headers["Connection"] = "close"
        if self.status in RETRIED:
            self.headers["Retry-After"] = str(next(RETRY_SECONDS))

    def response(self, request_id: str) -> JSONResponse:
        """Make the answer."""
        return JSONResponse(self.body(request_id), self.status, headers=self.headers)

    def body(self, request_id: str) -> dict[str, dict[str, str]]:
        """Make the answer's content: the one shape that all errors have."""
        told = {"code": self.code, "message": self.message, "request_id": request_id}
        return {"error": told}


class ClientLeftError(Exception):
    """Nobody is there any more to be answered."""


def new_id() -> str:
    """Make a request's id."""
    return secrets.token_hex(8)
