"""Metadata: what a file says about its picture, taken out and handed on."""

from typing import Any

from PIL import ExifTags, Image, PngImagePlugin

from noiser.errors import LimitError
from noiser.io.gate import Limits

LAYOUT_TAGS = frozenset(
    tag
    for first, last in (
        *((254, 266), (273, 274), (277, 279), (284, 284), (292, 293), (317, 325), (330, 330)),
        *((332, 347), (512, 532), (700, 700), (34675, 34675)),
    )
    for tag in range(first, last + 1)
)
"""TIFF 6.0's tags of how the pixels lie in the file, orientation and the profiles among them.

A TIFF's own tags come with its EXIF; these would describe the new file wrongly.
"""

TABLES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
"""EXIF's own tables: the camera's settings, the place."""

ORIENTATION_TAG = 274
"""EXIF's and TIFF's tag of how the picture is to be turned."""

XMP_TAG = 700
"""TIFF's tag for the XMP text."""

XMP_NAME = "XML:com.adobe.xmp"
"""PNG's name for the XMP text."""


def read_metadata(
    image: Image.Image, limits: Limits, *, keep_orientation: bool = False
) -> dict[str, Any]:
    """Collect what goes with a picture into any format: exif, icc_profile, dpi, xmp.

    Args:
        image: Upright, unless its orientation is to be kept.
        limits: Of the XMP text.
        keep_orientation: Leave the orientation in the EXIF, for pixels that were not turned.

    Raises:
        LimitError: The XMP text is larger than the limit.
    """
    found: dict[str, Any] = {}
    exif = image.getexif()
    for tag in LAYOUT_TAGS & set(exif):
        if tag != ORIENTATION_TAG or not keep_orientation:
            del exif[tag]
    for table in set(exif) & set(TABLES):
        exif.get_ifd(table)  # read now: the file will be closed
    if exif:
        exif.bigtiff = False  # a BigTIFF's would be written with a header of the wrong length
        found["exif"] = exif.tobytes()
    if profile := image.info.get("icc_profile"):
        found["icc_profile"] = profile
    dpi = image.info.get("dpi")
    if dpi and all(0 < float(value) < 1e6 for value in dpi):
        found["dpi"] = tuple(float(value) for value in dpi)
    if xmp := image.info.get("xmp"):
        if len(xmp) > limits.max_profile_bytes:
            raise LimitError(f"xmp of {len(xmp)} bytes; the limit is {limits.max_profile_bytes}")
        found["xmp"] = xmp
    return found


def save_options(metadata: dict[str, Any], format_: str) -> dict[str, Any]:
    """Pass metadata in the way each format's writer wants it."""
    options = dict(metadata)
    xmp = options.pop("xmp", None)
    if format_ == "BMP":
        return {k: v for k, v in options.items() if k == "dpi"}
    if format_ in ("WEBP", "AVIF"):
        options.pop("dpi", None)
    if format_ == "TIFF":
        return options | _tiff_options(options.get("exif"), xmp)
    if xmp is None:
        return options
    if format_ == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt(XMP_NAME, xmp.decode("utf-8", "replace"))
        return options | {"pnginfo": text}
    return options | {"xmp": xmp}


def _tiff_options(exif_bytes: bytes | None, xmp: bytes | None) -> dict[str, Any]:
    """Join EXIF and XMP, for TIFF's writer takes one of them only.

    Nor can it compress a file with EXIF's tables: rather a larger file than a poorer one.
    """
    exif = Image.Exif()
    exif.load(exif_bytes or b"")
    if xmp is not None:
        exif[XMP_TAG] = xmp
    options: dict[str, Any] = {"exif": exif.tobytes()} if exif else {}
    return options | ({"compression": "raw"} if set(exif) & set(TABLES) else {})
