"""Deep pictures taken whole: colour of 10 to 16 bits and floats, which Pillow would cut."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PIL.ExifTags import Base as Tag

from noiser.core.color import linear_from_srgb, srgb_from_linear
from noiser.core.errors import DecodeError, UnsupportedError
from noiser.core.types import Pixels
from noiser.io.codecs import png_chunks
from noiser.io.codecs.header import TIFF_COMPRESSIONS, opened
from noiser.io.codecs.tiff_samples import brought, doubles
from noiser.io.color.profiles import SRGB
from noiser.io.formats import LOSSY_QUALITY, avif_bits
from noiser.io.limits import Limits, check_size
from noiser.io.metadata.orientation import turned
from noiser.io.metadata.read import read_metadata
from noiser.io.metadata.standard.tiff_pages import picture_page
from noiser.io.metadata.tiff_kind import LAB, check_deep
from noiser.io.metadata.tiff_tags import Directory, each, has_floats, metadata_of, size_of
from noiser.io.photo import Photo
from noiser.io.source import Source
from noiser.io.vips import pyvips, vips_decoding

DTYPES = {
    "uchar": np.uint8, "char": np.int8, "ushort": np.uint16, "short": np.int16, "uint": np.uint32,
    "int": np.int32, "float": np.float32,
}  # fmt: skip
"""libvips' formats, as NumPy's dtypes."""

COMPRESSIONS = {1: "raw", 5: "tiff_lzw", 8: "tiff_adobe_deflate", 32773: "packbits"}
"""TIFF's numbers, as Pillow's names."""

CURVE_ROWS = 64
"""Rows that are put on another curve at a time [pixels]."""


def is_deep(format_: str, data: bytes) -> bool:
    """Tell whether a PNG or AVIF has to be read here, and not by Pillow.

    Args:
        format_: `PNG` or `AVIF`.
        data: The whole file.
    """
    return png_chunks.is_deep(data) if format_ == "PNG" else avif_bits(data) > 8


def tiff_is_deep(tags: Directory) -> bool:
    """Tell whether a TIFF is of a kind that Pillow cuts or misreads: all but gray of 16 bits."""
    bits, kinds = each(tags, Tag.BitsPerSample, 1), each(tags, Tag.SampleFormat, 1)
    is_gray = len(bits) == 1 and each(tags, Tag.PhotometricInterpretation, 1)[0] == 1
    return set(kinds) != {1} or (max(bits) >= 16 and not (is_gray and bits == (16,)))


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`; width and height are as stored."""
    if source.format == "AVIF":
        with opened(io.BytesIO(source.data), "AVIF", source.limits) as image:
            return image.size
    if source.tags is None:
        size = png_chunks.size(source.data)
    else:
        size = size_of(source.tags)
        picture_page(io.BytesIO(source.data))
        check_deep(source.tags)
    check_size(*size, source.limits)
    return size


def memory_factor(source: Source) -> int:
    """See `Codec`; measured with 24 megapixels."""
    tags = source.tags
    if tags is None:
        return 2
    deepest = max(each(tags, Tag.BitsPerSample, 1))
    if deepest == 64:
        return 10
    return 6 if has_floats(tags) or deepest == 32 else 4 if is_lab(tags) else 2


def decode(source: Source) -> Photo:
    """Read a PNG, TIFF or AVIF that is deep, upright.

    Returns:
        The photo: uint16, or float32 brought from linear light to the sRGB curve.

    Raises:
        ImageError: The file cannot be read, or is of a kind that has no look.
        MissingExtraError: `noiser[io]` is not installed.
    """
    (width, height), format_, data = source.size, source.format, source.data
    tags, limits = source.tags, source.limits
    if format_ == "AVIF":
        return _decode_avif(data, {(width, height), (height, width)}, limits)
    orientation, metadata, encoding = 1, {}, {}
    if format_ == "PNG":
        with opened(io.BytesIO(png_chunks.without_pixels(data)), "PNG", limits) as image:
            metadata = read_metadata(image, limits, io.BytesIO(data), notes=source.notes)
            orientation = metadata.pop("orientation", 1)
    elif tags is not None:
        metadata = metadata_of(data, limits)
        orientation = metadata.pop("orientation", 1)
        name = COMPRESSIONS.get(each(tags, Tag.Compression, 1)[0])
        encoding["compression"] = name if name in TIFF_COMPRESSIONS else "tiff_adobe_deflate"
    pixels = _decoded(format_, data, {(width, height)}, tags)
    notes: list[str] = []
    if tags is not None:
        pixels, notes = brought(pixels, is_lab=is_lab(tags))
        metadata |= {"icc_profile": SRGB} if is_lab(tags) else {}
    photo = Photo(
        turned(pixels, int(orientation)), format_, metadata, encoding, "; ".join(notes) or None
    )
    return from_linear_light(photo) if pixels.dtype == np.float32 else photo


def is_lab(tags: Directory) -> bool:
    """Tell whether a TIFF's colours are CIELAB."""
    return each(tags, Tag.PhotometricInterpretation, 1)[0] == LAB


