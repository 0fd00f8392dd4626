"""Training: the losses by hand, the model by torch, and the same bytes for the same seed."""

import json
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
import torch
import truth
from torch import nn
from torch.nn import functional

import noiser
from noiser import Enhancer, MissingExtraError, TrainingConfig, train
from noiser.model import network
from noiser.model.training import PRESETS, self_regression
from noiser.model.training.gradient import by_torch
from noiser.model.training.losses import self_regression_loss, total_variation
from noiser.model.training.noise import noise_images
from noiser.model.training.self_regression import build

TINY = {"iterations": 3, "image_size": 16, "hidden_channels": 4}


def trained(**changes):
    """Train for a moment; give the weights file."""
    return network.to_bytes(train(TrainingConfig(**TINY | changes)))


def test_the_default_is_the_papers_recipe():
    """As far as the paper says it: Adam (0.5, 0.999), TV 1, 2,000 steps of noise clipped."""
    assert (
        TrainingConfig()
        == PRESETS["paper"]
        == TrainingConfig(
            seed=0,
            hidden_channels=16,
            iterations=2000,
            noise_std=3.0,
            noise_mean=0.0,
            image_size=104,
            batch_size=1,
            learning_rate=2e-4,
            betas=(0.5, 0.999),
            tv_weight=1.0,
            eps=1e-5,
            padding="zero",
            spectrum=0.0,
            correlation=0.0,
        )
    )


def test_a_recipe_is_one_line_of_json():
    """Every field, in the order of the alphabet."""
    line = TrainingConfig().to_json()

    assert "\n" not in line
    assert list(json.loads(line)) == sorted(f.name for f in fields(TrainingConfig))


def test_a_recipe_comes_back_from_its_json():
    """What a weights file says can be trained again."""
    recipe = TrainingConfig(seed=9, noise_std=0.5, betas=(0.9, 0.99), padding="replicate")
    read = json.loads(recipe.to_json())

    assert TrainingConfig(**read | {"betas": tuple(read["betas"])}) == recipe


@pytest.mark.parametrize(
    "name",
    ["hidden_channels", "iterations", "image_size", "batch_size", "learning_rate", "noise_std",
     "eps"],
)  # fmt: skip
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_recipe_refuses_what_must_be_positive(name, value):
    """The message has the field and the value."""
    with pytest.raises(ValueError, match=f"^{name} is {value}; it must be above 0$"):
        TrainingConfig(**{name: value})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"hidden_channels": 257}, "hidden_channels is 257; it must be at most 256"),
        ({"image_size": 1}, "image_size is 1; noise needs at least 2 pixels a side"),
        ({"seed": -1}, "seed is -1; it must be from 0 to 2^63 - 1"),
        ({"seed": 2**63}, f"seed is {2**63}; it must be from 0 to 2^63 - 1"),
        ({"tv_weight": -0.1}, "tv_weight is -0.1; it must be at least 0"),
        ({"betas": (0.5,)}, "betas are (0.5,); both must be in [0, 1)"),
        ({"betas": (0.5, 1.0)}, "betas are (0.5, 1.0); both must be in [0, 1)"),
        ({"betas": (-0.1, 0.9)}, "betas are (-0.1, 0.9); both must be in [0, 1)"),
        ({"padding": "reflect"}, "padding is 'reflect'; it must be 'zero' or 'replicate'"),
        ({"spectrum": -0.1}, "spectrum is -0.1; it must be from 0 to 2"),
        ({"spectrum": 2.1}, "spectrum is 2.1; it must be from 0 to 2"),
        ({"correlation": 1.1}, "correlation is 1.1; it must be from 0 to 1"),
        ({"correlation": float("nan")}, "correlation is nan; it must be from 0 to 1"),
    ],
    ids=str,
)
def test_a_recipe_refuses_what_cannot_train(changes, text):
    """The message has the field, the value and what would be right."""
    with pytest.raises(ValueError, match="; ") as caught:
        TrainingConfig(**changes)

    assert str(caught.value) == text


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_channels": 256},
        {"image_size": 2},
        {"seed": 2**63 - 1},
        {"tv_weight": 0},
        {"betas": (0, 0)},
        {"spectrum": 2, "correlation": 1},
    ],
    ids=str,
)
def test_a_recipe_takes_the_ends_of_its_ranges(changes):
    """What lies just inside is allowed."""
    TrainingConfig(**changes)


@pytest.mark.parametrize(
    "changes", [{"noise_mean": float("nan")}, {"tv_weight": float("nan")},
                {"learning_rate": float("inf")}], ids=str
)  # fmt: skip
def test_a_recipe_refuses_numbers_that_are_not_finite(changes):
    """They would train for minutes and end in a WeightsError."""
    with pytest.raises(ValueError, match=f"^{next(iter(changes))} is "):
        TrainingConfig(**changes)


