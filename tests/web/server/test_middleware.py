"""The guard before the application: which pages of other sites may use the API, and how far."""

import json

import pytest
from browsing import StaticHost, chromium, needs_chromium
from hosting import FAULTY, hosted

from noiser.web.server.access_control import Access

SITE = "https://photos.example"
OTHER = "https://other.example"
TOKEN = "a-token-of-24-characters"  # noqa: S105
READABLE = "Content-Disposition, Noiser-Note, Retry-After, WWW-Authenticate, X-Request-Id"


@pytest.fixture(scope="module")
def host():
    """A server that two sites may use, with a token; its worker gives back what it gets."""
    access = Access(token=TOKEN, origins=frozenset({SITE, "http://localhost:3000"}))
    with hosted(access=access, command=FAULTY) as found:
        yield found


@pytest.fixture(scope="module")
def closed():
    """A server as it is by default."""
    with hosted(command=FAULTY) as found:
        yield found


def shared(reply):
    """Give the headers that speak to browsers."""
    return {n: v for n, v in reply.headers.items() if n.startswith("access-control") or n == "vary"}


def asked(host, path="/v1/enhance", origin=SITE):
    """Ask as a browser does before it sends."""
    wanted = {"Access_Control_Request_Method": "POST"}
    wanted["Access_Control_Request_Headers"] = "authorization,content-type"
    return host.ask("OPTIONS", path, Origin=origin, **wanted)


@pytest.mark.parametrize("path", ["/v1/enhance", "/v1/measure", "/v1/looks", "/v1/later"])
@pytest.mark.parametrize("origin", [SITE, "http://localhost:3000"])
def test_a_browser_that_asks_is_told_what_a_page_may_send(host, path, origin):
    reply = asked(host, path, origin)

    assert (reply.status, reply.body) == (204, b"")
    assert shared(reply) == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "Authorization, Content-Type, X-Request-Id",
        "access-control-max-age": "7200",
        "access-control-expose-headers": READABLE,
        "vary": "Origin",
    }


def test_an_answer_can_be_read_with_the_headers_that_the_api_adds(host):
    reply = host.ask("POST", "/v1/enhance", b"ok", Origin=SITE, Authorization=f"Bearer {TOKEN}")

    assert reply.status == 200
    assert shared(reply) == {
        "access-control-allow-origin": SITE,
        "access-control-expose-headers": READABLE,
        "vary": "Origin",
    }


def test_a_refusal_can_be_read_too(host):
    """A page should know that it is to wait, or that its token is wrong."""
    reply = host.ask("POST", "/v1/enhance", b"ok", Origin=SITE)

    assert reply.status == 401
    assert shared(reply)["access-control-allow-origin"] == SITE


def test_credentials_are_never_allowed(host):
    """Nor is every origin: what a browser adds by itself, as cookies, proves nothing here."""
    for reply in (asked(host), host.ask("GET", "/v1/looks", Origin=SITE)):
        assert "access-control-allow-credentials" not in reply.headers
        assert reply.headers["access-control-allow-origin"] != "*"


def test_another_origin_is_refused_as_ever(host, closed):
    for server in (host, closed):
        for reply in (asked(server, origin=OTHER), server.ask("POST", "/v1/enhance", Origin=OTHER)):
            assert reply.status == 403
            assert json.loads(reply.body)["error"]["code"] == "forbidden_origin"
            assert "access-control-allow-origin" not in reply.headers


def test_caches_are_told_that_answers_differ_by_origin(host, closed):
    """Also where none was sent: the same answer must not serve a page that sends one."""
    assert shared(host.ask("GET", "/v1/looks")) == {"vary": "Origin"}
    assert shared(host.ask("GET", "/v1/looks", Origin=OTHER)) == {"vary": "Origin"}
    assert shared(closed.ask("GET", "/v1/looks", Origin=SITE)) == {}


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/openapi.json"])
def test_what_is_not_the_api_is_not_shared(host, path):
    assert shared(host.ask("GET", path, Origin=SITE)) == {}


def test_what_does_not_ask_before_sending_is_another_method(closed):
    """OPTIONS of no browser is as ever."""
    assert closed.ask("OPTIONS", "/v1/enhance").status == 405
    assert closed.ask("OPTIONS", "/v1/enhance", Origin=SITE).status == 405
    assert asked(closed, "/healthz").status == 405


SENDING = """async ([address, token, kind]) => {
  const headers = { "Authorization": `Bearer ${token}`, "Content-Type": kind };
  try {
    const answer = await fetch(address, { method: "POST", body: "ok", headers });
    return [answer.status, await answer.text(), answer.headers.get("x-request-id")?.length];
  } catch (error) {
    return [error.name];
  }
}"""
"""What a page does; the token and the type make the browser ask first."""


@needs_chromium
def test_a_browser_lets_pages_of_allowed_origins_use_the_api_and_no_others():
    """Someone else's reading of the headers: Chromium's."""
    with (
        StaticHost({"empty.html": b"<p>"}) as allowed,
        StaticHost({"empty.html": b"<p>"}) as other,
        hosted(
            access=Access(token=TOKEN, origins=frozenset({allowed.address.rstrip("/")})),
            command=FAULTY,
        ) as host,
        chromium() as browser,
    ):
        page, found = browser.new_page(), {}
        for site in (allowed, other):
            page.goto(f"{site.address}empty.html")
            words = [f"http://127.0.0.1:{host.port}/v1/enhance", TOKEN, "image/jpeg"]
            found[site] = page.evaluate(SENDING, words)

    assert found[allowed] == [200, "ok", 16]
    assert found[other] == ["TypeError"]
    assert [(e["method"], e["status"]) for e in host.log if e["path"] == "/v1/enhance"] == [
        ("OPTIONS", 204), ("POST", 200), ("OPTIONS", 403),
    ]  # fmt: skip
