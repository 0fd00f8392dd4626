"""Networks in torch: NoiSER's own, eager and compiled, and the peers.

All read bytes and write bytes, conversions included, in inference mode.
"""

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from noiser.core.errors import RivalError
from noiser.core.types import ByteImage
from noiser.model import network

if TYPE_CHECKING:
    from torch import Tensor, nn

TRIAL = np.zeros((8, 8, 3), np.uint8)
"""A picture to see on whether torch can compile."""

_Enhance = Callable[[ByteImage], ByteImage]


def eager(threads: int) -> _Enhance:
    """Give NoiSER's network in torch's own modules, with the packaged weights."""
    return _on_bytes(on_signed(_noiser()), threads)


def compiled(threads: int) -> _Enhance:
    """Give the same compiled, conversions too, when a picture's size first comes.

    Raises:
        RivalError: There is no C++ compiler, or torch fails to use it.
    """
    import torch

    if not has_compiler():
        raise RivalError("torch compiles with a C++ compiler, and none was found")
    try:
        enhance = _on_bytes(torch.compile(on_signed(_noiser()), dynamic=False), threads)
        enhance(TRIAL)  # Python's headers may be missing: better now than amid a benchmark
    except RuntimeError as error:
        raise RivalError(f"torch fails to compile: {str(error).splitlines()[0]}") from error
    return enhance


def zero_dce(threads: int) -> _Enhance:
    """Give Zero-DCE++ with random weights."""
    from noiser.tools.rivals.peers import ZeroDcePlusPlus

    return _on_bytes(on_unit(ZeroDcePlusPlus().train(mode=False)), threads)


def sci(threads: int) -> _Enhance:
    """Give SCI with random weights."""
    from noiser.tools.rivals.peers import SelfCalibratedIllumination

    return _on_bytes(on_unit(SelfCalibratedIllumination().train(mode=False)), threads)


def has_compiler() -> bool:
    """Tell whether the compiler is there that torch would call."""
    usual = {"win32": "cl", "darwin": "clang++"}.get(sys.platform, "g++")
    return shutil.which(os.environ.get("CXX", usual)) is not None


def _noiser() -> "nn.Module":
    """Build the published network and put the packaged weights in."""
    import torch

    from noiser.model.training import TrainingConfig
    from noiser.model.training.self_regression import build

    weights = network.packaged("paper")
    model = build(TrainingConfig(hidden_channels=weights.hidden_channels)).train(mode=False)
    with torch.no_grad():
        for parameter, name in zip(
            model.parameters(), network.shapes(weights.hidden_channels), strict=True
        ):
            parameter.copy_(torch.from_numpy(getattr(weights, name).copy()))
    return model


def on_signed(model: "nn.Module") -> Callable[["Tensor"], "Tensor"]:
    """Wrap a network of [-1, 1]: uint8 [H,W,3] to uint8 [H,W,3]."""

    def run(low: "Tensor") -> "Tensor":
        import torch

        signed = low.permute(2, 0, 1)[None].float() / 127.5 - 1.0
        output: Tensor = ((model(signed) + 1.0) * 127.5).round().to(torch.uint8)
        return output[0].permute(1, 2, 0).contiguous()

    return run


def on_unit(model: "nn.Module") -> Callable[["Tensor"], "Tensor"]:
    """Wrap a network of [0, 1]: uint8 [H,W,3] to uint8 [H,W,3]."""

    def run(low: "Tensor") -> "Tensor":
        import torch

        output: Tensor = (model(low.permute(2, 0, 1)[None].float() / 255.0) * 255.0).round()
        return output.to(torch.uint8)[0].permute(1, 2, 0).contiguous()

    return run


def _on_bytes(run: Callable[["Tensor"], "Tensor"], threads: int) -> _Enhance:
    """Take arrays to tensors and back, on some threads."""
    import torch

    def enhance(low: ByteImage) -> ByteImage:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        with torch.inference_mode():
            enhanced: ByteImage = run(torch.from_numpy(low)).numpy()
        return enhanced

    return enhance
