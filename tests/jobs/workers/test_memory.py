"""Memory: a bound process gets no more than its share."""

import resource
import subprocess
import sys

from noiser.jobs.workers.memory import bound


def test_a_bound_process_gets_no_more_memory():
    """In a process of its own: it could not be undone here."""
    code = (
        "from noiser.jobs.workers.memory import bound\n"
        "bound(1 << 30)\n"
        "try: bytearray(2 << 30)\n"
        "except MemoryError: print('refused')"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("refused\n", "")


def test_binding_sets_the_address_space(monkeypatch):
    """The system's own word for it."""
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda *words: asked.append(words))

    bound(5)

    assert asked == [(resource.RLIMIT_AS, (5, 5))]
