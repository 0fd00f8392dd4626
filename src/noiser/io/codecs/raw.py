"""Camera raws: developed by LibRaw to 16 bits on the sRGB curve, and from there as any picture."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base as Tag

from noiser.core.color import srgb_from_linear
from noiser.core.errors import DecodeError, LimitError, UnsupportedError, decoding, extra, sentence
from noiser.core.types import Pixels, Region
from noiser.io.color.profiles import SRGB
from noiser.io.formats import INSTEAD, RAW_SUFFIXES
from noiser.io.limits import Limits, check_size
from noiser.io.metadata.orientation import turned
from noiser.io.metadata.standard.required import of_a_raw
from noiser.io.metadata.tiff_tags import Directory, carried, each, metadata_of
from noiser.io.photo import Photo
from noiser.io.source import Source

DNG_VERSION_TAG = Tag.DNGVersion
"""Only DNGs have it."""

SENSOR_DATA = {32803, 34892}
"""TIFF's numbers for what a sensor's colour filters let through, and for the same interpolated."""

ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}
"""EXIF's orientation by LibRaw's number."""

TIFF_LIKE = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
"""Beginnings of raws that are made like a TIFF: Olympus and Panasonic changed the number 42."""


def is_raw(
    directories: Sequence[Directory], suffix: str = "", picture: Directory | None = None
) -> bool:
    """Tell a camera raw from another TIFF.

    Args:
        directories: The first one, and those it points to.
        suffix: Of the file's name, where it has one.
        picture: Of the page that is the picture, as `picture_tags` says; by default the first.

    Returns:
        Whether it says that it is a DNG, holds a sensor's data, has nothing but a preview for a
        picture, or has a raw's suffix.
    """
    if suffix.lower() in RAW_SUFFIXES:
        return True
    first = directories[0]
    kinds = {
        number for tags in directories for number in each(tags, Tag.PhotometricInterpretation, 1)
    }
    is_preview = (picture or first).get(Tag.NewSubfileType) == 1
    return DNG_VERSION_TAG in first or bool(kinds & SENSOR_DATA) or is_preview


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`; width and height are as developed."""
    with _opened(source.data) as raw:
        return _checked_size(raw, source.limits)


def memory_factor(_source: Source) -> int:
    """See `Codec`; measured with 24 megapixels."""
    return 5


def decode(source: Source) -> Photo:
    """Develop a camera raw.

    White balance is the camera's as shot, brightness is what the exposure gave, the colours are
    sRGB's, highlights are cut where the sensor's first channel is full, and the picture is
    upright.

    Returns:
        The photo: uint16, to be written as a TIFF by default.

    Raises:
        MissingExtraError: `noiser[raw]` is not installed.
        UnsupportedError: LibRaw does not know such a raw.
        LimitError: It is larger than the limits allow.
        DecodeError: The data is damaged or incomplete.
    """
    with _opened(source.data) as raw:
        _checked_size(raw, source.limits)
        region, orientation = _visible(raw.sizes), ORIENTATIONS.get(raw.sizes.flip, 1)
        stored = raw.sizes.iheight, raw.sizes.iwidth, 3
        linear = raw.postprocess(
            use_camera_wb=True,
            no_auto_bright=True,
            output_bps=16,
            output_color=_rawpy().ColorSpace.sRGB,
            user_flip=0,
            highlight_mode=_rawpy().HighlightMode.Clip,
            gamma=(1, 1),
        )
        preview = _preview(raw)
    if linear.shape != stored:
        raise DecodeError(f"damaged raw data: {list(linear.shape)} values came out of it")
    pixels = turned(_on_the_curve(linear[region]), orientation)
    metadata = _metadata(source.data, preview, source.limits) | {"icc_profile": SRGB}
    return Photo(pixels, INSTEAD, metadata, {"compression": "tiff_adobe_deflate"})


