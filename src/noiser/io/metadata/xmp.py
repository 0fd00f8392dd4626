"""XMP: change some properties of a packet, and leave a packet alone that needs no change.

The parser takes no document type, so there are no entities to unfold, and only a few levels.
Prefixes stay as they were written: some readers look for `tiff:Orientation` as it stands.
"""

from collections.abc import Callable, Iterator, Mapping
from xml.etree.ElementTree import Element, TreeBuilder, tostring
from xml.parsers import expat

from noiser.core.errors import DecodeError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
"""Namespace of the frame in which properties stand."""

TIFF, EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
"""Namespaces of EXIF's tags, once more."""

BASIC = "http://ns.adobe.com/xap/1.0/"
"""Namespace of the program, the dates and the thumbnails."""

ATTACHED = (
    "http://ns.adobe.com/hdr-gain-map/", "http://ns.apple.com/HDRGainMap/",
    "http://ns.google.com/photos/1.0/container/", "http://ns.google.com/photos/dd/1.0/",
    "http://ns.adobe.com/xmp/note/",
)  # fmt: skip
"""Beginnings of the namespaces that describe what was attached to the file and does not come along:
gain maps, videos, and the rest of a long packet."""

MOTION = ("MotionPhoto", "MicroVideo", "OLivePhoto")
"""Beginnings of the names of Google's and others' cameras for an attached video."""

PLACE_NAMES = frozenset(
    ("city", "state", "country", "countrycode", "countryname", "provincestate", "worldregion",
     "sublocation", "location", "locationcreated", "locationshown", "locationname", "locationid")
)  # fmt: skip
"""Names of a place in Photoshop's and IPTC's namespaces, in small letters."""

GEO = "http://www.w3.org/2003/01/geo/wgs84_pos#"
"""Namespace of W3C's coordinates."""

PLACE_WORDS = ("gps", "latitude", "longitude", "geotag", "geolocation")
"""Parts of the names of coordinates in any namespace, in small letters."""

MAX_LEVELS = 64
"""Of elements within elements; real packets have about ten."""

PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}\n<?xpacket end="w"?>'
"""The wrapper by which scanners find a packet."""


def parse(packet: bytes) -> Element:
    """Read a packet into elements whose names have their prefixes.

    Raises:
        DecodeError: It is not well-formed, has a document type, or too many levels.
    """
    parser, builder, level = expat.ParserCreate(), TreeBuilder(), 0

    def refuse(*_: object) -> None:
        raise DecodeError("XMP with a document type")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal level
        level += 1
        if level > MAX_LEVELS:
            raise DecodeError(f"XMP of more than {MAX_LEVELS} levels")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal level
        level -= 1
        builder.end(tag)

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.buffer_text = True
    try:
        parser.Parse(packet.strip(b"\0 \r\n\t"), True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise DecodeError(f"XMP that is not well-formed: {error}") from error
    return builder.close()


def serialize(root: Element) -> bytes:
    """Write a packet."""
    return PACKET.format(tostring(root, encoding="unicode")).encode()


def edited(
    packet: bytes,
    drop: Callable[[str, str], bool],
    values: Mapping[tuple[str, str], str] | None = None,
) -> bytes:
    """Leave properties out and set others that are there.

    Args:
        packet: Well-formed.
        drop: Told namespace and name, says what goes, with all that is in it.
        values: New values by namespace and name.

    Returns:
        The packet, the same bytes where nothing had to change.

    Raises:
        DecodeError: See `parse`.
    """
    root = parse(packet)
    return serialize(root) if _edit(root, {}, drop, values or {}) else packet


def drop_properties(root: Element, drop: Callable[[str, str], bool]) -> bool:
    """Leave properties of a packet out, in place; tells whether there were any."""
    return _edit(root, {}, drop, {})


def is_attached(namespace: str, name: str) -> bool:
    """Tell a property of a thumbnail or of something else that stays behind."""
    if namespace == BASIC:
        return name == "Thumbnails"
    return namespace.startswith(ATTACHED) or name.startswith(MOTION)


def is_place(namespace: str, name: str) -> bool:
    """Tell a property of where the picture was taken or what place it shows."""
    low = name.lower()
    return namespace == GEO or low in PLACE_NAMES or any(word in low for word in PLACE_WORDS)


def properties(root: Element, namespace: str) -> dict[str, str]:
    """Collect the properties of one namespace that are plain texts."""
    found: dict[str, str] = {}
    for element, scope in _walk(root, {}):
        if (name := _resolve(element.tag, scope))[0] == namespace:
            found[name[1]] = (element.text or "").strip()
        for key, value in element.attrib.items():
            if (name := _resolve(key, scope))[0] == namespace:
                found[name[1]] = value
    return found


def find(root: Element, namespace: str, name: str) -> tuple[Element, dict[str, str]] | None:
    """Find the first element of a name, and the prefixes that hold there."""
    found = (e for e in _walk(root, {}) if _resolve(e[0].tag, e[1]) == (namespace, name))
    return next(found, None)


def _edit(
    element: Element,
    scope: dict[str, str],
    drop: Callable[[str, str], bool],
    values: Mapping[tuple[str, str], str],
) -> bool:
    scope, changed = _scope_of(element, scope), False
    for key, value in list(element.attrib.items()):
        name = _resolve(key, scope)
        if drop(*name) and name[0]:
            del element.attrib[key]
            changed = True
        elif values.get(name, value) != value:
            element.set(key, values[name])
            changed = True
    for child in list(element):
        name = _resolve(child.tag, _scope_of(child, scope))
        if drop(*name) and name[0]:
            element.remove(child)
            changed = True
        elif name in values and len(child) == 0 and (child.text or "").strip() != values[name]:
            child.text, changed = values[name], True
        else:
            changed |= _edit(child, scope, drop, values)
    return changed


def _walk(element: Element, scope: dict[str, str]) -> Iterator[tuple[Element, dict[str, str]]]:
    scope = _scope_of(element, scope)
    yield element, scope
    for child in element:
        yield from _walk(child, scope)


def _scope_of(element: Element, scope: dict[str, str]) -> dict[str, str]:
    """Add the prefixes that an element declares."""
    own = {k[6:]: v for k, v in element.attrib.items() if k == "xmlns" or k.startswith("xmlns:")}
    return scope | own if own else scope


def _resolve(name: str, scope: dict[str, str]) -> tuple[str, str]:
    """Split a name into namespace and local name; no namespace where its prefix has none."""
    prefix, colon, local = name.rpartition(":")
    if prefix == "xmlns" or (not colon and name == "xmlns"):
        return "", name
    return scope.get(prefix, ""), local
