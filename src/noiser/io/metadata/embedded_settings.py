"""Settings: a look's name and knobs, written into a picture's XMP, and read back."""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from noiser.core.errors import DecodeError, UnsupportedError
from noiser.core.version import __version__
from noiser.io.metadata import xmp
from noiser.look.knobs import Look, knobs
from noiser.look.looks import LOOKS
from noiser.model.network import PACKAGED, packaged_bytes

NAMESPACE = "urn:noiser:settings:1/"
"""Of our properties in XMP."""

EMPTY = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
)
"""A packet without properties."""


@dataclass(frozen=True)
class Settings:
    """How a picture was enhanced."""

    look: str
    """The look's name."""

    knobs: tuple[tuple[str, float], ...]
    """Every knob and its value, those included that are the look's own."""

    sha256: str
    """Of the network's file."""

    version: str = __version__
    """Of noiser."""

    def __post_init__(self) -> None:
        """Refuse what this version cannot do again.

        Raises:
            UnsupportedError: The look, or a knob or its value, is unknown.
        """
        if self.look not in LOOKS:
            raise UnsupportedError(
                f"its settings name the look {self.look!r}; this version has {', '.join(LOOKS)}"
            )
        ranges = {k.name: (k.metadata["low"], k.metadata["high"]) for k in knobs()}
        for name, value in self.knobs:
            if name not in ranges:
                raise UnsupportedError(
                    f"its settings have a knob {name!r}, which this version has not"
                )
            low, high = ranges[name]
            if not (math.isfinite(value) and low <= value <= high):
                raise UnsupportedError(
                    f"its settings have {name} {value}; it must be from {low:g} to {high:g}"
                )

    def facts(self) -> dict[str, Any]:
        """Give the settings as plain values, for printing and for JSON."""
        return {
            "look": self.look,
            "knobs": dict(self.knobs),
            "network": self.sha256,
            "noiser": self.version,
        }


def settings_of(name: str, look: Look, weights: Path | None = None) -> Settings:
    """Note how pictures are enhanced.

    Args:
        name: The look's.
        look: With its knobs as they are turned.
        weights: Another network's file; by default the look's packaged one.
    """
    values = tuple((knob.name, float(getattr(look, knob.name))) for knob in knobs())
    return Settings(name, values, network_sha256(name, weights))


def network_sha256(look: str, weights: Path | None = None) -> str:
    """Compute the SHA-256 of a network's file, or of a look's packaged one."""
    if weights is not None:
        return hashlib.sha256(weights.read_bytes()).hexdigest()
    return hashlib.sha256(packaged_bytes(look if look in PACKAGED else PACKAGED[0])).hexdigest()


def to_xmp(settings: Settings, existing: bytes | None = None) -> bytes:
    """Write settings into a packet.

    Args:
        settings: To be written.
        existing: The picture's own packet, to which they are added; earlier settings go.

    Returns:
        The new packet.

    Raises:
        DecodeError: The existing one is not well-formed, or has a document type.
    """
    root = xmp.parse(existing or EMPTY)
    xmp.drop_properties(root, lambda namespace, _name: namespace == NAMESPACE)
    frame, prefix, about = _frame(root)
    description = SubElement(frame, f"{prefix}:Description", {"xmlns:noiser": NAMESPACE})
    description.set(f"{prefix}:about", about)
    description.set("noiser:Version", settings.version)
    description.set("noiser:Look", settings.look)
    description.set("noiser:NetworkSHA256", settings.sha256)
    for name, value in settings.knobs:
        description.set(f"noiser:{name}", repr(value))
    return xmp.serialize(root)


def _frame(root: Element) -> tuple[Element, str, str]:
    """Find where descriptions stand, RDF's prefix there, and what they are about; or make it."""
    found = xmp.find(root, xmp.RDF, "RDF")
    if found is None:
        return SubElement(root, "rdf:RDF", {"xmlns:rdf": xmp.RDF}), "rdf", ""
    frame = found[0]
    prefix = frame.tag.rpartition(":")[0]
    if not prefix:  # RDF without a prefix: attributes need one
        prefix = "rdf"
        frame.set("xmlns:rdf", xmp.RDF)
    for child in list(frame):
        if _says_nothing(child):
            frame.remove(child)
    first = next(iter(frame), None)
    about = "" if first is None else first.get(f"{prefix}:about", "")
    return frame, prefix, about


def _says_nothing(description: Element) -> bool:
    """Tell a description that has no properties left."""
    if len(description):
        return False
    names = {k.rpartition(":")[2] for k in description.attrib if not k.startswith("xmlns")}
    return names <= {"about"}


def from_xmp(packet: bytes | None) -> Settings | None:
    """Read settings from a packet; None if it has none.

    Raises:
        DecodeError: The settings are damaged.
        UnsupportedError: See `Settings`.
    """
    if not packet:
        return None
    found = xmp.properties(xmp.parse(packet), NAMESPACE)
    if not found:
        return None
    try:
        version, look, sha256 = (found.pop(n) for n in ("Version", "Look", "NetworkSHA256"))
        values = tuple((name, float(value)) for name, value in found.items())
    except (KeyError, ValueError) as error:
        raise DecodeError("its settings are damaged") from error
    return Settings(look, values, sha256, version)
