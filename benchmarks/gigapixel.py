"""Time and memory of a picture of 400 megapixels through strips, files in and out.

    python benchmarks/gigapixel.py [--side 20000] [--formats jpg,tif,png] [--folder FOLDER]

The picture is dark, with grain; it is made once by libvips, in the folder. Each format is then
enhanced by `noiser enhance` in a process of its own: the wall time, and the peak of resident
memory of that process with all its threads. Needs noiser[io] and, for 20,000 x 20,000, some
3 GB of disk.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyvips

SAVED = {
    "jpg": {"Q": 90},
    "tif": {
        "tile": True, "tile_width": 256, "tile_height": 256,
        "compression": "deflate", "predictor": "horizontal", "bigtiff": True,
    },
    "png": {"compression": 1},
}  # fmt: skip
"""How the input is written: a baseline JPEG, a tiled BigTIFF, a PNG."""

RUN = """
import re, resource, sys
from noiser.cli import group
try:
    group.main(sys.argv[1:])
finally:
    use = resource.getrusage(resource.RUSAGE_SELF)
    peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
    print(int(peak) / 1024, use.ru_utime + use.ru_stime)
"""


def main() -> None:
    """Make the picture, enhance each format, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--formats", default="jpg,tif,png")
    parser.add_argument("--folder", type=Path)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = words.folder or Path(temporary)
        print("format   seconds   megapixels/s   CPU s   peak MiB   input MB   output MB")
        for suffix in words.formats.split(","):
            source = folder / f"dark-{words.side}.{suffix}"
            if not source.exists():
                dark(words.side).write_to_file(source, **SAVED[suffix])
            target = folder / f"bright-{words.side}.{suffix}"
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", RUN, "enhance", source, "-o", target, "--overwrite",
                 "--max-megapixels", "100000"],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            seconds = time.perf_counter() - start
            peak, cpu = map(float, done.stdout.split())
            sizes = [path.stat().st_size / 1e6 for path in (source, target)]
            target.unlink()
            speed = words.side**2 / 1e6 / seconds
            print(
                f"{suffix:6} {seconds:9.1f} {speed:14.1f} {cpu:7.0f} {peak:10.0f} "
                f"{sizes[0]:10.0f} {sizes[1]:11.0f}"
            )


def dark(side: int) -> pyvips.Image:
    """Draw a dark picture with slopes, waves and grain, no part of which is in memory."""
    places = pyvips.Image.xyz(side, side)
    gray = places[0] / side * 40 + (places[1] * 0.01).sin() * 10 + 15
    noise = pyvips.Image.gaussnoise(side, side, mean=0, sigma=3, seed=1)
    colors = gray.bandjoin([gray * 0.8, gray * 0.6]) + noise
    return colors.cast("uchar").copy(interpretation="srgb")


if __name__ == "__main__":
    main()
