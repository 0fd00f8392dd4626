"""Motion photos: the film behind a JPEG, found, and hung behind another.

Google's XMP counts from the file's end to where the film begins; Samsung's directory at the very
end counts from itself.
"""

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from noiser.core.errors import DecodeError
from noiser.io.metadata import xmp

MAX_FILM_BYTES = 64 << 20
"""From a film's beginning to the file's end, where it is looked for [bytes]."""

NAME, KIND, VERSION = b"MotionPhoto_Data", 0x0A30, 106
"""Samsung's name and number of a film, and the version of the directory that lists it."""

FILM = re.compile(rb"\0\0[\0-\4].ftyp", re.DOTALL)
"""How a film begins (ISO/IEC 14496-12, 4.3): the length of a box of this name."""

EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{xmp.RDF}"/></x:xmpmeta>'
"""A packet without properties."""

CLAIM = """<{rdf}:Description xmlns:{rdf}="{namespace}"
 xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
 xmlns:Container="http://ns.google.com/photos/1.0/container/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/"
 GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"
 GCamera:MotionPhotoPresentationTimestampUs="{time}"{micro}><Container:Directory><{rdf}:Seq
><{rdf}:li {rdf}:parseType="Resource"><Container:Item Item:Mime="image/jpeg"
 Item:Semantic="Primary" Item:Length="0" Item:Padding="{padding}"/></{rdf}:li
><{rdf}:li {rdf}:parseType="Resource"><Container:Item Item:Mime="video/mp4"
 Item:Semantic="MotionPhoto" Item:Length="{length}" Item:Padding="0"/></{rdf}:li
></{rdf}:Seq></Container:Directory></{rdf}:Description>"""
"""What XMP says of a film."""

MICRO = """
 GCamera:MicroVideo="1" GCamera:MicroVideoVersion="1" GCamera:MicroVideoOffset="{length}"
 GCamera:MicroVideoPresentationTimestampUs="{time}\""""
"""What it says in the older way."""


@dataclass(frozen=True)
class Film:
    """The film of a motion photo."""

    data: bytes = field(repr=False)
    """The whole film."""

    is_samsungs: bool
    """Whether Samsung's directory lists it."""

    claims: dict[str, str]
    """What XMP said of it, by name."""

    @property
    def head(self) -> bytes:
        """What stands between picture and film."""
        return struct.pack("<HHL", 0, KIND, len(NAME)) + NAME if self.is_samsungs else b""

    @property
    def tail(self) -> bytes:
        """All that is hung behind a picture."""
        block = self.head + self.data
        if not self.is_samsungs:
            return block
        listed = struct.pack("<LLHHLL", VERSION, 1, 0, KIND, len(block), len(block))
        directory = b"SEFH" + listed
        return block + directory + struct.pack("<L", len(directory)) + b"SEFT"

    def claimed(self, packet: bytes | None) -> bytes | None:
        """Let XMP say where the film is; Samsung's needs none where it had none.

        Args:
            packet: That says nothing of a film.

        Raises:
            DecodeError: It is not well-formed.
        """
        if self.is_samsungs and not self.claims:
            return packet
        root = xmp.parse(packet or EMPTY.encode())
        found = xmp.find(root, xmp.RDF, "RDF")
        if found is None:
            raise DecodeError("XMP without descriptions")
        frame, times = found[0], [v for k, v in self.claims.items() if k.endswith("TimestampUs")]
        said = {
            "rdf": frame.tag.rpartition(":")[0] or "rdf",
            "namespace": xmp.RDF,
            "time": next((int(t) for t in times if t.isdecimal()), -1),
            "length": len(self.tail) - len(self.head),
            "padding": len(self.head),
        }
        micro = MICRO.format(**said) if "MicroVideo" in self.claims else ""
        made = xmp.parse(CLAIM.format(**said, micro=micro).encode())
        about = next((v for e in frame for k, v in e.items() if k.endswith(":about")), "")
        made.set(f"{said['rdf']}:about", about)
        frame.append(made)
        return xmp.serialize(root)


