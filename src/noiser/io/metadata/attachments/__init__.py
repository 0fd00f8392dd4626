"""Attachments: what hangs behind a JPEG's picture or beside it, and does not come along."""

import os
import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from noiser.io.metadata.attachments.motion_photo import film_in

SEGMENTS = (
    ("APP1", b"FLIR\0", "the thermal data of a FLIR camera were left out"),
    ("APP2", b"FPXR\0", "FlashPix's data were left out"),
    ("APP6", b"GoPro\0", "the data of a GoPro camera were left out"),
    ("APP6", b"GPMF", "the data of a GoPro camera were left out"),
)
"""Segments of cameras' own, by what they begin with."""

GAIN_MAPS = (
    b"http://ns.adobe.com/hdr-gain-map/", b"http://ns.apple.com/HDRGainMap/",
    b"aux:hdrgainmap", b"urn:iso:std:iso:ts:21496",
)  # fmt: skip
"""What says that a picture is a gain map, or has one."""

NAMED = (b'"GainMap"', b"'GainMap'", b">GainMap<")
"""How XMP names a gain map in the list of the file's parts."""

ENTRIES, PREVIEW = 0xB002, 1
"""CIPA DC-007: the tag of the list of pictures, and the kind of a smaller copy of the first."""

MAX_PICTURES = 64
"""Of a list that are looked at."""


def attached_to(
    info: Mapping[Any, Any],
    segments: Sequence[tuple[str, bytes]],
    file: BinaryIO,
    packet: bytes | str | None,
    notes: list[str],
) -> dict[str, Any]:
    """Find what is attached to a JPEG.

    Args:
        info: What Pillow read of its list of pictures.
        segments: Of applications, by their markers' names.
        file: Open for reading and seeking.
        packet: Its XMP text.
        notes: Gets a sentence about each part that cannot come along.

    Returns:
        The `film` of a motion photo, if there is one.
    """
    packet = packet.encode() if isinstance(packet, str) else packet or b""
    for kind, start, words in SEGMENTS:
        if any(k == kind and data.startswith(start) for k, data in segments):
            notes += [] if words in notes else [words]
    has_gain_map = any(mark in packet for mark in (*GAIN_MAPS, *NAMED)) or any(
        kind == "APP2" and data.startswith(GAIN_MAPS) for kind, data in segments
    )
    found = [_is_gain_map(file, at) for at in _further_pictures(info, file)]
    others = found.count(False)
    if has_gain_map and others == len(found) > 0:
        others -= 1  # one of them is the gain map, and says it nowhere itself
    if has_gain_map or True in found:
        notes.append("the gain map was left out: the output is an ordinary picture")
    if others:
        words = "the second picture of 2 was" if others == 1 else f"pictures 2 to {others + 1} were"
        notes.append(f"{words} left out")
    film = film_in(file, packet)
    return {} if film is None else {"film": film}


def _further_pictures(info: Mapping[Any, Any], file: BinaryIO) -> list[int]:
    """List where the pictures behind the first begin, but for smaller copies of it [bytes]."""
    data, base = info.get("mp", b""), info.get("mpoffset", 0)
    order = "<" if data[:2] == b"II" else ">"
    found: list[int] = []
    try:
        (at,) = struct.unpack_from(f"{order}L", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, _, size, place = struct.unpack_from(f"{order}HHLL", data, entry)
            if tag != ENTRIES:
                continue
            for i in range(1, min(size // 16, MAX_PICTURES)):
                kind, _, start = struct.unpack_from(f"{order}LLL", data, place + 16 * i)
                if start and (kind >> 16) & 0xFF != PREVIEW and _begins(file, base + start):
                    found.append(base + start)
    except struct.error:
        pass  # a damaged list names no more
    return found


def _begins(file: BinaryIO, at: int) -> bool:
    """Tell whether a JPEG begins somewhere."""
    return _read(file, at, 2) == b"\xff\xd8"


def _is_gain_map(file: BinaryIO, at: int) -> bool:
    """Tell by what stands at its head whether a picture is a gain map."""
    head = _read(file, at, 1 << 16)
    return any(mark in head for mark in GAIN_MAPS)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    """Read somewhere, as far as the file goes."""
    file.seek(min(at, file.seek(0, os.SEEK_END)))
    return file.read(size)
