"""Parts of the server's benchmark that give it much to do, and take away what it works with."""

import http.client
import statistics
import time
from collections import Counter
from collections.abc import Iterator

from server_bench import Bench, Row, at_most, exactly, loads, picture, processes, serving

from noiser.engine.enhancer import Enhancer
from noiser.jobs.in_memory import enhance_bytes
from noiser.jobs.options import JobOptions

MB = 1_000_000
WORKERS = 2
QUEUE = 16
"""Requests that may wait, by default."""


def idle(bench: Bench) -> Iterator[Row]:
    """Time one small picture, in turn through the server and in this process."""
    treatment = JobOptions(Enhancer(threads=1))
    seconds: dict[str, list[float]] = {"here": [], "kept connection": [], "new connection": []}
    with bench.serve("--workers", str(WORKERS)) as service:
        kept = http.client.HTTPConnection(service.host, service.port)
        kind, body = serving.multipart([("image", "photo", bench.night)])
        if not bench.is_stock:
            kind, body = "image/jpeg", bench.night

        def ask() -> None:
            kept.request("POST", "/v1/enhance", body, {"Content-Type": kind})
            kept.getresponse().read()

        ways = {
            "here": lambda: enhance_bytes(bench.night, treatment),
            "kept connection": ask,
            "new connection": lambda: service.ask("POST", "/v1/enhance", body, Content_Type=kind),
        }
        for _ in range(bench.count(200) + 5):
            for way, call in ways.items():
                start = time.perf_counter()
                call()
                seconds[way].append(time.perf_counter() - start)
        kept.close()
    medians = {way: statistics.median(taken[5:]) for way, taken in seconds.items()}
    yield Row(
        "decoding, kernel and encoding in one process, median [ms]", 1e3 * medians.pop("here")
    )
    base = statistics.median(seconds["here"][5:])
    for way, median in medians.items():
        yield Row(f"{way}, median [ms]", 1e3 * median)
        yield at_most(f"{way}, times that", median / base, 2.5)


def overload(bench: Bench) -> Iterator[Row]:
    """Let 64 clients send to two workers, patient and not; before, find the best there is."""
    with bench.serve("--workers", str(WORKERS)) as service:
        yield from _crowd(bench, service)
        seconds = 20 * bench.share
        loads.rate(service, bench.night, 4, 0.2 * seconds, True)
        peaks = {
            clients: loads.rate(service, bench.night, clients, seconds, True).goodput
            for clients in (2, 4, 8)
        }
        for clients, goodput in peaks.items():
            yield Row(f"{clients} clients, goodput [1/s]", goodput)
        peak = max(peaks.values())
        for is_polite, word, offered, least in (
            (True, "that wait as told", None, 0.9),
            (False, "that offer twice the peak", 2 * peak, 0.9),
            (False, "that never wait", None, None),  # they take the processors for themselves
        ):
            found = loads.rate(service, bench.night, 64, 3 * seconds, is_polite, offered)
            who = f"64 clients {word}"
            yield Row(f"{who}, goodput [1/s]", found.goodput)
            share = found.goodput / peak
            if least is None:
                yield Row(f"{who}, share of the peak", share)
            else:
                yield Row(f"{who}, share of the peak", share, f">= {least}", share >= least)
            yield from _refusals(who, found)


def _crowd(bench: Bench, service: serving.Service) -> Iterator[Row]:
    """Compare what 64 clients get with what one gets, and memory before and after."""
    images = [bench.night, *(picture(600, 400, "JPEG", seed) for seed in range(1, 16))]
    alone = [service.enhance(image) for image in images]
    service_time = statistics.median(reply.seconds for reply in alone)
    base = service.memory()
    found = loads.crowd(service, images, 64, bench.count(10))
    replies = [reply for group in found for reply in group]
    wrong = sum(
        reply.status == 200 and reply.body != expected.body
        for group, expected in zip(found, alone, strict=True)
        for reply in group
    )
    told = Counter(reply.status for reply in replies)
    yield Row("64 clients, statuses", ", ".join(f"{s}: {n}" for s, n in sorted(told.items())))
    yield exactly("64 clients, wrong pictures", wrong, 0)
    others = sum(status not in (200, *loads.BUSY) for status in told.elements())
    yield exactly("64 clients, neither a picture nor 429 or 503", others, 0)
    patience = (QUEUE + WORKERS) * service_time
    slowest = max((r.seconds for r in replies if r.status == 200), default=0.0)
    yield at_most("64 clients, the longest wait for a picture", slowest, patience, "s")
    grown = service.settled(base)
    yield at_most("memory above that before", grown / MB, 50, "MB")


