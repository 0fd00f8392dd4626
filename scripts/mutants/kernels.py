"""Mutants of the kernels."""

from mutant import (
    DENOISE,
    DEVELOP,
    GRAIN,
    GRAY,
    KERNEL,
    MEASURE,
    NATIVE,
    OCTAVES,
    READING,
    REFERENCE,
    RENDER,
    VECTORS,
    Mutant,
)

COARSE = "native_octaves"

MUTANTS = [
    # kernels
    Mutant(
        "engine/kernels/__init__.py", "next(iter(found.values()))", "found['reference']", "kernels"
    ),
    Mutant("engine/kernels/native.py", '("avx512", "avx2",', '("avx2", "avx512",', "kernels"),
    Mutant(
        "engine/kernels/reference.py",
        "lattice = np.rint(read_signed(pixels, grown((rows",
        "lattice = np.floor(read_signed(pixels, grown((rows",
        REFERENCE,
    ),
    Mutant(
        "engine/kernels/reference.py",
        '== "zero" else "edge"',
        '== "zero" else "constant"',
        REFERENCE,
    ),
    Mutant(
        "engine/kernels/reference.py", "(1.0 - strength) * source", "1.0 * source", "properties"
    ),
    Mutant("engine/kernels/reference.py", "np.rint(value) if", "np.floor(value) if", REFERENCE),
    Mutant(
        "engine/kernels/reading.py",
        "columns.clip(0, width - 1)",
        "abs(columns).clip(0, width - 2)",
        REFERENCE,
    ),
    Mutant(
        "engine/kernels/reference.py",
        "rows = slice(row, min(row + height, bottom))",
        "rows = slice(row, row + height)",
        REFERENCE,
    ),
    Mutant(
        "engine/kernels/reference.py",
        "signed - (folded.center / 255)",
        "signed - (folded.center / 256)",
        REFERENCE,
    ),
    Mutant("engine/kernels/native.py", "scale**2 * p", "scale * p", NATIVE),
    Mutant(
        "engine/kernels/native.py",
        "np.where(products != 0, products, products.T)[UPPER]",
        "products[UPPER]",
        NATIVE,
    ),
    Mutant(
        "engine/kernels/native.py",
        "folded.center / 255 * levels",
        "folded.center / 255 * 255",
        NATIVE,
    ),
    Mutant("engine/kernels/native.py", "stride % pixels.itemsize", "False", NATIVE),
    Mutant("engine/kernels/native.py", "if not pixels.flags.aligned", "if False", NATIVE),
    Mutant("engine/kernels/native.py", "(stamp and numbers[0] != stamp)", "False", "library"),
    Mutant("engine/kernels/native.py", "numbers[1:] != structures.LAYOUT", "False", "library"),
    Mutant(
        "engine/kernels/native.py", "except OSError as error", "except KeyError as error", "library"
    ),
    Mutant("engine/kernels/stamp.py", "{path.name} ", "", "library"),
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
    Mutant(MEASURE, "if (pixels % 2) {", "if (0) {", NATIVE),
    Mutant(MEASURE, "found->tones[1][tone[i + 1]]++", "found->tones[1][tone[i]]++", NATIVE),
    Mutant(KERNEL, "found.grain[0][i] + found.grain[1][i]", "found.grain[0][i]", NATIVE),
    Mutant(MEASURE, "int32_t part = 0;", "int16_t part = 0;", NATIVE),
    Mutant(MEASURE, "(int64_t)first[a * pitch + i]", "(int32_t)first[a * pitch + i]", NATIVE),
    Mutant(MEASURE, "int i = at; i < 2 && i", "int i = at; i < 1 && i", NATIVE),
    Mutant(MEASURE, "r + 1 - k < at->bottom) sums", "r + 1 - k <= at->bottom) sums", NATIVE),
    Mutant(MEASURE, "0 : row[count]; ", "0 : row[count - 1]; ", NATIVE),
    Mutant(MEASURE, "at->left > 0 ? at->left - 1 : 0", "at->left > 0 ? at->left : 0", NATIVE),
    Mutant(RENDER, "ZERO ? 0.0f : hidden[inside]", "ZERO ? 0.0f : hidden[inside - 1]", NATIVE),
    Mutant(RENDER, "ZERO ? 0.0f : hidden[inside]", "ZERO ? 1.0f : hidden[inside]", NATIVE),
    Mutant(
        GRAY, "ZERO ? 0.0f : g->partial[t][inside]", "ZERO ? 0.1f : g->partial[t][inside]", NATIVE
    ),
    Mutant(GRAY, "ZERO ? 0.0f : g->partial[t][inside]", "ZERO ? 0.0f : 0.0f", NATIVE),
    Mutant(GRAY, "bias + (f->padding == ZERO ? none : first)", "bias + first", NATIVE),
    Mutant(GRAY, "(f->padding == ZERO ? none : gray_tap(g, 2, i))", "none", NATIVE),
    Mutant(
        GRAY, "load(p[1] + at)) + load(p[2] + at + 1)", "load(p[1] + at)) + load(p[2] + at)", NATIVE
    ),
    Mutant(
        GRAY, "gray_weigh(f, hidden, end, 5, 4, g)", "gray_weigh(f, hidden, end, 5, 3, g)", NATIVE
    ),
    Mutant(
        GRAY, "gray_weigh(f, hidden, end, 0, 9, g)", "gray_weigh(f, hidden, end, 0, 8, g)", NATIVE
    ),
    Mutant(GRAY, "load(lift + i), all(-20.0f))", "load(lift + i), all(-2.0f))", NATIVE),
    Mutant(RENDER, "(1 - share) * before[i]", "share * before[i]", NATIVE),
    Mutant(
        KERNEL, "SPAN - 2 * HALO : SPAN - HALO - 1", "SPAN - 2 * HALO : SPAN - HALO + 3", NATIVE
    ),
    Mutant(KERNEL, "SPAN - 2 * HALO : SPAN", "SPAN - HALO : SPAN", NATIVE),
    Mutant(
        RENDER,
        ": clamp(source, 0, from->height - 1) % 3",
        ": clamp(source, 0, from->height) % 3",
        NATIVE,
    ),
    Mutant(RENDER, "outside && f->padding == ZERO ?", "0 && f->padding == ZERO ?", NATIVE),
    Mutant(VECTORS, "2.650278807e-02f", "2.650378807e-02f", NATIVE),
    Mutant(VECTORS, "from[at[i] & 7]", "from[at[i] & 3]", NATIVE),
    Mutant(VECTORS, "smaller(magnitude, all(7.499f))", "magnitude", NATIVE),
    Mutant(VECTORS, "5.5504109e-2f", "5.5514109e-2f", NATIVE),
    Mutant(
        VECTORS, "larger(smaller(x, all(126.0f)), all(-126.0f))", "larger(x, all(-126.0f))", NATIVE
    ),
    Mutant(VECTORS, "(vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c)", "a * b + c", NATIVE),
    Mutant(RENDER, "(int32_t)(((value) + 12582912.0f) - 12582912.0f)", "(int32_t)(value)", NATIVE),
    Mutant(DEVELOP, "fma_(all(0.587f), colors[1]", "fma_(all(0.587f), colors[0]", NATIVE),
    Mutant(DEVELOP, "larger(smaller(out[c], all(1.0f)), all(0.0f))", "out[c]", NATIVE),
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
    # coarse octaves
    Mutant(GRAIN, "-(-pixel >> octave)", "(pixel >> octave)", COARSE),
    Mutant(GRAIN, "light >= 101 * level", "light > 101 * level", NATIVE),
    Mutant(GRAIN, "if (averages % 2)", "if (0)", COARSE),
    Mutant(GRAIN, "odd[size[i + 1]]++", "odd[size[i]]++", COARSE),
    Mutant(GRAIN, "unit * sum + 2", "unit * sum + 1", COARSE),
    Mutant(GRAIN, "octave == 1 ? (int32_t)p->unit : 1", "(int32_t)p->unit", COARSE),
    Mutant(GRAIN, "octave == 1 ? (int32_t)p->unit : 1", "1", COARSE),
    Mutant(GRAIN, "((row + k - 1) & 3)", "((row + k) & 3)", COARSE),
    Mutant(
        GRAIN,
        "COARSEST) - 1) * WIDEST,\n                        (squares_from(p->counts.b",
        "COARSEST)) * WIDEST,\n                        (squares_from(p->counts.b",
        COARSE,
    ),
    Mutant(MEASURE, "if (last > at->right + 1)", "if (0)", COARSE),
    Mutant(
        MEASURE,
        "i < to - from; i++) luma[i] = luma[end - 1]",
        "i < to - from; i++) luma[i] = 0",
        COARSE,
    ),
    Mutant(READING, "sums + first);\n        }\n    for", "sums);\n        }\n    for", COARSE),
    Mutant(READING, "0.25f, sums + first", "1.0f, sums + first", COARSE),
    Mutant(READING, "padding == REPLICATE || (y >= 0", "1 || (y >= 0", COARSE),
    Mutant(READING, "i + 3 * colors", "i + 2 * colors", COARSE),
    Mutant(READING, "im->channel == size && ", "", COARSE),
    Mutant(READING, "else SUM_LOOP(stride * i", "else SUM_LOOP(i", COARSE),
    Mutant(READING, "together > 1 ? color : 0", "0", COARSE),
    Mutant(DENOISE, "FINE_COLOR_NOISE * (z", "COLOR_NOISE * (z", COARSE),
    Mutant(DENOISE, "all(f->noise[octave])", "all(f->noise[0])", COARSE),
    Mutant(DENOISE, "both) - load(noisy[c] + i)", "both)", COARSE),
    Mutant(DENOISE, "energies > FINE_COLOR", "0", COARSE),
    Mutant(OCTAVES, "row & 1 ? 1 : -1", "row & 1 ? -1 : 1", COARSE),
    Mutant(OCTAVES, "before - after, after", "after - before, after", COARSE),
    Mutant(OCTAVES, "MARGIN - 1 + (first & 1)", "MARGIN - 1", COARSE),
    Mutant(OCTAVES, "REACH = HALO + 2 +", "REACH = HALO +", COARSE),
    Mutant(OCTAVES, "WAIT = 2 * (BAND_HALO + 1)", "WAIT = 2 * BAND_HALO", COARSE),
    Mutant(OCTAVES, "if (octave + 1 < f->octaves)", "if (0)", COARSE),
    Mutant(OCTAVES, "added->at.left - BAND_HALO)", "added->at.left)", COARSE),
    Mutant(OCTAVES, "4 * row - f->origin_row", "4 * row", COARSE),
    Mutant(OCTAVES, "ahead[(row - 1) & 15]", "ahead[row & 15]", COARSE),
    Mutant(KERNEL, "f->octaves > 2) denoise", "f->octaves > 3) denoise", COARSE),
    Mutant(
        "engine/tiling.py",
        "1 if params.adjustments.octaves > 1 else BANDS_PER_THREAD",
        "BANDS_PER_THREAD",
        COARSE,
    ),
    Mutant("engine/kernels/native.py", "Grid(None, None, 0, 0, *origin, 0)", "Grid()", COARSE),
    Mutant(
        "engine/tiling.py",
        "max(shares, -(-width * height // (MAX_BAND_PIXELS * self._threads)))",
        "shares",
        "tiling",
    ),
]
