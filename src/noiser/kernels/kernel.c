/* Measure and render, natively: the two passes of noiser over a band of an image.

   The build compiles this file once for each instruction set, with VARIANT as the suffix
   of the exported names. Within one lane every variant with fused multiply-add does the
   same operations in the same order, so they give the same bits, as do any two cuts of an
   image. That needs -ffp-contract=off: only fma() below may fuse.

   Callers guarantee valid pointers, shapes and regions; nothing here parses input. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define JOIN(a, b) a##_##b
#define NAMED(name, variant) JOIN(name, variant)
#define EXPORT(name) __attribute__((visibility("default"))) NAMED(name, VARIANT)

enum { UINT8, UINT16, FLOAT32, FLOAT64 };
enum { ZERO, REPLICATE };
enum { TAPS = 27, CHANNEL_BLOCK = 4 };

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
    const float *first_weight;  /* [hidden / CHANNEL_BLOCK][27][CHANNEL_BLOCK], for levels */
    const float *first_bias;    /* [hidden] */
    const float *second_weight; /* [hidden][9][3] */
    const float *second_bias;   /* [3] */
    int32_t hidden;             /* a multiple of CHANNEL_BLOCK */
    int32_t padding;
    float center[3];    /* subtracted from each colour [levels] */
    float levels;       /* the signed value 1 [levels]: 255, 65535 or 1 */
    float color;        /* share of the photo's own chroma */
    float chroma_floor; /* luma at which half of the chroma has faded */
    float black;        /* luma that is darkened to about a half */
    float strength;     /* share of the output; the rest is the input */
} filter;

static inline int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

static int color_planes(const image *im) { return im->channels >= 3 ? 3 : 1; }

/* ---- Measure ------------------------------------------------------------------------ */

/* Read `count` values, `stride` elements apart, each through EXPRESSION of `v`. The usual
   strides are spelled out so that the compiler can vectorize them. */
#define DEFINE_READ(NAME, FROM, TO, ARGUMENTS, EXPRESSION)                                 \
    static void NAME(const char *source, int64_t stride, int64_t count, TO *to ARGUMENTS) { \
        const FROM *from = (const FROM *)source;                                            \
        switch (stride) {                                                                   \
        case 1: READ_LOOP(FROM, TO, 1, EXPRESSION)                                          \
        case 3: READ_LOOP(FROM, TO, 3, EXPRESSION)                                          \
        case 4: READ_LOOP(FROM, TO, 4, EXPRESSION)                                          \
        default: READ_LOOP(FROM, TO, stride, EXPRESSION)                                    \
        }                                                                                   \
    }
#define READ_LOOP(FROM, TO, STRIDE, EXPRESSION)   \
    for (int64_t i = 0; i < count; i++) {         \
        const FROM v = from[i * (STRIDE)];        \
        to[i] = (TO)(EXPRESSION);                 \
    }                                             \
    break;
#define NONE

DEFINE_READ(lattice_uint8, uint8_t, int16_t, NONE, 2 * (int)v - 255)
DEFINE_READ(lattice_uint16, uint16_t, int32_t, NONE, 2 * (int)v - 65535)
DEFINE_READ(lattice_float32, float, int32_t, NONE, rint((2.0 * v - 1.0) * 65535.0))
DEFINE_READ(lattice_float64, double, int32_t, NONE, rint((2.0 * v - 1.0) * 65535.0))

static inline int64_t dot_int16(const int16_t *a, const int16_t *b, int64_t count) {
    int64_t total = 0;
    /* 16,384 products of at most 255^2 stay within 31 bits. */
    for (int64_t start = 0; start < count; start += 16384) {
        int64_t end = start + 16384 < count ? start + 16384 : count;
        int32_t part = 0;
        for (int64_t i = start; i < end; i++) part += (int32_t)a[i] * b[i];
        total += part;
    }
    return total;
}

static inline int64_t dot_int32(const int32_t *a, const int32_t *b, int64_t count) {
    int64_t total = 0;
    for (int64_t i = 0; i < count; i++) total += (int64_t)a[i] * b[i];
    return total;
}

static void lattice_row_int16(const image *im, const char *source, int64_t count, int16_t *to) {
    lattice_uint8(source, im->column, count, to);
}

