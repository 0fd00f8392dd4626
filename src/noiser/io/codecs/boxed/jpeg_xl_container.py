"""JPEG XL's metadata: written as other programs read them, which pyjpegxl 0.3 does not.

It puts profiles into a box that no other program reads, and EXIF and XMP into compressed ones that
few do. Here EXIF and XMP get plain boxes. The profile's place is the codestream, which begins with
its header bit by bit; its frames start at a whole byte: so the header can be written anew.
ISO/IEC 18181-1, annexes B (numbers), C (prefix codes) and E.4 (profiles); 18181-2 (boxes).
"""

from collections.abc import Sequence

from noiser.io.codecs.boxed.boxes import boxes
from noiser.io.codecs.boxed.jpeg_xl_header import CONTAINER, read_header

FTYP = b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
"""The box that follows a container's first."""

SIGNATURE = b"\r\n\x87\n"
"""The rest of that first one."""

BYTE_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
"""A code's first bit is its highest, a stream's its lowest."""

FROM_LIST = 1
"""The command to copy bytes from the list."""

Box = tuple[bytes, bytes]
"""A kind and a content."""

Bits = tuple[int, int]
"""A number and how many bits it takes, the lowest first."""


def with_metadata(
    data: bytes, metadata: Sequence[Box], profile: bytes | None, *, is_gray: bool
) -> bytes:
    """Put into a file what its encoder did not.

    Args:
        data: The whole file, with a container or without.
        metadata: EXIF and XMP, in boxes `Exif` and `xml `.
        profile: ICC, of 128 bytes at least, for a lossless file whose colours are said in words.
        is_gray: Whether the picture has no colours.

    Returns:
        The file; a codestream alone where there is no box.
    """
    stream, others = data, list[Box]()
    if data.startswith(CONTAINER):  # 16 bits and floats have one, which says their level
        parts = [box for box in boxes(data, "JXL") if box[0] in (b"jxlc", b"jxlp")]
        others = [box for box in boxes(data, "JXL") if box[0] == b"jxll"]
        stream = b"".join(content[4 if kind == b"jxlp" else 0 :] for kind, content in parts)
    if profile is not None:
        stream = _described(stream, profile, is_gray)
    if not metadata and not others:
        return stream
    made = (*others, *metadata, (b"jxlc", stream))
    return b"".join([CONTAINER, SIGNATURE, FTYP, *(_box(*box) for box in made)])


def _described(stream: bytes, profile: bytes, is_gray: bool) -> bytes:
    """Write a codestream's header anew: its colours are what the profile says."""
    start, end, stop = read_header(stream).places
    bits = int.from_bytes(stream[2 : 2 + (stop + 7) // 8], "little")
    made = _joined([
        (bits & ((1 << start) - 1), start),
        (0b10, 2),  # not the usual colours, and a profile
        (int(is_gray), 2),
        (bits >> end & ((1 << (stop - end)) - 1), stop - end),
        *_coded(_predicted(profile)),
    ])  # fmt: skip
    return stream[:2] + made + stream[2 + (stop + 7) // 8 :]


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def _joined(fields: list[Bits]) -> bytes:
    """Write numbers one after another, up to a whole byte."""
    value, at = 0, 0
    for number, count in fields:
        value |= number << at
        at += count
    return value.to_bytes((at + 7) // 8, "little")


def _coded(data: bytes) -> list[Bits]:
    """Write bytes by the plainest of prefix codes: 256 symbols of 8 bits each."""
    lengths: list[Bits] = [(0, 2)] * 10 + [(1, 2)] + [(0, 2)] * 7  # only the length 8 is there
    return [
        *_number(len(data)),
        (0, 1),  # nothing is repeated
        (0b001, 3),  # one code for all contexts
        (1, 1),  # a prefix code
        (15, 4),  # its symbols are the values
        *((1, 1), (7, 4), (127, 7)),  # 256 of them
        *((0, 2), *lengths),
        (int.from_bytes(data.translate(BYTE_REVERSED), "little"), 8 * len(data)),
    ]


def _number(value: int) -> list[Bits]:
    """Write a number of up to 64 bits: 12 of them, and 8 more as often as they are needed."""
    fields: list[Bits] = [(3, 2), (value & 0xFFF, 12)]
    value >>= 12
    while value:
        fields += [(1, 1), (value & 0xFF, 8)]
        value >>= 8
    return [*fields, (0, 1)]


def _predicted(profile: bytes) -> bytes:
    """Write a profile as sizes, commands and a list: its header less what is usually there."""
    expected = bytearray(128)
    for at, usual in (
        (0, len(profile).to_bytes(4, "big")), (8, b"\4"), (12, b"mntr"), (16, b"RGB "),
        (20, b"XYZ "), (36, b"acsp"), (70, b"\xf6\xd6\0\1"), (78, b"\xd3\x2d"), (80, profile[4:8]),
    ):  # fmt: skip
        expected[at : at + len(usual)] = usual
    for maker in (b"APPL", b"MSFT", b"SGI ", b"SUNW"):
        told = 1 if maker[:1] in (b"A", b"M") else 2
        if profile[40 : 40 + told] == maker[:told]:
            expected[40 + told : 44] = maker[told:]
    header = bytes((a - b) % 256 for a, b in zip(profile[:128], expected, strict=True))
    commands = b"\0" + bytes([FROM_LIST]) + _varint(len(profile) - 128)  # no table of tags
    return _varint(len(profile)) + _varint(len(commands)) + commands + header + profile[128:]


def _varint(value: int) -> bytes:
    """Write seven bits a byte, the lowest first; the highest bit says that more follow."""
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])
