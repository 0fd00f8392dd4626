"""The rivals: bytes in, bytes out; what is not there is left out and named."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from noiser.core.errors import RivalError
from noiser.tools import rivals

INSTANT = [name for name in rivals.KNOWN if name != "torch compiled"]
"""Compiling has a test of its own."""


@pytest.fixture(autouse=True)
def _own_threads():
    """Leave the libraries' number of threads as it was."""
    threads = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])


def test_the_same_network_is_in_three_libraries_and_four_other_methods_are_known():
    """The guard of the next test."""
    assert {name.split()[0].strip(",") for name in rivals.SAME_NETWORK} == {
        "torch",
        "onnxruntime",
        "OpenVINO",
    }
    assert len(rivals.OTHER_METHODS) == 4
    assert list(rivals.KNOWN) == [*rivals.SAME_NETWORK, *rivals.OTHER_METHODS]


@pytest.mark.parametrize("name", INSTANT)
def test_a_rival_gives_a_new_picture_of_bytes_and_leaves_the_old(dark_photo, name):
    found, left_out = rivals.find(2, {name: rivals.KNOWN[name]})
    if left_out:
        pytest.skip(left_out[name])
    low = dark_photo(45, 60)
    before = low.copy()

    enhanced = found[name](low)

    assert (enhanced.dtype, enhanced.shape) == (np.uint8, low.shape)
    assert enhanced.flags.c_contiguous
    assert not np.shares_memory(enhanced, low)
    assert low.tolist() == before.tolist()


def missing(_threads):
    """Need a library that is nowhere."""
    raise ModuleNotFoundError("No module named 'fastlight'", name="fastlight")


def unable(_threads):
    """Need another processor."""
    raise RivalError("this processor is too old")


def test_what_cannot_run_is_left_out_with_its_reason():
    known = {"a": missing, "b": lambda threads: f"on {threads}", "c": unable}

    found, left_out = rivals.find(3, known)

    assert found == {"b": "on 3"}
    assert left_out == {"a": "fastlight is not installed", "c": "this processor is too old"}


def test_other_errors_are_not_hidden():
    """A fault of ours is no missing library."""
    with pytest.raises(ZeroDivisionError):
        rivals.find(1, {"a": lambda threads: threads / 0})


def test_nothing_left_out_is_nothing_to_say():
    assert rivals.summary({}) == ""


def test_versions_are_those_of_the_libraries_that_are_loaded():
    assert rivals.versions()["torch"] == torch.__version__
    assert rivals.versions()["cv2"] == cv2.__version__


def test_knowing_the_rivals_loads_none_of_their_libraries():
    script = (
        "import sys, noiser.tools.rivals as r\n"
        "print([m for m in (*r.LIBRARIES, 'matplotlib') if m in sys.modules], r.versions())"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[] {}\n", "")
