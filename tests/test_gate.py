"""The gate refuses by the first bytes and the header, before pixels exist."""

import struct

import pytest
from pictures import picture, saved

from noiser.errors import DecodeError, LimitError, UnsupportedError
from noiser.io.gate import Limits, check_header, check_size, sniff


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"])
def test_each_known_format_is_told_by_its_first_bytes(format_):
    assert sniff(saved(picture(), format_)[:64]) == format_


def test_big_tiff_counts_as_tiff():
    assert sniff(saved(picture(), "TIFF", big_tiff=True)) == "TIFF"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"GIF89a", "a GIF file; it must be JPEG, PNG, WebP, TIFF, BMP or AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC file; it must be"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isom", "a video file; it must be"),
        (b"RIFF\0\0\0\0AVI ", "a RIFF file; it must be"),
        (b"II*\0\x10\0\0\0CR\x02\0", "a camera raw file; it must be"),
        (b"%!PS-Adobe EPSF", "a PostScript file; it must be"),
        (b"hello", "no image that noiser knows; it must be"),
        (b"", "the file is empty"),
    ],
)
def test_other_files_are_refused_by_their_own_name(head, text):
    with pytest.raises(UnsupportedError) as refusal:
        sniff(head)
    assert text in str(refusal.value)


def test_a_name_proves_nothing(tmp_path):
    """An EPS program called .jpg is still an EPS program."""
    with pytest.raises(UnsupportedError, match="PostScript"):
        sniff(b"%!PS-Adobe-3.0 EPSF-3.0\n")


@pytest.mark.parametrize(("color_type", "refused"), [(0, False), (2, True), (4, True), (6, True)])
def test_png_with_16_bits_a_colour_is_refused_and_gray_is_not(color_type, refused):
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBB", 13, b"IHDR", 4, 4, 16, color_type)
    if refused:
        with pytest.raises(UnsupportedError, match="16 bits a colour; this version reads"):
            check_header("PNG", header + bytes(20), Limits())
    else:
        check_header("PNG", header + bytes(20), Limits())


@pytest.mark.parametrize(("flags", "bits"), [(0x00, 8), (0x40, 10), (0x60, 12)])
def test_avif_depth_is_read_from_its_configuration(flags, bits):
    data = bytes(40) + b"av1C" + bytes([0x81, 0x04, flags, 0]) + bytes(20)
    if bits == 8:
        check_header("AVIF", data, Limits())
    else:
        with pytest.raises(UnsupportedError, match=f"{bits} bits a colour"):
            check_header("AVIF", data, Limits())


def test_the_deepest_of_several_avif_configurations_counts():
    box = b"av1C\x81\x04"
    data = bytes(40) + box + b"\x00\x00" + bytes(8) + box + b"\x40\x00" + bytes(8)
    with pytest.raises(UnsupportedError, match="10 bits"):
        check_header("AVIF", data, Limits())


def scans(count: int) -> bytes:
    """A JPEG's markers with that many scans, and 'scans' inside a segment that do not count."""
    scan = b"\xff\xda\x00\x04\x01\x00" + b"\x12\xff\x00\x34\xff\xd0\x56"
    segment = b"\xff\xe1\x00\x08\xff\xda\xff\xda\xff\xda"
    return b"\xff\xd8" + segment + scan * count + b"\xff\xd9" + b"\xff\xda\x00\x02" * 9


def test_as_many_scans_as_the_limit_pass_and_one_more_does_not():
    check_header("JPEG", scans(5), Limits(max_scans=5))
    with pytest.raises(LimitError, match="more than 5 scans; that is the limit for a JPEG"):
        check_header("JPEG", scans(6), Limits(max_scans=5))


def test_a_progressive_jpeg_of_an_ordinary_camera_passes():
    check_header("JPEG", saved(picture(), "JPEG", progressive=True), Limits())


def test_pixels_at_the_limit_pass_and_one_more_does_not():
    check_size(10, 10, Limits(max_pixels=100))
    with pytest.raises(LimitError, match=r"^101 x 1 pixels are 0\.0 megapixels; the limit is 0"):
        check_size(101, 1, Limits(max_pixels=100))


def test_a_side_at_the_limit_passes_and_one_more_does_not():
    check_size(65_535, 1, Limits())
    with pytest.raises(LimitError, match="65536 x 1 pixels; the limit is 65535 pixels a side"):
        check_size(65_536, 1, Limits())


def test_an_image_without_pixels_is_damaged():
    with pytest.raises(DecodeError, match="0 x 5 pixels; there is nothing to enhance"):
        check_size(0, 5, Limits())


def test_limits_below_one_are_refused():
    with pytest.raises(ValueError, match="max_scans is 0; it must be at least 1"):
        Limits(max_scans=0)
