"""Mutants of what is below the kernels, and of the enhancer."""

from mutant import FOLDING, Mutant

FIDELITY, COLORS, COLORS_TESTS = (
    "tools/quality/psnr_ssim.py",
    "tools/quality/color_difference.py",
    "color_difference",
)
ORDER, NIQE, EVALUATE = (
    "tools/quality/lightness_order.py",
    "tools/quality/naturalness.py",
    "cli/evaluate.py",
)

MUTANTS = [
    # color, metrics
    Mutant("core/color.py", "np.rint(np.clip(image", "np.floor(np.clip(image", "color"),
    Mutant("core/color.py", "(0.299, 0.587, 0.114)", "(0.2126, 0.7152, 0.0722)", "color"),
    Mutant(FIDELITY, "/ (UNIFORM_SIZE**2 - 1.0)", "/ UNIFORM_SIZE**2", "psnr_ssim"),
    Mutant(FIDELITY, "-0.5 * (offsets / 1.5)", "-0.5 * (offsets / 1.6)", "psnr_ssim"),
    Mutant(FIDELITY, "(0.03 * PEAK) ** 2", "(0.01 * PEAK) ** 2", "psnr_ssim"),
    Mutant(FIDELITY, "(wanted / mean), 0, PEAK)", "(wanted / mean), 0, 1e9)", "psnr_ssim"),
    Mutant(COLORS, "abs(apart) > HALF_TURN", "abs(apart) > 181", COLORS_TESTS),
    Mutant(COLORS, "h1 + h2 < 360, 360.0", "h1 + h2 < 360, -360.0", COLORS_TESTS),
    Mutant(COLORS, "-2 * np.sqrt(_saturation(chroma))", "-2 * _saturation(chroma)", COLORS_TESTS),
    Mutant(COLORS, "levels > 0.04045", "levels > 0.008", COLORS_TESTS),
    Mutant(COLORS, "return total / len(first)", "return total / BLOCK_PIXELS", COLORS_TESTS),
    Mutant(ORDER, "- 2 * below", "- below", "lightness_order"),
    Mutant(ORDER, "step - 1 :: step].max", ":: step].max", "lightness_order"),
    Mutant(ORDER, ".max(axis=2)", "[..., 1]", "lightness_order"),
    Mutant(NIQE, "111, 111", "112, 110", "naturalness"),
    Mutant(NIQE, "difference[np.abs(difference) < ROUNDING] = 0.0", "pass", "naturalness"),
    Mutant(NIQE, "(219.0 / 255.0)", "(220.0 / 255.0)", "naturalness"),
    Mutant(NIQE, "(deviation + 1.0)", "(deviation + 1.01)", "naturalness"),
    Mutant(NIQE, "nearest[np.isnan(wanted)] = 0", "pass", "naturalness"),
    Mutant(NIQE, "(skew**2 + 1) ** 2", "(skew**2 + 1)", "naturalness"),
    Mutant(NIQE, "height * width < 2 * BLOCK**2", "height * width < BLOCK**2", "naturalness"),
    Mutant(NIQE, "features, axis=0) - model.mean", "complete, axis=0) - model.mean", "naturalness"),
    Mutant(NIQE, "np.isfinite(array).all()", "np.isfinite(array).any()", "naturalness"),
    Mutant(NIQE, "st_size > MAX_FILE_BYTES", "st_size >= MAX_FILE_BYTES", "naturalness"),
    Mutant(EVALUATE, "given.keys() >= set(column.inputs)", "True", "cli"),
    Mutant(EVALUATE, "len(given) == 1 and pristine is None", "False", "cli"),
    # moments
    Mutant("statistics/moments.py", "self.count + other.count", "self.count", "moments"),
    Mutant(
        "statistics/moments.py", "map(operator.add, self.sums, other.sums)", "self.sums", "moments"
    ),
    Mutant("statistics/moments.py", "- s[i] * s[j]", "- s[i] * s[i]", "moments"),
    Mutant("statistics/moments.py", "(n * UNIT) ** 2", "n * (n - 1) * UNIT**2", "moments"),
    Mutant("statistics/moments.py", "matrix.T[UPPER] = upper", "matrix[UPPER] = upper", "moments"),
    Mutant("statistics/moments.py", "if self.padding != other.padding", "if False", "moments"),
    Mutant("statistics/moments.py", "self.count < 1 or", "self.count < 0 or", "moments"),
    # network
    Mutant("model/network.py", "if found != expected", "if False", "network"),
    Mutant("model/network.py", "np.isfinite(array).all()", "np.isfinite(array).any()", "network"),
    Mutant("model/network.py", " or array.dtype != np.float32", "", "network"),
    Mutant("model/network.py", "st_size > MAX_FILE_BYTES", "st_size >= MAX_FILE_BYTES", "network"),
    Mutant("model/network.py", "if set(arrays) != names", "if not names <= set(arrays)", "network"),
    Mutant("model/network.py", "digest.update(name.encode())", "pass", "network"),
    Mutant("model/network.py", "1 <= hidden <= MAX", "1 <= hidden < MAX", "network"),
    Mutant(
        "model/network.py", "values / math.sqrt(2.0)", "values / 1.4142", "network reference parity"
    ),
    # folding
    Mutant("look/fold.py", "floor = eps + ", "floor = 2 * eps + ", FOLDING),
    Mutant("look/fold.py", "seen = [chroma * first[:, c]", "seen = [first[:, c]", FOLDING),
    Mutant("look/fold.py", "LUMA[c] * of_gray", "of_gray / 3.0", FOLDING),
    Mutant(
        "look/fold.py",
        "return np.stack(seen, 1), given[0]",
        "return np.stack(seen, 1), second",
        FOLDING,
    ),
    Mutant("look/fold.py", "(2.0 * noise_floor) ** 2", "noise_floor**2", FOLDING),
    Mutant("look/fold.py", "first_bias=-shift * scale", "first_bias=shift * scale", FOLDING),
    Mutant("look/fold.py", "[:, 4] * 255)", "[:, 0] * 256)", FOLDING),
    Mutant("look/fold.py", "mean - np.repeat(center / 255, 9)", "mean", FOLDING),
    # looks
    Mutant("look/knobs.py", "not low <= value <= high", "value < low or value > high", "looks"),
    Mutant(
        "look/looks.py", 'PAPER = Look(padding="zero"', 'PAPER = Look(padding="replicate"', "looks"
    ),
    Mutant("look/looks.py", "if v is not None", "if v", "looks"),
    # carriers
    Mutant(
        "core/adapters.py", "not (low >= 0.0 and high <= 1.0)", "low < 0 or high > 1", "adapters"
    ),
    Mutant("core/adapters.py", ".permute(0, 2, 3, 1)", ".permute(0, 3, 2, 1)", "adapters"),
    Mutant("core/adapters.py", " if k not in stale", "", "adapters"),
    Mutant("core/adapters.py", "tensor.device, tensor.dtype", "tensor.device", "adapters"),
    Mutant("core/adapters.py", '"CMYK": "RGB"', '"CMYK": "L"', "adapters"),
    Mutant("core/adapters.py", "<= pixels.shape[2] <= 4", "<= pixels.shape[2] <= 5", "adapters"),
    Mutant(
        "core/adapters.py", "pixels if pixels.flags.aligned else", "pixels if True else", "adapters"
    ),
    Mutant("core/adapters.py", "not 0 <= start < stop", "not start < stop", "enhancer"),
    # enhancer and bands
    Mutant("engine/tiling.py", "min(row + step, rows.stop)", "row + step", "tiling"),
    Mutant(
        "engine/tiling.py", "top, columns = bands[0][0].start,", "top, columns = 0,", "enhancer"
    ),
    Mutant(
        "engine/tiling.py", "max(MAX_BAND_PIXELS // width, 1)", "MAX_BAND_PIXELS // width", "tiling"
    ),
    Mutant("engine/enhancer.py", "if moments.padding != self.look.padding", "if False", "enhancer"),
    Mutant("engine/tiling.py", "pixels.strides[2] > pixels.strides[1]", "False", "enhancer"),
    Mutant("engine/tiling.py", "-(-height // (", "(height // (", "tiling"),
]
