"""The noise: its deviation, spectrum and correlation, measured in what is drawn."""

import numpy as np
import pytest
import torch

from noiser import TrainingConfig
from noiser.model.training.noise import noise_images, spectrum

GENTLE = {"noise_std": 0.1, "image_size": 64}
"""Noise that the clipping does not reach."""


def drawn(count=40, seed=1, **changes):
    """Draw noise by a recipe: float64 [count,3,S,S]."""
    generator = torch.Generator().manual_seed(seed)
    return noise_images(TrainingConfig(**GENTLE | changes), count, generator).double().numpy()


def slope(images):
    """Fit the exponent of the mean amplitude against frequency."""
    amplitude = np.abs(np.fft.fft2(images)).mean((0, 1))
    side = images.shape[-1]
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    fitted = (frequency > 0) & (frequency < 0.5)
    return np.polyfit(np.log(frequency[fitted]), np.log(amplitude[fitted]), 1)[0]


def test_white_noise_is_torchs_own():
    """The paper's noise: nothing but randn, deviation, mean and clipping."""
    found = noise_images(
        TrainingConfig(image_size=9, noise_std=3, noise_mean=0.5),
        2,
        torch.Generator().manual_seed(7),
    )

    white = torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(7))
    assert torch.equal(found, torch.clamp(3 * white + 0.5, -1, 1))


@pytest.mark.parametrize("exponent", [0.0, 0.5, 0.75, 1.0])
def test_the_amplitude_falls_with_the_spectrums_exponent(exponent):
    """Fitted over all frequencies: within 0.03."""
    assert slope(drawn(spectrum=exponent)) == pytest.approx(-exponent, abs=0.03)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
def test_the_channels_are_correlated_as_the_recipe_says(correlation):
    """Pearson's, between any two channels."""
    channels = drawn(correlation=correlation).transpose(1, 0, 2, 3).reshape(3, -1)

    found = np.corrcoef(channels)[np.triu_indices(3, 1)]

    assert found == pytest.approx(np.full(3, correlation), abs=0.02)


@pytest.mark.parametrize("changes", [{}, {"spectrum": 0.75, "correlation": 0.5}], ids=str)
def test_the_deviation_is_the_recipes(changes):
    """Whatever the spectrum and the correlation."""
    assert drawn(**changes).std() == pytest.approx(0.1, rel=0.02)


def test_the_mean_is_the_recipes():
    """The shift of MS-NoiSER."""
    assert drawn(noise_mean=-0.4, spectrum=0.75).mean() == pytest.approx(-0.4, abs=0.005)


def test_noise_is_clipped_to_what_a_network_can_answer():
    """To [-1, 1], where the tanh ends."""
    loud = drawn(noise_std=3.0, spectrum=0.75)

    assert (loud.min(), loud.max()) == (-1, 1)


def test_the_slowest_wave_stands_for_the_mean():
    """No frequency is 0: nothing is divided by it."""
    frequencies = spectrum(10)

    assert frequencies.shape == (10, 6)
    assert frequencies[0, 0] == frequencies[0, 1] == frequencies.min() == pytest.approx(0.1)
