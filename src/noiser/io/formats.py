"""File formats: their suffixes and depths, and what a file is by its first bytes and its header."""

from mmap import mmap

from noiser.core.errors import LimitError, UnsupportedError
from noiser.io.limits import Limits

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIC", "JXL", "JP2", "RAW")
"""All that is read; `JXL` is JPEG XL, `JP2` JPEG 2000, and `RAW` stands for any camera's."""

SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG",
    ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".dib": "BMP",
    ".gif": "GIF", ".avif": "AVIF", ".heic": "HEIC", ".heif": "HEIC", ".hif": "HEIC", ".jxl": "JXL",
}  # fmt: skip
"""Formats by the suffix of a file that is to be written; the first of each is its own."""

RAW_SUFFIXES = frozenset({
    ".3fr", ".ari", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq",
    ".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2",
    ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})  # fmt: skip
"""Suffixes of camera raws."""

READ_ONLY_SUFFIXES = RAW_SUFFIXES | {".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"}
"""Suffixes of what is read and never written: camera raws and JPEG 2000."""

INSTEAD = "TIFF"
"""What is written by default of a picture whose format is only read."""

DEPTHS = {
    "JPEG": 8, "WEBP": 8, "BMP": 8, "GIF": 8, "AVIF": 12, "HEIC": 12, "PNG": 16, "TIFF": 32,
    "JXL": 32,
}  # fmt: skip
"""The most bits of a colour that each format holds here; 32 are floats."""

LOSSY_QUALITY = 90
"""For WebP, AVIF, HEIC, JXL, and JPEGs made from another format; JPEGs keep their own tables."""

LOSSY = ("JPEG", "WEBP", "AVIF", "HEIC", "JXL")
"""Formats that have a quality."""

OPAQUE = ("JPEG", "BMP")
"""Formats without transparency: a BMP's fourth channel means nothing to most programs."""

ANIMATED = ("WEBP", "PNG", "GIF", "AVIF")
"""Formats that can hold an animation."""

KINDS = {8: "8 bits", 10: "10 bits", 12: "12 bits", 16: "16 bits", 32: "floats"}
"""Depths, as they are called."""

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
"""Brands of HEIF files that hold HEVC, or do not say what they hold."""

HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
"""Curves of high dynamic range by their number in ITU-T H.273, table 3."""


def suffix_of(format_: str) -> str:
    """Give a format's own suffix.

    Example:
        >>> suffix_of("TIFF")
        '.tif'
    """
    return next(suffix for suffix, name in SUFFIXES.items() if name == format_)


def format_called(word: str) -> str | None:
    """Find a format by its name or by one of its suffixes, in any case; None is no format.

    Example:
        >>> format_called("jpg"), format_called("TIFF"), format_called("docx")
        ('JPEG', 'TIFF', None)
    """
    name = word.upper()
    return name if name in DEPTHS else SUFFIXES.get(f".{word.lower()}")


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
        f"{kind}; it must be JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC, JPEG XL, JPEG 2000 "
        "or camera raw"
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
        b"\xff\x0a": "JXL",
        b"\0\0\0\x0cJXL ": "JXL",
        b"\xff\x4f\xff\x51": "JP2",
        b"\0\0\0\x0cjP  ": "JP2",
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
        raise hdr_refused(curves[0])


def hdr_refused(curve: int) -> UnsupportedError:
    """Say that a curve of `HDR_TRANSFERS` is not taken."""
    name = HDR_TRANSFERS[curve]
    return UnsupportedError(
        f"high dynamic range on the curve {name}; noiser takes pictures on an ordinary curve"
    )


def may_move(format_: str, data: bytes) -> bool:
    """Tell by a file's first bytes whether it may have several frames."""
    match format_:
        case "WEBP":
            return data[12:16] == b"VP8X" and data[20:21] != b"" and bool(data[20] & 2)
        case "PNG":
            return data.find(b"acTL", 0, data.find(b"IDAT")) > 0
        case "AVIF":
            return b"avis" in data[8 : 8 + int.from_bytes(data[:4], "big")]
    return format_ == "GIF"


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
