"""Paths: what is guarded is what is routed, also where the application is mounted in another."""

import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from noiser.jobs.workers.async_pool import Pool
from noiser.web.server.access_control import Access
from noiser.web.server.app import create_app
from noiser.web.server.http.request_path import path_of
from noiser.web.server.limits import ServerLimits

TOKEN = "a-token-of-24-characters"  # noqa: S105
SITE = "https://photos.example"


@pytest.fixture(scope="module")
def mounted():
    """Another application that has noiser under a prefix; no worker is asked for anything."""
    limits = ServerLimits()
    access = Access(token=TOKEN, origins=frozenset({SITE}))
    files = {"index.html": b"<p>page", "js/app.js": b"1"}
    log = []
    app = create_app(Pool(1, limits), limits, access, files, log.append)
    return Starlette(routes=[Mount("/photos", app)])


def ask(app, method, path, **headers):
    """Send a request as servers hand it on (ASGI); its status and body."""
    sent = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    named = {"host": "localhost"} | {name.replace("_", "-"): v for name, v in headers.items()}
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "root_path": "", "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_the_token_guards_the_api_wherever_it_is_mounted(mounted):
    for path in ("/photos/v1/looks", "/photos/metrics"):
        assert ask(mounted, "GET", path)[0] == 401
        assert ask(mounted, "GET", path, Authorization=f"Bearer {TOKEN}")[0] == 200


def test_a_mounted_api_answers_browsers_that_ask(mounted):
    asking = {"Origin": SITE, "Access_Control_Request_Method": "POST"}

    assert ask(mounted, "OPTIONS", "/photos/v1/enhance", **asking) == (204, b"")


def test_a_mounted_page_has_its_files(mounted):
    assert ask(mounted, "GET", "/photos/") == (200, b"<p>page")
    assert ask(mounted, "GET", "/photos/index.html") == (200, b"<p>page")
    assert ask(mounted, "GET", "/photos/js/app.js") == (200, b"1")


def test_the_description_names_the_prefix(mounted):
    document = json.loads(ask(mounted, "GET", "/photos/openapi.json")[1])

    assert document["servers"] == [{"url": "/photos"}]


def test_no_header_of_a_client_is_trusted_to_name_it(mounted):
    """The server knows no proxy, so anybody could have sent it."""
    headers = {"X_Forwarded_Prefix": "/evil", "X_Forwarded_Host": "evil.example"}

    assert b"evil" not in ask(mounted, "GET", "/photos/openapi.json", **headers)[1]


@pytest.mark.parametrize(
    ("path", "prefix", "within"),
    [
        ("/a/v1/x", "/a", "/v1/x"),
        ("/a/", "/a", "/"),
        ("/ab/x", "/a", "/ab/x"),
        ("/a", "/a", "/a"),
        ("/v1/x", "", "/v1/x"),
        ("/b/v1/x", "/a", "/b/v1/x"),
    ],
)
def test_only_a_whole_prefix_is_taken_off(path, prefix, within):
    assert path_of({"path": path, "root_path": prefix}) == within
