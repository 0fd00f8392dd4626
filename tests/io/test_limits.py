"""The gate refuses by the first bytes and the header, before pixels exist."""

import pytest
from pictures import picture, saved

from noiser.core.errors import DecodeError, LimitError, UnsupportedError, decoding
from noiser.io.formats import avif_bits, check_header, sniff
from noiser.io.limits import Limits, check_size


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"])
def test_each_known_format_is_told_by_its_first_bytes(format_):
    assert sniff(saved(picture(), format_)[:64]) == format_


def test_big_tiff_counts_as_tiff():
    assert sniff(saved(picture(), "TIFF", big_tiff=True)) == "TIFF"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (
            b"8BPS\0\1",
            "a Photoshop file; it must be JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC, JPEG XL, "
            "JPEG 2000 or camera raw",
        ),
        (b"\0\0\0\x18ftypisom\0\0\0\0isom", "a video file; it must be"),
        (b"RIFF\0\0\0\0AVI ", "a RIFF file; it must be"),
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


@pytest.mark.parametrize(("brand", "format_"), [
    (b"heic", "HEIC"), (b"heix", "HEIC"), (b"mif1", "HEIC"), (b"msf1", "HEIC"), (b"hevc", "HEIC"),
    (b"avif", "AVIF"), (b"avis", "AVIF"), (b"crx ", "RAW"),
])  # fmt: skip
def test_brands_tell_files_made_of_boxes_apart(brand, format_):
    assert sniff(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand) == format_


@pytest.mark.parametrize(("flags", "bits"), [(0x00, 8), (0x40, 10), (0x60, 12)])
def test_avif_depth_is_read_from_its_configuration(flags, bits):
    data = bytes(40) + b"av1C" + bytes([0x81, 0x04, flags, 0]) + bytes(20)
    assert avif_bits(data) == bits


def test_the_deepest_of_several_avif_configurations_counts():
    box = b"av1C\x81\x04"
    assert avif_bits(bytes(40) + box + b"\x00\x00" + bytes(8) + box + b"\x40\x00" + bytes(8)) == 10


def nclx(transfer: int) -> bytes:
    return b"colrnclx\0\x09\0" + bytes([transfer]) + b"\0\x09\x80"


@pytest.mark.parametrize("format_", ["AVIF", "HEIC"])
def test_curves_of_high_dynamic_range_are_refused(format_):
    with pytest.raises(UnsupportedError, match="high dynamic range on the curve PQ; noiser takes"):
        check_header(format_, bytes(40) + nclx(16), Limits())
    check_header(format_, bytes(40) + nclx(13), Limits())


def test_a_gain_map_beside_an_ordinary_picture_is_no_reason_to_refuse_it():
    check_header("HEIC", bytes(40) + nclx(16) + nclx(13), Limits())
    check_header("HEIC", bytes(40) + nclx(18) + b"colrprof" + bytes(20), Limits())


def test_a_decoder_may_raise_what_it_likes():
    with pytest.raises(DecodeError, match=r"^damaged PNG data: it is broken$"), decoding("PNG"):
        raise RuntimeError("it is\n broken")
    with pytest.raises(MemoryError), decoding("PNG"):
        raise MemoryError


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
