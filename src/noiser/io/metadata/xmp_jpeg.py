"""XMP in a JPEG: a packet of more than 64 KB is spread over several segments (XMP, part 3)."""

import hashlib
import struct
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, tostring

from noiser.core.errors import DecodeError
from noiser.io.metadata import xmp

STANDARD, EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
"""How the segments of the packet and of its rest begin."""

NOTE = "http://ns.adobe.com/xmp/note/"
"""Namespace of the property that names the rest."""

PACKET_BYTES = 65533 - len(STANDARD)
"""Of a packet in a JPEG, at most [bytes]."""

PIECE_BYTES = 65400
"""Of the rest in one segment [bytes]."""


def joined(segments: Iterable[bytes], limit: int) -> bytes | None:
    """Join a JPEG's packet with its rest.

    Args:
        segments: Contents of the APP1 segments, in order.
        limit: Of the rest [bytes].

    Returns:
        The packet as it stands if there is no rest; None if there is no packet.

    Raises:
        DecodeError: The rest is not all there, too long, or not well-formed.
    """
    packet, pieces = None, []
    for segment in segments:
        if segment.startswith(STANDARD):
            packet = segment[len(STANDARD) :]
        elif segment.startswith(EXTENSION):
            pieces.append(segment[len(EXTENSION) :])
    if packet is None or not pieces:
        return packet
    root = xmp.parse(packet)
    name = xmp.properties(root, NOTE).get("HasExtendedXMP", "").encode()
    rest = _assembled([piece for piece in pieces if piece[:32] == name], limit)
    target, source = _frame(root), _frame(xmp.parse(rest))
    target.extend(source)
    xmp.drop_properties(root, lambda namespace, _: namespace == NOTE)
    return xmp.serialize(root)


def split(packet: bytes) -> bytes:
    """Write the segments of a packet of any length.

    Raises:
        DecodeError: It is too long for one segment, and not well-formed.
    """
    if len(packet) <= PACKET_BYTES:
        return _segment(STANDARD + packet)
    root = xmp.parse(packet)
    moved = _moved(root)
    rest = tostring(moved, encoding="unicode").encode()
    name = hashlib.md5(rest, usedforsecurity=False).hexdigest().upper()
    note = SubElement(_frame(root), _name(root, "Description"))
    note.attrib |= {_name(root, "about"): "", "xmlns:xmpNote": NOTE, "xmpNote:HasExtendedXMP": name}
    made = _segment(STANDARD + xmp.serialize(root))
    for at in range(0, len(rest), PIECE_BYTES):
        head = EXTENSION + name.encode() + struct.pack(">LL", len(rest), at)
        made += _segment(head + rest[at : at + PIECE_BYTES])
    return made


def _segment(content: bytes) -> bytes:
    if len(content) > 65533:
        raise DecodeError("XMP with more small properties than a JPEG can hold")
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def _assembled(pieces: list[bytes], limit: int) -> bytes:
    """Put the pieces of the rest in their order."""
    whole = [piece for piece in pieces if len(piece) > 40]
    parts = [(*struct.unpack_from(">LL", piece, 32), piece[40:]) for piece in whole]
    parts.sort(key=lambda part: part[1])
    rest = b"".join(part[2] for part in parts)
    if len(rest) > limit:
        raise DecodeError(f"XMP of more than {limit} bytes")
    at = 0
    for total, offset, content in parts:
        if (total, offset) != (len(rest), at):
            break
        at += len(content)
    if not rest or at != len(rest):
        raise DecodeError("XMP of which a part is missing")
    return rest


def _frame(root: Element) -> Element:
    """Find the element in which the descriptions stand."""
    found = xmp.find(root, xmp.RDF, "RDF")
    if found is None:
        raise DecodeError("XMP without descriptions")
    return found[0]


def _name(root: Element, local: str) -> str:
    """Name something of RDF with the prefix that is in use."""
    return _frame(root).tag.rpartition(":")[0] + ":" + local


def _moved(root: Element) -> Element:
    """Move the largest properties to another packet, until the first fits a segment."""
    frame = _frame(root)
    other = Element("x:xmpmeta", {"xmlns:x": "adobe:ns:meta/"})
    target = SubElement(other, frame.tag, _declared(root) | _declared(frame))
    sizes: list[tuple[int, int, str | Element]] = []
    for i, description in enumerate(frame):
        sizes += [(len(value), i, key) for key, value in description.attrib.items()]
        sizes += [(len(tostring(child)), i, child) for child in description]
    surplus = len(xmp.serialize(root)) + 1000 - PACKET_BYTES
    twins: dict[int, Element] = {}
    for size, i, what in sorted(sizes, key=lambda item: -item[0]):
        if surplus <= 0:
            break
        source = frame[i]
        about = {k: v for k, v in source.attrib.items() if k.endswith(":about")}
        twin = twins.get(i)
        if twin is None:
            twin = twins[i] = SubElement(target, source.tag, _declared(source) | about)
        if isinstance(what, Element):
            source.remove(what)
            twin.append(what)
        elif what not in twin.attrib:
            twin.set(what, source.attrib.pop(what))
        surplus -= size
    return other


def _declared(element: Element) -> dict[str, str]:
    """Collect the prefixes that an element declares."""
    return {k: v for k, v in element.attrib.items() if k.startswith("xmlns")}
