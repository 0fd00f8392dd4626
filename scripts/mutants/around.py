"""Mutants of benchmark, training, package, files and pipelines."""

from mutant import Mutant

MUTANTS = [
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
    Mutant(
        "metrics/fidelity.py",
        "import numpy as np\n",
        "import numpy as np\nprint()\n",
        "architecture",
    ),
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
