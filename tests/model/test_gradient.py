"""The gradient by hand: torch's own, in float64, for every kind of recipe."""

import platform
import subprocess
import sys

import pytest
import torch
from torch.nn import functional

from noiser import TrainingConfig
from noiser.model.training.gradient import by_hand, by_torch, taps
from noiser.model.training.losses import self_regression_gradient, self_regression_loss
from noiser.model.training.self_regression import build

RECIPES = [
    {},
    {"padding": "replicate"},
    {"batch_size": 3},
    {"batch_size": 2, "padding": "replicate", "eps": 0.3, "tv_weight": 0.2},
    {"image_size": 2, "hidden_channels": 1},
    {"image_size": 2, "padding": "replicate"},
]
"""What differs from the paper's recipe, on images of 9 pixels a side."""


def learned(by, changes, is_damaged=False):
    """Learn one step in float64; give the loss and the gradients of the four arrays."""
    config = TrainingConfig(**{"image_size": 9, "hidden_channels": 5} | changes)
    torch.manual_seed(4)
    model = build(config).double()
    shape = (config.batch_size, 3, config.image_size, config.image_size)
    target = torch.randn(shape, dtype=torch.float64).clamp(-1, 1)
    given = target.flip(1) * 0.5 if is_damaged else target
    learn = by_hand(model, config) if by == "hand" else by_torch(model, config.tv_weight)
    loss = learn(given, target)
    return loss, [parameter.grad for parameter in model.parameters()]


@pytest.fixture(autouse=True)
def _own_generator():
    with torch.random.fork_rng():
        yield


@pytest.mark.parametrize("changes", RECIPES, ids=str)
def test_the_gradient_by_hand_is_torchs(changes):
    """Weights and second bias to 1e-14, whatever padding, batch and size."""
    _, (first, _, second, bias) = learned("hand", changes)
    _, (torch_first, _, torch_second, torch_bias) = learned("torch", changes)

    assert (first - torch_first).abs().max() < 1e-14
    assert (second - torch_second).abs().max() < 1e-14
    assert (bias - torch_bias).abs().max() < 1e-14


@pytest.mark.parametrize("changes", RECIPES, ids=str)
def test_the_loss_by_hand_is_torchs(changes):
    """To 1e-14."""
    assert (learned("hand", changes)[0] - learned("torch", changes)[0]).abs() < 1e-14


def test_the_gradient_by_hand_is_torchs_when_the_target_is_another_image():
    """As when the input is damaged."""
    found, expected = (learned(by, {}, is_damaged=True)[1] for by in ("hand", "torch"))

    assert (found[0] - expected[0]).abs().max() < 1e-14
    assert (found[2] - expected[2]).abs().max() < 1e-14


def test_the_first_bias_has_no_gradient():
    """The normalization takes it away: torch's is rounding errors, ours is nothing."""
    assert learned("hand", {})[1][1] is None
    assert learned("torch", {})[1][1].abs().max() < 1e-14


@pytest.mark.parametrize("by", ["hand", "torch"])
def test_learning_adds_to_the_gradient_that_is_there(by):
    """As torch does: two times is twice as much."""
    config = TrainingConfig(image_size=6, hidden_channels=2)
    torch.manual_seed(1)
    model = build(config)
    learn = by_hand(model, config) if by == "hand" else by_torch(model, config.tv_weight)
    noise = torch.randn(1, 3, 6, 6)
    learn(noise, noise)
    once = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    learn(noise, noise)
    twice = [p.grad for p in model.parameters() if p.grad is not None]

    for one, two in zip(once, twice, strict=True):
        assert torch.allclose(two, 2 * one, atol=1e-6)


def test_learning_changes_neither_input_nor_target():
    """They may be the caller's own."""
    config = TrainingConfig(image_size=6, hidden_channels=2, padding="replicate")
    given, target = torch.randn(2, 1, 3, 6, 6)
    before = given.clone(), target.clone()

    by_hand(build(config), config)(given, target)

    assert torch.equal(given, before[0])
    assert torch.equal(target, before[1])


def test_taps_are_torchs_unfold():
    """Channel by channel, row by row of the kernel."""
    image = torch.randn(2, 3, 6, 5)

    assert torch.equal(taps(image), functional.unfold(image, 3))


@pytest.mark.parametrize("tv_weight", [0.0, 0.7])
def test_the_gradient_of_the_loss_is_torchs(tv_weight):
    """At the output, in float64 to 1e-15."""
    output, noise = torch.randn(2, 2, 3, 5, 4, dtype=torch.float64)
    output.requires_grad_()
    self_regression_loss(output, noise, tv_weight).backward()

    found = self_regression_gradient(output.detach(), noise, tv_weight)

    assert (found - output.grad).abs().max() < 1e-15


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_a_step_faults_in_no_memory():
    """What a step frees stays for the next: under 20 pages a step, and once they were 400."""
    code = (
        "import resource\n"
        "from noiser import TrainingConfig, train\n"
        "faults = []\n"
        "def count(step, _):\n"
        "    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)\n"
        "train(TrainingConfig(iterations=150), progress=count)\n"
        "print(faults[-1] - faults[49])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(done.stdout) < 2000
