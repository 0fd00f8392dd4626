"""The network: its counts, its file, and every kind of file that is not one."""

import hashlib
import json
import pickle
import struct

import numpy as np
import pytest
import safetensors.numpy
import torch
import truth
from torch import nn

import noiser
from noiser.core.errors import WeightsError
from noiser.look.looks import LOOKS
from noiser.model import network
from noiser.model.network import MAX_FILE_BYTES, MAX_HIDDEN_CHANNELS, Network, from_bytes, load
from noiser.model.training import PRESETS

NAMES = ["first_weight", "first_bias", "second_weight", "second_bias"]


def arrays(hidden=4):
    """Give a random network's arrays by name."""
    drawn = truth.random_network(hidden)
    return {name: getattr(drawn, name) for name in NAMES}


def file_of(contents, described=None):
    """Write a weights file by hand: safetensors with one JSON entry."""
    described = {"provenance": {}, "sha256": "0" * 64} if described is None else described
    return safetensors.numpy.save(contents, {"noiser": json.dumps(described)})


def refusal(data):
    """Load bytes that are not sound, and give the message."""
    with pytest.raises(WeightsError) as caught:
        from_bytes(data)
    return str(caught.value)


@pytest.mark.parametrize(("name", "count", "hidden"), [("natural", 443, 8), ("paper", 883, 16)])
def test_a_packaged_network_has_as_many_parameters_as_the_readme_says(name, count, hidden):
    """In the paper "about 1K"."""
    own = network.packaged(name)

    assert (own.parameter_count, own.hidden_channels) == (count, hidden)


def test_every_look_has_packaged_weights():
    """By its name, the default look's first."""
    assert list(network.PACKAGED) == list(LOOKS)


@pytest.mark.parametrize(("hidden", "count"), [(8, 443), (16, 883), (18, 993), (32, 1763)])
def test_the_parameter_count_of_a_width_is_that_of_torchs_layers(hidden, count):
    """443, 883, 993 and 1,763, by our shapes and by torch's own modules."""
    layers = nn.Sequential(nn.Conv2d(3, hidden, 3), nn.Conv2d(hidden, 3, 3))
    of_torch = sum(parameter.numel() for parameter in layers.parameters())
    of_shapes = sum(int(np.prod(shape)) for shape in network.shapes(hidden).values())

    assert (of_torch, of_shapes, truth.random_network(hidden).parameter_count) == (count,) * 3


@pytest.mark.parametrize("name", network.PACKAGED)
def test_a_packaged_file_is_under_8_kilobytes(name):
    """The README's size."""
    assert len(network.packaged_bytes(name)) < 8000


def test_the_packaged_weights_are_read_once():
    """The second call gives the same object."""
    assert network.packaged() is network.packaged()


@pytest.mark.parametrize("name", network.PACKAGED)
def test_packaged_weights_come_from_the_preset_of_their_name_with_seed_0(name):
    """Their provenance is its recipe; what it does not name is at its default."""
    recipe = json.loads(network.packaged(name).provenance["recipe"])

    assert noiser.TrainingConfig(**recipe | {"betas": (0.5, 0.999)}) == PRESETS[name]
    assert (recipe["seed"], recipe["betas"], recipe["iterations"]) == (0, [0.5, 0.999], 2000)


def test_the_checksum_is_sha_256_over_provenance_names_and_values():
    """Recomputed by hand with hashlib."""
    contents = arrays()
    digest = hashlib.sha256(b'{"a": "1", "b": "2"}')
    for name in NAMES:
        digest.update(name.encode() + contents[name].astype("<f4").tobytes())

    assert network.checksum(Network(**contents, provenance={"b": "2", "a": "1"})) == (
        digest.hexdigest()
    )


def test_a_network_comes_back_from_its_bytes():
    """Arrays and provenance are the same."""
    sent = Network(**arrays(), provenance={"recipe": "by hand"})

    received = from_bytes(network.to_bytes(sent))

    assert all(np.array_equal(getattr(sent, n), getattr(received, n)) for n in NAMES)
    assert received.provenance == {"recipe": "by hand"}


def test_the_file_is_plain_safetensors():
    """The format's own library reads the arrays."""
    read = safetensors.numpy.load(network.packaged_bytes())

    assert {name: array.shape for name, array in read.items()} == network.shapes(8)


