"""The engine: measure, fold and render, in bands and on several threads, by a kernel."""
