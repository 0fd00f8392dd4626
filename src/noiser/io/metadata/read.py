"""Metadata: what a file says about its picture, taken out and handed on.

They travel as a dictionary: `exif`, `icc_profile`, `xmp`, `iptc` and `comment` as bytes; `dpi`;
Photoshop's other `resources` by number; a PNG's `text` as chunks; a motion photo's `film`; and
`notes`, sentences about what was damaged or left out. Whatever depends on the pixels' place is
upright, as they are.
"""

import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

from PIL import Image, TiffImagePlugin
from PIL.ExifTags import Base as Tag

from noiser.core.errors import DecodeError, LimitError
from noiser.io.color.profiles import ADOBE_RGB, profile_by_codes, profile_by_gamma
from noiser.io.limits import Limits
from noiser.io.metadata import attachments, exif, iptc, xmp, xmp_jpeg
from noiser.io.metadata.orientation import orientation_in, sized, upright
from noiser.io.metadata.png import text as png_text
from noiser.io.metadata.standard import required
from noiser.io.metadata.standard.tiff_pages import LEFT_OUT, is_tiff, picture_page, stored

LAYOUT_TAGS = frozenset(
    tag
    for first, last in (
        *((254, 266), (273, 273), (277, 279), (284, 284), (292, 293), (317, 325), (330, 330)),
        *((332, 347), (512, 532), (700, 700), (33723, 33723), (34377, 34377), (34675, 34675)),
    )
    for tag in range(first, last + 1)
)
"""TIFF 6.0's tags of how the pixels lie in the file, and those that are read on their own.

A TIFF's own tags come with its EXIF; these would describe the new file wrongly.
"""

XMP_TAG, IPTC_TAG, RESOURCES_TAG = Tag.XMLPacket, Tag.IPTCNAA, Tag.ImageResources
"""TIFF's tags for the XMP text, for IPTC and for Photoshop's other resources."""


def read_metadata(
    image: Image.Image,
    limits: Limits,
    file: BinaryIO,
    *,
    keep_orientation: bool = False,
    size: tuple[int, int] | None = None,
    notes: Iterable[str] = (),
) -> dict[str, Any]:
    """Collect what goes with a picture into any format that can hold it.

    Args:
        image: As it was opened: its pixels are not turned yet.
        limits: Of each kind of metadata.
        file: Of the image, open for reading and seeking.
        keep_orientation: Leave the orientation as it is, for pixels that will not be turned.
        size: Width and height; by default the image's [pixels].
        notes: What is known already of what was damaged.

    Returns:
        The metadata, and the `orientation` from 2 to 8 of pixels that are not stored upright.

    Raises:
        LimitError: A kind of metadata is larger than the limit.
    """
    notes = list(notes)
    found = _collected(image, limits, file, notes)
    if (segments := getattr(image, "applist", None)) is not None:  # a JPEG's
        found |= attachments.attached_to(image.info, segments, file, found.get("xmp"), notes)
    block = _exif_of(image, limits, file, found, notes)
    packet = _packet_of(found, notes)
    orientation = block.number("main", exif.ORIENTATION) or orientation_in(packet)
    if orientation not in range(2, 9):
        orientation = 1
    width, height = size or image.size
    # Pillow tells a TIFF's size as it is shown.
    is_shown = isinstance(image, TiffImagePlugin.TiffImageFile) and Tag.Orientation in image.tag_v2
    if orientation >= 5 and is_shown == keep_orientation:
        width, height = height, width
    if "icc_profile" not in found:
        profile, note = _implied_profile(image, file, block)
        found |= {"icc_profile": profile} if profile else {}
        notes += [note] if note else []
    if not keep_orientation:
        block = block.without("main", [exif.ORIENTATION])
    if data := exif.serialize(sized(block, width, height)):
        found["exif"] = data
    if packet is not None:
        found["xmp"] = upright(packet, width, height, keep_orientation)
    if orientation != 1:
        found["orientation"] = orientation
    if notes:
        found["notes"] = tuple(notes)
    return found


