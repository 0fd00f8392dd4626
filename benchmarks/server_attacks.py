"""Parts of the server's benchmark that attack it; what each must show is in its rows."""

import math
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from server_bench import (
    HOSTILE,
    Bench,
    Row,
    at_most,
    attacks,
    exactly,
    injections,
    multiparts,
    noise,
    serving,
)

MB = 1_000_000
MIB = 1 << 20
LIMIT = 32 * MIB
"""Of a body [bytes]."""


def slow(bench: Bench) -> Iterator[Row]:
    """Hold connections with headers, bodies and answers of a byte a second, all together."""
    with bench.serve("--workers", "2") as service, ThreadPoolExecutor(3) as pool:
        body = service.head("POST", "/v1/enhance", 10_000, Content_Type="image/jpeg") + b"\xff"
        reading = bench.request(service, noise(2000, 1500))
        drips = ((attacks.SLOW_HEADER, 200, 25), (body, 50, 45))
        with attacks.watched(service) as health:
            jobs = [
                pool.submit(attacks.slow_readers, service, reading, bench.count(4), 60),
            ]
            time.sleep(8)  # the large answers have begun
            jobs += [
                pool.submit(attacks.drip, service, opening, bench.count(count), give_up)
                for opening, count, give_up in drips
            ]
            good = [service.enhance(bench.night) for _ in range(20)]
            readers, headers, bodies = (job.result() for job in jobs)
    for what, found, bar in (
        ("slow headers", headers, 12),
        ("slow bodies", bodies, 35),
        ("slow readers", readers, 35),
    ):
        still = sum(math.isinf(seconds) for seconds in found)
        yield exactly(f"{what}, {len(found)}: still open", still, 0)
        if not still:
            yield at_most(f"{what}: the last was closed after", max(found), bar, "s")
    yield at_most(
        "/healthz meanwhile, p99", 1e3 * serving.percentile(_times(health), 0.99), 200, "ms"
    )
    yield exactly("/healthz meanwhile, not 200", sum(r.status != 200 for r in health), 0)
    yield exactly("good requests meanwhile, not 200", sum(r.status != 200 for r in good), 0)


def _times(replies: list[serving.Reply]) -> list[float]:
    return [reply.seconds for reply in replies]


def sizes(bench: Bench) -> Iterator[Row]:
    """Announce and send too much."""
    with bench.serve("--workers", "1") as service:
        service.enhance(bench.night)
        ways = ((attacks.FORM, "form"), ("image/jpeg", "raw"))
        for kind, name in ways[: 1 if bench.is_stock else 2]:
            yield from _too_much(bench, service, kind, name)
        for what, data in attacks.oversized(service.address, bench.night).items():
            reply = service.exchange(data, timeout=20)
            is_told = 400 <= reply.status < 500
            yield Row(f"{what}: status", reply.status, "4xx", is_told)
            yield at_most(f"{what}: answered after", 1e3 * reply.seconds, 100, "ms")


def _too_much(bench: Bench, service: serving.Service, kind: str, name: str) -> Iterator[Row]:
    """Announce, send whole, and send without end."""
    reply = attacks.announced(service, LIMIT + MIB, kind)
    yield exactly(f"{name}: 33 MiB announced, none sent: status", reply.status, 413)
    yield at_most(f"{name}: answered after", 1e3 * reply.seconds, 100, "ms")
    reply = attacks.sent_whole(service, LIMIT + MIB, kind)
    yield exactly(f"{name}: 33 MiB sent before the answer is read: status", reply.status, 413)
    base, temporary = service.memory(), bench.folder / "temporary"
    reply, sent, grown, written = attacks.endless(
        service, kind, bench.count(10_000 * MB), temporary
    )
    what = f"{name}: chunks without end"
    yield exactly(f"{what}: status", reply.status, 413)
    yield at_most(f"{what}: taken", sent / MIB, LIMIT / MIB + 8, "MiB")
    yield at_most(f"{what}: memory at most", grown / MIB, LIMIT / MIB + 16, "MiB")
    yield at_most(f"{what}: temporary files", written / MIB, 0, "MiB")
    yield at_most(f"{what}: memory after", service.settled(base) / MIB, 16, "MiB")


def smuggling(bench: Bench) -> Iterator[Row]:
    """Send requests whose length is not clear, each with another hidden behind."""
    with bench.serve("--workers", "1") as service:
        for what, data in injections.smuggled(service.address, bench.tiny).items():
            with service.connect(timeout=20) as connection:
                connection.sendall(data)
                try:
                    said = injections.until_closed(connection)
                except TimeoutError:
                    said = b"HTTP/1.1 000 left open"
            statuses = re.findall(rb"HTTP/1\.1 (\d+)", said)
            found = " ".join(status.decode() for status in statuses) or "closed"
            yield Row(what, found, "400 or 501, and closed", found in ("400", "501", "closed"))


