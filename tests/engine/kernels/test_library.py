"""The native kernel's library: one that is missing, broken or old is not used, and said so."""

import ctypes
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from noiser import Enhancer
from noiser.core.errors import KernelWarning
from noiser.engine.kernels import native, structures
from noiser.engine.kernels.stamp import stamp_of

SOURCES = native.LIBRARY.parent

needs_library = pytest.mark.skipif(
    not native.kernels(), reason="noiser was installed without a C compiler: there is no library"
)


@pytest.fixture
def place(tmp_path):
    """Lay a copy of the library beside copies of its sources; give the copy."""
    for path in SOURCES.glob("*.[ch]"):
        shutil.copy(path, tmp_path)
    return Path(shutil.copy(native.LIBRARY, tmp_path))


@pytest.fixture
def instead(monkeypatch):
    """Give what puts another library in the place of the installed one."""

    def put(path):
        monkeypatch.setattr(native, "LIBRARY", path)
        native.found.cache_clear()

    yield put
    native.found.cache_clear()


def compiled(source, path, *flags):
    """Compile a library from a text."""
    file = path.with_suffix(".c")
    file.write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", *flags, str(file), "-o", str(path)], check=True)
    file.unlink()


STRUCTS = (structures.Image, structures.Region, structures.Grid, structures.Filter)


@needs_library
def test_a_library_of_the_sources_beside_it_is_used(place):
    """All kernels of the installed one, without a fault."""
    found = native.load(place)

    assert list(found.kernels) == list(native.kernels())
    assert found.fault is None


@needs_library
def test_a_library_of_other_sources_is_not_used(place):
    """As after an update of the sources alone: one more character in a header is enough."""
    header = place.with_name("denoise.h")
    header.write_text(header.read_text() + "\n")

    assert native.load(place) == native.Found(
        {},
        "the native kernel is not used: libkernel.so was compiled of other sources than this "
        "version's; pip install again builds it",
    )


@needs_library
def test_a_library_without_its_sources_is_used(tmp_path):
    """Its structures lie as Python's do, and no source says otherwise."""
    assert native.load(Path(shutil.copy(native.LIBRARY, tmp_path))).kernels


@needs_library
@pytest.mark.parametrize("variant", [kernel.variant for kernel in native.kernels().values()])
@pytest.mark.parametrize("struct", STRUCTS)
def test_a_structure_lies_in_c_as_it_does_in_python(variant, struct):
    """Size and offset of each field, by its name."""
    found = iter(structures.layout(ctypes.CDLL(str(native.LIBRARY)), variant)[1:])
    names = {each: ["size", *(field[0] for field in each._fields_)] for each in STRUCTS}
    in_c = {each: dict(zip(names[each], found, strict=False)) for each in STRUCTS}

    expected = {field[0]: getattr(struct, field[0]).offset for field in struct._fields_}
    assert in_c[struct] == {"size": ctypes.sizeof(struct), **expected}
    assert list(found) == []


@needs_library
def test_a_library_from_before_the_stamp_is_not_used(tmp_path):
    """It has the functions, and nothing that says of what structures they are."""
    compiled("int noiser_supported_baseline(void) { return 1; }", tmp_path / "libkernel.so")

    found = native.load(tmp_path / "libkernel.so")

    assert found.kernels == {}
    assert "was compiled of other sources than this version's" in found.fault


@needs_library
def test_a_library_with_another_layout_is_not_used(tmp_path):
    """Also where no source lies beside it: one field more and all behind it have moved."""
    numbers = [0, *structures.LAYOUT[:-1], structures.LAYOUT[-1] + 4]
    source = (
        "#include <stdint.h>\nint noiser_supported_baseline(void) { return 1; }\n"
        f"const int64_t noiser_layout_baseline[] = {{{len(numbers)}, "
        f"{', '.join(map(str, numbers))}}};\n"
    )
    compiled(source, tmp_path / "libkernel.so")

    assert native.load(tmp_path / "libkernel.so").kernels == {}


