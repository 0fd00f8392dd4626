"""Metrics: what the server counts, in the text format that Prometheus reads."""

from bisect import bisect_left
from collections import Counter
from itertools import accumulate

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper edges of the histogram of times [s]."""

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of the text."""


class Metrics:
    """Counts requests."""

    def __init__(self) -> None:
        self.in_flight = 0
        """Requests that are not answered yet."""

        self._statuses: Counter[int] = Counter()
        self._refused: Counter[str] = Counter()
        self._times = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0
        self._received, self._sent = 0, 0

    def refuse(self, code: str) -> None:
        """Count a refusal by its code."""
        self._refused[code] += 1

    def finish(self, status: int, seconds: float, received: int, sent: int) -> None:
        """Count a request that was answered.

        Args:
            status: Of the answer.
            seconds: From its headers to the answer's last byte [s].
            received: Of its body [bytes].
            sent: Of the answer's body [bytes].
        """
        self._statuses[status] += 1
        self._times[bisect_left(BUCKETS, seconds)] += 1
        self._seconds += seconds
        self._received += received
        self._sent += sent

    def text(self, gauges: dict[str, tuple[str, int]], counters: dict[str, tuple[str, int]]) -> str:
        """Write all metrics.

        Args:
            gauges: Further ones by name: help and value.
            counters: As above, of what only grows.
        """
        total = sum(self._times)
        edges = [*(f"{edge:g}" for edge in BUCKETS), "+Inf"]
        buckets = zip(edges, accumulate(self._times), strict=True)
        lines = [
            *_family("requests_total", "counter", "Requests by the status of the answer."),
            *(f'noiser_requests_total{{status="{s}"}} {n}' for s, n in self._statuses.items()),
            *_family("refused_total", "counter", "Refused requests by the code of the error."),
            *(f'noiser_refused_total{{code="{c}"}} {n}' for c, n in self._refused.items()),
            *_family("request_seconds", "histogram", "Time from headers to the answer's end."),
            *(f'noiser_request_seconds_bucket{{le="{edge}"}} {n}' for edge, n in buckets),
            f"noiser_request_seconds_sum {self._seconds:.6f}",
            f"noiser_request_seconds_count {total}",
        ]
        gauges = {"requests_in_flight": ("Requests not answered yet.", self.in_flight)} | gauges
        counters = {
            "received_bytes_total": ("Bytes of requests' bodies.", self._received),
            "sent_bytes_total": ("Bytes of answers' bodies.", self._sent),
        } | counters
        for kind, families in (("gauge", gauges), ("counter", counters)):
            for name, (text, value) in families.items():
                lines += [*_family(name, kind, text), f"noiser_{name} {value}"]
        return "\n".join(lines) + "\n"


def _family(name: str, kind: str, text: str) -> list[str]:
    """Open a family of metrics."""
    return [f"# HELP noiser_{name} {text}", f"# TYPE noiser_{name} {kind}"]
