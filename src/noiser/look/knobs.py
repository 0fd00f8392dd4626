"""Knobs: the numbers that can be turned, each declared once with its range, default and help."""

from dataclasses import dataclass, field, fields
from typing import Any

from noiser.core.types import Padding


def _knob(low: float, high: float, text: str, **default: float) -> Any:
    """Declare a knob with its range and its help, which the command line reads."""
    return field(metadata={"low": low, "high": high, "help": text}, **default)  # type: ignore


@dataclass(frozen=True)
class Look:
    """A value for each knob; every combination is a look.

    Every knob is a number that can be turned smoothly and has a neutral value, at which it
    does nothing. All steps are local: a pixel of the output depends on the moments and on
    the pixels at most 7 away, so any tiling gives the same bytes.

    Raises:
        ValueError: A knob is outside its range.
    """

    padding: Padding
    """What lies outside the image's borders.

    `zero`, the paper's, is mid-gray: in a dark photo a bright frame, which glows into the
    picture and damps it by an amount that depends on the photo's size. `replicate` is neutral.
    """

    strength: float = _knob(0.0, 1.0, "Share of the enhanced picture: 0 is the input.", default=1.0)
    """Share of the enhanced picture; the rest is the input. 0 returns the input's bytes."""

    restraint: float = _knob(
        0.0, 1.0, "How far well-lit pictures are left alone; 0 treats all alike.", default=0.0
    )
    """How far the effect fades where a picture has light enough; 0 is neutral.

    At 1 a picture that needs nothing keeps nine tenths of itself.
    """

    auto: float = _knob(
        0.0, 1.0, "How far the picture sets brightness and contrast; 0 always gray.", default=0.0
    )
    """How far the picture's own light sets brightness, contrast and noise floor; 0 is neutral.

    At 0 every picture comes out around mid-gray, as the paper's do; at 1 a night stays one,
    and twice the exposure gives the same picture.
    """

    brightness: float = _knob(
        -0.9, 0.9, "Where mid-gray goes between black (-1) and white (1).", default=0.0
    )
    """Where mid-gray goes in (-1, 1), after `auto`; 0 is neutral.

    The odds of each value are multiplied, so nothing clips: the mean shift of MS-NoiSER,
    applied when folding instead of when training.
    """

    contrast: float = _knob(0.0, 4.0, "Slope at mid-gray; 1 is neutral.", default=1.0)
    """Slope at mid-gray, times that of `auto`; 1 is neutral, 0 is flat gray. Nothing clips."""

    black: float = _knob(
        0.0, 1.0, "Darkness of the shadows: 0 leaves them gray like the paper.", default=0.0
    )
    """How far black is anchored; 0 is neutral.

    The network moves the mean to gray and black with it. At 1 an eighth of the mean luma is
    darkened to a half, and more if the darkest fiftieth of the picture is black.
    """

    highlights: float = _knob(
        0.0, 1.0, "How far lamps and skies keep their drawing; 0 is the network's.", default=0.0
    )
    """Share of the photo's own in what is missing to white; 0 is neutral."""

    color: float = _knob(
        0.0, 1.0, "Colours: 0 is gray-world like the paper, 1 the photo's own.", default=0.0
    )
    """How far the colours are the photo's own; 0, neutral, leaves them to the network.

    From 1 down to 0.5 the photo's tint fades: what keeps its mean from gray. So far the network
    sees and makes luma alone. From there to 0 its own colours, which tend to gray, take over.
    """

    detail: float = _knob(0.0, 2.0, "Fine detail given back, which the network blurs.", default=0.0)
    """Fine detail of the photo given back to what the network blurs; 0 is neutral."""

    denoise: float = _knob(
        0.0, 1.0, "Share of the noise, as measured, that is taken away.", default=0.0
    )
    """Share of the noise that is taken away, as far as it would be seen; 0 is neutral.

    How strong it is by brightness is measured in the picture itself.
    """

    local: float = _knob(
        0.0, 1.0, "How far each part gets its light; 0 treats all alike.", default=0.0
    )
    """How far dark parts are raised that one tone curve for all leaves dark; 0 is neutral.

    What is dark is told by place and brightness, without crossing edges. Before a bright sky or
    window the sky stays as it is.
    """

    noise_floor: float = _knob(
        0.0, 0.5, "More noise to expect than `auto` does, share of the full range.", default=0.0
    )
    """Standard deviation of noise to expect beside that of `auto` [share of the full range].

    Contrast below it is not blown up; 0 is neutral.
    """

    eps: float = _knob(
        1e-12, 1.0, "Added to each hidden variance; the paper's is 1e-5.", default=1e-5
    )
    """Added to each hidden variance by the normalization, squared units of [-1, 1]."""

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        if self.padding not in ("zero", "replicate"):
            raise ValueError(f"padding is {self.padding!r}; it must be 'zero' or 'replicate'")
        for knob in knobs():
            value, low, high = getattr(self, knob.name), knob.metadata["low"], knob.metadata["high"]
            if not low <= value <= high:
                raise ValueError(f"{knob.name} is {value}; it must be from {low:g} to {high:g}")

    @property
    def develops(self) -> bool:
        """Whether there is more to do with the network's output than to show it."""
        return any((self.black, self.highlights, self.color, self.detail, self.denoise, self.local))

    @property
    def needs_light(self) -> bool:
        """Whether the picture's tones and grain have to be known."""
        return self.develops or self.auto > 0 or self.restraint > 0


def knobs() -> list[Any]:
    """List the fields of a look that are continuous numbers with a range."""
    return [f for f in fields(Look) if "low" in f.metadata]
