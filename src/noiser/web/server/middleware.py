"""The guard: stands before the application, and sees every request and every answer."""

import re
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noiser.core.errors import sentence
from noiser.jobs.workers.async_worker import PoolError
from noiser.web.server.access_control import PREFLIGHT, Access, is_preflight
from noiser.web.server.errors import ClientLeftError, RefusedError, new_id
from noiser.web.server.http.request_path import path_of
from noiser.web.server.limits import ServerLimits
from noiser.web.server.metrics import Metrics

CLIENT_LEFT = 499
"""Logged and counted where nobody was left to be answered; nginx's number."""

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
"""What a client may call its request."""

HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}
"""Codes of the router's own refusals."""

Log = Callable[[dict[str, Any]], None]
"""Takes one entry of the log: what can be said in JSON."""


class Guard:
    """Answers what may be answered, in one shape where it fails, and counts and logs it.

    Args:
        app: Answers requests; may raise `RefusedError`, `PoolError`, `ClientLeftError` and
            anything else.
        access: Whose requests are passed on.
        limits: Of the headers.
        metrics: Counts.
        log: Is told of each request.
    """

    def __init__(
        self, app: ASGIApp, access: Access, limits: ServerLimits, metrics: Metrics, log: Log
    ) -> None:
        self._app, self._access, self._limits = app, access, limits
        self._metrics, self._log = metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        visit = _Visit(scope, receive, send)
        visit.shared = self._access.shared(visit.path, visit.headers)
        scope["app"] = self  # so that the router raises what it refuses
        self._metrics.in_flight += 1
        start, fault = time.perf_counter(), None
        try:
            fault = await self._answer(visit)
        finally:
            seconds = time.perf_counter() - start
            self._metrics.in_flight -= 1
            self._metrics.finish(visit.status, seconds, visit.received, visit.sent)
            entry = {
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "id": visit.id,
                "method": scope["method"],
                "path": scope["path"][:200],
                "status": visit.status,
                "bytes": visit.sent,
                "ms": round(1000 * seconds, 1),
            }
            self._log(entry | ({"fault": fault} if fault else {}))

    async def _answer(self, visit: "_Visit") -> str | None:
        """Pass a request on, or refuse it; tells of a fault of ours."""
        fault = None
        try:
            self._check(visit)
            if is_preflight(visit.scope["method"], visit.path, visit.headers):
                await Response(None, 204, PREFLIGHT)(visit.scope, visit.receive, visit.send)
                return None
            await self._app(visit.scope, visit.receive, visit.send)
            return None
        except RefusedError as raised:
            refusal = raised.with_traceback(None)  # its frames hold the body
        except PoolError as raised:
            lost = raised.with_traceback(None)  # as above
            refusal = RefusedError(lost.code, str(lost))
        except HTTPException as error:
            refusal = _by_router(error, visit.scope)
        except ClientLeftError:
            visit.status = CLIENT_LEFT
            return None
        except Exception as error:  # noqa: BLE001 - the server's boundary
            refusal = RefusedError("fault", "a fault of noiser; its log has more under this id")
            fault = f"{type(error).__name__}: {_place(error)}"
        self._metrics.refuse(refusal.code)
        if not visit.status:
            await refusal.response(visit.id)(visit.scope, visit.receive, visit.send)
        return fault

    def _check(self, visit: "_Visit") -> None:
        """Refuse what no endpoint is to see."""
        scope, headers = visit.scope, visit.headers
        size = len(scope["raw_path"]) + len(scope["query_string"])
        size += sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if size > self._limits.max_header_bytes:
            raise RefusedError(
                "headers_too_large",
                f"{size} bytes of headers; the limit is {self._limits.max_header_bytes}",
                closes=True,
            )
        if "transfer-encoding" in headers and "content-length" in headers:
            raise RefusedError(
                "bad_request",
                "Transfer-Encoding and Content-Length contradict each other; send one of them",
                closes=True,
            )
        self._access.check(scope["method"], visit.path, headers)


class _Visit:
    """One request, and what has become of it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.headers = Headers(scope=scope)
        self.path = path_of(scope)
        given = self.headers.get("x-request-id", "")
        self.id = given if REQUEST_ID.fullmatch(given) else new_id()
        self.shared: dict[str, str] = {}
        """Headers that say which pages may read the answer."""

        self.status = 0
        """Of the answer; 0 until it begins."""

        self.received = 0
        """Of the body [bytes]."""

        self.sent = 0
        """Of the answer's body [bytes]."""

    async def receive(self) -> Message:
        """Take in a message, and count."""
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Send a message, with the headers that every answer has, and count."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            common = [
                (b"x-request-id", self.id.encode("ascii")),
                (b"x-content-type-options", b"nosniff"),
                *((name.lower().encode(), v.encode("latin-1")) for name, v in self.shared.items()),
            ]
            # What is still to come of a body would be taken for the next request.
            if self.scope.get("state", {}).get("is_unread", bool)():
                common.append((b"connection", b"close"))
            message = {**message, "headers": [*message["headers"], *common]}
        else:
            self.sent += len(message.get("body", b""))
        await self._send(message)


def _by_router(error: HTTPException, scope: Scope) -> RefusedError:
    """Say in our words what the router refused."""
    code = HTTP_CODES[error.status_code]
    if code == "not_found":
        return RefusedError(code, "there is nothing here; /openapi.json lists what there is")
    allowed = ", ".join(sorted((error.headers or {})["Allow"].split(", ")))
    return RefusedError(
        code,
        f"{scope['method'][:20]!a} is not allowed here; use {allowed}",
        {"Allow": allowed},
    )


def _place(error: BaseException) -> str:
    """Say what went wrong, and where in the source."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
    return f"{sentence(error)} ({line})"
