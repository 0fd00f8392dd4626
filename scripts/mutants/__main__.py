"""Break the source in one line at a time and see that the tests notice.

    python scripts/mutants             all of them (half an hour)
    python scripts/mutants kernel.c    those whose file or fragments have this text in them

Each mutant is made in a copy of `src` in a temporary folder, which the tests then import
instead of the package; the kernel is compiled again where its source was changed. The first
run is of the unbroken copy: where that fails, nothing else would mean anything. Prints a
table; exit status 1 where a mutant survives, 2 where the table itself is at fault.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import around
import core
import kernels
import longruns
import looks
import rivals
import strips
import tensors
import web
from mutant import KERNEL, Mutant

REPOSITORY = Path(__file__).resolve().parents[2]
TESTS = REPOSITORY / "tests"
LIBRARY = "engine/kernels/c/libkernel.so"

MUTANTS = [
    *core.MUTANTS, *kernels.MUTANTS, *looks.MUTANTS, *around.MUTANTS, *rivals.MUTANTS,
    *longruns.MUTANTS, *strips.MUTANTS, *tensors.MUTANTS, *web.MUTANTS,
]  # fmt: skip
"""Add a row to a table for each new promise of the code; `tests` may name several files."""


class TableError(Exception):
    """The table or the machine is at fault, not a test."""


def main() -> int:
    """Try the mutants asked for; return the exit status."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [m for m in MUTANTS if any(wanted in text for text in m[:3])]
    if not chosen:
        print(f"no mutant has {wanted!r} in it", file=sys.stderr)
        return 2
    everything = " ".join(sorted({name for m in chosen for name in m.tests.split()}))
    survivors = 0
    try:
        seconds = try_out(None, everything)[1]
        print(f"unbroken: {everything} pass in {seconds:.0f} s", flush=True)
        for mutant in chosen:
            killed, seconds = try_out(mutant, mutant.tests)
            survivors += not killed
            word = "killed  " if killed else "SURVIVED"
            old, new = (" ".join(text.split()) for text in (mutant.old, mutant.new))
            print(f"{word} {seconds:5.1f} s  {mutant.file}: {old}  ->  {new}", flush=True)
    except TableError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(chosen)} mutants, {survivors} survived")
    return 1 if survivors else 0


def try_out(mutant: Mutant | None, tests: str) -> tuple[bool, float]:
    """Run tests on a broken copy, or on an unbroken one; say if they failed, and the seconds."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / "src", source, ignore=ignored)
        if mutant:
            apply(mutant, source / "noiser")
        done = run_tests(source, tests)
    if mutant is None and done.returncode:
        raise TableError(f"the tests fail on the unbroken source:\n{done.stdout}{done.stderr}")
    # 1: tests failed; 2: a test file could not be imported; negative: a signal ended it all.
    if done.returncode > 2:
        raise TableError(f"{mutant}: pytest ended with {done.returncode}:\n{done.stdout}")
    return done.returncode != 0, time.monotonic() - start


def apply(mutant: Mutant, package: Path) -> None:
    """Change one fragment of a copy, and compile what has to be compiled."""
    path = package / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise TableError(
            f"{mutant.file} has {mutant.old!r} {text.count(mutant.old)} times, not once"
        )
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    if path.suffix in (".c", ".h"):
        compile_kernel(package / KERNEL, package / LIBRARY)


def compile_kernel(source: Path, library: Path) -> None:
    """Compile as the build hook does."""
    sys.path.insert(0, str(REPOSITORY))
    try:
        import hatch_build
    except ModuleNotFoundError as error:
        raise TableError(f"{error.name} is needed to compile: pip install hatchling") from error
    library.unlink(missing_ok=True)
    with contextlib.redirect_stderr(io.StringIO()):  # warnings about the broken line
        fault = hatch_build.compile_kernel(source, library)
    if fault:
        raise TableError(fault)


def run_tests(source: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """Run test files against the package in `source`, and be sure that it is that one."""
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True
        )

    found = run("-c", "import importlib.util as u; print(u.find_spec('noiser').origin)")
    if Path(found.stdout.strip()) != source / "noiser" / "__init__.py":
        raise TableError(f"the tests would import {found.stdout}{found.stderr}")
    names = tests.split()
    files = [str(path) for name in names for path in TESTS.rglob(f"test_{name}.py")]
    return run("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *files)


if __name__ == "__main__":
    sys.exit(main())
