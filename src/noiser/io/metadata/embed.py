"""Attaching: metadata in the way each format's writer wants them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PIL import Image, PngImagePlugin

from noiser.core.errors import DecodeError
from noiser.io.metadata import exif, iptc, xmp_jpeg
from noiser.io.metadata.png import text as png_text
from noiser.io.metadata.read import IPTC_TAG, RESOURCES_TAG, XMP_TAG
from noiser.io.metadata.standard import required
from noiser.io.metadata.standard.tiff_types import little_endian

TABLES = (exif.CAMERA, exif.PLACE)
"""EXIF's own tables: the camera's settings, the place."""

NAMES = {
    "exif": "EXIF", "icc_profile": "the colour profile", "xmp": "XMP", "iptc": "IPTC",
    "resources": "Photoshop's resources", "comment": "the comment", "text": "PNG's texts",
    "film": "the film of a motion photo",
}  # fmt: skip
"""Kinds of metadata in the user's words."""

HELD = {
    "JPEG": {"exif", "icc_profile", "xmp", "iptc", "resources", "comment", "film"},
    "PNG": {"exif", "icc_profile", "xmp", "iptc", "text"},
    "TIFF": {"exif", "icc_profile", "xmp", "iptc", "resources"},
    "WEBP": {"exif", "icc_profile", "xmp"},
    "AVIF": {"exif", "icc_profile", "xmp"},
    "HEIC": {"exif", "icc_profile", "xmp"},
    "JXL": {"exif", "icc_profile", "xmp"},
    "BMP": set[str](),
    "GIF": {"comment"},
}
"""What each format can hold."""

PILLOWS = ("exif", "icc_profile", "dpi")
"""Kinds that Pillow writes into any format in the same way."""

PAGE_NUMBER = 297
"""TIFF's tag of a page's number and of how many there are."""


def fitted(metadata: dict[str, Any], format_: str) -> tuple[dict[str, Any], list[str]]:
    """Leave out what a format cannot hold.

    Args:
        metadata: As `read_metadata` gives them.
        format_: To be written.

    Returns:
        The metadata that can be written, and sentences about those that cannot.
    """
    kept, lost = dict(metadata), []
    kept.pop("notes", None)
    for kind in set(NAMES) & set(kept) - HELD.get(format_, set(NAMES)):
        lost.append(kind)
        del kept[kind]
    if format_ == "JPEG":
        for kind, fit in (("exif", _short_exif), ("xmp", _splittable), ("comment", _short)):
            if kind in kept:
                kept[kind] = fit(kept[kind])
                if kept[kind] is None:
                    lost.append(kind)
                    del kept[kind]
    elif format_ != "TIFF" and "exif" in kept:  # a TIFF's is completed when it is written
        kept["exif"] = required.without_chroma_place(kept["exif"])
        if not kept["exif"]:
            del kept["exif"]
    names = ", ".join(NAMES[kind] for kind in NAMES if kind in lost)
    verb = "is" if len(lost) == 1 and lost[0] not in ("resources", "text") else "are"
    return kept, [f"{names} {verb} left out, which {format_} cannot hold"] if lost else []


def _short_exif(data: bytes) -> bytes | None:
    """Leave the maker note out of EXIF that is too long for a JPEG; None if it still is."""
    if len(data) > exif.JPEG_BYTES:
        data = exif.serialize(exif.parse(data, len(data)).without("camera", [exif.MAKER_NOTE]))
    return _short(data)


def _short(data: bytes) -> bytes | None:
    return data if len(data) <= exif.JPEG_BYTES else None


def _splittable(packet: bytes) -> bytes | None:
    try:
        xmp_jpeg.split(packet)
    except DecodeError:
        return None
    return packet


def save_options(metadata: dict[str, Any], format_: str) -> dict[str, Any]:
    """Pass metadata in the way each format's writer wants them.

    Args:
        metadata: As `read_metadata` gives them; what the format cannot hold is left out.
        format_: Pillow's name of it.

    Returns:
        Arguments of Pillow's `save`.
    """
    metadata = fitted(metadata, format_)[0]
    options: dict[str, Any] = {k: metadata[k] for k in PILLOWS if k in metadata}
    if writer := _WRITERS.get(format_):
        options |= writer(metadata)
    return options


def _for_jpeg(metadata: dict[str, Any]) -> dict[str, Any]:
    """Write the segments that Pillow does not, or not of this length."""
    extra = b""
    if packet := metadata.get("xmp"):
        extra += xmp_jpeg.split(packet)
    extra += iptc.segments(_all_resources(metadata))
    options = {"extra": extra} if extra else {}
    return options | ({"comment": metadata["comment"]} if "comment" in metadata else {})


