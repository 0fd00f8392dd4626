"""The server's faults: what attacks, loads and killed workers do to it, in numbers.

The same attacks with all their numbers are in `benchmarks/server.py`.
"""

import io
import json
import re
import shutil
import signal
import sys
from collections import Counter
from math import inf

import attacks
import injections
import loads
import multiparts
import numpy as np
import processes
import pytest
from hypothesis import given, settings
from PIL import Image
from serving import NOISER, Service, multipart, percentile, reply_on, until

from noiser.engine.enhancer import Enhancer
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

MIB = 1 << 20
BODY = 32 * MIB
"""What a body may have."""

LAUNCH = """
import sys
from noiser.web.server.access_control import LOOPBACK, Access
from noiser.web.server.limits import ServerLimits
from noiser.web.server.run import bind, run, url_of
listener = bind("127.0.0.1", 0)
run(
    listener, 1, ServerLimits(**{limits}), Access(LOOPBACK, False, None), files=None,
    log=lambda entry: None,
    on_ready=lambda _: print(url_of(listener), file=sys.stderr, flush=True),
    command=[sys.executable, "-c", {worker!r}],
)
"""

WORKER = """
import os
from noiser.jobs.workers import picture_jobs as jobs, worker
def fail(source, told):
    {fault}
    return jobs.enhance(source, told)
worker.warm_up = lambda: jobs.DOES.update(enhance=fail)
worker.main()
"""
"""A worker that does not do what it should."""

ENDLESS = "while len(source.data) > 10_000: pass"
"""What a worker does with large pictures, which a decoder might do one day."""


def launch(limits, worker="from noiser.jobs.workers.worker import main; main()"):
    """Give a server with one worker, and with limits or a worker that it has not by default."""
    return Service(command=[sys.executable, "-c", LAUNCH.format(limits=limits, worker=worker)])


