"""HEIC: read and written by pillow-heif, with the depth the file has."""

import io
from typing import Any

import numpy as np

from noiser.core.errors import DecodeError, UnsupportedError, decoding, encoding, extra
from noiser.io.codecs.bit_depth import check_holds
from noiser.io.codecs.high_bit_depth import full_range
from noiser.io.codecs.quality import encoding_for
from noiser.io.formats import LOSSY_QUALITY
from noiser.io.limits import Limits, check_size
from noiser.io.metadata.embed import save_options
from noiser.io.metadata.tiff_tags import carried
from noiser.io.photo import Photo
from noiser.io.source import Source

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""pillow-heif's names by channels; with `;16` for uint16."""

DEEPEST = 10
"""Bits a picture of 16 is written with: those of 12 are shown by few programs."""


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`; width and height are of the primary picture, upright."""
    with decoding("HEIC"):
        return _primary(source.data, source.limits)[0].size  # type: ignore[no-any-return]


def memory_factor(_source: Source) -> int:
    """See `Codec`; measured with 24 megapixels."""
    return 2


def decode(source: Source) -> Photo:
    """Read the primary picture of a HEIC file, upright.

    Returns:
        The photo: uint8, or uint16 where the file has 10 or 12 bits.

    Raises:
        MissingExtraError: `noiser[io]` is not installed.
        UnsupportedError: Its transparency is premultiplied, or its depth is another.
        LimitError: It is larger than the limits allow; no pixel was decoded.
        DecodeError: The data is damaged or incomplete.
    """
    with decoding("HEIC"):
        image, count = _primary(source.data, source.limits)
        mode, _, depth = image.mode.partition(";")
        mode, bits = {"I": "L"}.get(mode, mode), int(depth or 8)
        if mode not in MODES.values() or bits not in (8, 10, 12):
            raise UnsupportedError(f"HEIC of the kind {image.mode}; there is no look for it")
        info = {name: image.info.get(name) for name in ("exif", "xmp", "icc_profile")}
        pixels = np.array(image)
        if pixels.shape[:2] != image.size[::-1]:
            raise DecodeError("damaged HEIC data: the decoder found another size than the header")
        _pillow_heif().misc.set_orientation(info)  # the decoder turned it
    if bits > 8:
        pixels = full_range(pixels, bits)
    metadata = carried(info, source.limits, pixels.shape[1::-1])
    metadata.pop("orientation", None)  # in XMP
    note = f"the file's primary picture of {count} was taken" if count > 1 else None
    return Photo(
        pixels,
        "HEIC",
        metadata,
        {"quality": LOSSY_QUALITY, "chroma": image.info.get("chroma", 420)},
        note,
        bits if bits > 8 else None,
    )


def encode(photo: Photo, _format: str = "HEIC") -> bytes:
    """Write a HEIC file.

    Args:
        photo: uint8, or uint16, which is written with 10 bits, or with 12 where it had them.

    Returns:
        The whole file.

    Raises:
        OutputError: The picture cannot be written so.
        MissingExtraError: `noiser[io]` is not installed.
    """
    check_holds(photo, "HEIC")
    heif = _pillow_heif()
    height, width = photo.pixels.shape[:2]
    mode = MODES[photo.channels] + (";16" if photo.pixels.dtype == np.uint16 else "")
    said = save_options(photo.metadata, "HEIC")
    info = {name: said[name] for name in ("exif", "icc_profile", "xmp") if name in said}
    heif.misc.set_orientation(info)  # or the encoder would have it turned once more
    buffer = io.BytesIO()
    with encoding("HEIC"):
        made = heif.from_bytes(mode, (width, height), np.ascontiguousarray(photo.pixels).tobytes())
        made.info.update(info)
        made.save(
            buffer,
            bit_depth=photo.bits or DEEPEST,
            **encoding_for("HEIC", photo.format, photo.encoding, photo.quality),
            **info,
        )
    return buffer.getvalue()


def _primary(data: bytes, limits: Limits) -> tuple[Any, int]:
    """Open the primary picture, within the limits; nothing is decoded yet. Counts pictures."""
    heif = _pillow_heif()
    file = heif.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    image = file[file.primary_index]
    width, height = image.size
    check_size(width, height, limits)
    return image, len(file)


def _pillow_heif() -> Any:
    """Import the binding of libheif with HEVC. Pillow is not told of it.

    Raises:
        MissingExtraError: It is not installed.
    """
    return extra("pillow_heif", "HEIC pictures are read and written with pillow-heif", "io")
