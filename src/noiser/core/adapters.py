"""Carriers: the arrays inside NumPy, PIL and torch images, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from noiser.core.color import srgb_from_lab, to_bytes
from noiser.core.types import Pixels, Region

DTYPES = (np.uint8, np.uint16, np.float32, np.float64)
"""Kinds of values the kernels read."""

TENSOR_KINDS = ("uint8", "uint16", "float16", "bfloat16", "float32", "float64")
"""Kinds of values of a tensor; half precision is computed in single."""

PIL_BAND_ROWS = 256
"""Rows taken out of a PIL image at a time [pixels]."""

PIL_MODES = {
    "1": "L", "L": "L", "LA": "LA", "P": "RGB", "PA": "RGBA", "RGB": "RGB", "RGBA": "RGBA",
    "RGBX": "RGB", "RGBa": "RGBA", "La": "LA", "CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB",
    "LAB": "RGB", "I;16": "I;16", "I;16L": "I;16", "I;16B": "I;16", "I;16N": "I;16", "I": "I",
    "F": "F",
}  # fmt: skip
"""PIL modes that have a meaning here, and the mode each is enhanced in."""


@dataclass(frozen=True, eq=False)
class Adapter:
    """One image of whatever type, as arrays."""

    frames: list[Pixels]
    """The image, or each image of a batch; views where possible, never to be written."""

    pack: Callable[[list[Pixels]], Any]
    """Makes the caller's type, dtype and layout from enhanced frames."""

    @property
    def single(self) -> Pixels:
        """The only frame.

        Raises:
            ValueError: It is a batch of several images.
        """
        one_by_one(len(self.frames))
        return self.frames[0]


def unpack(image: Any) -> Adapter:
    """Take the arrays out of an image.

    Args:
        image: An array uint8, uint16, float16, float32 or float64, of either order of bytes,
            [H,W], [H,W,C] or [B,H,W,C] with 1 to 4 channels, floats in [0, 1]; a PIL image, in
            the mode `I` with 0 to 65535, in `F` with 0 to 1; or a torch tensor [3,H,W] or
            [B,3,H,W].

    Returns:
        The carrier.

    Raises:
        TypeError: The image is of another type.
        ValueError: Its dtype, shape, mode or range is none of these.
    """
    if isinstance(image, np.ndarray):
        return _unpack_array(image)
    origins = {base.__module__.split(".")[0] for base in type(image).__mro__}
    if "PIL" in origins:
        return _unpack_pil(image)
    if "torch" in origins:
        return _unpack_torch(image)
    raise _not_an_image(image)


def device_of(image: Any) -> str | None:
    """Name the kind of device that a tensor lies on, `cpu` or `cuda`; None if it is no tensor."""
    if not any(base.__module__.split(".")[0] == "torch" for base in type(image).__mro__):
        return None
    return getattr(getattr(image, "device", None), "type", None)


def checked(pixels: Pixels) -> Pixels:
    """Refuse an array that is not an image of a kind the kernels read.

    Returns:
        The array, or a copy where its numbers lie at odd addresses, which in C are undefined, or
        are of the other order of bytes.
    """
    native = pixels.dtype.newbyteorder("=")
    if native not in DTYPES:
        raise ValueError(
            f"the image is {pixels.dtype}; it must be uint8, uint16, float32 or float64"
        )
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and not 1 <= pixels.shape[2] <= 4):
        raise ValueError(
            f"the image has the shape {list(pixels.shape)}; "
            "it must be [H,W], [H,W,C] or [B,H,W,C] with 1 to 4 channels"
        )
    if pixels.size == 0:
        raise ValueError(f"the image has the shape {list(pixels.shape)}; it has no pixels")
    if pixels.dtype.kind == "f":
        _refuse_outside(float(pixels.min()), float(pixels.max()))
    if pixels.dtype != native:
        return pixels.astype(native)
    return pixels if pixels.flags.aligned else pixels.copy("K")


def _refuse_outside(low: float, high: float) -> None:
    """Refuse floats that are not in [0, 1]."""
    if not (low >= 0.0 and high <= 1.0):  # written so that NaN is refused too
        raise ValueError(f"the image has values from {low:g} to {high:g}; floats must be in [0, 1]")


def one_by_one(images: int) -> None:
    """Refuse a batch of several images where only one has a meaning."""
    if images != 1:
        raise ValueError(f"a batch of {images} images found; pass them one by one")


def resolved(region: Region | None, size: tuple[int, ...]) -> Region:
    """Give a region's slices numbers, and refuse what is not inside the image.

    Args:
        region: Rows and columns, or all.
        size: Height and width of the image [pixels].

    Raises:
        ValueError: It is not two slices, or they are empty, have a step or reach outside.
    """
    if region is None:
        return slice(0, size[0]), slice(0, size[1])
    if len(region) != 2 or not all(isinstance(part, slice) for part in region):
        raise ValueError(f"region is {region!r}; it must be two slices, rows and columns")
    found = []
    for part, length, axis in zip(region, size, ("rows", "columns"), strict=True):
        start = 0 if part.start is None else part.start
        stop = length if part.stop is None else part.stop
        if part.step not in (None, 1) or not 0 <= start < stop <= length:
            raise ValueError(f"the region's {axis} are {part}; the image has 0 to {length}")
        found.append(slice(start, stop))
    return found[0], found[1]


