"""Fused: Triton's kernels, run by its interpreter on the processor, against the reference.

The interpreter takes about a millisecond for each line of a program, so pictures and networks are
small.
"""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
import truth
from noisy import in_octaves

from noiser import Enhancer
from noiser.engine.kernels import pytorch, reference
from noiser.engine.kernels.pytorch.measure import measured
from noiser.engine.kernels.pytorch.render import render_into
from noiser.engine.kernels.pytorch.render_params import stacked

pytest.importorskip("triton", reason="triton is not installed: `pip install noiser[gpu]` has it")

NEAR = {"uint8": 1, "uint16": 2, "float32": 1e-5}
"""Largest difference from the reference, in the format's own levels."""


DEVICE = "cpu" if os.environ["TRITON_INTERPRET"] == "1" else "cuda"
"""With `TRITON_INTERPRET=0` the same tests run on a GPU."""


@pytest.fixture(scope="module")
def fused():
    """Import the module, with small tiles."""
    from noiser.engine.kernels.pytorch.fused import triton_launch as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TILE", (8, 32))
        patch.setattr(module, "RENDER_TILE", (16, 32))
        patch.setattr(module, "STRIP", (8, 32))
        yield module


def batch_of(images):
    """Stack arrays into a batch of planes that do not lie side by side in memory."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(DEVICE)


@pytest.mark.parametrize(
    ("dtype", "padding", "size", "region"),
    [
        ("uint8", "zero", (1, 1), None),
        ("uint8", "replicate", (10, 37), None),
        ("uint16", "zero", (10, 37), None),
        ("float32", "replicate", (2, 3), None),
        ("float32", "zero", (12, 14), np.s_[4:11, 1:12]),
    ],
)
def test_measure_is_the_references_integers(dark_photo, fused, dtype, padding, size, region):
    """Both images of a batch: sums, products by every lag, and both histograms."""
    images = [truth.as_kind(dark_photo(*size, seed), dtype, 3) for seed in (1, 2)]
    region = region or np.s_[0 : size[0], 0 : size[1]]

    found = fused.measured(batch_of(images), region, padding)

    assert found == [reference.measure(image, region, padding) for image in images]


def test_floats_between_the_lattice_points_are_rounded_as_by_the_reference(fused):
    """Half to even in double precision: ties, ends, and values near a middle."""
    values = [0.0, 0.25, 0.75, 1.0, 1e-40, 3.8147e-6, 3 / 262140, 262139 / 262140, 0.5]
    image = np.array(values, np.float32).reshape(3, 1, 3)
    region = np.s_[0:3, 0:1]

    found = fused.measured(batch_of([image]), region, "replicate")

    assert found == [reference.measure(image, region, "replicate")]


@pytest.mark.parametrize("origin", [(0, 0), (251, 30)])
def test_light_is_counted_as_by_the_reference(fused, origin):
    """From dark to white, in more than one tile and cell; and a tone between two classes."""
    levels = np.linspace(0, 65535, 384).astype(np.uint16).reshape(8, 48, 1).repeat(3, 2)
    images = [levels, np.full_like(levels, 16384)]
    region = np.s_[1:8, 3:48]

    found = fused.measured(batch_of(images), region, "zero", origin, with_grid=True)

    assert found == [
        reference.measure(image, region, "zero", origin, with_grid=True) for image in images
    ]


@pytest.mark.parametrize(
    ("dtype", "origin", "region"),
    [
        ("uint8", (5, 2), np.s_[0:19, 0:35]),
        ("uint16", (8, 15), np.s_[1:18, 3:35]),
        ("float32", (0, 0), np.s_[3:4, 5:6]),
    ],
)
def test_grain_is_counted_in_every_octave(dark_photo, fused, dtype, origin, region):
    """Of the squares that begin in the region, wherever it lies; of one pixel there are none."""
    images = [truth.as_kind(dark_photo(19, 35, seed), dtype, 3) for seed in (1, 2)]

    found = fused.measured(batch_of(images), region, "zero", origin)

    assert found == [reference.measure(image, region, "zero", origin) for image in images]


@pytest.mark.parametrize("level", [8, 101])
def test_grain_is_sorted_by_the_references_classes(fused, level):
    """Flat gray at both sides of a border between two classes."""
    image = np.full((2, 4, 3), level, np.uint8)
    image[:, 2:] -= 1
    region = np.s_[0:2, 0:4]

    assert fused.measured(batch_of([image]), region, "zero") == [
        reference.measure(image, region, "zero")
    ]


CASES = [
    pytest.param("natural", {}, "replicate", "uint8", None, id="natural"),
    pytest.param("natural", {}, "zero", "float32", np.s_[5:14, 4:20], id="natural, a region"),
    pytest.param("natural", {"local": 0.0}, "zero", "uint16", None, id="not local"),
    pytest.param("natural", {"color": 0.3, "strength": 0.7}, "zero", "uint8", None, id="color 0.3"),
    pytest.param(
        "natural", {"color": 0.1, "local": 0.5}, "replicate", "float32", np.s_[3:8, 4:20],
        id="local, a region",
    ),
    pytest.param("paper", {}, "zero", "uint8", None, id="paper"),
    pytest.param("paper", {"local": 1.0}, "replicate", "uint16", None, id="paper, local"),
]  # fmt: skip


def both(fused, images, look, knobs, padding, region, hidden=2, octaves=None):
    """Render images by the reference, one by one, and as a batch by Triton's kernels."""
    tool = Enhancer(look, weights=truth.random_network(hidden), **knobs)
    tool.look = replace(tool.look, padding=padding)
    pairs = [tool.develop(tool.measure(image)) for image in images]
    if tool.look.local:  # a picture so small has few lumas
        pairs = truth.lifted(pairs)
    pairs = in_octaves(pairs, octaves or [1] * len(images))
    region = region or np.s_[0 : images[0].shape[0], 0 : images[0].shape[1]]
    expected = [np.empty_like(image[region]) for image in images]
    for image, pair, out in zip(images, pairs, expected, strict=True):
        reference.render(image, region, pair, out, (7, 3))
    batch = batch_of(images)
    out = batch.new_empty((*batch.shape[:2], *expected[0].shape[:2]))
    fused.render_into(out, batch, region, stacked(pairs, torch.float32), (7, 3))
    return out.permute(0, 2, 3, 1).cpu().numpy().astype(np.float64), np.stack(expected)


