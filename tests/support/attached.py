"""Makers of JPEGs with something behind their picture, put together by hand."""

import struct

from pictures import dark_rgb, saved
from PIL import Image
from tagged import segment, with_segments

FILM = (
    struct.pack(">L", 24) + b"ftypmp42" + bytes(4) + b"mp42isom"
    + struct.pack(">L", 508) + b"mdat" + bytes(range(250)) * 2
    + struct.pack(">L", 12) + b"free\xff\xd8\xff\xda"
)  # fmt: skip
"""A film's boxes, of which the last ends with what a picture could hold."""

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
CAMERA = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
CONTAINER = (
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)
GAIN_MAP = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'


def jpeg(seed=0):
    """A JPEG of some detail."""
    return saved(Image.fromarray(dark_rgb(48, 64, seed)), "JPEG", quality=90)


def said(attributes, content=""):
    """A segment of XMP with some properties."""
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about="" '
        f'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" {attributes}>{content}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


def directory(*items):
    """A container's directory: semantics and lengths."""
    made = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="{mime}" '
        f'Item:Semantic="{semantic}" Item:Length="{length}"/></rdf:li>'
        for mime, semantic, length in items
    )
    return f"<Container:Directory><rdf:Seq>{made}</rdf:Seq></Container:Directory>"


def googles(film=FILM, *, is_counted=True):
    """A motion photo whose container's directory counts the film."""
    items = directory(
        ("image/jpeg", "Primary", 0), ("video/mp4", "MotionPhoto", len(film) if is_counted else 7)
    )
    attributes = (
        f'{CAMERA} {CONTAINER} GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" '
        'GCamera:MotionPhotoPresentationTimestampUs="500"'
    )
    return with_segments(jpeg(), said(attributes, items)) + film


def micro(film=FILM):
    """A motion photo of the older kind."""
    attributes = (
        f'{CAMERA} GCamera:MicroVideo="1" GCamera:MicroVideoVersion="1" '
        f'GCamera:MicroVideoOffset="{len(film)}" GCamera:MicroVideoPresentationTimestampUs="70"'
    )
    return with_segments(jpeg(), said(attributes)) + film


def trailer(film=FILM):
    """What Samsung hangs behind a picture: a date, the film, and a directory of both."""
    blocks = [
        (0x0A01, struct.pack("<HHL", 0, 0x0A01, 14) + b"Image_UTC_Data" + b"1667332800000"),
        (0x0A30, struct.pack("<HHL", 0, 0x0A30, 16) + b"MotionPhoto_Data" + film),
    ]
    back, listed = sum(len(block) for _, block in blocks), b""
    for kind, block in blocks:
        listed += struct.pack("<HHLL", 0, kind, back, len(block))
        back -= len(block)
    head = b"SEFH" + struct.pack("<LL", 106, len(blocks)) + listed
    return b"".join(b for _, b in blocks) + head + struct.pack("<L", len(head)) + b"SEFT"


def samsungs(film=FILM):
    """A motion photo that says nothing in XMP."""
    return jpeg() + trailer(film)


def both(film=FILM):
    """A motion photo of Samsung's that Google's programs find, too."""
    behind = trailer(film)
    length = len(behind) - behind.index(film)
    items = directory(("image/jpeg", "Primary", 0), ("video/mp4", "MotionPhoto", length))
    attributes = f'{CAMERA} {CONTAINER} GCamera:MotionPhoto="1"'
    return with_segments(jpeg(), said(attributes, items)) + behind


def listed(*others, kinds=None, segments=(), order="<"):
    """A JPEG with a list of pictures, and those behind it (CIPA DC-007)."""
    kinds = kinds or [0x020002] * len(others)
    count = 1 + len(others)
    size = 4 + 8 + 2 + 3 * 12 + 4 + 16 * count
    first = with_segments(jpeg(), *segments, segment(0xE2, bytes(size)))
    base = first.index(bytes(size)) + 4
    entries, at = struct.pack(order + "LLLHH", 0x030000, len(first), 0, 0, 0), len(first) - base
    for kind, other in zip(kinds, others, strict=True):
        entries += struct.pack(order + "LLLHH", kind, len(other), at, 0, 0)
        at += len(other)
    table = struct.pack(order + "H", 3)
    table += struct.pack(order + "HHL4s", 0xB000, 7, 4, b"0100")
    table += struct.pack(order + "HHLL", 0xB001, 4, 1, count)
    table += struct.pack(order + "HHLL", 0xB002, 7, 16 * count, 50) + bytes(4)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8)
    block = b"MPF\0" + head + table + entries
    return first.replace(bytes(size), block) + b"".join(others)
