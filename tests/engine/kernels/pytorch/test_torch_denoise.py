"""Splitting: the scene in torch against SciPy's filters."""

import numpy as np
import pytest
import torch
import truth

from noiser import Enhancer
from noiser.engine.kernels.pytorch.denoise import opponents, taken_apart
from noiser.engine.kernels.pytorch.planes import read
from noiser.engine.kernels.pytorch.render_params import stacked


@pytest.mark.parametrize("denoise", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("color", [1.0, 0.2])
def test_a_scene_is_scipys(dark_photo, denoise, color):
    """Photo without noise, luma, chroma and detail: equal to 1e-12 in double precision."""
    image = dark_photo(24, 19, seed=4)
    tool = Enhancer(denoise=denoise, color=color, detail=1.5)
    pair = tool.develop(tool.measure(image))
    filters = stacked([pair], torch.float64)
    batch = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
    photo = read(batch, np.s_[-7:31, -7:26], torch.float64) / 255 - filters.center

    found = taken_apart(opponents(photo), filters)

    quiet, light, chroma, detail = truth.scene(image, "replicate", pair[1])
    inner = np.s_[..., 2:-2, 2:-2]
    if filters.gray:
        seen = (quiet + 1) / 2 @ [0.299, 0.587, 0.114]
        center = float(filters.center.flatten() @ torch.tensor([0.299, 0.587, 0.114]).double())
        # float32 weights of luma above: the center is about 0.02
        assert abs(found.quiet[0, 0].numpy() + center - seen).max() < 1e-8
    else:
        seen = ((quiet + 1) / 2).transpose(2, 0, 1)
        assert abs((found.quiet + filters.center)[0].numpy() - seen).max() < 1e-12
    assert abs(found.light[0].numpy()[inner] - light).max() < 1e-12
    assert abs(found.chroma[0].numpy()[inner] - chroma.transpose(2, 0, 1)).max() < 1e-12
    assert abs(found.detail[0].numpy()[inner] - detail).max() < 1e-12