static void lattice_row_int32(const image *im, const char *source, int64_t count, int32_t *to) {
    if (im->depth == UINT16) lattice_uint16(source, im->column / 2, count, to);
    else if (im->depth == FLOAT32) lattice_float32(source, im->column / 4, count, to);
    else lattice_float64(source, im->column / 8, count, to);
}

/* Products of rows of one vertical lag only depend on the horizontal lag, up to one term at
   each end: one long dot product a lag, then the window slides by single terms.

   load_TYPE:  a row of the padded image, `count` + 2 values a colour
   pairs_TYPE: d[a][i][b][j] = sum over x of first[a][x + i] second[b][x + j], i, j in 0..2 */
#define DEFINE_MEASURE(TYPE)                                                                  \
    static void load_##TYPE(const image *im, const region *at, int padding, int64_t y,        \
                            int64_t pitch, TYPE##_t *row) {                                   \
        int64_t count = at->right - at->left;                                                 \
        int64_t first = at->left > 0 ? at->left - 1 : 0;                                      \
        int64_t last = at->right < im->width ? at->right : im->width - 1;                     \
        int outside = y < 0 || y >= im->height;                                               \
        for (int c = 0; c < 3; c++, row += pitch) {                                           \
            if (outside && padding == ZERO) {                                                 \
                memset(row, 0, (count + 2) * sizeof *row);                                    \
                continue;                                                                     \
            }                                                                                 \
            const char *source = im->data + clamp(y, 0, im->height - 1) * im->row +           \
                                 first * im->column + (im->channels >= 3 ? c : 0) * im->channel; \
            lattice_row_##TYPE(im, source, last - first + 1, row + (first - at->left + 1));   \
            if (at->left == 0) row[0] = padding == ZERO ? 0 : row[1];                         \
            if (at->right == im->width) row[count + 1] = padding == ZERO ? 0 : row[count];    \
        }                                                                                     \
    }                                                                                         \
    static void pairs_##TYPE(const TYPE##_t *first, const TYPE##_t *second, int64_t pitch,    \
                             int64_t count, int first_lag, int64_t d[3][3][3][3]) {           \
        for (int a = 0; a < 3; a++)                                                           \
            for (int b = 0; b < 3; b++)                                                       \
                for (int lag = first_lag; lag <= 2; lag++) {                                  \
                    const TYPE##_t *p = first + a * pitch, *q = second + b * pitch;           \
                    int i = lag < 0 ? -lag : 0;                                               \
                    int64_t total = dot_##TYPE(p + i, q + i + lag, count);                    \
                    d[a][i][b][i + lag] = total;                                              \
                    for (; i < 2 && i + lag < 2; i++) {                                       \
                        total += (int64_t)p[i + count] * q[i + lag + count];                  \
                        total -= (int64_t)p[i] * q[i + lag];                                  \
                        d[a][i + 1][b][i + lag + 1] = total;                                  \
                    }                                                                         \
                }                                                                             \
    }                                                                                         \
    static int measure_##TYPE(const image *im, const region *at, int padding, int64_t *sums,  \
                              int64_t (*products)[TAPS]) {                                    \
        int64_t count = at->right - at->left, pitch = count + 2;                              \
        TYPE##_t *ring = malloc(3 * 3 * pitch * sizeof *ring);                                \
        if (!ring) return 1;                                                                  \
        for (int64_t r = at->top - 1; r < at->top + 1; r++)                                   \
            load_##TYPE(im, at, padding, r, pitch, ring + ((r + 3) % 3) * 3 * pitch);         \
        for (int64_t r = at->top - 1; r <= at->bottom; r++) {                                 \
            const TYPE##_t *row = ring + ((r + 3) % 3) * 3 * pitch;                           \
            if (r + 2 <= at->bottom)                                                          \
                load_##TYPE(im, at, padding, r + 2, pitch, ring + ((r + 5) % 3) * 3 * pitch); \
            for (int c = 0; c < 3; c++) {                                                     \
                int64_t total = 0;                                                            \
                for (int64_t x = 0; x < count; x++) total += row[c * pitch + x];              \
                for (int i = 0; i < 3; i++) {                                                 \
                    add_row(at, r, sums + c * 9 + i, total);                                  \
                    total += row[c * pitch + i + count] - (int64_t)row[c * pitch + i];        \
                }                                                                             \
            }                                                                                 \
            for (int lag = 0; lag <= 2 && r + lag <= at->bottom; lag++) {                     \
                int64_t d[3][3][3][3];                                                        \
                memset(d, 0, sizeof d);                                                       \
                pairs_##TYPE(row, ring + ((r + lag + 3) % 3) * 3 * pitch, pitch, count,       \
                             lag ? -2 : 0, d);                                                \
                add_pairs(at, r, lag, d, products);                                           \
            }                                                                                 \
        }                                                                                     \
        free(ring);                                                                           \
        return 0;                                                                             \
    }

