"""Access: a page of another site reaches nothing, and without the token nobody does."""

import pytest
from starlette.datastructures import Headers

from noiser.web.server.access_control import LOOPBACK, Access, origin_of
from noiser.web.server.errors import RefusedError

HERE = "127.0.0.1:8765"

TOKEN = "0123456789abcdef"  # noqa: S105


def outcome(access, method="GET", path="/", **headers):
    """Check a request, and give the code of its refusal."""
    named = {name.replace("_", "-"): value for name, value in ({"host": HERE} | headers).items()}
    try:
        access.check(method, path, Headers(named))
    except RefusedError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "host", [HERE, "localhost", "LOCALHOST:1", "[::1]:8765", "127.0.0.1", "localhost:8765"]
)
def test_a_machines_own_names_are_ours(host):
    assert outcome(Access(), host=host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:8765", "", "192.168.0.7", "[", "user@evil.example"],
)
def test_another_name_is_not(host):
    """A site whose name leads to this machine gets nothing of it (DNS rebinding)."""
    assert outcome(Access(), host=host) == "wrong_host"


def test_a_request_without_a_host_is_refused():
    with pytest.raises(RefusedError, match="Host is ''"):
        Access().check("GET", "/", Headers({}))


def test_names_can_be_added():
    access = Access(LOOPBACK | {"noiser.example"})

    assert outcome(access, host="noiser.example:443") is None


def test_numeric_addresses_are_ours_where_that_is_said():
    """No other site's page has such a name."""
    access = Access(any_address=True)

    assert outcome(access, host="192.168.0.7:8765") is None
    assert outcome(access, host="[fe80::1]:8765") is None
    assert outcome(access, host="evil.example") == "wrong_host"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:80", "http://["]
)
def test_a_page_of_another_site_cannot_send(origin):
    """Browsers say where a request comes from."""
    assert outcome(Access(), "POST", "/v1/enhance", origin=origin) == "forbidden_origin"


ALLOWED = Access(origins=frozenset({"https://photos.example"}))

ASKING = {"access-control-request-method": "POST"}


def test_a_page_of_an_allowed_origin_can_send():
    assert outcome(ALLOWED, "POST", "/v1/enhance", origin="https://photos.example") is None


@pytest.mark.parametrize(
    "origin",
    ["http://photos.example", "https://photos.example:8443", "https://a.photos.example",
     "https://photos.example.evil", "https://photos.exampl", "null", "*", ""],
)  # fmt: skip
def test_an_origin_is_allowed_exactly(origin):
    headers = Headers({"host": HERE, "origin": origin})

    assert outcome(ALLOWED, "POST", "/v1/enhance", origin=origin) == "forbidden_origin"
    assert outcome(ALLOWED, "OPTIONS", "/v1/looks", origin=origin, **ASKING) == "forbidden_origin"
    assert ALLOWED.shared("/v1/looks", headers) == {"Vary": "Origin"}


def test_browsers_ask_without_the_token():
    access = Access(token=TOKEN, origins=ALLOWED.origins)
    origin = "https://photos.example"

    assert outcome(access, "OPTIONS", "/v1/enhance", origin=origin, **ASKING) is None
    assert outcome(access, "OPTIONS", "/v1/enhance", origin=origin) == "unauthorized"
    assert outcome(access, "OPTIONS", "/metrics", origin=origin, **ASKING) == "unauthorized"


def test_without_allowed_origins_no_answer_is_shared():
    headers = Headers({"host": HERE, "origin": "https://photos.example"})

    assert Access().shared("/v1/looks", headers) == {}
    assert ALLOWED.shared("/metrics", headers) == {}


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://photos.example", "https://photos.example"),
        ("HTTPS://Photos.Example:443", "https://photos.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://localhost:80", "http://localhost"),
        ("https://photos.example:80", "https://photos.example:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
    ],
)
def test_an_origin_is_written_as_browsers_do(text, origin):
    assert origin_of(text) == origin


@pytest.mark.parametrize(
    "text",
    ["*", "https://*.photos.example", "https://*", "photos.example", "https://photos.example/",
     "https://photos.example/page", "https://user@photos.example", "null", "", "https://",
     "https://photos.example:0", "https://photos.example:65536", "https://fotoś.example",
     "https://a.example https://b.example", "https://a.example,https://b.example",
     "https://photos.example?", "https://photos..example", "file://"],
)  # fmt: skip
def test_what_is_no_single_origin_is_refused(text):
    with pytest.raises(ValueError, match=r"is no origin; it must be scheme://host or scheme"):
        origin_of(text)


def test_our_own_page_can_send():
    assert outcome(Access(), "POST", "/v1/enhance", origin=f"http://{HERE}") is None


def test_reading_needs_no_origin_of_ours():
    """Without CORS headers the browser shows other sites nothing."""
    assert outcome(Access(), "GET", "/v1/looks", origin="http://evil.example") is None


@pytest.mark.parametrize("path", ["/v1/enhance", "/v1/looks", "/metrics"])
def test_without_the_token_the_api_is_closed(path):
    access = Access(token=TOKEN)

    assert outcome(access, path=path) == "unauthorized"
    assert outcome(access, path=path, authorization="Bearer 0123456789abcdeX") == "unauthorized"
    assert outcome(access, path=path, authorization="0123456789abcdef") == "unauthorized"
    assert outcome(access, path=path, authorization="Bearer 0123456789abcdef") is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "])
def test_the_scheme_of_the_token_is_known_in_any_case(scheme):
    """RFC 9110, section 11.1; more spaces than one may follow it (11.4)."""
    access = Access(token=TOKEN)

    assert outcome(access, path="/metrics", authorization=f"{scheme} {TOKEN}") is None
    assert outcome(access, path="/metrics", authorization=f"{scheme} {TOKEN[:-1]}") is not None


@pytest.mark.parametrize(
    "value", [f"Basic {TOKEN}", f"Bearer{TOKEN}", "bearer", "", f"Bearer {TOKEN.upper()}"]
)
def test_another_scheme_and_a_token_in_another_case_are_refused(value):
    assert outcome(Access(token=TOKEN), path="/metrics", authorization=value) == "unauthorized"


@pytest.mark.parametrize("path", ["/", "/index.html", "/healthz", "/openapi.json"])
def test_page_and_health_are_open(path):
    assert outcome(Access(token=TOKEN), path=path) is None


def test_the_refusal_says_how_to_send_the_token():
    with pytest.raises(RefusedError) as caught:
        Access(token=TOKEN).check("GET", "/metrics", Headers({"host": HERE}))

    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}
