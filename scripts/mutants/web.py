"""Mutants of the server and of the page."""

from mutant import Mutant

ACCESS, BODIES, FORMS, GUARD, PARAMETERS, PROTOCOL = (
    f"web/server/{name}.py"
    for name in (
        "access_control", "http/request_body", "http/multipart", "middleware", "parameters",
        "http/protocol",
    )
)  # fmt: skip
DOCS = "web/server/docs_page.py"
CLIENT, MOUNTED = "web/server/http/client_address.py", "web/server/http/request_path.py"
POOL, PROCESS = "jobs/workers/async_pool.py", "jobs/workers/process.py"
APP, FAULTS = "app access_control", "server_faults"
ENGINE, GL, PAGE, SAVING = "page_engine", "page_gl", "page", "page_saving"
EXIF = "web/page/files/exif.js"
GRAIN, SURVEY, NOISE, SMOOTHING, LIGHT, QUIETED, OCTAVES, SHADERS, TILES, WORKERS = (
    f"web/page/engine/{name}.js"
    for name in (
        "statistics/grain", "statistics/histograms", "statistics/noise-by-octave",
        "statistics/smoothing", "look/local-light", "kernels/denoise", "kernels/octaves",
        "kernels/shaders", "kernels/webgl", "pool",
    )
)  # fmt: skip

