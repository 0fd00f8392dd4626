"""Access: whose requests are answered; what a browser's other pages could send is not."""

import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from noiser.web.server.errors import RefusedError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names by which a machine calls itself."""

GUARDED = ("/v1/", "/metrics")
"""Paths that need the token, where there is one."""


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
        origin = headers.get("origin")
        if method == "POST" and origin is not None and _authority(origin) != host.lower():
            raise RefusedError("forbidden_origin", "a page of another site sent it; only ours may")
        if self.token is not None and path.startswith(GUARDED):
            given = _bearer_token(headers.get("authorization", ""))
            if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
                raise RefusedError(
                    "unauthorized",
                    "the token is missing or wrong; send Authorization: Bearer TOKEN",
                    {"WWW-Authenticate": "Bearer"},
                )

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
