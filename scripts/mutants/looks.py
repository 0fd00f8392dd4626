"""Mutants of what a look knows of a picture, and does with it."""

from mutant import DENOISE, DEVELOP, FOLDING, MEASURE, NATIVE, RENDER, Mutant

MUTANTS = [
    # what a look knows and does
    Mutant(
        "statistics/moments.py",
        "map(operator.add, self.tones",
        "map(max, self.tones",
        "moments properties",
    ),
    Mutant(
        "statistics/moments.py",
        "self._cell_sums + other._cell_sums",
        "self._cell_sums",
        "local_mean",
    ),
    Mutant(
        "statistics/cells.py",
        "(table[1:, :2] != table[:-1, :2]).any(1)",
        "True",
        "cells local_mean",
    ),
    Mutant("statistics/cells.py", "len(kept[-1]) < 2 * len(table)", "False", "cells"),
    Mutant("statistics/cells.py", "len(kept[-1]) < 2 * len(table)", "True", "cells"),
    Mutant("look/fold.py", "np.where(rows == columns, 1.0, 2.0)", "2.0", FOLDING),
    Mutant(
        "look/fold.py", "self.second_bias * contrast + shift", "self.second_bias + shift", FOLDING
    ),
    Mutant("look/knobs.py", "or self.auto > 0", "", "looks"),
    Mutant(
        "statistics/luma_and_noise.py", "(occurring + 0.5)", "(occurring + 1.5)", "luma_and_noise"
    ),
    Mutant(
        "statistics/luma_and_noise.py",
        "SHARE_OF_GRAIN = 0.1",
        "SHARE_OF_GRAIN = 0.3",
        "luma_and_noise",
    ),
    Mutant("statistics/luma_and_noise.py", "min(lit or trusted)", "min(trusted)", "luma_and_noise"),
    Mutant("statistics/luma_and_noise.py", "EVENNESS * self.calmest))", "9.0))", "luma_and_noise"),
    Mutant(
        "statistics/luma_and_noise.py",
        "found[0] = max(found[0], self.calmest)",
        "pass",
        "luma_and_noise",
    ),
    Mutant("statistics/luma_and_noise.py", "NOISE_BELOW * self.calmest)", "0.0)", "luma_and_noise"),
    Mutant(
        "statistics/luma_and_noise.py",
        "means = (dark,) if self.is_pattern else (dark, bright)",
        "means = (dark,)",
        "luma_and_noise",
    ),
    Mutant(
        "statistics/luma_and_noise.py",
        "return t * t * (3.0 - 2.0 * t)",
        "return float(t > 0.5)",
        "luma_and_noise",
    ),
    Mutant(
        "look/render_params.py",
        "_calibration(network, chroma) ** look.auto",
        "_calibration(network, chroma)",
        "render_params",
    ),
    Mutant("look/render_params.py", "shift += look.auto * exposure.shift", "pass", "tone_curve"),
    Mutant(
        "look/render_params.py",
        "look.restraint * (1.0 - light.need)",
        "look.restraint",
        "render_params",
    ),
    Mutant("look/tone_curve.py", "(mean / brightest) ** NIGHT", "1.0", "tone_curve"),
    Mutant("look/tone_curve.py", "(means < wanted)", "(means > wanted)", "tone_curve"),
    Mutant(
        "look/tone_curve.py",
        "np.clip(darkest * np.sqrt(square), least, most)",
        "np.full(bright.shape[:-1], least)",
        "tone_curve",
    ),
    Mutant(
        "look/tone_curve.py",
        "self._blackened(bright, self._black_for(bright)[:, None])",
        "bright",
        "tone_curve",
    ),
    Mutant("look/render_params.py", "    if slope <= 0:", "    if False:", "render_params"),
    Mutant("look/render_params.py", "RESPONSE / slope", "RESPONSE", "render_params"),
    Mutant("look/tone_curve.py", "(SEEN / np.maximum(gains, 1e-3)) ** 2", "0.0", "tone_curve"),
    Mutant("look/render_params.py", "FINE * look.detail", "FINE", "render_params"),
    Mutant("look/tone_curve.py", "(CALM - MIDDLE)", "0.0", "tone_curve"),
    Mutant(
        "statistics/local_mean.py",
        "region[axis].start + origin[axis]",
        "origin[axis]",
        "local_mean",
    ),
    Mutant("statistics/local_mean.py", "total -= count * mean", "total -= mean", "local_mean"),
    Mutant("statistics/local_mean.py", "gray = amount * total", "gray = total", "local_mean"),
    Mutant(
        "engine/kernels/denoise.py",
        "(medium[1] ** 2 + medium[2] ** 2) / 2.0",
        "medium[1] ** 2",
        "looks",
    ),
    Mutant("engine/kernels/denoise.py", "brightness - level, 0.0)", "brightness, 0.0)", "denoise"),
    Mutant("engine/kernels/denoise.py", "weights[1] * medium[0", "medium[0", "denoise"),
    Mutant("engine/kernels/reference.py", "adjustments.highlights * (", "1.0 * (", "looks"),
    Mutant("engine/kernels/reference.py", "dimmed * (level", "(level", "looks"),
    Mutant("engine/kernels/reference.py", "(0.5 + 0.5 * room)", "room", "looks"),
    Mutant(
        "engine/kernels/reference.py",
        "hidden - folded.first_gray",
        "hidden + folded.first_gray",
        NATIVE,
    ),
    Mutant("engine/kernels/reference.py", "soft + 16 * 256 * UNIT", "soft + 16 * 256", "reference"),
    Mutant(MEASURE, "luma[0] = luma[1];", "luma[0] = 0;", NATIVE),
    Mutant(MEASURE, "clamp(r + k, 0, im->height - 1) % 3", "(r + k + 3) % 3", NATIVE),
    Mutant(MEASURE, "magnitude / size_step", "magnitude >> 1", NATIVE),
    Mutant(MEASURE, "(level >= 404)", "(level > 404)", NATIVE),
    Mutant(DENOISE, "HALO = 7,", "HALO = 6,", NATIVE),
    Mutant(DENOISE, "fma_(red, red, blue * blue)", "2.0f * red * red", NATIVE),
    Mutant(DENOISE, "fma_(all(f->fine), small, f->medium * large)", "f->fine * small", NATIVE),
    Mutant(DENOISE, "25.0f * 1.5f * 0.640625f", "25.0f * 1.6f * 0.640625f", NATIVE + " denoise"),
    Mutant(DENOISE, "larger(luma + unit_center[LUMA], all(0.0f))", "luma", NATIVE),
    Mutant(RENDER, "left < halo ? 0 : left - halo;", "left < halo ? 0 : left - halo + 1;", NATIVE),
    Mutant(RENDER, "right + halo <= im->width", "right + halo <= im->width + 1", NATIVE),
    Mutant(DEVELOP, "root(dark * both)", "dark", NATIVE),
    Mutant(DEVELOP, "out[c] = dimmed * fma_", "out[c] = fma_", NATIVE),
    Mutant(RENDER, "load(window + j + v * LANES)", "load(window + j)", NATIVE),
    Mutant(RENDER, "(double)(f->origin_row + y)", "(double)y", NATIVE + " local_mean"),
    Mutant(RENDER, "before + 1 < f->window_columns", "before + 2 < f->window_columns", NATIVE),
    Mutant(RENDER, "missing[c] = odds * out[c];", "missing[c] = 1.0f - out[c];", NATIVE),
    Mutant(DENOISE, "all(-f->cast[c - 1])", "all(-f->cast[0])", NATIVE),
    Mutant("engine/kernels/reference.py", "own - _tint(light, adjustments)", "own", "looks"),
    Mutant(
        "look/render_params.py", "_cast(moments, 1.0 - look.color)", "_cast(moments, 1.0)", "looks"
    ),
    Mutant("look/render_params.py", "1.0 - look.color / OWN_COLORS", "1.0 - look.color", "looks"),
    Mutant("statistics/luma_and_noise.py", "bisect_right(up_to, 0)", "0", "luma_and_noise"),
    Mutant("engine/kernels/native.py", "2.0 * np.stack([red", "np.stack([red", NATIVE),
    Mutant("model/training/noise.py", ".clamp(-1.0, 1.0)", "", "noise training"),
    Mutant("model/training/noise.py", " + config.noise_mean", "", "noise training"),
    Mutant("model/training/noise.py", ".pow(-exponent)", ".pow(-0.5)", "noise"),
    Mutant(
        "model/training/noise.py", "math.sqrt(config.correlation)", "config.correlation", "noise"
    ),
    Mutant(
        "engine/enhancer.py", "halo = NETWORK_HALO + BAND_HALO", "halo = BAND_HALO", "properties"
    ),
    Mutant(
        "engine/tiling.py",
        "cell_sums(pixels, band, origin)",
        "cell_sums(pixels, band)",
        "local_mean",
    ),
]
