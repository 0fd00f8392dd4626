"""The ONNX graphs: onnxruntime reads them, and what it computes is what torch computes."""

import numpy as np
import onnxruntime
import pytest
import torch
import truth

from noiser import Enhancer
from noiser.core.color import to_bytes
from noiser.look.fold import fold
from noiser.tools.rivals import onnx_graph

NETWORK = truth.random_network(5, seed=3)
"""Not of the packaged width: nothing may be left as it is there."""


def run(graph, low, **inputs):
    """Let onnxruntime run a graph on a picture."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(None, {"low": low[None], **inputs})[0][0]


def apart(found, expected):
    """Give the largest difference [levels of 255]."""
    return int(abs(found.astype(int) - expected).max())


def in_torch(low):
    """Let torch enhance as published."""
    return to_bytes(truth.torch_enhance(NETWORK, low, "zero", dtype=torch.float32))


def folded(low):
    """Put the picture's statistics into the first convolution."""
    moments = Enhancer("paper", weights=NETWORK).measure(low)
    return onnx_graph.first_convolution(fold(NETWORK, moments))


@pytest.mark.parametrize("size", [(1, 2), (3, 3), (20, 31)])
def test_the_whole_graph_is_torch_to_one_level(dark_photo, size):
    low = dark_photo(*size)

    found = run(onnx_graph.whole(NETWORK), low)

    assert found.shape == low.shape
    assert found.dtype == np.uint8
    assert apart(found, in_torch(low)) <= 1


def test_the_normalization_has_the_eps_it_was_given(dark_photo):
    low = dark_photo(20, 20)
    found = run(onnx_graph.whole(NETWORK, eps=10.0), low)

    model = truth.torch_network(NETWORK, "zero", eps=10.0, dtype=torch.float32)
    signed = torch.from_numpy(low).permute(2, 0, 1)[None].float() / 127.5 - 1.0
    output = model(signed).detach()[0].permute(1, 2, 0).numpy()
    assert apart(found, to_bytes((output + 1) / 2)) <= 1


def test_it_rounds_as_torch_does(dark_photo):
    """Sums in another order cross the middle between two levels, but seldom."""
    low = dark_photo(60, 60)

    assert np.mean(run(onnx_graph.whole(NETWORK), low) != in_torch(low)) < 0.01


@pytest.mark.parametrize("size", [(1, 2), (3, 3), (20, 31)])
def test_the_local_filter_with_folded_weights_is_torch_to_one_level(dark_photo, size):
    low = dark_photo(*size)

    found = run(onnx_graph.local_filter(NETWORK, folded(low)), low)

    assert apart(found, in_torch(low)) <= 1


def test_folded_weights_as_inputs_give_the_same_as_constants(dark_photo):
    low = dark_photo(20, 31)
    weight, bias = folded(low)

    found = run(onnx_graph.local_filter(NETWORK), low, first_weight=weight, first_bias=bias)

    assert apart(found, run(onnx_graph.local_filter(NETWORK, (weight, bias)), low)) <= 1


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ([(1, 150)], "08 96 01"),
        ([(2, "testing")], "12 07 74 65 73 74 69 6e 67"),
        ([(3, bytes.fromhex("08 96 01"))], "1a 03 08 96 01"),
        ([(2, 1.0)], "15 00 00 80 3f"),
    ],
)
def test_messages_are_written_as_in_protobufs_own_examples(fields, written):
    """From the page "Encoding" of protobuf's documentation; a float is its four bytes."""
    assert onnx_graph._message(fields) == bytes.fromhex(written)
