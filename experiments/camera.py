"""A camera: from light to the JPEG of a phone, with the noise that such pictures have.

Shot and read noise of a small sensor in linear light, twelve bits, one colour a pixel behind a
Bayer filter, demosaicing, a phone's mild noise reduction, sRGB's curve and JPEG. What comes out
has noise that is correlated over several pixels, of colours more than of luma, and blocks.
"""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import convolve
from skimage.color import rgb2ycbcr, ycbcr2rgb
from skimage.filters import gaussian

from noiser.core.color import linear_from_srgb, srgb_from_linear, to_bytes
from noiser.core.types import ByteImage, UnitImage

Light = NDArray[np.float64]
"""float64 [H,W,3]: linear light, of which 1 is white at the exposure that is metered."""

DEPTH = 4095
"""White of the sensor's twelve bits."""

AROUND = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 4.0
"""Weights by which a missing colour is taken from its neighbours (bilinear demosaicing)."""


@dataclass(frozen=True)
class Camera:
    """A sensor, and what is made of its data."""

    full_well: float = 6_000.0
    """Electrons that white frees in a pixel; a small sensor's at a high sensitivity."""

    read_noise: float = 3.0
    """Deviation of reading a pixel [electrons]."""

    is_bayer: bool = True
    """Whether each pixel sees one colour, and two thirds are made of the neighbours'."""

    smoothing: float = 1.0
    """Deviation of the blur that calms colours; luma gets a third of it [pixels]."""

    quality: int = 90
    """Of the JPEG."""

    def photograph(self, light: Light, rng: np.random.Generator) -> bytes:
        """Take a picture.

        Args:
            light: What falls on the sensor; sides are even.
            rng: Source of the noise.

        Returns:
            A JPEG file.
        """
        electrons = rng.poisson(np.clip(light, 0.0, 4.0) * self.full_well)
        counted = electrons + rng.normal(0.0, self.read_noise, light.shape)
        digital = np.rint(np.clip(counted / self.full_well, 0.0, 1.0) * DEPTH) / DEPTH
        seen = demosaiced(digital) if self.is_bayer else digital
        pixels = to_bytes(self._calmed(srgb_from_linear(np.clip(seen, 0.0, 1.0))))
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=self.quality)
        return buffer.getvalue()

    def _calmed(self, image: UnitImage) -> UnitImage:
        """Blur colours, and luma a little, as a phone does."""
        if self.smoothing == 0:
            return image
        planes = rgb2ycbcr(image)
        for channel, share in enumerate((1 / 3, 1.0, 1.0)):
            planes[..., channel] = blurred(planes[..., channel], share * self.smoothing)
        return np.asarray(np.clip(ycbcr2rgb(planes), 0.0, 1.0))


def light_of(image: ByteImage) -> Light:
    """Give the light that a picture shows: uint8 [H,W,3] sRGB to float64, linear."""
    return linear_from_srgb(image / 255.0)


def picture_of(light: Light) -> ByteImage:
    """Give the picture of a light without a camera's faults: uint8 [H,W,3], sRGB."""
    return to_bytes(srgb_from_linear(np.clip(light, 0.0, 1.0)))


def demosaiced(digital: Light) -> Light:
    """See one colour in each pixel, red and green above green and blue, and fill the others in."""
    rows, columns = np.indices(digital.shape[:2])
    masks = [
        (rows % 2 == 0) & (columns % 2 == 0),
        (rows + columns) % 2 == 1,
        (rows % 2 == 1) & (columns % 2 == 1),
    ]
    made = np.empty_like(digital)
    for channel, mask in enumerate(masks):
        seen = _around(np.where(mask, digital[..., channel], 0.0))
        made[..., channel] = seen / _around(mask.astype(np.float64))
    return made


def blurred(plane: Light, deviation: float) -> Light:
    """Blur by a Gaussian, with the borders repeated."""
    return np.asarray(gaussian(plane, deviation, mode="nearest"))


def _around(plane: Light) -> Light:
    """Add up 3 x 3 pixels by `AROUND`, with the pattern mirrored at the borders."""
    return np.asarray(convolve(plane, AROUND, mode="mirror"))
