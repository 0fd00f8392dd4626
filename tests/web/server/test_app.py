"""The HTTP API: the command line's bytes, one shape of errors, each answer to its own request."""

import gzip
import io
import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hosting import FAULTY, hosted
from PIL import Image
from serving import BOUNDARY, multipart

from noiser.engine.enhancer import Enhancer
from noiser.io.output_options import OutputOptions
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions
from noiser.web.page_files import facts, page_files
from noiser.web.server.access_control import LOOPBACK, Access
from noiser.web.server.errors import CODES, RefusedError
from noiser.web.server.limits import ServerLimits

SECONDS = ("1", "2", "3")
"""What `Retry-After` says, in turn."""

TOKEN = "a-token-of-24-characters"  # noqa: S105


def saved(mode="RGB", format_="PNG", size=(40, 30), seed=0):
    """Save a dark picture of any mode."""
    channels = len(mode) if mode != "L" else 1
    pixels = np.random.default_rng(seed).integers(0, 60, (size[1], size[0], channels), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze(), mode).save(buffer, format_)
    return buffer.getvalue()


PICTURE = saved()


def expected(data, format_=None, metadata="keep", profile="keep", **options):
    """What the command line makes of a picture."""
    delivery = OutputOptions(format_, metadata, profile=profile)
    return enhance_bytes(data, JobOptions(Enhancer(**options), output=delivery))[0]


@pytest.fixture(scope="module")
def host():
    """A server with the page and one worker."""
    with hosted(ServerLimits(max_pixels=10_000), files=page_files()) as found:
        yield found


@pytest.fixture(scope="module")
def faulty():
    """A server whose worker does what the picture's bytes say."""
    limits = ServerLimits(compute_seconds=0.3, compute_seconds_per_megapixel=0.001, max_waiting=0)
    with hosted(limits, command=FAULTY) as found:
        yield found


def error_of(reply, status):
    """Check the shape of an error, and give its code and message."""
    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    error = json.loads(reply.body)
    assert list(error) == ["error"]
    assert list(error["error"]) == ["code", "message", "request_id"]
    assert error["error"]["request_id"] == reply.headers["x-request-id"]
    assert CODES[error["error"]["code"]].status == status
    return error["error"]["code"], error["error"]["message"]


def test_a_picture_as_the_body_comes_back_as_from_the_command_line(host):
    reply = host.ask("POST", "/v1/enhance", PICTURE)

    assert (reply.status, reply.body) == (200, expected(PICTURE))
    assert reply.headers["content-type"] == "image/png"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.headers["content-disposition"] == 'inline; filename="enhanced.png"'
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch("[0-9a-f]{16}", reply.headers["x-request-id"])
    assert "set-cookie" not in reply.headers
    assert "noiser-note" not in reply.headers
    assert not any(name.startswith("access-control") for name in reply.headers)


def test_fields_of_the_address_turn_knobs_and_choose_how_it_is_written(host):
    reply = host.ask(
        "POST",
        "/v1/enhance?look=paper&contrast=0.5&format=jpeg&metadata=none&profile=srgb",
        PICTURE,
    )

    made = expected(PICTURE, "JPEG", "none", "srgb", look="paper", contrast=0.5)
    assert reply.body == made
    assert reply.headers["content-type"] == "image/jpeg"


def test_a_form_gives_the_same_as_the_address(host):
    kind, body = multipart([("image", "x.png", PICTURE)], [("color", "0"), ("format", "webp")])

    reply = host.ask("POST", "/v1/enhance?strength=0.5", body, Content_Type=kind)

    assert reply.body == expected(PICTURE, "WEBP", color=0, strength=0.5)


def test_a_field_in_form_and_address_is_given_twice(host):
    kind, body = multipart([("image", "x.png", PICTURE)], [("color", "0")])

    reply = host.ask("POST", "/v1/enhance?color=0", body, Content_Type=kind)

    assert error_of(reply, 400) == ("bad_parameter", "color is given twice; give it once")