def _collected(
    image: Image.Image, limits: Limits, file: BinaryIO, notes: list[str]
) -> dict[str, Any]:
    """Take all kinds of metadata from wherever the format keeps them."""
    found: dict[str, Any] = {}
    _read_plain(image, found)
    if is_tiff(file) and picture_page(file).has_copies:
        notes.append(LEFT_OUT)
    if image.info.get("icc_profile", b"") is None:  # so Pillow says that it cannot be unpacked
        notes.append("a damaged colour profile; it was left out")
    for part in (_read_jpeg, _read_tiff, _read_png):
        try:
            part(image, limits, file, found)
        except DecodeError as error:
            notes.append(f"{error}; it was left out")
    for name in ("xmp", "iptc"):
        if len(found.get(name, b"")) > limits.max_profile_bytes:
            size = len(found[name])
            raise LimitError(f"{name} of {size} bytes; the limit is {limits.max_profile_bytes}")
    return found


def _read_plain(image: Image.Image, found: dict[str, Any]) -> None:
    """Take what Pillow reads of any format."""
    for name in ("icc_profile", "xmp"):
        if value := image.info.get(name):
            found[name] = value
    dpi = image.info.get("dpi")
    if dpi and all(0 < float(value) < 1e6 for value in dpi):
        found["dpi"] = tuple(float(value) for value in dpi)


def _read_jpeg(image: Image.Image, limits: Limits, _file: BinaryIO, found: dict[str, Any]) -> None:
    """Take a JPEG's comment, Photoshop's resources, and an XMP text of several segments."""
    if image.format in ("JPEG", "MPO", "GIF") and (comment := image.info.get("comment")):
        found["comment"] = comment
    if image.format not in ("JPEG", "MPO"):
        return
    parts = list(getattr(image, "applist", []))
    head = iptc.APP13
    blocks = [data[len(head) :] for kind, data in parts if kind == "APP13" and data[:14] == head]
    _put_resources(found, iptc.resources(b"".join(blocks)))
    packet = xmp_jpeg.joined((d for kind, d in parts if kind == "APP1"), limits.max_profile_bytes)
    if packet:
        found["xmp"] = packet


def _read_tiff(_image: Image.Image, _limits: Limits, file: BinaryIO, found: dict[str, Any]) -> None:
    """Take IPTC and Photoshop's resources from a TIFF's tags, of which each can hold IPTC."""
    if not is_tiff(file):
        return
    kind, own = stored(file, IPTC_TAG)
    own = whole = iptc.in_order(own, iptc.MARK)
    if kind == exif.LONG:  # padded to fours
        own = iptc.sound_part(own) or own
    _, shared = stored(file, RESOURCES_TAG)
    resources = iptc.resources(iptc.in_order(shared, iptc.RESOURCE_MARK))
    resources = iptc.with_digest(resources, whole, own)
    _put_resources(found, [r for r in resources if r[0] != iptc.IPTC])
    if data := iptc.soundest([own, *(data for number, data in resources if number == iptc.IPTC)]):
        found["iptc"] = data
    elif shared.strip(b"\0") and not resources:
        raise DecodeError("damaged Photoshop resources: there is none in them")


def _read_png(image: Image.Image, limits: Limits, file: BinaryIO, found: dict[str, Any]) -> None:
    """Take a PNG's texts, also those behind its pixels, and what stands in them."""
    if image.format != "PNG":
        return
    most, kept = limits.max_profile_bytes, []
    for kind, content in png_text.chunks(file, most):
        if kind == b"eXIf":
            found["exif"] = content
        if kind == b"cICP" and len(content) == 4:
            image.info["cicp"] = content
        if kind not in png_text.TEXTS:
            continue
        name = png_text.name_of(content)
        if png_text.is_kept(name):
            kept.append((kind, content))
        elif name == png_text.XMP_NAME:
            found["xmp"] = png_text.value_of(kind, content, most)
        elif name.startswith(png_text.RAW):
            data = png_text.raw_profile(png_text.value_of(kind, content, 3 * most))
            _put_raw_profile(found, name.removeprefix(png_text.RAW), data)
    if kept:
        found["text"] = tuple(kept)


def _put_raw_profile(found: dict[str, Any], kind: str, data: bytes) -> None:
    """Put what a PNG of an older program holds in a text where it belongs."""
    if kind in ("exif", "APP1") and data.startswith(exif.HEADER):
        found.setdefault("exif", data)
    elif kind == "xmp":
        found.setdefault("xmp", data)
    elif kind == "iptc":
        _put_resources(found, iptc.resources(data))
        if data[:1] == b"\x1c":
            found["iptc"] = data


