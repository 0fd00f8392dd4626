"""Mutants of the torch kernel, in plain torch and in Triton."""

from mutant import Mutant

INIT, PLANES, LAGS, SUMMING, FILTERS, SPLITTING, RENDERING, FUSED, MEASURE, SCENE, NETWORK = (
    f"engine/kernels/pytorch/{name}.py"
    for name in (
        "__init__", "planes", "lags", "measure", "render_params", "denoise", "render",
        "triton_launch", "triton_measure", "triton_denoise", "triton_network",
    )
)  # fmt: skip

MUTANTS = [
    Mutant("engine/kernels/__init__.py", "device in GPUS", "device == 'cuda'", "kernels"),
    Mutant("engine/kernels/__init__.py", 'name == "torch" or', "", "kernels"),
    Mutant("core/adapters.py", "tensor.detach().aminmax()", "(0, 0)", "torch_kernel"),
    Mutant(INIT, "one_by_one(len(self._images))", "pass", "torch_kernel"),
    Mutant(INIT, "(origin[0] + top, origin[1] + left)", "origin", "torch_kernel"),
    Mutant(INIT, "cells = cells_of(self._images, part, origin)", "cells = [()]", "torch_kernel"),
    Mutant(INIT, "dtype != torch.float64 and", "", "triton_launch"),
    Mutant(PLANES, "(1 << (BITS - 1)) - 1 +", "(1 << (BITS - 1)) +", "planes"),
    Mutant(PLANES, "BITS = 44", "BITS = 24", "planes"),
    Mutant(PLANES, "min(top + height, rows.stop)", "top + height", "planes"),
    Mutant(PLANES, "(rows < size[2])", "(rows <= size[2])", "planes"),
    Mutant(LAGS, "[[0, 0, 1, 1], [1, 0, 0, 1]", "[[0, 0, 1, 1], [0, 0, 0, 1]",
           "lags torch_measure"),
    Mutant(LAGS, "seen + UNSEEN @", "seen - UNSEEN @", "torch_measure"),
    Mutant(SUMMING, "put_outside(ringed, grown(region, 1), batch.shape, 0)", "ringed",
           "torch_measure"),
    Mutant(SUMMING, "(tones >= 4 * level)", "(tones > 4 * level)", "torch_measure"),
    Mutant(SUMMING, "numbers + first", "numbers", "torch_measure"),
    Mutant(SUMMING, "part.start + begin, part.stop + begin", "part.start, part.stop",
           "torch_measure"),
    Mutant(FILTERS, "folded[0].chroma == 0.0", "False", "torch_render_params"),
    Mutant(FILTERS, "value[images] for name, value in s", "value for name, value in s",
           "torch_render_params"),
    Mutant(FILTERS, "np.minimum(low + 1, size - 1)", "low", "torch_render_params"),
    Mutant(SPLITTING, ".clamp(min=NO_ENERGY)", "", "torch_denoise torch_render"),
    Mutant(SPLITTING, "share * colors + (1.0 - share)", "colors + 0.0", "torch_denoise"),
    Mutant(RENDERING, "levels * (-0.5 / 255)", "levels * 0.0", "torch_render"),
    Mutant(RENDERING, "(1.0 - share) * source", "0.0 * source", "torch_render"),
    Mutant(RENDERING, "out[:, colors:] = source[:, colors:]", "pass", "torch_render"),
    Mutant(RENDERING, "hidden - filters.first_gray", "hidden + filters.first_gray", "torch_render"),
    Mutant(RENDERING, ".clamp(min=LEAST_CHROMA)", "", "torch_render"),
    Mutant(FUSED, "sums[:, len(LAGS)] *= scale", "pass", "triton_launch"),
    Mutant(FUSED, "(peak / 255)", "1.0", "triton_launch"),
    Mutant(FUSED, "grown(region, 1), origin", "region, origin", "triton_launch"),
    Mutant(MEASURE, "+ 6755399441055744.0)", "+ 0.0)", "triton_launch"),
    Mutant(MEASURE, "tl.where(lag == 13, 1, two)", "two", "triton_launch"),
    Mutant(MEASURE, "(tones >= 404)", "(tones > 404)", "triton_launch"),
    Mutant(MEASURE, "(lag - 3) % 5 - 2\n    ", "(lag - 3) % 5 - 1\n    ", "triton_launch"),
    Mutant(SCENE, "wide = 0.0625 if step * step == 9 else wide", "wide = wide", "triton_launch"),
    Mutant(SCENE, "(0.25 - 0.0625 * step)", "(0.25 - 0.05 * step)", "triton_launch"),
    Mutant(SCENE, "color_energy * 0.02", "color_energy * 0.04", "triton_launch"),
    Mutant(NETWORK, "tl.where(is_row & is_column, value, 0.0)", "value", "triton_launch"),
    Mutant(NETWORK, "next_left, next_middle, next_right = a0, a1, a2", "pass", "triton_launch"),
    Mutant(NETWORK, "row -= top", "row -= 0", "triton_launch"),
    Mutant(NETWORK, "value -= tl.load(gray", "value += tl.load(gray", "triton_launch"),
    Mutant(NETWORK, "share * value + (1.0 - share) * before", "value", "triton_launch"),
]  # fmt: skip
