"""Build hook: compile the native kernel where a C compiler is at hand, go on where not."""

import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("src/noiser/engine/kernels/c/kernel.c")
LIBRARY = Path("src/noiser/engine/kernels/c/libkernel.so")

FLAGS = [
    "-std=c11",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-Wall",
    "-Wextra",
]

AVX2 = ["-mavx2", "-mfma"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"]

VARIANTS = {
    "x86_64": {"baseline": [], "avx2": AVX2, "avx512": AVX512},
    "aarch64": {"neon": []},
}
"""Names and flags by machine; other machines get the portable `baseline`."""

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class KernelBuildHook(BuildHookInterface):
    """Put the compiled kernel into the package, or leave a package without it.

    For wheels and editable installs, see pyproject.toml: an sdist has the sources.
    """

    PLUGIN_NAME = "kernel"

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Compile and mark the wheel as this platform's; any Python 3 can load it."""
        library = Path(self.root) / LIBRARY
        error = compile_kernel(Path(self.root) / SOURCE, library)
        if error:
            self.app.display_warning(f"noiser: the NumPy kernel will serve; {error}")
            return
        build_data["artifacts"].append(f"/{LIBRARY.as_posix()}")
        build_data["pure_python"] = False
        tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{tag}"


def compile_kernel(source: Path, library: Path) -> str | None:
    """Compile all variants into one library; return what went wrong, or None.

    The library that is there is replaced in one step, and only by one that is whole: processes
    may be working with it.
    """
    compiler = shlex.split(os.environ.get("CC", "")) or [
        next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), "")
    ]
    if not compiler[0]:
        return "no C compiler was found"
    stamp = runpy.run_path(str(source.parent.with_name("stamp.py")))["stamp_of"](source.parent)
    with tempfile.TemporaryDirectory() as folder:
        objects = [f"{folder}/{name}.o" for name in variants()]
        common = [*compiler, *FLAGS, f"-DSTAMP={stamp}", "-c", str(source)]
        commands = [
            [*common, *flags, f"-DVARIANT={name}", "-o", object_]
            for (name, flags), object_ in zip(variants().items(), objects, strict=True)
        ]
        built = f"{folder}/{library.name}"
        commands.append([*compiler, "-shared", *objects, "-o", built, "-lm"])
        for command in commands:
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            except OSError as error:
                return f"the C compiler did not start: {error}"
            if done.returncode:
                return f"the C compiler failed: {shlex.join(command)}\n{done.stderr}"
            sys.stderr.write(done.stderr)
        fresh = library.with_name(f"{library.name}.{os.getpid()}")
        try:
            shutil.copyfile(built, fresh)
            fresh.replace(library)
        finally:
            fresh.unlink(missing_ok=True)
    return None


def variants() -> dict[str, list[str]]:
    """Name this machine's instruction sets and their compiler flags."""
    machine = platform.machine().lower()
    return VARIANTS.get(MACHINES.get(machine, machine), {"baseline": []})
