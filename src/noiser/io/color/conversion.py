"""Routes: the ways of a picture's colours to sRGB, where the network is at home, and back."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from noiser.core.color import linear_from_srgb, narrowed
from noiser.core.errors import DecodeError
from noiser.core.types import Pixels
from noiser.io.color import icc
from noiser.io.color.profiles import SRGB, SRGB_GRAY, opened_profile
from noiser.io.color.transfer_curves import encoded_by, inverse_of, light_of_srgb, srgb_of_roots
from noiser.io.vips import forgetting

MOST_DEVIATION = 1.5 / 255
"""A curve that is nowhere farther from sRGB's counts as the same [share of the range]."""

Target: TypeAlias = Literal["keep", "srgb"]
"""What a picture's profile becomes."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of linear red, green and blue in luminance (ITU-R BT.709)."""

CALM = 1e-4
"""Light added above and below in a quotient of two: black has no gain."""


class Conversion(Protocol):
    """The way of a picture's pixels to the network and back."""

    def enter(self, pixels: Pixels) -> Pixels:
        """Give what is to be enhanced."""

    def leave(self, pixels: Pixels, entered: Pixels, enhanced: Pixels) -> Pixels:
        """Give what is to be written: of the original, what entered, and what was made of it."""


class NoConversion:
    """The pixels are enhanced as they are."""

    def enter(self, pixels: Pixels) -> Pixels:
        """See `Conversion`."""
        return pixels

    def leave(self, _pixels: Pixels, _entered: Pixels, enhanced: Pixels) -> Pixels:
        """See `Conversion`."""
        return enhanced


UNCONVERTED = NoConversion()


@dataclass(frozen=True, eq=False)
class ThroughSrgb:
    """The way to sRGB and back, for pictures whose curve is not sRGB's.

    The network and the looks know sRGB's tones. Such a picture is enhanced as sRGB of 16 bits;
    what sRGB cannot hold, saturated colours and the rest of rounding, is put aside as light,
    gets the gain of its pixel, and is added again.
    """

    curves: NDArray[np.float64]
    """float64 [C,n]: light for values from 0 to 1. One curve for gray."""

    matrix: NDArray[np.float64] | None
    """float64 [3,3]: linear light to linear sRGB; None for gray."""

    def enter(self, pixels: Pixels) -> Pixels:
        """Convert to sRGB.

        Args:
            pixels: uint8, uint16 or float [H,W,C] in the profile's own RGB or gray.

        Returns:
            uint16 [H,W,C], sRGB; alpha as wide as the colours.
        """
        colors, alpha = _apart(pixels)
        encoded = encoded_by(srgb_of_roots(), self._light(colors), np.uint16)
        if alpha is None:
            return encoded.reshape(pixels.shape)
        deep = alpha if alpha.dtype == np.uint16 else _deep(alpha)
        return np.concatenate([encoded, deep], -1)

    def leave(self, pixels: Pixels, entered: Pixels, enhanced: Pixels) -> Pixels:
        """Convert back.

        Args:
            pixels: As they were given to `enter`.
            entered: uint16, as they came from there.
            enhanced: uint16, what was made of them.

        Returns:
            Pixels of the kind of the first, enhanced.
        """
        colors, alpha = _apart(pixels)
        before = light_of_srgb()[_apart(entered)[0]]
        after = light_of_srgb()[_apart(enhanced)[0]]
        rest = self._light(colors) - before
        weights = np.array(LUMINANCE if self.matrix is not None else (1.0,), np.float32)
        gain = (after @ weights + CALM) / (before @ weights + CALM)
        light = after + rest * gain[..., None]
        if self.matrix is not None:
            light = light @ np.linalg.inv(self.matrix).T.astype(np.float32)
        own = np.empty(colors.shape, colors.dtype)
        for i in range(colors.shape[-1]):
            table = inverse_of(self.curves[i].tobytes(), pixels.dtype.str)
            own[..., i] = encoded_by(table, light[..., i], pixels.dtype)
        return own.reshape(pixels.shape) if alpha is None else np.concatenate([own, alpha], -1)

    def _light(self, colors: Pixels) -> NDArray[np.float32]:
        """Compute linear light in sRGB's primaries, below 0 and above 1 where it must: [H,W,C]."""
        points = self.curves.shape[1]
        light = np.empty(colors.shape, np.float32)
        for i in range(colors.shape[-1]):
            plane = colors[..., i]
            if plane.dtype.kind == "u":
                peak = int(np.iinfo(plane.dtype).max)
                table = np.interp(
                    np.linspace(0, 1, peak + 1), np.linspace(0, 1, points), self.curves[i]
                )
                light[..., i] = table.astype(np.float32)[plane]
            else:
                light[..., i] = np.interp(plane, np.linspace(0, 1, points), self.curves[i])
        return light if self.matrix is None else light @ self.matrix.T.astype(np.float32)


