/* Render: the folded network and the look, over a band, in one pass.

   A column of TILE pixels is walked from top to bottom. The hidden layer only exists as
   three rows of one tile, and one pixel more on either side, so it stays in the cache. */

typedef struct {
    bands bands;
    float window[PITCH];    /* column left - 1 + i; local gray less the image's, in [-1, 1] */
    float output[3][PITCH]; /* column left + i; [0, 1] */
    double row[3][PITCH];   /* one row of the output in its own type */
    float hidden[];         /* [4][hidden][PITCH], column left - 1 + i; the last is zero and
                               stands for rows outside the image */
} workspace;

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
        float *at_first = row[c] + (first - (left - halo)), *at_last = row[c] + (last - (left - halo));
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
        for (float *p = at_last + 1; p < row[c] + (right - left) + 2 * halo; p++)
            *p = f->padding == ZERO ? border : *at_last;
    }
}

/* Turn levels into luma and colour differences, in [0, 1] less the center. */
static void to_luma(float (*row)[PITCH], float half, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float red = row[0][i] * half, green = row[1][i] * half, blue = row[2][i] * half;
        float luma = (0.299f * red + 0.587f * green) + 0.114f * blue;
        row[LUMA][i] = luma;
        row[RED_LESS_LUMA][i] = red - luma;
        row[BLUE_LESS_LUMA][i] = blue - luma;
    }
}

/* Local gray at a row's pixels: between the centers of the window's cells it is linear. */
static void window_row(const filter *f, int64_t y, int64_t left, int64_t count, float *row) {
    double cell = f->window_cell, at = ((double)(f->origin_row + y) + 0.5) / cell - 0.5;
    at = at < 0 ? 0 : at > f->window_rows - 1 ? f->window_rows - 1 : at;
    int64_t above = (int64_t)at, below = above + 1 < f->window_rows ? above + 1 : above;
    float down = (float)(at - above);
    const float *upper = f->window + above * f->window_columns;
    const float *lower = f->window + below * f->window_columns;
    for (int64_t i = 0; i < count; i++) {
        double x = ((double)(f->origin_column + left + i) + 0.5) / cell - 0.5;
        x = x < 0 ? 0 : x > f->window_columns - 1 ? f->window_columns - 1 : x;
        int64_t before = (int64_t)x, after = before + 1 < f->window_columns ? before + 1 : before;
        float across = (float)(x - before);
        float first = upper[before] + across * (upper[after] - upper[before]);
        float last = lower[before] + across * (lower[after] - lower[before]);
        row[i] = first + down * (last - first);
    }
}

static void hidden_row(const filter *f, const float *const rows[3], const float *window,
                       int64_t span, float *hidden) {
    for (int64_t j = 0; j < span; j += WIDE * LANES)
        for (int block = 0; block < f->hidden / CHANNEL_BLOCK; block++) {
            const float *weight = f->first_weight + block * TAPS * CHANNEL_BLOCK;
            vec sum[CHANNEL_BLOCK][WIDE];
            for (int k = 0; k < CHANNEL_BLOCK; k++)
                for (int v = 0; v < WIDE; v++)
                    sum[k][v] = all(f->first_bias[block * CHANNEL_BLOCK + k]);
            if (window)
                for (int k = 0; k < CHANNEL_BLOCK; k++)
                    for (int v = 0; v < WIDE; v++)
                        sum[k][v] = fma_(all(f->first_gray[block * CHANNEL_BLOCK + k]),
                                         load(window + j + v * LANES), sum[k][v]);
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
                gelu(sum[k], hidden + (block * CHANNEL_BLOCK + k) * PITCH + j);
        }
}

/* The hidden layer outside the image, for the second convolution. */
static void pad_hidden(const filter *f, int at_left, int at_right, int64_t span, float *hidden) {
    for (int k = 0; k < f->hidden; k++, hidden += PITCH) {
        if (at_left) hidden[0] = f->padding == ZERO ? 0.0f : hidden[1];
        if (at_right) hidden[span - 1] = f->padding == ZERO ? 0.0f : hidden[span - 2];
    }
}

static inline vec weighed(const vec colors[3]) {
    return fma_(all(0.299f), colors[0], fma_(all(0.587f), colors[1], 0.114f * colors[2]));
}

/* The network's luma, with the photo's own black, highlights, detail and colours; the
   reference kernel has the formulas. */
