"""What a mutant is, and the names of files and tests that several tables use."""

from typing import NamedTuple

KERNEL = "engine/kernels/c/kernel.c"
MEASURE, DENOISE, RENDER, VECTORS, GRAY, DEVELOP, LIGHT, READING, GRAIN, OCTAVES = (
    f"engine/kernels/c/{name}.h"
    for name in (
        "measure", "denoise", "render", "vectors", "gray", "develop", "local_light", "reading",
        "grain", "octaves",
    )
)  # fmt: skip


class Mutant(NamedTuple):
    """One way to break one line."""

    file: str
    """The module, below src/noiser."""

    old: str
    """A fragment that occurs exactly once."""

    new: str
    """What takes its place."""

    tests: str
    """The test files to run, by their names without `test_`."""


REFERENCE, NATIVE, FOLDING = "reference looks parity", "native properties", "fold"
