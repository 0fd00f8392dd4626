"""Decoding and encoding: what goes in comes out, and what cannot is refused in words."""

import io
from dataclasses import replace

import numpy as np
import pytest
from pictures import dark_rgb, picture, saved
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from noiser.core.errors import DecodeError, LimitError, OutputError, UnsupportedError
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits

LOSSLESS = [
    (mode, format_)
    for format_, modes in {
        "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
        "TIFF": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
        "BMP": ["1", "L", "P", "RGB"],
    }.items()
    for mode in modes
]

EXPECTED = {"1": "L", "P": "RGB"}


def reopened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(("mode", "format_"), LOSSLESS)
def test_lossless_formats_return_the_pixels_that_pillow_sees(mode, format_):
    image = picture(mode)
    photo = decode(saved(image, format_))
    wanted = np.asarray(image.convert(EXPECTED.get(mode, mode)))
    assert photo.format == format_
    assert photo.pixels.dtype == wanted.dtype
    np.testing.assert_array_equal(photo.pixels, wanted)


@pytest.mark.parametrize(("mode", "format_"), LOSSLESS)
def test_lossless_formats_keep_their_pixels_through_encode(mode, format_):
    photo = decode(saved(picture(mode), format_))
    data = encode(photo)
    assert reopened(data).format == format_
    np.testing.assert_array_equal(decode(data).pixels, photo.pixels)


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_come_back_in_their_own_format(format_):
    photo = decode(saved(picture(height=64, width=96), format_))
    again = reopened(encode(photo))
    assert (again.format, again.size, again.mode) == (format_, (96, 64), "RGB")


def test_gray_jpeg_stays_gray():
    photo = decode(saved(picture("L"), "JPEG"))
    assert photo.pixels.ndim == 2
    assert reopened(encode(photo)).mode == "L"


def test_jpeg_keeps_its_tables_subsampling_and_progression():
    source = saved(
        picture(height=64, width=64), "JPEG", quality=37, subsampling=1, progressive=True
    )
    photo = decode(source)
    before, after = reopened(source), reopened(encode(photo))
    assert after.quantization == before.quantization
    assert after.layer == before.layer
    assert after.info["progressive"]


def test_lossless_webp_stays_lossless():
    photo = decode(saved(picture(), "WEBP", lossless=True))
    np.testing.assert_array_equal(decode(encode(photo)).pixels, dark_rgb(12, 16))


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_keeps_its_compression(compression):
    photo = decode(saved(picture(), "TIFF", compression=compression))
    assert reopened(encode(photo)).info["compression"] == compression


def test_fax_tiff_becomes_gray_with_deflate():
    photo = decode(saved(picture("1"), "TIFF", compression="group4"))
    again = reopened(encode(photo))
    assert (again.mode, again.info["compression"]) == ("L", "tiff_adobe_deflate")


def exif_with(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8769)[0x9003] = "2022:11:01 20:00:00"
    return exif.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_upright_and_no_orientation_is_left(orientation):
    stored = picture(height=10, width=24)
    data = saved(stored, "PNG", exif=exif_with(orientation))
    photo = decode(data)
    tagged = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(photo.pixels, np.asarray(ImageOps.exif_transpose(tagged)))
    again = reopened(encode(photo))
    assert again.getexif().get(0x0112, 1) == 1
    np.testing.assert_array_equal(np.asarray(again), photo.pixels)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_with_its_sub_tables_is_kept(format_):
    photo = decode(saved(picture(height=64, width=64), format_, exif=exif_with(6)))
    exif = reopened(encode(photo)).getexif()
    assert exif[0x010F] == "maker"
    assert exif.get_ifd(0x8825)[1] == "N"
    assert exif.get_ifd(0x8769)[0x9003] == "2022:11:01 20:00:00"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_profile_is_kept_byte_for_byte(format_):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = decode(saved(picture(height=64, width=64), format_, icc_profile=profile))
    assert reopened(encode(photo)).info["icc_profile"] == profile


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "BMP"])
def test_resolution_is_kept(format_):
    photo = decode(saved(picture(), format_, dpi=(300, 300)))
    assert reopened(encode(photo)).info["dpi"] == pytest.approx((300, 300), rel=1e-3)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_xmp_is_kept(format_):
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a>5 stars</a></x:xmpmeta>"
    options = {"xmp": xmp}
    if format_ == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"pnginfo": text}
    if format_ == "TIFF":
        options = {"tiffinfo": {700: xmp}}
    photo = decode(saved(picture(height=64, width=64), format_, **options))
    assert b"5 stars" in encode(photo)


def test_palette_transparency_becomes_alpha():
    image = picture("P")
    data = saved(image, "PNG", transparency=int(np.asarray(image)[0, 0]))
    photo = decode(data)
    assert photo.pixels.shape == (12, 16, 4)
    np.testing.assert_array_equal(photo.pixels, np.asarray(reopened(data).convert("RGBA")))


def test_a_transparent_colour_becomes_alpha():
    data = saved(picture("RGB"), "PNG", transparency=tuple(dark_rgb()[0, 0].tolist()))
    assert decode(data).pixels[0, 0, 3] == 0


