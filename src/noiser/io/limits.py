"""The gate: what a file is, by its first bytes, and whether its header stays in the limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import mmap

from noiser.core.errors import DecodeError, LimitError, NoiserError, UnsupportedError

MEGA = 1_000_000


@dataclass(frozen=True)
class Limits:
    """How large an input may be; all are checked before pixels are decoded.

    Raises:
        ValueError: A limit is below 1.
    """

    max_pixels: int = 80 * MEGA
    """Width times height [pixels]."""

    max_whole_pixels: int = 80 * MEGA
    """Up to here a picture is taken whole, with about 7 bytes of memory for each pixel; above,
    in strips, as far as its format can [pixels]."""

    max_held_bytes: int = 1 << 30
    """What a decoder may hold of a picture in strips: all of a progressive JPEG [bytes]."""

    max_side: int = 65_535
    """Width or height [pixels]; JPEG's own limit."""

    max_file_bytes: int = 1 << 30
    """Size of the file [bytes]."""

    max_scans: int = 100
    """Scans of a progressive JPEG: each costs a decoding of the whole picture."""

    max_profile_bytes: int = 4 << 20
    """ICC profile, EXIF, XMP, IPTC, and all texts of a PNG together: each [bytes]."""

    def __post_init__(self) -> None:
        """Refuse limits that nothing can pass."""
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")


FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "HEIC", "RAW")
"""All that is read; `RAW` stands for any camera's."""

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
"""Brands of HEIF files that hold HEVC, or do not say what they hold."""

HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
"""Curves of high dynamic range by their number in ITU-T H.273, table 3."""


def sniff(data: bytes) -> str:
    """Tell an image format by its first bytes; the name of a file proves nothing.

    Many camera raws begin as any TIFF does: `raw.is_raw` looks further into those.

    Args:
        data: The file, or its first 64 bytes.

    Returns:
        One of `FORMATS`.

    Raises:
        UnsupportedError: It is something else.

    Example:
        >>> sniff(b"BM" + bytes(62))
        'BMP'
    """
    found = _known(data[:64])
    if found in FORMATS:
        return found
    if not data:
        raise UnsupportedError("the file is empty")
    kind = f"a {found} file" if found else "no image that noiser knows"
    raise UnsupportedError(
        f"{kind}; it must be JPEG, PNG, WebP, TIFF, BMP, AVIF, HEIC or camera raw"
    )