def multipart_bodies(bench: Bench) -> Iterator[Row]:
    """Send forms as no browser writes them: by hand, and 20,000 that are drawn."""
    found: Counter[int] = Counter()
    slowest = 0.0
    with bench.serve("--workers", "1") as service:

        def send(kind: str, body: bytes) -> None:
            nonlocal slowest
            reply = service.ask("POST", "/v1/enhance", body, 20, Content_Type=kind)
            found[reply.status] += 1
            slowest = max(slowest, reply.seconds)

        for kind, body in multiparts.written_by_hand(bench.tiny).values():
            send(kind, body)

        @settings(
            max_examples=bench.count(20_000), database=None, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(form=multiparts.forms(bench.tiny))
        def send_drawn(form: multiparts.Form) -> None:
            send(*form)

        send_drawn()
        is_well = service.enhance(bench.tiny).status == 200
    yield from _no_failure(f"{found.total()} forms", found)
    yield at_most("the slowest answer", slowest, 5, "s")
    yield exactly("a good form afterwards is answered", is_well, True)


def _no_failure(what: str, found: Counter[int]) -> Iterator[Row]:
    """Make the rows of statuses of which none may be the server's fault."""
    told = ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(found.items()))
    yield Row(f"{what}: statuses", told)
    yield exactly(f"{what}: 5xx", sum(n for status, n in found.items() if status >= 500), 0)
    yield exactly(f"{what}: no answer", found[0], 0)


def injection(bench: Bench) -> Iterator[Row]:
    """Put words that lead out wherever a request has room for one."""
    canary = bench.folder / "canary.jpg"
    canary.write_bytes(b"\xff\xd8\xff\xe0 canary-4f1d " * 100)
    words = bench.some(injections.leading_out(canary))
    found: Counter[int] = Counter()
    leaks = accepted = 0
    with bench.serve("--workers", "1") as service:
        for word in words:
            for data in injections.injected(
                service.address, word, bench.tiny, ("look", "path", "url")
            ):
                reply = service.exchange(data, timeout=20)
                found[reply.status] += 1
                leaks += any(m in reply.body for m in (b"canary-4f1d", b"root:", b"PATH="))
                leaks += "x-injected" in reply.headers
                is_unknown = data.startswith((b"POST /v1/enhance?path", b"POST /v1/enhance?url"))
                accepted += is_unknown and reply.status != 400
    yield from _no_failure(f"{len(words)} words in {found.total()} places", found)
    yield exactly("answers with anything of a file", leaks, 0)
    yield exactly("unknown parameters that were not refused", accepted, 0)


def files_opened(bench: Bench) -> Iterator[Row]:
    """Watch by strace what files the server opens after its start."""
    if not shutil.which("strace"):
        yield Row("strace is not installed", "nothing was watched")
        return
    log = bench.folder / "opened"
    with bench.serve("--workers", "1", wrap=(*injections.STRACE, str(log))) as service:
        service.enhance(bench.night)
        start = log.stat().st_size
        for word in injections.leading_out(bench.folder / "canary")[
            :: max(1, round(1 / bench.share))
        ]:
            for data in injections.injected(service.address, word, bench.tiny, ("look", "path")):
                service.exchange(data, timeout=60)
        text = log.read_bytes()[start:].decode("utf-8", "replace")
    outside = injections.opened_outside(text, bench.folder / "temporary")
    yield exactly("files opened outside, and connections", " ".join(outside) or "none", "none")


def hostile(bench: Bench) -> Iterator[Row]:
    """Send files that were made to break decoders."""
    files = sorted(p for p in HOSTILE.rglob("*") if p.is_file()) if HOSTILE.is_dir() else []
    files = bench.some(files)
    if not files:
        yield Row("no hostile files", f"{HOSTILE} is absent")
        return
    with bench.serve("--workers", "2") as service, ThreadPoolExecutor(4) as pool:
        whole = service.enhance(bench.night).body

        def send(path: Path) -> serving.Reply:
            if bench.is_stock:
                return service.enhance(path.read_bytes(), timeout=60)
            body = path.read_bytes()
            return service.ask("POST", "/v1/enhance", body, 60, Content_Type="image/jpeg")

        list(pool.map(send, files[::20]))  # loads the libraries of all formats
        base = service.memory()
        replies = list(pool.map(send, files))
        is_well = service.enhance(bench.night).body == whole
        is_running = service.is_running()
        grown = service.settled(base)
    yield from _no_failure(f"{len(files)} files", Counter(reply.status for reply in replies))
    slowest = max(range(len(files)), key=lambda i: replies[i].seconds)
    yield Row("the slowest answer [s]", replies[slowest].seconds)
    yield Row("its file", files[slowest].name)
    yield exactly(
        "the same process, and the same answer to a good picture", is_running and is_well, True
    )
    yield at_most("memory grew by", grown / MB, 50, "MB")


def schema(bench: Bench) -> Iterator[Row]:
    """Let schemathesis try what the OpenAPI document promises."""
    if not find_spec("schemathesis"):
        yield Row("schemathesis is not installed", "nothing was tried")
        return
    with bench.serve("--workers", "2", "--queue", "64") as service:
        done = check_schema(service, bench.count(200), bench.folder)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    for line in lines[-8:]:
        yield Row("schemathesis", line.strip().replace("|", "/"))
    yield exactly("schemathesis' exit code", done.returncode, 0)
    if done.returncode:
        (Path(tempfile.gettempdir()) / "noiser-schemathesis.txt").write_text(done.stdout)


def check_schema(
    service: serving.Service, examples: int, folder: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run schemathesis on a server."""
    address = f"http://{service.address}/openapi.json"
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", address,
        "--max-examples", str(examples), "--generation-deterministic", "--no-color",
        "--continue-on-failure", "--suppress-health-check", "all",
    ]  # fmt: skip
    return subprocess.run([*command, *words], capture_output=True, text=True, cwd=folder)