/* Row r lies under kernel row k (0 to 2) of position y = r + 1 - k: add where y counts. */
static void add_row(const region *at, int64_t r, int64_t *sums, int64_t total) {
    for (int k = 0; k < 3; k++)
        if (r + 1 - k >= at->top && r + 1 - k < at->bottom) sums[k * 3] += total;
}

/* Likewise for row r under kernel row k and row r + lag under kernel row k + lag. With lag 0
   only pairs of a non-negative horizontal lag are filled. */
static void add_pairs(const region *at, int64_t r, int lag, int64_t d[3][3][3][3],
                      int64_t (*products)[TAPS]) {
    for (int k = 0; k + lag < 3; k++) {
        if (r + 1 - k < at->top || r + 1 - k >= at->bottom) continue;
        for (int a = 0; a < 3; a++)
            for (int i = 0; i < 3; i++)
                for (int b = 0; b < 3; b++)
                    for (int j = 0; j < 3; j++)
                        products[a * 9 + k * 3 + i][b * 9 + (k + lag) * 3 + j] += d[a][i][b][j];
    }
}

DEFINE_MEASURE(int16)
DEFINE_MEASURE(int32)

/* Fill sums[27] and products[27][27]. Of each pair of taps only one order is filled, the
   other is zero (both are filled where the kernel positions are equal). Values are whole
   multiples of 1/255 for uint8, of 1/65535 otherwise. Returns 1 without memory. */
int EXPORT(noiser_measure)(const image *im, const region *at, int32_t padding, int64_t *sums,
                           int64_t (*products)[TAPS]) {
    memset(sums, 0, TAPS * sizeof *sums);
    memset(products, 0, TAPS * sizeof *products);
    return im->depth == UINT8 ? measure_int16(im, at, padding, sums, products)
                              : measure_int32(im, at, padding, sums, products);
}

/* ---- Vectors ------------------------------------------------------------------------ */

#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 16, WIDE = 4 };
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 8, WIDE = 2 };
#elif defined(__ARM_NEON)
#include <arm_neon.h>
enum { LANES = 4, WIDE = 4 };
#else
enum { LANES = 4, WIDE = 2 };
#endif

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));
typedef float unaligned_vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

static inline vec load(const float *from) { return *(const unaligned_vec *)from; }
static inline void store(float *to, vec v) { *(unaligned_vec *)to = v; }

/* Load once for several uses. Left alone, the compiler repeats the load in each of them, and
   loads are what the convolutions run out of first. */
static inline vec load_once(const float *from) {
    vec v = load(from);
#if defined(__x86_64__)
    __asm__("" : "+v"(v));
#endif
    return v;
}

static inline vec all(float value) { return value - (vec){0}; }

