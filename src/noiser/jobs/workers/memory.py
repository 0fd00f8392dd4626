"""Memory: a worker's bound, and giving back to the system what was freed."""

import ctypes
import sys


def bound(most: int) -> None:
    """Bound this process's address space [bytes]; where the system cannot, nothing is bounded."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def give_back() -> None:
    """Hand freed memory back: glibc keeps what lies below something that is in use."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none, and keeps less
        if trim is not None:
            trim(0)
