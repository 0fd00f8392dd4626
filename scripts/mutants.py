"""Break the source in one line at a time and see that the tests notice.

    python scripts/mutants.py             all of them (ten minutes)
    python scripts/mutants.py kernel.c    those whose file or fragments have this text in them

Each mutant is made in a copy of `src` in a temporary folder, which the tests then import
instead of the package; the kernel is compiled again where its source was changed. The first
run is of the unbroken copy: where that fails, nothing else would mean anything. Prints a
table; exit status 1 where a mutant survives, 2 where the table itself is at fault.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
KERNEL = "kernels/kernel.c"
MEASURE, SCENE, RENDER, VECTORS = (
    f"kernels/{name}.h" for name in ("measure", "scene", "render", "vectors")
)
LIBRARY = "kernels/libkernel.so"


class Mutant(NamedTuple):
    """One way to break one line."""

    file: str
    """The module, below src/noiser."""

    old: str
    """A fragment that occurs exactly once."""

    new: str
    """What takes its place."""

    tests: str
    """The test files to run, by their names without `test_`."""


REFERENCE, NATIVE, FOLDING = "reference looks parity", "native properties", "folding"
FIDELITY, COLORS, COLORS_TESTS = (
    "metrics/fidelity.py",
    "metrics/color_difference.py",
    "color_difference",
)
ORDER, NIQE, EVALUATE = "metrics/lightness_order.py", "metrics/naturalness.py", "cli/evaluate.py"

MUTANTS = [
    # color, metrics
    Mutant("color.py", "np.rint(np.clip(image", "np.floor(np.clip(image", "color"),
    Mutant("color.py", "(0.299, 0.587, 0.114)", "(0.2126, 0.7152, 0.0722)", "color"),
    Mutant(FIDELITY, "/ (UNIFORM_SIZE**2 - 1.0)", "/ UNIFORM_SIZE**2", "fidelity"),
    Mutant(FIDELITY, "-0.5 * (offsets / 1.5)", "-0.5 * (offsets / 1.6)", "fidelity"),
    Mutant(FIDELITY, "(0.03 * PEAK) ** 2", "(0.01 * PEAK) ** 2", "fidelity"),
    Mutant(FIDELITY, "(wanted / mean), 0, PEAK)", "(wanted / mean), 0, 1e9)", "fidelity"),
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
    Mutant("moments.py", "self.count + other.count", "self.count", "moments"),
    Mutant("moments.py", "map(operator.add, self.sums, other.sums)", "self.sums", "moments"),
    Mutant("moments.py", "- s[i] * s[j]", "- s[i] * s[i]", "moments"),
    Mutant("moments.py", "(n * UNIT) ** 2", "n * (n - 1) * UNIT**2", "moments"),
    Mutant("moments.py", "matrix.T[UPPER] = upper", "matrix[UPPER] = upper", "moments"),
    Mutant("moments.py", "if self.padding != other.padding", "if False", "moments"),
    Mutant("moments.py", "self.count < 1 or", "self.count < 0 or", "moments"),
    # network
    Mutant("network.py", "if found != expected", "if False", "network"),
    Mutant("network.py", "np.isfinite(array).all()", "np.isfinite(array).any()", "network"),
    Mutant("network.py", " or array.dtype != np.float32", "", "network"),
    Mutant("network.py", "st_size > MAX_FILE_BYTES", "st_size >= MAX_FILE_BYTES", "network"),
    Mutant("network.py", "if set(arrays) != names", "if not names <= set(arrays)", "network"),
    Mutant("network.py", "digest.update(name.encode())", "pass", "network"),
    Mutant("network.py", "1 <= hidden <= MAX", "1 <= hidden < MAX", "network"),
    # folding
    Mutant("folding.py", "                + eps", "                + 2 * eps", FOLDING),
    Mutant("folding.py", "(2.0 * noise_floor) ** 2", "noise_floor**2", FOLDING),
    Mutant("folding.py", "first_bias=-shift * scale", "first_bias=shift * scale", FOLDING),
    Mutant("folding.py", "[:, 4] * 255)", "[:, 0] * 256)", FOLDING),
    Mutant("folding.py", "mean - np.repeat(center / 255, 9)", "mean", FOLDING),
    # looks
    Mutant("looks.py", "not low <= value <= high", "value < low or value > high", "looks"),
    Mutant("looks.py", 'PAPER = Look(padding="zero"', 'PAPER = Look(padding="replicate"', "looks"),
    Mutant("looks.py", "if v is not None", "if v", "looks"),
    # carriers
    Mutant("carriers.py", "not (low >= 0.0 and high <= 1.0)", "low < 0 or high > 1", "carriers"),
    Mutant("carriers.py", ".permute(0, 2, 3, 1)", ".permute(0, 3, 2, 1)", "carriers"),
    Mutant("carriers.py", " if k not in stale", "", "carriers"),
    Mutant("carriers.py", "tensor.device, tensor.dtype", "tensor.device", "carriers"),
    Mutant("carriers.py", '"CMYK": "RGB"', '"CMYK": "L"', "carriers"),
    Mutant("carriers.py", "<= pixels.shape[2] <= 4", "<= pixels.shape[2] <= 5", "carriers"),
    # enhancer
    Mutant("enhancer.py", "min(row + step, rows.stop)", "row + step", "enhancer"),
    Mutant("enhancer.py", "top, columns = bands[0][0].start,", "top, columns = 0,", "enhancer"),
    Mutant(
        "enhancer.py", "max(MAX_BAND_PIXELS // width, 1)", "MAX_BAND_PIXELS // width", "enhancer"
    ),
    Mutant("enhancer.py", "if moments.padding != self.look.padding", "if False", "enhancer"),
    Mutant("enhancer.py", "pixels.strides[2] > pixels.strides[1]", "False", "enhancer"),
    Mutant("enhancer.py", "not 0 <= start < stop", "not start < stop", "enhancer"),
    Mutant("enhancer.py", "-(-height // (", "(height // (", "enhancer"),
    # kernels
    Mutant("kernels/__init__.py", "next(iter(found.values()))", "found['reference']", "kernels"),
    Mutant("kernels/native.py", '("avx512", "avx2",', '("avx2", "avx512",', "kernels"),
    Mutant(
        "kernels/reference.py",
        "lattice = np.rint(_signed(pixels, _grow((rows",
        "lattice = np.floor(_signed(pixels, _grow((rows",
        REFERENCE,
    ),
    Mutant("kernels/reference.py", '== "zero" else "edge"', '== "zero" else "constant"', REFERENCE),
    Mutant("kernels/reference.py", "hidden / math.sqrt(2)", "hidden / 1.4142", REFERENCE),
    Mutant("kernels/reference.py", "(1.0 - strength) * source", "1.0 * source", "properties"),
    Mutant("kernels/reference.py", "np.rint(value) if", "np.floor(value) if", REFERENCE),
    Mutant(
        "kernels/reference.py",
        "columns.clip(0, width - 1)",
        "abs(columns).clip(0, width - 2)",
        REFERENCE,
    ),
    Mutant(
        "kernels/reference.py",
        "rows = slice(row, min(row + height, bottom))",
        "rows = slice(row, row + height)",
        REFERENCE,
    ),
    Mutant(
        "kernels/reference.py",
        "signed - (folded.center / 255)",
        "signed - (folded.center / 256)",
        REFERENCE,
    ),
    Mutant("kernels/native.py", "scale**2 * p", "scale * p", NATIVE),
    Mutant(
        "kernels/native.py",
        "np.where(products != 0, products, products.T)[UPPER]",
        "products[UPPER]",
        NATIVE,
    ),
    Mutant(
        "kernels/native.py", "folded.center / 255 * levels", "folded.center / 255 * 255", NATIVE
    ),
    Mutant("kernels/native.py", "stride % pixels.itemsize", "False", NATIVE),
    Mutant(
        MEASURE,
        "2 * (int)v - 255)\nDEFINE_READ(lattice_uint16",
        "2 * (int)v - 254)\nDEFINE_READ(lattice_uint16",
        NATIVE,
    ),
    Mutant(
        MEASURE,
        "start += 16384) {\n        int64_t i = start",
        "start += 16383) {\n        int64_t i = start",
        NATIVE,
    ),
    Mutant(MEASURE, "(end - i) * sizeof *second", "(end - i - 1) * sizeof *second", NATIVE),
    Mutant(MEASURE, "int32_t part = 0;", "int16_t part = 0;", NATIVE),
    Mutant(MEASURE, "(int64_t)first[a * pitch + i]", "(int32_t)first[a * pitch + i]", NATIVE),
    Mutant(
        MEASURE, "for (; i < 2 && i + lag < 2; i++)", "for (; i < 1 && i + lag < 2; i++)", NATIVE
    ),
    Mutant(MEASURE, "r + 1 - k < at->bottom) sums", "r + 1 - k <= at->bottom) sums", NATIVE),
    Mutant(MEASURE, "0 : row[count]; ", "0 : row[count - 1]; ", NATIVE),
    Mutant(MEASURE, "at->left > 0 ? at->left - 1 : 0", "at->left > 0 ? at->left : 0", NATIVE),
    Mutant(RENDER, "0.0f : hidden[span - 2]", "0.0f : hidden[span - 3]", NATIVE),
    Mutant(
        RENDER,
        "if (at_left) hidden[0] = f->padding == ZERO ? 0.0f",
        "if (at_left) hidden[0] = f->padding == ZERO ? 1.0f",
        NATIVE,
    ),
    Mutant(
        RENDER,
        ": clamp(source, 0, from->height - 1) % 3",
        ": clamp(source, 0, from->height) % 3",
        NATIVE,
    ),
    Mutant(RENDER, "outside && f->padding == ZERO\n", "0 && f->padding == ZERO\n", NATIVE),
    Mutant(VECTORS, "1.837771758e-02f", "1.837871758e-02f", NATIVE),
    Mutant(VECTORS, "from[at[i] & 7]", "from[at[i] & 3]", NATIVE),
    Mutant(VECTORS, "smaller(magnitude, all(5.2f))", "magnitude", NATIVE),
    Mutant(VECTORS, "5.5504109e-2f", "5.5514109e-2f", NATIVE),
    Mutant(
        VECTORS, "larger(smaller(x, all(126.0f)), all(-126.0f))", "larger(x, all(-126.0f))", NATIVE
    ),
    Mutant(VECTORS, "(vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c)", "a * b + c", NATIVE),
    Mutant(RENDER, "(int32_t)(((value) + 12582912.0f) - 12582912.0f)", "(int32_t)(value)", NATIVE),
    Mutant(RENDER, "fma_(all(0.587f), colors[1]", "fma_(all(0.587f), colors[0]", NATIVE),
    Mutant(RENDER, "larger(smaller(out[c], all(1.0f)), all(0.0f))", "out[c]", NATIVE),
    Mutant(
        RENDER,
        "source + i * from->column + colors * from->channel",
        "source + i * from->column",
        NATIVE,
    ),
    Mutant(
        RENDER,
        "(y - at->top) * to->row + (left - at->left)",
        "(y - at->top) * to->row + left",
        NATIVE,
    ),
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
        "developing.py", "_calibration(network) ** look.auto", "_calibration(network)", "developing"
    ),
    Mutant("developing.py", "shift += look.auto * exposure.shift", "pass", "developing knobs"),
    Mutant("developing.py", "look.restraint * (1.0 - light.need)", "look.restraint", "developing"),
    Mutant("developing.py", "(mean / brightest) ** NIGHT", "1.0", "developing"),
    Mutant("developing.py", "(means < wanted)", "(means > wanted)", "developing"),
    Mutant("developing.py", "min(max(found, least), most)", "least", "developing"),
    Mutant("developing.py", "    if slope <= 0:", "    if False:", "developing"),
    Mutant("developing.py", "RESPONSE / slope", "RESPONSE", "developing"),
    Mutant("developing.py", "(SEEN / np.maximum(gains, 1e-3)) ** 2", "0.0", "developing"),
    Mutant("developing.py", "FINE * look.detail", "FINE", "developing"),
    Mutant("developing.py", "(CALM - MIDDLE)", "0.0", "developing"),
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
    Mutant(SCENE, "load(energy[2] + i) + load(blue + i)", "load(energy[2] + i) * 2.0f", NATIVE),
    Mutant(SCENE, "fma_(all(f->fine), small, f->medium * large)", "f->fine * small", NATIVE),
    Mutant(SCENE, "25.0f * 1.5f * 0.640625f", "25.0f * 1.6f * 0.640625f", NATIVE + " scene"),
    Mutant(SCENE, "larger(luma + unit_center[LUMA], all(0.0f))", "luma", NATIVE),
    Mutant(RENDER, "left < halo ? 0 : left - halo;", "left < halo ? 0 : left - halo + 1;", NATIVE),
    Mutant(RENDER, "right + halo <= im->width", "right + halo <= im->width + 1", NATIVE),
    Mutant(RENDER, "root(dark * both)", "dark", NATIVE),
    Mutant(RENDER, "out[c] = dimmed * fma_", "out[c] = fma_", NATIVE),
    Mutant(RENDER, "load(window + j + v * LANES)", "load(window + j)", NATIVE),
    Mutant(RENDER, "(double)(f->origin_row + y)", "(double)y", NATIVE + " locality"),
    Mutant(RENDER, "before + 1 < f->window_columns", "before + 2 < f->window_columns", NATIVE),
    Mutant(VECTORS, "*missing = odds * value;", "*missing = 1.0f - value;", NATIVE),
    Mutant("kernels/native.py", "2.0 * np.stack([red", "np.stack([red", NATIVE),
    Mutant("training/noise.py", ".clamp(-1.0, 1.0)", "", "noise training"),
    Mutant("training/noise.py", " + config.noise_mean", "", "noise training"),
    Mutant("training/noise.py", ".pow(-config.spectrum)", ".pow(-0.5)", "noise"),
    Mutant("training/noise.py", "math.sqrt(config.correlation)", "config.correlation", "noise"),
    Mutant("enhancer.py", "halo = NETWORK_HALO + BAND_HALO", "halo = BAND_HALO", "properties"),
    Mutant("enhancer.py", "cell_sums(pixels, band, origin)", "cell_sums(pixels, band)", "locality"),
    # benchmark
    Mutant("kernels/roofline.h", "return 8 * LANES", "return 4 * LANES", "benchmark"),
    Mutant("pipelines/benchmark.py", "            if turn:", "            if True:", "benchmark"),
    Mutant("pipelines/benchmark.py", "floor=max(computed", "floor=min(computed", "benchmark"),
    # training
    Mutant("training/losses.py", "/ image.numel()", "/ image[0].numel()", "training"),
    Mutant("training/stopping.py", "step >= self.best_step + PATIENCE", "False", "stopping"),
    Mutant("training/stopping.py", "half = WINDOW // 2", "half = 0", "stopping"),
    Mutant("training/stopping.py", "(white) / frequency", "(white)", "stopping"),
    Mutant("training/stopping.py", "math.sqrt(SCENE_CORRELATION)", "SCENE_CORRELATION", "stopping"),
    Mutant("training/stopping.py", "20.0 * math.log10", "10.0 * math.log10", "stopping"),
    Mutant("training/stopping.py", "k: v.clone()", "k: v", "stopping"),
    Mutant("training/stopping.py", "max(self.contrast, 1e-6)", "self.contrast", "stopping"),
    Mutant("training/stopping.py", "torch.Generator().manual", "torch.manual", "stopping"),
    Mutant("training/recipe.py", '("last", "auto")', '("last",)', "stopping"),
    Mutant("training/self_regression.py", "with torch.random.fork_rng(), ", "with ", "training"),
    Mutant("training/self_regression.py", "torch.set_num_threads(threads)", "pass", "training"),
    Mutant(
        "training/self_regression.py",
        "torch.use_deterministic_algorithms(deterministic)",
        "pass",
        "training",
    ),
    Mutant("training/self_regression.py", "betas=config.betas", "betas=(0.9, 0.999)", "training"),
    Mutant(
        "training/recipe.py",
        "hidden_channels: int = 16",
        "hidden_channels: int = 18",
        "training network",
    ),
    Mutant("training/recipe.py", "0 <= beta < 1 for", "0 <= beta <= 1 for", "training"),
    # the package
    Mutant(
        "__init__.py",
        "from importlib import import_module",
        "from importlib import import_module\n\nimport numpy",
        "architecture",
    ),
    Mutant(FIDELITY, "import numpy as np\n", "import numpy as np\nprint()\n", "architecture"),
    # files, gate, images
    Mutant("io/files.py", "            os.fsync(file.fileno())", "            pass", "files"),
    Mutant("io/files.py", "        if overwrite:", "        if True:", "files"),
    Mutant("io/files.py", "            partial.unlink()", "            pass", "files"),
    Mutant("io/files.py", "os.link(partial, path)", "os.replace(partial, path)", "files"),
    Mutant("io/files.py", "entry.name[:18] in wanted", "wanted", "files"),
    Mutant("io/files.py", "not stat.S_ISREG(status.st_mode)", "False", "files"),
    Mutant("io/files.py", "if os.path.lexists(path):", "if False:", "files"),
    Mutant("io/files.py", "os.fsencode(path.name)", 'b""', "files"),
    Mutant("io/gate.py", "width * height > limits.max_pixels", "False", "gate"),
    Mutant("io/gate.py", "scans > limits.max_scans", "scans >= limits.max_scans", "gate"),
    Mutant("io/gate.py", "data[24] == 16", "data[24] == 8", "gate"),
    Mutant("io/gate.py", "flags & 0x20", "flags & 0x10", "gate"),
    Mutant("io/images.py", "ImageOps.exif_transpose(image, in_place=True)", "pass", "images"),
    Mutant("io/images.py", '{"qtables": tables}', '{"quality": 75}', "images"),
    Mutant("io/metadata.py", "        del exif[tag]", "        pass", "images"),
    # pipelines
    Mutant("pipelines/batch.py", "if not overwrite and item", "if item", "batch"),
    Mutant("pipelines/batch.py", "if error.errno in MACHINE_ERRORS", "if False", "batch"),
    Mutant("pipelines/batch.py", "    remove_partials(", "    list(", "batch"),
    Mutant("pipelines/batch.py", "self._free >= pixels", "True", "batch"),
    Mutant("pipelines/plan.py", ".casefold()", "", "plan"),
    Mutant("pipelines/plan.py", "os.path.realpath(item.output) in seen", "False", "plan"),
    Mutant("pipelines/plan.py", "if entry.is_symlink():", "if False:", "plan"),
]
"""Add a row for each new promise of the code; `tests` may name several files."""


class TableError(Exception):
    """The table or the machine is at fault, not a test."""


def main() -> int:
    """Try the mutants asked for; return the exit status."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [m for m in MUTANTS if any(wanted in text for text in m[:3])]
    if not chosen:
        print(f"no mutant has {wanted!r} in it", file=sys.stderr)
        return 2
    everything = " ".join(sorted({name for m in chosen for name in m.tests.split()}))
    survivors = 0
    try:
        seconds = try_out(None, everything)[1]
        print(f"unbroken: {everything} pass in {seconds:.0f} s", flush=True)
        for mutant in chosen:
            killed, seconds = try_out(mutant, mutant.tests)
            survivors += not killed
            word = "killed  " if killed else "SURVIVED"
            old, new = (" ".join(text.split()) for text in (mutant.old, mutant.new))
            print(f"{word} {seconds:5.1f} s  {mutant.file}: {old}  ->  {new}", flush=True)
    except TableError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(chosen)} mutants, {survivors} survived")
    return 1 if survivors else 0


