"""`noiser serve`: says where it listens, ends when told to, and leaves nothing behind."""

import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner
from processes import alive
from serving import NOISER, Service, own_address, until

from noiser.cli import group
from noiser.core.errors import MachineError
from noiser.web.page_files import page_files
from noiser.web.server.limits import ServerLimits
from noiser.web.server.run import bind, url_of

ROOT = Path(__file__).parents[3]
PICTURE = (ROOT / "assets" / "night.jpg").read_bytes()
DOCUMENT = (ROOT / "docs" / "server.md").read_text()


def call(*words):
    """Run noiser in this process."""
    return CliRunner().invoke(group, [*map(str, words)])


@pytest.fixture(scope="module")
def service():
    """A server in a process of its own, with its page."""
    with Service("--workers", "1") as found:
        yield found


def test_it_says_in_one_line_where_it_listens(service):
    assert re.fullmatch(
        rf"noiser: http://127\.0\.0\.1:{service.port} \(Ctrl-C ends it\)", service.lines[0]
    )


def test_every_further_line_is_json(service):
    service.ask("GET", "/nowhere")
    until(lambda: any("/nowhere" in line for line in service.lines), 20)

    assert {json.loads(line)["status"] for line in service.lines[1:]} <= {200, 404}


def test_its_bytes_are_those_of_the_command_line(service, tmp_path):
    (tmp_path / "night.jpg").write_bytes(PICTURE)
    done = call("enhance", tmp_path / "night.jpg", "-o", tmp_path / "out.jpg", "--color", "0.5")
    assert done.exit_code == 0

    reply = service.ask("POST", "/v1/enhance?color=0.5", PICTURE)

    assert reply.body == (tmp_path / "out.jpg").read_bytes()


def test_the_page_is_served(service):
    assert service.ask("GET", "/").body == page_files()["index.html"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_documents_examples_work(service, tmp_path):
    """As they stand, but for the address."""
    (tmp_path / "night.jpg").write_bytes(PICTURE)
    commands = re.findall(r"^    (curl .*)$", DOCUMENT, re.MULTILINE)
    assert len(commands) > 3

    for command in commands:
        line = command.replace("127.0.0.1:8765", service.address).replace("curl ", "curl -sSf ", 1)
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), line
    assert (tmp_path / "bright.png").read_bytes().startswith(b"\x89PNG")


def test_the_document_has_every_limit_with_its_value():
    for limit in fields(ServerLimits):
        assert f"| `{limit.name}` | {limit.default:,} |" in DOCUMENT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_its_workers(number):
    with Service("--workers", "2") as service:
        family = service.family()
        assert len(family) == 3

        service.signal(number)

        assert service.wait(20) == 0
        assert alive(family) == []


def slow_request(service):
    """Put a request into work that takes long, and give its connection."""
    connection = service.connect()
    connection.sendall(service.head("POST", "/v1/enhance", 1000) + PICTURE[:10])
    until(lambda: "noiser_requests_in_flight 2" in metrics(service), 20)
    return connection


def metrics(service):
    """Read the metrics."""
    return service.ask("GET", "/metrics").body.decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_ends_it_at_once(number, code):
    """With a request that would hold it up."""
    with Service("--workers", "1") as service:
        family = service.family()
        with slow_request(service):
            service.signal(number)
            until(lambda: service.ask("GET", "/healthz").status == 0, 20)  # it listens no more
            service.signal(number)

            assert service.wait(5) == code
        until(lambda: alive(family) == [], 20)


def test_workers_end_when_it_is_killed():
    with Service("--workers", "2") as service:
        family = service.family()

        service.signal(signal.SIGKILL)
        service.wait(20)

        until(lambda: alive(family) == [], 20)


def test_another_machine_needs_a_token_or_the_word_that_it_needs_none():
    done = call("serve", "--host", "0.0.0.0")  # noqa: S104

    assert done.exit_code == 2
    assert "--host 0.0.0.0 lets other machines use the API" in done.output
    assert "--no-token lets all" in done.output


@pytest.mark.parametrize("token", ["short", "has spaces in\nbetween-its-words", "ü" * 20])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused(token, tmp_path):
    (tmp_path / "token").write_text(token, encoding="utf-8")

    done = call("serve", "--token-file", tmp_path / "token")

    assert done.exit_code == 2
    assert "a token has at least 16, ASCII and without spaces" in done.output


def test_a_token_file_that_is_not_there_is_the_machines_fault(tmp_path):
    done = call("serve", "--token-file", tmp_path / "none")

    assert isinstance(done.exception, MachineError)
    assert "cannot be read" in str(done.exception)


