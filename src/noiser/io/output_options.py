"""Output options: how a file is to be written, as far as its user chooses."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from noiser.core.version import __version__
from noiser.io.color.conversion import UNCONVERTED, Conversion, Target, conversion_for
from noiser.io.color.profiles import is_srgb
from noiser.io.formats import LOSSY
from noiser.io.metadata import exif, iptc, xmp
from noiser.io.metadata.attachments.motion_photo import Film
from noiser.io.metadata.embed import fitted
from noiser.io.metadata.embedded_settings import Settings, to_xmp
from noiser.io.metadata.png import text as png_text

NEEDED = ("icc_profile", "notes")
"""Metadata that stay when all others are stripped: what shows the picture right."""


QUALITIES = (1, 100)
"""The least and the best quality, as libjpeg counts; encoders of other formats mean their own."""

SIZES = (1, 1_000_000)
"""What the longest side of an output may be limited to [pixels]."""


@dataclass(frozen=True)
class OutputOptions:
    """What the user wants of the files that are written, whatever the picture."""

    format: str | None = None
    """`JPEG`, `PNG`, ...; by default the input's own, or what the output's suffix says."""

    metadata: Literal["keep", "no-location", "none"] = "keep"
    """What of the metadata is handed on. The colour profile always is."""

    software: bool = False
    """Whether EXIF says that noiser made the file."""

    settings: Settings | None = None
    """How the pictures are enhanced, to be written into their XMP."""

    profile: Target = "keep"
    """Whether the colours keep the file's profile, or become sRGB."""

    attachments: bool = False
    """Whether the film of a motion photo goes from JPEG to JPEG."""

    quality: int | None = None
    """Of the formats that have it, in `QUALITIES`; by default the input's own, or 90."""

    max_size: int | None = None
    """Of the longest side of the output, in `SIZES` [pixels]; nothing is ever enlarged."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the options mean for one picture."""

    conversion: Conversion
    """The way of the pixels to the network and back."""

    metadata: dict[str, Any]
    """To be written."""

    notes: tuple[str, ...]
    """What the user should know."""


def prepare(
    metadata: dict[str, Any],
    channels: int,
    output: OutputOptions,
    format_: str,
    *,
    is_linear: bool = False,
) -> Prepared:
    """Apply the user's choices to a picture's metadata, and find the way of its pixels.

    Args:
        metadata: As `read_metadata` gives them.
        channels: Of the picture.
        output: The choices.
        format_: To be written.
        is_linear: Whether the pixels are floats, which are linear light whatever their profile
            says of curves.
    """
    notes = list(metadata.get("notes", ()))
    profile = metadata.get("icc_profile")
    conversion: Conversion = UNCONVERTED
    note = None
    if not is_linear:
        conversion, profile, note = conversion_for(profile, channels, output.profile)
    elif profile is not None and output.profile == "srgb":
        note = "floats keep their profile; it was not converted"
    notes += [note] if note else []
    made = dict(metadata)
    if output.metadata == "none":
        made = _none(made)
    elif output.metadata == "no-location":
        made = without_location(made)
    if profile is not None:
        made["icc_profile"] = profile
    if output.profile == "srgb" and made.get("exif"):
        made = _with_exif(made, _as_srgb(_exif_in(made)))
    if output.software:
        block = _exif_in(made).with_text(exif.SOFTWARE, f"noiser {__version__}")
        made = _with_exif(made, block)
    if output.settings is not None:
        made["xmp"] = to_xmp(output.settings, made.get("xmp"))
    made.pop("film", None)
    film: Film | None = metadata.get("film")
    if film is not None:
        can_stay = format_ == "JPEG" and output.metadata == "keep"
        if can_stay and output.attachments:
            made |= _hung_behind(film, made.get("xmp"))
        else:
            option = "; --keep-attachments carries it along" if can_stay else ""
            notes.append(f"the film of a motion photo was left out{option}")
    notes += _notes_on(format_, channels, profile, output.quality)
    made, lost = fitted(made, format_)
    return Prepared(conversion, made, tuple(notes + lost))


def _notes_on(
    format_: str, channels: int, profile: bytes | None, quality: int | None
) -> Iterator[str]:
    """Say what a format cannot do of what it is asked for."""
    if format_ == "GIF" and channels > 2:
        yield "GIF holds 256 colours; --format webp keeps all of them"
    if quality is not None and format_ not in LOSSY:
        yield f"{format_} has no quality to choose"
    if quality is not None and format_ == "JXL" and profile and not is_srgb(profile):
        yield "a JPEG XL with another profile than sRGB's is without loss, whatever the quality"


def _hung_behind(film: Film, packet: bytes | None) -> dict[str, Any]:
    """Let the film follow the picture, and XMP say where it is."""
    packet = film.claimed(packet)
    return {"tail": film.tail} | ({"xmp": packet} if packet else {})


def without_location(metadata: dict[str, Any]) -> dict[str, Any]:
    """Leave out where the picture was taken, and what place it shows.

    EXIF loses its GPS table, and the maker note and private tags of which nobody knows what they
    hold; GeoTIFF's are among them. XMP and IPTC lose coordinates and names of places.
    Of Photoshop's other resources only a few stay, of which it is known that they name no place.
    """
    made = dict(metadata)
    if "exif" in made:
        made = _with_exif(made, _exif_in(made).without_places())
    if "xmp" in made:
        made["xmp"] = xmp.edited(made["xmp"], xmp.is_place)
    if "iptc" in made:
        made["iptc"] = iptc.without_places(made["iptc"])
    if "resources" in made:
        made["resources"] = tuple(r for r in made["resources"] if r[0] in iptc.SAID)
    if "text" in made:
        names = [png_text.name_of(content) for _, content in made["text"]]
        texts = zip(names, made["text"], strict=True)
        made["text"] = tuple(t for name, t in texts if not xmp.is_place("", name))
    return {kind: value for kind, value in made.items() if value}


def _none(metadata: dict[str, Any]) -> dict[str, Any]:
    """Keep what is needed to show the picture right."""
    made = {kind: value for kind, value in metadata.items() if kind in NEEDED}
    order = _exif_in(metadata).number("main", exif.ORIENTATION) if "exif" in metadata else None
    if order is not None:  # of pixels that are not turned
        made = _with_exif(made, exif.Exif().with_number("main", exif.ORIENTATION, order))
    return made


def _as_srgb(block: exif.Exif) -> exif.Exif:
    """Let EXIF name no other colour space."""
    block = exif.Exif(block.order, block.main, block.camera, block.place, {}, block.note_at)
    if exif.COLOR_SPACE in block.camera:
        block = block.with_number("camera", exif.COLOR_SPACE, 1)
    return block


def _exif_in(metadata: dict[str, Any]) -> exif.Exif:
    """Take EXIF apart that was laid out by us."""
    data = metadata.get("exif", b"")
    return exif.parse(data, 2 * len(data)) if data else exif.Exif()


def _with_exif(metadata: dict[str, Any], block: exif.Exif) -> dict[str, Any]:
    """Put an EXIF block back; an empty one is none."""
    rest = {kind: value for kind, value in metadata.items() if kind != "exif"}
    data = exif.serialize(block)
    return rest | ({"exif": data} if data else {})
