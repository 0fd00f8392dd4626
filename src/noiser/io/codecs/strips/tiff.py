"""TIFF and BigTIFF, written strip by strip: the tags are Pillow's, the pixels go past it."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from PIL import TiffImagePlugin, TiffTags
from PIL.ExifTags import Base as Tag

from noiser.core.cpu import usable_processors
from noiser.core.types import Pixels
from noiser.io.codecs.strips.layout import DEFLATE_LEVEL, Layout, blocks
from noiser.io.metadata.embed import TABLES, tiff_tags, tiffs_exif
from noiser.io.metadata.standard.required import completed
from noiser.io.metadata.standard.tiff_types import mend

MAX_BYTES = (1 << 32) - (1 << 26)
"""A file that could grow above this is a BigTIFF: TIFF's offsets have 32 bits [bytes]."""

STRIP_BYTES = 1 << 20
"""Of a strip of the file, where the input has no tiles [bytes]."""

MAX_TILE_ROW_BYTES = 1 << 26
"""Of a row of tiles at most; where the input's are larger, the output has strips [bytes]."""

STRIP_PLACES, TILE_PLACES = (
    (Tag.StripOffsets, Tag.StripByteCounts),
    (Tag.TileOffsets, Tag.TileByteCounts),
)
"""Tags of the offsets and the lengths of strips, and of tiles."""

CLASSIC = b"II*\0" + struct.pack("<L", 8)
BIG = b"II+\0" + struct.pack("<HHQ", 8, 0, 16)
"""Headers: little-endian, the directory follows at once."""

PROFILE_TAG = Tag.InterColorProfile
"""TIFF's tag for the ICC profile."""

DEFLATE = 8
"""TIFF's number for it; 1 is none."""


def write_tiff(file: BinaryIO, strips: Iterable[Pixels], layout: Layout) -> None:
    """Write a TIFF, its tags before its pixels.

    Args:
        file: Empty, open for writing and seeking.
        strips: uint8, uint16 or float32 [h,W] or [h,W,C], of any heights that add up to the
            picture's.
        layout: Of the picture. Without `compression`, or with `raw`, it is not compressed;
            any other becomes deflate, with differences where they are integers.

    Raises:
        OSError: The machine cannot write.
    """
    size = layout.width, layout.height
    layout = replace(
        layout, metadata=completed(layout.metadata, "TIFF", size, is_own=layout.is_own)
    )
    tile = layout.encoding.get("tile")
    if tile and layout.row_bytes * tile[1] > MAX_TILE_ROW_BYTES:
        tile = None
    rows = tile[1] if tile else min(max(STRIP_BYTES // layout.row_bytes, 1), layout.height)
    count = -(-layout.height // rows) * (-(-layout.width // tile[0]) if tile else 1)
    big = bool(layout.encoding.get("bigtiff")) or is_big(layout)
    compressed = layout.encoding.get("compression", "raw") != "raw"
    directory = _directory(layout, BIG if big else CLASSIC)
    directory[Tag.Compression] = DEFLATE if compressed else 1
    if compressed and layout.dtype.kind == "u":
        directory[Tag.Predictor] = 2  # differences of neighbours
    if tile:
        directory[Tag.TileWidth], directory[Tag.TileLength] = tile
    else:
        directory[Tag.RowsPerStrip] = rows
    file.write(_head(directory, [0] * count, [0] * count, big))  # its length will stay
    offsets, counts = [], []
    pack = _deflated if compressed else np.ndarray.tobytes
    if compressed and layout.dtype.kind == "f":
        pack = _deflated_floats
    threads = usable_processors()
    with ThreadPoolExecutor(threads) as pool:
        for block in blocks(strips, rows if tile else rows * threads):
            pieces = _tiles(block, tile) if tile else blocks([block], rows)
            for data in pool.map(pack, pieces):
                offsets.append(file.tell())
                counts.append(file.write(data))
    file.seek(0)
    head = bytearray(_head(directory, offsets, counts, big))
    mend(memoryview(head), layout.metadata.get("exif", b""))
    file.write(head)


def is_big(layout: Layout) -> bool:
    """Tell whether a picture needs a BigTIFF; deflate adds little to what it cannot shrink."""
    return layout.row_bytes * layout.height * 1.001 > MAX_BYTES


def _directory(layout: Layout, header: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Collect the tags of the picture: its metadata, its size and its kind."""
    directory = TiffImagePlugin.ImageFileDirectory_v2(header)
    exif = tiffs_exif(layout.metadata)
    for tag, value in exif.items():
        directory[tag] = exif.get_ifd(tag) if tag in TABLES else value
    for tag, data in tiff_tags(layout.metadata).items():
        directory[tag] = data
    if "icc_profile" in layout.metadata:
        directory[PROFILE_TAG] = layout.metadata["icc_profile"]
    if dpi := layout.metadata.get("dpi"):
        directory[Tag.XResolution], directory[Tag.YResolution], directory[Tag.ResolutionUnit] = (
            dpi[0],
            dpi[1],
            2,
        )
    directory[Tag.ImageWidth], directory[Tag.ImageLength] = layout.width, layout.height
    directory[Tag.BitsPerSample] = (8 * layout.dtype.itemsize,) * layout.channels
    directory[Tag.PhotometricInterpretation] = 2 if layout.channels > 2 else 1  # RGB, or black is 0
    directory[Tag.SamplesPerPixel], directory[Tag.PlanarConfiguration] = layout.channels, 1
    if layout.dtype.kind == "f":
        directory[Tag.SampleFormat] = (3,) * layout.channels
    if layout.channels in (2, 4):
        directory[Tag.ExtraSamples] = 2  # alpha that is not multiplied in
    return directory


def _head(
    directory: TiffImagePlugin.ImageFileDirectory_v2,
    offsets: list[int],
    counts: list[int],
    big: bool,
) -> bytes:
    """Write the file's header and its directory, of the same length for any numbers."""
    header = BIG if big else CLASSIC
    places = TILE_PLACES if Tag.TileWidth in directory else STRIP_PLACES

    def put(tag: int, values: list[int]) -> None:
        directory[tag] = tuple(values)
        directory.tagtype[tag] = TiffTags.LONG8 if big else TiffTags.LONG

    put(places[0], offsets)
    put(places[1], counts)
    if places == STRIP_PLACES:
        # Pillow adds the directory's end to a strip's offset, but not to a tile's.
        end = len(header) + len(directory.tobytes(len(header)))
        put(places[0], [max(offset - end, 0) for offset in offsets])
    return header + directory.tobytes(len(header))


def _tiles(block: Pixels, tile: tuple[int, int]) -> Iterator[Pixels]:
    """Cut a row of tiles, filled up at the right and the lower border."""
    width, rows = tile
    for left in range(0, block.shape[1], width):
        part = block[:, left : left + width]
        missing = (0, rows - part.shape[0]), (0, width - part.shape[1])
        if (missing[0][1], missing[1][1]) != (0, 0):
            part = np.pad(part, (*missing, *[(0, 0)] * (part.ndim - 2)), "edge")
        yield part


def _deflated(piece: Pixels) -> bytes:
    """Compress the differences of neighbours in each row."""
    rest = np.ascontiguousarray(piece).copy()
    rest[:, 1:] -= piece[:, :-1]
    return zlib.compress(rest.tobytes(), DEFLATE_LEVEL)


def _deflated_floats(piece: Pixels) -> bytes:
    """Compress floats as they are: their differences are no smaller."""
    return zlib.compress(piece.tobytes(), DEFLATE_LEVEL)