MUTANTS = [
    # the server
    Mutant(ACCESS, "_authority(origin) == host.lower()", "True", APP),
    Mutant(ACCESS, "if origin in self.origins else {})", "if origin else {})", f"{APP} middleware"),
    Mutant(ACCESS, "(method == \"POST\" or asks_before)", "(method == \"POST\")", APP),
    Mutant(ACCESS, "ORIGIN.fullmatch", "ORIGIN.match", APP),
    Mutant(ACCESS, 'if scheme.lower() == "bearer"', 'if scheme == "Bearer"', APP),
    Mutant(DOCS, "escape(text))", "text)", "docs_page"),
    Mutant(ACCESS, "return name in self.hosts or", "return True or", APP),
    Mutant(ACCESS, "if not hmac.compare_digest", "if hmac.compare_digest", APP),
    Mutant(BODIES, "if size > limits.max_body_bytes:", "if False:", f"{APP} {FAULTS}"),
    Mutant(BODIES, "+ size / limits.least_rate)", "+ size * 1e9)", "http_protocol"),
    Mutant(FORMS, "not 1 <= len(boundary)", "not 0 <= len(boundary)", "multipart"),
    Mutant(PARAMETERS, "if name in found:", "if False:", "parameters"),
    Mutant(PROTOCOL, "if len(LENGTHS.findall(head)) > 1:", "if False:", "http_protocol"),
    Mutant(PROTOCOL, "> self._limits.max_connections", "> 1e9", "http_protocol"),
    Mutant(PROTOCOL, "self._count_of_client() > most", "False", "http_protocol"),
    Mutant(CLIENT, "IPV6_PREFIX = 64", "IPV6_PREFIX = 128", "http_protocol"),
    Mutant(MOUNTED, 'path.startswith(f"{prefix}/")', "path.startswith(prefix)", "request_path"),
    Mutant(PARAMETERS, "(self.is_whole and number % 1)", "False", "parameters"),
    Mutant(POOL, ">= self.workers + self._limits", "> self.workers + self._limits", "async_pool"),
    Mutant(POOL, "if worker.has_ended or not await", "if not await", "async_pool"),
    Mutant(POOL, "self._limits.queue_seconds, self._give_up", "1e9, self._give_up", "async_pool"),
    Mutant(PROCESS, "except OSError as error:", "except KeyError as error:", "sync_pool"),
    Mutant(GUARD, "if not visit.status:", "if visit.status:", APP),
    Mutant("web/server/errors.py", "cycle((1, 2, 3))", "cycle((1,))", "app"),
    # the page
    Mutant("web/page_files.py", 'remark.group().count("\\n")', "0", "page_files"),
    Mutant(GRAIN, "16 * 256 * 255 * scale", "16 * 256 * 256 * scale", ENGINE),
    Mutant(GRAIN, "(octave - 2)) & 3", "(octave - 1)) & 3", ENGINE),
    Mutant(GRAIN, "+ 2) >> 2", ") >> 2", ENGINE),
    Mutant(GRAIN, "=> -(-pixels >> n)", "=> pixels >> n", ENGINE),
    Mutant(GRAIN, "columns - x - 1", "columns - x", ENGINE),
    Mutant(NOISE, "size * sum(bins) >= FEWEST", "sum(bins) >= FEWEST", ENGINE),
    Mutant(NOISE, "share *= 1 - above", "share *= 1.1 - above", ENGINE),
    Mutant(NOISE, "MOST_LEFT * noise[n][i]", "noise[n][i]", ENGINE),
    Mutant(NOISE, "believed *= 1 -", "believed *= 0.9 -", ENGINE),
    Mutant(NOISE, "flat >= MOST_FLAT", "flat >= 0", ENGINE),
    Mutant(SURVEY, "tone >= first", "tone > first", ENGINE),
    Mutant(SURVEY, "Math.max(width, height)", "Math.max(width, bottom)", ENGINE),
    Mutant(LIGHT, "bright, weights, KEPT_MEAN)", "bright, weights, 0)", ENGINE),
    Mutant(LIGHT, "(2 * amount * square)", "square", ENGINE),
    Mutant(SMOOTHING, "return moved / one.length > CUT", "return moved > CUT", ENGINE),
    Mutant(SMOOTHING, "backlit: backlitOf(grid)", "", ENGINE),
    Mutant(QUIETED, "[fineColor, mediumColor] :", "[fineLuma, mediumColor] :", ENGINE),
    Mutant(OCTAVES, "octave + 1 < adjustments.octaves", "false", ENGINE),
    Mutant(OCTAVES, "2 * (column & 1) - 1", "1 - 2 * (column & 1)", ENGINE),
    Mutant(OCTAVES, "-= noisy[c][at++]", "-= planes[c][at++]", ENGINE),
    Mutant(WORKERS, "isCoarse ? OCTAVE_HALO", "isCoarse ? 60", ENGINE),
    Mutant(WORKERS, "constants.MEASURED_HALO", "1", ENGINE),
    Mutant(SHADERS, "sums += liftAt(at, dot(LUMA, scene.quiet));", "", GL),
    Mutant(SHADERS, "octave + 1 < octaves", "octave < 0", GL),
    Mutant(SHADERS, "bands - averageAt(at)", "bands - planesAt(at)", GL),
    Mutant(SHADERS, "weights.xww", "weights.xzz", GL),
    Mutant(SHADERS, "vec2(0.75), vec2(0.25)", "vec2(1.0), vec2(0.0)", GL),
    Mutant(TILES, "Math.floor((first - margin) / side) * side", "first - margin", GL),
    Mutant(TILES, "zeroPadding, octaves };", "zeroPadding };", GL),
    Mutant(TILES, "gl.bindFramebuffer(gl.FRAMEBUFFER, null);", "", GL),
    Mutant("web/page/engine/engine.js", "if (!isWanted()) return false;", "", GL),
    Mutant(EXIF, "if (isUpright) facts[ORIENTATION] = 1;", "", SAVING),
    Mutant(EXIF, "if (!keepsLocation)", "if (keepsLocation)", SAVING),
    Mutant(EXIF, "block.unlinkNext(main);", "", SAVING),
    Mutant("web/page/files/zip.js", "UTF8_NAMES = 0x800", "UTF8_NAMES = 0", SAVING),
    Mutant("web/page/app.js", "context.drawImage(after.canvas, half.x, 0);", "", PAGE),
]  # fmt: skip
"""See `mutant.Mutant`."""
