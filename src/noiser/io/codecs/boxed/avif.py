"""AVIF of more than 8 bits, which Pillow does not write."""

from typing import Any

import numpy as np

from noiser.core.errors import encoding
from noiser.io.codecs.quality import encoding_for
from noiser.io.formats import LOSSY_QUALITY
from noiser.io.metadata.embed import save_options
from noiser.io.photo import Photo
from noiser.io.vips import forgetting

BITS = 10
"""Of a picture that has 16."""

BLOBS = {"exif": "exif-data", "icc_profile": "icc-profile-data", "xmp": "xmp-data"}
"""Metadata by libvips' names."""


def encode(photo: Photo, _format: str = "AVIF") -> bytes:
    """Write an AVIF of 10 bits, or of 12 where the picture had them.

    Args:
        photo: uint16.

    Returns:
        The whole file.

    Raises:
        OutputError: It cannot be written so.
        MissingExtraError: `noiser[io]` is not installed.
    """
    height, width = photo.pixels.shape[:2]
    data = np.ascontiguousarray(photo.pixels).tobytes()
    with forgetting() as vips, encoding("AVIF"):
        image = vips.Image.new_from_memory(data, width, height, photo.channels, "ushort")
        kind = "grey16" if photo.channels < 3 else "rgb16"
        image = image.copy(interpretation=kind)
        said = save_options(photo.metadata, "AVIF")
        for name, blob in BLOBS.items():
            if name in said:
                image.set_type(vips.GValue.blob_type, blob, said[name])
        made: Any = image.heifsave_buffer(
            compression="av1",
            bitdepth=photo.bits or BITS,
            Q=encoding_for("AVIF", photo.format, photo.encoding, photo.quality).get(
                "quality", LOSSY_QUALITY
            ),
            subsample_mode="off",
        )
    return bytes(made)