def film_in(file: BinaryIO, packet: bytes) -> Film | None:
    """Find the film behind a JPEG; None if there is none.

    Args:
        file: Open for reading and seeking.
        packet: Its XMP text, or nothing.
    """
    claims, items = _said(packet)
    end = file.seek(0, os.SEEK_END)
    file.seek(max(end - 64, 0))
    last = file.read()
    if not claims and not last.endswith(b"SEFT") and b"\xff\xd9" in last:
        return None  # it ends with its picture, so nothing has to be searched
    file.seek(max(end - MAX_FILM_BYTES, 0))
    tail = file.read()
    listed = _listed(tail)
    found = listed or _counted(tail, claims, items) or _searched(tail)
    if found is None:
        return None
    start, stop = found
    return Film(tail[start:stop], listed is not None, claims)


def _said(packet: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Collect what XMP says of a film, and of the parts of the file in their order."""
    try:
        elements = list(xmp.parse(packet).iter()) if packet else []
    except DecodeError:
        elements = []
    claims, items = dict[str, str](), list[dict[str, str]]()
    for element in elements:
        said = [*element.items(), *((child.tag, child.text or "") for child in element)]
        names = {name.rpartition(":")[2]: value.strip() for name, value in said}
        claims |= {k: v for k, v in names.items() if k.startswith(xmp.MOTION)}
        if "Semantic" in names:
            items.append(names)
    if any(item["Semantic"] == "MotionPhoto" for item in items):
        claims.setdefault("MotionPhoto", "1")
    return claims, items


def _listed(tail: bytes) -> tuple[int, int] | None:
    """Find a film by Samsung's directory, or by its name where the directory is damaged."""
    if not tail.endswith(b"SEFT") or len(tail) < 8:
        return None
    at = len(tail) - 8 - int.from_bytes(tail[-8:-4], "little")
    if at > 0 and tail[at : at + 4] == b"SEFH":
        for kind, back, size in _entries(tail, at):
            start = at - back
            if kind != KIND or start < 0:
                continue
            film = start + 8 + int.from_bytes(tail[start + 4 : start + 8], "little")
            if _begins(tail, film):
                return film, start + size
    named, stop = tail.rfind(NAME), tail.rfind(b"SEFH")
    film = named + len(NAME)
    return (film, stop) if 0 <= named < film < stop and _begins(tail, film) else None


def _entries(tail: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Walk through Samsung's directory: kind, way back to the block, and its length [bytes]."""
    for place in range(at + 12, len(tail) - 19, 12):
        _, kind, back, size = struct.unpack_from("<HHLL", tail, place)
        yield kind, back, size


def _counted(
    tail: bytes, claims: dict[str, str], items: list[dict[str, str]]
) -> tuple[int, int] | None:
    """Find a film where XMP says that it is."""
    behind = 0
    for item in reversed(items):
        length, padding = _number(item.get("Length")), _number(item.get("Padding"))
        behind += length + padding
        start = len(tail) - behind
        if item["Semantic"] == "MotionPhoto" and length and _begins(tail, start):
            return start, start + length
    start = len(tail) - _number(claims.get("MicroVideoOffset"))
    return (start, len(tail)) if _begins(tail, start) else None


def _searched(tail: bytes) -> tuple[int, int] | None:
    """Find a film by how it begins, behind a picture's end."""
    for match in FILM.finditer(tail):
        if tail.rfind(b"\xff\xd9", 0, match.start()) >= 0:
            return match.start(), len(tail)
    return None


def _begins(tail: bytes, at: int) -> bool:
    """Tell whether a film begins somewhere."""
    return at >= 0 and tail[at + 4 : at + 8] == b"ftyp"


def _number(text: str | None) -> int:
    """Read a whole number; 0 if it is none."""
    return int(text) if text and text.isdecimal() and len(text) < 12 else 0