def test_the_same_network_gives_the_same_bytes():
    """In whatever order its provenance was written down."""
    one = Network(**arrays(), provenance={"a": "1", "b": "2"})
    two = Network(**arrays(), provenance={"b": "2", "a": "1"})

    assert network.to_bytes(one) == network.to_bytes(two)


def test_the_arrays_may_lie_in_memory_in_any_order():
    """A transposed view of the weights is saved as what it shows."""
    contents = arrays()
    strange = {n: np.asfortranarray(a) for n, a in contents.items()}

    received = from_bytes(network.to_bytes(Network(**strange)))

    assert np.array_equal(received.first_weight, contents["first_weight"])


def test_load_reads_a_file(tmp_path):
    """From a path or its text."""
    path = tmp_path / "own.safetensors"
    path.write_bytes(network.packaged_bytes())

    assert [load(p).parameter_count for p in (path, str(path))] == [443, 443]


@pytest.mark.parametrize("name", NAMES)
def test_an_array_of_another_shape_is_refused(name):
    """The message has the array, what was found and what is right."""
    contents = arrays()
    right = list(contents[name].shape)
    contents[name] = contents[name][..., None]
    found = list(contents[name].shape)

    assert refusal(file_of(contents)) == (
        f"{name} is float32 {found}; the network needs float32 {right}"
    )


def test_double_precision_weights_are_refused():
    """Weights are float32, so that the same file means the same network everywhere."""
    contents = arrays() | {"second_bias": np.zeros(3)}

    assert refusal(file_of(contents)) == (
        "second_bias is float64 [3]; the network needs float32 [3]"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_is_not_a_finite_number_is_refused(name, value):
    """NaN and infinities, in any of the arrays."""
    contents = {n: a.copy() for n, a in arrays().items()}
    contents[name].flat[1] = value

    assert refusal(file_of(contents)) == f"{name} holds values that are not finite numbers"


@pytest.mark.parametrize("hidden", [1, MAX_HIDDEN_CHANNELS])
def test_a_network_may_have_1_to_256_hidden_channels(hidden):
    """Both ends of the range are allowed."""
    assert truth.random_network(hidden).hidden_channels == hidden


@pytest.mark.parametrize("hidden", [0, MAX_HIDDEN_CHANNELS + 1])
def test_a_network_without_channels_or_with_257_is_refused(hidden):
    """One beyond either end is not."""
    contents = {n: np.zeros(s, np.float32) for n, s in network.shapes(hidden).items()}

    assert refusal(file_of(contents)) == (
        f"{hidden} hidden channels found; the network has 1 to 256"
    )


def test_a_flipped_bit_in_the_weights_is_found():
    """One bit of the last value: the checksum says the file is damaged."""
    data = bytearray(network.packaged_bytes())
    data[-2] ^= 1

    message = refusal(bytes(data))

    sound = network.checksum(network.packaged())
    assert message.startswith("SHA-256 ")
    assert message.endswith(f" found, {sound} expected: the file is damaged")


def test_another_provenance_is_found():
    """The checksum covers the recipe as well as the values."""
    described = {
        "provenance": {"recipe": "honest"},
        "sha256": network.checksum(Network(**arrays(), provenance={"recipe": "other"})),
    }

    assert refusal(file_of(arrays(), described)).endswith("expected: the file is damaged")


def test_a_missing_array_is_named():
    """The message lists what was found and what the network has."""
    contents = arrays()
    del contents["second_bias"]

    assert refusal(file_of(contents)) == (
        "arrays ['first_bias', 'first_weight', 'second_weight'] found; "
        "the network has ['first_bias', 'first_weight', 'second_bias', 'second_weight']"
    )


def test_an_array_too_many_is_refused():
    """A file with something else in it is something else."""
    message = refusal(file_of(arrays() | {"third_bias": np.zeros(3, np.float32)}))

    assert message.startswith("arrays ['first_bias', 'first_weight', 'second_bias', ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 7,
        b"\xff" * 64,
        b"\x89PNG\r\n\x1a\n" + bytes(64),
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 1 << 40) + b"{}",
        network.packaged_bytes()[:-1],
        network.packaged_bytes() + b"\x00",
        safetensors.numpy.save(arrays()),
        safetensors.numpy.save(arrays(), {"noiser": "not json"}),
        safetensors.numpy.save(arrays(), {"noiser": "[]"}),
        safetensors.numpy.save(arrays(), {"noiser": '{"provenance": {}}'}),
        safetensors.numpy.save(arrays(), {"noiser": '{"provenance": 1, "sha256": ""}'}),
    ],
    ids=lambda data: f"{len(data)}-{data[:6].hex()}",
)
def test_garbage_is_refused(data):
    """Nothing, cut, prolonged, another format, no description: always a WeightsError."""
    assert refusal(data).startswith("not noiser weights: ")


