"""Metadata: EXIF, XMP, IPTC and texts, read from any format and embedded into any other."""
