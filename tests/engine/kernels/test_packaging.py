"""What is packed: an sdist that `make test` runs from, and a hook that keeps what works."""

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from noiser.core.version import __version__

ROOT = Path(__file__).parents[3]
SKIPPED = {".git", ".ci", ".gitignore", "__pycache__"}
LIVE = b"a library that works"


def tracked():
    """List the project's files: those that git knows, or where there is no git all of them."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0 and done.stdout:
        return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    names = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    return [name.as_posix() for name in names if is_source(name)]


def is_source(name):
    """Tell a file of the project from what running it leaves behind."""
    hidden = any(part.startswith(".") or part in SKIPPED for part in name.parts)
    return not hidden and name.suffix != ".so" and name.parts[0] not in ("out", "dist", "build")


@pytest.fixture
def tree(tmp_path):
    """Copy the project to where it may be built, with a library in its place."""
    root = tmp_path / "noiser"
    for name in [*tracked(), ".gitignore"]:
        if (ROOT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())
    (root / "src/noiser/engine/kernels/c/libkernel.so").write_bytes(LIVE)
    return root


def built(builder, root):
    """Build one kind of package; give its path."""
    out = root.parent / "built"
    return Path(next(builder(str(root)).build(directory=str(out), versions=["standard"])))


def library(root):
    """Read the library under src."""
    return (root / "src/noiser/engine/kernels/c/libkernel.so").read_bytes()


def names_in_sdist(tree):
    """Build an sdist, and list what is in it."""
    with tarfile.open(built(SdistBuilder, tree)) as archive:
        names = {Path(member.name) for member in archive.getmembers() if member.isfile()}
    assert {name.parts[0] for name in names} == {f"noiser-{__version__}"}
    return {name.relative_to(name.parts[0]).as_posix() for name in names}


def test_an_sdist_has_all_that_the_project_has(tree):
    """Tests, docs, pictures, scripts: `make test` runs in what was unpacked."""
    names = names_in_sdist(tree)

    wanted = {name for name in tracked() if Path(name).parts[0] not in SKIPPED}
    assert {"conftest.py", "Makefile", "docs/look.md", "assets/night.jpg"} <= wanted
    assert wanted - names == set()


def test_an_sdist_has_no_library_and_nothing_that_is_made(tree):
    """A library is of one machine; the sources in the sdist are compiled where it is installed."""
    names = names_in_sdist(tree)

    assert [name for name in names if name.endswith(".so")] == []
    assert names - set(tracked()) <= {"PKG-INFO", ".gitignore"}


def test_building_an_sdist_compiles_nothing(tree):
    """The library that an editable install works with stays as it was."""
    names_in_sdist(tree)

    assert library(tree) == LIVE


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler"])
def test_a_compiler_that_fails_leaves_the_library_that_works(tree, monkeypatch, compiler):
    """Whoever installs again with a broken compiler keeps what is there."""
    monkeypatch.setenv("CC", compiler)

    built(WheelBuilder, tree)

    assert library(tree) == LIVE


def test_a_wheel_without_a_compiler_has_no_library(tree, monkeypatch):
    """Not one that lay around: it may be another machine's."""
    monkeypatch.setenv("CC", "false")

    with zipfile.ZipFile(built(WheelBuilder, tree)) as wheel:
        assert [name for name in wheel.namelist() if name.endswith(".so")] == []


def test_a_new_library_takes_the_place_of_the_old(tree):
    """Running processes still have the old one, whole; nothing else is left beside it."""
    before = {path.name for path in (tree / "src/noiser/engine/kernels/c").iterdir()}
    with (tree / "src/noiser/engine/kernels/c/libkernel.so").open("rb") as held:
        wheel = built(WheelBuilder, tree)

        if wheel.name.endswith("any.whl"):
            pytest.skip("no C compiler was found")
        assert held.read() == LIVE
    assert library(tree)[:4] == b"\x7fELF"
    assert {path.name for path in (tree / "src/noiser/engine/kernels/c").iterdir()} == before