@needs_library
def test_a_library_for_no_such_machine_is_not_used(tmp_path):
    """Each of its variants says that it cannot run here."""
    numbers = [0, *structures.LAYOUT]
    source = (
        "#include <stdint.h>\nint noiser_supported_baseline(void) { return 0; }\n"
        f"const int64_t noiser_layout_baseline[] = {{{len(numbers)}, "
        f"{', '.join(map(str, numbers))}}};\n"
    )
    compiled(source, tmp_path / "libkernel.so")

    found = native.load(tmp_path / "libkernel.so")

    assert found.kernels == {}
    assert "has no instructions that this machine knows" in found.fault


def test_a_library_that_cannot_be_loaded_is_not_used(tmp_path):
    """Cut off in a copy, or of another machine: the reason is passed on, and nothing is raised."""
    path = tmp_path / "libkernel.so"
    path.write_bytes(b"\x7fELF and no more")

    found = native.load(path)

    assert found.kernels == {}
    assert found.fault.startswith("the native kernel is not used: libkernel.so cannot be loaded (")


def test_a_missing_library_is_a_fault_of_its_own(tmp_path):
    """There may have been no compiler, which is no reason to install again."""
    assert native.load(tmp_path / "libkernel.so") == native.Found(
        {}, "the native kernel was not built (is there a C compiler?)"
    )


def test_the_stamp_changes_with_names_and_bytes_of_the_sources_alone(tmp_path):
    """What else lies there does not count."""
    (tmp_path / "a.c").write_bytes(b"int a;")
    (tmp_path / "b.h").write_bytes(b"int b;")
    stamps = [stamp_of(tmp_path)]
    (tmp_path / "native.py").write_bytes(b"a = 1")
    stamps.append(stamp_of(tmp_path))
    (tmp_path / "b.h").rename(tmp_path / "c.h")
    stamps.append(stamp_of(tmp_path))
    (tmp_path / "c.h").write_bytes(b"int c;")
    stamps.append(stamp_of(tmp_path))

    assert stamps[0] == stamps[1]
    assert len(set(stamps)) == 3
    assert all(0 < stamp < 2**62 for stamp in stamps)


def test_without_sources_there_is_no_stamp(tmp_path):
    """A package may come without them."""
    assert stamp_of(tmp_path) == 0


def test_the_fall_back_renders_and_warns_once(instead, tmp_path, dark_photo):
    """A broken library: the reference's picture, one warning at whoever made the enhancer."""
    (tmp_path / "libkernel.so").write_bytes(b"")
    instead(tmp_path / "libkernel.so")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        first, _ = Enhancer(), Enhancer()

    assert first.kernel.name == "reference"
    assert np.array_equal(
        first.enhance(dark_photo(9, 9)), Enhancer(kernel="reference").enhance(dark_photo(9, 9))
    )
    assert [w.category for w in caught] == [KernelWarning]
    assert str(caught[0].message) == (
        f"{native.fault()}; the NumPy kernel serves, many times slower"
    )
    assert caught[0].filename == __file__


def test_who_asks_for_the_reference_is_not_warned(instead, tmp_path):
    """Nothing is missing to them."""
    instead(tmp_path / "none.so")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Enhancer(kernel="reference")

    assert caught == []


@pytest.mark.parametrize("words", [["info"], ["info", "--json"]])
def test_info_tells_the_fault(tmp_path, words):
    """Beside the kernels that there are."""
    (tmp_path / "libkernel.so").write_bytes(b"")
    code = (
        "from pathlib import Path\nfrom noiser.engine.kernels import native\n"
        f"native.LIBRARY = Path({str(tmp_path / 'libkernel.so')!r})\n"
        f"import sys; sys.argv = ['noiser', *{words!r}]\n"
        "from noiser.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert "the native kernel is not used: libkernel.so cannot be loaded" in done.stdout
