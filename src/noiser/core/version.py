"""The version, and the version whose pixels are the same, each once."""

__version__ = "0.4.0"

ALGORITHM_REVISION = "0.4.0"
"""The first version that makes the same of every picture as this one does: the bytes of an output
and the moments of an input. It changes only when one of them does, to the version that changes it.

Journals know outputs by it: a new one makes everybody's archive again.
"""
