"""What the kernel costs, in instructions: unlike times they are the same on a busy machine."""

import re
import shutil
import subprocess
import sys

import pytest

from noiser.engine.kernels import native

WIDTH, HEIGHT = 498, 120

MOST = {"natural": 288.0, "paper": 396.0}
"""Instructions a pixel for measuring and rendering with AVX2: what gcc 12 makes, and 5 % more.

What makes the kernel slower mostly shows here; a better kernel may lower the numbers.
"""

PROGRAM = """
import sys
from noiser import Enhancer
from noiser.tools.benchmark import dark_noise
enhancer = Enhancer(sys.argv[1], threads=1, kernel="native-avx2")
enhancer.enhance(dark_noise(int(sys.argv[2]), int(sys.argv[3])))
"""

pytestmark = [
    pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed"),
    pytest.mark.skipif("native-avx2" not in native.kernels(), reason="this machine has no AVX2"),
]


def counted(look, folder):
    """Count the instructions in the kernel's library, by callgrind."""
    found = folder / "callgrind.out"
    subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={found}", "--compress-strings=no",
         sys.executable, "-c", PROGRAM, look, str(WIDTH), str(HEIGHT)],
        check=True, capture_output=True, env={"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    total, is_ours, is_call = 0, False, False
    for line in found.read_text().splitlines():
        if line.startswith("ob="):
            is_ours = line.endswith(native.LIBRARY.name)
        elif line.startswith("calls="):
            is_call = True  # the line after it has what the callee cost
        elif re.match(r"[+*\d-]", line):
            total += int(line.split()[1]) if is_ours and not is_call else 0
            is_call = False
    return total


@pytest.mark.parametrize("look", list(MOST))
def test_the_kernel_takes_no_more_instructions_than_it_did(look, tmp_path):
    """Counted, not timed; far fewer would mean that the count is broken."""
    a_pixel = counted(look, tmp_path) / (WIDTH * HEIGHT)

    assert MOST[look] * 0.8 < a_pixel <= MOST[look]
