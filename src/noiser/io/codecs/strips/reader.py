"""Strips: read a picture that is larger than memory row by row, as often as needed."""

import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import ImageFile, TiffImagePlugin
from PIL.ExifTags import Base as Tag

from noiser.core.adapters import PIL_MODES
from noiser.core.errors import DecodeError, UnsupportedError
from noiser.core.types import Pixels, Region
from noiser.io.codecs import png_chunks
from noiser.io.codecs.header import encoding_of, opened
from noiser.io.codecs.raw import is_raw
from noiser.io.codecs.strips.decoder_memory import check_held
from noiser.io.files import open_regular
from noiser.io.formats import sniff
from noiser.io.limits import Limits
from noiser.io.metadata.png import damage as png_damage
from noiser.io.metadata.read import read_metadata
from noiser.io.metadata.standard.tiff_pages import picture_page
from noiser.io.metadata.tiff_kind import has_tiled_planes
from noiser.io.metadata.tiff_tags import has_floats, picture_tags, read_directories, size_of
from noiser.io.vips import pyvips, vips_decoding

FORMATS = ("JPEG", "PNG", "TIFF")
"""Formats that are read, and written, in strips."""

STRIP_PIXELS = 1 << 22
"""Pixels of a strip: enough rows for every thread, few enough to hold several strips."""

MIN_STRIP_ROWS = 16
"""Rows of a strip of a very wide picture: fewer would compute little but the halo [pixels]."""


@dataclass(frozen=True, eq=False)
class Strip:
    """Some rows of a picture, with the rows around them that computing them reads."""

    pixels: Pixels
    """uint8 or uint16 [H,W] or [H,W,C]: the strip, and its halo as far as the picture goes."""

    region: Region
    """Rows and columns of `pixels` that are the strip itself."""

    origin: tuple[int, int]
    """Row and column of `pixels[0, 0]` in the picture [pixels]."""