def from_linear_light(photo: Photo) -> Photo:
    """Bring linear light to the sRGB curve, in place; what is above white is kept apart.

    Args:
        photo: float32, linear; alpha is left as it is.

    Returns:
        The same in [0, 1], sRGB, with `above` where any value is above 1.

    Raises:
        UnsupportedError: A value is not a number, or infinite, or white is not 1.
    """
    pixels, above, notes = photo.pixels, None, [photo.note] if photo.note else []
    if not (np.isfinite(pixels.min()) and np.isfinite(pixels.max())):  # NaN is passed on by both
        raise UnsupportedError("values that are no numbers (NaN, or infinite); a picture has none")
    color = colors(pixels)
    if color.min() < 0:
        notes.append("values below 0 became 0")
    if color.max() > 1:
        _refuse_other_whites(color)
        above = np.zeros_like(pixels)
        np.maximum(color - 1, 0, out=colors(above))
        notes.append("values above 1 are kept: the part above 1 was not changed")
    np.clip(pixels, 0, 1, out=pixels)
    apply(srgb_from_linear, color)
    return replace(photo, above=above, note="; ".join(notes) or None)


def _refuse_other_whites(color: Pixels) -> None:
    """Refuse floats that count to 255 or so: taken as light, all of them would be white.

    Lamps and the sun are above 1 in few places and in fractions; these are there in most, or are
    whole numbers everywhere.
    """
    bands = [color[top : top + CURVE_ROWS] for top in range(0, len(color), CURVE_ROWS)]
    is_mostly_white = 2 * sum(int(np.count_nonzero(band > 1)) for band in bands) > color.size
    if is_mostly_white or all(np.array_equal(band, np.rint(band)) for band in bands):
        raise UnsupportedError(
            f"floats from {color.min():g} to {color.max():g}; floats are linear light, "
            "in which 1 is white: divide them by the value of white first"
        )


def to_linear_light(photo: Photo) -> Photo:
    """Bring floats back to linear light, and give the part above white back."""
    linear = photo.pixels.copy()
    apply(linear_from_srgb, colors(linear))
    if photo.above is not None:
        linear += photo.above
    return replace(photo, pixels=linear, above=None)


def apply(curve: Callable[[Pixels], Pixels], pixels: Pixels) -> None:
    """Put pixels on another curve, in place, some rows at a time."""
    for top in range(0, len(pixels), CURVE_ROWS):
        pixels[top : top + CURVE_ROWS] = curve(pixels[top : top + CURVE_ROWS])


def colors(pixels: Pixels) -> Pixels:
    """View an image without its alpha channel."""
    has_alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    return pixels[..., :-1] if has_alpha else pixels


def full_range(pixels: Pixels, bits: int) -> Pixels:
    """Stretch integers of some bits to 16: v * 65535 / (2^bits - 1), rounded.

    Example:
        >>> full_range(np.array([0, 1, 1023], np.uint16), 10).tolist()
        [0, 64, 65535]
    """
    peak = (1 << bits) - 1
    return ((pixels.astype(np.uint32) * 65535 + peak // 2) // peak).astype(np.uint16)


def _decode_avif(data: bytes, sizes: set[tuple[int, int]], limits: Limits) -> Photo:
    """Read an AVIF of 10 or 12 bits; the decoder turns it."""
    with opened(io.BytesIO(data), "AVIF", limits) as image:
        metadata = read_metadata(image, limits, io.BytesIO(data))
    metadata.pop("orientation", None)  # the decoder turns it
    bits = avif_bits(data)
    pixels = full_range(_decoded("AVIF", data, sizes) >> (16 - bits), bits)
    return Photo(pixels, "AVIF", metadata, {"quality": LOSSY_QUALITY}, bits=bits)


def _decoded(
    format_: str, data: bytes, sizes: set[tuple[int, int]], tags: Directory | None = None
) -> Pixels:
    """Decode all pixels; width and height must be one of those that the header gave."""
    page = picture_page(io.BytesIO(data)).number if format_ == "TIFF" else 0
    if tags is not None and max(each(tags, Tag.BitsPerSample, 1)) == 64:
        pixels = doubles(data, page)
        if pixels.shape[1::-1] not in sizes:
            raise DecodeError("damaged TIFF data: the decoder found another size")
        return pixels
    vips = pyvips()
    loaders: dict[str, tuple[Any, dict[str, Any]]] = {
        "PNG": (vips.Image.pngload_buffer, {}),
        "TIFF": (vips.Image.tiffload_buffer, {"unlimited": True, "page": page}),
        "AVIF": (vips.Image.heifload_buffer, {"unlimited": True}),
    }
    load, options = loaders[format_]
    with vips_decoding(format_):
        image = load(data, access="sequential", fail_on="error", **options)
        if image.format not in DTYPES or not 1 <= image.bands <= 4:
            raise UnsupportedError(f"{image.bands} channels of {image.format}; there is no look")
        if (image.width, image.height) not in sizes:
            raise DecodeError(f"damaged {format_} data: the decoder found another size")
        buffer = image.write_to_memory()
        dtype = DTYPES[image.format]
        shape = (image.height, image.width, image.bands)
        del image
    pixels = np.frombuffer(buffer, dtype).reshape(shape if shape[2] > 1 else shape[:2])
    if pixels.dtype == np.uint8:
        raise DecodeError(f"damaged {format_} data: the decoder found 8 bits")
    return pixels
