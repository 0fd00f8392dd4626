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
    Mutant("folding.py", "math.atanh(brightness)", "brightness", FOLDING),
    Mutant("folding.py", "* contrast + math.atanh", "+ math.atanh", FOLDING),
    Mutant("folding.py", "first_bias=-shift * scale", "first_bias=shift * scale", FOLDING),
    Mutant("folding.py", "DARKEST_MEAN)", "0.0)", FOLDING),
    Mutant("folding.py", "[:, 4] * 255)", "[:, 0] * 256)", FOLDING),
    Mutant("folding.py", "mean - np.repeat(center / 255, 9)", "mean", FOLDING),
    # looks
    Mutant(
        "looks.py", "max(2.0 * self.noise_floor, 0.25 / 255)", "2.0 * self.noise_floor", "looks"
    ),
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
    Mutant("enhancer.py", "contrast=self.look.contrast", "contrast=1.0", "enhancer"),
    Mutant("enhancer.py", "not 0 <= start < stop", "not start < stop", "enhancer"),
    Mutant("enhancer.py", "-(-height // (", "(height // (", "enhancer"),
    Mutant(
        "enhancer.py",
        "self._measure(frame, None), None)",
        "self._measure(carrier.frames[0], None), None)",
        "enhancer",
    ),
    Mutant("enhancer.py", "halo = HALO", "halo = HALO - 1", "properties"),
    # kernels
    Mutant("kernels/__init__.py", "next(iter(found.values()))", "found['reference']", "kernels"),
    Mutant("kernels/native.py", '("avx512", "avx2",', '("avx2", "avx512",', "kernels"),
    Mutant("kernels/reference.py", "lattice = np.rint(", "lattice = np.floor(", REFERENCE),
    Mutant("kernels/reference.py", '== "zero" else "edge"', '== "zero" else "constant"', REFERENCE),
    Mutant("kernels/reference.py", "hidden / math.sqrt(2)", "hidden / 1.4142", REFERENCE),
    Mutant("kernels/reference.py", "(1.0 - strength) * source", "1.0 * source", "properties"),
    Mutant("kernels/reference.py", "np.rint(value) if", "np.floor(value) if", REFERENCE),
    Mutant(
        "kernels/reference.py",
        "gain * (blurred - own)",
        "gain * (photo[:, 1:-1, 1:-1] - own)",
        REFERENCE,
    ),
    Mutant("kernels/reference.py", "room * chroma", "chroma", REFERENCE),
    Mutant("kernels/reference.py", "(1.0 + folded.black)", "1.0", REFERENCE),
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
        KERNEL,
        "2 * (int)v - 255)\nDEFINE_READ(lattice_uint16",
        "2 * (int)v - 254)\nDEFINE_READ(lattice_uint16",
        NATIVE,
    ),
    Mutant(KERNEL, "start += 16384)", "start += 16383)", NATIVE),
    Mutant(KERNEL, "int32_t part = 0;", "int16_t part = 0;", NATIVE),
    Mutant(KERNEL, "total += (int64_t)a[i] * b[i];", "total += (int32_t)a[i] * b[i];", NATIVE),
    Mutant(
        KERNEL, "for (; i < 2 && i + lag < 2; i++)", "for (; i < 1 && i + lag < 2; i++)", NATIVE
    ),
    Mutant(KERNEL, "r + 1 - k < at->bottom) sums", "r + 1 - k <= at->bottom) sums", NATIVE),
    Mutant(KERNEL, "0 : row[count]; ", "0 : row[count - 1]; ", NATIVE),
    Mutant(KERNEL, "at->left > 0 ? at->left - 1 : 0", "at->left > 0 ? at->left : 0", NATIVE),
    Mutant(KERNEL, "left < 2 ? 0 : left - 2", "left < 2 ? 0 : left - 1", NATIVE),
    Mutant(KERNEL, "right + 1 < im->width ? right + 1", "right < im->width ? right", NATIVE),
    Mutant(KERNEL, "0.0f : hidden[span - 2]", "0.0f : hidden[span - 3]", NATIVE),
    Mutant(
        KERNEL,
        "if (at_left) hidden[0] = f->padding == ZERO ? 0.0f",
        "if (at_left) hidden[0] = f->padding == ZERO ? 1.0f",
        NATIVE,
    ),
    Mutant(
        KERNEL,
        ": clamp(source, 0, from->height - 1) % 3",
        ": clamp(source, 0, from->height) % 3",
        NATIVE,
    ),
    Mutant(KERNEL, "outside && f->padding == ZERO\n", "0 && f->padding == ZERO\n", NATIVE),
    Mutant(KERNEL, "2.185329348e-01f", "2.185349348e-01f", NATIVE),
    Mutant(KERNEL, "smaller(magnitude, all(5.2f))", "magnitude", NATIVE),
    Mutant(KERNEL, "5.5504109e-2f", "5.5514109e-2f", NATIVE),
    Mutant(
        KERNEL, "larger(smaller(x, all(126.0f)), all(-126.0f))", "larger(x, all(-126.0f))", NATIVE
    ),
    Mutant(KERNEL, "(vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c)", "a * b + c", NATIVE),
    Mutant(KERNEL, "(int32_t)(((value) + 12582912.0f) - 12582912.0f)", "(int32_t)(value)", NATIVE),
    Mutant(KERNEL, "0.587f * w->output[1][i]", "0.587f * w->output[0][i]", NATIVE),
    Mutant(KERNEL, "value > 1.0f ? 1.0f : value", "value", NATIVE),
    Mutant(KERNEL, "(1.0f - f->color) * (out[c] - luma)", "(1.0f - f->color) * out[c]", NATIVE),
    Mutant(KERNEL, "all(0.5f + f->center[c] * half)", "all(0.5f)", NATIVE),
    Mutant(
        KERNEL,
        "out[c] = tone * fma_(room, chroma[c], luma)",
        "out[c] = tone * (chroma[c] + luma)",
        NATIVE,
    ),
    Mutant(
        KERNEL,
        "source + i * from->column + colors * from->channel",
        "source + i * from->column",
        NATIVE,
    ),
    Mutant(
        KERNEL,
        "(y - at->top) * to->row + (left - at->left)",
        "(y - at->top) * to->row + left",
        NATIVE,
    ),
    # training
    Mutant("training/self_regression.py", "noise.clamp(-1.0, 1.0)", "noise", "training"),
    Mutant("training/self_regression.py", " + config.noise_mean", "", "training"),
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
    if mutant.file == KERNEL:
        compile_kernel(path, package / LIBRARY)


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
