"""Copies of an enhancer, and of what it gives, in this process and in others."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import torch
import truth

from noiser import Enhancer, TrainingConfig
from noiser.engine import kernels
from noiser.engine.kernels import native
from noiser.model.network import checksum

KERNELS = ("auto", "torch", *kernels.available())

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture(scope="module")
def photo(dark_photo):
    """Give one photograph, of more than one band."""
    return dark_photo(90, 40, seed=8)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_pickled_enhancer_gives_the_same_bytes(photo, kernel, protocol):
    """Whatever its kernel, and whatever the protocol."""
    tool = Enhancer(kernel=kernel, local=0.5, color=0.3)
    again = pickle.loads(pickle.dumps(tool, protocol))  # noqa: S301 - our own

    assert np.array_equal(again.enhance(photo), tool.enhance(photo))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_copied_enhancer_gives_the_same_bytes(photo, kernel, copied):
    """Shallow or deep."""
    tool = Enhancer("paper", kernel=kernel)

    assert np.array_equal(copied(tool).enhance(photo), tool.enhance(photo))


def test_a_copy_has_the_same_settings():
    """Look, knobs, threads and kernel."""
    tool = Enhancer("paper", strength=0.5, threads=3, kernel="reference")

    assert copy.deepcopy(tool).settings() == tool.settings()


def test_weights_travel_with_an_enhancer():
    """The file need not be where the copy is."""
    tool = Enhancer(weights=truth.random_network(5))
    again = pickle.loads(pickle.dumps(tool))  # noqa: S301 - our own

    assert checksum(again.network) == checksum(tool.network)


def test_a_copy_of_a_torch_enhancer_takes_tensors(photo):
    """They are worked on where they lie."""
    tool = Enhancer(kernel="torch")
    tensor = torch.from_numpy(photo).permute(2, 0, 1) / 255

    assert torch.equal(copy.deepcopy(tool).enhance(tensor), tool.enhance(tensor))


def test_another_process_gives_the_same_bytes(photo):
    """Spawned, as a loader's workers are where nothing can be forked."""
    tool = Enhancer(weights=truth.random_network(5))
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        there = pool.submit(tool.enhance, photo).result()

    assert np.array_equal(there, tool.enhance(photo))


@pytest.fixture
def move_elsewhere(monkeypatch):
    """Be a machine without any compiled kernel."""

    def leave():
        monkeypatch.setattr(native, "LIBRARY", native.LIBRARY.with_name("nowhere.so"))
        native.found.cache_clear()

    yield leave
    native.found.cache_clear()


@pytest.mark.filterwarnings("ignore::noiser.core.errors.KernelWarning")
def test_auto_is_chosen_anew_where_the_copy_is(move_elsewhere):
    """The other machine may lack this one's instructions."""
    pickled = pickle.dumps(Enhancer())
    move_elsewhere()

    assert pickle.loads(pickled).kernel.name == "reference"  # noqa: S301 - our own


@pytest.mark.skipif(not native.kernels(), reason="no native kernel here")
def test_a_kernel_that_the_other_machine_lacks_is_named(move_elsewhere):
    """In the sentence that an enhancer made there would say."""
    name = next(iter(native.kernels()))
    pickled = pickle.dumps(Enhancer(kernel=name))
    move_elsewhere()

    with pytest.raises(ValueError, match=f"kernel is '{name}'; this machine has auto, reference"):
        pickle.loads(pickled)  # noqa: S301 - our own


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_moments_pickle(photo, protocol):
    """With their grid."""
    moments = Enhancer(local=0.5).measure(photo)

    assert pickle.loads(pickle.dumps(moments, protocol)) == moments  # noqa: S301 - our own


def test_copied_moments_add_up(photo):
    """As the ones they are copies of."""
    moments = Enhancer(local=0.5).measure(photo)

    assert copy.deepcopy(moments) + moments == moments + moments


def test_a_training_config_pickles():
    """For whoever trains on several machines."""
    config = TrainingConfig(seed=7)

    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - our own