def test_total_variation_worked_by_hand():
    """[[0, 1], [3, 7]]: vertical 3^2 + 6^2, horizontal 1^2 + 4^2, over 4 values: 15.5."""
    image = torch.tensor([[[[0.0, 1.0], [3.0, 7.0]]]])

    assert total_variation(image).item() == (9 + 36 + 1 + 16) / 4


def test_total_variation_divides_by_batch_and_channels_too():
    """The mean over copies of an image is that of the image."""
    image = torch.tensor([[[[0.0, 1.0], [3.0, 7.0]]]]).repeat(5, 3, 1, 1)

    assert total_variation(image).item() == 15.5


def test_total_variation_of_a_flat_image_is_zero():
    """Whatever its value."""
    assert total_variation(torch.full((2, 3, 4, 5), 0.7)).item() == 0


def test_the_loss_worked_by_hand():
    """L1 of [[0, 1], [3, 7]] to 1 is (1 + 0 + 2 + 6) / 4 = 2.25; plus 2 x 15.5."""
    output = torch.tensor([[[[0.0, 1.0], [3.0, 7.0]]]])

    loss = self_regression_loss(output, torch.ones_like(output), 2.0)

    assert loss.item() == 2.25 + 2 * 15.5


def test_the_distance_is_torchs_l1_loss():
    """Without total variation it is `functional.l1_loss`."""
    output, noise = torch.randn(2, 2, 3, 5, 5, generator=torch.Generator().manual_seed(3))

    assert torch.equal(self_regression_loss(output, noise, 0.0), functional.l1_loss(output, noise))


@pytest.mark.parametrize(("padding", "mode"), [("zero", "zeros"), ("replicate", "replicate")])
def test_the_model_is_made_of_torchs_own_layers(padding, mode):
    """Convolution, instance normalization without parameters, GELU, convolution, tanh."""
    first, norm, gelu, second, tanh = build(
        TrainingConfig(hidden_channels=5, eps=0.01, padding=padding)
    )

    assert (type(norm), norm.eps, norm.affine) == (nn.InstanceNorm2d, 0.01, False)
    assert (type(gelu), gelu.approximate, type(tanh)) == (nn.GELU, "none", nn.Tanh)
    for layer, channels in ((first, (3, 5)), (second, (5, 3))):
        assert (layer.in_channels, layer.out_channels) == channels
        assert (layer.kernel_size, layer.padding, layer.padding_mode) == ((3, 3), (1, 1), mode)


def test_the_models_parameters_are_the_networks_arrays_in_order():
    """Four of them, with the network's own shapes."""
    found = [tuple(p.shape) for p in build(TrainingConfig(hidden_channels=7)).parameters()]

    assert found == list(network.shapes(7).values())


def test_a_seed_gives_the_same_bytes_twice():
    """Weights and provenance."""
    assert trained(seed=5) == trained(seed=5)


def test_another_seed_gives_other_bytes():
    """First weights and noise both depend on it."""
    arrays = [network.from_bytes(trained(seed=seed)).first_weight for seed in (5, 6)]

    assert not np.array_equal(*arrays)


def test_the_number_of_threads_does_not_change_the_bytes():
    """Training takes one, whatever torch was set to."""
    before = torch.get_num_threads()
    files = set()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        files.add(trained())
    torch.set_num_threads(before)

    assert len(files) == 1


def by_hand(config):
    """Train as the paper describes it, in a loop of its own: the four arrays."""
    model = truth.torch_network(
        truth.random_network(config.hidden_channels), config.padding, config.eps, torch.float32
    )
    torch.manual_seed(config.seed)
    for layer in (model[0], model[3]):
        layer.reset_parameters()
    adam = torch.optim.Adam(model.parameters(), config.learning_rate, config.betas)
    side = config.image_size
    for _ in range(config.iterations):
        noise = torch.randn(config.batch_size, 3, side, side)
        noise = torch.clamp(config.noise_mean + config.noise_std * noise, -1, 1)
        output = model(noise)
        down = (output[:, :, 1:] - output[:, :, :-1]).pow(2).sum()
        right = (output[:, :, :, 1:] - output[:, :, :, :-1]).pow(2).sum()
        loss = functional.l1_loss(output, noise)
        loss = loss + config.tv_weight * (down + right) / output.numel()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return [p.detach().numpy() for p in model.parameters()]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "seed": 3,
            "noise_std": 0.5,
            "noise_mean": -0.3,
            "batch_size": 2,
            "tv_weight": 0.2,
            "learning_rate": 0.01,
            "betas": (0.9, 0.9),
            "eps": 0.1,
            "padding": "replicate",
        },
    ],
    ids=["paper", "other"],
)
def test_training_is_the_papers_loop(changes):
    """Noise in, noise as the target, L1 plus TV, Adam: the same weights as a plain loop's.

    But for the first bias: the normalization cancels it, and its gradient is rounding errors.
    """
    config = TrainingConfig(**TINY | changes)
    with torch.random.fork_rng():
        expected = by_hand(config)
    found = train(config)

    compared = dict(zip(network.shapes(4), expected, strict=True))
    del compared["first_bias"]
    for name, array in compared.items():
        assert getattr(found, name) == pytest.approx(array, abs=1e-5), name


