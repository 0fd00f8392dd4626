"""JPEG XL's header: what its decoder does not tell of a file, read bit by bit.

ISO/IEC 18181-1 (codestream, annexes D and E) and 18181-2 (container). Fields come lowest bit first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from noiser.core.errors import DecodeError
from noiser.io.codecs.boxed.boxes import boxes

CONTAINER = b"\0\0\0\x0cJXL "
"""How a file of boxes begins; others are the codestream alone."""

ALPHA, SPOT, BLACK, CFA = 0, 2, 4, 5
"""Kinds of channels beside the colours."""

GRAY, XYB = 1, 2
"""Numbers of colour spaces; 0 is RGB."""

CUSTOM, GAMMA = 2, 0
"""Numbers of a white point or of primaries that follow, and here of a curve that is a gamma."""

SRGB_WORDS = (1, 1, 13)
"""White D65, primaries of BT.709, and sRGB's curve, by their numbers in ITU-T H.273."""

MOST_EXTRA = 256
"""Channels beside the colours: a file with more is damaged, or an attack."""

MOST_HEADER = 1 << 16
"""Longer than a header with the longest names of all channels [bytes]."""

Choice = int | tuple[int, int]
"""A value, or an offset and the bits that are added to it."""

ENUM: tuple[Choice, ...] = (0, 1, (2, 4), (18, 6))
SIDE: tuple[Choice, ...] = ((1, 9), (1, 13), (1, 18), (1, 30))


@dataclass
class Header:
    """What the first bits of a codestream say."""

    is_animated: bool = False
    """Whether it may have several frames."""

    bits: int = 8
    """Of a colour."""

    is_float: bool = False
    """Whether colours are floats."""

    extra: list[tuple[int, bool]] = field(default_factory=list)
    """Each channel beside the colours: its kind, and whether it is premultiplied alpha."""

    is_xyb: bool = True
    """Whether colours lie in XYB, from which they come back with a loss."""

    has_profile: bool = False
    """Whether its colours are described by an ICC profile, and not in words."""

    space: int = 0
    """The colour space: RGB, gray, XYB or unknown."""

    words: tuple[int, int, int] = SRGB_WORDS
    """White point, primaries and curve: numbers as in H.273, also `CUSTOM` and `GAMMA`."""

    is_modular: bool | None = None
    """Whether the first frame is coded as lossless ones are; None where that cannot be told."""

    places: tuple[int, int, int] = (0, 0, 0)
    """Where the description of the colours begins and ends, and the header ends [bits]."""

    has_jpeg: bool = False
    """Whether it is a JPEG, packed anew."""

    @property
    def is_lossless(self) -> bool:
        """Whether no loss shows: of some lossy files with a profile none does."""
        return not self.is_xyb and self.is_modular is not False and not self.has_jpeg

    @property
    def is_srgb(self) -> bool:
        """Whether it says in words that it is sRGB, or gray on sRGB's curve."""
        primaries = SRGB_WORDS[1] if self.space == GRAY else self.words[1]
        is_usual = (self.words[0], primaries, self.words[2]) == SRGB_WORDS
        return is_usual and self.space in (0, GRAY) and not self.has_profile


