"""Makers of pictures with metadata of every kind, put together by hand."""

import hashlib
import struct
from typing import Any

import numpy as np
from pictures import dark_rgb, saved
from PIL import Image, PngImagePlugin

from noiser.io.metadata.exif import Exif, Value, serialize

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
MAKER_NOTE = b"MakerNote v1\0" + bytes(range(200))
THUMBNAIL = b"\xff\xd8" + b"a stale thumbnail" * 20 + b"\xff\xd9"
LATITUDE = struct.pack(">6L", 51, 1, 28, 1, 4812, 100)
COORDINATE = b"51,28.802N"
CITY, DISTRICT = b"Greenwichtown", b"Blackheathton"


def table(order: str, entries: list[tuple[int, int, bytes]], at: int, following: int = 0) -> bytes:
    """A TIFF table with its long values behind it."""
    head, tail = struct.pack(order + "H", len(entries)), b""
    start = at + 2 + 12 * len(entries) + 4
    for tag, kind, data in sorted(entries):
        place = data.ljust(4, b"\0")
        if len(data) > 4:
            place = struct.pack(order + "L", start + len(tail))
            tail += data + b"\0" * (len(data) % 2)
        head += struct.pack(order + "HHL", tag, kind, len(data) // SIZES[kind]) + place
    return head + struct.pack(order + "L", following) + tail


def exif_block(order: str = ">", orientation: int = 1, width: int = 16, height: int = 12) -> bytes:
    """An EXIF block: camera, maker note, place, interoperability, and a second table."""

    def number(value: int) -> bytes:
        return struct.pack(order + "H", value)

    def place(at: int) -> bytes:
        return struct.pack(order + "L", at)

    camera_at, gps_at, interop_at, second_at = 300, 900, 1100, 1200
    main = [
        (271, 2, b"Maker\0"), (272, 2, b"Camera of a long name\0"), (274, 3, number(orientation)),
        (34665, 4, place(camera_at)), (34853, 4, place(gps_at)), (256, 4, place(width)),
    ]  # fmt: skip
    camera = [
        (33434, 5, struct.pack(order + "LL", 1, 8)), (36867, 2, b"2022:11:01 20:00:00\0"),
        (37500, 7, MAKER_NOTE), (40962, 4, place(width)), (40963, 4, place(height)),
        (40965, 4, place(interop_at)), (37510, 7, b"UNICODE\0" + "née".encode("utf-16-be")),
    ]  # fmt: skip
    gps = [(1, 2, b"N\0"), (2, 5, LATITUDE), (29, 2, b"2022:11:01\0")]
    thumbnail = [(513, 4, place(second_at + 100)), (514, 4, place(len(THUMBNAIL)))]
    data = bytearray(second_at + 100 + len(THUMBNAIL))
    mark = b"II*\0" if order == "<" else b"MM\0*"
    for at, piece in (
        (0, mark + place(8)),
        (8, table(order, main, 8, second_at)),
        (camera_at, table(order, camera, camera_at)),
        (gps_at, table(order, gps, gps_at)),
        (interop_at, table(order, [(1, 2, b"R98\0")], interop_at)),
        (second_at, table(order, thumbnail, second_at)),
        (second_at + 100, THUMBNAIL),
    ):
        data[at : at + len(piece)] = piece
    return b"Exif\0\0" + bytes(data)


def xmp_packet(orientation: int = 1, extra: str = "") -> bytes:
    """An XMP packet as cameras and editors write it."""
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="uuid:7"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 tiff:Orientation="{orientation}" xmp:Rating="5" photoshop:City="{CITY.decode()}">
<exif:GPSLatitude>{COORDINATE.decode()}</exif:GPSLatitude>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default"
 >A &lt;bridge&gt; &amp; more</rdf:li></rdf:Alt></dc:title>
<xmp:Thumbnails><rdf:Alt><rdf:li>c3RhbGU=</rdf:li></rdf:Alt></xmp:Thumbnails>
<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li
 Iptc4xmpExt:Sublocation="{DISTRICT.decode()}"/></rdf:Bag></Iptc4xmpExt:LocationShown>{extra}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def dataset(record: int, number: int, content: bytes) -> bytes:
    """An IPTC dataset."""
    return bytes([0x1C, record, number]) + struct.pack(">H", len(content)) + content


IPTC = (
    dataset(1, 90, b"\x1b%G")
    + dataset(2, 80, "Łucja".encode())
    + dataset(2, 90, CITY)
    + dataset(2, 92, DISTRICT)
    + dataset(2, 120, b"A bridge")
)
"""A byline, a city, a district and a caption."""

UNEVEN = IPTC + dataset(2, 105, b"Night")
"""With a headline: of a length that is no multiple of four."""


def resource(number: int, content: bytes) -> bytes:
    """A Photoshop resource without a name."""
    head = b"8BIM" + struct.pack(">HHL", number, 0, len(content))
    return head + content + b"\0" * (len(content) % 2)


RESOURCES = (
    resource(1005, struct.pack(">LHHLHH", 300 << 16, 1, 1, 300 << 16, 1, 1))
    + resource(1028, IPTC)
    + resource(1034, b"\1")
    + resource(1036, THUMBNAIL)
)
"""Resolution, IPTC, the copyright flag and a thumbnail."""


def segment(marker: int, content: bytes) -> bytes:
    """A JPEG's segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """Put segments behind a JPEG's first."""
    at = 2
    if data[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(data[4:6], "big")
    return data[:at] + b"".join(segments) + data[at:]


def everything(format_: str = "JPEG", orientation: int = 1, **options: Any) -> bytes:
    """A file with metadata of all kinds that its format can hold."""
    image = Image.fromarray(dark_rgb(48, 64))
    block = exif_block(orientation=orientation, width=64, height=48)
    packet = xmp_packet(orientation)
    if format_ == "JPEG":
        data = saved(image, "JPEG", exif=block, dpi=(300, 300), comment=b"a comment", **options)
        return with_segments(
            data,
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet),
            segment(0xED, b"Photoshop 3.0\0" + RESOURCES),
        )
    if format_ == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", packet.decode())
        chunks.add_text("Title", "A bridge")
        chunks.add_text("Description", "At night" * 40, zip=True)
        chunks.add_itxt("Author", "Łucja", "pl", "Autor")
        return saved(image, "PNG", exif=block, pnginfo=chunks, dpi=(300, 300), **options)
    if format_ == "TIFF":
        tags = {700: packet, 33723: IPTC, 34377: RESOURCES, 271: "Maker", 274: orientation}
        return saved(image, "TIFF", tiffinfo=tags, dpi=(300, 300), **options)
    return saved(image, format_, exif=block, xmp=packet, **options)


def full_exif(order: str = ">") -> bytes:
    """EXIF with all that Exif 2.32 requires in a JPEG, and types that Pillow would not guess."""

    def numbers(code: str, *values: int) -> bytes:
        return struct.pack(f"{order}{len(values)}{code}", *values)

    letters = "née".encode("utf-16-be" if order == ">" else "utf-16-le")
    resolution = Value(5, numbers("L", 300, 1))
    main = {
        271: Value(2, b"Maker\0"), 282: resolution, 283: resolution, 296: Value(3, numbers("H", 2)),
        531: Value(3, numbers("H", 2)),
    }  # fmt: skip
    camera = {
        36864: Value(7, b"0231"), 37121: Value(7, bytes((1, 2, 3, 0))), 40960: Value(7, b"0100"),
        37122: Value(5, numbers("L", 4, 1)), 37380: Value(10, numbers("l", 1, 3)),
        37500: Value(7, MAKER_NOTE), 37510: Value(7, b"UNICODE\0" + letters),
        40961: Value(3, numbers("H", 1)), 40962: Value(3, numbers("H", 64)),
        40963: Value(3, numbers("H", 48)), 41729: Value(7, b"\1"),
    }  # fmt: skip
    place = {
        0: Value(1, bytes((2, 3, 0, 0))), 1: Value(2, b"N\0"),
        2: Value(5, numbers("L", 51, 1, 28, 1, 4812, 100)), 5: Value(1, b"\0"),
        27: Value(7, b"ASCII\0\0\0GPS"),
    }  # fmt: skip
    return serialize(Exif(order, main, camera, place, {1: Value(2, b"R98\0")}, 400))


def full_jpeg() -> bytes:
    """A JPEG with metadata of all kinds, in which nothing is amiss; its IPTC has a digest."""
    digest = resource(1061, hashlib.md5(UNEVEN, usedforsecurity=False).digest())
    image = Image.fromarray(dark_rgb(48, 64))
    return with_segments(
        saved(image, "JPEG", exif=full_exif(), dpi=(300, 300), comment=b"a comment"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_packet()),
        segment(0xED, b"Photoshop 3.0\0" + resource(1028, UNEVEN) + digest),
    )


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn pixels by hand as EXIF 2.32's table 6 says where row 0 and column 0 are."""
    turns = {
        1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1], 5: lambda p: p.swapaxes(0, 1),
        6: lambda p: p.swapaxes(0, 1)[:, ::-1],
        7: lambda p: p[::-1, ::-1].swapaxes(0, 1), 8: lambda p: p.swapaxes(0, 1)[::-1],
    }  # fmt: skip
    return turns[orientation](pixels)
