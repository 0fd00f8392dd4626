"""The vocabulary: what kinds of arrays travel between the floors."""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

ByteImage: TypeAlias = NDArray[np.uint8]
"""uint8 [H,W,3] in [0, 255], sRGB. What files hold and metrics compare."""

UnitImage: TypeAlias = NDArray[np.floating[Any]]
"""float [H,W,3] in [0, 1], sRGB. What looks compute with."""

SignedImage: TypeAlias = NDArray[np.floating[Any]]
"""float [H,W,3] in [-1, 1], sRGB. What the network reads and writes."""

Plane: TypeAlias = NDArray[np.float64]
"""float64 [H,W]: one channel."""

Pixels: TypeAlias = NDArray[Any]
"""uint8, uint16, float32 or float64 [H,W], [H,W,2], [H,W,3] or [H,W,4], sRGB.

Integers use their whole range, floats [0, 1]. Two channels are gray and alpha, four are
red, green, blue and alpha; alpha is carried through untouched.
"""

Weights: TypeAlias = NDArray[np.float32]
"""float32 array of any shape: parameters of the network."""

Padding: TypeAlias = Literal["zero", "replicate"]
"""What a convolution sees outside the image: mid-gray (0 in [-1, 1]) or the nearest pixel."""

Region: TypeAlias = tuple[slice, slice]
"""Rows and columns of an image, as `numpy.s_[0:64, :]` writes them [pixels]."""
