/* Measure: sums over a band, in integers, so that no cut and no order can change them. */

DEFINE_READ(lattice_uint8, uint8_t, int16_t, NONE, 2 * (int)v - 255)
DEFINE_READ(lattice_uint16, uint16_t, int32_t, NONE, 2 * (int)v - 65535)
DEFINE_READ(lattice_float32, float, int32_t, NONE, rint((2.0 * v - 1.0) * 65535.0))
DEFINE_READ(lattice_float64, double, int32_t, NONE, rint((2.0 * v - 1.0) * 65535.0))

enum { WORDS = 2 * LANES };

/* Add the products of WORDS values of three rows with three others, `pitch` apart. */
static inline void add_dots(const int16_t *first, const int16_t *second, int64_t pitch,
                            ivec sums[3][3]) {
    words p[3], q[3];
    for (int c = 0; c < 3; c++) p[c] = load_words(first + c * pitch);
    for (int c = 0; c < 3; c++) q[c] = load_words(second + c * pitch);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) sums[a][b] += pair_products(p[a], q[b]);
}

/* Dot products of three rows with three others: totals[a][b]. */
static void dots_int16(const int16_t *first, const int16_t *second, int64_t pitch, int64_t count,
                       int64_t totals[3][3]) {
    memset(totals, 0, 9 * sizeof(int64_t));
    /* 16,384 products of at most 255^2 stay within 31 bits. */
    for (int64_t start = 0; start < count; start += 16384) {
        int64_t i = start, end = start + 16384 < count ? start + 16384 : count;
        ivec sums[3][3] = {{{0}}};
        for (; i + WORDS <= end; i += WORDS) add_dots(first + i, second + i, pitch, sums);
        if (i < end) { /* the rest of it, and zeros */
            int16_t rest[2][3][WORDS] = {{{0}}};
            for (int c = 0; c < 3; c++) {
                memcpy(rest[0][c], first + c * pitch + i, (end - i) * sizeof *first);
                memcpy(rest[1][c], second + c * pitch + i, (end - i) * sizeof *second);
            }
            add_dots(rest[0][0], rest[1][0], WORDS, sums);
        }
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++) totals[a][b] += sum_of(sums[a][b]);
    }
}

static void dots_int32(const int32_t *first, const int32_t *second, int64_t pitch, int64_t count,
                       int64_t totals[3][3]) {
    memset(totals, 0, 9 * sizeof(int64_t));
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            for (int64_t i = 0; i < count; i++)
                totals[a][b] += (int64_t)first[a * pitch + i] * second[b * pitch + i];
}

static int64_t total_int16(const int16_t *row, int64_t count) {
    int64_t total = 0;
    for (int64_t start = 0; start < count; start += 16384) {
        int64_t end = start + 16384 < count ? start + 16384 : count;
        int32_t part = 0;
        for (int64_t i = start; i < end; i++) part += row[i];
        total += part;
    }
    return total;
}

