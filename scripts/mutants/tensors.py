"""Mutants of the torch kernel, in plain torch and in Triton."""

from mutant import Mutant

INIT, PLANES, LAGS, SUMMING, FILTERS, SPLITTING, RENDERING, GRID, LIGHT = (
    f"engine/kernels/pytorch/{name}.py"
    for name in (
        "__init__", "planes", "lags", "measure", "render_params", "denoise", "render",
        "light_grid", "local_light",
    )
)  # fmt: skip
FUSED, MEASURE, SCENE, NETWORK = (
    f"engine/kernels/pytorch/triton_{name}.py"
    for name in ("launch", "measure", "denoise", "network")
)

MUTANTS = [
    Mutant("engine/kernels/__init__.py", "device in GPUS", "device == 'cuda'", "kernels"),
    Mutant("engine/kernels/__init__.py", 'name == "torch" or', "", "kernels"),
    Mutant("core/adapters.py", "tensor.detach().aminmax()", "(0, 0)", "torch_kernel"),
    Mutant(INIT, "one_by_one(len(self._images))", "pass", "torch_kernel"),
    Mutant(INIT, "(origin[0] + rows.start, origin[1] + columns.start)", "origin", "torch_kernel"),
    Mutant(INIT, "origin if look.local else None", "origin", "torch_kernel"),
    Mutant(INIT, "place if origin else None", "place", "torch_kernel"),
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
    Mutant(SUMMING, "found[number] + moments if", "moments if", "torch_measure"),
    Mutant(GRID, ", right=True)", ")", "torch_measure"),
    Mutant(GRID, "part.start + first, part.stop + first", "part.start, part.stop",
           "torch_measure"),
    Mutant(GRID, "(part.stop + first for", "(part.stop for", "torch_measure"),
    Mutant(FILTERS, "folded[0].chroma == 0.0", "False", "torch_render_params"),
    Mutant(FILTERS, "value[images] for name, value in s", "value for name, value in s",
           "torch_render_params"),
    Mutant(LIGHT, "at.clamp(0, size - 1)", "at", "torch_local_light"),
    Mutant(LIGHT, "(low + 1).clamp(max=size - 1)", "low", "torch_local_light"),
    Mutant(LIGHT, "seen.sqrt()", "seen", "torch_local_light"),
    Mutant(SPLITTING, ".clamp(min=NO_ENERGY)", "", "torch_denoise torch_render"),
    Mutant(SPLITTING, ".clamp(-MOST_MEDIUM, MOST_MEDIUM)", "", "torch_denoise"),
    Mutant(SPLITTING, "share * colors + (1.0 - share)", "colors + 0.0", "torch_denoise"),
    Mutant(RENDERING, "levels * (-0.5 / 255)", "levels * 0.0", "torch_render"),
    Mutant(RENDERING, "(1.0 - share) * source", "0.0 * source", "torch_render"),
    Mutant(RENDERING, "out[:, colors:] = source[:, colors:]", "pass", "torch_render"),
    Mutant(RENDERING, "before + lift[:, None]", "before - lift[:, None]", "torch_render"),
    Mutant(RENDERING, "region, origin, seen", "region, (0, 0), seen", "torch_render"),
    Mutant(RENDERING, ".clamp(min=LEAST_CHROMA)", "", "torch_render"),
    Mutant(FUSED, "sums[:, len(LAGS)] *= scale", "pass", "triton_launch"),
    Mutant(FUSED, "(peak / 255)", "1.0", "triton_launch"),
    Mutant(FUSED, "filters.cell, *origin", "filters.cell, 0, 0", "triton_launch"),
    Mutant(FUSED, "shift, *shape[1:3]", "shift, *shape[1:3][::-1]", "triton_launch"),
    Mutant(MEASURE, "+ 6755399441055744.0)", "+ 0.0)", "triton_launch"),
    Mutant(MEASURE, "tl.where(lag == 13, 1, two)", "two", "triton_launch"),
    Mutant(MEASURE, "(tones >= 404)", "(tones > 404)", "triton_launch"),
    Mutant(MEASURE, "121 * tones >= 255", "121 * tones > 255", "triton_launch"),
    Mutant(MEASURE, "(y + place_y) >> shift", "y >> shift", "triton_launch"),
    Mutant(MEASURE, "tones, cells_y * cells_x * 12", "tones, cells_y * 12", "triton_launch"),
    Mutant(MEASURE, "(lag - 3) % 5 - 2\n    ", "(lag - 3) % 5 - 1\n    ", "triton_launch"),
    Mutant(SCENE, "wide = 0.0625 if step * step == 9 else wide", "wide = wide", "triton_launch"),
    Mutant(SCENE, "(0.25 - 0.0625 * step)", "(0.25 - 0.05 * step)", "triton_launch"),
    Mutant(SCENE, "tl.maximum(large, -MOST_MEDIUM), MOST_MEDIUM)", "large, large)",
           "triton_launch"),
    Mutant(SCENE, "color_energy * 0.02", "color_energy * 0.04", "triton_launch"),
    Mutant(NETWORK, "tl.where(is_row & is_column, value, 0.0)", "value", "triton_launch"),
    Mutant(NETWORK, "next_left, next_middle, next_right = a0, a1, a2", "pass", "triton_launch"),
    Mutant(NETWORK, "row -= top", "row -= 0", "triton_launch"),
    Mutant(NETWORK, "total = lifted + ", "total = ", "triton_launch"),
    Mutant(NETWORK, "tl.minimum(low + 1, size - 1)", "low", "triton_launch"),
    Mutant(NETWORK, "own = lift + batch * (cells_y * cells_x * 12)", "own = lift",
           "triton_launch"),
    Mutant(NETWORK, "11.0 * tl.sqrt(seen)", "11.0 * seen", "triton_launch"),
    Mutant(NETWORK, "share * value + (1.0 - share) * before", "value", "triton_launch"),
]  # fmt: skip
