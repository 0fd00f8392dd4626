"""Animations: all frames come in as they are shown, and go out with their timing."""

import io
import struct

import numpy as np
import pytest
from pictures import dark_rgb, saved
from PIL import Image
from test_high_bit_depth import deep_png
from test_image_file import exif_with

from noiser.core.errors import DecodeError, LimitError, OutputError, UnsupportedError
from noiser.io.codecs import animation, gif
from noiser.io.codecs.animation import encode, read, whole
from noiser.io.codecs.header import encoding_of
from noiser.io.formats import ANIMATED as FORMATS
from noiser.io.image_file import decode, identify
from noiser.io.image_file import encode as encode_one
from noiser.io.limits import Limits
from noiser.io.photo import Photo

DURATIONS = [40, 50, 60, 1000]


def flat(color: tuple[int, ...], at: int) -> Image.Image:
    """A square in its place, on nothing or on black."""
    mode = "RGBA" if len(color) == 4 else "RGB"
    image = Image.new(mode, (36, 24))
    image.paste(color, (at, 4, at + 8, 12))
    if mode == "RGBA":
        image.putpixel((at + 3, 7), (0, 0, 0, 0))
    return image


def frames(color=(200, 150, 40)) -> list[Image.Image]:
    return [flat(color, 8 * number) for number in range(4)]


def moving(format_: str, images=None, **options) -> bytes:
    images = images or frames()
    options = {"duration": DURATIONS, "loop": 0} | options
    if format_ == "WEBP":
        options = {"lossless": True} | options
    return saved(images[0], format_, save_all=True, append_images=images[1:], **options)


def shown(data: bytes) -> tuple[list[np.ndarray], list[float], int | None]:
    """What Pillow shows: pixels, durations, repetitions."""
    image = Image.open(io.BytesIO(data))
    pixels, durations = [], []
    for number in range(image.n_frames):
        image.seek(number)
        image.load()
        pixels.append(np.asarray(image.convert("RGBA")))
        durations.append(image.info.get("duration"))
    return pixels, durations, image.info.get("loop")


@pytest.mark.parametrize("format_", FORMATS)
def test_frames_come_in_as_they_are_shown(format_):
    data = moving(format_)
    source = identify(data)
    assert (source.format, source.parts, source.size) == (format_, 4, (36, 24))
    assert source.weight == 4 * 36 * 24
    found = read(source)
    assert found.durations == DURATIONS
    tolerance = 6 if format_ == "AVIF" else 0
    for pixels, image in zip(found.frames, frames(), strict=True):
        assert np.abs(pixels.astype(int) - np.asarray(image)).mean() <= tolerance


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("format_", FORMATS)
def test_timing_goes_from_each_format_into_each(format_, to):
    found = read(identify(moving(format_, loop=3 if format_ != "GIF" else 2)))
    pixels, durations, loop = shown(encode(found, to))
    assert durations == DURATIONS
    assert len(pixels) == 4
    if "AVIF" not in (format_, to):  # which does not say it
        assert loop == (2 if to == "GIF" else 3)


@pytest.mark.parametrize(("format_", "loop"), [("WEBP", 1), ("PNG", 1), ("GIF", None)])
@pytest.mark.parametrize("to", ["WEBP", "PNG", "GIF"])
def test_what_is_played_once_is_played_once(format_, loop, to):
    images = frames()
    options = {} if loop is None else {"loop": loop}
    lossless = {"lossless": True} if format_ == "WEBP" else {}
    data = saved(
        images[0],
        format_,
        save_all=True,
        append_images=images[1:],
        duration=50,
        **options,
        **lossless,
    )
    assert shown(encode(read(identify(data)), to))[2] == (None if to == "GIF" else 1)


@pytest.mark.parametrize("to", ["WEBP", "PNG", "GIF"])
@pytest.mark.parametrize("format_", ["WEBP", "PNG", "GIF"])
def test_what_moves_over_nothing_leaves_no_trail(format_, to):
    images = frames((200, 150, 40, 255))
    options = {"disposal": 2} if format_ == "GIF" else {}
    found = read(identify(moving(format_, images, **options)))
    for pixels, image in zip(shown(encode(found, to))[0], images, strict=True):
        np.testing.assert_array_equal(pixels[..., 3], np.asarray(image)[..., 3])