def try_out(mutant: Mutant | None, tests: str) -> tuple[bool, float]:
    """Run tests on a broken copy, or on an unbroken one; say if they failed, and the seconds."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / "src", source, ignore=ignored)
        if mutant:
            apply(mutant, source / "noiser")
        done = run_tests(source, tests)
    if mutant is None and done.returncode:
        raise TableError(f"the tests fail on the unbroken source:\n{done.stdout}{done.stderr}")
    # 1: tests failed; 2: a test file could not be imported; negative: a signal ended it all.
    if done.returncode > 2:
        raise TableError(f"{mutant}: pytest ended with {done.returncode}:\n{done.stdout}")
    return done.returncode != 0, time.monotonic() - start


def apply(mutant: Mutant, package: Path) -> None:
    """Change one fragment of a copy, and compile what has to be compiled."""
    path = package / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise TableError(
            f"{mutant.file} has {mutant.old!r} {text.count(mutant.old)} times, not once"
        )
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    if path.suffix in (".c", ".h"):
        compile_kernel(package / KERNEL, package / LIBRARY)


def compile_kernel(source: Path, library: Path) -> None:
    """Compile as the build hook does."""
    sys.path.insert(0, str(REPOSITORY))
    try:
        import hatch_build
    except ModuleNotFoundError as error:
        raise TableError(f"{error.name} is needed to compile: pip install hatchling") from error
    library.unlink(missing_ok=True)
    with contextlib.redirect_stderr(io.StringIO()):  # warnings about the broken line
        fault = hatch_build.compile_kernel(source, library)
    if fault:
        raise TableError(fault)


def run_tests(source: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """Run test files against the package in `source`, and be sure that it is that one."""
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True
        )

    found = run("-c", "import importlib.util as u; print(u.find_spec('noiser').origin)")
    if Path(found.stdout.strip()) != source / "noiser" / "__init__.py":
        raise TableError(f"the tests would import {found.stdout}{found.stderr}")
    files = [f"tests/test_{name}.py" for name in tests.split()]
    return run("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *files)


if __name__ == "__main__":
    sys.exit(main())