def test_half_precision_weights_of_torch_are_refused():
    """A kind of number that NumPy lacks is an answer, not a crash."""
    from safetensors.torch import save

    data = save({n: torch.tensor(a).bfloat16() for n, a in arrays().items()}, {"noiser": "{}"})

    assert refusal(data).startswith("not noiser weights: ")


class Trap:
    """What a hostile pickle does: it acts while it is being read."""

    def __reduce__(self):
        """Ask to fail loudly if anyone unpickles this."""
        return pytest.fail, ("the file was unpickled",)


def test_a_pickle_is_refused_and_never_run(tmp_path):
    """Neither a bare pickle nor torch.save's zip of one is opened."""
    path = tmp_path / "model.pth"
    for data in (pickle.dumps(Trap()), pickle.dumps({"weights": [1.0]})):
        path.write_bytes(data)
        with pytest.raises(WeightsError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: not noiser weights: ")


def test_a_checkpoint_of_torch_is_refused(tmp_path):
    """A .pth file as other projects ship it."""
    path = tmp_path / "model.pth"
    torch.save({"weight": torch.zeros(3)}, path)

    with pytest.raises(WeightsError, match="not noiser weights: "):
        load(path)


def test_load_names_the_file_that_is_missing(tmp_path):
    """The path and the system's words."""
    path = tmp_path / "absent.safetensors"

    with pytest.raises(WeightsError) as caught:
        load(path)

    assert str(caught.value) == f"{path}: No such file or directory"


def test_load_names_a_folder(tmp_path):
    """A folder is not a file."""
    with pytest.raises(WeightsError) as caught:
        load(tmp_path)

    assert str(caught.value) == f"{tmp_path}: Is a directory"


def test_load_names_the_file_that_is_damaged(tmp_path):
    """The fault's text comes after the path."""
    path = tmp_path / "cut.safetensors"
    path.write_bytes(network.packaged_bytes()[:100])

    with pytest.raises(WeightsError) as caught:
        load(path)

    assert str(caught.value).startswith(f"{path}: not noiser weights: ")


def test_load_refuses_a_file_of_4_mebibytes_and_a_byte_without_reading_it(tmp_path):
    """The message has the limit, and the path once."""
    path = tmp_path / "big.safetensors"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    with pytest.raises(WeightsError) as caught:
        load(path)

    assert str(caught.value) == f"{path}: larger than 4194304 bytes; not noiser weights"


def test_load_reads_a_file_of_exactly_4_mebibytes(tmp_path):
    """At the limit it is read, and found to be no weights."""
    path = tmp_path / "big.safetensors"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES)

    with pytest.raises(WeightsError, match="not noiser weights: "):
        load(path)


def test_a_description_nested_without_end_is_refused():
    """JSON of a hundred thousand brackets is damaged weights, not a RecursionError."""
    data = safetensors.numpy.save(arrays(), {"noiser": "[" * 100_000})

    assert refusal(data).startswith("not noiser weights: ")


def test_arrays_without_axes_are_refused():
    """Scalars have another shape, like everything else that is not the network."""
    header = {
        name: {"dtype": "F32", "shape": [], "data_offsets": [4 * i, 4 * i + 4]}
        for i, name in enumerate(NAMES)
    }
    header["__metadata__"] = {"noiser": json.dumps({"provenance": {}, "sha256": ""})}
    text = json.dumps(header).encode()

    assert refusal(struct.pack("<Q", len(text)) + text + bytes(16)) == (
        "first_weight is float32 []; the network needs float32 [1, 3, 3, 3]"
    )
