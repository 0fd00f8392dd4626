"""Joining: write an image file from strips of its rows, of which only a few are in memory.

The files hold the pixels, and for a JPEG the coefficients, that `image_file.encode` would write of
the whole picture.
"""

import io
import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from noiser.core.types import Pixels
from noiser.io.codecs import pillow
from noiser.io.codecs.high_bit_depth import to_linear_light
from noiser.io.codecs.png_chunks import SIGNATURE, chunk, chunks
from noiser.io.codecs.strips.layout import DEFLATE_LEVEL, Layout, blocks, check_layout
from noiser.io.codecs.strips.tiff import write_tiff
from noiser.io.formats import LOSSY_QUALITY
from noiser.io.metadata.standard.required import completed
from noiser.io.photo import Photo

JPEG_ROWS = 128
"""Rows of a JPEG encoded at a time: eight rows of blocks, of 16 pixels at most.

So the restart marker between two such pieces is always the eighth, RST7.
"""

PNG_ROWS = 64
"""Rows of a PNG filtered and compressed at a time [pixels]."""

PNG_COLORS = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG's colour type by the number of channels."""


def encode(photo: Photo, format_: str) -> bytes:
    """Write a PNG or TIFF of colour of 16 bits, or of floats, which become linear light again.

    Args:
        photo: uint16 or float32.
        format_: `PNG` or `TIFF`.

    Returns:
        The whole file.
    """
    if photo.pixels.dtype == np.float32:
        photo = to_linear_light(photo)
    height, width = photo.pixels.shape[:2]
    encoding = photo.encoding if format_ == photo.format else {"compression": "deflate"}
    layout = Layout(
        format_, width, height, photo.channels, photo.pixels.dtype, photo.metadata, encoding,
        is_own=format_ == photo.format,
    )  # fmt: skip
    buffer = io.BytesIO()
    write_strips(buffer, [photo.pixels], layout)
    return buffer.getvalue()


def write_strips(file: BinaryIO, strips: Iterable[Pixels], layout: Layout) -> None:
    """Write an image file, strip by strip.

    Args:
        file: Empty, open for writing and seeking.
        strips: uint8 or uint16 [h,W] or [h,W,C], of any heights that add up to the picture's.
        layout: Of the picture they are cut from.

    Raises:
        OutputError: The format cannot hold it.
        OSError: The machine cannot write.
    """
    check_layout(layout)
    {"JPEG": _write_jpeg, "PNG": _write_png, "TIFF": write_tiff}[layout.format](
        file, strips, layout
    )


def _write_jpeg(file: BinaryIO, strips: Iterable[Pixels], layout: Layout) -> None:
    """Join the scans of JPEGs of some rows each by restart markers (ITU-T T.81, B.2.1, E.1.4).

    A restart forgets all that went before, so the scan of a piece is the scan of the whole.
    """
    encoding = {k: v for k, v in layout.encoding.items() if k != "progressive"}
    encoding = (encoding or {"quality": LOSSY_QUALITY}) | {"restart_marker_rows": 1}
    size = layout.width, layout.height
    metadata = completed(layout.metadata, "JPEG", size, is_own=layout.is_own)
    for i, piece in enumerate(blocks(strips, JPEG_ROWS)):
        photo = Photo(piece, "JPEG", {} if i else metadata, encoding)
        head, scan = _split_jpeg(pillow.encode(photo, "JPEG"), layout.height)
        file.write(b"\xff\xd7" if i else head)
        file.write(scan)
    file.write(b"\xff\xd9" + layout.metadata.get("tail", b""))


def _split_jpeg(data: bytes, height: int) -> tuple[bytes, bytes]:
    """Split a baseline JPEG into head, with another height put in, and scan."""
    head, at = bytearray(data), 2
    while data[at + 1] != 0xDA:
        if data[at + 1] in (0xC0, 0xC1):
            head[at + 5 : at + 7] = height.to_bytes(2, "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return bytes(head[:at]), data[at:-2]


def _write_png(file: BinaryIO, strips: Iterable[Pixels], layout: Layout) -> None:
    """Write a PNG (third edition, sections 5, 7.3 and 9); libvips' wheels read no raw stream."""
    sample = Photo(np.zeros((1, 1), np.uint8), "PNG", layout.metadata)
    described = pillow.encode(sample, "PNG")
    size, colors = layout.dtype.itemsize, PNG_COLORS[layout.channels]
    header = struct.pack(">IIBBBBB", layout.width, layout.height, 8 * size, colors, 0, 0, 0)
    file.write(SIGNATURE)
    file.write(chunk(b"IHDR", header))
    for kind, content in chunks(described):
        if kind not in (b"IHDR", b"IDAT", b"IEND"):
            file.write(chunk(kind, content))  # the metadata, as Pillow writes them
    packer = zlib.compressobj(DEFLATE_LEVEL)
    above = np.zeros(layout.width * layout.channels * size, np.uint8)
    for piece in blocks(strips, PNG_ROWS):
        big_endian = np.ascontiguousarray(piece, piece.dtype.newbyteorder(">"))
        rows = big_endian.view(np.uint8).reshape(len(piece), -1)
        packed = packer.compress(_filtered(rows, above, layout.channels * size))
        above = rows[-1]
        if packed:
            file.write(chunk(b"IDAT", packed))
    file.write(chunk(b"IDAT", packer.flush()))
    file.write(chunk(b"IEND", b""))


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> bytes:
    """Give each row the filter of least sum: None, Sub, Up or Average (PNG, 9.2 and 12.7).

    Args:
        rows: uint8 [h,n]: the bytes of some rows.
        above: uint8 [n]: those of the row before.
        step: Bytes of a pixel.

    Returns:
        The filtered rows, each behind the number of its filter.
    """
    left, up = np.zeros_like(rows), np.concatenate([above[None], rows[:-1]])
    left[:, step:] = rows[:, :-step]
    average = (left & up) + ((left ^ up) >> 1)  # of two bytes, in a byte
    filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    least = np.full(len(rows), np.iinfo(np.uint64).max, np.uint64)
    for number, guess in enumerate((np.uint8(0), left, up, average)):
        rest = rows - guess
        cost = np.minimum(rest, -rest).sum(axis=1, dtype=np.uint64)
        better = cost < least
        least[better] = cost[better]
        filtered[better, 0], filtered[better, 1:] = number, rest[better]
    return filtered.tobytes()
