"""Kinds: what a TIFF's tags say of its pixels, and the sentences for those that are not read."""

from PIL.ExifTags import Base as Tag

from noiser.core.errors import UnsupportedError
from noiser.io.metadata.tiff_tags import Directory, each

INKS = {
    0: ("gray", 1), 1: ("gray", 1), 2: ("RGB", 3), 3: ("a palette", 1), 5: ("CMYK", 4),
    6: ("YCbCr", 3), 8: ("Lab", 3),
}  # fmt: skip
"""What is read, by TIFF's number: its name, and its channels without transparency."""

OTHERS = {
    4: "a mask of transparency", 9: "ICC's Lab", 10: "ITU's Lab", 32803: "a sensor's data",
    32844: "LogL", 32845: "LogLuv", 34892: "a sensor's data", 51177: "a map of depths",
}  # fmt: skip
"""What is not read, by TIFF's number."""

LAB = 8
"""TIFF's number of CIELAB, a and b from -128."""

DEEP_BITS = {1: (16, 32), 2: (8, 16, 32), 3: (16, 32, 64)}
"""Depths of deep samples that are read, by their kind: integers, signed integers, floats."""

SIGNED_AND_FLOAT = {2: "signed integers", 3: "floats", 5: "complex integers", 6: "complex floats"}
"""Kinds of samples that are not unsigned integers, by TIFF's tag 339."""

COMPRESSIONS = frozenset(
    (1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32809, 32946, 34676, 34677, 34925, 50000, 50001)
)
"""TIFF's numbers of what the decoders know."""

