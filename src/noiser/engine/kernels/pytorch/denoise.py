"""Denoise: the photo without its noise, and its detail, in torch; see `kernels/denoise.py`."""

from dataclasses import dataclass

import torch
from torch import Tensor

from noiser.core.color import LUMA
from noiser.engine.kernels.denoise import (
    COLOR_MARGIN,
    COLOR_NOISE,
    FINE_VARIANCE,
    MARGIN,
    MEDIUM_VARIANCE,
    MOST_MEDIUM,
    NO_ENERGY,
    SQUARE,
)
from noiser.engine.kernels.pytorch.render_params import Filters, luma
from noiser.statistics.noise_by_octave import NOISE_LEVELS


@dataclass(frozen=True, eq=False)
class Scenes:
    """Photos taken apart, on their device."""

    quiet: Tensor
    """[B,P,H,W], about [0, 1], less the center: what the network reads."""

    light: Tensor
    """[B,H,W] in [0, 1]: luma of that, without its finest band."""

    chroma: Tensor
    """[B,3,H,W]: colours less luma, without noise and the finest band."""

    detail: Tensor
    """[B,H,W]: what a look gives back of the bands."""


def taken_apart(photo: Tensor, filters: Filters) -> Scenes:
    """Split photos into bands and join them again without the noise.

    Args:
        photo: [B,3,h+10,w+10], as `opponents` gives it.
        filters: Their noise, and how much of it to take away.

    Returns:
        The scenes of the inner [h,w] pixels.
    """
    numbers = filters.numbers
    center = luma(filters.center)
    smooth, medium, fine = _bands(photo, with_fine=slice(1))
    fine = fine[:, 0]
    inner = medium[..., 2:-2, 2:-2]
    variance = _noise_at(smooth[:, 0] + center, filters, 0)
    small = fine[:, 2:-2, 2:-2] * _kept(
        fine.square(), MARGIN * FINE_VARIANCE * variance, numbers["denoise"]
    )
    large = inner[:, 0] * _kept(
        medium[:, 0].square(), MARGIN * MEDIUM_VARIANCE * variance, numbers["denoise"]
    )
    kept = _kept(
        _color_energy(medium),
        COLOR_MARGIN * COLOR_NOISE * MEDIUM_VARIANCE * variance,
        numbers["denoise"],
    )
    colors = smooth[:, 1:] + kept[:, None] * inner[:, 1:]
    quiet_luma = smooth[:, 0] + large
    quiet = (quiet_luma + small)[:, None]
    if not filters.gray:
        share = numbers["denoise"][:, None]
        seen = share * colors + (1.0 - share) * photo[:, 1:, 5:-5, 5:-5]
        quiet = quiet + all_three(seen)
    tint = filters.center - center[:, None]
    return Scenes(
        quiet=quiet,
        light=(quiet_luma + center).clamp(min=0.0),
        chroma=all_three(colors) + tint,
        detail=numbers["fine"] * small + numbers["medium"] * large.clamp(-MOST_MEDIUM, MOST_MEDIUM),
    )


def quieted(averages: Tensor, filters: Filters, octave: int) -> Tensor:
    """Take the noise of a coarse octave away.

    Args:
        averages: [B,3,h+10,w+10], over squares of photos as `opponents` gives them.
        filters: Their noise, and how much of it to take away.
        octave: Which it is, from 1 on.

    Returns:
        The inner [B,3,h,w].
    """
    quiet, medium, fine = _bands(averages, with_fine=slice(3))
    variance = _noise_at(quiet[:, 0] + luma(filters.center), filters, octave)
    for band, share in ((fine, FINE_VARIANCE), (medium, MEDIUM_VARIANCE)):
        for planes, energy, margin in (
            (slice(1), band[:, 0].square(), MARGIN),
            (slice(1, 3), _color_energy(band), COLOR_MARGIN * COLOR_NOISE),
        ):
            kept = _kept(energy, margin * share * variance, filters.numbers["denoise"])
            quiet[:, planes] += kept[:, None] * band[:, planes, 2:-2, 2:-2]
    return quiet


def opponents(photo: Tensor) -> Tensor:
    """Give luma, and red and blue less luma: [B,3,H,W] of [B,3,H,W]."""
    brightness = luma(photo)
    return torch.stack([brightness, photo[:, 0] - brightness, photo[:, 2] - brightness], 1)


def all_three(differences: Tensor) -> Tensor:
    """Complete red and blue less luma by green less luma: [B,2,h,w] -> [B,3,h,w]."""
    red, blue = differences[:, 0], differences[:, 1]
    return torch.stack([red, -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1], blue], 1)


def _bands(planes: Tensor, with_fine: slice) -> tuple[Tensor, Tensor, Tensor]:
    """Split planes into two bands and the rest.

    Args:
        planes: [B,3,h+10,w+10].
        with_fine: Of these, those whose fine band is wanted.

    Returns:
        The rest [B,3,h,w], the medium band [B,3,h+4,w+4] and the fine one [B,n,h+4,w+4].
    """
    soft = _blurred(planes, 1)
    smooth = _blurred(soft, 2)
    fine = planes[:, with_fine, 3:-3, 3:-3] - soft[:, with_fine, 2:-2, 2:-2]
    return smooth[..., 2:-2, 2:-2], soft[..., 2:-2, 2:-2] - smooth, fine


def _color_energy(band: Tensor) -> Tensor:
    """Average the squares of both colours: [B,3,h,w] -> [B,h,w]."""
    return (band[:, 1].square() + band[:, 2].square()) / 2.0


def _kept(energy: Tensor, noise: Tensor, denoise: Tensor) -> Tensor:
    """Compute what is left of a band: [B,h+4,w+4] of squares -> [B,h,w]."""
    for _ in range(2):
        height = energy.shape[1] - SQUARE + 1
        total = energy[:, :height]
        for k in range(1, SQUARE):
            total = total + energy[:, k : k + height]
        energy = total.mT
    local = (energy / SQUARE**2).clamp(min=NO_ENERGY)
    return 1.0 - denoise + denoise * (1.0 - noise / local).clamp(min=0.0)


def _noise_at(brightness: Tensor, filters: Filters, octave: int) -> Tensor:
    """Compute the noise's variance by luma, linear between the levels it is given for."""
    noise = filters.noise[:, octave]
    variance = noise[:, 0].expand_as(brightness)
    for number, level in enumerate(NOISE_LEVELS, 1):
        variance = variance + noise[:, number] * (brightness - level).clamp(min=0.0)
    return variance.clamp(min=0.0)


def _blurred(planes: Tensor, step: int) -> Tensor:
    """Blur by 1 2 1 in both directions, `step` pixels apart: [...,h+2s,w+2s] -> [...,h,w]."""
    for _ in range(2):
        height = planes.shape[-2] - 2 * step
        beside = planes[..., :height, :] + planes[..., 2 * step :, :]
        planes = (2.0 * planes[..., step : step + height, :] + beside).mT
    return planes / 16.0