class _Bits:
    """Reads a codestream."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def read(self, count: int) -> int:
        """Give the next bits as a number."""
        first, last = self.at // 8, (self.at + count + 7) // 8
        if last > len(self._data):
            raise DecodeError("damaged JXL data: it ends early")
        value = int.from_bytes(self._data[first:last], "little") >> self.at % 8
        self.at += count
        return value & ((1 << count) - 1)

    def flag(self) -> bool:
        return bool(self.read(1))

    def choose(self, choices: tuple[Choice, ...]) -> int:
        """Read a number of one of four kinds (9.2.1)."""
        choice = choices[self.read(2)]
        return choice if isinstance(choice, int) else choice[0] + self.read(choice[1])


def read_header(data: bytes) -> Header:
    """Read the header.

    Args:
        data: The whole file.

    Raises:
        DecodeError: It is damaged, or ends early.
    """
    stream, has_jpeg = _beginning(data)
    bits, header = _Bits(stream[2:]), Header(has_jpeg=has_jpeg)
    if stream[:2] != b"\xff\x0a":
        raise DecodeError("damaged JXL data: there is no picture in it")
    _pass_size(bits)
    has_preview = has_extensions = False
    if not bits.flag():
        has_preview = _read_metadata(bits, header)
        has_extensions = bits.read(2) != 0
    has_usual_transforms = bits.flag()
    header.places = *header.places[:2], bits.at
    is_plain = has_usual_transforms and not (has_preview or has_extensions or header.has_profile)
    if is_plain:  # the first frame comes next
        bits.at += -bits.at % 8
        header.is_modular = not bits.flag() and bits.read(3) & 4 != 0
    return header


def _beginning(data: bytes) -> tuple[bytes, bool]:
    """Give the codestream as far as its header goes, and whether it is a JPEG packed anew."""
    if not data.startswith(CONTAINER):
        return data[:MOST_HEADER], False
    stream, has_jpeg = b"", False
    for kind, content in boxes(data, "JXL", is_whole=False):
        if kind in (b"jxlc", b"jxlp") and len(stream) < MOST_HEADER:
            stream += content[4 if kind == b"jxlp" else 0 :][:MOST_HEADER]
        has_jpeg |= kind == b"jbrd"
    return stream, has_jpeg


def _pass_size(bits: _Bits) -> None:
    """Pass over width and height."""
    _pass_sides(bits, lambda is_small: (1 + bits.read(5)) if is_small else bits.choose(SIDE))


def _pass_sides(bits: _Bits, side: Callable[[bool], int]) -> None:
    """Pass over a height, and a width where it is no plain ratio of it."""
    is_small = bits.flag()
    side(is_small)
    if bits.read(3) == 0:
        side(is_small)


def _read_metadata(bits: _Bits, header: Header) -> bool:
    """Read what is said of the picture; tells whether a preview comes before it."""
    has_preview = False
    has_more = bits.flag()
    if has_more:
        bits.read(3)  # the orientation
        if bits.flag():  # the size it is meant to be shown in
            _pass_size(bits)
        if has_preview := bits.flag():
            small: tuple[Choice, ...] = (16, 32, (1, 5), (33, 9))
            other: tuple[Choice, ...] = ((1, 6), (65, 8), (321, 10), (1345, 12))
            _pass_sides(bits, lambda is_small: bits.choose(small if is_small else other))
        header.is_animated = bits.flag()
        if header.is_animated:
            bits.choose((100, 1000, (1, 10), (1, 30)))
            bits.choose((1, 1001, (1, 8), (1, 10)))
            bits.choose((0, (0, 3), (0, 16), (0, 32)))
            bits.flag()
    header.bits, header.is_float = _read_depth(bits)
    bits.flag()  # whether 16 bits are enough for a decoder's buffers
    count = bits.choose((0, 1, (2, 4), (1, 12)))
    if count > MOST_EXTRA:
        raise DecodeError(f"damaged JXL data: {count} channels beside the colours")
    header.extra = [_read_extra(bits) for _ in range(count)]
    header.is_xyb = bits.flag()
    start = bits.at
    if not bits.flag():
        _read_color(bits, header)
    header.places = start, bits.at, 0
    if has_more and not bits.flag():  # how bright it is meant to be
        bits.read(16 + 16 + 1 + 16)
    return has_preview


def _read_depth(bits: _Bits) -> tuple[int, bool]:
    """Read bits of a sample, and whether they are a float's."""
    if bits.flag():
        depth = bits.choose((32, 16, 24, (1, 6)))
        bits.read(4)  # of the exponent
        return depth, True
    return bits.choose((8, 10, 12, (1, 6))), False


def _read_extra(bits: _Bits) -> tuple[int, bool]:
    """Read the kind of a channel beside the colours, and whether it is premultiplied alpha."""
    if bits.flag():
        return ALPHA, False
    kind = bits.choose(ENUM)
    _read_depth(bits)
    bits.choose((0, 3, 4, (1, 3)))  # how much smaller it is
    bits.read(8 * bits.choose((0, (0, 4), (16, 5), (48, 10))))  # its name
    if kind == SPOT:
        bits.read(4 * 16)
    if kind == CFA:
        bits.choose((1, (0, 2), (3, 4), (19, 8)))
    return kind, kind == ALPHA and bits.flag()


def _read_color(bits: _Bits, header: Header) -> None:
    """Read the words for the colours, where there is no profile."""
    header.has_profile, header.space = bits.flag(), bits.choose(ENUM)
    if header.has_profile or header.space == XYB:
        return
    white, primaries = bits.choose(ENUM), 0
    if white == CUSTOM:
        _pass_points(bits, 1)
    if header.space != GRAY:
        primaries = bits.choose(ENUM)
        if primaries == CUSTOM:
            _pass_points(bits, 3)
    if bits.flag():
        curve = GAMMA
        bits.read(24)
    else:
        curve = bits.choose(ENUM)
    header.words = white, primaries, curve
    bits.choose(ENUM)  # the rendering intent


def _pass_points(bits: _Bits, count: int) -> None:
    """Pass over chromaticities."""
    for _ in range(2 * count):
        bits.choose(((0, 19), (524288, 19), (1048576, 20), (2097152, 21)))
