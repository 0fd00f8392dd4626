"""Metrics: what Prometheus reads is what was counted."""

import pytest

from noiser.web.server.metrics import Metrics


@pytest.fixture
def lines():
    """The text after three requests and a refusal, with what the pool counts."""
    metrics = Metrics()
    metrics.finish(200, 0.005, 10, 100)
    metrics.finish(200, 0.0051, 10, 100)
    metrics.finish(429, 99.0, 0, 7)
    metrics.refuse("busy")
    metrics.in_flight = 2
    text = metrics.text({"waiting": ("Help.", 3)}, {"restarts_total": ("Help.", 4)})
    assert text.endswith("\n")
    return text.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        'noiser_requests_total{status="200"} 2',
        'noiser_requests_total{status="429"} 1',
        'noiser_refused_total{code="busy"} 1',
        "noiser_requests_in_flight 2",
        "noiser_waiting 3",
        "noiser_restarts_total 4",
        "noiser_received_bytes_total 20",
        "noiser_sent_bytes_total 207",
        "noiser_request_seconds_count 3",
        "noiser_request_seconds_sum 99.010100",
        "# TYPE noiser_waiting gauge",
        "# TYPE noiser_restarts_total counter",
        "# TYPE noiser_request_seconds histogram",
    ],
)
def test_each_number_has_its_line(lines, line):
    assert line in lines


def test_a_bucket_counts_all_that_took_no_longer(lines):
    """The edge itself is inside, as Prometheus has it."""
    buckets = [line for line in lines if "_bucket" in line]

    assert buckets[0] == 'noiser_request_seconds_bucket{le="0.005"} 1'
    assert buckets[1] == 'noiser_request_seconds_bucket{le="0.01"} 2'
    assert buckets[-2] == 'noiser_request_seconds_bucket{le="30"} 2'
    assert buckets[-1] == 'noiser_request_seconds_bucket{le="+Inf"} 3'


def test_every_family_is_declared_once_before_its_first_line(lines):
    """As the format demands."""
    declared = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    named = [line.split("{")[0].split(" ")[0] for line in lines if not line.startswith("#")]
    bare = {n.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for n in named}

    assert len(declared) == len(set(declared))
    assert bare == set(declared)
