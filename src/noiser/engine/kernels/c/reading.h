/* Reading: rows of an image as levels, or as luma and colour differences; what lies outside the
   image is zero, or its nearest pixel. */

#define CENTER , const float center
DEFINE_READ(levels_uint8, uint8_t, float, CENTER, (float)(2 * (int)v - 255) - center)
DEFINE_READ(levels_uint16, uint16_t, float, CENTER, (float)(2 * (int)v - 65535) - center)
DEFINE_READ(levels_float32, float, float, CENTER, (2.0f * v - 1.0f) - center)
DEFINE_READ(levels_float64, double, float, CENTER, (2.0 * v - 1.0) - center)

/* Read a row with `halo` pixels on either side, in levels less the center. */
static void load_levels(const image *im, const filter *f, int64_t y, int64_t left, int64_t right,
                        int64_t halo, float (*row)[PITCH]) {
    int64_t first = left < halo ? 0 : left - halo;
    int64_t last = right + halo <= im->width ? right + halo - 1 : im->width - 1;
    int outside = y < 0 || y >= im->height;
    for (int c = 0; c < 3; c++) {
        float *to = row[c] + LEFT - left, border = -f->center[c];
        if (outside && f->padding == ZERO) {
            for (int i = 0; i < PITCH; i++) row[c][i] = border;
            continue;
        }
        const char *source = im->data + clamp(y, 0, im->height - 1) * im->row +
                             first * im->column + (im->channels >= 3 ? c : 0) * im->channel;
        int64_t count = last - first + 1;
        switch (im->depth) {
        case UINT8: levels_uint8(source, im->column, count, to + first, f->center[c]); break;
        case UINT16: levels_uint16(source, im->column / 2, count, to + first, f->center[c]); break;
        case FLOAT32: levels_float32(source, im->column / 4, count, to + first, f->center[c]); break;
        default: levels_float64(source, im->column / 8, count, to + first, f->center[c]);
        }
        for (int64_t x = left - halo; x < first; x++)
            to[x] = f->padding == ZERO ? border : to[first];
        for (int64_t x = last + 1; x < right + halo; x++)
            to[x] = f->padding == ZERO ? border : to[last];
    }
}

/* Turn levels into luma and colour differences, in [0, 1] less the center; rows are `pitch` apart. */
static inline void to_luma(float *row, int64_t pitch, float half, int64_t start, int64_t end) {
    for (int64_t i = start; i < end; i++) {
        float red = row[i] * half, green = row[pitch + i] * half, blue = row[2 * pitch + i] * half;
        float luma = (0.299f * red + 0.587f * green) + 0.114f * blue;
        row[LUMA * pitch + i] = luma;
        row[RED_LESS_LUMA * pitch + i] = red - luma;
        row[BLUE_LESS_LUMA * pitch + i] = blue - luma;
    }
}

/* Add a share of the sum of four rows' levels to what is there. */
#define DEFINE_SUM(NAME, TYPE, EXPRESSION)                                                      \
    static void NAME(const char *const rows[4], int64_t stride, int64_t count, float share,     \
                     float *to) {                                                               \
        const TYPE *first = (const TYPE *)rows[0], *second = (const TYPE *)rows[1];             \
        const TYPE *third = (const TYPE *)rows[2], *fourth = (const TYPE *)rows[3];             \
        if (stride == 1) SUM_LOOP(i, EXPRESSION)                                                \
        else SUM_LOOP(stride * i, EXPRESSION)                                                   \
    }
#define SUM_LOOP(AT, EXPRESSION)                                                                \
    for (int64_t i = 0; i < count; i++)                                                         \
        to[i] += share * (EXPRESSION((first[AT] + second[AT]) + (third[AT] + fourth[AT])));
