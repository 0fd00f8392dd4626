"""JPEG 2000's boxes and header: what Pillow does not look at before it decodes.

ISO/IEC 15444-1, annexes A (codestream) and I (boxes).
"""

import struct
from dataclasses import dataclass, field

from noiser.core.errors import DecodeError, LimitError, UnsupportedError
from noiser.io.codecs.boxed.boxes import boxes
from noiser.io.codecs.header import not_taken_whole, several_frames

CODESTREAM = b"\xff\x4f\xff\x51"
"""How a codestream begins, which may be a file by itself."""

UUIDS = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    b"JpgTiffExif->JP2": "exif",
}
"""Boxes of metadata by the number that names them."""

SRGB, GRAY, SYCC, CMYK = 16, 17, 18, 12
"""Colour spaces by number (table I.10)."""

SPACES = {b"RGB ": 3, b"GRAY": 1}
"""Colours of the profiles that are read."""

ONLY = "noiser reads JPEG 2000 of gray and of RGB"
"""The end of what is said of other colours."""

MAX_TILES = 16_384
"""OpenJPEG holds about 10 KB for each, however small it is."""


@dataclass
class Header:
    """What a file says of its picture."""

    width: int = 0
    height: int = 0
    channels: int = 0

    bits: int = 0
    """Of each channel."""

    info: dict[str, bytes] = field(default_factory=dict)
    """`exif`, `xmp`, `iptc` and `icc_profile`, where there are."""


def read_header(data: bytes) -> Header:
    """Read the boxes and the codestream's header.

    Args:
        data: The whole file.

    Raises:
        UnsupportedError: It is of a kind that Pillow would cut or misread.
        LimitError: It has too many tiles.
        DecodeError: It is damaged.
    """
    header = Header()
    streams, described = [data], list[tuple[bytes, bytes]]()
    if not data.startswith(CODESTREAM):
        streams = []
        for kind, content in boxes(data, "JP2"):
            if kind == b"jp2c":
                streams.append(content)
            elif kind == b"jp2h":
                described = described or list(boxes(content, "JP2"))
            elif kind == b"uuid" and content[:16] in UUIDS:
                header.info.setdefault(UUIDS[content[:16]], content[16:])
        if len(streams) > 1:
            raise several_frames()
        if not streams or not described:
            raise DecodeError("damaged JP2 data: there is no picture in it")
    _read_size(streams[0], header)
    kinds = dict(reversed(described))  # the first of each
    if described:
        _check_colors(described, kinds, header)
    _check_channels(kinds.get(b"cdef"), header.channels)
    return header


def _read_size(stream: bytes, header: Header) -> None:
    """Read the marker SIZ (A.5.1), and refuse channels that Pillow would misread."""
    if len(stream) < 42 or not stream.startswith(CODESTREAM):
        raise DecodeError("damaged JP2 data: there is no picture in it")
    right, bottom, left, top, across, down, tiles_left, tiles_top, count = struct.unpack_from(
        ">8IH", stream, 8
    )
    header.width, header.height, header.channels = right - left, bottom - top, count
    if not 1 <= count <= 4:
        raise UnsupportedError(f"{count} channels; {ONLY}")
    kinds = stream[42 : 42 + 3 * count]
    if len(kinds) < 3 * count or 0 in (across, down):
        raise DecodeError("damaged JP2 data: its header ends early")
    if any(kind & 0x80 for kind in kinds[::3]):
        raise UnsupportedError("signed integers; noiser reads integers from 0 up")
    if set(kinds[1::3]) | set(kinds[2::3]) != {1}:
        raise UnsupportedError("subsampled channels; noiser reads JPEG 2000 of whole ones")
    depths = [kind + 1 for kind in kinds[::3]]
    if len(set(depths)) > 1:
        found = ", ".join(map(str, depths))
        raise UnsupportedError(f"channels of {found} bits; noiser reads channels of one depth")
    header.bits = depths[0]
    if header.bits > (8 if count > 1 else 16) or header.bits == 9:  # which Pillow counts as 8
        raise not_taken_whole(header.bits)
    if count > 1 and header.bits < 8:
        raise UnsupportedError(f"{header.bits} bits a colour; noiser reads such gray only")
    tiles = -((tiles_left - right) // across) * -((tiles_top - bottom) // down)
    if tiles > MAX_TILES:
        raise LimitError(f"{tiles} tiles; the limit is {MAX_TILES} for a JPEG 2000")


def _check_colors(
    boxes: list[tuple[bytes, bytes]], kinds: dict[bytes, bytes], header: Header
) -> None:
    """Read what the header's boxes say of the colours; refuse those that would be misread."""
    *said, bits = struct.unpack_from(">IIHB", kinds.get(b"ihdr", b"").ljust(11))
    is_open = bits == 255 and header.channels > 1  # another box says it; of gray Pillow asks this
    if said != [header.height, header.width, header.channels] or not (
        is_open or bits == header.bits - 1
    ):
        raise DecodeError("damaged JP2 data: its two headers differ")
    if b"pclr" in kinds:
        raise UnsupportedError(f"a palette; {ONLY}")
    wanted = 1 if header.channels < 3 else 3
    colors = [content for kind, content in boxes if kind == b"colr" and len(content) > 6]
    spaces = [int.from_bytes(content[3:7], "big") for content in colors if content[0] == 1]
    profiles = [content[3:] for content in colors if content[0] in (2, 3)]
    if profiles:
        if SPACES.get(profiles[0][16:20]) != wanted:
            name = profiles[0][16:20].decode("ascii", "replace").strip()
            raise UnsupportedError(f"colours of the kind {name}; {ONLY}")
        header.info["icc_profile"] = profiles[0]
    elif spaces and spaces[0] not in ((GRAY,) if wanted == 1 else (SRGB, SYCC)):
        found = "CMYK" if spaces[0] == CMYK else f"colours of the space {spaces[0]}"
        raise UnsupportedError(f"{found}; {ONLY}")


def _check_channels(definition: bytes | None, count: int) -> None:
    """Refuse channels out of order, and one that is not said to be transparency (I.5.3.6)."""
    has_alpha = count in (2, 4)
    wanted = [(i, 0, i + 1) for i in range(count - has_alpha)]
    found = wanted
    if definition is not None:
        said = [
            struct.unpack_from(">3H", definition, at) for at in range(2, len(definition) - 5, 6)
        ]
        found = sorted(said)[: count - has_alpha]
        kinds = [kind for number, kind, _ in said if number == count - 1]
    if found != wanted:
        raise UnsupportedError("channels in another order than red, green, blue")
    if has_alpha and (definition is None or kinds != [1]):
        raise UnsupportedError(
            "premultiplied transparency; there is no look for it"
            if definition is not None and kinds == [2]
            else "an extra channel that is not said to be transparency"
        )