def test_a_webp_of_frames_that_cover_what_is_seen_is_still_transparent():
    """Its encoder would not say so, and readers would put black around."""
    pixels = [np.zeros((24, 36, 4), np.uint8) for _ in range(2)]
    for number, frame in enumerate(pixels):
        frame[4:12, 8 * number : 8 * number + 8] = 200, 150, 40, 255
    found = animation.Animation(Photo(pixels[0], "PNG"), pixels, [50, 50])
    for made, wanted in zip(shown(encode(found, "WEBP"))[0], pixels, strict=True):
        np.testing.assert_array_equal(made[..., 3], wanted[..., 3])


@pytest.mark.parametrize("to", ["WEBP", "PNG", "GIF"])
def test_lossless_animations_stay_what_they_were(to):
    found = read(identify(moving("WEBP")))
    for pixels, image in zip(shown(encode(found, to))[0], frames(), strict=True):
        if to == "WEBP":
            assert found.photo.encoding == {"lossless": True}
        np.testing.assert_array_equal(pixels[..., :3], np.asarray(image))


def test_the_cover_of_a_png_stays_a_cover():
    cover, *images = frames()
    data = saved(cover, "PNG", save_all=True, append_images=images, default_image=True,
                 duration=[50, 60, 70], loop=0)  # fmt: skip
    found = read(identify(data))
    assert (found.has_cover, found.durations, len(found.frames)) == (True, [0, 50, 60, 70], 4)
    again = Image.open(io.BytesIO(encode(found, "PNG")))
    assert (again.info["default_image"], again.n_frames) == (True, 4)
    np.testing.assert_array_equal(np.asarray(again), np.asarray(cover))
    pixels, durations, _ = shown(encode(found, "WEBP"))
    assert (len(pixels), durations) == (3, [50, 60, 70])


def test_thirds_of_a_hundred_do_not_drift():
    assert sum(whole([100 / 3] * 300)) == 10_000
    assert sum(whole([100 / 3] * 300, 10)) == 10_000
    assert whole([40, 50], 10) == [40, 50]
    assert whole([]) == []


def test_frames_of_several_kinds_become_of_one():
    gray, rgb = np.full((4, 6), 9, np.uint8), np.full((4, 6, 3), 8, np.uint8)
    with_alpha = np.full((4, 6, 2), 7, np.uint8)
    found = animation._alike([gray, rgb])
    assert [f.shape for f in found] == [(4, 6, 3)] * 2
    assert [f[0, 0].tolist() for f in found] == [[9, 9, 9], [8, 8, 8]]
    found = animation._alike([rgb, with_alpha])
    assert [f[0, 0].tolist() for f in found] == [[8, 8, 8, 255], [7, 7, 7, 7]]
    found = animation._alike([gray, with_alpha])
    assert [f[0, 0].tolist() for f in found] == [[9, 255], [7, 7]]


def test_alpha_that_hides_nothing_is_left_out():
    found = read(identify(moving("WEBP", frames((200, 150, 40)))))
    assert found.frames[0].shape == (24, 36, 3)


@pytest.mark.parametrize("format_", ["WEBP", "PNG", "AVIF"])
def test_metadata_go_along(format_):
    data = moving(format_, exif=exif_with(1), icc_profile=None)
    again = Image.open(io.BytesIO(encode(read(identify(data)), format_)))
    assert again.getexif()[271] == "maker"


@pytest.mark.parametrize("format_", ["WEBP", "PNG"])
def test_frames_are_upright(format_):
    found = read(identify(moving(format_, exif=exif_with(6))))
    assert [f.shape for f in found.frames] == [(36, 24, 3)] * 4


@pytest.mark.parametrize("format_", FORMATS)
def test_all_frames_count_for_the_limit(format_):
    data = moving(format_)
    assert identify(data, Limits(max_pixels=4 * 36 * 24)).size == (36, 24)
    with pytest.raises(LimitError, match=r"4 frames of 36 x 24 pixels are 0\.0 mega"):
        _ = identify(data, Limits(max_pixels=4 * 36 * 24 - 1)).size