#define LEVELS_UINT8(sum) (float)(2 * (sum) - 4 * 255)
#define LEVELS_UINT16(sum) (float)(2 * (sum) - 4 * 65535)
#define LEVELS_FLOAT(sum) (float)(2 * (sum) - 4)
DEFINE_SUM(sum_uint8, uint8_t, LEVELS_UINT8)
DEFINE_SUM(sum_uint16, uint16_t, LEVELS_UINT16)
DEFINE_SUM(sum_float32, float, LEVELS_FLOAT)
DEFINE_SUM(sum_float64, double, LEVELS_FLOAT)

/* Add up four rows, or a share of one that stands for them: `count` values, `stride` bytes apart. */
static void add_levels(const image *im, const char *const rows[4], int64_t stride, int64_t count,
                       float share, float *to) {
    switch (im->depth) {
    case UINT8: sum_uint8(rows, stride, count, share, to); break;
    case UINT16: sum_uint16(rows, stride / 2, count, share, to); break;
    case FLOAT32: sum_float32(rows, stride / 4, count, share, to); break;
    default: sum_float64(rows, stride / 8, count, share, to);
    }
}

enum { SUMS = 4 * 4 + LANES };

/* Sum up levels over squares of four pixels of `colors` colours that lie side by side in memory,
   the first at `color`: `count` of them from pixel (y, x) on. `sums` has room for SUMS more values
   than they have. */
static void sum_squares(const image *im, int padding, int64_t y, int64_t x, int64_t count, int color,
                        int colors, float *sums) {
    const int64_t values = 4 * count * colors;
    const int64_t first = clamp(-x, 0, 4 * count - 1) * colors;
    const int64_t last = clamp(im->width - x, 1, 4 * count) * colors;
    const int64_t stride = colors > 1 ? im->column / im->channels : im->column;
    memset(sums, 0, (values + SUMS) * sizeof *sums);
    const char *rows[4], *column = im->data + (x + first / colors) * im->column + color * im->channel;
    for (int k = 0; k < 4; k++) rows[k] = column + clamp(y + k, 0, im->height - 1) * im->row;
    if (padding == REPLICATE || (y >= 0 && y + 4 <= im->height))
        add_levels(im, rows, stride, last - first, 1.0f, sums + first);
    else /* rows outside are zero */
        for (int k = 0; k < 4; k++) {
            const char *const same[4] = {rows[k], rows[k], rows[k], rows[k]};
            if (y + k >= 0 && y + k < im->height)
                add_levels(im, same, stride, last - first, 0.25f, sums + first);
        }
    for (int64_t i = first - 1; padding == REPLICATE && i >= 0; i--) sums[i] = sums[i + colors];
    for (int64_t i = last; padding == REPLICATE && i < values; i++) sums[i] = sums[i - colors];
    for (int64_t i = 0; i < values; i += LANES) {
        vec first_two = load(sums + i) + load(sums + i + colors);
        store(sums + i, first_two + (load(sums + i + 2 * colors) + load(sums + i + 3 * colors)));
    }
}

/* Averages over squares of four pixels, as luma and colour differences in [0, 1] less the center:
   `count` from pixel (y, x) on, into three rows `pitch` apart. */
static void load_squares(const image *im, const filter *f, int64_t y, int64_t x, int64_t count,
                         float *sums, float *row, int64_t pitch) {
    static const int64_t sizes[] = {1, 2, 4, 8}; /* of a value, by depth [bytes] */
    const int64_t size = sizes[im->depth];
    const int together = im->channel == size && im->column == im->channels * size ? im->channels : 1;
    for (int c = 0; c < 3; c++) {
        const int color = im->channels >= 3 ? c : 0, at = together > 1 ? color : 0;
        if (c == 0 || (together == 1 && im->channels >= 3))
            sum_squares(im, f->padding, y, x, count, color, together, sums);
        for (int64_t i = 0; i < count; i++)
            row[c * pitch + i] = sums[4 * together * i + at] * 0.0625f - f->center[c];
    }
    to_luma(row, pitch, 0.5f / f->levels, 0, count);
}
