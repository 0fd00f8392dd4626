"""Mutants of benchmark, training, package, files and pipelines."""

from mutant import Mutant

MUTANTS = [
    # benchmark
    Mutant("engine/kernels/c/roofline.h", "return 8 * LANES", "return 4 * LANES", "benchmark"),
    Mutant("tools/benchmark.py", "            if turn:", "            if True:", "benchmark"),
    Mutant("tools/benchmark.py", "floor=max(computed", "floor=min(computed", "benchmark"),
    # training
    Mutant("model/training/losses.py", "/ image.numel()", "/ image[0].numel()", "training"),
    Mutant(
        "model/training/early_stopping.py",
        "step >= self.best_step + PATIENCE",
        "False",
        "early_stopping",
    ),
    Mutant("model/training/early_stopping.py", "half = WINDOW // 2", "half = 0", "early_stopping"),
    Mutant("model/training/early_stopping.py", "(white) / frequency", "(white)", "early_stopping"),
    Mutant(
        "model/training/early_stopping.py",
        "math.sqrt(SCENE_CORRELATION)",
        "SCENE_CORRELATION",
        "early_stopping",
    ),
    Mutant(
        "model/training/early_stopping.py",
        "20.0 * math.log10",
        "10.0 * math.log10",
        "early_stopping",
    ),
    Mutant("model/training/early_stopping.py", "k: v.clone()", "k: v", "early_stopping"),
    Mutant(
        "model/training/early_stopping.py",
        "max(self.contrast, 1e-6)",
        "self.contrast",
        "early_stopping",
    ),
    Mutant(
        "model/training/early_stopping.py",
        "torch.Generator().manual",
        "torch.manual",
        "early_stopping",
    ),
    Mutant("model/training/config.py", '("last", "auto")', '("last",)', "early_stopping"),
    Mutant(
        "model/training/self_regression.py", "with torch.random.fork_rng(), ", "with ", "training"
    ),
    Mutant(
        "model/training/self_regression.py", "torch.set_num_threads(threads)", "pass", "training"
    ),
    Mutant(
        "model/training/self_regression.py",
        "torch.use_deterministic_algorithms(deterministic)",
        "pass",
        "training",
    ),
    Mutant(
        "model/training/self_regression.py", "betas=config.betas", "betas=(0.9, 0.999)", "training"
    ),
    Mutant("model/training/self_regression.py", " = filling", " = False", "training"),
    Mutant("model/training/self_regression.py", "    _keep_freed_memory()\n", "", "gradient"),
    Mutant(
        "model/training/self_regression.py", "set_to_none=False", "set_to_none=True", "training"
    ),
    Mutant("model/training/self_regression.py", "view_as(parameter)", "clone()", "training"),
    Mutant(
        "model/training/losses.py", "sub_(vertical, alpha=2", "sub_(vertical, alpha=1", "gradient"
    ),
    Mutant("model/training/losses.py", "(output - noise).sign_()", "(output - noise)", "gradient"),
    Mutant("model/training/gradient.py", "(1 - output * output)", "(1 - output)", "gradient"),
    Mutant("model/training/gradient.py", "second.flip(2, 3)", "second", "gradient"),
    Mutant("model/training/gradient.py", "at_second.flip(1, 2)", "at_second", "gradient"),
    Mutant("model/training/gradient.py", "        at_hidden *= scale\n", "", "gradient"),
    Mutant("model/training/gradient.py", "hidden.shape[2] + eps", "hidden.shape[2]", "gradient"),
    Mutant("model/training/gradient.py", "side[..., -2, :] +=", "side[..., -2, :] =", "gradient"),
    Mutant("model/training/gradient.py", "(gradient, gradient.mT)", "(gradient,)", "gradient"),
    Mutant("model/training/gradient.py", "parameter.grad.add_(gradient)", "gradient", "gradient"),
    Mutant(
        "model/training/gradient.py",
        "        at_hidden -= at_hidden.mean(2, keepdim=True)\n",
        "",
        "gradient",
    ),
    Mutant(
        "model/training/config.py",
        "hidden_channels: int = 16",
        "hidden_channels: int = 18",
        "training network",
    ),
    Mutant("model/training/config.py", "0 <= beta < 1 for", "0 <= beta <= 1 for", "training"),
    # the package
    Mutant(
        "__init__.py",
        "from importlib import import_module",
        "from importlib import import_module\n\nimport numpy",
        "architecture",
    ),
    Mutant(
        "tools/quality/psnr_ssim.py",
        "import numpy as np\n",
        "import numpy as np\nprint()\n",
        "architecture",
    ),
    # files, gate, images
    Mutant("io/files.py", "            os.fsync(file.fileno())", "            pass", "files"),
    Mutant("io/files.py", "        if overwrite:", "        if True:", "files"),
    Mutant("io/files.py", "            os.unlink(partial)", "            pass", "files"),
    Mutant("io/files.py", "os.link(partial, path)", "os.replace(partial, path)", "files"),
    Mutant("io/files.py", "entry.name[:18] in wanted", "wanted", "files"),
    Mutant("io/files.py", "not stat.S_ISREG(os.fstat(file.fileno()).st_mode)", "False", "files"),
    Mutant("io/files.py", "and not os.path.lexists(path):", "and True:", "files"),
    Mutant("io/files.py", "os.fsencode(path.name)", 'b""', "files"),
    Mutant("io/limits.py", "width * height > limits.max_pixels", "False", "limits"),
    Mutant("io/formats.py", "scans > limits.max_scans", "scans >= limits.max_scans", "limits"),
    Mutant("io/codecs/png_chunks.py", "data[24] != 16", "data[24] != 8", "high_bit_depth"),
    Mutant("io/codecs/png_chunks.py", 'b"tRNS"', 'b"none"', "high_bit_depth"),
    Mutant("io/formats.py", "curves and all(", "curves and any(", "limits"),
    Mutant("io/codecs/high_bit_depth.py", "np.isfinite(pixels.min())", "True", "high_bit_depth"),
    Mutant(
        "io/metadata/orientation.py",
        "orientation in (2, 3, 6, 7)",
        "orientation in (2, 3, 7)",
        "high_bit_depth",
    ),
    Mutant("io/codecs/high_bit_depth.py", "+ peak // 2", "", "high_bit_depth"),
    Mutant(
        "io/codecs/high_bit_depth.py",
        "np.maximum(color - 1, 0",
        "np.maximum(color, 0",
        "high_bit_depth",
    ),
    Mutant("core/color.py", "+ 128) // 257", ") // 257", "bit_depth"),
    Mutant("io/codecs/bit_depth.py", "if photo.above is not None", "if False", "bit_depth"),
    Mutant("io/codecs/raw.py", "use_camera_wb=True", "use_camera_wb=False", "raw"),
    Mutant("io/codecs/raw.py", "gamma=(1, 1)", "gamma=(2.222, 4.5)", "raw"),
    Mutant("io/codecs/raw.py", "kinds & SENSOR_DATA", "False", "raw"),
    Mutant("io/codecs/boxed/heif.py", "_pillow_heif().misc.set_orientation(info)", "pass", "heif"),
    Mutant("io/codecs/boxed/heif.py", "    heif.misc.set_orientation(info)", "    pass", "heif"),
    Mutant("io/codecs/boxed/jpeg_xl.py", "if header.is_animated:", "if False:", "jpeg_xl"),
    Mutant("io/codecs/boxed/jpeg_xl.py", "if header.words[2] in HDR", "if 0 in HDR", "jpeg_xl"),
    Mutant("io/codecs/boxed/jpeg_xl.py", '{"lossless": True} if header', "{} if header", "jpeg_xl"),
    Mutant("io/codecs/boxed/jpeg_xl.py", "bytes(4) + said", "said", "jpeg_xl"),
    Mutant("io/codecs/boxed/jpeg_xl.py", "check_size(*size", "None, (*size", "jpeg_xl"),
    Mutant("io/codecs/boxed/jpeg_xl_container.py", '(8, b"\\4")', '(8, b"\\2")', "jpeg_xl"),
    Mutant("io/codecs/boxed/jpeg_2000.py", "pixels >> (16 - bits)", "pixels", "jpeg_2000"),
    Mutant("io/codecs/boxed/jpeg_2000_boxes.py", "or header.bits == 9", "", "jpeg_2000"),
    Mutant("io/codecs/boxed/jpeg_2000_boxes.py", "kind & 0x80", "kind & 0", "jpeg_2000"),
    Mutant("io/codecs/boxed/jpeg_2000_boxes.py", "tiles > MAX_TILES", "False", "jpeg_2000"),
    Mutant("io/codecs/boxed/heif.py", "hdr_to_16bit=False", "hdr_to_16bit=True", "heif"),
    Mutant("io/metadata/tiff_tags.py", "set(exif) & LAYOUT_TAGS", "()", "high_bit_depth"),
    Mutant("core/color.py", "0.0031308, 12.92", "0.031308, 12.92", "color"),
    Mutant("jobs/plan.py", "in READ_ONLY_SUFFIXES:", "in ():", "plan"),
    Mutant("jobs/in_memory.py", "if options.output.format:", "if False:", "bit_depth"),
    Mutant("io/formats.py", "flags & 0x20", "flags & 0x10", "limits"),
    Mutant(
        "io/metadata/orientation.py",
        "ImageOps.exif_transpose(image, in_place=True)",
        "pass",
        "image_file",
    ),
    Mutant("io/codecs/header.py", '{"qtables": tables}', '{"quality": 75}', "image_file"),
    # pipelines
    Mutant("jobs/batch/resume.py", "if self._options.overwrite:", "if False:", "run"),
    Mutant("jobs/job.py", "if error.errno in MACHINE_ERRORS", "if False", "run"),
    Mutant("jobs/batch/run.py", "    remove_partials(", "    list(", "run"),
    Mutant("jobs/job.py", "self._free >= pixels", "True", "run"),
    Mutant("jobs/plan.py", ".casefold()", "", "plan"),
    Mutant("jobs/plan.py", "real(item.output) in seen", "False", "plan"),
    Mutant("jobs/find_pictures.py", "if entry.is_symlink():", "if False:", "plan"),
]