static int64_t total_int32(const int32_t *row, int64_t count) {
    int64_t total = 0;
    for (int64_t i = 0; i < count; i++) total += row[i];
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

/* ---- Survey: the histograms of luma and of grain ---------------------------------- */

enum { TONES = 1021, GRAIN_BINS = 48, GRAINS = OCTAVES * 5 * GRAIN_BINS, CHUNK = 256 };

/* Twice each, by turns: a bin that one pixel has counted in is not yet ready for the next. */
typedef struct {
    uint32_t tones[2][TONES];  /* luma after a 3x3 binomial blur, four bins a level */
    uint32_t grain[2][GRAINS]; /* size of d2/dx2 d2/dy2 of luma, by octave and five
                                  classes of tones */
    const grid *light;
    uint8_t bin[TONES]; /* of the grid, of each tone */
} survey;

static void sort_tones(survey *found) {
    for (int tone = 0, bin = 0; found->light->sums && tone < TONES; tone++) {
        while (bin < BINS - 1 && tone >= found->light->first_tones[bin]) bin++;
        found->bin[tone] = (uint8_t)bin;
    }
}

/* Count `count` tones from pixel (y, x) of the image on. */
static void count_light(const grid *light, const region *at, int64_t y, int64_t x, int64_t count,
                        const uint16_t *tone, const uint8_t *bin) {
    int64_t row = ((light->origin_row + y) >> light->shift) -
                  ((light->origin_row + at->top) >> light->shift);
    uint64_t *even = light->sums + row * light->columns * BINS;
    uint64_t *odd = even + light->rows * light->columns * BINS;
    uint16_t cell[CHUNK];
    for (int64_t i = 0; i < count; i++)
        cell[i] = (uint16_t)(((light->origin_column + x + i) >> light->shift) * BINS);
    for (int64_t i = 0; i + 1 < count; i += 2) {
        even[cell[i] + bin[tone[i]]] += (uint64_t)1 << 40 | tone[i];
        odd[cell[i + 1] + bin[tone[i + 1]]] += (uint64_t)1 << 40 | tone[i + 1];
    }
    if (count % 2) even[cell[count - 1] + bin[tone[count - 1]]] += (uint64_t)1 << 40 | tone[count - 1];
}

/* Four bins an octave: an exponent and two bits of a float. `size` is in 1/256 of a level. */
static inline int32_t grain_bin(uint32_t size) {
    union { float value; int32_t bits; } octave = {(float)(int32_t)(size + 64)};
    int32_t bin = (octave.bits >> 21) - (0x42800000 >> 21); /* 64.0f */
    return bin < GRAIN_BINS ? bin : GRAIN_BINS - 1;
}

/* `near` has three rows of luma, 2 v - 1 in 1/256 of an 8-bit level times `unit`, and a pixel
   more on either side. */
static void survey_row(const int32_t *const near[3], const region *at, int64_t y, int unit,
                       survey *found) {
    const int64_t count = at->right - at->left;
    const uint32_t half_peak = 16 * 256 * 255 * (uint32_t)unit;
    const uint32_t tone_step = 2048 * (uint32_t)unit, size_step = 2 * (uint32_t)unit;
    for (int64_t start = 0; start < count; start += CHUNK) {
        int64_t pixels = count - start < CHUNK ? count - start : CHUNK;
        int32_t sum[CHUNK + 2], bend[CHUNK + 2];
        uint16_t tone[CHUNK];
        uint8_t size[CHUNK];
        const int32_t *above = near[0] + start, *own = near[1] + start, *below = near[2] + start;
        for (int64_t i = 0; i < pixels + 2; i++) {
            sum[i] = above[i] + 2 * own[i] + below[i];
            bend[i] = above[i] - 2 * own[i] + below[i];
        }
        for (int64_t i = 0; i < pixels; i++) {
            uint32_t blurred = (uint32_t)(sum[i] + 2 * sum[i + 1] + sum[i + 2]) + half_peak;
            int32_t bent = bend[i] - 2 * bend[i + 1] + bend[i + 2];
            uint32_t level = unit == 1 ? blurred >> 11 : blurred / tone_step;
            uint32_t magnitude = (uint32_t)(bent < 0 ? -bent : bent);
            magnitude = unit == 1 ? magnitude >> 1 : magnitude / size_step;
            int32_t row = (level >= 8) + (level >= 32) + (level >= 128) + (level >= 404);
            tone[i] = (uint16_t)level;
            size[i] = (uint8_t)(row * GRAIN_BINS + grain_bin(magnitude));
        }
        for (int64_t i = 0; i + 1 < pixels; i += 2) {
            found->tones[0][tone[i]]++;
            found->grain[0][size[i]]++;
            found->tones[1][tone[i + 1]]++;
            found->grain[1][size[i + 1]]++;
        }
        if (pixels % 2) {
            found->tones[0][tone[pixels - 1]]++;
            found->grain[0][size[pixels - 1]]++;
        }
        if (found->light->sums)
            count_light(found->light, at, y, at->left + start, pixels, tone, found->bin);
    }
}

#include "grain.h"

/* Products of rows of one vertical lag only depend on the horizontal lag, up to one term at
   each end: one long dot product a lag, then the window slides by single terms.

   load_TYPE:  a row of the padded image, `count` + 2 values a colour
   beside_TYPE: luma of the columns from `from` to `to` in 256ths; beside the image the nearest pixel
               counts, whatever the padding
   luma_TYPE:  that of the columns from `first` to `last`, most of it from a row that was loaded
   pairs_TYPE: d[a][i][b][j] = sum over x of first[a][x + i] second[b][x + j], i, j in 0..2 */
#define DEFINE_MEASURE(TYPE)                                                                     \
    static void load_##TYPE(const image *im, const region *at, int padding, int64_t y,           \
                            int64_t pitch, TYPE##_t *row) {                                      \
        int64_t count = at->right - at->left;                                                    \
        int64_t first = at->left > 0 ? at->left - 1 : 0;                                         \
        int64_t last = at->right < im->width ? at->right : im->width - 1;                        \
        int outside = y < 0 || y >= im->height;                                                  \
        for (int c = 0; c < 3; c++, row += pitch) {                                              \
            if (outside && padding == ZERO) {                                                    \
                memset(row, 0, (count + 2) * sizeof *row);                                       \
                continue;                                                                        \
            }                                                                                    \
            const char *source = im->data + clamp(y, 0, im->height - 1) * im->row +              \
                                 first * im->column + (im->channels >= 3 ? c : 0) * im->channel; \
            lattice_row_##TYPE(im, source, last - first + 1, row + (first - at->left + 1));      \
            if (at->left == 0) row[0] = padding == ZERO ? 0 : row[1];                            \
            if (at->right == im->width) row[count + 1] = padding == ZERO ? 0 : row[count];       \
        }                                                                                        \
    }                                                                                            \
    static void pairs_##TYPE(const TYPE##_t *first, const TYPE##_t *second, int64_t pitch,       \
                             int64_t count, int first_lag, int64_t d[3][3][3][3]) {              \
        for (int lag = first_lag; lag <= 2; lag++) {                                             \
            const int at = lag < 0 ? -lag : 0;                                                   \
            int64_t totals[3][3];                                                                \
            dots_##TYPE(first + at, second + at + lag, pitch, count, totals);                    \
            for (int a = 0; a < 3; a++)                                                          \
                for (int b = 0; b < 3; b++) {                                                    \
                    const TYPE##_t *p = first + a * pitch, *q = second + b * pitch;              \
                    int64_t total = d[a][at][b][at + lag] = totals[a][b];                        \
                    for (int i = at; i < 2 && i + lag < 2; i++) {                                \
                        total += (int64_t)p[i + count] * q[i + lag + count];                     \
                        total -= (int64_t)p[i] * q[i + lag];                                     \
                        d[a][i + 1][b][i + lag + 1] = total;                                     \
                    }                                                                            \
                }                                                                                \
        }                                                                                        \
    }                                                                                            \
    static void beside_##TYPE(const image *im, int64_t y, int64_t from, int64_t to,              \
                              int32_t *luma) {                                                   \
        int64_t first = clamp(from, 0, im->width - 1), last = clamp(to - 1, 0, im->width - 1);   \
        int64_t at = clamp(first, from, to - 1) - from, end = at + last - first + 1;             \
        const char *source =                                                                     \
            im->data + clamp(y, 0, im->height - 1) * im->row + first * im->column;               \
        for (int64_t i = at; i < end; i += CHUNK, source += CHUNK * im->column) {                \
            int64_t count = end - i < CHUNK ? end - i : CHUNK;                                   \
            TYPE##_t row[3][CHUNK];                                                              \
            for (int c = 0; c < 3; c++)                                                          \
                lattice_row_##TYPE(im, source + (im->channels >= 3 ? c : 0) * im->channel, count,\
                                   row[c]);                                                      \
            for (int64_t k = 0; k < count; k++)                                                  \
                luma[i + k] = 77 * row[0][k] + 150 * row[1][k] + 29 * row[2][k];                 \
        }                                                                                        \
        for (int64_t i = 0; i < at; i++) luma[i] = luma[at];                                     \
        for (int64_t i = end; i < to - from; i++) luma[i] = luma[end - 1];                       \
    }                                                                                            \
    static void luma_##TYPE(const image *im, const region *at, int64_t y, int64_t pitch,         \
                            const TYPE##_t *row, int64_t first, int64_t last, int32_t *luma) {   \
        if (y < at->top - 1 || y > at->bottom || y < 0 || y >= im->height) {                     \
            beside_##TYPE(im, y, first, last, luma);                                             \
            return;                                                                              \
        }                                                                                        \
        int32_t *own = luma + at->left - 1 - first;                                              \
        for (int64_t i = 0; i < pitch; i++)                                                      \
            own[i] = 77 * row[i] + 150 * row[pitch + i] + 29 * row[2 * pitch + i];               \
        if (at->left == 0) own[0] = own[1];                                                      \
        if (at->right == im->width) own[pitch - 1] = own[pitch - 2];                             \
        if (first < at->left - 1) beside_##TYPE(im, y, first, at->left - 1, luma);               \
        if (last > at->right + 1) beside_##TYPE(im, y, at->right + 1, last, own + pitch);        \
    }                                                                                            \
    static APART int measure_##TYPE(const image *im, const region *at, int padding,              \
                                    int64_t *sums, int64_t (*products)[TAPS], survey *found) {   \
        const int unit = sizeof(TYPE##_t) == 2 ? 257 : 1;                                        \
        int64_t count = at->right - at->left, pitch = count + 2;                                 \
        pyramid p;                                                                               \
        if (!begin_pyramid(at, unit, found, &p)) return 1;                                       \
        const int64_t first = p.reads.left - found->light->origin_column, width = width_at(&p, 0);\
        const int64_t start = p.reads.top - found->light->origin_row;                            \
        const int64_t end = p.reads.bottom - found->light->origin_row;                           \
        TYPE##_t *ring = malloc(9 * pitch * sizeof *ring + 3 * width * sizeof(int32_t) + 8);     \
        if (!ring) {                                                                             \
            free(p.rows[1]);                                                                     \
            return 1;                                                                            \
        }                                                                                        \
        int32_t *lumas = (int32_t *)(ring + 9 * pitch + pitch % 2);                              \
        for (int64_t y = start; y < end; y++) {                                                  \
            TYPE##_t *newest = ring + (y + 9) % 3 * 3 * pitch;                                   \
            int32_t *luma = lumas + (y + 9) % 3 * width;                                         \
            if (y >= at->top - 1 && y <= at->bottom)                                             \
                load_##TYPE(im, at, padding, y, pitch, newest);                                  \
            luma_##TYPE(im, at, y, pitch, newest, first, first + width, luma);                   \
            take_luma(&p, y + found->light->origin_row, luma);                                   \
            if (y > at->top && y <= at->bottom) {                                                \
                const int32_t *near[3];                                                          \
                for (int k = 0; k < 3; k++)                                                      \
                    near[k] = lumas + clamp(y - 2 + k, 0, im->height - 1) % 3 * width +          \
                              (at->left - 1 - first);                                            \
                survey_row(near, at, y - 1, unit == 257 ? 1 : 257, found);                       \
            }                                                                                    \
            const int64_t r = y - 2; /* of which the two rows below are there */                 \
            if (r < at->top - 1 || r > at->bottom) continue;                                     \
            const TYPE##_t *row = ring + (r + 3) % 3 * 3 * pitch;                                \
            for (int c = 0; c < 3; c++) {                                                        \
                int64_t total = total_##TYPE(row + c * pitch, count);                            \
                for (int i = 0; i < 3; i++) {                                                    \
                    add_row(at, r, sums + c * 9 + i, total);                                     \
                    total += row[c * pitch + i + count] - (int64_t)row[c * pitch + i];           \
                }                                                                                \
            }                                                                                    \
            for (int lag = 0; lag <= 2 && r + lag <= at->bottom; lag++) {                        \
                int64_t d[3][3][3][3];                                                           \
                memset(d, 0, sizeof d);                                                          \
                pairs_##TYPE(row, ring + (r + lag + 3) % 3 * 3 * pitch, pitch, count,            \
                             lag ? -2 : 0, d);                                                   \
                add_pairs(at, r, lag, d, products);                                              \
            }                                                                                    \
        }                                                                                        \
        free(ring);                                                                              \
        free(p.rows[1]);                                                                         \
        return 0;                                                                                \
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
