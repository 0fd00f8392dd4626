"""HEIC: 8, 10 and 12 bits in and out, turned, of the primary picture."""

import io
import sys

import numpy as np
import pillow_heif
import pytest
from pictures import dark_rgb, picture, saved
from PIL import Image, ImageCms

from noiser.core.errors import (
    DecodeError,
    LimitError,
    MissingExtraError,
    OutputError,
    UnsupportedError,
)
from noiser.io.formats import sniff
from noiser.io.image_file import decode, encode, identify
from noiser.io.limits import Limits
from noiser.io.metadata.orientation import turned
from noiser.io.photo import Photo


def heic(pixels: np.ndarray, bits: int = 8, **options) -> bytes:
    """Write it without loss of more than HEVC's own colours."""
    height, width, *channels = pixels.shape
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[(channels or [1])[0]]
    mode += ";16" if pixels.dtype == np.uint16 else ""
    file = pillow_heif.from_bytes(mode, (width, height), pixels.tobytes())
    buffer = io.BytesIO()
    file.save(buffer, **{"quality": -1, "chroma": 444, "bit_depth": bits} | options)
    return buffer.getvalue()


def smooth(channels: int, dtype=np.uint16) -> np.ndarray:
    peak = np.iinfo(dtype).max
    ramp = np.linspace(0, peak, 64 * 48).reshape(48, 64)
    planes = [ramp, ramp[::-1], ramp[:, ::-1], ramp[::-1, ::-1]][:channels]
    return np.squeeze(np.stack(planes, -1)).astype(dtype)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_eight_bits_come_in_and_go_out(channels):
    pixels = smooth(channels, np.uint8)
    photo = decode(heic(pixels))
    assert (photo.format, photo.depth, photo.pixels.dtype) == ("HEIC", 8, np.uint8)
    again = decode(encode(photo))
    for found in (photo.pixels, again.pixels):
        assert np.abs(found.astype(int) - pixels).mean() < 2


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 8), (np.uint16, 10)])
def test_gray_with_transparency_comes_as_rgba(dtype, bits):
    """So the decoder gives it."""
    pixels = smooth(2, dtype)
    found = decode(heic(pixels, bits)).pixels.astype(int)
    for channel, wanted in ((0, 0), (1, 0), (2, 0), (3, 1)):
        share = np.abs(found[..., channel] - pixels[..., wanted]).mean() / np.iinfo(dtype).max
        assert share < 0.01


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_ones_fill_16_bits_and_keep_their_depth(bits, channels):
    pixels = smooth(channels)
    photo = decode(heic(pixels, bits))
    assert (photo.depth, photo.pixels.dtype, photo.pixels.shape) == (bits, np.uint16, pixels.shape)
    assert (photo.pixels.min(), photo.pixels.max()) == (0, 65535)
    assert len(np.unique(photo.pixels)) > 0.9 * min(2**bits, 64 * 48)
    steps = photo.pixels.astype(float) * (2**bits - 1) / 65535
    assert np.abs(steps - np.rint(steps)).max() < 0.04  # each is a value of so many bits
    again = pillow_heif.open_heif(encode(photo), convert_hdr_to_8bit=False)
    assert again.info["bit_depth"] == bits


def test_a_picture_of_16_bits_is_not_cut_in_silence():
    photo = Photo(smooth(3), "PNG")
    with pytest.raises(OutputError, match="HEIC cannot hold 16 bits; choose PNG or TIFF"):
        encode(photo, "HEIC")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_upright_once(orientation):
    """The decoder turns them; EXIF and XMP must not turn them again, here or in the output."""
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "Maker"
    xmp = f'<x:xmpmeta><a tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()
    pixels = smooth(3, np.uint8)
    data = heic(pixels, exif=exif.tobytes(), xmp=xmp)
    photo = decode(data)
    wanted = turned(pixels, orientation).astype(int)
    assert identify(data).size == wanted.shape[1::-1]
    assert np.abs(photo.pixels - wanted).mean() < 2
    again = decode(encode(photo))
    assert again.pixels.shape == wanted.shape
    assert np.abs(again.pixels - wanted).mean() < 3
    kept = Image.Exif()
    kept.load(again.metadata["exif"])
    assert (kept[271], kept.get(274, 1)) == ("Maker", 1)


def test_the_profile_is_kept_byte_for_byte():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = decode(heic(smooth(3, np.uint8), icc_profile=profile))
    assert photo.metadata["icc_profile"] == profile
    assert decode(encode(photo)).metadata["icc_profile"] == profile
    other = decode(saved(picture(height=64, width=64), "JPEG", icc_profile=profile))
    assert decode(encode(other, "HEIC")).metadata["icc_profile"] == profile


def test_the_primary_picture_is_taken_and_a_note_says_so():
    file = pillow_heif.from_pillow(Image.fromarray(dark_rgb(48, 64)))
    file.add_from_pillow(Image.fromarray(dark_rgb(32, 32, seed=3)))
    buffer = io.BytesIO()
    file.save(buffer, primary_index=1, quality=90)
    photo = decode(buffer.getvalue())
    assert photo.pixels.shape == (32, 32, 3)
    assert photo.note == "the file's primary picture of 2 was taken"


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_curves_of_high_dynamic_range_are_refused(transfer, name):
    options = {"color_primaries": 9, "matrix_coefficients": 9, "full_range_flag": 1}
    data = heic(smooth(3), 10, transfer_characteristics=transfer, **options)
    with pytest.raises(UnsupportedError, match=f"high dynamic range on the curve {name}"):
        decode(data)
    assert decode(heic(smooth(3), 10, transfer_characteristics=13, **options)).depth == 10


def test_the_size_is_refused_before_pixels_are_decoded():
    data = heic(smooth(3, np.uint8))
    with pytest.raises(LimitError, match="64 x 48 pixels"):
        decode(data, Limits(max_pixels=64 * 48 - 1))


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_a_truncated_file_is_damaged(share):
    data = heic(dark_rgb(64, 64))
    with pytest.raises(DecodeError, match=r"^damaged HEIC data: ") as refusal:
        decode(data[: int(len(data) * share)])
    assert "\n" not in str(refusal.value)


def test_pillow_is_not_told_of_heic():
    """Registering is for all of a program, and whoever opens an image then asks libheif."""
    decode(heic(dark_rgb(48, 64)))
    assert sniff(heic(dark_rgb(48, 64))) == "HEIC"
    assert "HEIF" not in Image.OPEN


def test_without_pillow_heif_a_sentence_says_what_to_install(monkeypatch):
    data = heic(dark_rgb(48, 64))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for work in (lambda: decode(data), lambda: encode(Photo(dark_rgb(48, 64), "PNG"), "HEIC")):
        with pytest.raises(MissingExtraError, match=r"pillow-heif.*pip install 'noiser\[io\]'"):
            work()


XMP = b'<x:xmpmeta><a tiff:Orientation="6"/></x:xmpmeta>'


def test_no_orientation_is_left_in_xmp():
    """Another format would keep it, and a viewer turn the picture once more."""
    photo = decode(heic(smooth(3, np.uint8), xmp=XMP))
    assert photo.pixels.shape == (64, 48, 3)
    assert b"Orientation" not in photo.metadata["xmp"]


def test_the_encoder_turns_nothing_whatever_xmp_says():
    pixels = smooth(3, np.uint8)
    again = decode(encode(Photo(pixels, "JPEG", {"xmp": XMP}), "HEIC"))
    assert again.pixels.shape == pixels.shape
    assert np.abs(again.pixels.astype(int) - pixels).mean() < 3