@pytest.mark.parametrize("format_", FORMATS)
def test_no_frame_is_lost_where_one_picture_is_asked_for(format_):
    with pytest.raises(UnsupportedError, match="several frames, which only noiser enhance takes"):
        decode(moving(format_))


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_truncated_animation_is_damaged(format_, share):
    images = [Image.fromarray(dark_rgb(24, 36, seed)) for seed in range(4)]
    data = moving(format_, images)
    with pytest.raises((DecodeError, UnsupportedError)):
        read(identify(data[: int(len(data) * share)]))


def deep_animation() -> bytes:
    """A PNG of 16 bits that says that it has two frames."""
    control = struct.pack(">IIIIIHHBB", 0, 36, 24, 0, 0, 1, 10, 0, 0)
    pixels = np.zeros((24, 36, 3), np.uint16)
    return deep_png(pixels, (b"acTL", struct.pack(">II", 2, 0)), (b"fcTL", control))


def test_deep_animations_are_refused_and_not_cut():
    with pytest.raises(UnsupportedError, match="an animation of 16 bits a colour"):
        read(identify(deep_animation()))


@pytest.mark.parametrize("format_", FORMATS)
def test_one_frame_is_a_picture(format_):
    source = identify(saved(frames()[0], format_))
    assert source.parts == 1
    assert decode(source.data).pixels.shape == (24, 36, 3)


def test_a_still_gif_goes_out_as_one():
    photo = decode(saved(frames()[0], "GIF", comment=b"a comment"))
    again = decode(encode_one(photo))
    assert (again.format, again.metadata["comment"]) == ("GIF", b"a comment")
    np.testing.assert_array_equal(again.pixels, photo.pixels)


def test_a_gif_of_many_colours_has_those_that_suit_it():
    pixels = dark_rgb(48, 64)
    off = decode(encode_one(Photo(pixels, "GIF"))).pixels.astype(int) - pixels
    assert np.abs(off).mean() < 4
    assert np.abs(off).max() > 0


def test_gray_keeps_all_its_tones_in_a_gif():
    pixels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    found = decode(encode_one(Photo(pixels, "GIF"))).pixels
    np.testing.assert_array_equal(found if found.ndim == 2 else found[..., 0], pixels)


def test_what_is_half_transparent_is_no_gif():
    pixels = np.full((4, 6, 4), 255, np.uint8)
    pixels[0, 0, 3] = 0
    assert decode(encode_one(Photo(pixels, "GIF"))).pixels[0, 0, 3] == 0
    pixels[0, 0, 3] = 128
    with pytest.raises(OutputError, match="GIF cannot hold what is half transparent"):
        encode_one(Photo(pixels, "GIF"))


def test_a_gif_of_which_nothing_is_seen_can_be_written():
    pixels = np.zeros((4, 6, 4), np.uint8)
    assert decode(encode_one(Photo(pixels, "GIF"))).pixels[..., 3].max() == 0


def test_what_does_not_move_does_not_change_in_a_gif():
    """One palette, and no dithering that would carry errors from what moves."""
    images = []
    for seed in range(3):
        pixels = dark_rgb(48, 64)
        pixels[:8, :8] = np.random.default_rng(seed).integers(0, 256, (8, 8, 3))
        images.append(pixels)
    still = [np.asarray(image.convert("RGB"))[8:] for image in gif.indexed(images)]
    np.testing.assert_array_equal(still[0], still[1])
    np.testing.assert_array_equal(still[0], still[2])


@pytest.mark.parametrize("profile", [None, b"profile" * 40])
@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_is_lossless_wherever_its_pixels_stand(lossless, profile):
    """Behind a profile, and within a frame."""
    one = saved(frames()[0], "WEBP", lossless=lossless, icc_profile=profile)
    all_of_them = moving("WEBP", lossless=lossless, icc_profile=profile)
    for data in (one, all_of_them):
        wanted = {"lossless": True} if lossless else {"quality": 90}
        assert encoding_of(Image.open(io.BytesIO(data)), data) == wanted