static inline void develop(const filter *f, const float (*own)[PITCH], const float *detail,
                           int64_t at, const vec missing[3], vec out[3]) {
    vec luma = weighed(out), dark = weighed(missing), light = load(own[LUMA] + at);
    vec both = fma_(all(f->highlights), larger(1.0f - light, all(0.0f)) - dark, dark);
    vec bright = 1.0f - root(dark * both);
    /* One division for the black point and both gains. */
    vec square = light * light, black = square + (f->black * f->black + 1e-12f);
    vec toned = fma_(square, all(1.0f + f->black * f->black), all(1e-12f));
    vec for_color = light + f->chroma_floor, for_detail = light + f->detail_floor;
    vec divided = 1.0f / (black * (for_color * for_detail));
    vec tone = toned * ((for_color * for_detail) * divided);
    bright = bright * tone;
    vec common = bright * (black * divided);
    vec gain = (f->color * common) * for_detail;
    vec level = fma_(common * for_color, load(detail + at), bright);
    vec red = load(own[RED_LESS_LUMA] + at), blue = load(own[BLUE_LESS_LUMA] + at);
    vec green = fma_(all(-0.299f / 0.587f), red, (-0.114f / 0.587f) * blue);
    vec others = (1.0f - f->color) * tone;
    vec chroma[3] = {
        fma_(gain, red, others * (out[0] - luma)),
        fma_(gain, green, others * (out[1] - luma)),
        fma_(gain, blue, others * (out[2] - luma)),
    };
    /* Where a colour would pass 1 it gives up half in saturation, half in brightness. */
    vec most = larger(larger(chroma[0], chroma[1]), larger(chroma[2], all(1e-6f)));
    vec room = smaller(larger(1.0f - level, all(0.0f)) / most, all(1.0f));
    vec dimmed = smaller(2.0f / ((level + most) + 1.0f), all(1.0f));
    vec kept = fma_(all(0.5f), room, all(0.5f));
    for (int c = 0; c < 3; c++) out[c] = dimmed * fma_(kept, chroma[c], level);
}

static void output_row(const filter *f, const float *const hidden[3], const float (*own)[PITCH],
                       const float *detail, int64_t pixels, int colors, float (*output)[PITCH]) {
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
            vec out[3], missing[3];
            for (int c = 0; c < 3; c++) out[c] = unit_tanh(sum[c][v], &missing[c]);
            if (f->develops) develop(f, own, detail, HALO + j + v * LANES, missing, out);
            if (colors == 1) out[0] = weighed(out);
            for (int c = 0; c < colors; c++)
                store(output[c] + j + v * LANES, larger(smaller(out[c], all(1.0f)), all(0.0f)));
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
    bands *b = &w->bands;
    int64_t pixels = right - left, span = pixels + 2, size = (int64_t)f->hidden * PITCH;
    int64_t halo = f->develops ? HALO : NETWORK_HALO, count = pixels + 2 * halo;
    float half = 0.5f / f->levels, unit_center[3];
    for (int c = 0; c < 3; c++) unit_center[c] = 0.5f + f->center[c] * half;
    float luma = (0.299f * unit_center[0] + 0.587f * unit_center[1]) + 0.114f * unit_center[2];
    unit_center[RED_LESS_LUMA] = unit_center[0] - luma;
    unit_center[BLUE_LESS_LUMA] = unit_center[2] - luma;
    unit_center[LUMA] = luma;
    for (int64_t r = at->top - halo; r < at->bottom + halo; r++) {
        int64_t done = r - (at->top - halo); /* rows read before this one */
        int64_t q = r - (halo - NETWORK_HALO); /* the newest row that the network can read */
        if (f->develops) {
            load_levels(from, f, r, left, right, halo, b->photo[r & 7]);
            to_luma(b->photo[r & 7], half, count);
            if (done >= 2) split_soft(b, r - 1, count);
            if (done >= 6) split_smooth(b, r - 3, count);
            if (done >= 10) join(b, q, f, unit_center, count);
        } else
            load_levels(from, f, r, left, right, halo, b->input[q & 3]);
        int64_t h = q - 1, y = q - 2;
        if (h < at->top - 1) continue;
        if (h >= 0 && h < from->height) {
            const float *rows[3];
            float *hidden = w->hidden + (h % 3) * size;
            for (int dy = 0; dy < 3; dy++)
                rows[dy] = b->input[(h + dy - 1) & 3][0] + (halo - NETWORK_HALO);
            if (f->window) window_row(f, h, left - 1, span, w->window);
            hidden_row(f, rows, f->window ? w->window : NULL, span, hidden);
            pad_hidden(f, left == 0, right == from->width, span, hidden);
        }
        if (y < at->top) continue;
        const float *hidden[3];
        for (int dy = 0; dy < 3; dy++) {
            int64_t source = y + dy - 1;
            int outside = source < 0 || source >= from->height;
            hidden[dy] = w->hidden + (outside && f->padding == ZERO
                                          ? 3
                                          : clamp(source, 0, from->height - 1) % 3) * size;
        }
        output_row(f, hidden, (const float(*)[PITCH])b->own[y & 3], b->detail[y & 3], pixels,
                   color_planes(to), w->output);
        write_row(from, to, at, y, left, pixels, f, w);
    }
}
