"""The native kernel of another processor, compiled for it and run by an emulator."""

import ctypes
import shutil
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import hatch_build  # noqa: E402

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"

MISSING = [tool for tool in (COMPILER, EMULATOR) if not shutil.which(tool)]
"""Tools that are not at hand (Debian: gcc-aarch64-linux-gnu, qemu-user)."""


class EmulatedLibrary:
    """Stands where the compiled library does: each call is a run of the emulator.

    Args:
        folder: For the program, and what goes into it and comes out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._program = folder, folder / "emulated"
        kernel = ROOT / hatch_build.SOURCE
        command = [
            COMPILER, *hatch_build.FLAGS, "-static", "-DVARIANT=neon", f"-I{kernel.parent}",
            str(Path(__file__).with_suffix(".c")), "-o", str(self._program), "-lm",
        ]  # fmt: skip
        subprocess.run(command, check=True)

    def noiser_measure_neon(self, image, region, padding, *outputs) -> int:
        """Measure, and fill the outputs one after the other."""
        *outputs, light = outputs
        grid = light._obj
        size = 2 * grid.rows * grid.columns * 12 * 8
        first_tones = ctypes.string_at(grid.first_tones, 11 * 4) if size else b""
        parts = [region._obj, ctypes.c_int32(padding), grid, first_tones, bytes(size)]
        result = self._run("measure", image, parts)
        sizes = [27 * 8, 27 * 27 * 8, 1021 * 4, 960 * 4]
        if size:
            outputs, sizes = [*outputs, grid.sums], [*sizes, size]
        for pointer, size in zip(outputs, sizes, strict=True):
            ctypes.memmove(pointer, result[:size], size)
            result = result[size:]
        return 0

    def noiser_render_neon(self, image, out, region, filter_) -> int:
        """Render into `out`, which has no gaps."""
        f = filter_._obj
        colors = 1 if f.gray else 3
        sizes = [
            f.hidden * 9 * colors, f.hidden, f.hidden * 9 * colors, colors,
            f.lift_rows * f.lift_columns * 12,
        ]  # fmt: skip
        pointers = (f.first_weight, f.first_bias, f.second_weight, f.second_bias)
        arrays = [
            ctypes.string_at(pointer, 4 * size) if size else b""
            for pointer, size in zip((*pointers, f.lift), sizes, strict=True)
        ]
        result = self._run("render", image, [region._obj, out._obj, f, *arrays])
        assert len(result) == out._obj.height * out._obj.row
        ctypes.memmove(out._obj.data, result, len(result))
        return 0

    def _run(self, verb: str, image, parts) -> bytes:
        """Write a job, run it, read the result."""
        pixels = ctypes.string_at(image._obj.data, image._obj.height * image._obj.row)
        job, result = self._folder / "job", self._folder / "result"
        data = [bytes(part) for part in (image._obj, pixels, *parts)]
        job.write_bytes(b"".join(struct.pack("<q", len(part)) + part for part in data))
        subprocess.run([EMULATOR, self._program, verb, job, result], check=True)
        return result.read_bytes()