def test_a_transparent_gray_becomes_gray_and_alpha():
    data = saved(picture("L"), "PNG", transparency=int(np.asarray(picture("L"))[0, 0]))
    photo = decode(data)
    assert photo.pixels.shape == (12, 16, 2)
    assert photo.pixels[0, 0, 1] == 0


def test_cmyk_becomes_rgb_and_says_so():
    photo = decode(saved(picture("CMYK", 64, 64), "JPEG", quality=95))
    assert photo.pixels.shape == (64, 64, 3)
    assert photo.note == "CMYK was converted to sRGB"
    assert abs(photo.pixels.astype(int) - dark_rgb(64, 64)).mean() < 4
    assert reopened(encode(photo)).mode == "RGB"


def test_a_broken_cmyk_profile_is_refused():
    data = saved(picture("CMYK"), "TIFF", icc_profile=b"nonsense" * 40)
    with pytest.raises(DecodeError, match="damaged CMYK profile"):
        decode(data)


@pytest.mark.parametrize("format_", ["TIFF", "WEBP", "PNG", "AVIF"])
def test_several_frames_are_refused(format_):
    frames = [Image.fromarray(dark_rgb(64, 64, seed)) for seed in range(3)]
    data = saved(frames[0], format_, save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedError, match=r"several (pages|frames), which only"):
        decode(data)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_files_are_refused_in_one_line(format_, share):
    data = saved(picture(height=64, width=64), format_)
    with pytest.raises(DecodeError) as refusal:
        decode(data[: int(len(data) * share)])
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith(f"damaged {format_} data: ")


def test_the_size_is_refused_before_pixels_are_decoded():
    data = saved(picture(height=40, width=40), "PNG")
    broken = data[:60]
    with pytest.raises(LimitError, match="40 x 40 pixels"):
        decode(broken, Limits(max_pixels=1599))


def test_a_large_profile_is_refused():
    data = saved(picture(), "JPEG", icc_profile=bytes(3000))
    decode(data, Limits(max_profile_bytes=3000))
    with pytest.raises(LimitError, match="icc_profile of 3000 bytes; the limit is 2999"):
        decode(data, Limits(max_profile_bytes=2999))


def test_the_size_can_be_read_alone():
    assert identify(saved(picture(height=7, width=9), "BMP")).size == (9, 7)


def test_jpeg_refuses_alpha_and_16_bits():
    photo = decode(saved(picture("RGBA"), "PNG"))
    for format_ in ("JPEG", "BMP"):
        with pytest.raises(OutputError, match=f"{format_} cannot hold transparency; choose PNG"):
            encode(photo, format_)
    deep = decode(saved(picture("I;16"), "PNG"))
    with pytest.raises(OutputError, match="WEBP cannot hold 16 bits; choose PNG or TIFF"):
        encode(deep, "WEBP")


def test_gray_and_alpha_becomes_rgba_where_the_format_has_no_such_kind():
    photo = decode(saved(picture("LA"), "PNG"))
    assert reopened(encode(photo, "WEBP")).mode == "RGBA"


def test_what_an_encoder_refuses_is_one_sentence():
    photo = decode(saved(picture(), "PNG"))
    with pytest.raises(OutputError, match="cannot be written as WEBP: "):
        encode(replace(photo, pixels=np.zeros((1, 17_000, 3), np.uint8)), "WEBP")


def test_converting_keeps_what_the_other_format_can_hold():
    photo = decode(saved(picture(height=64, width=64), "JPEG", exif=exif_with(1), dpi=(72, 72)))
    assert reopened(encode(photo, "PNG")).getexif()[0x010F] == "maker"
    assert reopened(encode(photo, "BMP")).info["dpi"] == pytest.approx((72, 72), rel=0.01)


def test_tags_that_tiff_cannot_hold_do_not_stop_it():
    """Private tags of odd types are left out where libtiff refuses to write them."""
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif[65432] = 7
    photo = decode(saved(picture(), "TIFF", exif=exif, compression="tiff_lzw"))
    again = reopened(encode(photo))
    assert again.getexif()[0x010F] == "maker"
    assert again.info["compression"] == "tiff_lzw"


def test_a_tiff_with_exif_tables_keeps_them_and_loses_its_compression():
    """Pillow cannot write both."""
    photo = decode(saved(picture(), "TIFF", exif=exif_with(1)))
    photo = replace(photo, encoding={"compression": "tiff_lzw"})
    again = reopened(encode(photo))
    assert again.getexif().get_ifd(0x8769)[0x9003] == "2022:11:01 20:00:00"
    assert again.info["compression"] == "raw"


def test_a_tiff_keeps_exif_and_xmp_together():
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>5 stars</x:xmpmeta>"
    photo = decode(saved(picture(height=64, width=64), "JPEG", exif=exif_with(1), xmp=xmp))
    again = reopened(encode(photo, "TIFF"))
    assert again.getexif()[0x010F] == "maker"
    assert b"5 stars" in again.getexif()[700]


def test_a_png_is_compressed_fast():
    """As zlib's header says: level 1 of 0 to 3 is what it calls its levels 2 to 5."""
    data = encode(decode(saved(picture("RGB", 64, 64), "PNG", compress_level=9)))

    assert data[data.index(b"IDAT") + 5] >> 6 == 1
