"""Processes, as the kernel tells of them below /proc."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """List a process, and all below it."""
    parents, found = _parents(), [pid]
    for member in found:  # grows while it is gone through
        found += [child for child, parent in parents.items() if parent == member]
    return found


def alive(pids: Iterable[int]) -> list[int]:
    """List which processes are there, the dead ones that nobody has buried left out."""
    return sorted(_parents().keys() & set(pids))


def memory(pid: int) -> int:
    """Tell a process's resident memory [bytes]."""
    return PAGE_SIZE * int(_read(pid, "statm", "0 0").split()[1])


def cpu_seconds(pid: int) -> float:
    """Tell how long a process has computed, in its own code [seconds]."""
    stat = _read(pid, "stat", ") " + "0 " * 14).rpartition(")")[2].split()
    return int(stat[11]) / TICKS


def sockets(pid: int) -> int:
    """Count the sockets that a process holds."""
    return sum(name.startswith("socket:") for name, _ in _open_files(pid))


def spilled(pids: Iterable[int], folder: Path) -> int:
    """Add up what processes hold open in a folder, names or no names [bytes]."""
    held = [file for pid in pids for file in _open_files(pid) if file[0].startswith(str(folder))]
    return sum({stat.st_ino: stat.st_size for _, stat in held}.values())


def _open_files(pid: int) -> Iterator[tuple[str, os.stat_result]]:
    """Give name and state of all that a process holds open."""
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                yield str(link.readlink()), link.stat()


def _parents() -> dict[int, int]:
    """Give the parent of each process that lives."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            stat = _read(int(entry.name), "stat", "").rpartition(")")[2].split()
            if stat and stat[0] != "Z":
                found[int(entry.name)] = int(stat[1])
    return found


def _read(pid: int, name: str, otherwise: str) -> str:
    """Read what the kernel tells of a process."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return otherwise
