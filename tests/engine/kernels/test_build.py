"""The build hook compiles where it can, and says why where it cannot."""

import ctypes
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

import hatch_build  # noqa: E402


def test_the_library_has_every_variant(tmp_path):
    library = tmp_path / "libkernel.so"
    error = hatch_build.compile_kernel(ROOT / hatch_build.SOURCE, library)
    if error == "no C compiler was found":
        pytest.skip(error)
    assert error is None
    loaded = ctypes.CDLL(str(library))
    for variant in hatch_build.variants():
        for name in ("measure", "render", "supported"):
            assert hasattr(loaded, f"noiser_{name}_{variant}")


@pytest.mark.parametrize(
    ("compiler", "text"),
    [("no-such-compiler", "the C compiler did not start"), ("false", "the C compiler failed")],
)
def test_without_a_working_compiler_the_reason_is_returned(tmp_path, monkeypatch, compiler, text):
    monkeypatch.setenv("CC", compiler)
    library = tmp_path / "libkernel.so"
    assert text in hatch_build.compile_kernel(ROOT / hatch_build.SOURCE, library)
    assert not library.exists()


def test_without_any_compiler_the_reason_is_returned(tmp_path, monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    error = hatch_build.compile_kernel(ROOT / hatch_build.SOURCE, tmp_path / "libkernel.so")
    assert error == "no C compiler was found"