def test_torchs_own_gradient_trains_the_same_network():
    """What other devices use: but for the first bias, the network of the hand-made gradient."""
    config = TrainingConfig(**TINY)
    with self_regression.reproducible(config.seed):
        model = build(config)
        self_regression.optimize(
            model,
            config,
            lambda: (noise_images(config, 1),) * 2,
            by_torch(model, config.tv_weight),
            lambda *_: False,
        )
    found = train(config)

    first, _, second, bias = (p.detach().numpy() for p in model.parameters())
    assert found.first_weight == pytest.approx(first, abs=1e-6)
    assert found.second_weight == pytest.approx(second, abs=1e-6)
    assert found.second_bias == pytest.approx(bias, abs=1e-6)


def test_a_trained_network_enhances_as_the_model_it_came_from(dark_photo):
    """No array is swapped or transposed on the way: float64 torch to 1e-6."""
    own = train(TrainingConfig(**TINY))
    image = truth.unit(truth.as_kind(dark_photo(14, 12), "uint16", 3))

    found = Enhancer("paper", weights=own, kernel="reference").enhance(image)

    assert abs(found - truth.torch_enhance(own, image, "zero")).max() < 1e-6


def test_training_lowers_the_loss():
    """Forty steps of a large size: the network learns to copy."""
    losses = []
    train(
        TrainingConfig(**TINY | {"iterations": 40, "learning_rate": 0.01}),
        progress=lambda _step, loss: losses.append(loss),
    )

    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_progress_is_called_after_each_step():
    """With the number of steps done, from 1, and the loss."""
    calls = []
    train(TrainingConfig(**TINY), progress=lambda step, loss: calls.append((step, loss)))

    assert [step for step, _ in calls] == [1, 2, 3]
    assert all(isinstance(loss, float) and 0 < loss < 10 for _, loss in calls)


def test_an_exception_in_progress_stops_the_training():
    """That is how to cancel: torch's state is restored all the same."""
    threads = torch.get_num_threads()

    def stop(step, loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(TrainingConfig(**TINY), progress=stop)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (
        threads,
        False,
    )


def test_the_provenance_says_how_the_weights_came_about():
    """Recipe, versions and the kind of device."""
    config = TrainingConfig(**TINY)

    assert train(config).provenance == {
        "recipe": config.to_json(),
        "noiser": noiser.__version__,
        "torch": torch.__version__,
        "device": "cpu",
    }


def test_torchs_random_numbers_go_on_as_if_nothing_had_happened():
    """The caller's generator is not moved."""
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    train(TrainingConfig(**TINY))

    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("deterministic", [False, True])
def test_torchs_settings_are_left_as_they_were(deterministic):
    """Threads, deterministic algorithms and whether gradients are recorded."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(deterministic)
    try:
        with torch.no_grad():
            train(TrainingConfig(**TINY))
            found = (
                torch.get_num_threads(),
                torch.are_deterministic_algorithms_enabled(),
                torch.is_grad_enabled(),
            )
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)

    assert found == (2, deterministic, False)


@pytest.mark.parametrize("filling", [False, True])
def test_the_filling_of_new_memory_is_left_as_it_was(filling, monkeypatch):
    """Training switches it off: it finds faults, and costs time."""
    during = []
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", filling)

    train(
        TrainingConfig(**TINY),
        progress=lambda *_: during.append(torch.utils.deterministic.fill_uninitialized_memory),
    )

    assert (set(during), torch.utils.deterministic.fill_uninitialized_memory) == ({False}, filling)


def test_without_torch_the_message_says_what_to_install():
    """A plain installation has no torch; training says so in one line."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import noiser\n"
        "try: noiser.train()\n"
        "except noiser.MissingExtraError as error: print(error)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == (
        "training needs torch, which is not installed: pip install 'noiser[train]'\n",
        "",
    )


def test_a_fault_inside_torch_is_not_called_a_missing_torch(monkeypatch):
    """Another module that is missing is another error."""
    monkeypatch.delitem(sys.modules, "noiser.model.training.self_regression")
    monkeypatch.delattr(noiser.model.training, "self_regression")
    monkeypatch.setitem(sys.modules, "noiser.core.version", None)

    with pytest.raises(ModuleNotFoundError, match=r"noiser\.core\.version") as caught:
        train(TrainingConfig(**TINY))
    assert not isinstance(caught.value, MissingExtraError)