def _known(head: bytes) -> str | None:
    """Name a file by its magic bytes, also some that people take for images noiser reads."""
    if head[4:8] == b"ftyp":
        brands = {head[i : i + 4] for i in range(8, len(head) - 3, 4)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if b"crx " in brands:
            return "RAW"
        return "HEIC" if brands & HEIC_BRANDS else "video"
    if head[:4] == b"RIFF":
        return "WEBP" if head[8:12] == b"WEBP" else "RIFF"
    if head[:4] in (b"II*\0", b"MM\0*") and (head[8:10] == b"CR" or head[8:12] == b"IIII"):
        return "RAW"
    magic = {
        b"\xff\xd8\xff": "JPEG",
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"II+\0": "TIFF",
        b"MM\0+": "TIFF",
        b"BM": "BMP",
        b"GIF8": "GIF",
        b"%PDF": "PDF",
        b"%!PS": "PostScript",
        b"8BPS": "Photoshop",
        b"\xff\x0a": "JPEG XL",
        b"\0\0\0\x0cJXL ": "JPEG XL",
        b"\0\0\0\x0cjP  ": "JPEG 2000",
        b"FUJIFILM": "RAW",
        b"IIU\0": "RAW",  # Panasonic, Leica
        b"IIRO": "RAW",  # Olympus
        b"IIRS": "RAW",
        b"MMOR": "RAW",
        b"\0MRM": "RAW",  # Minolta
        b"FOVb": "RAW",  # Sigma
        b"II\x1a\0\0\0HEAPCCDR": "RAW",  # Canon's oldest
    }
    return next((name for start, name in magic.items() if head.startswith(start)), None)


def check_header(format_: str, data: bytes | mmap, limits: Limits) -> None:
    """Refuse what the decoder would accept in silence: curves it ignores, or endless scans.

    Raises:
        UnsupportedError: The image has a curve of high dynamic range.
        LimitError: A JPEG has too many scans.
    """
    if format_ in ("AVIF", "HEIC"):
        _refuse_hdr(data)
    if format_ == "JPEG":
        scans = _jpeg_scans(data, limits.max_scans)
        if scans > limits.max_scans:
            raise LimitError(f"more than {limits.max_scans} scans; that is the limit for a JPEG")


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse an image that is too large, or empty.

    Raises:
        LimitError: A side or the number of pixels is above its limit.
        DecodeError: There are no pixels.
    """
    if width < 1 or height < 1:
        raise DecodeError(f"{width} x {height} pixels; there is nothing to enhance")
    if max(width, height) > limits.max_side:
        raise LimitError(
            f"{width} x {height} pixels; the limit is {limits.max_side} pixels a side "
            "(--max-megapixels above its default raises it)"
        )
    if width * height > limits.max_pixels:
        raise LimitError(
            f"{width} x {height} pixels are {width * height / MEGA:.1f} megapixels; "
            f"the limit is {limits.max_pixels / MEGA:g} (--max-megapixels raises it)"
        )


def not_taken_whole(bits: int) -> UnsupportedError:
    """Say that Pillow, which cuts colours to 8 bits, is not to read these."""
    return UnsupportedError(f"{bits} bits a colour; Pillow would cut them to 8")


@contextmanager
def decoding(format_: str) -> Iterator[None]:
    """Put whatever a decoder raises into one sentence.

    Raises:
        DecodeError: Of what a library raised, documented or not.
        NoiserError: What was raised as one passes unchanged.
    """
    try:
        yield
    except (NoiserError, MemoryError):
        raise
    except Exception as error:  # decoders raise what they don't document
        raise DecodeError(f"damaged {format_} data: {sentence(error)}") from error


def sentence(error: BaseException) -> str:
    """Make one short line of whatever an error says."""
    text = " ".join(str(error).split())
    if not any(character.isalpha() for character in text):
        text = f"{type(error).__name__} {text}".rstrip()
    return text if len(text) <= 160 else f"{text[:157]}..."


def _refuse_hdr(data: bytes | mmap) -> None:
    """Refuse PQ and HLG: brightness on those curves is not what the network knows.

    A file with a gain map has such a curve beside the picture's own, and is read.
    ISO/IEC 23008-12, 6.5.5: a box `colr` holds `nclx` with primaries and curve, or a profile.
    """
    curves, at = [], data.find(b"colr")
    while 0 <= at < len(data) - 11:
        if data[at + 4 : at + 8] == b"nclx":
            curves.append(int.from_bytes(data[at + 10 : at + 12], "big"))
        elif data[at + 4 : at + 8] in (b"prof", b"rICC"):
            return
        at = data.find(b"colr", at + 4)
    if curves and all(curve in HDR_TRANSFERS for curve in curves):
        name = HDR_TRANSFERS[curves[0]]
        raise UnsupportedError(
            f"high dynamic range on the curve {name}; noiser takes pictures on an ordinary curve"
        )


def avif_bits(data: bytes | mmap) -> int:
    """Read the depth from the AV1 configuration boxes, the deepest where there are several.

    AV1 codec ISO media file format binding 1.2, section 2.3.3: the third byte of `av1C`
    has high_bitdepth in bit 6 and twelve_bit in bit 5.
    """
    deepest, at = 8, data.find(b"av1C")
    while 0 <= at < len(data) - 6:
        flags = data[at + 6]
        deepest = max(deepest, (12 if flags & 0x20 else 10) if flags & 0x40 else 8)
        at = data.find(b"av1C", at + 4)
    return deepest


def _jpeg_scans(data: bytes | mmap, enough: int) -> int:
    """Count a JPEG's scans by walking its markers; stops when there are more than enough."""
    scans, at = 0, 2
    while 0 <= at < len(data) - 3 and scans <= enough:
        if data[at] != 0xFF or data[at + 1] in (0x00, 0xFF, *range(0xD0, 0xD8)):
            at = data.find(b"\xff", at + 1)  # inside a scan, or fill bytes
            continue
        marker = data[at + 1]
        if marker == 0xD9:
            break
        scans += marker == 0xDA
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return scans