def _put_resources(found: dict[str, Any], resources: list[tuple[int, bytes]]) -> None:
    """Sort IPTC from Photoshop's other resources, and leave thumbnails and copies out."""
    others = [r for r in resources if r[0] not in iptc.COPIES and r[0] != iptc.IPTC]
    for number, content in resources:
        if number == iptc.IPTC and content:
            found["iptc"] = content
    if others:
        found["resources"] = tuple(others)


def _exif_of(
    image: Image.Image, limits: Limits, file: BinaryIO, found: dict[str, Any], notes: list[str]
) -> exif.Exif:
    """Take the EXIF apart, without what describes the file; an empty one if it is damaged."""
    try:
        if image.format == "TIFF":
            data = _tiffs_exif(image)
        else:
            data = found.pop("exif", None) or image.info.get("exif") or b""
        if not data.removeprefix(exif.HEADER):
            return exif.Exif()
        block = exif.parse(data, limits.max_profile_bytes)
    except DecodeError as error:
        notes.append(f"{error}; it was left out")
        return exif.Exif()
    chroma_place = block.number("main", required.CHROMA_PLACE) or required.CENTERED
    block = block.without("main", LAYOUT_TAGS)
    if block and image.format in ("JPEG", "MPO"):
        return block.with_number("main", required.CHROMA_PLACE, chroma_place)
    return required.of_a_tiff(block, file) if is_tiff(file) else block


def _tiffs_exif(image: Image.Image) -> bytes:
    """Make an EXIF block of a TIFF's own tags."""
    try:
        tags = image.getexif()
        for tag in LAYOUT_TAGS & set(tags):
            del tags[tag]
        for table in set(tags) & {exif.CAMERA, exif.PLACE}:
            # Read now: the file will be closed. A table within a table Pillow misplaces.
            tags.get_ifd(table).pop(exif.INTEROP, None)
        if not tags:
            return b""
        tags.bigtiff = False  # a BigTIFF's would be written with a header of the wrong length
        return tags.tobytes()
    except Exception as error:  # what a tag can be is not documented
        raise DecodeError("damaged EXIF: a tag cannot be read") from error


def _packet_of(found: dict[str, Any], notes: list[str]) -> bytes | None:
    """Take the XMP text, without what is attached to the file; none if it is damaged."""
    packet = found.pop("xmp", None)
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    if not packet or not packet.strip(b"\0 \r\n\t"):
        return None
    try:
        return xmp.edited(packet, xmp.is_attached)
    except DecodeError as error:
        notes.append(f"{error}; it was left out")
        return None


def _implied_profile(
    image: Image.Image, file: BinaryIO, block: exif.Exif
) -> tuple[bytes | None, str | None]:
    """Find the profile that a file names without having one, and what the user should know."""
    codes = image.info.get("cicp")
    if image.format == "AVIF":
        file.seek(0)
        head = file.read(1 << 16)
        at = head.find(b"colrnclx")
        codes = struct.unpack_from(">HH", head, at + 8) if 0 <= at < len(head) - 12 else None
    if codes:
        return profile_by_codes(codes[0], codes[1])
    if image.format == "PNG" and "srgb" not in image.info:
        is_gray = image.mode in ("1", "L", "LA", "I;16")
        gamma, chromaticities = image.info.get("gamma"), image.info.get("chromaticity")
        if profile := profile_by_gamma(gamma, chromaticities, is_gray):
            return profile, None
    # EXIF may name Adobe RGB alone (DCF 2.0).
    mark = block.interop.get(1)
    is_adobe = mark is not None and mark.data[:3] == b"R03"
    is_other = is_adobe or block.number("camera", exif.COLOR_SPACE) == 2
    return (ADOBE_RGB if is_other else None), None


def check_profiles(info: dict[Any, Any], limits: Limits) -> None:
    """Refuse an ICC profile, EXIF or XMP above the limit.

    Raises:
        LimitError: One of them is too large.
    """
    for name in ("icc_profile", "exif", "xmp"):
        size = len(info.get(name) or b"")
        if size > limits.max_profile_bytes:
            raise LimitError(
                f"{name} of {size} bytes; the limit is {limits.max_profile_bytes} bytes"
            )
