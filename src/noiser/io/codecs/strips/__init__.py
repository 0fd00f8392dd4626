"""Strips: pictures read and written some rows at a time, however large they are."""
