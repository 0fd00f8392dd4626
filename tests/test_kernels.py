"""The choice among kernels."""

import subprocess
import sys

import numpy as np
import pytest

from noiser import Enhancer, kernels
from noiser.kernels import native, reference


@pytest.fixture
def no_library(monkeypatch, tmp_path):
    """Pretend that no C compiler was at hand when noiser was installed."""
    monkeypatch.setattr(native, "LIBRARY", tmp_path / "libkernel.so")
    native.kernels.cache_clear()
    yield
    native.kernels.cache_clear()


def test_the_reference_kernel_is_always_there_and_last():
    """It is the slowest, and needs nothing."""
    assert list(kernels.available())[-1] == "reference"


def test_every_kernel_is_listed_under_its_name():
    """What `noiser info` prints is what `kernel=` takes."""
    assert {name: kernel.name for name, kernel in kernels.available().items()} == {
        name: name for name in kernels.available()
    }


def test_native_kernels_are_listed_the_fastest_first():
    """AVX-512 before AVX2 before NEON before the rest."""
    order = ["native-avx512", "native-avx2", "native-neon", "native-baseline", "reference"]
    found = list(kernels.available())

    assert found == [name for name in order if name in found]


def test_auto_is_the_fastest():
    """The first of the list."""
    assert kernels.select().name == kernels.select("auto").name == next(iter(kernels.available()))


@pytest.mark.parametrize("name", list(kernels.available()))
def test_a_kernel_is_selected_by_its_name(name):
    """Each of the list."""
    assert kernels.select(name).name == name


def test_an_unknown_kernel_is_refused():
    """The message repeats the name and lists those of this machine."""
    with pytest.raises(ValueError, match=r"^kernel is 'cuda'; this machine has auto, ") as caught:
        kernels.select("cuda")

    assert str(caught.value) == (
        f"kernel is 'cuda'; this machine has auto, {', '.join(kernels.available())}"
    )


def test_without_the_library_the_reference_serves(no_library):
    """Auto finds it; nothing else is offered."""
    assert kernels.select() is reference
    assert list(kernels.available()) == ["reference"]


def test_without_the_library_a_native_kernel_is_refused(no_library):
    """The message lists what there is."""
    with pytest.raises(ValueError, match=r"^kernel is 'native-avx2'; this machine has auto, refer"):
        Enhancer(kernel="native-avx2")


def test_without_the_library_pictures_look_the_same(dark_photo):
    """At most one of 255 levels between the kernels."""
    image = dark_photo(40, 30)

    fast, slow = Enhancer().enhance(image), Enhancer(kernel="reference").enhance(image)

    assert abs(fast.astype(int) - slow).max() <= 1


def test_the_library_is_looked_for_only_when_a_kernel_is_needed():
    """Importing the kernels loads no library: an import cannot fail for a broken one."""
    code = "import ctypes, numpy; ctypes.CDLL = None; import noiser.enhancer"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_kernels_take_the_same_moments_from_the_same_image(dark_photo):
    """Integers, so equal means equal, whichever kernel measured."""
    image, region = dark_photo(30, 40), np.s_[0:30, 0:40]
    found = {k.measure(image, region, "zero") for k in kernels.available().values()}

    assert len(found) == 1