def _for_png(metadata: dict[str, Any]) -> dict[str, Any]:
    """Write XMP and IPTC as texts, beside the picture's own, which stay as they are."""
    chunks = PngImagePlugin.PngInfo()
    if packet := metadata.get("xmp"):
        chunks.add_itxt(png_text.XMP_NAME, packet.decode("utf-8", "replace"))
    if "iptc" in metadata:
        block = iptc.pack([(iptc.IPTC, metadata["iptc"])])
        chunks.add(*png_text.to_raw_profile("iptc", block))
    for kind, content in metadata.get("text", ()):
        chunks.add(kind, content)
    return {"pnginfo": chunks} if chunks.chunks else {}


def _for_tiff(metadata: dict[str, Any]) -> dict[str, Any]:
    """Join all in EXIF, for TIFF's writer takes one of them only.

    Nor can it compress a file with EXIF's tables: rather a larger file than a poorer one.
    """
    tags = tiffs_exif(metadata)
    for tag, value in tiff_tags(metadata).items():
        tags[tag] = value
    options: dict[str, Any] = {"exif": tags.tobytes()} if tags else {}
    return options | ({"compression": "raw"} if set(tags) & set(TABLES) else {})


def _for_gif(metadata: dict[str, Any]) -> dict[str, Any]:
    """Write the comment, the only kind that a GIF has."""
    return {"comment": metadata["comment"]} if "comment" in metadata else {}


def _for_riff_and_heif(metadata: dict[str, Any]) -> dict[str, Any]:
    """Write the resolution into EXIF, as formats want it that have no other place for it."""
    options: dict[str, Any] = {"xmp": metadata["xmp"]} if "xmp" in metadata else {}
    if dpi := metadata.get("dpi"):
        block = exif.Exif()
        if data := metadata.get("exif"):
            block = exif.parse(data, len(data) * 4)
        if required.RESOLUTION[0] not in block.main:
            options["exif"] = exif.serialize(required.with_dpi(block, dpi))
    return options


def without_page_number(options: dict[str, Any]) -> dict[str, Any]:
    """Leave a page's number out of arguments for a compressed TIFF.

    libtiff, which Pillow has compress, would write the second of its two numbers by chance.
    """
    tags = Image.Exif()
    tags.load(options.get("exif", b""))
    if options.get("compression", "raw") == "raw" or PAGE_NUMBER not in tags:
        return options
    del tags[PAGE_NUMBER]
    return options | {"exif": tags.tobytes()}


def tiffs_exif(metadata: dict[str, Any]) -> Image.Exif:
    """Give EXIF as Pillow's TIFF writer takes it, which misplaces a table within a table.

    That writer's files are little-endian. Where nobody knows a resolution, which TIFF 6.0
    requires, pixels are square.
    """
    tags = Image.Exif()
    if data := metadata.get("exif"):
        block = little_endian(exif.parse(data, len(data) * 4))
        tags.load(exif.serialize(replace(block, interop={})))
    if "dpi" not in metadata and not set(required.RESOLUTION[:2]) <= set(tags):
        across, down, unit = required.RESOLUTION
        tags[across], tags[down], tags[unit] = required.SQUARE
    return tags


def tiff_tags(metadata: dict[str, Any]) -> dict[int, bytes]:
    """Give the tags of a TIFF that hold metadata beside EXIF, IPTC padded to fours."""
    record = metadata.get("iptc", b"")
    tags = {XMP_TAG: metadata.get("xmp"), IPTC_TAG: iptc.padded(record)}
    if "resources" in metadata:
        resources = iptc.with_digest(list(metadata["resources"]), record, iptc.padded(record))
        tags[RESOURCES_TAG] = iptc.pack(resources)
    return {tag: value for tag, value in tags.items() if value}


def _all_resources(metadata: dict[str, Any]) -> list[tuple[int, bytes]]:
    """Put IPTC among Photoshop's resources."""
    own = [(iptc.IPTC, metadata["iptc"])] if "iptc" in metadata else []
    return own + list(metadata.get("resources", ()))


_WRITERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "JPEG": _for_jpeg,
    "PNG": _for_png,
    "TIFF": _for_tiff,
    "GIF": _for_gif,
    "WEBP": _for_riff_and_heif,
    "AVIF": _for_riff_and_heif,
    "HEIC": _for_riff_and_heif,
    "JXL": _for_riff_and_heif,
}
