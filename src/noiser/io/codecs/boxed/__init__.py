"""Formats made of boxes: HEIC, AVIF, JPEG XL and JPEG 2000."""
