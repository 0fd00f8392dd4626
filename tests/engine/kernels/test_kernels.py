"""The choice among kernels."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from noiser import Enhancer
from noiser.engine import kernels
from noiser.engine.kernels import native, reference


@pytest.fixture
def no_library(monkeypatch, tmp_path):
    """Pretend that no C compiler was at hand when noiser was installed."""
    monkeypatch.setattr(native, "LIBRARY", tmp_path / "libkernel.so")
    native.found.cache_clear()
    yield
    native.found.cache_clear()


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
        f"kernel is 'cuda'; this machine has auto, {', '.join(kernels.names())}"
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
    code = "import ctypes, numpy; ctypes.CDLL = None; import noiser.engine.enhancer"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_kernels_take_the_same_moments_from_the_same_image(dark_photo):
    """Integers, so equal means equal, whichever kernel measured."""
    image, region = dark_photo(30, 40), np.s_[0:30, 0:40]
    found = {k.measure(image, region, "zero") for k in kernels.available().values()}

    assert len(found) == 1


def test_torch_is_listed_without_being_imported():
    """`noiser info` stays quick: the name is there, the module is not."""
    code = (
        "from noiser.engine import kernels; import sys; "
        "print(kernels.names()[-1], 'torch' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("torch False\n", "")


def test_without_torch_its_kernel_is_refused(monkeypatch):
    """The message lists what there is."""
    monkeypatch.setattr(kernels, "find_spec", {}.get)

    with pytest.raises(
        ValueError, match=r"^kernel is 'torch'; this machine has auto, .*reference$"
    ):
        kernels.select("torch")


def test_torch_is_selected_by_its_name():
    """It is a kernel like the others."""
    assert kernels.select("torch").name == "torch"


class Elsewhere(torch.Tensor):
    """A tensor that says that it lies on another device."""

    kind = "cuda"

    @property
    def device(self):
        """Name the device."""
        return SimpleNamespace(type=self.kind)


@pytest.mark.parametrize(
    ("kind", "name", "stays"),
    [
        ("cuda", "auto", True), ("mps", "auto", True), ("cpu", "auto", False),
        ("xpu", "auto", False), ("cuda", "reference", False), ("cpu", "torch", True),
        ("cuda", "torch", True),
    ],
)  # fmt: skip
def test_a_tensor_stays_on_its_device(monkeypatch, kind, name, stays):
    """On a GPU by default, elsewhere on request; with another kernel it is carried to that."""
    monkeypatch.setattr(Elsewhere, "kind", kind)

    assert kernels.stays_on_device(torch.zeros(3, 2, 2).as_subclass(Elsewhere), name) is stays


@pytest.mark.parametrize("image", [np.zeros((2, 2, 3), np.uint8), Image.new("RGB", (2, 2)), None])
def test_what_is_no_tensor_stays_on_no_device(image):
    """Arrays and pictures lie where the processor reads them."""
    assert not kernels.stays_on_device(image, "torch")