def picture(width, height, format_="PNG", seed=0):
    """Make a dark picture with grain, and save it."""
    rng = np.random.default_rng(seed)
    small = (rng.random((-(-height // 8), -(-width // 8), 3)) ** 3 * 90).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(small).resize((width, height)).save(buffer, format_)
    return buffer.getvalue()


TINY = picture(16, 12)
LARGE = picture(5000, 3000, "JPEG")
"""A picture that takes most of a second."""


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """Where the server is to put nothing."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def service(temporary):
    """A server as it is by default, with two workers, for all tests that leave it whole."""
    with Service("--workers", "2", temporary=temporary) as running:
        yield running
        assert running.is_running()


@pytest.fixture(scope="module")
def impatient():
    """A server with short deadlines and one worker."""
    with launch(
        {"header_seconds": 1.0, "body_seconds": 2.0, "grace_seconds": 1.0, "write_seconds": 1.5}
    ) as running:
        yield running


def request(service, image, query=""):
    """Write a request as a browser does."""
    kind, body = multipart([("image", "photo", image)])
    path = f"/v1/enhance{query}"
    return service.head("POST", path, len(body), Content_Type=kind, Connection="close") + body


def test_an_answer_is_what_the_command_line_writes(service):
    """The guard of all comparisons below."""
    reply = service.enhance(LARGE)

    assert reply.status == 200
    assert reply.body == enhance_bytes(LARGE, JobOptions(Enhancer(threads=1)))[0]


def test_connections_with_slow_headers_are_closed(impatient):
    closed = attacks.drip(impatient, attacks.SLOW_HEADER, count=100, give_up=6, pace=0.2)

    assert max(closed) < 3
    assert min(closed) > 0.5


def test_connections_with_slow_bodies_are_closed(impatient):
    head = impatient.head("POST", "/v1/enhance", 10_000, Content_Type="image/jpeg")

    closed = attacks.drip(impatient, head + b"\xff", count=30, give_up=8, pace=0.2)

    assert max(closed) < 4


def test_connections_with_slow_readers_are_let_go(impatient):
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 90, (1400, 1400, 3), np.uint8)).save(buffer, "BMP")
    asked = request(impatient, buffer.getvalue())

    assert max(attacks.slow_readers(impatient, asked, count=2, give_up=15)) < inf


def test_the_health_is_told_and_pictures_are_done_beside_slow_clients(impatient):
    asked = impatient.head("POST", "/v1/enhance", 10_000)
    waiting = [impatient.connect() for _ in range(50)]
    for connection in waiting:
        connection.sendall(asked)

    with attacks.watched(impatient) as health:
        statuses = [impatient.enhance(TINY).status for _ in range(20)]

    for connection in waiting:
        connection.close()
    assert statuses == [200] * 20
    assert {reply.status for reply in health} == {200}
    assert percentile((reply.seconds for reply in health), 0.99) < 0.2


@pytest.mark.parametrize("kind", attacks.OPENINGS)
def test_a_body_that_is_announced_as_too_large_is_refused_unseen(service, kind):
    assert attacks.announced(service, BODY + 1, kind).status == 413


@pytest.mark.parametrize("kind", attacks.OPENINGS)
def test_a_client_that_sends_all_first_hears_that_it_was_too_much(service, kind):
    assert attacks.sent_whole(service, BODY + MIB, kind).status == 413


def test_a_client_that_is_refused_may_go_on_sending_for_a_moment(service):
    """Whose connection were reset might not see why it was refused."""
    head = service.head("POST", "/v1/enhance", BODY + 1, Content_Type="image/jpeg")
    with service.connect() as connection:
        connection.sendall(head)
        assert reply_on(connection).status == 413
        assert connection.recv(1) == b""

        for _ in range(10):
            connection.sendall(bytes(1000))


@pytest.mark.parametrize("kind", attacks.OPENINGS)
def test_a_body_without_end_is_cut_at_the_limit(service, kind, temporary):
    reply, sent, grown, written = attacks.endless(service, kind, 200 * MIB, temporary)

    assert reply.status == 413
    assert sent < BODY + 8 * MIB
    assert grown < BODY + 24 * MIB
    assert written == 0


@pytest.mark.parametrize("what", attacks.oversized("", b""))
def test_too_many_or_too_long_parts_are_refused(service, what):
    reply = service.exchange(attacks.oversized(service.address, TINY)[what])

    assert reply.status in (400, 431)
    assert json.loads(reply.body)["error"]["code"] in ("bad_form", "headers_too_large")


@pytest.mark.parametrize("what", injections.smuggled("", b""))
def test_a_request_whose_length_is_unclear_ends_the_connection(service, what):
    """The request that is hidden behind it is never answered."""
    with service.connect(timeout=20) as connection:
        connection.sendall(injections.smuggled(service.address, TINY)[what])
        said = injections.until_closed(connection)

    assert re.findall(rb"HTTP/1\.1 (\d+)", said) in ([b"400"], [b"501"], [])


def test_clients_beyond_the_queue_are_sent_away_and_the_others_are_served(service):
    images = [picture(600, 400, "JPEG", seed) for seed in range(8)]
    expected = [enhance_bytes(image, JobOptions(Enhancer(threads=1)))[0] for image in images]
    base = service.memory()

    found = loads.crowd(service, images, clients=64, each=4)

    replies = [reply for group in found for reply in group]
    assert {reply.status for reply in replies} == {200, 429}
    assert all(
        reply.body == whole
        for group, whole in zip(found, expected, strict=True)
        for reply in group
        if reply.status == 200
    )
    assert all(int(r.headers["retry-after"]) >= 1 for r in replies if r.status == 429)
    assert service.settled(base) < 50 * MIB


def test_a_client_that_leaves_frees_its_worker():
    """Of which there is one, and which would go on for ever."""
    with launch({}, WORKER.format(fault=ENDLESS)) as service:
        large, small = request(service, LARGE), request(service, TINY)

        seconds = loads.cancelled(service, large, small, count=3)

        assert max(seconds) < 2
        assert [service.enhance(TINY).status for _ in range(3)] == [200] * 3


def test_a_killed_worker_costs_the_request_that_it_worked_on_and_no_other(service):
    reply, seconds = loads.killed(service, request(service, LARGE), request(service, TINY))

    assert reply.status == 503
    assert "retry-after" in reply.headers
    assert seconds < 3
    until(lambda: len(service.family()) == 3, 10)


def test_a_server_that_is_told_to_end_finishes_what_it_has_in_work():
    with Service("--workers", "2") as service:
        family = service.family()

        replies, newcomer, code, seconds = loads.stopped(service, request(service, LARGE), 2)

    expected = enhance_bytes(LARGE, JobOptions(Enhancer(threads=1)))[0]
    assert [(r.status, r.body == expected) for r in replies] == [(200, True)] * 2
    assert newcomer.status == 0
    assert code == 0
    assert seconds < 20
    assert processes.alive(family) == []


def test_a_request_that_waits_is_refused_when_the_server_is_told_to_end():
    """The one in work is finished."""
    with Service("--workers", "1") as service:
        with (
            loads.under_way(service, request(service, LARGE)) as working,
            service.connect() as waiting,
        ):
            waiting.sendall(request(service, TINY))
            until(lambda: b"noiser_queue_length 1" in service.ask("GET", "/metrics").body, 10)

            service.signal(signal.SIGTERM)

            refused, done = reply_on(waiting), reply_on(working)
        assert service.wait(20) == 0
    assert (refused.status, done.status) == (503, 200)
    assert refused.headers["retry-after"]


def test_no_worker_is_left_where_the_server_was_killed():
    """Not even one that would go on for ever."""
    with launch({}, WORKER.format(fault=ENDLESS)) as service:
        family = service.family()
        assert len(family) == 2

        with loads.under_way(service, request(service, LARGE)):
            service.signal(signal.SIGKILL)
            assert service.wait(5) == -9
            until(lambda: processes.alive(family) == [], 5)


@pytest.mark.parametrize("what", multiparts.written_by_hand(TINY))
def test_a_strange_form_is_answered_without_a_fault(service, what):
    kind, body = multiparts.written_by_hand(TINY)[what]

    assert service.ask("POST", "/v1/enhance", body, 10, Content_Type=kind).status in (200, 400, 415)


def test_no_form_is_a_fault_or_waited_for(service):
    found = Counter()

    @settings(max_examples=300)
    @given(form=multiparts.forms(TINY))
    def send(form):
        found[service.ask("POST", "/v1/enhance", form[1], 10, Content_Type=form[0]).status] += 1

    send()
    assert set(found) <= {200, 400, 413, 415, 422}
    assert found[200] > 0
    assert found[400] > 0


def test_no_word_in_a_request_leads_to_a_file(service, tmp_path):
    canary = tmp_path / "canary.jpg"
    canary.write_bytes(b"\xff\xd8\xff\xe0 canary-4f1d ")
    words = injections.leading_out(canary)
    assert len(words) >= 200

    for word in words[::4]:
        for data in injections.injected(service.address, word, TINY, ("look", "path", "url")):
            reply = service.exchange(data)
            assert 200 <= reply.status < 500
            assert b"canary-4f1d" not in reply.body
            assert b"root:" not in reply.body
            assert "x-injected" not in reply.headers


@pytest.mark.parametrize("name", ["path", "url", "file", "image", "extras", "__class__", "Look"])
def test_a_parameter_that_there_is_not_is_refused_by_its_name(service, name):
    reply = service.ask("POST", f"/v1/enhance?{name}=/etc/passwd", TINY)

    assert reply.status == 400
    assert name in reply.body.decode()


def test_pictures_of_many_clients_are_not_mixed_up(service):
    images = [picture(24, 16, seed=seed) for seed in range(32)]

    found = loads.mixed_up(service, images, clients=32, count=200)

    assert found["right"] == 200
    assert found["wrong"] == found["another's"] == 0


def test_an_error_tells_nothing_of_the_machine(service):
    reply = service.enhance(b"no picture")

    assert reply.status == 415
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in reply.headers
    assert not re.search(rb"Traceback|\.py|/", reply.body)


def test_a_fault_of_ours_tells_nothing_of_the_machine_either():
    with launch(
        {}, WORKER.format(fault="raise RuntimeError(__import__('os').__file__)")
    ) as service:
        reply = service.enhance(TINY)

    assert reply.status == 500
    assert not re.search(rb"Traceback|\.py|/|RuntimeError", reply.body)


def test_a_picture_that_ends_its_worker_is_not_tried_again(tmp_path):
    """It costs one worker, each time that it is sent."""
    counter = tmp_path / "tries"
    fault = f"open({str(counter)!r}, 'a').write('x'); os._exit(1)"
    with launch({}, WORKER.format(fault=fault)) as service:
        statuses = [service.enhance(TINY).status for _ in range(2)]

        assert statuses == [503, 503]
        until(lambda: len(service.family()) == 2, 10)
    assert counter.read_text() == "xx"


def test_a_picture_that_takes_too_long_costs_its_worker():
    limits = {"compute_seconds": 0.5, "compute_seconds_per_megapixel": 0.1}
    with launch(limits, WORKER.format(fault="os.read(os.pipe()[0], 1)")) as service:
        reply = service.enhance(TINY)

        assert reply.status == 503
        assert 0.4 < reply.seconds < 3


def test_hostile_files_are_refused_or_enhanced_and_leave_the_server_whole(service, shared_data):
    files = sorted(p for p in (shared_data / "hostile").rglob("*") if p.is_file())[::15]
    assert len(files) > 140
    assert service.enhance(LARGE).status == 200
    base = service.memory()

    found = Counter(
        service.ask("POST", "/v1/enhance", path.read_bytes(), Content_Type="image/jpeg").status
        for path in files
    )

    assert set(found) <= {200, 413, 415, 422}
    assert found[200] < len(files) / 2
    assert service.settled(base) < 50 * MIB


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_request_opens_no_file_outside_the_package_and_the_interpreter(tmp_path):
    """Nor does it connect to anything."""
    log = tmp_path / "opened"
    with Service("--workers", "1", command=[*injections.STRACE, str(log), *NOISER]) as service:
        service.enhance(TINY)
        start = log.stat().st_size
        for word in injections.leading_out(tmp_path / "canary")[::10]:
            for data in injections.injected(service.address, word, TINY, ("look",)):
                service.exchange(data)
        assert service.enhance(picture(600, 400, "JPEG")).status == 200
        log_text = log.read_bytes()[start:].decode("utf-8", "replace")

    assert injections.opened_outside(log_text, tmp_path) == []
