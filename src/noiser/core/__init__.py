"""The ground: errors, the vocabulary of arrays, colour, and adapters for NumPy, PIL and torch."""