/* min and max take b where a is neither smaller nor larger, like the x86 instructions. */
#if defined(__AVX512F__)
static inline vec fma_(vec a, vec b, vec c) {
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
static inline vec smaller(vec a, vec b) { return (vec)_mm512_min_ps((__m512)a, (__m512)b); }
static inline vec larger(vec a, vec b) { return (vec)_mm512_max_ps((__m512)a, (__m512)b); }
#elif defined(__AVX2__)
static inline vec fma_(vec a, vec b, vec c) {
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
static inline vec smaller(vec a, vec b) { return (vec)_mm256_min_ps((__m256)a, (__m256)b); }
static inline vec larger(vec a, vec b) { return (vec)_mm256_max_ps((__m256)a, (__m256)b); }
#else
static inline vec fma_(vec a, vec b, vec c) {
#if defined(__ARM_NEON)
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

static inline vec smaller(vec a, vec b) {
    ivec mask = a < b;
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

static inline vec larger(vec a, vec b) {
    ivec mask = a > b;
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}
#endif

/* GELU(x) = max(x, 0) - t(|x|) with t(a) = a (1 - Phi(a)), the exact (erf) form. t is a
   polynomial of degree 16 in s = a / 2.6 - 1 on [0, 5.2] and constant beyond. In single
   precision off by at most 2e-7 below 5.1 and 6e-7 above, as tests/test_native.py proves: in s,
   unlike in a, the coefficients are small. scripts/fit_gelu.py derives them. */
static inline vec gelu(vec x) {
    static const float tail[17] = {
        1.211908925e-02f, -7.970247418e-02f, 2.185329348e-01f, -2.854922712e-01f,
        6.152698770e-02f, 3.723329306e-01f, -5.569658279e-01f, 2.230072320e-01f,
        2.762759030e-01f, -3.898728788e-01f, 6.930128485e-02f, 2.077232301e-01f,
        -1.282609552e-01f, -5.364458635e-02f, 5.750750378e-02f, 5.649050698e-03f,
        -1.003672369e-02f,
    };
    vec magnitude = (vec)((ivec)x & 0x7fffffff);
    vec s = fma_(smaller(magnitude, all(5.2f)), all(1.0f / 2.6f), all(-1.0f));
    vec t = all(tail[16]);
    for (int i = 15; i >= 0; i--) t = fma_(t, s, all(tail[i]));
    return larger(x, all(0.0f)) - t;
}

/* 2^x for x in [-126, 126] (clamped): 2^round(x) by the exponent's bits, the rest by its
   Taylor polynomial of degree 7, off by less than 6e-9 on [-1/2, 1/2]. */
static inline vec exp2_(vec x) {
    x = larger(smaller(x, all(126.0f)), all(-126.0f));
    vec shifted = x + 12582912.0f; /* 1.5 * 2^23: the sum has no fraction bits left */
    vec f = x - (shifted - 12582912.0f);
    vec p = all(1.5252734e-5f);
    p = fma_(p, f, all(1.5403530e-4f));
    p = fma_(p, f, all(1.3333558e-3f));
    p = fma_(p, f, all(9.6181291e-3f));
    p = fma_(p, f, all(5.5504109e-2f));
    p = fma_(p, f, all(2.4022651e-1f));
    p = fma_(p, f, all(6.9314718e-1f));
    p = fma_(p, f, all(1.0f));
    ivec exponent = ((ivec)shifted - 0x4b400000) << 23;
    return (vec)((ivec)p + exponent);
}

/* (tanh(z) + 1) / 2 */
static inline vec unit_tanh(vec z) {
    return 1.0f / (exp2_(z * -2.8853901f) + 1.0f); /* -2 / ln 2 */
}

/* ---- Render ------------------------------------------------------------------------- */

/* A column of TILE pixels is walked from top to bottom. The hidden layer only exists as
   three rows of one tile, and one pixel more on either side, so it stays in the cache. */
enum { TILE = 126, SPAN = TILE + 2, PITCH = SPAN + 16, INPUT_ROWS = 4 };

typedef struct {
    float input[INPUT_ROWS][3][PITCH]; /* column left - 2 + i; levels minus center */
    float output[3][PITCH];            /* column left + i; [0, 1] */
    double row[3][PITCH];              /* one row of the output in its own type */
    float hidden[];                    /* [4][hidden][PITCH], column left - 1 + i; the last
                                          is zero and stands for rows outside the image */
} workspace;

#define CENTER , const float center
DEFINE_READ(levels_uint8, uint8_t, float, CENTER, (float)(2 * (int)v - 255) - center)
DEFINE_READ(levels_uint16, uint16_t, float, CENTER, (float)(2 * (int)v - 65535) - center)
DEFINE_READ(levels_float32, float, float, CENTER, (2.0f * v - 1.0f) - center)
DEFINE_READ(levels_float64, double, float, CENTER, (2.0 * v - 1.0) - center)

static void load_levels(const image *im, const filter *f, int64_t y, int64_t left, int64_t right,
                        float (*row)[PITCH]) {
    int64_t first = left < 2 ? 0 : left - 2;
    int64_t last = right + 1 < im->width ? right + 1 : im->width - 1;
    int outside = y < 0 || y >= im->height;
    for (int c = 0; c < 3; c++) {
        float *at_first = row[c] + (first - (left - 2)), *at_last = row[c] + (last - (left - 2));
        float border = -f->center[c];
        if (outside && f->padding == ZERO) {
            for (int i = 0; i < PITCH; i++) row[c][i] = border;
            continue;
        }
        const char *source = im->data + clamp(y, 0, im->height - 1) * im->row +
                             first * im->column + (im->channels >= 3 ? c : 0) * im->channel;
        int64_t count = last - first + 1;
        switch (im->depth) {
        case UINT8: levels_uint8(source, im->column, count, at_first, f->center[c]); break;
        case UINT16: levels_uint16(source, im->column / 2, count, at_first, f->center[c]); break;
        case FLOAT32: levels_float32(source, im->column / 4, count, at_first, f->center[c]); break;
        default: levels_float64(source, im->column / 8, count, at_first, f->center[c]);
        }
        for (float *p = row[c]; p < at_first; p++) *p = f->padding == ZERO ? border : *at_first;
        for (float *p = at_last + 1; p <= row[c] + (right + 1 - (left - 2)); p++)
            *p = f->padding == ZERO ? border : *at_last;
    }
}

static void hidden_row(const filter *f, const float *const rows[3], int64_t span, float *hidden) {
    for (int64_t j = 0; j < span; j += WIDE * LANES)
        for (int block = 0; block < f->hidden / CHANNEL_BLOCK; block++) {
            const float *weight = f->first_weight + block * TAPS * CHANNEL_BLOCK;
            vec sum[CHANNEL_BLOCK][WIDE];
            for (int k = 0; k < CHANNEL_BLOCK; k++)
                for (int v = 0; v < WIDE; v++)
                    sum[k][v] = all(f->first_bias[block * CHANNEL_BLOCK + k]);
            for (int c = 0; c < 3; c++)
                for (int dy = 0; dy < 3; dy++)
                    for (int dx = 0; dx < 3; dx++, weight += CHANNEL_BLOCK) {
                        const float *x = rows[dy] + c * PITCH + j + dx;
                        vec p[WIDE];
                        for (int v = 0; v < WIDE; v++) p[v] = load_once(x + v * LANES);
                        for (int k = 0; k < CHANNEL_BLOCK; k++)
                            for (int v = 0; v < WIDE; v++)
                                sum[k][v] = fma_(all(weight[k]), p[v], sum[k][v]);
                    }
            for (int k = 0; k < CHANNEL_BLOCK; k++)
                for (int v = 0; v < WIDE; v++)
                    store(hidden + (block * CHANNEL_BLOCK + k) * PITCH + j + v * LANES,
                          gelu(sum[k][v]));
        }
}

/* The hidden layer outside the image, for the second convolution. */
static void pad_hidden(const filter *f, int at_left, int at_right, int64_t span, float *hidden) {
    for (int k = 0; k < f->hidden; k++, hidden += PITCH) {
        if (at_left) hidden[0] = f->padding == ZERO ? 0.0f : hidden[1];
        if (at_right) hidden[span - 1] = f->padding == ZERO ? 0.0f : hidden[span - 2];
    }
}

/* The photo's own colours, fading where luma nears the floor, and its own black, around the
   network's luma. */
static inline void develop(const filter *f, const float *const rows[3], int64_t j, vec out[3]) {
    vec blurred[3];
    for (int c = 0; c < 3; c++) {
        vec column[3];
        for (int dx = 0; dx < 3; dx++) {
            int64_t at = c * PITCH + j + 1 + dx;
            column[dx] = (load(rows[0] + at) + load(rows[2] + at)) + 2.0f * load(rows[1] + at);
        }
        float half = 0.5f / f->levels;
        vec sum = (column[0] + column[2]) + 2.0f * column[1];
        blurred[c] = fma_(sum, all(half / 16.0f), all(0.5f + f->center[c] * half));
    }
    vec luma = fma_(all(0.299f), out[0], fma_(all(0.587f), out[1], 0.114f * out[2]));
    vec own = fma_(all(0.299f), blurred[0], fma_(all(0.587f), blurred[1], 0.114f * blurred[2]));
    vec gain = (f->color * luma) / (own + f->chroma_floor);
    vec chroma[3];
    for (int c = 0; c < 3; c++)
        chroma[c] = fma_(gain, blurred[c] - own, (1.0f - f->color) * (out[c] - luma));
    /* Where a colour would pass 1, all three move towards luma together: the hue stays. */
    vec most = larger(larger(chroma[0], chroma[1]), larger(chroma[2], all(1e-6f)));
    vec room = smaller((1.0f - luma) / most, all(1.0f));
    vec tone = ((own + 1e-6f) * (1.0f + f->black)) / (own + (f->black + 1e-6f));
    for (int c = 0; c < 3; c++) out[c] = tone * fma_(room, chroma[c], luma);
}

static void output_row(const filter *f, const float *const hidden[3], const float *const rows[3],
                       int64_t pixels, float (*output)[PITCH]) {
    for (int64_t j = 0; j < pixels; j += WIDE * LANES) {
        const float *weight = f->second_weight;
        vec sum[3][WIDE];
        for (int c = 0; c < 3; c++)
            for (int v = 0; v < WIDE; v++) sum[c][v] = all(f->second_bias[c]);
        for (int k = 0; k < f->hidden; k++)
            for (int dy = 0; dy < 3; dy++)
                for (int dx = 0; dx < 3; dx++, weight += 3) {
                    const float *h = hidden[dy] + k * PITCH + j + dx;
                    vec x[WIDE];
                    for (int v = 0; v < WIDE; v++) x[v] = load_once(h + v * LANES);
                    for (int c = 0; c < 3; c++)
                        for (int v = 0; v < WIDE; v++)
                            sum[c][v] = fma_(all(weight[c]), x[v], sum[c][v]);
                }
        for (int v = 0; v < WIDE; v++) {
            vec out[3];
            for (int c = 0; c < 3; c++) out[c] = unit_tanh(sum[c][v]);
            if (f->color > 0.0f || f->black > 0.0f) develop(f, rows, j + v * LANES, out);
            for (int c = 0; c < 3; c++) store(output[c] + j + v * LANES, out[c]);
        }
    }
}

/* Round one row into its own type, mix in the input, and lay it out as the output wants. */
#define DEFINE_WRITE(NAME, TYPE, REAL, PEAK, ROUND)                                           \
    static void NAME(const image *from, const image *to, const char *source, char *target,    \
                     int64_t count, const filter *f, workspace *w) {                          \
        TYPE *planes[3];                                                                      \
        const int64_t size = sizeof(TYPE), stride = to->column / size;                        \
        const REAL share = f->strength;                                                       \
        const int colors = color_planes(to);                                                  \
        for (int c = 0; c < colors; c++) {                                                    \
            TYPE *plane = planes[c] = (TYPE *)w->row[c];                                      \
            const float *output = w->output[c];                                               \
            if (share == 1)                                                                   \
                for (int64_t i = 0; i < count; i++) plane[i] = ROUND((REAL)PEAK * output[i]); \
            else                                                                              \
                for (int64_t i = 0; i < count; i++) {                                         \
                    REAL before = *(const TYPE *)(source + c * from->channel + i * from->column); \
                    plane[i] = ROUND(share * ((REAL)PEAK * output[i]) + (1 - share) * before); \
                }                                                                             \
        }                                                                                     \
        TYPE *pixel = (TYPE *)target;                                                         \
        if (colors == 3 && stride == 3 && to->channel == size) {                              \
            for (int64_t i = 0; i < count; i++) {                                             \
                pixel[3 * i] = planes[0][i];                                                  \
                pixel[3 * i + 1] = planes[1][i];                                              \
                pixel[3 * i + 2] = planes[2][i];                                              \
            }                                                                                 \
            return;                                                                           \
        }                                                                                     \
        for (int c = 0; c < colors; c++) {                                                    \
            pixel = (TYPE *)(target + c * to->channel);                                       \
            for (int64_t i = 0; i < count; i++) pixel[i * stride] = planes[c][i];             \
        }                                                                                     \
        if (to->channels == colors) return;                                                   \
        for (int64_t i = 0; i < count; i++) /* alpha */                                       \
            memcpy(target + i * to->column + colors * to->channel,                            \
                   source + i * from->column + colors * from->channel, sizeof(TYPE));         \
    }

/* Half to even, for values from 0 to 2^22, in every instruction set alike. */
#define NEAREST(value) (int32_t)(((value) + 12582912.0f) - 12582912.0f)
DEFINE_WRITE(write_uint8, uint8_t, float, 255, NEAREST)
DEFINE_WRITE(write_uint16, uint16_t, float, 65535, NEAREST)
DEFINE_WRITE(write_float32, float, float, 1, )
DEFINE_WRITE(write_float64, double, double, 1, )

static void write_row(const image *from, const image *to, const region *at, int64_t y,
                      int64_t left, int64_t count, const filter *f, workspace *w) {
    if (color_planes(to) == 1)
        for (int64_t i = 0; i < count; i++)
            w->output[0][i] = 0.299f * w->output[0][i] + 0.587f * w->output[1][i] +
                              0.114f * w->output[2][i];
    for (int c = 0; c < color_planes(to); c++)
        for (int64_t i = 0; i < count; i++) {
            float value = w->output[c][i];
            value = value < 0.0f ? 0.0f : value;
            w->output[c][i] = value > 1.0f ? 1.0f : value;
        }
    const char *source = from->data + y * from->row + left * from->column;
    char *target = to->data + (y - at->top) * to->row + (left - at->left) * to->column;
    switch (from->depth) {
    case UINT8: write_uint8(from, to, source, target, count, f, w); break;
    case UINT16: write_uint16(from, to, source, target, count, f, w); break;
    case FLOAT32: write_float32(from, to, source, target, count, f, w); break;
    default: write_float64(from, to, source, target, count, f, w);
    }
}

static void render_tile(const image *from, const image *to, const region *at, int64_t left,
                        int64_t right, const filter *f, workspace *w) {
    int64_t pixels = right - left, span = pixels + 2, size = (int64_t)f->hidden * PITCH;
    for (int64_t r = at->top - 2; r < at->top; r++)
        load_levels(from, f, r, left, right, w->input[(r + 4) % 4]);
    for (int64_t r = at->top - 1; r <= at->bottom; r++) { /* r: newest hidden row */
        load_levels(from, f, r + 1, left, right, w->input[(r + 5) % 4]);
        const float *rows[3];
        if (r >= 0 && r < from->height) {
            float *hidden = w->hidden + (r % 3) * size;
            for (int dy = 0; dy < 3; dy++) rows[dy] = w->input[(r + dy + 3) % 4][0];
            hidden_row(f, rows, span, hidden);
            pad_hidden(f, left == 0, right == from->width, span, hidden);
        }
        int64_t y = r - 1;
        if (y < at->top) continue;
        const float *hidden[3];
        for (int dy = 0; dy < 3; dy++) {
            int64_t source = y + dy - 1;
            int outside = source < 0 || source >= from->height;
            hidden[dy] = w->hidden + (outside && f->padding == ZERO
                                          ? 3
                                          : clamp(source, 0, from->height - 1) % 3) * size;
            rows[dy] = w->input[(y + dy + 3) % 4][0];
        }
        output_row(f, hidden, rows, pixels, w->output);
        write_row(from, to, at, y, left, pixels, f, w);
    }
}

/* Render the region of `from` into all of `to`, which has the region's size and the same
   channels and depth. Returns 1 without memory. */
int EXPORT(noiser_render)(const image *from, const image *to, const region *at, const filter *f) {
    workspace *w = calloc(1, sizeof *w + 4 * (size_t)f->hidden * PITCH * sizeof(float));
    if (!w) return 1;
    for (int64_t left = at->left; left < at->right; left += TILE)
        render_tile(from, to, at, left, left + TILE < at->right ? left + TILE : at->right, f, w);
    free(w);
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
