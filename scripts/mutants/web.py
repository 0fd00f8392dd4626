"""Mutants of the server and of the page."""

from mutant import Mutant

ACCESS, BODIES, FORMS, GUARD, PARAMETERS, PROTOCOL = (
    f"web/server/{name}.py"
    for name in (
        "access_control", "http/request_body", "http/multipart", "middleware", "parameters",
        "http/protocol",
    )
)  # fmt: skip
POOL, PROCESS = "jobs/workers/async_pool.py", "jobs/workers/process.py"
APP, FAULTS = "app access_control", "server_faults"
ENGINE, GL, PAGE, SAVING = "page_engine", "page_gl", "page", "page_saving"
SURVEY, LIGHT, SHADERS, EXIF, SMOOTHING = (
    "web/page/engine/statistics/histograms.js",
    "web/page/engine/look/local-light.js",
    "web/page/engine/kernels/shaders.js",
    "web/page/files/exif.js",
    "web/page/engine/statistics/smoothing.js",
)

MUTANTS = [
    # the server
    Mutant(ACCESS, "_authority(origin) != host.lower()", "False", APP),
    Mutant(ACCESS, "return name in self.hosts or", "return True or", APP),
    Mutant(ACCESS, "if not hmac.compare_digest", "if hmac.compare_digest", APP),
    Mutant(BODIES, "if size > limits.max_body_bytes:", "if False:", f"{APP} {FAULTS}"),
    Mutant(BODIES, "+ size / limits.least_rate)", "+ size * 1e9)", "http_protocol"),
    Mutant(FORMS, "not 1 <= len(boundary)", "not 0 <= len(boundary)", "multipart"),
    Mutant(PARAMETERS, "if name in found:", "if False:", "parameters"),
    Mutant(PROTOCOL, "if len(LENGTHS.findall(head)) > 1:", "if False:", "http_protocol"),
    Mutant(PROTOCOL, "> self._limits.max_connections", "> 1e9", "http_protocol"),
    Mutant(POOL, ">= self.workers + self._limits", "> self.workers + self._limits", "async_pool"),
    Mutant(POOL, "if worker.has_ended or not await", "if not await", "async_pool"),
    Mutant(POOL, "self._limits.queue_seconds, self._give_up", "1e9, self._give_up", "async_pool"),
    Mutant(PROCESS, "except OSError as error:", "except KeyError as error:", "sync_pool"),
    Mutant(GUARD, "if not visit.status:", "if visit.status:", APP),
    Mutant("web/server/errors.py", "cycle((1, 2, 3))", "cycle((1,))", "app"),
    # the page
    Mutant("web/page_files.py", 'remark.group().count("\\n")', "0", "page_files"),
    Mutant(SURVEY, "16 * 256 * 255) >> 11", "16 * 256 * 256) >> 11", ENGINE),
    Mutant(SURVEY, "(octave - 2)) & 3", "(octave - 1)) & 3", ENGINE),
    Mutant(SURVEY, "tone >= first", "tone > first", ENGINE),
    Mutant(SURVEY, "Math.max(width, height)", "Math.max(width, bottom)", ENGINE),
    Mutant(LIGHT, "bright, weights, KEPT_MEAN)", "bright, weights, 0)", ENGINE),
    Mutant(LIGHT, "(2 * amount * square)", "square", ENGINE),
    Mutant(SMOOTHING, "return moved / one.length > CUT", "return moved > CUT", ENGINE),
    Mutant(SMOOTHING, "backlit: backlitOf(grid)", "", ENGINE),
    Mutant(SHADERS, "sums += liftAt(at, dot(LUMA, scene.quiet));", "", GL),
    Mutant("web/page/engine/kernels/webgl.js", "gl.bindFramebuffer(gl.FRAMEBUFFER, null);", "", GL),
    Mutant("web/page/engine/engine.js", "if (!isWanted()) return false;", "", GL),
    Mutant(EXIF, "if (isUpright) facts[ORIENTATION] = 1;", "", SAVING),
    Mutant(EXIF, "if (!keepsLocation)", "if (keepsLocation)", SAVING),
    Mutant(EXIF, "block.unlinkNext(main);", "", SAVING),
    Mutant("web/page/files/zip.js", "UTF8_NAMES = 0x800", "UTF8_NAMES = 0", SAVING),
    Mutant("web/page/app.js", "context.drawImage(after.canvas, half.x, 0);", "", PAGE),
]  # fmt: skip
"""See `mutant.Mutant`."""
