"""What people would use instead, to be timed beside noiser: `find` what is installed.

Every rival is a function from uint8 [H,W,3] in [0, 255], sRGB, to the same, conversions
included, on a given number of threads. They set the threads of the library they use, for the
whole process. NoiSER's own network has the `paper` look's weights in all of them.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from noiser.core.errors import RivalError
from noiser.core.types import ByteImage
from noiser.tools.rivals import opencv, runtimes, torch_runtime

Enhance = Callable[[ByteImage], ByteImage]
"""Takes a picture and gives a new one: uint8 [H,W,3] in [0, 255], sRGB."""

Load = Callable[[int], Enhance]
"""Takes a number of threads, and loads what a rival needs."""

SAME_NETWORK: Mapping[str, Load] = MappingProxyType(
    {
        "torch eager": torch_runtime.eager,
        "torch compiled": torch_runtime.compiled,
        "onnxruntime": runtimes.onnxruntime_whole,
        "onnxruntime, folded": runtimes.onnxruntime_folded,
        "OpenVINO": runtimes.openvino_whole,
        "OpenVINO, folded": runtimes.openvino_folded,
        "OpenVINO bf16": partial(runtimes.openvino_whole, precision="bf16"),
        "OpenVINO bf16, folded": partial(runtimes.openvino_folded, precision="bf16"),
    }
)
"""Other ways to run NoiSER's own network, by name; all but bf16 in single precision."""

OTHER_METHODS: Mapping[str, Load] = MappingProxyType(
    {
        "Zero-DCE++ in torch": torch_runtime.zero_dce,
        "SCI in torch": torch_runtime.sci,
        "CLAHE in OpenCV": opencv.clahe,
        "equalization in OpenCV": opencv.equalization,
    }
)
"""Other ways to lighten a picture, by name."""

KNOWN: Mapping[str, Load] = MappingProxyType({**SAME_NETWORK, **OTHER_METHODS})
"""All rivals."""

LIBRARIES = ("torch", "onnxruntime", "openvino", "cv2")
"""Modules that rivals run on."""


def find(
    threads: int, known: Mapping[str, Load] = KNOWN
) -> tuple[dict[str, Enhance], dict[str, str]]:
    """Load the rivals that this machine can run.

    Args:
        threads: Threads that each computes on.
        known: What to load, by name.

    Returns:
        The rivals by name, and why others are left out, by name.
    """
    found: dict[str, Enhance] = {}
    left_out: dict[str, str] = {}
    for name, load in known.items():
        try:
            found[name] = load(threads)
        except ModuleNotFoundError as error:
            left_out[name] = f"{error.name} is not installed"
        except RivalError as error:
            left_out[name] = str(error)
    return found, left_out


def versions() -> dict[str, str]:
    """Tell the versions of the libraries that have been loaded."""
    loaded = {name: sys.modules.get(name) for name in LIBRARIES}
    return {name: module.__version__ for name, module in loaded.items() if module is not None}


def summary(left_out: Mapping[str, str]) -> str:
    """Say in one line what is left out and why: empty if nothing is.

    Example:
        >>> summary({"a": "x is not installed", "b": "x is not installed", "c": "no compiler"})
        'left out: a, b (x is not installed); c (no compiler)'
    """
    reasons: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        reasons.setdefault(reason, []).append(name)
    told = [f"{', '.join(names)} ({reason})" for reason, names in reasons.items()]
    return f"left out: {'; '.join(told)}" if told else ""
