"""Stopping by itself: probes against hand-made networks, scores by hand, weights given back."""

import math

import pytest
import torch
from torch import nn

from noiser import TrainingConfig, train
from noiser.model.network import to_bytes
from noiser.model.training import PRESETS, early_stopping, self_regression
from noiser.model.training.early_stopping import AutoStop, Probe, Prober, highest

TINY = {"iterations": 3, "image_size": 16, "hidden_channels": 4}


class Times(nn.Module):
    """Multiplies what it is given."""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(float(factor)))

    def forward(self, image):
        """Multiply."""
        return self.factor * image


@pytest.fixture(scope="module")
def prober():
    return Prober(TrainingConfig(image_size=32))


def test_a_network_that_halves_keeps_half_of_the_contrast(prober):
    """The slope of x/2 on x."""
    assert prober(Times(0.5)).contrast == pytest.approx(0.5, abs=1e-6)


def test_roughness_grows_with_the_square_of_the_output(prober):
    """Total variation is a sum of squares."""
    assert prober(Times(0.5)).roughness == pytest.approx(prober(Times(1)).roughness / 4, rel=1e-5)


def test_roughness_of_white_noise_is_four_variances():
    """Each of two differences has twice the variance; clipped N(0, 9) was drawn 12,288 times."""
    prober = Prober(TrainingConfig(image_size=64))

    variance = prober.noise.var().item()

    assert prober(Times(1)).roughness == pytest.approx(4 * variance * 63 / 64, rel=0.02)


def test_a_network_that_copies_a_darkened_scene_has_the_psnr_of_that_darkness(prober):
    """Mean squared error of scene and darkened scene, worked without the network."""
    dark = (prober.scenes * early_stopping.DARKNESS * 255).round() / 255
    error = ((dark - prober.scenes) ** 2).mean((1, 2, 3))

    assert prober(Times(1)).scene_psnr == pytest.approx(
        float((10 * torch.log10(1 / error)).mean()), abs=1e-4
    )


def test_scenes_have_the_level_and_the_deviation_they_say(prober):
    """0.45 and 0.22 before the few values outside [0, 1] are clipped."""
    assert prober.scenes.mean().item() == pytest.approx(0.45, abs=0.01)
    assert prober.scenes.std().item() == pytest.approx(0.22, abs=0.01)
    assert 0 <= prober.scenes.min() < prober.scenes.max() <= 1


def test_the_amplitude_of_scenes_falls_with_frequency(prober):
    """1/f: at four times the frequency a quarter of the amplitude, within 20 %."""
    amplitude = torch.fft.rfft2(prober.scenes - prober.scenes.mean()).abs()
    low, high = amplitude[..., 8:16, 8:16].mean(), amplitude[..., 32:64, 32:64].mean()

    assert (low / high).item() == pytest.approx(4, rel=0.2)


def test_the_channels_of_scenes_are_correlated_by_nine_tenths(prober):
    """Photographs are mostly gray."""
    red, green, _ = (prober.scenes[:, c].flatten() for c in range(3))

    assert torch.corrcoef(torch.stack([red, green]))[0, 1].item() == pytest.approx(0.9, abs=0.03)


def test_the_score_worked_by_hand():
    """18 dB + 20 log10(0.2 / 0.08) = 25.9588 dB."""
    assert Probe(0.2, 0.08, 18.0).score == pytest.approx(18 + 20 * math.log10(2.5))


def test_a_network_that_inverts_still_has_a_score():
    """Its slope is negative, of which there is no logarithm."""
    assert math.isfinite(Probe(-0.1, 0.08, 5.0).score)


def test_the_highest_score_is_that_of_the_mean_over_five():
    """The single peak at 100 stands alone; around 800 all are high."""
    values = [9, 0, 0, 0, 0, 5, 6, 7, 6, 5, 0, 0]
    scores = dict(zip(range(100, 1300, 100), values, strict=True))

    assert highest(scores) == 800


def test_the_first_of_equal_scores_is_the_highest():
    """Less training for the same."""
    assert highest(dict.fromkeys(range(100, 1100, 100), 1.0)) == 100


