"""The processors: those that this process may use."""

from noiser.core import cpu


def test_without_affinity_the_processors_are_counted(monkeypatch):
    """Systems other than Linux have no sched_getaffinity."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 3)

    assert cpu.usable_processors() == 3


def test_uncountable_processors_are_one(monkeypatch):
    """Python may not know how many there are."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: None)

    assert cpu.usable_processors() == 1
