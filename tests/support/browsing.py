"""Browsing: Debian's Chromium, and the page's files as any static web server gives them."""

import contextlib
import http.server
import shutil
import threading
from contextlib import contextmanager
from functools import cached_property

import pytest

from noiser.web.page_files import page_files

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
]
"""WebGL2 in software, and not a word to anybody else."""

TYPES = {
    "html": "text/html", "css": "text/css", "js": "text/javascript", "json": "application/json",
    "svg": "image/svg+xml", "webmanifest": "application/manifest+json",
}  # fmt: skip

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


class StaticHost:
    """A web server that knows the page's files, and more, and counts what it is asked for.

    Args:
        more: Further files by path, for a test.
    """

    def __init__(self, more=None):
        self.asked = []
        self._more = more or {}
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.split("?")[0].lstrip("/") or "index.html"
                host.asked.append(path)
                body = host.files.get(path)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", TYPES.get(path.rsplit(".")[-1], "image/png"))
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # the page closed before it had all
                    self.wfile.write(body or b"")

            def do_POST(self):
                host.take(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    @cached_property
    def files(self):
        """All that it gives."""
        return page_files() | self._more

    def take(self, body):
        """Be sent something: nobody should."""
        raise AssertionError(f"the page sent {len(body)} bytes")

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def chromium(*flags):
    """Start Chromium; its driver has an event loop of its own, so one test module at a time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()
