"""A batch that is killed at any moment loses nothing, and the same command finishes it."""

import contextlib
import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pictures import dark_rgb, saved

from noiser.core.cpu import usable_processors
from noiser.io.files import PARTIAL_SUFFIX
from noiser.io.image_file import decode
from noiser.jobs.batch.journal import JOURNAL_NAME, read_journal

COUNT, BROKEN, KILLS = 200, 10, 20

UNMEASURED = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
"""Who is killed leaves no sound coverage behind."""

WORKERS = usable_processors()


def digests(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != JOURNAL_NAME
    }


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """200 pictures in nested folders, 10 of them broken."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    for i in range(COUNT):
        path = folder / f"{i % 7}" / f"{i:03}.png"
        path.parent.mkdir(exist_ok=True)
        data = saved(Image.fromarray(dark_rgb(60, 80, i)), "PNG")
        path.write_bytes(data[: len(data) // 2] if i % 20 == 0 else data)
    return folder


def enhance(photos: Path, output: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "noiser", "enhance", str(photos), "-o", str(output)],
        stderr=subprocess.PIPE,
        env=UNMEASURED,
    )


@pytest.fixture(scope="module")
def undisturbed(photos, tmp_path_factory) -> tuple[Path, int, list[str], float]:
    """One run that nobody kills: its outputs, exit code, messages and seconds."""
    output = tmp_path_factory.mktemp("undisturbed")
    start = time.perf_counter()
    with enhance(photos, output) as process:
        _, stderr = process.communicate()
    return output, process.returncode, stderr.decode().splitlines(), time.perf_counter() - start


def test_ten_broken_of_two_hundred_are_named_and_the_others_enhanced(photos, undisturbed):
    output, code, lines, _ = undisturbed
    broken = {str(photos / f"{i % 7}" / f"{i:03}.png") for i in range(0, COUNT, 20)}
    assert code == 1
    assert {line.split(": ")[1] for line in lines[:-1]} == broken
    assert lines[-1].startswith(f"{COUNT - BROKEN} enhanced, {BROKEN} failed; ")
    assert len(digests(output)) == COUNT - BROKEN


def children_of(pid: int) -> list[Path]:
    """Name the processes that one has started, if it is still there."""
    with contextlib.suppress(OSError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [Path("/proc", child) for child in listed]
    return []


def wait_until_gone(workers: list[Path]) -> None:
    """Give workers without a supervisor five seconds to end."""
    deadline = time.monotonic() + 5
    while any(worker.exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker outlives its supervisor"
        time.sleep(0.01)


def committed(output: Path) -> dict[str, tuple[int, int]]:
    """Name the outputs that the journal calls finished; inode and time tell a second writing."""
    found = {name: (output / name).stat() for name in read_journal(output).done}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def test_kills_at_random_moments_lose_nothing_and_redo_nothing(photos, undisturbed, tmp_path):
    whole, _, _, seconds = undisturbed
    originals = digests(photos)
    moments = random.Random(2022)
    killed_midway = 0
    for attempt in range(KILLS):
        output = tmp_path / f"{attempt}"
        with enhance(photos, output) as process:
            time.sleep(moments.uniform(0.1, 1.0) * seconds)
            workers = children_of(process.pid)
            process.kill()
        wait_until_gone(workers)
        done = list(output.rglob("*.png")) if output.exists() else []
        killed_midway += 0 < len(done) < COUNT - BROKEN
        for path in done:
            decode(path.read_bytes())  # complete, or it would raise
        before = committed(output)
        assert len(before) >= len(done) - 2 * WORKERS
        with enhance(photos, output) as process:
            process.communicate()
        assert digests(output) == digests(whole)
        assert committed(output).items() >= before.items()
        assert len(committed(output)) == COUNT - BROKEN
        assert not list(output.rglob(f".*{PARTIAL_SUFFIX}"))
    assert digests(photos) == originals
    assert killed_midway > 0
