"""Access: whose requests are answered; what a browser's other pages could send is not."""

import hmac
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from noiser.web.server.errors import RefusedError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names by which a machine calls itself."""

API = "/v1/"
"""Beginning of the paths that pages of allowed origins may ask for."""

GUARDED = (API, "/metrics")
"""Paths that need the token, where there is one."""

ORIGIN = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(\d{1,5}))?",
    re.ASCII,
)
"""Scheme, host and port, as browsers send them (RFC 6454, section 6.2)."""

MAX_PORT = 65_535
"""The largest number of a port."""

DEFAULT_PORTS = {"http": 80, "https": 443}
"""Ports that browsers leave out."""

EXPOSED = {
    "Access-Control-Expose-Headers": "Content-Disposition, Noiser-Note, Retry-After, "
    "WWW-Authenticate, X-Request-Id"
}
"""What the API's answers add to the headers that any page may read."""

PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-Id",
    "Access-Control-Max-Age": "7200",
}
"""The answer to a browser that asks before it sends; it may remember it for two hours, which is
the most that Chromium does [s]."""


@dataclass(frozen=True)
class Access:
    """Who may ask.

    A page of another site can make a browser send requests to a server on the same machine or
    network. It cannot choose the headers `Host` and `Origin`, which tell.
    """

    hosts: frozenset[str] = LOOPBACK
    """Names of this server, without ports."""

    any_address: bool = False
    """Whether numeric addresses are names too: no other site's page has one."""

    token: str | None = None
    """What clients of the API must know."""

    origins: frozenset[str] = frozenset()
    """Other sites whose pages may use the API, as `origin_of` reads them."""

    def check(self, method: str, path: str, headers: Headers) -> None:
        """Refuse a request that is not to be answered.

        Raises:
            RefusedError: It goes to another host, comes from another site, or lacks the token.
        """
        host = headers.get("host", "")
        if not self._is_ours(host):
            raise RefusedError(
                "wrong_host",
                f"Host is {host[:80]!a}; --allowed-host adds a name to the server",
            )
        asks_before = is_preflight(method, path, headers)
        if (method == "POST" or asks_before) and not self._may_send(headers.get("origin"), host):
            raise RefusedError(
                "forbidden_origin",
                "a page of another site sent it; --allowed-origin adds a site to the server",
            )
        if asks_before:
            return  # browsers ask without the token
        if self.token is not None and path.startswith(GUARDED):
            given = _bearer_token(headers.get("authorization", ""))
            if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
                raise RefusedError(
                    "unauthorized",
                    "the token is missing or wrong; send Authorization: Bearer TOKEN",
                    {"WWW-Authenticate": "Bearer"},
                )

    def shared(self, path: str, headers: Headers) -> dict[str, str]:
        """Say in headers of an answer who may read it (Fetch standard, CORS protocol).

        Cookies and the like are never asked for: the token is sent by who knows it.
        """
        if not self.origins or not path.startswith(API):
            return {}
        origin = headers.get("origin", "")
        allowed = {"Access-Control-Allow-Origin": origin} | EXPOSED
        return {"Vary": "Origin"} | (allowed if origin in self.origins else {})

    def _may_send(self, origin: str | None, host: str) -> bool:
        """Tell whether a page of an origin may send pictures; programs have none."""
        return origin is None or origin in self.origins or _authority(origin) == host.lower()

    def _is_ours(self, host: str) -> bool:
        """Tell whether a host is one of this server's names."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.hosts or (self.any_address and is_address(name))


def is_address(name: str) -> bool:
    """Tell whether a host's name is a numeric address.

    Example:
        >>> is_address("192.168.0.7"), is_address("noiser.example")
        (True, False)
    """
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_preflight(method: str, path: str, headers: Headers) -> bool:
    """Tell whether a browser asks if a page may send what it wants to send to the API."""
    asked = "origin" in headers and "access-control-request-method" in headers
    return method == "OPTIONS" and path.startswith(API) and asked


def origin_of(text: str) -> str:
    """Read an origin, and write it as browsers do.

    Raises:
        ValueError: It is no single origin.

    Example:
        >>> origin_of("https://Photos.example:443")
        'https://photos.example'
    """
    found = ORIGIN.fullmatch(text.lower())
    port = int(found[3] or 0) if found else 0
    if found is None or port > MAX_PORT or (found[3] and not port):
        raise ValueError(
            f"{text!a} is no origin; it must be scheme://host or scheme://host:port, of one site "
            "and without a path"
        )
    is_said = port and port != DEFAULT_PORTS.get(found[1])
    return f"{found[1]}://{found[2]}{f':{port}' if is_said else ''}"


def _bearer_token(authorization: str) -> str:
    """Take the token out of a header; the scheme's case means nothing (RFC 9110, section 11.1)."""
    scheme, _, token = authorization.partition(" ")
    return token.strip(" ") if scheme.lower() == "bearer" else ""


def _authority(origin: str) -> str:
    """Take host and port out of an origin; `null` has none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
