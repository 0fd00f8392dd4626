"""The server's document: its clients run as they stand, its proxies' settings are sound."""

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image
from serving import Service

from noiser.cli import group
from noiser.engine.enhancer import Enhancer
from noiser.io.output_options import OutputOptions
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "server.md").read_text()
PICTURE = (ROOT / "assets" / "night.jpg").read_bytes()
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL))

PYTHON = pytest.param("python", [sys.executable, "client.py"], id="Python")
NODE = pytest.param(
    "js",
    ["node", "client.mjs"],
    id="Node",
    marks=pytest.mark.skipif(not shutil.which("node"), reason="node is not installed"),
)
clients = pytest.mark.parametrize(("language", "command"), [PYTHON, NODE])


@pytest.fixture(scope="module")
def service():
    """A server in a process of its own."""
    with Service("--workers", "1") as found:
        yield found


def run(folder, language, command, address, picture=PICTURE):
    """Run a client of the document as it stands, but for the address."""
    (folder / "night.jpg").write_bytes(picture)
    assert BLOCKS[language].count("127.0.0.1:8765") == 1
    code = BLOCKS[language].replace("127.0.0.1:8765", address)
    (folder / command[1]).write_text(code)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_the_document_has_the_blocks_that_are_tested():
    """The guard of all tests below."""
    assert list(BLOCKS) == ["python", "js", "nginx", "caddyfile"]


@clients
def test_a_client_gets_the_picture_that_it_asks_for(service, tmp_path, language, command):
    done = run(tmp_path, language, command, service.address)

    assert (done.returncode, done.stderr) == (0, "")
    output = OutputOptions("JPEG", quality=85, max_size=1600)
    wanted = enhance_bytes(PICTURE, JobOptions(Enhancer(), output=output))[0]
    assert (tmp_path / "bright.jpg").read_bytes() == wanted
    with Image.open(io.BytesIO(wanted)) as image:
        assert max(image.size) <= 1600


@clients
def test_a_client_says_why_it_was_refused(service, tmp_path, language, command):
    done = run(tmp_path, language, command, service.address, b"no picture")

    assert done.returncode == 1
    assert "unsupported: no image that noiser knows" in done.stderr
    assert not (tmp_path / "bright.jpg").exists()


@contextmanager
def busy(times):
    """A server that is busy so many times, and gives a word then."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            is_busy = len(asked) <= times
            error = {"error": {"code": "busy", "message": "try again", "request_id": "1"}}
            body = json.dumps(error).encode() if is_busy else b"bright"
            self.send_response(429 if is_busy else 200)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()


@clients
@pytest.mark.parametrize(("times", "code", "tries"), [(2, 0, 3), (99, 1, 6)])
def test_a_client_comes_back_when_the_server_is_busy_but_not_for_ever(
    tmp_path, language, command, times, code, tries
):
    with busy(times) as (address, asked):
        done = run(tmp_path, language, command, address, b"night")

    assert (done.returncode, len(asked)) == (code, tries)
    assert asked[0] == "/v1/enhance?format=jpg&quality=85&max_size=1600"
    if code:
        assert "busy: try again" in done.stderr
    else:
        assert (tmp_path / "bright.jpg").read_bytes() == b"bright"


def test_the_commands_and_their_options_exist():
    """Those of `noiser serve`, wherever they stand."""
    options = {name for p in group.get_command(None, "serve").params for name in p.opts}
    lines = re.findall(r"^    noiser serve(.*)$", DOCUMENT, re.MULTILINE)
    spans = re.findall(r"`(--[a-z-]+)[^`]*`", DOCUMENT)

    assert len(lines) > 2
    words = {word for line in lines for word in shlex.split(line, comments=True)}
    assert {word for word in words if word.startswith("-")} <= options
    assert set(spans) <= options


def test_the_proxies_take_what_the_server_takes():
    """Bodies, connections of a client, and a time in which a picture can wait and be done."""
    from noiser.web.server.limits import ServerLimits

    limits = ServerLimits()
    megapixels = limits.max_pixels / 1e6
    longest = limits.queue_seconds + limits.compute_seconds
    longest += limits.compute_seconds_per_megapixel * megapixels
    found = dict(re.findall(r"^ *(\w+) (?:noiser )?(\d+)(?:m|s|)?;", BLOCKS["nginx"], re.MULTILINE))

    assert int(found["client_max_body_size"]) << 20 == limits.max_body_bytes
    assert int(found["limit_conn"]) == limits.max_connections_per_client
    assert int(found["proxy_read_timeout"]) >= longest
    assert f"max_size {limits.max_body_bytes >> 20}MiB" in BLOCKS["caddyfile"]


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_nginx_finds_no_fault(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=photos.example",
         "-keyout", "photos.example.key", "-out", "photos.example.crt"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # nginx makes all these folders
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)
    http = f"access_log off;\n{places}{BLOCKS['nginx']}"
    settings = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{http}}}\n"
    (tmp_path / "nginx.conf").write_text(settings)

    done = subprocess.run(
        ["nginx", "-t", "-e", "stderr", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed")
def test_caddy_finds_no_fault(tmp_path):
    (tmp_path / "Caddyfile").write_text(BLOCKS["caddyfile"])

    done = subprocess.run(
        ["caddy", "adapt", "--adapter", "caddyfile", "--config", "Caddyfile", "--validate"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
