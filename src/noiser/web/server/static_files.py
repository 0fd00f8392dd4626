"""The site: the page's files in memory, ready to be sent."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from noiser.web.server.http.request_path import path_of

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
    "safetensors": "application/octet-stream",
}
"""Media types by the end of a name."""

INDEX = "index.html"
"""The file that the address itself gives."""

META_POLICY = re.compile(
    rb'<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"', re.IGNORECASE
)
"""Where the page says its own policy, for hosts that send no headers."""

OURS_ALONE = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
"""Headers of every file: nothing of it goes to other sites, and it is asked for anew."""


@dataclass(frozen=True)
class File:
    """A file as it is sent; `file_of` prepares it."""

    plain: bytes
    packed: bytes | None
    """With gzip, where that is smaller."""

    headers: dict[str, str]

    def answer(self, request: Request) -> Response:
        """Give the file; unless the browser has it already."""
        if request.headers.get("if-none-match") == self.headers["ETag"]:
            return Response(status_code=304, headers=self.headers)
        if self.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(self.packed, headers=self.headers | {"Content-Encoding": "gzip"})
        return Response(self.plain, headers=self.headers)


class Site:
    """Gives files by their path; there is no other way to a file than its exact name.

    Args:
        files: By path, as `page_files` gives them.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        found = META_POLICY.search(files[INDEX])
        own = [found[1].decode("ascii").strip("; \n")] if found else []
        policy = "; ".join([*own, "frame-ancestors 'none'"])
        self._files = {path: file_of(path, data, policy) for path, data in files.items()}

    @property
    def paths(self) -> list[str]:
        """All paths, and the address itself."""
        return ["/", *(f"/{path}" for path in self._files)]

    async def get(self, request: Request) -> Response:
        """Give the file of a request's path."""
        return self._files[path_of(request.scope).lstrip("/") or INDEX].answer(request)


def file_of(path: str, data: bytes, policy: str) -> File:
    """Prepare a file.

    Args:
        path: Its end tells the media type.
        data: The content.
        policy: Its Content-Security-Policy.
    """
    packed = gzip.compress(data, 9, mtime=0)
    headers = OURS_ALONE | {
        "Content-Type": TYPES[path.rsplit(".")[-1]],
        "Content-Security-Policy": policy,
        "ETag": f'W/"{hashlib.sha256(data).hexdigest()[:32]}"',
    }
    return File(data, packed if len(packed) < len(data) else None, headers)


def _takes_gzip(accepted: str) -> bool:
    """Read the header `Accept-Encoding`."""
    items = (item.replace(" ", "").lower().split(";") for item in accepted.split(","))
    return any(item[0] in ("gzip", "*") and item[1:] not in (["q=0"], ["q=0.0"]) for item in items)
