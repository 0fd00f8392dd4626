"""What pytest looks for examples in: not in modules that need what is not installed."""

from importlib.util import find_spec

TRITON = ["src/noiser/kernels/torch_kernel/fused.py", "src/noiser/kernels/torch_kernel/triton_*.py"]

collect_ignore_glob = [] if find_spec("triton") else TRITON
