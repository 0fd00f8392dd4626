"""Mutants of what a look knows of a picture, and does with it."""

from mutant import DENOISE, DEVELOP, FOLDING, LIGHT, MEASURE, NATIVE, RENDER, Mutant

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
        "self.grid + other.grid if self.grid and other.grid",
        "self.grid if self.grid and other.grid",
        "light_grid",
    ),
    Mutant("statistics/light_grid.py", "1 << (shift - self.shift)", "1", "light_grid"),
    Mutant("statistics/light_grid.py", "(2 * k - 1) ** 2", "(2 * k) ** 2", "light_grid"),
    Mutant("statistics/light_grid.py", "// MOST_CELLS) - 1)", "// MOST_CELLS))", "light_grid"),
    Mutant("look/local_light.py", "(1, 1, 1, 2, 2, 2, 3)", "(1, 1, 2, 2, 3)", "local_light"),
    Mutant(
        "look/local_light.py",
        "SOME_LIGHT, LIGHT_ENOUGH = 0.15, 0.55",
        "SOME_LIGHT, LIGHT_ENOUGH = 0.95, 0.99",
        "local_light",
    ),
    Mutant("look/local_light.py", "KEPT_MEAN * (before - raised)", "0.0", "local_light"),
    Mutant(
        "look/local_light.py",
        "* (1.0 - rise(1.0 - dark - bright",
        "* (1.0 - 0.0 * rise(1.0 - dark - bright",
        "local_light",
    ),
    Mutant("look/local_light.py", "np.clip(found, -most, most)", "found", "local_light patterns"),
    Mutant("look/tone_curve.py", "4.0 * (1.0 - self.highlights) * square", "0.0", "local_light"),
    Mutant(
        "look/render_params.py", "0.0 if light.is_pattern else look.local", "look.local", "patterns"
    ),
    Mutant("look/render_params.py", "BACKLIT_COLOR * local.backlit", "0.0", "local_light"),
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
        "if self.is_pattern:\n            return 0.0",
        "if False:\n            return 0.0",
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
    Mutant("look/render_params.py", "shift += look.auto * exposure.shift", "pass", "exposure"),
    Mutant(
        "look/render_params.py",
        "look.restraint * (1.0 - light.need)",
        "look.restraint",
        "render_params",
    ),
    Mutant("look/tone_curve.py", "(mean / brightest) ** NIGHT", "1.0", "exposure"),
    Mutant("look/tone_curve.py", "(means < wanted)", "(means > wanted)", "exposure"),
    Mutant(
        "look/tone_curve.py",
        "np.clip(darkest * np.sqrt(square), least, most)",
        "np.full(bright.shape[:-1], least)",
        "exposure",
    ),
    Mutant(
        "look/tone_curve.py",
        "blackened(bright, self._luma, self._black_for(bright)[:, None])",
        "bright",
        "exposure",
    ),
    Mutant("look/render_params.py", "    if slope <= 0:", "    if False:", "render_params"),
    Mutant("look/render_params.py", "RESPONSE / slope", "RESPONSE", "render_params"),
    Mutant("look/tone_curve.py", "(SEEN / np.maximum(gains, 1e-3)) ** 2", "0.0", "exposure"),
    Mutant("look/render_params.py", "FINE * look.detail", "FINE", "render_params"),
    Mutant("look/tone_curve.py", "(CALM - MIDDLE)", "0.0", "exposure"),
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
    Mutant("engine/kernels/reference.py", "np.tanh(output + raised)", "np.tanh(output)", NATIVE),
    Mutant(
        "engine/kernels/denoise.py", "np.clip(large, -MOST_MEDIUM, MOST_MEDIUM)", "large", "denoise"
    ),
    Mutant("engine/kernels/reference.py", "soft + 16 * 256 * UNIT", "soft + 16 * 256", "reference"),
    Mutant(MEASURE, "luma[0] = luma[1];", "luma[0] = 0;", NATIVE),
    Mutant(MEASURE, "clamp(r + k, 0, im->height - 1) % 3", "(r + k + 3) % 3", NATIVE),
    Mutant(MEASURE, "magnitude / size_step", "magnitude >> 1", NATIVE),
    Mutant(MEASURE, "(level >= 404)", "(level > 404)", NATIVE),
    Mutant(DENOISE, "HALO = 7,", "HALO = 6,", NATIVE),
    Mutant(DENOISE, "fma_(red, red, blue * blue)", "2.0f * red * red", NATIVE),
    Mutant(DENOISE, "fma_(all(f->fine), small, f->medium * given)", "f->fine * small", NATIVE),
    Mutant(DENOISE, "25.0f * 1.5f * 0.640625f", "25.0f * 1.6f * 0.640625f", NATIVE + " denoise"),
    Mutant(DENOISE, "larger(luma + unit_center[LUMA], all(0.0f))", "luma", NATIVE),
    Mutant(RENDER, "left < halo ? 0 : left - halo;", "left < halo ? 0 : left - halo + 1;", NATIVE),
    Mutant(RENDER, "right + halo <= im->width", "right + halo <= im->width + 1", NATIVE),
    Mutant(DEVELOP, "root(dark * both)", "dark", NATIVE),
    Mutant(DEVELOP, "out[c] = dimmed * fma_", "out[c] = fma_", NATIVE),
    Mutant(RENDER, "load(lift + j + v * LANES)", "load(lift + j)", NATIVE),
    Mutant(LIGHT, "(double)(f->origin_row + y)", "(double)y", NATIVE),
    Mutant(LIGHT, "above + 1 < f->lift_rows", "above + 2 < f->lift_rows", NATIVE),
    Mutant(LIGHT, "i += 4) {", "i += 8) {", NATIVE),
    Mutant(LIGHT, "memcpy(row + size, row + size - BINS, BINS * sizeof(float));", "", NATIVE),
    Mutant(MEASURE, "((light->origin_row + at->top) >> light->shift)", "0", "light_grid"),
    Mutant(MEASURE, "light->origin_column + x + i", "x + i", "light_grid"),
    Mutant(MEASURE, "if (count % 2) even[cell", "if (0) even[cell", "light_grid"),
    Mutant(RENDER, "missing[c] = odds * out[c];", "missing[c] = 1.0f - out[c];", NATIVE),
    Mutant(DENOISE, "all(-f->cast[c - 1])", "all(-f->cast[0])", NATIVE),
    Mutant("engine/kernels/reference.py", "own - _tint(light, adjustments)", "own", "looks"),
    Mutant(
        "look/render_params.py",
        "_cast(moments, (1.0 - look.color) *",
        "_cast(moments, 1.0 *",
        "looks",
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
        "origin if look.local else None",
        "(0, 0) if look.local else None",
        "local_light light_grid",
    ),
]