def test_with_a_token_and_a_name_it_serves_other_machines(tmp_path):
    (tmp_path / "token").write_text("a-token-of-24-characters\n")
    words = ["--host", "0.0.0.0", "--token-file", str(tmp_path / "token"), "--no-page"]  # noqa: S104
    with Service(*words, "--workers", "1", "--allowed-host", "Noiser.example") as service:
        known = {"Authorization": "Bearer a-token-of-24-characters"}

        assert service.ask("GET", "/v1/looks").status == 401
        assert service.ask("GET", "/v1/looks", **known).status == 200
        assert service.ask("GET", "/").status == 404
        lines = "GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n"
        for host, status in (("noiser.example", 200), ("10.0.0.7", 200), ("evil.example", 421)):
            assert service.exchange(lines.format(host).encode(), "GET").status == status


def test_limits_are_options():
    with Service("--workers", "1", "--max-megapixels", "1", "--max-body-mb", "1") as service:
        text = json.loads(service.ask("GET", "/openapi.json").body)["info"]["description"]

    assert "Bodies up to 1048576 bytes, pictures up to 1 megapixels." in text


@pytest.mark.skipif(own_address() is None, reason="this machine has no address but its loopback")
def test_the_connections_of_a_client_are_limited_by_an_option():
    words = ["--host", own_address(), "--no-token", "--max-connections-per-client", "1"]
    with Service(*words, "--workers", "1") as service:
        with service.connect():
            assert service.ask("GET", "/healthz").status == 503
        until(lambda: service.ask("GET", "/healthz").status == 200, 20)


def test_a_site_whose_pages_may_use_the_api_is_an_option():
    words = ["--allowed-origin", "https://Photos.example:443", "--allowed-origin", "http://a:1"]
    with Service(*words, "--workers", "1") as service:
        for origin in ("https://photos.example", "http://a:1"):
            headers = service.ask("GET", "/v1/looks", Origin=origin).headers
            assert headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize("origin", ["*", "https://*.photos.example", "photos.example"])
def test_a_site_that_is_none_is_wrong_words(origin):
    done = call("serve", "--allowed-origin", origin)

    assert done.exit_code == 2
    assert f"--allowed-origin: {origin!a} is no origin; it must be scheme://host" in done.output


def test_an_address_in_use_is_the_machines_fault():
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(MachineError, match=rf"^127\.0\.0\.1:{port} cannot be used: Address al"):
            bind("127.0.0.1", port)


def test_a_host_that_is_none_is_the_machines_fault():
    with pytest.raises(MachineError, match=r"^no\.such\.host\.invalid:0 cannot be used: "):
        bind("no.such.host.invalid", 0)


def test_an_address_of_version_6_has_brackets():
    try:
        listener = bind("::1", 0)
    except MachineError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert re.fullmatch(r"http://\[::1\]:\d+", url_of(listener))


def test_without_the_extra_it_says_what_to_install(tmp_path):
    """In a process that does not find uvicorn."""
    code = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Without:\n"
        "    def find_spec(name, *rest):\n"
        "        return None if name == 'uvicorn' else PathFinder.find_spec(name, *rest)\n"
        "sys.meta_path = [f for f in sys.meta_path if f is not PathFinder] + [Without]\n"
        "from noiser.cli import main\n"
        "sys.argv = ['noiser', 'serve']\n"
        "main()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr == ("noiser: the server is not installed: pip install 'noiser[server]'\n")


def test_a_server_whose_log_nobody_reads_goes_on():
    """A broken pipe is no reason to end."""
    process = subprocess.Popen(
        [*NOISER, "--workers", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    port = int(re.search(r":(\d+) ", process.stderr.readline())[1])
    process.stderr.close()
    try:
        import http.client

        for _ in range(2):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_the_page_is_exported_for_any_web_server(tmp_path):
    done = call("export", "page", "-o", tmp_path / "site")

    files = page_files()
    assert done.exit_code == 0
    assert re.search(rf"site: {len(files)} files, \d+ kB\n$", done.output)
    assert {name: (tmp_path / "site" / name).read_bytes() for name in files} == files


def test_an_exported_page_is_replaced_only_where_that_was_asked_for(tmp_path):
    (tmp_path / "facts.json").write_text("mine")

    refused = call("export", "page", "-o", tmp_path)

    assert refused.exit_code == 2
    assert "facts.json is there already; --overwrite replaces it" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["facts.json"]
    assert call("export", "page", "-o", tmp_path, "--overwrite").exit_code == 0
    assert (tmp_path / "facts.json").read_bytes() == page_files()["facts.json"]


def test_a_system_without_posix_is_one_sentence_and_exit_3():
    """Only the command sees another system: the libraries below would not start on a fiction."""
    code = (
        "import sys, types\n"
        "from noiser.cli import serve\n"
        "serve.os = types.SimpleNamespace(name='nt')\n"
        "sys.argv = ['noiser', 'serve', '--host', '0.0.0.0']\n"
        "from noiser.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    sentence = "the server runs on Linux, macOS and other POSIX systems; this one is none\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"noiser: {sentence}")