NAMES = {
    9: "JBIG", 10: "JBIG", 33003: "JPEG 2000", 33005: "JPEG 2000", 34661: "JBIG",
    34712: "JPEG 2000", 34715: "JBIG 2", 34887: "LERC", 34892: "lossy DNG", 34933: "PNG",
    34934: "JPEG XR", 22610: "JPEG XR", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
"""Names of some others."""

STRAIGHT = (2, 999)
"""Numbers of transparency that is not multiplied in; 999 is Corel's."""


def check_kind(tags: Directory) -> None:
    """Refuse a TIFF whose pixels are of no kind that noiser reads, whatever its depth.

    Raises:
        UnsupportedError: It is of another kind.
    """
    check_compression(tags)
    bits, meaning = each(tags, Tag.BitsPerSample, 1), each(tags, Tag.PhotometricInterpretation, 0)
    if each(tags, Tag.Compression, 1)[0] == 6:
        return  # JPEG of old tells its own kind
    if meaning[0] not in INKS:
        found = OTHERS.get(meaning[0], f"colours of kind {meaning[0]}")
        raise UnsupportedError(
            f"{found}; noiser reads gray, palettes, RGB, CMYK, YCbCr and CIE's Lab"
        )
    name, primaries = INKS[meaning[0]]
    samples = each(tags, Tag.SamplesPerPixel, len(bits))[0]
    depths = bits[:samples]
    if len(set(depths)) > 1:
        found = ", ".join(map(str, depths[:8]))
        raise UnsupportedError(f"channels of {found} bits; noiser reads channels of one depth")
    if depths and depths[0] not in ((8, 16) if samples > 1 else (1, 2, 4, 8, 12, 16)):
        raise UnsupportedError(f"{name} of {depths[0]} bits; noiser reads 8, 16 and floats of 32")
    extra = _extra_kinds(tags, samples - primaries)
    if not extra:
        return
    _check_extra(extra, f"{samples} channels")
    if name in ("CMYK", "YCbCr", "Lab"):
        raise UnsupportedError(f"{name} with transparency; noiser reads it with gray and RGB")
    if name == "gray" and Tag.ExtraSamples not in tags:
        raise UnsupportedError("an extra channel that is not said to be transparency")


def check_deep(tags: Directory) -> None:
    """Refuse a TIFF whose deep samples have no look.

    Raises:
        UnsupportedError: They have none.
    """
    check_compression(tags)
    if has_tiled_planes(tags):
        raise UnsupportedError("deep pixels in tiles of separate planes; noiser reads whole pixels")
    bits, kinds = each(tags, Tag.BitsPerSample, 1), set(each(tags, Tag.SampleFormat, 1))
    if len(kinds) > 1 or not kinds <= set(DEEP_BITS):
        kind = ", ".join(sorted(SIGNED_AND_FLOAT.get(k, f"samples of kind {k}") for k in kinds))
        raise UnsupportedError(f"{kind}; noiser reads integers and floats")
    (kind_number,) = kinds
    if len(set(bits)) > 1 or bits[0] not in DEEP_BITS[kind_number]:
        kind = SIGNED_AND_FLOAT.get(kind_number, "integers")
        found = "/".join(str(b) for b in sorted(set(bits)))
        fitting = ", ".join(map(str, DEEP_BITS[kind_number]))
        raise UnsupportedError(f"{kind} of {found} bits; noiser reads {kind} of {fitting}")
    meaning = each(tags, Tag.PhotometricInterpretation, 1)[0]
    if meaning == LAB and (kinds, set(bits)) == ({1}, {16}):
        if len(bits) != 3:
            raise UnsupportedError("Lab with transparency; noiser reads it with gray and RGB")
        return
    if meaning not in (0, 1, 2):
        found = INKS[meaning][0] if meaning in INKS else OTHERS.get(meaning, "")
        found = found or f"colours of kind {meaning}"
        raise UnsupportedError(f"{found} of {bits[0]} bits; noiser reads gray and RGB so deep")
    if meaning == 0 and (kinds, set(bits)) != ({1}, {16}):
        kind = SIGNED_AND_FLOAT.get(kind_number, "integers of 32 bits")
        raise UnsupportedError(
            f"{kind} of which 0 is white; noiser reads those of which 0 is black"
        )
    samples = max(each(tags, Tag.SamplesPerPixel, 1)[0], len(bits))
    extra = _extra_kinds(tags, samples - INKS[meaning][1])
    _check_extra(extra, f"{samples} channels")
    if 1 in extra:
        raise UnsupportedError("premultiplied transparency; noiser reads it of 8 bits only")


def has_tiled_planes(tags: Directory) -> bool:
    """Tell a TIFF of which each tile holds one channel."""
    return Tag.TileWidth in tags and each(tags, Tag.PlanarConfiguration, 1)[0] == 2


def kind_in_words(tags: Directory) -> str:
    """Say what a TIFF's pixels are."""
    bits, meaning = each(tags, Tag.BitsPerSample, 1), each(tags, Tag.PhotometricInterpretation, 0)
    name = INKS[meaning[0]][0] if meaning[0] in INKS else OTHERS.get(meaning[0], "colours")
    samples = each(tags, Tag.SamplesPerPixel, len(bits))[0]
    kind = SIGNED_AND_FLOAT.get(each(tags, Tag.SampleFormat, 1)[0], "integers")
    return f"{name} in {samples} channel{'s' * (samples != 1)}, {kind} of {bits[0]} bits"


def check_compression(tags: Directory) -> None:
    """Refuse a compression that no decoder here knows.

    Raises:
        UnsupportedError: It is another.
    """
    number = each(tags, Tag.Compression, 1)[0]
    if number not in COMPRESSIONS:
        name = NAMES.get(number, "an unknown kind")
        raise UnsupportedError(
            f"compression by {name} ({number}); noiser reads LZW, deflate, PackBits and JPEG"
        )


def _extra_kinds(tags: Directory, count: int) -> tuple[int, ...]:
    """Give what the first two channels beyond the colours are; transparency if nothing says so."""
    if count <= 0:
        return ()
    count = min(count, 2)  # a damaged file can say that there are billions
    if Tag.ExtraSamples not in tags:
        return (2,) * count
    return (*each(tags, Tag.ExtraSamples, 0), *(0,) * count)[:count]


def _check_extra(extra: tuple[int, ...], found: str) -> None:
    """Refuse extra channels that are not one channel of transparency."""
    if len(extra) > 1:
        raise UnsupportedError(
            f"several extra channels ({found}); noiser reads one, which is transparency"
        )
    if extra and extra[0] not in (1, *STRAIGHT):
        raise UnsupportedError("an extra channel that is not said to be transparency")
