"""Networks in torch: NoiSER's is the published one, and bytes survive the way in and out."""

import numpy as np
import pytest
import torch
import truth
from torch import nn

from noiser.core.color import to_bytes
from noiser.core.errors import RivalError
from noiser.model import network
from noiser.tools.rivals import torch_runtime

LEVELS = np.arange(768, dtype=np.uint32).astype(np.uint8).reshape(16, 16, 3)
"""A picture with every level of every colour."""


@pytest.fixture(autouse=True)
def _own_threads():
    """Leave torch's number of threads as it was."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_eager_is_the_published_network_with_the_packaged_weights(dark_photo):
    low = dark_photo(40, 50)

    found = torch_runtime.eager(1)(low)

    weights = network.packaged("paper")
    expected = to_bytes(truth.torch_enhance(weights, low, "zero", dtype=torch.float32))
    assert abs(found.astype(int) - expected).max() <= 1


@pytest.mark.skipif(not torch_runtime.has_compiler(), reason="torch finds no C++ compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # its compiler's own
def test_compiled_is_eager_to_one_level(dark_photo):
    """Scalar code, and the size of its trial: else torch calls the compiler four times more."""
    from torch._inductor import config

    low = dark_photo(8, 8)
    with config.patch({"cpp.vec_isa_ok": False}):
        found = torch_runtime.compiled(1)(low)

    assert abs(found.astype(int) - torch_runtime.eager(1)(low)).max() <= 1


def test_without_a_compiler_compiled_says_so(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")

    with pytest.raises(RivalError, match=r"^torch compiles with a C\+\+ compiler, and none was"):
        torch_runtime.compiled(1)


def test_a_compiler_that_fails_is_told_by_its_first_line(monkeypatch):
    def broken(_run, dynamic):
        raise RuntimeError("Python.h is missing\nand much more")

    monkeypatch.setattr(torch_runtime, "has_compiler", lambda: True)
    monkeypatch.setattr(torch, "compile", broken)

    with pytest.raises(RivalError, match=r"^torch fails to compile: Python\.h is missing$"):
        torch_runtime.compiled(1)


@pytest.mark.parametrize("load", [torch_runtime.eager, torch_runtime.zero_dce, torch_runtime.sci])
def test_it_computes_on_as_many_threads_as_it_was_given(load):
    torch.set_num_threads(1)
    load(2)(LEVELS)

    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("wrap", [torch_runtime.on_signed, torch_runtime.on_unit])
def test_a_network_that_changes_nothing_gives_every_level_back(wrap):
    found = wrap(nn.Identity())(torch.from_numpy(LEVELS))

    assert found.numpy().tolist() == LEVELS.tolist()


@pytest.mark.parametrize(
    ("wrap", "ends"), [(torch_runtime.on_signed, (-1, 1)), (torch_runtime.on_unit, (0, 1))]
)
def test_a_network_sees_black_and_white_at_the_ends_of_its_range(wrap, ends):
    seen = []

    def network_of_ours(values):
        seen.append((values.min().item(), values.max().item(), tuple(values.shape)))
        return values

    wrap(network_of_ours)(torch.from_numpy(LEVELS[:, :8]))

    assert seen == [(*ends, (1, 3, 16, 8))]


@pytest.mark.parametrize(
    ("wrap", "level"), [(torch_runtime.on_signed, 1 / 127.5), (torch_runtime.on_unit, 1 / 255)]
)
def test_the_nearest_level_is_written(wrap, level):
    """0.4 levels more are none, 0.6 are one."""
    black = torch.zeros(2, 2, 3, dtype=torch.uint8)

    found = [wrap(lambda values, more=more: values + more * level)(black) for more in (0.4, 0.6)]

    assert [one.unique().tolist() for one in found] == [[0], [1]]
