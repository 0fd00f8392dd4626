"""Tags: what a TIFF's directories say, read without its pixels."""

import io
from collections.abc import Sequence
from typing import Any, BinaryIO

from PIL import ExifTags, Image, TiffImagePlugin
from PIL.ExifTags import Base as Tag

from noiser.core.errors import ImageError, UnsupportedError, decoding
from noiser.io.limits import Limits
from noiser.io.metadata.embed import TABLES
from noiser.io.metadata.read import LAYOUT_TAGS, XMP_TAG, check_profiles, read_metadata
from noiser.io.metadata.standard.tiff_pages import picture_page

MAX_DIRECTORIES = 16
"""Of a file that are looked at: raws have a handful."""

SUB_TAG = Tag.SubIFDs
"""SubIFDs: where further directories are."""

PROFILE_TAG = Tag.InterColorProfile
"""TIFF's tag for the ICC profile."""

PHOTO_TAGS = frozenset(
    {
        Tag.ImageDescription,
        Tag.Make,
        Tag.Model,
        Tag.XResolution,
        Tag.YResolution,
        Tag.ResolutionUnit,
        Tag.DateTime,
        Tag.Artist,
        Tag.Copyright,
    }
)
"""Description, maker, model, resolution, date, artist and copyright."""

CAMERA_TAGS = frozenset(
    {
        Tag.ExposureTime,
        Tag.FNumber,
        Tag.ExposureProgram,
        Tag.ISOSpeedRatings,
        Tag.DateTimeOriginal,
        Tag.DateTimeDigitized,
        *range(37377, 37387),
    }
)
"""Exposure, aperture, sensitivity, dates, focal length: EXIF's table has them, and so have some
cameras' first directories."""

PRIVATE_TAGS = frozenset({Tag.MakerNote, Tag.ExifInteroperabilityOffset})
"""The maker's note, and a pointer to a table that is not carried."""

Directory = TiffImagePlugin.ImageFileDirectory_v2


def read_directories(file: BinaryIO) -> list[Directory]:
    """Read a TIFF's first directory and those that it points to.

    Args:
        file: A TIFF or BigTIFF, or a raw that is made like one.

    Returns:
        The first directory, then its sub-directories and the next ones, 16 at most.

    Raises:
        DecodeError: The first one cannot be read.
    """
    with decoding("TIFF"):
        head = _head(file)
        waiting, seen, found = [Directory(head).next], set[int](), list[Directory]()
        while waiting and len(found) < MAX_DIRECTORIES:
            offset = waiting.pop(0)
            if offset == 0 or offset in seen:
                continue
            seen.add(offset)
            directory = Directory(head)
            file.seek(offset)
            try:
                directory.load(file)
            except Exception:
                if not found:
                    raise
                break
            found.append(directory)
            waiting += [*_numbers(directory.get(SUB_TAG)), directory.next]
        if not found:
            raise ValueError("there is no directory")
    return found


def directory_at(file: BinaryIO, at: int) -> Directory:
    """Read a directory of a TIFF.

    Raises:
        DecodeError: It cannot be read.
    """
    with decoding("TIFF"):
        directory = Directory(_head(file))
        file.seek(at)
        directory.load(file)
        return directory


def picture_tags(file: BinaryIO, directories: Sequence[Directory]) -> Directory:
    """Give the directory of the page that is the picture; the first where there are several."""
    try:
        page = picture_page(file)
    except ImageError:
        return directories[0]
    return directory_at(file, page.at) if page.number else directories[0]


