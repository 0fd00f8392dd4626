"""The processors of this machine."""

import os


def usable_processors() -> int:
    """Count the processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
