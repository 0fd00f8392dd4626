"""A backlit photo: what is dark stands before what is bright, so local light has much to do."""

import numpy as np
from numpy.typing import NDArray


def backlit(height: int = 60, width: int = 90) -> NDArray[np.uint8]:
    """Make a dark room with a bright window: uint8 [H,W,3]."""
    noise = np.random.default_rng(2).integers(0, 9, (height, width, 3))
    room = 12 + noise + 10 * np.linspace(0, 1, width)[:, None]
    room[height // 6 : height // 2, width // 3 :] += 190
    return room.astype(np.uint8)
