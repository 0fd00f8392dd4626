"""PNG: its texts, and which of its chunks are damaged."""
