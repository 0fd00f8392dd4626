"""Files made to break decoders: each is refused in one sentence, or enhanced, and soon."""

import contextlib
import json
import subprocess
import sys
import time

import pytest

from noiser.core.errors import ImageError
from noiser.io.image_file import decode
from noiser.io.limits import Limits
from noiser.jobs.batch.journal import JOURNAL_NAME

MAX_CPU_SECONDS = 10.0
MAX_RESIDENT_BYTES = 700 * 1_000_000

CHILD = """
import re, resource, runpy, sys
sys.argv = ["noiser", *sys.stdin.read().split("\\0")]
try:
    runpy.run_module("noiser", run_name="__main__")
finally:
    status = open("/proc/self/status").read()
    own = int(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of the largest
    print("peak", 1024 * max(own, workers), file=sys.stderr)
"""
"""Runs noiser with more words than a command line may have, and reports its memory.

Its own not by getrusage: that maximum is kept across exec, so a child starts with its parent's.
"""


@pytest.fixture(scope="module")
def hostile(shared_data):
    files = sorted(p for p in (shared_data / "hostile").rglob("*") if p.is_file())
    assert len(files) > 2000
    return files


def test_no_hostile_file_gets_a_traceback_an_output_or_much_memory(hostile, tmp_path):
    words = ["enhance", *map(str, hostile), "-o", str(tmp_path), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input="\0".join(words), capture_output=True, text=True
    )
    *lines, peak = done.stderr.splitlines()
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert report["done"] + report["failed"] == len(hostile)
    failed = [row for row in report["files"] if row["status"] == "failed"]
    made = {str(p) for p in tmp_path.rglob("*") if p.is_file() and p.name != JOURNAL_NAME}
    assert made == {row["output"] for row in report["files"] if row["status"] == "done"}
    assert len(failed) > 1000
    told = [line for line in lines[:-1] if line.startswith("noiser: ")]
    assert len(told) == len(lines) - 1
    assert all(row["message"] and "\n" not in row["message"] for row in failed)
    assert int(peak.split()[1]) < MAX_RESIDENT_BYTES


def test_no_hostile_file_costs_much_time_or_raises_anything_undocumented(hostile):
    for path in hostile:
        start = time.process_time()
        with contextlib.suppress(ImageError):
            decode(path.read_bytes(), Limits())
        assert time.process_time() - start < MAX_CPU_SECONDS, path
