"""Long runs: workers, memory and kills, beside a loop that opens, enhances, saves and skips.

    python benchmarks/long_runs.py [--count 400] [--kills 20] [--folder FOLDER]

Makes small dark pictures, and runs `noiser enhance` on them: with one thread and with two, which
is as many workers; then kills it at random moments, goes on with the same command, and does the
same to the loop. Prints three tables.
"""

import argparse
import hashlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

LOOP = """
import sys
from pathlib import Path
from PIL import Image
import noiser
source, target = map(Path, sys.argv[1:])
target.mkdir(exist_ok=True)
tool = noiser.Enhancer(threads=1)
for path in sorted(source.iterdir()):
    if not (target / path.name).exists():
        tool.enhance(Image.open(path)).save(target / path.name)
"""
"""What people write: skips what exists, and saves under the final name."""

SLOPE = """
import os, sys
from pathlib import Path
from noiser import Enhancer
from noiser.jobs.batch.run import run
from noiser.jobs.plan import make_plan
from noiser.jobs.options import JobOptions
count = [0]
def told(_result):
    count[0] += 1
    if count[0] % 50 == 0:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        print(count[0], pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")))
items = make_plan([Path(sys.argv[1])], Path(sys.argv[2])).items
run(items, JobOptions(Enhancer(threads=1)), jobs=2, on_result=told)
"""


def main() -> None:
    """Make the pictures and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--folder", type=Path)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=words.folder) as temporary:
        folder = Path(temporary)
        photos = write_photos(folder / "in", words.count, 400, 300)
        throughput(photos, folder / "fast", words.count)
        slope(write_photos(folder / "small", 2000, 32, 32), folder / "slope")
        few = write_photos(folder / "few", 60, 400, 300)
        kills(few, folder, words.kills)


def write_photos(folder: Path, count: int, width: int, height: int) -> Path:
    """Write dark pictures with grain."""
    folder.mkdir()
    for i in range(count):
        rng = np.random.default_rng(i)
        pixels = (rng.random((height, width, 3)) ** 3 * 80).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:04}.png")
    return folder


def enhance(photos: Path, output: Path, *words: str) -> list[str]:
    """Give the command."""
    return [sys.executable, "-m", "noiser", "enhance", str(photos), "-o", str(output), *words]


def throughput(photos: Path, output: Path, count: int) -> None:
    """Time one and two workers in turn; the best of three each, with the start of everything."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for workers, taken in seconds.items():
            start = time.perf_counter()
            subprocess.run(
                enhance(photos, output, "--threads", str(workers)), capture_output=True, check=True
            )
            taken.append(time.perf_counter() - start)
            shutil.rmtree(output)
    print("workers   seconds   pictures/s")
    for workers, taken in seconds.items():
        print(f"{workers:7}   {min(taken):7.2f}   {count / min(taken):10.1f}")
    print(f"two workers: {min(seconds[1]) / min(seconds[2]):.2f} times one\n")


def slope(photos: Path, output: Path) -> None:
    """Fit a line to the resident memory of the process that supervises."""
    words = [sys.executable, "-c", SLOPE, str(photos), str(output)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    table = np.array([[int(n) for n in line.split()] for line in done.stdout.splitlines()])
    late = table[len(table) // 4 :]
    grown = np.polyfit(late[:, 0], late[:, 1], 1)[0]
    print("pictures   bytes a picture   files open")
    print(f"{table[-1, 0]:8}   {grown:15.0f}   {late[:, 2].min()} to {late[:, 2].max()}\n")


def kills(photos: Path, folder: Path, count: int) -> None:
    """Kill both ways of doing it at random moments, go on, and look at what is there."""
    ways = {
        "noiser enhance": lambda out: enhance(photos, out),
        "open, enhance, save": lambda out: [sys.executable, "-c", LOOP, str(photos), str(out)],
    }
    print("way                    runs with damage   files damaged   files missing   left behind")
    for name, command in ways.items():
        start = time.perf_counter()
        subprocess.run(command(folder / "whole"), capture_output=True, check=True)
        seconds, whole = time.perf_counter() - start, digests(folder / "whole")
        shutil.rmtree(folder / "whole")
        chance, damaged_runs, damaged, missing, left = random.Random(2022), 0, 0, 0, 0
        for _ in range(count):
            out = folder / "killed"
            with subprocess.Popen(command(out), stderr=subprocess.DEVNULL) as process:
                time.sleep(chance.uniform(0.1, 1.0) * seconds)
                process.kill()
            subprocess.run(command(out), capture_output=True)
            found = digests(out)
            wrong = [n for n in whole.keys() & found.keys() if found[n] != whole[n]]
            damaged_runs += bool(wrong)
            damaged += len(wrong)
            missing += len(whole.keys() - found.keys())
            left += sum(bool(re.search("partial|tmp", p.name)) for p in out.iterdir())
            shutil.rmtree(out)
        print(f"{name:22} {damaged_runs:13}/{count} {damaged:15} {missing:15} {left:13}")


def digests(folder: Path) -> dict[str, str]:
    """Name what is in a folder and not hidden."""
    return {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.iterdir()
        if not p.name.startswith(".")
    }


if __name__ == "__main__":
    main()