@dataclass(frozen=True, eq=False)
class StripReader:
    """A picture in a file, of which no more than a strip is ever in memory."""

    file: BinaryIO
    """Open for reading; it must stay open."""

    format: str
    """`JPEG`, `PNG` or `TIFF`."""

    width: int
    """As stored, which is not as shown where the metadata have an orientation [pixels]."""

    height: int
    """As stored [pixels]."""

    channels: int
    """1 gray, 2 with alpha, 3 RGB, 4 with alpha."""

    metadata: dict[str, Any] = field(default_factory=dict)
    """As in `Photo`, and the EXIF with its orientation."""

    encoding: dict[str, Any] = field(default_factory=dict)
    """How the file is encoded: as in `Photo`, and TIFF's `bigtiff` and `tile` [pixels]."""

    note: str | None = None
    """What the user should know of how the picture is read."""

    def strips(self, halo: int) -> Iterator[Strip]:
        """Read the picture once, from top to bottom.

        Args:
            halo: Rows above and below each strip to give with it [pixels].

        Yields:
            The strips, of about four megapixels each.

        Raises:
            DecodeError: The data is damaged or incomplete, or changed since it was opened.
        """
        before = _identity(self.file)
        with vips_decoding(self.format):
            source = _source(self.file)  # libvips does not hold what Python reads for it
            region, dtype = self._decoder(source)
            rows = max(STRIP_PIXELS // self.width, MIN_STRIP_ROWS)
            shape = (self.width,) if self.channels == 1 else (self.width, self.channels)
            pixels = np.empty((0, *shape), dtype)
            first = last = 0  # rows of the picture that are in `pixels`
            for top in range(0, self.height, rows):
                bottom = min(top + rows, self.height)
                start, stop = max(top - halo, 0), min(bottom + halo, self.height)
                grown = np.empty((stop - start, *shape), dtype)
                grown[: last - start] = pixels[start - first :]
                for row in range(last, stop):  # by single rows libvips needs least memory
                    data = region.fetch(0, row, self.width, 1)
                    grown[row - start] = np.frombuffer(data, dtype).reshape(shape)
                pixels, first, last = grown, start, stop
                inside = slice(top - start, bottom - start), slice(0, self.width)
                yield Strip(pixels, inside, (start, 0))
            del region
        if _identity(self.file) != before:
            raise DecodeError("the file changed while it was read")

    def check(self) -> np.dtype[Any]:
        """Decode nothing yet, but see that the decoder agrees with the header.

        Returns:
            uint8 or uint16.

        Raises:
            MissingExtraError: The decoder is not installed.
            DecodeError: It finds the file damaged.
            UnsupportedError: It sees another kind of picture.
        """
        with vips_decoding(self.format):
            source = _source(self.file)
            return self._decoder(source)[1]

    def _decoder(self, source: Any) -> tuple[Any, np.dtype[Any]]:
        """Start decoding at the first row; gives what rows are fetched from, and their dtype."""
        image = _sequential(self.file, source, self.format)
        found = (image.width, image.height, image.bands, image.format)
        size = (self.width, self.height, self.channels)
        kinds: dict[Any, np.dtype[Any]] = {
            (*size, "uchar"): np.dtype(np.uint8),
            (*size, "ushort"): np.dtype(np.uint16),
        }
        if found not in kinds:
            raise UnsupportedError(
                f"{image.bands} channels of {image.format} were found where the header has "
                f"{self.channels} of 8 or 16 bits; such a picture is not read in strips"
            )
        return pyvips().Region.new(image), kinds[found]


@contextmanager
def open_strips(path: Path, limits: Limits | None = None) -> Iterator[StripReader]:
    """Open a picture that is to be read in strips.

    Args:
        path: A JPEG, PNG or TIFF file.
        limits: How large the picture may be, and how much its decoder may hold of it.

    Yields:
        The reader, as long as the `with` block lasts.

    Raises:
        ImageError: The picture cannot be read, or not in strips.
        MissingExtraError: The decoder is not installed.
    """
    limits = limits or Limits()
    with open_regular(path) as file:
        head = file.read(64)
        format_ = sniff(head)
        if format_ not in FORMATS:
            raise UnsupportedError(f"{format_}; only {', '.join(FORMATS)} are read in strips")
        seen, notes = _mended(file, format_)
        with opened(seen, format_, limits, max_bits=16) as image:
            reader = _reader(seen, head, image, limits, notes)
        reader.check()
        yield reader


def goes_in_strips(path: Path, limits: Limits) -> bool:
    """Tell by the header whether a picture has to be read in strips.

    Those are JPEGs, PNGs and TIFFs of more pixels than are to be taken whole; floats and other
    formats are always taken whole.

    Raises:
        ImageError: The picture cannot be read at all.
    """
    with open_regular(path) as file:
        format_ = sniff(file.read(64))
        if format_ not in FORMATS:
            return False
        if format_ == "TIFF":
            directories = read_directories(file)
            tags = picture_tags(file, directories)
            if is_raw(directories, path.suffix, tags) or has_floats(tags):
                return False
            if math.prod(size_of(tags)) <= limits.max_whole_pixels:
                return False
        if format_ == "PNG":
            file.seek(0)
            return math.prod(png_chunks.size(file.read(33))) > limits.max_whole_pixels
        with opened(file, format_, limits, max_bits=16) as image:
            return math.prod(image.size) > limits.max_whole_pixels


def _mended(file: BinaryIO, format_: str) -> tuple[BinaryIO, list[str]]:
    """See a PNG without what is damaged and not the picture, and say so; any other as it is."""
    spans = png_damage.damaged(file) if format_ == "PNG" else []
    if not spans:
        return file, []
    return io.BufferedReader(png_damage.Spliced(file, spans)), png_damage.notes_on(spans)


def _reader(
    file: BinaryIO,
    head: bytes,
    image: ImageFile.ImageFile,
    limits: Limits,
    notes: list[str],
) -> StripReader:
    """Take all that the header says."""
    mode = PIL_MODES[image.mode]
    if image.mode in ("CMYK", "YCbCr", "LAB", "RGBX", "PA"):
        raise UnsupportedError(f"{image.mode}; it is not read in strips, only whole")
    channels = len(mode) if mode != "I;16" else 1
    channels += "transparency" in image.info and mode in ("L", "RGB")
    check_held(file, image, channels, limits)
    metadata = read_metadata(image, limits, file, keep_orientation=True, notes=notes)
    note = None
    if orientation := metadata.pop("orientation", None):
        note = f"its pixels stay as they are stored, its orientation tag is kept ({orientation})"
    encoding = encoding_of(image, head)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        encoding["bigtiff"] = b"+" in head[2:4]
        if has_tiled_planes(image.tag_v2):
            raise UnsupportedError("tiles of separate planes; they are not read in strips")
        if Tag.TileWidth in image.tag_v2:
            encoding["tile"] = (image.tag_v2[Tag.TileWidth], image.tag_v2[Tag.TileLength])
    return StripReader(file, sniff(head), *image.size, channels, metadata, encoding, note)


def _source(file: BinaryIO) -> Any:
    """Give a file to libvips: by its descriptor, or what is left of it through Python."""
    vips = pyvips()
    if not isinstance(getattr(file, "raw", None), png_damage.Spliced):
        return vips.Source.new_from_descriptor(file.fileno())
    file.seek(0)
    source = vips.SourceCustom()
    source.on_read(file.read)
    source.on_seek(file.seek)
    return source


def _sequential(file: BinaryIO, source: Any, format_: str) -> Any:
    """Open a picture in libvips, to be read from top to bottom."""
    vips = pyvips()
    page = picture_page(file).number if format_ == "TIFF" else 0
    load, options = {
        "JPEG": (vips.Image.jpegload_source, {}),
        "PNG": (vips.Image.pngload_source, {}),
        # libvips would refuse strips of more than 50 MB; what may be held was checked before.
        "TIFF": (vips.Image.tiffload_source, {"unlimited": True, "page": page}),
    }[format_]
    return load(source, access="sequential", fail_on="error", **options)


def _identity(file: BinaryIO) -> tuple[int, int]:
    """Give what changes when a file is written to."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns
