"""Pipelines: many pictures, planned first, then run."""