@pytest.mark.parametrize(("look", "knobs", "padding", "dtype", "region"), CASES)
def test_render_is_near_the_reference(dark_photo, fused, look, knobs, padding, dtype, region):
    """Both images of a batch, each with its own numbers, over more than one tile."""
    size = (18, 35) if knobs == {} and look == "natural" else (10, 21)
    images = [truth.as_kind(dark_photo(*size, seed), dtype, 3) for seed in (1, 2)]

    found, expected = both(fused, images, look, knobs, padding, region)

    assert abs(found - expected).max() <= NEAR[dtype]


@pytest.mark.parametrize(
    ("knobs", "padding", "dtype", "region", "octaves"),
    [
        ({}, "replicate", "float32", None, (4, 2)),
        ({"color": 0.3, "denoise": 0.7}, "zero", "uint16", np.s_[3:9, 5:30], (1, 3)),
        ({}, "zero", "uint8", np.s_[7:8, 2:3], (2, 0)),
    ],
)
def test_coarse_octaves_are_near_the_reference(
    dark_photo, fused, knobs, padding, dtype, region, octaves
):
    """Images of several octaves together, each with its own noise."""
    images = [truth.as_kind(dark_photo(11, 37, seed), dtype, 3) for seed in (1, 2)]

    found, expected = both(fused, images, "natural", knobs, padding, region, octaves=octaves)

    assert abs(found - expected).max() <= NEAR[dtype]


def test_an_image_beside_noisier_ones_comes_out_as_alone(dark_photo, fused):
    """To the last bit, where it has no noise in coarse octaves."""
    images = [(dark_photo(6, 9, seed) / np.float32(255)).astype(np.float32) for seed in (1, 2)]

    beside, _ = both(fused, images, "natural", {}, "zero", None, octaves=(1, 2))

    alone, _ = both(fused, images[:1], "natural", {}, "zero", None)
    assert np.array_equal(beside[0], alone[0])


@pytest.mark.parametrize("size", [(1, 1), (3, 70)], ids=str)
@pytest.mark.parametrize("padding", ["zero", "replicate"])
def test_an_image_smaller_than_the_halo_is_rendered(dark_photo, fused, padding, size):
    """Down to a single pixel."""
    image = (dark_photo(*size) / np.float32(255)).astype(np.float32)

    found, expected = both(fused, [image], "natural", {}, padding, None)

    assert abs(found - expected).max() <= 1e-5


@pytest.mark.parametrize("octaves", [1, 4])
def test_pieces_are_rendered_as_the_whole(dark_photo, fused, monkeypatch, octaves):
    """Bands of a few rows, whose neighbours are read from the picture."""
    monkeypatch.setattr(fused, "PIECE_PIXELS", 1000)
    image = dark_photo(18, 13)

    found, expected = both(fused, [image], "natural", {}, "replicate", None, octaves=[octaves])

    assert abs(found - expected).max() <= 1


def test_cuda_tensors_are_for_triton(fused):
    """In single precision; double precision and other devices are for plain torch."""
    assert pytorch.steps("cuda", torch.uint8) == (fused.measured, fused.render_into)
    plain = (measured, render_into)
    assert pytorch.steps("cuda", torch.float64) == plain
    assert pytorch.steps("mps", torch.float32) == plain
    assert pytorch.steps("cpu", torch.float32) == plain


def test_without_triton_plain_torch_serves(monkeypatch):
    """On CUDA too."""
    monkeypatch.setattr(pytorch, "find_spec", {}.get)

    assert pytorch.steps("cuda", torch.uint8) == (measured, render_into)