class ToSrgb(ThroughSrgb):
    """The way to sRGB, where the picture stays."""

    def leave(self, pixels: Pixels, _entered: Pixels, enhanced: Pixels) -> Pixels:
        """Round to the depth of the first."""
        colors, _ = _apart(enhanced)
        made = _with_depth(colors, pixels.dtype)
        alpha = _apart(pixels)[1]
        return made.reshape(pixels.shape) if alpha is None else np.concatenate([made, alpha], -1)


@dataclass(frozen=True, eq=False)
class TablesToSrgb(NoConversion):
    """The way to sRGB of a profile that holds tables: converted when all is done."""

    profile: bytes
    """Of RGB."""

    def leave(self, _pixels: Pixels, _entered: Pixels, enhanced: Pixels) -> Pixels:
        """Convert by relative colorimetry, with little CMS."""
        colors, alpha = _apart(enhanced)
        made = (_by_vips if colors.dtype == np.uint16 else _by_pillow)(colors, self.profile)
        return made if alpha is None else np.concatenate([made, alpha], -1)


def conversion_for(
    profile: bytes | None, channels: int, target: Target
) -> tuple[Conversion, bytes | None, str | None]:
    """Find the way of a picture's pixels.

    Args:
        profile: The picture's, if it has one.
        channels: 1 or 2 for gray, 3 or 4 for RGB; an even number has alpha.
        target: Whether the output keeps the profile or becomes sRGB.

    Returns:
        The way, the profile of what comes out, and what the user should know.
    """
    is_gray = channels < 3
    ours = SRGB_GRAY if is_gray else SRGB
    if profile is None:
        return UNCONVERTED, None if target == "keep" else ours, None
    simple = icc.parse(profile)
    space = profile[16:20]
    if space != (b"GRAY" if is_gray else b"RGB "):
        note = "its colour profile is of another kind than its pixels; they count as sRGB"
        return UNCONVERTED, profile if target == "keep" else ours, note
    if simple is not None:
        matrix = None
        if simple.primaries is not None:
            matrix = np.linalg.inv(_srgb_primaries()) @ simple.primaries
        if target == "srgb":
            return ToSrgb(simple.curves, matrix), ours, None
        if _deviation(simple.curves) > MOST_DEVIATION:
            return ThroughSrgb(simple.curves, matrix), profile, None
        return UNCONVERTED, profile, None
    if target == "keep":
        return UNCONVERTED, profile, None
    if is_gray:
        return UNCONVERTED, profile, "its gray profile holds tables; it was kept, not converted"
    return TablesToSrgb(profile), ours, None


def _by_pillow(colors: Pixels, profile: bytes) -> Pixels:
    """Convert uint8 [H,W,3] to sRGB."""
    try:
        transform = ImageCms.buildTransform(
            opened_profile(profile),
            opened_profile(SRGB),
            "RGB",
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        converted = ImageCms.applyTransform(Image.fromarray(colors), transform)
    except (ImageCms.PyCMSError, OSError) as error:
        raise DecodeError(f"damaged colour profile: {error}") from error
    return np.asarray(converted)


def _by_vips(colors: Pixels, profile: bytes) -> Pixels:
    """Convert uint16 [H,W,3] to sRGB, which Pillow cannot."""
    with forgetting() as vips:
        image = vips.Image.new_from_array(np.ascontiguousarray(colors)).copy(interpretation="rgb16")
        image.set_type(vips.GValue.blob_type, "icc-profile-data", profile)
        try:
            made = image.icc_transform("srgb", embedded=True, intent="relative", depth=16)
            return np.asarray(made.numpy())
        except vips.Error as error:
            raise DecodeError(f"damaged colour profile: {error}") from error


def _apart(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Split into colours [H,W,1 or 3] and alpha [H,W,1], if there is one."""
    deep = pixels[..., None] if pixels.ndim == 2 else pixels
    if deep.shape[-1] in (2, 4):
        return deep[..., :-1], deep[..., -1:]
    return deep, None


def _with_depth(pixels: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Round uint16 to another kind of pixels."""
    if dtype == np.uint16:
        return pixels
    if dtype == np.uint8:
        return narrowed(pixels)
    shares: Pixels = (pixels / 65535.0).astype(dtype)
    return shares


def _deep(pixels: Pixels) -> Pixels:
    """Widen to uint16."""
    if pixels.dtype == np.uint8:
        pixels = pixels / np.float32(255)
    rounded: Pixels = np.rint(pixels * np.float32(65535)).astype(np.uint16)
    return rounded


def _deviation(curves: NDArray[np.float64]) -> float:
    """Measure how far curves are from sRGB's, in sRGB's own values."""
    values = np.linspace(0.0, 1.0, 256)
    given = np.linspace(0.0, 1.0, curves.shape[1])
    wanted = linear_from_srgb(given)
    encoded = [np.interp(np.interp(values, given, c), wanted, given) for c in curves]
    return float(np.max(np.abs(np.stack(encoded) - values)))


@lru_cache(maxsize=1)
def _srgb_primaries() -> NDArray[np.float64]:
    """Give sRGB's primaries as its profile has them: float64 [3,3]."""
    simple = icc.parse(SRGB)
    if simple is None or simple.primaries is None:
        raise AssertionError("our own profile cannot be read")
    return simple.primaries