def watched(scores, **changes):
    """Feed an `AutoStop` with a network whose parameter is the step; give it and the last step."""
    config = TrainingConfig(image_size=8, iterations=max(scores), stop="auto", **changes)
    watcher, model = AutoStop(config), Times(0)
    watcher._prober = lambda _model: Probe(1.0, 1.0, scores[step])
    for step in scores:
        model.factor.data.fill_(step)
        if watcher.is_over(step, model):
            break
    return watcher, model, step


def test_training_ends_a_thousand_steps_after_the_highest_score():
    """The scores rise until 500, and their mean over five is highest there."""
    scores = {s: -abs(s - 500) for s in range(100, 6001, 100)}

    _, _, last = watched(scores)

    assert last == 1500


def test_the_weights_of_the_highest_score_come_back():
    """Not those of the last step."""
    watcher, model, last = watched({s: -abs(s - 500) for s in range(100, 6001, 100)})

    watcher.restore(model)

    assert (last, model.factor.item()) == (1500, 500)


def test_training_runs_to_its_last_step_while_the_score_rises():
    """The number of iterations is the limit."""
    watcher, model, last = watched({s: s for s in range(100, 3001, 100)})
    watcher.restore(model)

    assert (last, model.factor.item()) == (3000, 3000)


def test_a_run_shorter_than_an_interval_gives_its_last_step():
    """There is but one score."""
    assert to_bytes(train(TrainingConfig(**TINY, stop="auto"))) != to_bytes(
        train(TrainingConfig(**TINY))
    )
    first, second = (train(TrainingConfig(**TINY, stop=s)) for s in ("auto", "last"))
    assert (first.first_weight == second.first_weight).all()


def test_looking_at_the_network_does_not_disturb_its_training(monkeypatch):
    """Held-out noise and scenes come from a generator of their own."""
    monkeypatch.setattr(early_stopping, "INTERVAL", 1)
    watched_run = [train(TrainingConfig(**TINY, stop=stop)) for stop in ("auto", "last")]
    monkeypatch.setattr(AutoStop, "restore", lambda *_: None)
    unrestored = train(TrainingConfig(**TINY, stop="auto"))

    assert (unrestored.second_weight == watched_run[1].second_weight).all()


def test_auto_gives_the_network_of_its_best_step(monkeypatch):
    """The same bytes of weights as a run of just so many steps."""
    monkeypatch.setattr(early_stopping, "INTERVAL", 1)
    monkeypatch.setattr(AutoStop, "best_step", property(lambda _: 2))
    config = TrainingConfig(**TINY | {"iterations": 6}, stop="auto")

    chosen, short = train(config), train(TrainingConfig(**TINY | {"iterations": 2}))

    assert (chosen.first_weight == short.first_weight).all()
    assert (chosen.second_bias == short.second_bias).all()


def test_an_auto_run_is_the_same_twice():
    """As every run is."""
    config = TrainingConfig(**TINY, stop="auto")

    assert to_bytes(train(config)) == to_bytes(train(config))


def test_progress_is_told_of_every_step():
    """Also of those in which the network is probed."""
    steps = []
    train(TrainingConfig(**TINY, stop="auto"), progress=lambda step, _: steps.append(step))

    assert steps == [1, 2, 3]


def test_the_preset_auto_stops_by_itself_before_its_last_step():
    """Three times the paper's steps at most."""
    assert (PRESETS["auto"].stop, PRESETS["auto"].iterations) == ("auto", 6000)


def test_the_state_is_read_after_the_step_is_done(monkeypatch):
    """`optimize` calls back with the network already changed."""
    seen = []
    monkeypatch.setattr(
        AutoStop, "is_over", lambda _self, _step, model: seen.append(model[3].bias.sum().item())
    )
    monkeypatch.setattr(AutoStop, "restore", lambda *_: None)
    network = train(TrainingConfig(**TINY, stop="auto"))

    assert seen[-1] == pytest.approx(float(network.second_bias.sum()), abs=1e-6)
    assert len(set(seen)) == len(seen) == 3
    assert self_regression.AutoStop is AutoStop
