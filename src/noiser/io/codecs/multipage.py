"""Pages: a TIFF of several pictures, taken apart into TIFFs of one, and put together again."""

import io
import struct
from collections.abc import Iterator, Sequence

from noiser.core.errors import OutputError, UnsupportedError
from noiser.io.limits import check_size
from noiser.io.metadata.exif import LONG, SHORT, TYPE_BYTES
from noiser.io.metadata.standard.tiff_pages import page_alone, picture_pages
from noiser.io.metadata.tiff_tags import directory_at, size_of
from noiser.io.photo import Photo
from noiser.io.source import Source

CLASSIC = b"II*\0"
"""What the files that are joined begin with: little-endian, places of 32 bits."""

MAX_BYTES = (1 << 32) - 1
"""Of a file whose places have 32 bits."""

PIXELS = (273, 324)
"""Tags that say where strips and tiles are."""

DIRECTORIES = (330, 34665, 34853, 40965)
"""Tags that say where further directories are: the picture's, EXIF's, the place, other ones."""


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`; of the first page."""
    file = io.BytesIO(source.data)
    size = size_of(directory_at(file, picture_pages(file)[0].at))
    check_size(*size, source.limits)
    return size


def memory_factor(_source: Source) -> int:
    """See `Codec`; one page is decoded at a time, and all are kept as files."""
    return 1


def decode(_source: Source) -> Photo:
    """Refuse what is not one picture; see `pages`.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError("several pages, which only noiser enhance takes")


def pages(data: bytes) -> Iterator[bytes]:
    """Take a TIFF apart: a file of one page after the other.

    Raises:
        ImageError: A page lies outside of the file.
    """
    for page in picture_pages(io.BytesIO(data)):
        yield page_alone(data, page)


def joined(files: Sequence[bytes]) -> bytes:
    """Put TIFFs of one page together.

    Args:
        files: Little-endian, as noiser writes them.

    Returns:
        A TIFF that has their pages, in order.

    Raises:
        OutputError: It would have more than 4 GB.
    """
    if sum(map(len, files)) > MAX_BYTES - len(files) or any(f[:4] != CLASSIC for f in files):
        raise OutputError("the pages together would have more than 4 GB")
    made = bytearray()
    link = 0
    for file in files:
        made += bytes(len(made) % 2)  # directories begin at even places
        base = len(made)
        made += file
        (first,) = struct.unpack_from("<L", file, 4)
        end = _shift(made, base + first, base)
        if base:
            struct.pack_into("<L", made, link, base + first)
        link = end
    return bytes(made)


def _shift(data: bytearray, at: int, base: int) -> int:
    """Move all places that a directory names; gives where it names the next one."""
    (count,) = struct.unpack_from("<H", data, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, number, value = struct.unpack_from("<HHLL", data, entry)
        size = TYPE_BYTES.get(kind, 1) * number
        place = entry + 8
        if size > 4:
            place = value + base
            struct.pack_into("<L", data, entry + 8, place)
        if tag in PIXELS and base:
            _shift_all(data, entry, place, base)
        elif tag in DIRECTORIES:
            for i in range(number):
                (inner,) = struct.unpack_from("<L", data, place + 4 * i)
                struct.pack_into("<L", data, place + 4 * i, inner + base)
                _shift(data, inner + base, base)
    return at + 2 + 12 * int(count)


def _shift_all(data: bytearray, entry: int, place: int, base: int) -> None:
    """Move the places of strips or tiles; those of 16 bits get room for 32."""
    _, kind, number = struct.unpack_from("<HHL", data, entry)
    code = "H" if kind == SHORT else "L"
    values = [v + base for v in struct.unpack_from(f"<{number}{code}", data, place)]
    if kind == SHORT:
        struct.pack_into("<H", data, entry + 2, LONG)
        place = entry + 8
        if number > 1:
            data += bytes(len(data) % 2)
            place = len(data)
            data += bytes(4 * number)
            struct.pack_into("<L", data, entry + 8, place)
    struct.pack_into(f"<{number}L", data, place, *values)