def metadata_of(data: bytes, limits: Limits, *, is_raw: bool = False) -> dict[str, Any]:
    """Read the metadata of a TIFF that Pillow cannot open, or of a raw that is made like one.

    Args:
        data: The whole file.
        limits: Of profile, EXIF and XMP.
        is_raw: Keep only what is said of the photograph: the rest describes the sensor's data,
            and what a camera's maker noted privately is lost where its place changes.

    Raises:
        LimitError: One of them is too large.
        DecodeError: The tags cannot be read.
    """
    with decoding("TIFF"):
        exif = Image.Exif()
        file = io.BytesIO(data)
        head = _head(file)
        exif.bigtiff, exif.endian = b"+" in head[2:4], "<" if head[:1] == b"I" else ">"
        exif.load_from_fp(file, Directory(head).next if is_raw else picture_page(file).at)
        info: dict[str, Any] = {"dpi": _resolution(exif)}
        for tag, name in ((PROFILE_TAG, "icc_profile"), (XMP_TAG, "xmp")):
            value = exif.get(tag)
            if isinstance(value, bytes) and value and not (is_raw and tag == PROFILE_TAG):
                info[name] = value
        size = (
            None
            if is_raw
            else (int(exif.get(Tag.ImageWidth, 1)), int(exif.get(Tag.ImageLength, 1)))
        )
        for described in set(exif) & LAYOUT_TAGS:
            del exif[described]
        for table in set(exif) & set(TABLES):
            exif.get_ifd(table)
        exif.bigtiff = False
        if is_raw:
            _keep_the_photograph(exif)
        info |= {"exif": exif.tobytes()} if exif else {}
        return carried(info, limits, size, io.BytesIO() if is_raw else file)


def carried(
    info: dict[str, Any],
    limits: Limits,
    size: tuple[int, int] | None = None,
    file: BinaryIO | None = None,
) -> dict[str, Any]:
    """Give metadata the form of `read_metadata`, by an image of one pixel that carries them.

    Args:
        info: `exif`, `icc_profile`, `xmp` and `dpi`, as Pillow's images have them.
        limits: Of profile, EXIF and XMP.
        size: Width and height of the picture as stored, where they are known [pixels].
        file: A TIFF that has further kinds.

    Raises:
        LimitError: One of them is too large.
        DecodeError: They cannot be read.
    """
    image = Image.new("L", (1, 1))
    image.info = {name: value for name, value in info.items() if value}
    check_profiles(image.info, limits)
    with decoding("EXIF"):
        return read_metadata(image, limits, file or io.BytesIO(), size=size)


def _resolution(exif: Image.Exif) -> tuple[float, float] | None:
    """Read pixels an inch, where a TIFF has them."""
    unit = {2: 1.0, 3: 2.54}.get(exif.get(Tag.ResolutionUnit, 2))
    across, down = exif.get(Tag.XResolution), exif.get(Tag.YResolution)
    if unit is None or across is None or down is None:
        return None
    return float(across) * unit, float(down) * unit


def _keep_the_photograph(exif: Image.Exif) -> None:
    """Leave what cameras write of a photograph, and put what stands outside its table into it."""
    table = exif.get_ifd(ExifTags.IFD.Exif)
    for tag in list(exif):
        if tag in PHOTO_TAGS or tag in TABLES:
            continue
        if tag in CAMERA_TAGS:
            table.setdefault(tag, exif[tag])
        del exif[tag]
    for tag in set(table) & PRIVATE_TAGS:
        del table[tag]
    if table:
        exif[ExifTags.IFD.Exif] = table


def size_of(tags: Directory) -> tuple[int, int]:
    """Read width and height as stored [pixels]; 0 where they are not said."""
    return each(tags, Tag.ImageWidth, 0)[0], each(tags, Tag.ImageLength, 0)[0]


def has_floats(tags: Directory) -> bool:
    """Tell whether all samples are floats."""
    return set(each(tags, Tag.SampleFormat, 1)) == {3}


def each(tags: Directory, tag: int, default: int) -> tuple[int, ...]:
    """Read a tag's whole numbers, as many as it has; the default where it has none."""
    return _numbers(tags.get(tag, default)) or (default,)


def _head(file: BinaryIO) -> bytes:
    """Read a TIFF's header, or the longer one of a BigTIFF."""
    file.seek(0)
    head = file.read(8)
    if head[:4] == b"MM\0+":
        raise UnsupportedError("a BigTIFF of big-endian numbers; noiser reads little-endian ones")
    return head + file.read(8) if b"+" in head[2:4] else head


def _numbers(value: Any) -> tuple[int, ...]:
    """Make a tuple of a tag's value: one whole number, several, or none; text is none."""
    values = value if isinstance(value, tuple) else (value,)
    return values if all(isinstance(v, int) for v in values) else ()
