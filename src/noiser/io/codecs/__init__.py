"""Codecs: each file format's reader and writer."""
