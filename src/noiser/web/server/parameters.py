"""Parameters: the fields of a request, declared once, for reading and for describing them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import nan
from typing import Any, get_args, get_type_hints

from noiser.io.color.conversion import Target
from noiser.io.formats import DEPTHS, suffix_of
from noiser.io.output_options import QUALITIES, SIZES, OutputOptions
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS
from noiser.look.presets import all_presets
from noiser.web.server.errors import RefusedError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A decimal number, as JSON and every language write it; Python reads more."""

MEDIA_TYPES = {name: f"image/{name.lower()}" for name in DEPTHS}
"""Of the formats that are written: `image/jpeg` and so on."""

FORMAT_ALIASES = {
    alias: name.lower() for name in DEPTHS if (alias := suffix_of(name)[1:]) != name.lower()
}
"""Formats by the names that their files have, `jpg` and `tif`, where those are others."""


WRITTEN = ("metadata", "profile", "quality", "max_size")
"""Fields that say how the answer is written, by their names in `OutputOptions`."""


@dataclass(frozen=True)
class Parameter:
    """One field of a request."""

    description: str
    """One line."""

    choices: tuple[str, ...] = ()
    """All allowed values of a text."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other words for some of them."""

    low: float = 0.0
    """Least value of a number."""

    high: float = 0.0
    """Largest value of a number."""

    is_whole: bool = False
    """Whether a number must be an integer."""

    @property
    def schema(self) -> dict[str, Any]:
        """The allowed values as JSON Schema."""
        if self.choices:
            return {"type": "string", "enum": [*self.choices, *self.aliases]}
        kind = "integer" if self.is_whole else "number"
        return {"type": kind, "minimum": self.low, "maximum": self.high}

    def value(self, name: str, text: str) -> str | float:
        """Read a value.

        Raises:
            RefusedError: It is not allowed; the message says what is.
        """
        if self.choices:
            chosen = self.aliases.get(text, text)
            if chosen not in self.choices:
                allowed = f"it must be one of {', '.join([*self.choices, *self.aliases])}"
                raise RefusedError("bad_parameter", f"{name} is {_shown(text)}; {allowed}")
            return chosen
        number = float(text) if NUMBER.fullmatch(text) else nan
        if not self.low <= number <= self.high or (self.is_whole and number % 1):
            kind = "an integer" if self.is_whole else "a number"
            allowed = f"it must be {kind} from {self.low:.7g} to {self.high:.7g}"
            raise RefusedError("bad_parameter", f"{name} is {_shown(text)}; {allowed}")
        return int(number) if self.is_whole else number


@dataclass(frozen=True)
class Wanted:
    """What a request asks for."""

    options: tuple[tuple[str, str | float], ...]
    """Arguments of `Enhancer`."""

    format: str | None = None
    """Of the answer; None is the picture's own."""

    metadata: str = OutputOptions.metadata
    """As in `OutputOptions`."""

    profile: str = OutputOptions.profile
    """As in `OutputOptions`."""

    quality: int | None = None
    """As in `OutputOptions`."""

    max_size: int | None = None
    """As in `OutputOptions` [pixels]."""


@cache
def look_parameters() -> dict[str, Parameter]:
    """List the fields that choose a look without its knobs, by name."""
    return {"look": Parameter("What the picture is to look like.", tuple(LOOKS))}


@cache
def enhance_parameters() -> dict[str, Parameter]:
    """List all fields of an enhancement, by name."""
    hints = get_type_hints(OutputOptions)
    turned = {
        k.name: Parameter(k.metadata["help"], low=k.metadata["low"], high=k.metadata["high"])
        for k in knobs()
        if k.name != "eps"
    }
    return {
        **look_parameters(),
        "preset": Parameter("Look and knobs by a name; what is given beside it wins.",
                            tuple(all_presets(None))),
        **turned,
        "format": Parameter("Of the answer; by default the header Accept chooses, or the "
                            "picture's own.", tuple(map(str.lower, DEPTHS)), FORMAT_ALIASES),
        "quality": Parameter("Of JPEG, WebP, AVIF, HEIC and JPEG XL; by default the picture's "
                             "own, or 90.", low=QUALITIES[0], high=QUALITIES[1], is_whole=True),
        "max_size": Parameter("Of the answer's longest side [pixels]; nothing is enlarged.",
                              low=SIZES[0], high=SIZES[1], is_whole=True),
        "metadata": Parameter("What of the metadata is handed on.", get_args(hints["metadata"])),
        "profile": Parameter("Keep the colour profile, or convert to sRGB.", get_args(Target)),
    }  # fmt: skip


def values_of(
    pairs: Iterable[tuple[str, str]], parameters: Mapping[str, Parameter]
) -> dict[str, str | float]:
    """Read fields.

    Args:
        pairs: Names and values as they were sent.
        parameters: Those that there are.

    Raises:
        RefusedError: One is unknown, repeated, or has a value that is not allowed.
    """
    found: dict[str, str | float] = {}
    for name, text in pairs:
        if name not in parameters:
            there = ", ".join(parameters)
            raise RefusedError(
                "bad_parameter", f"{_shown(name)} is no field; the fields are {there}"
            )
        if name in found:
            raise RefusedError("bad_parameter", f"{name} is given twice; give it once")
        found[name] = parameters[name].value(name, text)
    return found


def wanted_of(values: Mapping[str, str | float], accepted: str | None = None) -> Wanted:
    """Make of fields what they ask for.

    Args:
        values: As `values_of` gives them.
        accepted: The format that the client likes best, where no field says it.
    """
    rest = dict(values)
    output: dict[str, Any] = {name: rest.pop(name) for name in WRITTEN if name in rest}
    format_ = str(rest.pop("format", accepted or "")).upper() or None
    preset = rest.pop("preset", None)
    options = {**(all_presets(None)[str(preset)].options if preset else {}), **rest}
    return Wanted(tuple(sorted(options.items())), format_, **output)


def accepted_format(header: str) -> str | None:
    """Choose a format by the header `Accept`, RFC 9110, section 12.5.1.

    Returns:
        The format that the client likes best, None for the picture's own.

    Raises:
        RefusedError: It allows none that is written.

    Example:
        >>> accepted_format("text/html, image/webp;q=0.9, */*;q=0.1")
        'WEBP'
    """
    formats: dict[str, str | None] = {media: name for name, media in MEDIA_TYPES.items()}
    formats |= {f"image/{alias}": name.upper() for alias, name in FORMAT_ALIASES.items()}
    formats |= {"image/*": None, "*/*": None}
    ranked = sorted(map(_liked, header.split(",")), key=lambda liked: -liked[1])
    for media, quality in ranked:
        if media in formats and quality > 0:
            return formats[media]
    written = ", ".join(MEDIA_TYPES.values())
    raise RefusedError("not_acceptable", f"Accept allows nothing that is written: {written}")


def _liked(item: str) -> tuple[str, float]:
    """Read one item of `Accept`: a media type, and how much it is liked from 0 to 1."""
    media, *parameters = (part.strip().lower() for part in item.split(";"))
    quality = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
    return media, float(quality) if NUMBER.fullmatch(quality) else 0.0


def _shown(text: str) -> str:
    """Repeat a client's word in one short line of ASCII."""
    return ascii(text if len(text) <= 40 else f"{text[:37]}...")