def _rawpy() -> Any:
    """Import the binding of LibRaw.

    Raises:
        MissingExtraError: It is not installed.
    """
    return extra("rawpy", "camera raws are developed with rawpy", "raw")


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """Open a raw; whatever LibRaw says about it becomes one sentence."""
    rawpy = _rawpy()
    unsupported = (
        rawpy.LibRawFileUnsupportedError,
        rawpy.LibRawNotImplementedError,
        rawpy.NotSupportedError,
    )
    too_large = (rawpy.LibRawTooBigError, rawpy.LibRawUnsufficientMemoryError)
    with decoding("raw"):
        try:
            with rawpy.imread(io.BytesIO(data)) as raw:
                yield raw
        except unsupported as error:
            raise UnsupportedError(f"a camera raw of an unknown kind: {_told(error)}") from error
        except too_large as error:
            raise LimitError(f"a camera raw that needs too much memory: {_told(error)}") from error
        except rawpy.LibRawIOError as error:
            raise DecodeError("damaged raw data: it ends early") from error
        except rawpy.LibRawError as error:
            raise DecodeError(f"damaged raw data: {_told(error)}") from error


def _told(error: BaseException) -> str:
    """Take LibRaw's words out of the bytes they come in."""
    said = error.args[0] if error.args else ""
    return said.decode("ascii", "replace") if isinstance(said, bytes) else sentence(error)


def _checked_size(raw: Any, limits: Limits) -> tuple[int, int]:
    """Check what the sensor gives and what is to be seen of it; gives width and height, upright."""
    sizes = raw.sizes
    check_size(sizes.raw_width, sizes.raw_height, limits)
    check_size(sizes.iwidth, sizes.iheight, limits)
    rows, columns = _visible(sizes)
    width, height = columns.stop - columns.start, rows.stop - rows.start
    return (height, width) if ORIENTATIONS.get(sizes.flip, 1) > 4 else (width, height)


def _visible(sizes: Any) -> Region:
    """Give the part that the camera's maker means to be seen: without rows to interpolate from."""
    top = sizes.crop_top_margin - sizes.top_margin
    left = sizes.crop_left_margin - sizes.left_margin
    bottom, right = top + sizes.crop_height, left + sizes.crop_width
    is_inside = 0 <= top < bottom <= sizes.iheight and 0 <= left < right <= sizes.iwidth
    is_most = 2 * (bottom - top) > sizes.iheight and 2 * (right - left) > sizes.iwidth
    if is_inside and is_most and sizes.pixel_aspect == 1.0:
        return slice(top, bottom), slice(left, right)
    return slice(0, sizes.iheight), slice(0, sizes.iwidth)


def _on_the_curve(linear: Pixels) -> Pixels:
    """Bring linear uint16 to the sRGB curve."""
    return np.take(_curve(), linear)


@cache
def _curve() -> NDArray[np.uint16]:
    """Give sRGB's value for each of 65,536 of linear light: uint16."""
    light = np.arange(65536) / 65535
    curve: NDArray[np.uint16] = np.rint(srgb_from_linear(light) * 65535).astype(np.uint16)
    return curve


def _preview(raw: Any) -> bytes:
    """Take the JPEG out that most cameras put into their raws; nothing where there is none."""
    rawpy = _rawpy()
    try:
        found = raw.extract_thumb()
    except (rawpy.LibRawError, rawpy.NotSupportedError):
        return b""
    return bytes(found.data) if found.format == rawpy.ThumbFormat.JPEG else b""


def _metadata(data: bytes, preview: bytes, limits: Limits) -> dict[str, Any]:
    """Read EXIF from the raw's own tags, or from its preview; a raw without any is no failure."""
    found: dict[str, Any] = {}
    try:
        if data[:4] in TIFF_LIKE:
            number = b"II*\0" if data[:2] == b"II" else b"MM\0*"
            found = metadata_of(number + data[4:], limits, is_raw=True)
        if "exif" not in found and preview:
            with decoding("JPEG"), Image.open(io.BytesIO(preview), formats=["JPEG"]) as image:
                info = {name: image.info.get(name) for name in ("exif", "xmp")}
            found = carried(info, limits) | found
    except (DecodeError, LimitError):
        return {}
    for kind in ("dpi", "orientation"):  # of the sensor's data
        found.pop(kind, None)
    return of_a_raw(found)
