/* Measure and render, natively: the two passes of noiser over a band of an image.

   The build compiles this file once for each instruction set, with VARIANT as the suffix
   of the exported names. Within one lane every variant with fused multiply-add does the
   same operations in the same order, so they give the same bits, as do any two cuts of an
   image. That needs -ffp-contract=off: only fma_() in vectors.h may fuse.

   Callers guarantee valid pointers, shapes and regions; nothing here parses input. */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define JOIN(a, b) a##_##b
#define NAMED(name, variant) JOIN(name, variant)
#define APART __attribute__((noinline)) /* a profiler names it; see tests/engine/kernels/test_instructions.py */
#define EXPORT(name) __attribute__((visibility("default"))) NAMED(name, VARIANT)

enum { UINT8, UINT16, FLOAT32, FLOAT64 };
enum { ZERO, REPLICATE };
enum { TAPS = 27, CHANNEL_BLOCK = 4, NOISE_KNOTS = 5, OCTAVES = 4 };
enum { MOST_CELLS = 64, BINS = 12 }; /* of the grid of light, across and by brightness */

typedef struct {
    char *data;
    int64_t row, column, channel; /* strides [bytes] */
    int64_t height, width;
    int32_t channels; /* gray, gray and alpha, RGB, RGBA: 1 to 4 */
    int32_t depth;
} image;

typedef struct {
    int64_t top, bottom, left, right; /* half open, within the image */
} region;

typedef struct {
    const float *first_weight;  /* [hidden / CHANNEL_BLOCK][27][CHANNEL_BLOCK], for the planes;
                                   gray: [hidden / CHANNEL_BLOCK][9][CHANNEL_BLOCK], for luma */
    const float *first_bias;    /* [hidden] */
    const float *second_weight; /* [hidden][9][3]; gray: [hidden][9] */
    const float *second_bias;   /* [3]; gray: [1] */
    const float *lift;          /* [lift_rows][lift_columns][BINS], added before the tanh, or null */
    int64_t lift_rows, lift_columns, origin_row, origin_column;
    int64_t lift_cell; /* side of a cell [pixels] */
    int32_t hidden;    /* a multiple of CHANNEL_BLOCK */
    int32_t padding;
    int32_t develops; /* whether there is more to do than the network; see denoise.h */
    int32_t octaves;  /* in which noise is taken away: more than 1 only where it develops */
    int32_t gray;     /* whether the network reads and writes luma alone; see gray.h */
    float center[3];  /* subtracted from each colour [levels] */
    float levels;     /* the signed value 1 [levels]: 255, 65535 or 1 */
    float cast[2];    /* red and blue less luma, of a luma of 1, that are the photo's tint */
    /* from here to detail_floor: the names and the order of SCALARS in render_params.py */
    float strength;                   /* share of the output; the rest is the input */
    float color;                      /* share of the photo's own chroma less its tint */
    float highlights;                 /* share of the photo's own in what is missing to white */
    float denoise;                    /* share of the noise that is taken away */
    float fine, medium;               /* detail given back, of one and of two pixels */
    float black;                      /* luma that is darkened to a half */
    float chroma_floor, detail_floor; /* luma at which half of chroma and of detail has faded */
    float noise[OCTAVES];             /* variance of the noise in black, in luma of [0, 1] */
    float noise_levels[NOISE_KNOTS], noise_slopes[OCTAVES][NOISE_KNOTS]; /* how it changes with luma */
} filter;

typedef struct {
    uint64_t *sums;             /* [2][rows][columns][BINS], zero, or null: pixels in the upper 24
                                   bits and the sum of their tones below, by turns in each half */
    const int32_t *first_tones; /* [BINS - 1]: of each bin but the darkest */
    int64_t rows, columns;      /* rows of the region alone, columns from the picture's first on */
    int64_t origin_row, origin_column; /* of the image's first pixel in the picture, always */
    int64_t shift;                     /* binary logarithm of the cells' side */
} grid;

static inline int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

static int color_planes(const image *im) { return im->channels >= 3 ? 3 : 1; }

#include "rows.h"

#include "vectors.h"

#include "measure.h"

#include "denoise.h"

#include "reading.h"

#include "octaves.h"

#include "local_light.h"

#include "develop.h"

#include "gray.h"

#include "render.h"

#include "roofline.h"

#include "layout.h"

/* Fill sums[27], products[27][27], tones[TONES], grain[GRAINS] and the sums of the grid. Of each
   pair of taps only one order is filled, the other is zero (both are filled where the kernel
   positions are equal). Values are whole multiples of 1/255 for uint8, of 1/65535 otherwise. Returns 1
   without memory. */
int EXPORT(noiser_measure)(const image *im, const region *at, int32_t padding, int64_t *sums,
                           int64_t (*products)[TAPS], uint32_t *tones, uint32_t *grain,
                           const grid *light) {
    survey found = {.light = light};
    sort_tones(&found);
    memset(sums, 0, TAPS * sizeof *sums);
    memset(products, 0, TAPS * sizeof *products);
    int failed = im->depth == UINT8 ? measure_int16(im, at, padding, sums, products, &found)
                                    : measure_int32(im, at, padding, sums, products, &found);
    for (int i = 0; i < TONES; i++) tones[i] = found.tones[0][i] + found.tones[1][i];
    for (int i = 0; i < GRAINS; i++) grain[i] = found.grain[0][i] + found.grain[1][i];
    return failed;
}

static void *aligned(void *memory) {
    return (void *)(((uintptr_t)memory + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
}

/* Render the region of `from` into all of `to`, which has the region's size and the same
   channels and depth. Returns 1 without memory. */
int EXPORT(noiser_render)(const image *from, const image *to, const region *at, const filter *f) {
    const size_t hidden = (f->gray ? 1 : 4) * (size_t)f->hidden * PITCH * sizeof(float);
    const size_t zero = sizeof(workspace) + hidden + ALIGNMENT;
    coarse_octaves coarse = {0};
    plan_coarse(at, f, &coarse);
    const size_t rows = f->octaves > 1 ? sizeof(octave_rows) + ALIGNMENT : 0;
    /* At once: parts of it the system would take back, and give anew, for each band. */
    char *memory = malloc(zero + rows + coarse.floats * sizeof(float));
    if (!memory) return 1;
    memset(memory, 0, zero + rows);
    workspace *w = aligned(memory);
    w->octave = rows ? aligned(memory + zero) : NULL;
    place_coarse(f, (float *)(memory + zero + rows), &coarse);
    if (f->octaves > 2) denoise_coarse(from, f, &coarse, w->octave);
    const int64_t tile = f->develops ? SPAN - 2 * HALO : SPAN - HALO - 1;
    for (int64_t left = at->left; left < at->right; left += tile) {
        int64_t right = left + tile < at->right ? left + tile : at->right;
        render_tile(from, to, at, left, right, f, &coarse, w);
    }
    free(memory);
    return 0;
}

/* Whether this machine can run this variant. */
int EXPORT(noiser_supported)(void) {
#if defined(__AVX512F__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__AVX2__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 1;
#endif
}
