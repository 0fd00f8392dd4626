"""What pytest looks for examples in: not in modules that need what is not installed."""

from importlib.util import find_spec

TRITON = ["src/noiser/engine/kernels/pytorch/fused/triton_*.py"]

collect_ignore_glob = [] if find_spec("triton") else TRITON
