"""Rendering: the folded network and the look in plain torch, on any device."""

import torch
from torch import Tensor
from torch.nn import functional

from noiser.core.types import Region
from noiser.engine.kernels.denoise import BAND_HALO
from noiser.engine.kernels.pytorch.denoise import Scenes, all_three, opponents, taken_apart
from noiser.engine.kernels.pytorch.local_light import lift_at
from noiser.engine.kernels.pytorch.octaves import needed, without_coarse_noise
from noiser.engine.kernels.pytorch.planes import PEAKS, grown, pieces, put_outside, read
from noiser.engine.kernels.pytorch.render_params import Filters, luma
from noiser.engine.kernels.reading import scaled
from noiser.engine.kernels.reference import INNER, LEAST_CHROMA
from noiser.look.fold import NETWORK_HALO
from noiser.look.tone_curve import TINY

COARSE_ROWS = 512
"""Rows of a piece at least where there is noise in coarse octaves: they read a hundred more on each
side, of which lower bands would read little else [pixels]."""


def render_into(
    out: Tensor,
    batch: Tensor,
    region: Region,
    filters: Filters,
    origin: tuple[int, int] = (0, 0),
) -> None:
    """Apply each image's folded network and look to a region of it.

    Args:
        out: Written: [B,C,h,w] of the region's size, dtype and device of `batch`.
        batch: uint8, uint16, float32 or float64 [B,C,H,W], floats in [0, 1], sRGB.
        region: Rows and columns to render.
        filters: In the precision to compute with.
        origin: Row and column of the images' first pixel in the whole picture [pixels].
    """
    filters = filters.to(batch.device)
    least_rows = COARSE_ROWS if max(filters.octaves) > 1 else 1
    for images, part in pieces(len(batch), region, least_rows=least_rows):
        piece, own = batch[images], filters.of(images)
        top, left = (now.start - all_.start for now, all_ in zip(part, region, strict=True))
        height, width = (now.stop - now.start for now in part)
        target = out[images, :, top : top + height, left : left + width]
        source = piece[:, :, part[0], part[1]]
        _write(target, source, _enhanced(piece, part, own, origin), own)


def _enhanced(batch: Tensor, region: Region, filters: Filters, origin: tuple[int, int]) -> Tensor:
    """Compute a region in [0, 1]: [B,3,h,w]."""
    extended = grown(region, NETWORK_HALO)
    if not filters.develops:
        before = _network(_centered(batch, extended, filters), batch, region, filters)
        return torch.sigmoid(2.0 * before)
    scenes = taken_apart(_photo(batch, grown(extended, BAND_HALO), filters, origin), filters)
    before = _network(scenes.quiet, batch, region, filters)
    if filters.lift is not None:
        quiet = scenes.quiet[INNER]
        seen = (quiet[:, 0] if filters.gray else luma(quiet)) + luma(filters.center)
        lift = lift_at(filters.lift, filters.cell, region, origin, seen.clamp(min=0.0))
        before = before + lift[:, None]
    return _developed(scenes, filters, before)


def _photo(batch: Tensor, region: Region, filters: Filters, origin: tuple[int, int]) -> Tensor:
    """Read luma and two colour differences, without the noise of coarse octaves: [B,3,h,w]."""
    place = scaled(region, 1, (-origin[0], -origin[1]))
    whole = needed(place, max(filters.octaves))
    planes = opponents(_centered(batch, scaled(whole, 1, origin), filters))
    return without_coarse_noise(planes, whole, place, filters)


def _centered(batch: Tensor, region: Region, filters: Filters) -> Tensor:
    """Read colours in [0, 1] less the center, subtracted in whole levels: [B,3,h,w]."""
    peak = PEAKS.get(batch.dtype, 1)
    levels = 2.0 * read(batch, region, filters.center.dtype) - peak
    scale = peak / 255
    centered = (levels - filters.levels * scale) / (2.0 * peak)
    if filters.padding == "replicate":
        return centered
    return put_outside(centered, region, batch.shape, filters.levels * (-0.5 / 255))


def _network(seen: Tensor, batch: Tensor, region: Region, filters: Filters) -> Tensor:
    """Compute both convolutions up to the tanh: [B,P,h+4,w+4] -> [B,P,h,w]."""
    wanted = grown(region, 1)
    missing = [
        (max(-part.start, 0), max(part.stop - size, 0))
        for part, size in zip(wanted, batch.shape[2:], strict=True)
    ]
    (above, below), (left, right) = missing
    part = seen[..., above : seen.shape[2] - below, left : seen.shape[3] - right]
    hidden = functional.gelu(_convolved(part, filters.first_weight, filters.first_bias))
    mode = "constant" if filters.padding == "zero" else "replicate"
    hidden = functional.pad(hidden, (left, right, above, below), mode)
    return _convolved(hidden, filters.second_weight, filters.second_bias)


def _convolved(planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Correlate each image with its own 3x3 kernels: [B,C,h+2,w+2] -> [B,K,h,w]."""
    images, channels = planes.shape[:2]
    cudnn = torch.backends.cudnn
    # TF32 has ten bits: a quarter of an 8-bit level would get lost.
    with cudnn.flags(cudnn.enabled, cudnn.benchmark, deterministic=True, allow_tf32=False):
        together = functional.conv2d(
            planes.reshape(1, images * channels, *planes.shape[2:]),
            weight.flatten(0, 1),
            bias.flatten(),
            groups=images,
        )
    return together.view(images, -1, *together.shape[2:])


def _developed(scenes: Scenes, filters: Filters, before: Tensor) -> Tensor:
    """Put the photo's own black, highlights, detail and colours around the network's luma.

    The formulas are the reference kernel's; what is missing to white is computed as such.
    """
    light, own, detail = scenes.light[INNER], scenes.chroma[INNER], scenes.detail[INNER]
    numbers = filters.numbers
    network, dark = torch.sigmoid(2.0 * before), torch.sigmoid(-2.0 * before)
    bright, missing = (p[:, 0] if filters.gray else luma(p) for p in (network, dark))
    both = missing + numbers["highlights"] * ((1.0 - light).clamp(min=0.0) - missing)
    square, black = light.square(), numbers["black"].square()
    tone = (square * (1.0 + black) + TINY) / (square + black + TINY)
    level = (1.0 - (missing * both).sqrt()) * tone
    gain = numbers["color"] * level / (light + numbers["chroma_floor"])
    tint = all_three(filters.cast * light[:, None])
    chroma = gain[:, None] * (own - tint) + tone[:, None] * (network - bright[:, None])
    level = level + level / (light + numbers["detail_floor"]) * detail
    most = chroma.amax(1).clamp(min=LEAST_CHROMA)
    room = ((1.0 - level).clamp(min=0.0) / most).clamp(max=1.0)
    dimmed = (2.0 / (1.0 + level + most)).clamp(max=1.0)
    return dimmed[:, None] * (level[:, None] + (0.5 + 0.5 * room)[:, None] * chroma)


def _write(out: Tensor, source: Tensor, enhanced: Tensor, filters: Filters) -> None:
    """Mix in the input, round half to even, and copy alpha."""
    colors = 3 if source.shape[1] >= 3 else 1
    if colors == 1:
        enhanced = luma(enhanced)[:, None]
    peak = PEAKS.get(source.dtype, 1)
    value = peak * enhanced.clamp(0.0, 1.0)
    share = filters.numbers["strength"][:, None]
    value = share * value + (1.0 - share) * source[:, :colors].to(value.dtype)
    out[:, :colors] = (value.round() if peak > 1 else value).to(out.dtype)
    out[:, colors:] = source[:, colors:]
