"""The protocol: who is too slow is cut off, and what is no sound HTTP is refused and ended."""

import contextlib
import json
import select
import socket
import time

import pytest
from hosting import FAULTY, hosted
from serving import next_reply, own_address, reply_on, until

from noiser.web.server.http.client_address import client_at
from noiser.web.server.http.response import piece_of
from noiser.web.server.limits import ServerLimits

HEAD = b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def host():
    """A server that is as strict as the real one, and less patient."""
    limits = ServerLimits(
        header_seconds=0.3,
        body_seconds=0.6,
        grace_seconds=0.2,
        write_seconds=0.3,
        idle_seconds=0.2,
        linger_seconds=0.3,
        answer_seconds=60.0,
        max_header_bytes=4000,
    )
    with hosted(limits, command=FAULTY) as found:
        yield found


def code_of(reply):
    """Give status and code of an error."""
    return reply.status, json.loads(reply.body)["error"]["code"]


def seconds_until_closed(connection, drip=b""):
    """Wait for the end of a connection, and say a byte now and then; how long it took."""
    start = time.monotonic()
    while time.monotonic() - start < 10:
        if select.select([connection], [], [], 0.05)[0]:
            try:
                if connection.recv(1 << 16) == b"":
                    return time.monotonic() - start
            except ConnectionError:
                return time.monotonic() - start
        elif drip:
            try:
                connection.sendall(drip)
            except ConnectionError:
                return time.monotonic() - start
    raise AssertionError("it is open still")


def test_who_says_nothing_is_cut_off(host):
    with host.connect() as connection:
        assert seconds_until_closed(connection) < 5


def test_headers_that_come_byte_by_byte_have_a_deadline(host):
    with host.connect() as connection:
        connection.sendall(HEAD + b"X-Slow: ")

        assert 0.2 < seconds_until_closed(connection, b"a") < 5


def test_the_next_requests_headers_have_the_same_deadline(host):
    """Idle time ends with their first byte."""
    with host.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert reply_on(connection).status == 200
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")

        assert seconds_until_closed(connection, b"a") < 5


def test_an_idle_connection_is_closed(host):
    with host.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert reply_on(connection).status == 200

        assert seconds_until_closed(connection) < 5


def test_a_connection_serves_one_request_after_another(host):
    with host.connect() as connection:
        for _ in range(3):
            connection.sendall(HEAD + b"Content-Length: 3\r\n\r\nabc")
            assert reply_on(connection).body == b"abc"


def test_requests_that_come_together_are_answered_in_order(host):
    with host.connect() as connection:
        one = HEAD + b"Content-Length: 1\r\n\r\n"
        connection.sendall(one + b"a" + one + b"b")

        with connection.makefile("rb") as stream:  # both may come in one piece
            assert [next_reply(stream, "POST", 0.0).body for _ in range(2)] == [b"a", b"b"]


def test_a_body_below_the_least_rate_is_refused_and_ended(host):
    reply, is_closed = host.say(HEAD + b"Content-Length: 100\r\n\r\nab")

    assert code_of(reply) == (408, "timeout")
    assert b"2 bytes came in 0.2 seconds" in reply.body
    assert reply.headers["connection"] == "close"
    assert is_closed


def test_a_body_has_a_deadline_however_fast_it_comes():
    """Its rate would do."""
    limits = ServerLimits(body_seconds=0.3, grace_seconds=0.1, least_rate=1, linger_seconds=0.1)
    with hosted(limits, command=FAULTY) as host, host.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")

        assert seconds_until_closed(connection, b"4\r\nabcd\r\n") < 5
        assert host.wait_for_log(1)["status"] == 408


