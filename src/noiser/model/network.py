"""The network as plain arrays: two convolutions, about a thousand numbers, one file."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from noiser.core.errors import WeightsError
from noiser.core.types import Weights

MAX_HIDDEN_CHANNELS = 256
"""Wider than this is not this network any more [channels]."""

MAX_FILE_BYTES = 1 << 22
"""A file of the widest network is under 60 KB; anything larger is something else [bytes]."""

PACKAGED = ("natural", "paper")
"""Names of the weights that ship with the package, each its look's: a preset, seed 0."""


_MALFORMED = (safetensors.SafetensorError, LookupError, TypeError, ValueError, RecursionError)
"""What reading a file that is something else can raise."""


@dataclass(frozen=True, eq=False)
class Network:
    """`tanh(second * GELU(instance_norm(first * x)))`, both convolutions 3x3 with bias.

    NoiSER's network (arXiv 2211.04700, 2022). The instance normalization has no
    parameters, so these four arrays are all of it: 883 numbers at 16 hidden channels
    (the paper says "about 1K"), 443 at the 8 of the natural look.
    """

    first_weight: Weights
    """float32 [K,3,3,3]: hidden channel, colour, row, column."""

    first_bias: Weights
    """float32 [K]."""

    second_weight: Weights
    """float32 [3,K,3,3]: colour, hidden channel, row, column."""

    second_bias: Weights
    """float32 [3]."""

    provenance: Mapping[str, str] = field(default_factory=dict)
    """How the weights came about: recipe, seed, versions."""

    def __post_init__(self) -> None:
        """Refuse arrays that are not this network's, or not finite."""
        hidden = self.first_bias.size
        if not 1 <= hidden <= MAX_HIDDEN_CHANNELS:
            raise WeightsError(
                f"{hidden} hidden channels found; the network has 1 to {MAX_HIDDEN_CHANNELS}"
            )
        for name, shape in shapes(hidden).items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != np.float32:
                raise WeightsError(
                    f"{name} is {array.dtype} {list(array.shape)}; "
                    f"the network needs float32 {list(shape)}"
                )
            if not np.isfinite(array).all():
                raise WeightsError(f"{name} holds values that are not finite numbers")

    @property
    def hidden_channels(self) -> int:
        """Width K of the hidden layer [channels]."""
        return self.first_bias.size

    @property
    def parameter_count(self) -> int:
        """Number of trained values: 55 K + 3."""
        return sum(getattr(self, name).size for name in shapes(self.hidden_channels))


def shapes(hidden_channels: int) -> dict[str, tuple[int, ...]]:
    """Name the network's arrays and their shapes, in the order of the checksum."""
    return {
        "first_weight": (hidden_channels, 3, 3, 3),
        "first_bias": (hidden_channels,),
        "second_weight": (3, hidden_channels, 3, 3),
        "second_bias": (3,),
    }


def checksum(network: Network) -> str:
    """SHA-256 over the arrays and the provenance: what a sound file says of itself."""
    digest = hashlib.sha256()
    digest.update(json.dumps(dict(network.provenance), sort_keys=True).encode())
    for name in shapes(network.hidden_channels):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(getattr(network, name), "<f4").tobytes())
    return digest.hexdigest()


def to_bytes(network: Network) -> bytes:
    """Serialize as safetensors; the same network gives the same bytes."""
    arrays = {
        name: np.ascontiguousarray(getattr(network, name))  # a view would be saved as its memory
        for name in shapes(network.hidden_channels)
    }
    # One entry: safetensors writes its metadata in no fixed order, a JSON text has one.
    described = {"provenance": dict(network.provenance), "sha256": checksum(network)}
    return safetensors.numpy.save(arrays, {"noiser": json.dumps(described, sort_keys=True)})


def from_bytes(data: bytes) -> Network:
    """Read a network from safetensors bytes, checking everything; nothing is unpickled.

    Raises:
        WeightsError: The bytes are not a network of this kind, hold values that are not
            finite, or do not match the SHA-256 that they carry.
    """
    try:
        arrays = safetensors.numpy.load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        described = json.loads(header["__metadata__"]["noiser"])
        provenance, expected = dict(described["provenance"]), str(described["sha256"])
    except _MALFORMED as error:
        raise WeightsError(f"not noiser weights: {error}") from error
    names = {f.name for f in fields(Network)} - {"provenance"}
    if set(arrays) != names:
        raise WeightsError(f"arrays {sorted(arrays)} found; the network has {sorted(names)}")
    network = Network(**arrays, provenance=provenance)
    found = checksum(network)
    if found != expected:
        raise WeightsError(f"SHA-256 {found} found, {expected} expected: the file is damaged")
    return network


def load(path: str | Path) -> Network:
    """Read a weights file.

    Args:
        path: A safetensors file written by `noiser train`.

    Returns:
        The network, checked.

    Raises:
        WeightsError: The file cannot be read or is not sound.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise WeightsError(f"larger than {MAX_FILE_BYTES} bytes; not noiser weights")
        return from_bytes(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def gelu(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the activation, `x Phi(x)` in its exact form (Hendrycks and Gimpel 2016).

    Example:
        >>> gelu(np.array([0.0, 1.0])).round(4).tolist()
        [0.0, 0.8413]
    """
    return 0.5 * values * (1.0 + np.asarray(_ERF(values / math.sqrt(2.0)), np.float64))


_ERF = np.frompyfunc(math.erf, 1, 1)


@cache
def packaged(name: str = PACKAGED[0]) -> Network:
    """Load weights that ship with noiser, once.

    Args:
        name: A name of `PACKAGED`.
    """
    return from_bytes(packaged_bytes(name))


def packaged_bytes(name: str = PACKAGED[0]) -> bytes:
    """Read a file of packaged weights."""
    return (Path(__file__).with_name("weights") / f"{name}.safetensors").read_bytes()