def _refusals(who: str, found: loads.Rate) -> Iterator[Row]:
    """Tell of those who were sent away."""
    told = ", ".join(f"{status}: {n}" for status, n in sorted(found.statuses.items()))
    yield Row(f"{who}, statuses", told)
    refused = [reply for reply in found.replies if reply.status in loads.BUSY]
    if not refused:
        yield Row(f"{who}, longest wait for a picture [s]", found.seconds_at(1, 200))
        return
    silent = sum("retry-after" not in reply.headers for reply in refused)
    yield exactly(f"{who}, refused without Retry-After", silent, 0)
    for share, name in ((0.5, "median"), (0.99, "p99")):
        milliseconds = 1e3 * found.seconds_at(share, *loads.BUSY)
        yield at_most(f"{who}, refused after, {name}", milliseconds, 50, "ms")
    yield Row(f"{who}, refused after, the longest [ms]", 1e3 * found.seconds_at(1, *loads.BUSY))


def cancel(bench: Bench) -> Iterator[Row]:
    """Leave in mid-compute 50 times; a server with one worker is to be free soon."""
    with bench.serve("--workers", "1") as service:
        large, small = (bench.request(service, image) for image in (bench.large, bench.tiny))
        alone = service.exchange(large)
        yield Row("the large picture alone [s]", alone.seconds, "200", alone.status == 200)
        found = loads.cancelled(service, large, small, bench.count(50))
        yield at_most(f"left {len(found)} times, free after at most", max(found), 2, "s")
        replies = [service.enhance(bench.night) for _ in range(bench.count(50))]
        failed = sum(reply.status != 200 for reply in replies)
        yield exactly(f"the next {len(replies)}, not 200", failed, 0)


def stop(bench: Bench) -> Iterator[Row]:
    """Send SIGTERM while pictures are enhanced."""
    with bench.serve("--workers", str(WORKERS)) as service:
        large = bench.request(service, bench.large)
        expected = service.exchange(large).body
        family = service.family()
        replies, newcomer, code, seconds = loads.stopped(service, large, WORKERS)
        whole = sum(reply.status == 200 and reply.body == expected for reply in replies)
        yield exactly(f"{len(replies)} under way: whole answers", whole, len(replies))
        yield exactly("a newcomer's status", newcomer.status, 0)
        yield exactly("exit code", code, 0)
        yield at_most("ended after", seconds, 20, "s")
        yield exactly("processes left", len(processes.alive(family)), 0)


def kill(bench: Bench) -> Iterator[Row]:
    """Kill the worker that computes; only its request is to notice."""
    if bench.is_stock:
        yield Row("it has no workers", "killing it ends the server")
        return
    with bench.serve("--workers", str(WORKERS)) as service:
        large, small = (bench.request(service, image) for image in (bench.large, bench.tiny))
        service.exchange(small)
        for _ in range(bench.count(10)):
            reply, seconds = loads.killed(service, large, small)
            yield exactly("its request's status", reply.status, 503)
            yield at_most("the next is answered after", seconds, 3, "s")
        serving.until(lambda: len(service.family()) > WORKERS, 10)
        yield exactly("processes afterwards", len(service.family()), WORKERS + 1)


def isolation(bench: Bench) -> Iterator[Row]:
    """Let 32 clients send pictures of which no two are alike."""
    images = [picture(48, 32, "PNG", seed) for seed in range(64)]
    with bench.serve("--workers", str(WORKERS)) as service:
        found = loads.mixed_up(service, images, 32, bench.count(1000))
        reply = service.enhance(images[0])
        bad = service.enhance(b"no picture")
    count = found.total() - found["busy"]
    yield exactly(f"{count} pictures: another's", found["another's"], 0)
    yield exactly(f"{count} pictures: wrong", found["wrong"], 0)
    yield Row("sent away and tried again", found["busy"])
    yield exactly("Set-Cookie", reply.headers.get("set-cookie", "none"), "none")
    sniff = reply.headers.get("x-content-type-options", "none")
    yield exactly("X-Content-Type-Options", sniff, "nosniff")
    leaks = [word for word in (b"Traceback", b".py", b"/") if word in bad.body]
    yield exactly("path or trace in an error", b" ".join(leaks).decode() or "none", "none")