def _unpack_array(image: Pixels) -> Adapter:
    """Take an array as it is, or a batch of them apart; half precision is computed in single."""
    is_half = image.dtype.newbyteorder("=") == np.float16
    values = image.astype(np.float32) if is_half else image
    is_batch = values.ndim == 4 and len(values) > 0
    frames = [checked(frame) for frame in values] if is_batch else [checked(values)]

    def pack(enhanced: list[Pixels]) -> Pixels:
        packed = np.stack(enhanced) if is_batch else enhanced[0]
        return packed.astype(image.dtype, copy=False)

    return Adapter(frames, pack)


def _unpack_pil(image: Any) -> Adapter:
    """Read a PIL image; the output has the mode it is enhanced in, and the same info."""
    from PIL import Image  # noiser imports Pillow only where an image is a Pillow image

    if image.mode not in PIL_MODES:
        raise ValueError(
            f"the image has the mode {image.mode}; it must be one of {', '.join(PIL_MODES)}"
        )
    # What describes the old mode's pixels would be wrong for the new one's.
    stale = {"transparency"} | ({"icc_profile"} if image.mode in ("CMYK", "LAB") else set())

    def pack(frames: list[Pixels]) -> Any:
        pixels = frames[0].astype(np.int32) if image.mode == "I" else frames[0]
        packed = Image.fromarray(pixels)
        packed.info = {k: v for k, v in image.info.items() if k not in stale}
        return packed

    return Adapter([checked(pil_pixels(image))], pack)


def pil_pixels(image: Any) -> Pixels:
    """Read a PIL image of one of `PIL_MODES` as an array, in the mode it is enhanced in.

    A colour, or entries of a palette, that stand for transparent become an alpha channel.

    Raises:
        ValueError: The mode is `I`, and a value has no place in 16 bits.
    """
    mode = PIL_MODES[image.mode]
    if mode == "I":
        return _of_16_bits(pil_array(image))
    if image.mode == "LAB":
        return _from_lab(pil_array(image))
    if "transparency" in image.info and mode in ("L", "RGB"):
        image = image.convert("RGBA")
        mode = "LA" if mode == "L" else "RGBA"
    deep = image.mode.startswith("I;16")  # in any byte order; convert() would cut it to 8 bits
    return pil_array(image if deep or image.mode == mode else image.convert(mode))


def _of_16_bits(values: Pixels) -> Pixels:
    """Take integers of 32 bits, as Pillow holds deep gray, as the 16 bits that they are."""
    if values.size and not (values.min() >= 0 and values.max() <= 65535):
        raise ValueError(
            f"the image has values from {values.min()} to {values.max()}; "
            "integers of the mode I must be in [0, 65535]"
        )
    return values.astype(np.uint16)


def _from_lab(values: Pixels) -> Pixels:
    """Convert Pillow's CIELAB of 8 bits to sRGB, some rows at a time."""
    made = np.empty_like(values)
    for top in range(0, len(values), PIL_BAND_ROWS):
        rows = slice(top, top + PIL_BAND_ROWS)
        lab = values[rows].astype(np.int8).astype(np.float64)  # a and b are signed
        lab[..., 0] = values[rows, :, 0] * (100 / 255)
        made[rows] = to_bytes(srgb_from_lab(lab))
    return made


def pil_array(image: Any) -> Pixels:
    """Copy a PIL image into an array, band by band: Pillow would take the memory twice."""
    width, height = image.size
    pixels: Pixels | None = None
    for top in range(0, height, PIL_BAND_ROWS):
        bottom = min(top + PIL_BAND_ROWS, height)
        band = np.asarray(image.crop((0, top, width, bottom)))
        if pixels is None:
            dtype = band.dtype.newbyteorder("=")
            pixels = np.empty((height, *band.shape[1:]), dtype)
        pixels[top:bottom] = band
    return np.asarray(image) if pixels is None else pixels


def checked_tensor(tensor: Any) -> Any:
    """Refuse what is not a tensor of images, without a copy of it to the host.

    Args:
        tensor: uint8, uint16 or float [3,H,W] or [B,3,H,W], floats in [0, 1], on any device.

    Returns:
        The tensor.
    """
    _check_shape(tensor)
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind not in TENSOR_KINDS:
        raise ValueError(f"the image is {kind}; it must be uint8, uint16, float32 or float64")
    if tensor.is_floating_point():
        low, high = tensor.detach().aminmax()
        _refuse_outside(float(low), float(high))
    return tensor


def _check_shape(tensor: Any) -> None:
    """Refuse what is not a tensor, or not of images."""
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise _not_an_image(tensor)
    if tensor.ndim not in (3, 4) or tensor.shape[-3] != 3 or tensor.numel() == 0:
        raise ValueError(
            f"the tensor has the shape {list(tensor.shape)}; it must be [3,H,W] or [B,3,H,W]"
        )


def _unpack_torch(tensor: Any) -> Adapter:
    """Read a torch tensor, without a copy where it lies in the CPU's memory."""
    import torch

    _check_shape(tensor)
    values = tensor.detach().cpu()
    if values.dtype in (torch.float16, torch.bfloat16):
        values = values.float()
    batch = values.reshape(-1, *values.shape[-3:]).permute(0, 2, 3, 1).numpy()

    def pack(frames: list[Pixels]) -> Any:
        planar = np.stack([frame.transpose(2, 0, 1) for frame in frames])
        return torch.from_numpy(planar).reshape(tensor.shape).to(tensor.device, tensor.dtype)

    return Adapter([checked(frame) for frame in batch], pack)


def _not_an_image(image: object) -> TypeError:
    """Name the type that was found and those that are taken."""
    return TypeError(
        f"the image is a {type(image).__name__}; "
        "it must be a NumPy array, a PIL image or a torch tensor"
    )
