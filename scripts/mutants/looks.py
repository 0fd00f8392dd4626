"""Mutants of what a look knows of a picture, and does with it."""

from mutant import DEVELOP, FOLDING, MEASURE, NATIVE, RENDER, SCENE, Mutant

MUTANTS = [
    # what a look knows and does
    Mutant(
        "moments.py", "map(operator.add, self.tones", "map(max, self.tones", "moments properties"
    ),
    Mutant("moments.py", "_joined(self.cells, other.cells)", "self.cells", "locality"),
    Mutant("folding.py", "np.where(rows == columns, 1.0, 2.0)", "2.0", FOLDING),
    Mutant(
        "folding.py", "self.second_bias * contrast + shift", "self.second_bias + shift", FOLDING
    ),
    Mutant("looks.py", "or self.auto > 0", "", "looks"),
    Mutant("light.py", "(occurring + 0.5)", "(occurring + 1.5)", "light"),
    Mutant("light.py", "SHARE_OF_GRAIN = 0.1", "SHARE_OF_GRAIN = 0.3", "light"),
    Mutant("light.py", "min(lit or trusted)", "min(trusted)", "light"),
    Mutant("light.py", "EVENNESS * self.calmest))", "9.0))", "light"),
    Mutant("light.py", "found[0] = max(found[0], self.calmest)", "pass", "light"),
    Mutant("light.py", "NOISE_BELOW * self.calmest)", "0.0)", "light"),
    Mutant("light.py", "for m in (dark, bright))", "for m in (dark, dark))", "light"),
    Mutant("light.py", "return t * t * (3.0 - 2.0 * t)", "return float(t > 0.5)", "light"),
    Mutant(
        "developing.py",
        "_calibration(network, chroma) ** look.auto",
        "_calibration(network, chroma)",
        "developing",
    ),
    Mutant("developing.py", "shift += look.auto * exposure.shift", "pass", "exposure"),
    Mutant("developing.py", "look.restraint * (1.0 - light.need)", "look.restraint", "developing"),
    Mutant("exposure.py", "(mean / brightest) ** NIGHT", "1.0", "exposure"),
    Mutant("exposure.py", "(means < wanted)", "(means > wanted)", "exposure"),
    Mutant("exposure.py", "min(max(found, least), most)", "least", "exposure"),
    Mutant("developing.py", "    if slope <= 0:", "    if False:", "developing"),
    Mutant("developing.py", "RESPONSE / slope", "RESPONSE", "developing"),
    Mutant("exposure.py", "(SEEN / np.maximum(gains, 1e-3)) ** 2", "0.0", "exposure"),
    Mutant("developing.py", "FINE * look.detail", "FINE", "developing"),
    Mutant("exposure.py", "(CALM - MIDDLE)", "0.0", "exposure"),
    Mutant("locality.py", "region[axis].start + origin[axis]", "origin[axis]", "locality"),
    Mutant("locality.py", "total -= count * mean", "total -= mean", "locality"),
    Mutant("locality.py", "gray = amount * total", "gray = total", "locality"),
    Mutant(
        "kernels/scene.py", "(medium[1] ** 2 + medium[2] ** 2) / 2.0", "medium[1] ** 2", "looks"
    ),
    Mutant("kernels/scene.py", "brightness - level, 0.0)", "brightness, 0.0)", "scene"),
    Mutant("kernels/scene.py", "weights[1] * medium[0", "medium[0", "scene"),
    Mutant("kernels/reference.py", "development.highlights * (", "1.0 * (", "looks"),
    Mutant("kernels/reference.py", "dimmed * (level", "(level", "looks"),
    Mutant("kernels/reference.py", "(0.5 + 0.5 * room)", "room", "looks"),
    Mutant(
        "kernels/reference.py", "hidden - folded.first_gray", "hidden + folded.first_gray", NATIVE
    ),
    Mutant("kernels/reference.py", "soft + 16 * 256 * UNIT", "soft + 16 * 256", "reference"),
    Mutant(MEASURE, "luma[0] = luma[1];", "luma[0] = 0;", NATIVE),
    Mutant(MEASURE, "clamp(r + k, 0, im->height - 1) % 3", "(r + k + 3) % 3", NATIVE),
    Mutant(MEASURE, "magnitude / size_step", "magnitude >> 1", NATIVE),
    Mutant(MEASURE, "(level >= 404)", "(level > 404)", NATIVE),
    Mutant(SCENE, "HALO = 7,", "HALO = 6,", NATIVE),
    Mutant(SCENE, "fma_(red, red, blue * blue)", "2.0f * red * red", NATIVE),
    Mutant(SCENE, "fma_(all(f->fine), small, f->medium * large)", "f->fine * small", NATIVE),
    Mutant(SCENE, "25.0f * 1.5f * 0.640625f", "25.0f * 1.6f * 0.640625f", NATIVE + " scene"),
    Mutant(SCENE, "larger(luma + unit_center[LUMA], all(0.0f))", "luma", NATIVE),
    Mutant(RENDER, "left < halo ? 0 : left - halo;", "left < halo ? 0 : left - halo + 1;", NATIVE),
    Mutant(RENDER, "right + halo <= im->width", "right + halo <= im->width + 1", NATIVE),
    Mutant(DEVELOP, "root(dark * both)", "dark", NATIVE),
    Mutant(DEVELOP, "out[c] = dimmed * fma_", "out[c] = fma_", NATIVE),
    Mutant(RENDER, "load(window + j + v * LANES)", "load(window + j)", NATIVE),
    Mutant(RENDER, "(double)(f->origin_row + y)", "(double)y", NATIVE + " locality"),
    Mutant(RENDER, "before + 1 < f->window_columns", "before + 2 < f->window_columns", NATIVE),
    Mutant(RENDER, "missing[c] = odds * out[c];", "missing[c] = 1.0f - out[c];", NATIVE),
    Mutant(SCENE, "all(-f->cast[c - 1])", "all(-f->cast[0])", NATIVE),
    Mutant("kernels/reference.py", "own - _tint(light, development)", "own", "looks"),
    Mutant("developing.py", "_cast(moments, 1.0 - look.color)", "_cast(moments, 1.0)", "looks"),
    Mutant("developing.py", "1.0 - look.color / OWN_COLORS", "1.0 - look.color", "looks"),
    Mutant("light.py", "bisect_right(up_to, 0)", "0", "light"),
    Mutant("kernels/native.py", "2.0 * np.stack([red", "np.stack([red", NATIVE),
    Mutant("training/noise.py", ".clamp(-1.0, 1.0)", "", "noise training"),
    Mutant("training/noise.py", " + config.noise_mean", "", "noise training"),
    Mutant("training/noise.py", ".pow(-exponent)", ".pow(-0.5)", "noise"),
    Mutant("training/noise.py", "math.sqrt(config.correlation)", "config.correlation", "noise"),
    Mutant("enhancer.py", "halo = NETWORK_HALO + BAND_HALO", "halo = BAND_HALO", "properties"),
    Mutant("bands.py", "cell_sums(pixels, band, origin)", "cell_sums(pixels, band)", "locality"),
]