def test_a_preset_is_known_by_its_name(host):
    reply = host.ask("POST", "/v1/enhance?preset=gentle", PICTURE)

    assert reply.body == expected(PICTURE, **{"look": "natural"} | _preset("gentle"))


def _preset(name):
    from noiser.look.presets import preset

    return preset(name)


def test_the_header_accept_chooses_the_format(host):
    reply = host.ask("POST", "/v1/enhance", PICTURE, Accept="image/webp, */*;q=0.1")

    assert reply.body == expected(PICTURE, "WEBP")
    assert reply.headers["content-type"] == "image/webp"


def test_what_the_command_line_notes_comes_as_a_header(host):
    """In one line of ASCII."""
    deep = io.BytesIO()
    Image.fromarray(np.zeros((9, 9), np.float32)).save(deep, "TIFF")

    reply = host.ask("POST", "/v1/enhance?format=png", deep.getvalue())

    assert reply.headers["noiser-note"].startswith("linear floats were reduced to 16 bits")


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("?colour=1", PICTURE, {}, 400, "bad_parameter"),
        ("?color=1&color=1", PICTURE, {}, 400, "bad_parameter"),
        ("?color=2", PICTURE, {}, 400, "bad_parameter"),
        ("?" + "color=1&" * 30, PICTURE, {}, 400, "bad_parameter"),
        ("", PICTURE, {"Content_Type": "multipart/form-data"}, 400, "bad_form"),
        ("", PICTURE, {"Origin": "http://evil.example"}, 403, "forbidden_origin"),
        ("", PICTURE, {"Accept": "text/html"}, 406, "not_acceptable"),
        ("", saved(size=(101, 100)), {}, 413, "too_large"),
        ("", b"hello", {}, 415, "unsupported"),
        ("", None, {}, 415, "unsupported"),
        ("", gzip.compress(PICTURE), {"Content_Encoding": "gzip"}, 415, "unsupported"),
        ("", PICTURE, {"Host": "evil.example"}, 421, "wrong_host"),
        ("", PICTURE[:500], {}, 422, "damaged"),
        ("?format=gif", saved("RGBA"), {}, 422, "not_writable"),
        ("", PICTURE, {"X_Long": "x" * 17_000}, 431, "headers_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_each_refusal_has_its_status_and_code(host, path, body, headers, status, code):
    reply = host.ask("POST", f"/v1/enhance{path}", body, **headers)

    assert error_of(reply, status)[0] == code


@pytest.mark.parametrize(("path", "headers"), [("?format=jpg", {}), ("", {"Accept": "image/jpeg"})])
def test_transparency_is_laid_on_white_for_a_jpeg_and_a_header_says_so(host, path, headers):
    unseen = np.zeros((30, 40, 4), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(unseen).save(buffer, "PNG")

    reply = host.ask("POST", f"/v1/enhance{path}", buffer.getvalue(), **headers)

    assert reply.headers["noiser-note"] == "transparency was laid on white"
    with Image.open(io.BytesIO(reply.body)) as image:
        assert (image.format, image.getextrema()) == ("JPEG", ((255, 255),) * 3)


def test_quality_and_size_are_those_that_were_asked_for(host):
    """The picture has 40 x 30 pixels."""
    reply = host.ask("POST", "/v1/enhance?format=jpg&quality=35&max_size=20", PICTURE)

    output = OutputOptions("JPEG", quality=35, max_size=20)
    assert reply.body == enhance_bytes(PICTURE, JobOptions(Enhancer(), output=output))[0]
    with Image.open(io.BytesIO(reply.body)) as image:
        assert (image.size, image.quantization) == ((20, 15), tables(35))


def tables(quality):
    """The quantization tables of libjpeg's quality, by Pillow."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        return image.quantization


def test_a_format_without_quality_says_so(host):
    reply = host.ask("POST", "/v1/enhance?quality=35&max_size=4000", PICTURE)

    assert reply.headers["noiser-note"] == "PNG has no quality to choose"
    assert reply.body == expected(PICTURE)


def test_nothing_is_found_where_nothing_is(host):
    assert error_of(host.ask("GET", "/v2/enhance"), 404)[0] == "not_found"
    assert error_of(host.ask("GET", "/v1/looks/"), 404)[0] == "not_found"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_told_which_there_are(host, method):
    reply = host.ask(method, "/v1/enhance")

    assert error_of(reply, 405)[0] == "method_not_allowed"
    assert reply.headers["allow"] == "POST"
    assert host.ask("POST", "/healthz").headers["allow"] == "GET, HEAD"


def test_a_request_keeps_the_id_that_its_client_gave_it(host):
    assert host.ask("GET", "/healthz", X_Request_Id="my-ID-7").headers["x-request-id"] == "my-ID-7"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "<b>", "é"])
def test_an_id_that_could_carry_anything_is_replaced(host, given):
    found = host.ask("GET", "/healthz", X_Request_Id=given).headers["x-request-id"]

    assert re.fullmatch("[0-9a-f]{16}", found)


def test_measuring_tells_integers_that_are_those_of_the_library(host):
    reply = host.ask("POST", "/v1/measure", PICTURE)

    told = json.loads(reply.body)
    moments = Enhancer().measure(np.asarray(Image.open(io.BytesIO(PICTURE))))
    assert (reply.status, told["width"], told["height"]) == (200, 40, 30)
    assert tuple(told["moments"]["products"]) == moments.products
    assert tuple(told["moments"]["tones"]) == moments.tones
    assert reply.headers["cache-control"] == "no-store"


def test_the_papers_look_measures_with_its_own_padding(host):
    told = json.loads(host.ask("POST", "/v1/measure?look=paper", PICTURE).body)

    assert told["moments"]["padding"] == "zero"


def test_looks_knobs_and_presets_are_those_of_the_page(host):
    told = json.loads(host.ask("GET", "/v1/looks").body)

    assert told == {k: v for k, v in json.loads(json.dumps(facts())).items() if k != "constants"}


def test_health_says_how_many_workers_are_ready(host):
    assert json.loads(host.ask("GET", "/healthz").body) == {"status": "ready", "workers": 1}


def test_a_server_that_is_about_to_end_says_so():
    with hosted(command=FAULTY) as host:
        host.pool.is_draining = True
        reply = host.ask("GET", "/healthz")

        assert (reply.status, json.loads(reply.body)) == (503, {"status": "draining"})
        refused = host.ask("POST", "/v1/enhance", PICTURE)
        assert error_of(refused, 503)[0] == "draining"
        assert refused.headers["retry-after"] in SECONDS


def test_head_has_the_headers_of_get_and_no_body(host):
    for path in ("/", "/healthz", "/openapi.json", "/v1/looks"):
        reply, whole = host.ask("HEAD", path), host.ask("GET", path)
        assert (reply.status, reply.body) == (200, b"")
        assert reply.headers["content-length"] == whole.headers["content-length"]


def test_the_page_is_there_with_all_its_files(host):
    for path, data in page_files().items():
        assert host.ask("GET", f"/{path}").body == data
    assert host.ask("GET", "/").body == page_files()["index.html"]


def test_the_page_can_be_left_out():
    with hosted(command=FAULTY) as host:
        assert error_of(host.ask("GET", "/"), 404)[0] == "not_found"


def test_metrics_count_what_was_answered():
    with hosted() as host:
        host.ask("POST", "/v1/enhance", PICTURE)
        host.ask("GET", "/nowhere")
        host.wait_for_log(2)
        text = host.ask("GET", "/metrics").body.decode()

    assert 'noiser_requests_total{status="200"} 1\n' in text
    assert 'noiser_refused_total{code="not_found"} 1\n' in text
    assert f"noiser_received_bytes_total {len(PICTURE)}\n" in text
    assert "noiser_workers_ready 1\n" in text
    assert "noiser_requests_in_flight 1\n" in text


def test_a_line_of_the_log_says_what_became_of_a_request_and_nothing_of_its_content():
    with hosted(command=FAULTY) as host:
        reply = host.ask("POST", "/v1/enhance?color=0.123", b"secret")
        entry = host.wait_for_log(1)

    assert list(entry) == ["time", "id", "method", "path", "status", "bytes", "ms"]
    assert entry["id"] == reply.headers["x-request-id"]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1/enhance", 200)
    assert entry["bytes"] == len(reply.body)
    assert "0.123" not in json.dumps(entry)


def test_a_fault_of_ours_is_logged_and_its_place_not_told_to_the_client():
    with hosted(command=FAULTY) as host:
        reply = host.ask("POST", "/v1/enhance", b"fault")
        entry = host.wait_for_log(1)

    code, message = error_of(reply, 500)
    assert (code, message) == ("fault", "a fault of noiser; its log has more under this id")
    assert "KeyError" in entry["fault"]
    assert entry["id"] == reply.headers["x-request-id"]


def test_a_lost_worker_is_told_and_the_next_request_is_done(faulty):
    reply = faulty.ask("POST", "/v1/enhance", b"end")

    assert error_of(reply, 503)[0] == "worker_lost"
    assert reply.headers["retry-after"] in SECONDS
    assert faulty.ask("POST", "/v1/enhance", b"next").body == b"next"


def test_a_picture_that_takes_too_long_is_told(faulty):
    assert error_of(faulty.ask("POST", "/v1/enhance", b"hang"), 503)[0] == "too_slow"


def test_where_all_workers_are_busy_a_request_is_refused_before_its_body_is_read(tmp_path):
    with hosted(ServerLimits(max_waiting=0), command=FAULTY) as host:
        wait = b"wait " + os.fsencode(tmp_path / "go")
        with ThreadPoolExecutor(1) as others:
            first = others.submit(host.ask, "POST", "/v1/enhance", wait)
            _until(lambda: b"noiser_workers_busy 1" in host.ask("GET", "/metrics").body)

            head = b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n"
            reply, is_closed = host.say(head)

            (tmp_path / "go").touch()
            assert first.result().status == 200
    assert error_of(reply, 429)[0] == "busy"
    assert reply.headers["retry-after"] in SECONDS
    assert is_closed


def test_a_request_that_waits_too_long_for_a_worker_is_refused_as_busy(tmp_path):
    with (
        hosted(ServerLimits(queue_seconds=0.05), command=FAULTY) as host,
        ThreadPoolExecutor(1) as others,
    ):
        wait = b"wait " + os.fsencode(tmp_path / "go")
        first = others.submit(host.ask, "POST", "/v1/enhance", wait)
        _until(lambda: b"noiser_workers_busy 1" in host.ask("GET", "/metrics").body)

        reply = host.ask("POST", "/v1/enhance", b"next")

        (tmp_path / "go").touch()
        assert first.result().status == 200
    told = "no worker was free within 0.05 seconds; try again later"
    assert error_of(reply, 429) == ("busy", told)
    assert reply.headers["retry-after"] in SECONDS


def _until(condition):
    """Ask until it is so."""
    import time

    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end


def test_what_waits_when_the_server_is_told_to_end_is_refused_and_what_is_in_work_done(tmp_path):
    with hosted(command=FAULTY) as host, ThreadPoolExecutor(2) as others:
        wait = b"wait " + os.fsencode(tmp_path / "go")
        first = others.submit(host.ask, "POST", "/v1/enhance", wait)
        _until(lambda: b"noiser_workers_busy 1" in host.ask("GET", "/metrics").body)
        second = others.submit(host.ask, "POST", "/v1/enhance", b"next")
        _until(lambda: b"noiser_queue_length 1" in host.ask("GET", "/metrics").body)

        host.stop()

        assert error_of(second.result(20), 503)[0] == "draining"
        (tmp_path / "go").touch()
        assert first.result(20).body == wait


def test_a_client_that_leaves_is_logged_as_such_and_frees_the_worker(tmp_path):
    with hosted(ServerLimits(abandon_seconds=0.05), command=FAULTY) as host:
        with host.connect() as connection:
            connection.sendall(b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\n")
            connection.sendall(b"Content-Length: 4\r\n\r\nhang")
            _until(lambda: b"noiser_workers_busy 1" in host.ask("GET", "/metrics").body)
        assert host.ask("POST", "/v1/enhance", b"next").body == b"next"
        _until(lambda: {e["status"] for e in host.log if e["method"] == "POST"} == {499, 200})


def test_a_client_that_leaves_in_mid_body_is_logged_as_such():
    with hosted(command=FAULTY) as host:
        with host.connect() as connection:
            connection.sendall(b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\n")
            connection.sendall(b"Content-Length: 4\r\n\r\nha")
        assert host.wait_for_log(1)["status"] == 499


def test_every_answer_belongs_to_its_request(host):
    """Eight clients, each with pictures of its own."""
    pictures = [saved(seed=seed) for seed in range(8)]
    made = [expected(picture) for picture in pictures]
    barrier = threading.Barrier(8)

    def client(index):
        barrier.wait()
        return [host.ask("POST", "/v1/enhance", pictures[index]).body for _ in range(3)]

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(client, range(8)))

    assert answers == [[one] * 3 for one in made]


def test_a_large_answer_comes_in_pieces_and_whole():
    with hosted(command=FAULTY) as host:
        assert host.ask("POST", "/v1/enhance", b"zeros 5000000").body == bytes(5_000_000)


def test_bodies_of_others_can_fill_the_memory():
    with hosted(ServerLimits(max_held_bytes=1000), command=FAULTY) as host:
        for count in (1, 2):  # the second finds what the first gave back
            assert host.ask("POST", "/v1/enhance", bytes(1000)).status == 200
            host.wait_for_log(count)
        reply = host.ask("POST", "/v1/enhance", bytes(1001))

    assert error_of(reply, 429) == ("busy", "other pictures fill the memory; try again later")
    assert reply.headers["retry-after"] in SECONDS


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_as_large_as_allowed_passes_and_a_byte_more_does_not(framing):
    with hosted(ServerLimits(max_body_bytes=1000), command=FAULTY) as host:

        def ask(size):
            body = bytes(size)
            return host.ask("POST", "/v1/enhance", body if framing == "length" else iter([body]))

        assert ask(1000).status == 200
        code, message = error_of(ask(1001), 413)

    assert code == "too_large"
    assert message.endswith("the limit of a body is 1000")


def test_with_a_token_the_api_is_closed_and_the_page_open():
    access = Access(LOOPBACK, token=TOKEN)
    with hosted(access=access, files=page_files(), command=FAULTY) as host:
        refused = host.ask("POST", "/v1/enhance", b"x")
        assert error_of(refused, 401)[0] == "unauthorized"
        assert refused.headers["www-authenticate"] == "Bearer"
        assert host.ask("GET", "/metrics").status == 401
        assert host.ask("GET", "/healthz").status == 200
        assert host.ask("GET", "/").status == 200
        known = {"Authorization": f"Bearer {TOKEN}"}
        assert host.ask("POST", "/v1/enhance", b"x", **known).status == 200


def test_the_boundary_of_the_form_is_no_ones_name_for_a_file(host):
    """File names are not looked at, let alone used."""
    kind, body = multipart([("image", "../../etc/passwd\0.png", PICTURE)])

    reply = host.ask("POST", "/v1/enhance", body, Content_Type=kind)

    assert reply.body == expected(PICTURE)
    assert BOUNDARY.encode() in body


def test_those_who_are_refused_at_once_are_not_told_to_come_back_at_once():
    told = [RefusedError("busy", "x").headers["Retry-After"] for _ in range(3)]

    assert sorted(told) == list(SECONDS)
