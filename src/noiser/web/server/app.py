"""The application: the page and the HTTP API.

    POST /v1/enhance     a picture in, the enhanced picture out
    POST /v1/measure     a picture in, its light and moments out as JSON
    GET  /v1/looks       looks, knobs and presets
    GET  /healthz        whether the server is ready
    GET  /metrics        what it counts, for Prometheus
    GET  /openapi.json   the description of all this
    GET  /docs           the same for people
    GET  /               the page

Limits are in `limits.py`, errors in `errors.py`, fields in `parameters.py`. Nothing in a
request names a file or an address; nothing of one is written to disk.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive

from noiser.io.formats import suffix_of
from noiser.jobs.workers.async_pool import Pool
from noiser.jobs.workers.frames import Heard, Told
from noiser.web.page_files import facts
from noiser.web.server.access_control import Access
from noiser.web.server.docs_page import POLICY, docs_page
from noiser.web.server.errors import BY_IMAGE_ERROR, ClientLeftError, RefusedError
from noiser.web.server.http.request_body import Held, check_length, left, read_picture
from noiser.web.server.http.response import Answer
from noiser.web.server.limits import ServerLimits
from noiser.web.server.metrics import MEDIA_TYPE, Metrics
from noiser.web.server.middleware import Guard, Log
from noiser.web.server.openapi import description
from noiser.web.server.parameters import (
    MEDIA_TYPES,
    Parameter,
    Wanted,
    accepted_format,
    enhance_parameters,
    look_parameters,
    values_of,
    wanted_of,
)
from noiser.web.server.static_files import Site, file_of

NO_STORE = {"Cache-Control": "no-store"}
"""Pictures stay with whom they belong to."""


def create_app(
    pool: Pool,
    limits: ServerLimits,
    access: Access,
    files: Mapping[str, bytes] | None,
    log: Log,
) -> ASGIApp:
    """Build the application.

    Args:
        pool: Does the work; must be running when requests come.
        limits: Of requests.
        access: Whose requests are answered.
        files: The page's, by path; None serves no page.
        log: Is told of each request.
    """
    metrics = Metrics()
    api = _Api(pool, limits, metrics)
    routes = [
        Route("/v1/enhance", api.enhance, methods=["POST"]),
        Route("/v1/measure", api.measure, methods=["POST"]),
        Route("/v1/looks", api.looks),
        Route("/healthz", api.health),
        Route("/metrics", api.metrics),
        Route("/openapi.json", api.openapi),
        Route("/docs", api.docs),
    ]
    if files is not None:
        site = Site(files)
        routes += [Route(path, site.get) for path in site.paths]
    return Guard(Router(routes, redirect_slashes=False), access, limits, metrics, log)


class _Api:
    """The endpoints."""

    def __init__(self, pool: Pool, limits: ServerLimits, metrics: Metrics) -> None:
        self._pool, self._limits, self._metrics = pool, limits, metrics
        self._held = Held(limits.max_held_bytes)
        self._docs = file_of("docs.html", docs_page(description(limits)), POLICY)
        self._looks = {name: told for name, told in facts().items() if name != "constants"}

    async def enhance(self, request: Request) -> Response:
        """Enhance a picture."""
        accepted = accepted_format(request.headers.get("accept", "*/*"))
        heard, made = await self._done("enhance", request, enhance_parameters(), accepted)
        suffix = suffix_of(heard["format"])
        headers = NO_STORE | {
            "Content-Type": MEDIA_TYPES[heard["format"]],
            "Content-Disposition": f'inline; filename="enhanced{suffix}"',
        }
        if heard["note"]:
            headers["Noiser-Note"] = ascii(heard["note"])[1:-1]
        return Answer(made, headers, self._limits, self._held)

    async def measure(self, request: Request) -> Response:
        """Measure a picture."""
        heard, _ = await self._done("measure", request, look_parameters(), None)
        return JSONResponse(heard, headers=NO_STORE)

    async def looks(self, _: Request) -> Response:
        """Tell looks, knobs and presets."""
        return JSONResponse(self._looks)

    async def health(self, _: Request) -> Response:
        """Tell whether the server can take pictures."""
        if self._pool.is_draining:
            return JSONResponse({"status": "draining"}, 503, headers=NO_STORE)
        return JSONResponse({"status": "ready", "workers": self._pool.ready}, headers=NO_STORE)

    async def metrics(self, _: Request) -> Response:
        """Tell what is counted."""
        pool = self._pool
        gauges = {
            "queue_length": ("Requests that wait for a worker.", pool.waiting),
            "workers_ready": ("Worker processes that are there.", pool.ready),
            "workers_busy": ("Worker processes with a picture in work.", pool.working),
            "held_bytes": ("Bodies and answers in memory.", self._held.bytes),
        }
        counters = {"worker_restarts_total": ("Worker processes replaced.", pool.restarts)}
        return Response(
            self._metrics.text(gauges, counters), headers={"Content-Type": MEDIA_TYPE} | NO_STORE
        )

    async def openapi(self, request: Request) -> Response:
        """Describe the API."""
        return JSONResponse(description(self._limits, request.scope.get("root_path", "")))

    async def docs(self, request: Request) -> Response:
        """Describe the API to people."""
        return self._docs.answer(request)

    async def _done(
        self,
        job: str,
        request: Request,
        parameters: Mapping[str, Parameter],
        accepted: str | None,
    ) -> Heard:
        """Read a request, and have its picture done."""
        limits = self._limits
        values = values_of(_query(request, limits), parameters)
        check_length(request, limits)
        self._pool.check_room()
        with self._held.holding() as share:
            picture, fields = await read_picture(request, limits, share)
            if fields:
                pairs = [*_query(request, limits), *fields]
                values = values_of(pairs, parameters)
            told = _told(job, wanted_of(values, accepted), limits)
            heard, made = await self._worked(told, picture, request.receive)
        if "error" in heard:
            raise _refused(heard)
        return heard, made

    async def _worked(self, told: Told, picture: bytes, receive: Receive) -> Heard:
        """Have a picture done as long as its client is there."""
        working = asyncio.create_task(self._pool.run(told, picture))
        leaving = asyncio.create_task(left(receive))
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ClientLeftError
            return working.result()
        finally:
            working.cancel()
            leaving.cancel()


def _query(request: Request, limits: ServerLimits) -> list[tuple[str, str]]:
    """Read the fields of the address."""
    text = request.scope["query_string"].decode("ascii", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=limits.max_fields)
    except ValueError:
        raise RefusedError(
            "bad_parameter", f"more than {limits.max_fields} fields; that is the limit"
        ) from None


def _told(job: str, wanted: Wanted, limits: ServerLimits) -> Told:
    """Say to a worker what to do."""
    return {
        "do": job,
        **asdict(wanted),
        "options": dict(wanted.options),
        "limits": asdict(limits.picture),
        "max_weight": limits.max_weight,
    }


def _refused(heard: Told) -> Exception:
    """Say why a worker could not use a picture."""
    code = BY_IMAGE_ERROR.get(heard["error"])
    if code is None:
        return RuntimeError(heard["message"])
    return RefusedError(code, heard["message"])
