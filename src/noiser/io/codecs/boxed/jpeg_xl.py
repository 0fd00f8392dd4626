"""JPEG XL: read and written by pyjpegxl (libjxl), with the depth the file has."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from noiser.core.color import linear_from_srgb, srgb_from_linear
from noiser.core.errors import DecodeError, OutputError, UnsupportedError, decoding, extra, sentence
from noiser.core.types import Pixels
from noiser.io.codecs.bit_depth import check_holds
from noiser.io.codecs.boxed.jpeg_xl_container import with_metadata
from noiser.io.codecs.boxed.jpeg_xl_header import ALPHA, BLACK, GRAY, Header, read_header
from noiser.io.codecs.header import several_frames
from noiser.io.codecs.high_bit_depth import apply, colors, from_linear_light, to_linear_light
from noiser.io.codecs.quality import encoding_for
from noiser.io.color import icc
from noiser.io.color.profiles import has_curve, is_srgb
from noiser.io.formats import HDR_TRANSFERS, LOSSY_QUALITY, hdr_refused
from noiser.io.limits import check_size
from noiser.io.metadata import exif
from noiser.io.metadata.embed import save_options
from noiser.io.metadata.tiff_tags import carried
from noiser.io.photo import Photo
from noiser.io.source import Source

LINEAR = (1.0,)
"""The curve of linear light: a gamma."""

SPEED = "Cheetah"
"""libjxl's effort: ten times as fast as the usual one with loss, twice without, for files larger by
a sixth and by a third. Still faster ones fail for floats below and above 0 together."""

CONVERTED = "its colours were converted to sRGB, for no decoder gives those of its profile"
"""Said of lossy files with a profile that has no words."""


def read_size(source: Source) -> tuple[int, int]:
    """See `Codec`; width and height are upright."""
    return _checked(source)[1]


def memory_factor(source: Source) -> int:
    """See `Codec`; measured with 12 megapixels."""
    header = read_header(source.data)
    return 6 if _comes_as_floats(header) else 3 if header.bits <= 8 else 4


def decode(source: Source) -> Photo:
    """Read a JPEG XL, upright.

    Returns:
        The photo: uint8; uint16 where the file has 9 to 16 bits; float32 brought from linear light
        to the sRGB curve where it has floats, linear or on that curve.

    Raises:
        MissingExtraError: `noiser[io]` is not installed.
        UnsupportedError: It is an animation, of high dynamic range, or of a kind that has no look.
        LimitError: It is larger than the limits allow; no pixel was decoded.
        DecodeError: The data is damaged or incomplete.
    """
    header, (width, height) = _checked(source)
    depth = "float32" if _comes_as_floats(header) else "uint8" if header.bits <= 8 else "uint16"
    with _gate():
        said, pixels = _pyjpegxl().decode_to_numpy(source.data, dtype=depth)
    if pixels.shape[:2] != (height, width):
        raise DecodeError("damaged JXL data: the decoder found another size than the header")
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    profile = None if is_srgb(said.icc or b"") and not header.has_profile else said.icc
    found = {"exif": _without_offset(said.exif or b""), "xmp": said.xmp, "icc_profile": profile}
    metadata = carried(found, source.limits, (width, height))
    if metadata.pop("orientation", 1) >= 5:  # of EXIF, which the decoder does not heed
        metadata = carried(found, source.limits, (height, width))
        metadata.pop("orientation", None)
    encoding = {"lossless": True} if header.is_lossless else {"quality": LOSSY_QUALITY}
    photo = Photo(pixels, "JXL", metadata, encoding)
    if header.is_float:
        return _from_floats(photo, is_foreign=header.is_xyb and header.has_profile)
    if pixels.dtype == np.float32:
        return replace(_to_integers(photo, header.bits), note=CONVERTED)
    return replace(photo, bits=header.bits if header.bits in (10, 12) else None)


def encode(photo: Photo, _format: str = "JXL") -> bytes:
    """Write a JPEG XL, of floats as linear light.

    Without loss where the photo's file was so; also with a profile that is not sRGB's, for libjxl
    would bring a lossy picture back in other colours; and floats of other formats, unless a quality
    was asked for.

    Args:
        photo: uint8, uint16 or float32.

    Returns:
        The whole file.

    Raises:
        OutputError: The picture cannot be written so.
        MissingExtraError: `noiser[io]` is not installed.
    """
    check_holds(photo, "JXL")
    library = _pyjpegxl()
    is_gray = photo.channels < 3
    said = save_options(photo.metadata, "JXL")
    profile = said.get("icc_profile")
    if profile is not None and profile[16:20] != (b"GRAY" if is_gray else b"RGB "):
        profile = None  # of another kind than the pixels, which count as sRGB
    if photo.pixels.dtype == np.float32:
        photo = to_linear_light(photo)
        profile = profile and _straight(profile)
    elif profile is not None and is_srgb(profile):
        profile = None
    options = encoding_for("JXL", photo.format, photo.encoding, photo.quality)
    is_new = photo.format != "JXL" and photo.quality is None
    if profile or (is_new and photo.pixels.dtype == np.float32):
        options = {"lossless": True}
    speed = getattr(library.EncoderSpeed, SPEED)
    metadata = [(b"xml ", said["xmp"])] if "xmp" in said else []
    if "exif" in said:  # begins with where the TIFF in it does
        metadata.insert(0, (b"Exif", bytes(4) + said["exif"].removeprefix(exif.HEADER)))
    try:
        with _gate():
            made: bytes = library.encode_from_numpy(
                np.ascontiguousarray(photo.pixels), speed=speed, **options
            )
    except DecodeError as error:
        raise OutputError(
            f"cannot be written as JXL: {sentence(error.__cause__ or error)}"
        ) from None
    return with_metadata(made, metadata, profile, is_gray=is_gray)


def _checked(source: Source) -> tuple[Header, tuple[int, int]]:
    """Read the header and the size; refuses what the decoder would misread in silence."""
    library, header = _pyjpegxl(), read_header(source.data)
    if header.is_animated:
        raise several_frames()
    if header.words[2] in HDR_TRANSFERS:
        raise hdr_refused(header.words[2])
    kinds = [kind for kind, _ in header.extra]
    if BLACK in kinds:
        raise UnsupportedError("CMYK; noiser reads JPEG XL of gray and of RGB")
    if kinds not in ([], [ALPHA]):
        raise UnsupportedError("other channels beside the colours than one of transparency")
    if (ALPHA, True) in header.extra:
        raise UnsupportedError("premultiplied transparency; there is no look for it")
    if header.space not in (0, GRAY):
        raise UnsupportedError("colours of an unknown space; noiser reads gray and RGB")
    if header.bits > 16 and not header.is_float:
        raise UnsupportedError(f"{header.bits} bits a colour; noiser reads up to 16, and floats")
    with _gate():
        said = library.probe(source.data)
        size = int(said.width), int(said.height)
        check_size(*size, source.limits)
    return header, size


def _comes_as_floats(header: Header) -> bool:
    """Whether the decoder is asked for floats.

    Lossy colours that only a profile describes come as linear light of sRGB's primaries: in 8 bits
    little would be left of the shadows.
    """
    return header.is_float or (header.is_xyb and header.has_profile)


def _from_floats(photo: Photo, *, is_foreign: bool) -> Photo:
    """Take floats in, which lie on the sRGB curve or are linear."""
    profile = photo.metadata.get("icc_profile")
    metadata = {k: v for k, v in photo.metadata.items() if k != "icc_profile"}
    if profile is None:  # it says in words that it is sRGB
        apply(_light_of, colors(photo.pixels))
    else:
        straight = icc.straightened(profile)
        if straight is None or not (straight == profile or has_curve(profile)):
            raise UnsupportedError(
                "floats on an unusual curve; noiser reads those of linear light and of sRGB's curve"
            )
        if straight != profile:
            apply(_light_of, colors(photo.pixels))
        if not is_srgb(straight, LINEAR):
            metadata["icc_profile"] = straight
    made = from_linear_light(replace(photo, metadata=metadata))
    notes = [CONVERTED] if is_foreign else []
    return replace(made, note="; ".join(notes + ([made.note] if made.note else [])) or None)


def _light_of(encoded: Pixels) -> Pixels:
    """Give the light of values on the sRGB curve, which goes on above 1 and mirrored below 0."""
    return np.sign(encoded) * linear_from_srgb(np.abs(encoded))


def _to_integers(photo: Photo, bits: int) -> Photo:
    """Bring floats of sRGB's primaries, linear as a rule, to sRGB in 8 or 16 bits."""
    metadata = {k: v for k, v in photo.metadata.items() if k != "icc_profile"}
    pixels = np.clip(photo.pixels, 0, 1)
    if has_curve(photo.metadata["icc_profile"], LINEAR):
        apply(srgb_from_linear, colors(pixels))
    dtype = np.uint8 if bits <= 8 else np.uint16
    pixels = np.rint(pixels * np.float32(np.iinfo(dtype).max)).astype(dtype)
    return replace(photo, pixels=pixels, metadata=metadata)


def _straight(profile: bytes) -> bytes | None:
    """Give the profile of linear light for floats; None where that needs no profile.

    Raises:
        OutputError: It holds tables.
    """
    straight = icc.straightened(profile)
    if straight is None:
        raise OutputError("cannot be written as JXL: floats with a profile of tables; choose TIFF")
    return None if is_srgb(straight, LINEAR) else straight


def _without_offset(data: bytes) -> bytes:
    """Take the TIFF out of an EXIF box, which begins with where it is (ISO/IEC 18181-2)."""
    if data[:2] in (b"II", b"MM", b"Ex"):  # so it is written in error
        return data
    return data[4 + int.from_bytes(data[:4], "big") :]


@contextmanager
def _gate() -> Iterator[None]:
    """Put what pyjpegxl raises into one sentence; it is in Rust, whose panics are no exceptions."""
    with decoding("JXL"):
        try:
            yield
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            raise DecodeError(f"damaged JXL data: {sentence(error)}") from error


def _pyjpegxl() -> Any:
    """Import the binding of libjxl. Pillow is not told of it.

    Raises:
        MissingExtraError: It is not installed.
    """
    return extra("pyjpegxl", "JPEG XL pictures are read and written with pyjpegxl", "io")
