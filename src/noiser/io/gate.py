"""The gate: what a file is, by its first bytes, and whether its header stays in the limits."""

from dataclasses import dataclass
from mmap import mmap

from noiser.errors import DecodeError, LimitError, UnsupportedError

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


def sniff(data: bytes) -> str:
    """Tell an image format by its first bytes; the name of a file proves nothing.

    Args:
        data: The file, or its first 64 bytes.

    Returns:
        `JPEG`, `PNG`, `WEBP`, `TIFF`, `BMP` or `AVIF`.

    Raises:
        UnsupportedError: It is something else.

    Example:
        >>> sniff(b"BM" + bytes(62))
        'BMP'
    """
    found = _known(data[:64])
    if found in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"):
        return found
    if not data:
        raise UnsupportedError("the file is empty")
    kind = f"a {found} file" if found else "no image that noiser knows"
    raise UnsupportedError(f"{kind}; it must be JPEG, PNG, WebP, TIFF, BMP or AVIF")


def _known(head: bytes) -> str | None:
    """Name a file by its magic bytes, also some that people take for images noiser reads."""
    if head[4:8] == b"ftyp":
        brands = {head[i : i + 4] for i in range(8, len(head) - 3, 4)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        return "HEIC" if brands & {b"heic", b"heix", b"mif1", b"msf1"} else "video"
    if head[:4] == b"RIFF":
        return "WEBP" if head[8:12] == b"WEBP" else "RIFF"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") and head[8:10] == b"CR":
        return "camera raw"
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
        b"FUJIFILM": "camera raw",
    }
    return next((name for start, name in magic.items() if head.startswith(start)), None)


def check_header(format_: str, data: bytes | mmap, limits: Limits) -> None:
    """Refuse what the decoder would accept in silence: cut depth, or endless scans.

    Raises:
        UnsupportedError: The image has more than 8 bits a colour.
        LimitError: A JPEG has too many scans.
    """
    if format_ == "PNG" and len(data) > 25 and data[24] == 16 and data[25] != 0:
        raise deep_color(16)
    if format_ == "AVIF":
        bits = _avif_bits(data)
        if bits > 8:
            raise deep_color(bits)
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


def deep_color(bits: int) -> UnsupportedError:
    """Say that colours of more than 8 bits cannot be taken whole."""
    return UnsupportedError(
        f"{bits} bits a colour; this version reads colour of 8 bits and gray of 16 (colour of 16 "
        "from PNG and TIFF files, with noiser[io]), and does not cut the rest away"
    )


def _avif_bits(data: bytes | mmap) -> int:
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
