"""The network, or the filter it folds to, as an ONNX graph: uint8 [1,H,W,3] in and out.

A graph of a dozen nodes needs no library: it is written in protobuf's wire format, with the field
numbers of onnx.proto3 (ONNX 1.15, operators of version 20, 2023).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Weights
from noiser.look.fold import Folded
from noiser.model.network import Network

IR_VERSION, OPERATORS = 9, 20
"""Of the file format and of the operators; the first with GELU."""

FLOAT, UINT8, INT64 = 1, 2, 7
"""Types of elements, as ONNX numbers them."""

IMAGE = (1, "height", "width", 3)
"""Shape of input `low` and output `enhanced`; what has a name may have any size."""

_Value = int | float | str | bytes
_Attribute = float | tuple[int, ...]
_Floats = NDArray[np.floating[Any]]


def whole(network: Network, eps: float = 1e-5) -> bytes:
    """Write the published network, instance normalization and zero padding included.

    Args:
        network: The weights.
        eps: Of the normalization, squared units of [-1, 1].

    Returns:
        An ONNX file that maps `low`, uint8 [1,H,W,3] in [0, 255], sRGB, to `enhanced`, the same.
    """
    hidden = network.hidden_channels
    nodes = [
        _convolution("signed", "first", "linear"),
        _node("InstanceNormalization", ("linear", "ones", "nothing"), "normal", epsilon=eps),
        *_after("normal"),
    ]
    constants: dict[str, _Floats] = {
        "ones": np.ones(hidden),
        "nothing": np.zeros(hidden),
        "first_weight": network.first_weight,
        "first_bias": network.first_bias,
        "second_weight": network.second_weight,
        "second_bias": network.second_bias,
    }
    return _model(nodes, constants)


def local_filter(network: Network, first: tuple[Weights, Weights] | None = None) -> bytes:
    """Write the network without its normalization: convolution, GELU, convolution, tanh.

    Args:
        network: Its second convolution is used as it is.
        first: Weight and bias that the normalization was folded into, see `first_convolution`;
            without them they become inputs `first_weight` and `first_bias`.

    Returns:
        An ONNX file that maps `low`, uint8 [1,H,W,3] in [0, 255], sRGB, to `enhanced`, the same.
    """
    nodes = [_convolution("signed", "first", "normal"), *_after("normal")]
    constants = {"second_weight": network.second_weight, "second_bias": network.second_bias}
    if first is not None:
        return _model(nodes, {**constants, "first_weight": first[0], "first_bias": first[1]})
    hidden = network.hidden_channels
    return _model(nodes, constants, {"first_weight": (hidden, 3, 3, 3), "first_bias": (hidden,)})


def first_convolution(folded: Folded) -> tuple[Weights, Weights]:
    """Give weight, float32 [K,3,3,3], and bias, float32 [K], for an input that is not centred."""
    of_color = folded.first_weight.sum((2, 3))
    bias = folded.first_bias - of_color @ (folded.center / 255)
    return folded.first_weight.astype(np.float32), bias.astype(np.float32)


def _before() -> list[bytes]:
    """From bytes to [-1, 1], colours first."""
    return [
        _node("Transpose", ("low",), "planes", perm=(0, 3, 1, 2)),
        _node("Cast", ("planes",), "levels", to=FLOAT),
        _node("Div", ("levels", "half"), "twice"),
        _node("Sub", ("twice", "one"), "signed"),
    ]


def _after(hidden: str) -> list[bytes]:
    """From the hidden channels to the output, and back to bytes."""
    return [
        _node("Gelu", (hidden,), "active"),
        _convolution("active", "second", "odds"),
        _node("Tanh", ("odds",), "output"),
        _node("Mul", ("output", "half"), "scaled"),
        _node("Add", ("scaled", "half"), "moved"),
        _node("Round", ("moved",), "rounded"),
        _node("Cast", ("rounded",), "bytes", to=UINT8),
        _node("Transpose", ("bytes",), "enhanced", perm=(0, 2, 3, 1)),
    ]


def _convolution(source: str, name: str, target: str) -> bytes:
    """Convolve with 3x3 weights and zero padding."""
    inputs = (source, f"{name}_weight", f"{name}_bias")
    return _node("Conv", inputs, target, kernel_shape=(3, 3), pads=(1, 1, 1, 1))


def _model(
    nodes: Sequence[bytes],
    constants: Mapping[str, _Floats],
    inputs: Mapping[str, tuple[int, ...]] | None = None,
) -> bytes:
    """Write a ModelProto around nodes that read `signed`."""
    scalars = {"half": np.array(127.5), "one": np.array(1.0)}
    graph: list[tuple[int, _Value]] = [(1, node) for node in [*_before(), *nodes]]
    graph += [(2, "noiser")]
    graph += [(5, _tensor(name, array)) for name, array in {**scalars, **constants}.items()]
    graph += [(11, _described("low", UINT8, IMAGE))]
    graph += [(11, _described(name, FLOAT, shape)) for name, shape in (inputs or {}).items()]
    graph += [(12, _described("enhanced", UINT8, IMAGE))]
    operators = _message([(1, ""), (2, OPERATORS)])
    return _message([(1, IR_VERSION), (2, "noiser"), (7, _message(graph)), (8, operators)])


def _node(operator: str, inputs: Sequence[str], output: str, **attributes: _Attribute) -> bytes:
    """Write a NodeProto."""
    fields: list[tuple[int, _Value]] = [(1, name) for name in inputs]
    fields += [(2, output), (3, output), (4, operator)]
    for name, value in attributes.items():
        if isinstance(value, tuple):
            told: list[tuple[int, _Value]] = [*((8, number) for number in value), (20, 7)]
        elif isinstance(value, int):
            told = [(3, value), (20, 2)]
        else:
            told = [(2, value), (20, 1)]
        fields.append((5, _message([(1, name), *told])))
    return _message(fields)


def _tensor(name: str, array: _Floats) -> bytes:
    """Write a TensorProto of floats."""
    raw = np.ascontiguousarray(array, "<f4").tobytes()
    return _message([*((1, size) for size in array.shape), (2, FLOAT), (8, name), (9, raw)])


def _described(name: str, kind: int, shape: Iterable[int | str]) -> bytes:
    """Write a ValueInfoProto."""
    sizes = [(1, _message([(2 if isinstance(size, str) else 1, size)])) for size in shape]
    tensor = _message([(1, kind), (2, _message(sizes))])
    return _message([(1, name), (2, _message([(1, tensor)]))])


def _message(fields: Iterable[tuple[int, _Value]]) -> bytes:
    """Write numbered fields: varints, single floats, or texts and messages with their length."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        elif isinstance(value, float):
            parts += [_varint(number << 3 | 5), struct.pack("<f", value)]
        else:
            data = value.encode() if isinstance(value, str) else value
            parts += [_varint(number << 3 | 2), _varint(len(data)), data]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    """Write a whole number, seven bits a byte, lowest first."""
    digits = []
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])