def test_a_client_that_does_not_read_is_cut_off(host):
    """The system takes a few megabytes for it; the rest waits in vain."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", host.port))
        before = len(host.log)
        body = b"zeros 30000000"
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

        entry = host.wait_for_log(before + 1)

    assert entry["status"] == 200
    assert 200 < entry["ms"] < 10_000


def test_the_last_piece_of_an_answer_has_a_deadline_too():
    """It waits in our buffer when the answer is complete already."""
    limits = ServerLimits(write_seconds=0.2, least_rate=100_000_000, idle_seconds=60.0)
    with hosted(limits, command=FAULTY) as host, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", host.port))
        body = b"zeros 15000000"
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        host.wait_for_log(1)
        hung_up = select.poll()
        hung_up.register(connection, 0)

        assert hung_up.poll(10_000)


def test_a_piece_keeps_the_least_rate_and_the_time_of_the_whole():
    """Worked by hand: 10 kB/s for 30 s; and a twentieth of what has 600 s."""
    limits = ServerLimits()

    assert piece_of(1000, limits) == 300_000
    assert piece_of(100_000_000, limits) == 5_000_000


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        b"Content-Length: 3\r\ncontent-length : 4\r\n\r\nabc",
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"Content-Length: -1\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
    ids=["both", "twice", "twice, spaced", "contradicting", "negative", "encoding", "chunk"],
)
def test_a_body_whose_end_is_doubtful_is_refused_and_ended(host, lines):
    """What follows could be taken for another request (smuggling)."""
    reply, is_closed = host.say(HEAD + lines)

    assert code_of(reply) == (400, "bad_request")
    assert is_closed


def test_what_is_no_http_is_refused_and_ended(host):
    reply, is_closed = host.say(b"hello\r\n\r\n")

    assert code_of(reply) == (400, "bad_request")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert is_closed


def test_headers_without_an_end_are_refused(host):
    """Though they come fast."""
    reply, is_closed = host.say(HEAD + b"X-Long: " + b"a" * 5000)

    assert code_of(reply) == (431, "headers_too_large")
    assert is_closed


def test_a_refusal_reaches_a_client_that_sends_all_first(host):
    """A connection that is closed with bytes unread is reset, and the answer lost."""
    body = bytes(40 << 20)
    with host.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
        connection.sendall(body)

        assert code_of(reply_on(connection)) == (413, "too_large")


def test_a_connection_too_many_is_told():
    with hosted(ServerLimits(max_connections=1), command=FAULTY) as host, host.connect():
        reply, is_closed = host.say(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert code_of(reply) == (503, "crowded")
    assert reply.headers["retry-after"] in ("1", "2", "3")
    assert is_closed


def test_a_request_whose_body_is_damaged_is_over(host):
    """Nothing waits for its rest, and nothing more is said."""
    before = len(host.log)

    host.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n")

    entry = host.wait_for_log(before + 1)
    assert (entry["status"], "fault" in entry) == (499, False)
    assert entry["ms"] < 200


def test_an_answer_goes_on_when_its_client_reads_on(host):
    """After it had to wait."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", host.port))
        body = b"zeros 9000000"
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        connection.recv(1, socket.MSG_PEEK)

        assert reply_on(connection).body == bytes(9_000_000)


def test_what_comes_after_a_refusal_is_thrown_away():
    """Whatever it is: there is no place for another answer."""
    limits = ServerLimits(max_body_bytes=10, linger_seconds=0.2)
    with hosted(limits, command=FAULTY) as host, host.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n20\r\n" + b"a" * 32)
        assert reply_on(connection).status == 413

        assert seconds_until_closed(connection, b"no chunk\r\n") < 5


def answers(host, count):
    """Open so many connections, ask on each, leave all open; the statuses that came back."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(host.connect()) for _ in range(count)]
        found = []
        for connection in connections:
            with contextlib.suppress(OSError):  # it is refused already
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            found.append(reply_on(connection))
        return found


@pytest.mark.skipif(own_address() is None, reason="this machine has no address but its loopback")
def test_a_client_has_as_many_connections_as_the_limit_and_no_more():
    """And others are answered meanwhile; when it has closed some, it is again."""
    limits = ServerLimits(max_connections_per_client=3)
    with hosted(limits, command=FAULTY, address=own_address()) as host:
        replies = answers(host, 4)

        assert [reply.status for reply in replies] == [200, 200, 200, 503]
        assert code_of(replies[3]) == (503, "crowded")
        assert b"your address has 3 connections open, which is the limit" in replies[3].body
        assert "retry-after" in replies[3].headers
        until(lambda: [reply.status for reply in answers(host, 3)] == [200] * 3, 10)


def test_this_machine_is_no_client_that_counts():
    """A proxy on it brings the connections of all."""
    with hosted(ServerLimits(max_connections_per_client=1), command=FAULTY) as host:
        assert [reply.status for reply in answers(host, 5)] == [200] * 5


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("127.255.0.9", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
    ],
)
def test_a_client_is_an_address_or_an_ipv6_network(host, client):
    """Of version 6 one household has as many addresses as it likes."""
    assert client_at(host) == client
