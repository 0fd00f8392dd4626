/* Render: the folded network and the look, over a band, in one pass.

   A column of TILE pixels is walked from top to bottom. The hidden layer only exists as
   three rows of one tile, and one pixel more on either side, so it stays in the cache. */

typedef struct {
    bands bands;
    scene scene;
    gray_rows gray;
    local_light light;
    octave_rows *octave;    /* where there is noise in coarse octaves */
    float center;           /* luma of what is subtracted */
    float output[3][PITCH]; /* in [0, 1] */
    double row[3][PITCH];   /* one row of the output in its own type */
    double before[PITCH];   /* one row of a colour of the input, where it is mixed in */
    float hidden[];         /* [4][hidden][PITCH]; the last is zero and stands for rows outside
                               the image */
} workspace;

static inline void hidden_row(const filter *f, const float *const rows[3], int planes, int64_t end,
                              float *hidden) {
    for (int64_t j = MARGIN; j < end; j += WIDE * LANES)
        for (int block = 0; block < f->hidden / CHANNEL_BLOCK; block++) {
            const float *weight = f->first_weight + block * planes * 9 * CHANNEL_BLOCK;
            float *hidden_at = hidden + block * CHANNEL_BLOCK * PITCH + j;
            vec sum[CHANNEL_BLOCK][WIDE];
            for (int k = 0; k < CHANNEL_BLOCK; k++)
                for (int v = 0; v < WIDE; v++)
                    sum[k][v] = all(f->first_bias[block * CHANNEL_BLOCK + k]);
            for (int c = 0; c < planes; c++)
                for (int dy = 0; dy < 3; dy++)
                    for (int dx = 0; dx < 3; dx++, weight += CHANNEL_BLOCK) {
                        const float *x = rows[dy] + c * PITCH + j + dx - 1;
                        vec p[WIDE];
                        for (int v = 0; v < WIDE; v++) p[v] = load_once(x + v * LANES);
                        for (int k = 0; k < CHANNEL_BLOCK; k++)
                            for (int v = 0; v < WIDE; v++)
                                sum[k][v] = fma_(all(weight[k]), p[v], sum[k][v]);
                    }
            for (int k = 0; k < CHANNEL_BLOCK; k++, hidden_at += PITCH) {
                gelu(sum[k], sum[k]);
                for (int v = 0; v < WIDE; v++) store(hidden_at + v * LANES, sum[k][v]);
            }
        }
}

/* The hidden layer outside the image, for the second convolution. */
static void pad_hidden(const filter *f, int64_t outside, int64_t inside, float *hidden) {
    for (int k = 0; k < f->hidden; k++, hidden += PITCH)
        hidden[outside] = f->padding == ZERO ? 0.0f : hidden[inside];
}

static void output_row(const filter *f, const float *const hidden[3], const scene *s, int64_t y,
                       int64_t end, int colors, const float *lift, float (*output)[PITCH]) {
    for (int64_t j = MARGIN; j < end; j += WIDE * LANES) {
        const float *weight = f->second_weight;
        vec sum[3][WIDE];
        for (int c = 0; c < 3; c++)
            for (int v = 0; v < WIDE; v++) sum[c][v] = all(f->second_bias[c]);
        for (int k = 0; k < f->hidden; k++)
            for (int dy = 0; dy < 3; dy++)
                for (int dx = 0; dx < 3; dx++, weight += 3) {
                    const float *h = hidden[dy] + k * PITCH + j + dx - 1;
                    vec x[WIDE];
                    for (int v = 0; v < WIDE; v++) x[v] = load_once(h + v * LANES);
                    for (int c = 0; c < 3; c++)
                        for (int v = 0; v < WIDE; v++)
                            sum[c][v] = fma_(all(weight[c]), x[v], sum[c][v]);
                }
        for (int v = 0; v < WIDE; v++) {
            vec out[3], missing[3];
            for (int c = 0; c < 3; c++) {
                vec odds = odds_of(sum[c][v] + load(lift + j + v * LANES));
                out[c] = 1.0f / (odds + 1.0f);
                missing[c] = odds * out[c];
            }
            if (f->develops) {
                vec luma = weighed(out), dark = weighed(missing);
                for (int c = 0; c < 3; c++) out[c] -= luma;
                develop(f, s, y, j + v * LANES, dark, all(1.0f), out, out);
            }
            store_colors(out, colors, j + v * LANES, output);
        }
    }
}

/* Round one row into its own type, mix in the input, and lay it out as the output wants. */
#define DEFINE_WRITE(NAME, TYPE, REAL, PEAK, ROUND)                                           \
    DEFINE_READ(NAME##_from, TYPE, REAL, NONE, v)                                             \
    static void NAME(const image *from, const image *to, const char *source, char *target,    \
                     int64_t count, const filter *f, workspace *w) {                          \
        TYPE *planes[3];                                                                      \
        const int64_t size = sizeof(TYPE), stride = to->column / size;                        \
        const REAL share = f->strength;                                                       \
        const int colors = color_planes(to);                                                  \
        for (int c = 0; c < colors; c++) {                                                    \
            TYPE *plane = planes[c] = (TYPE *)w->row[c];                                      \
            const float *output = w->output[c] + LEFT;                                               \
            if (share == 1)                                                                   \
                for (int64_t i = 0; i < count; i++) plane[i] = ROUND((REAL)PEAK * output[i]); \
            else {                                                                            \
                REAL *before = (REAL *)w->before;                                             \
                NAME##_from(source + c * from->channel, from->column / size, count, before);  \
                for (int64_t i = 0; i < count; i++)                                           \
                    plane[i] = ROUND(share * ((REAL)PEAK * output[i]) + (1 - share) * before[i]); \
            }                                                                                 \
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

/* Hidden row h, where it lies in the image, from the three rows of input around it. */
static void network_row(const image *from, const filter *f, int64_t h, int64_t left,
                        int64_t right, workspace *w) {
    const int64_t last = LEFT + right - left, size = (int64_t)f->hidden * PITCH;
    if (h >= 0 && h < from->height) {
        const float *rows[3];
        for (int dy = 0; dy < 3; dy++) rows[dy] = w->scene.input[(h + dy - 1) & 3][0];
        float *hidden = w->hidden + (h % 3) * size;
        if (f->gray) {
            hidden_row(f, rows, 1, last + 1, w->hidden);
            gray_taps(f, w->hidden, last + 1, &w->gray);
            if (left == 0) gray_border(&w->gray, LEFT - 1, LEFT, f->padding);
            if (right == from->width) gray_border(&w->gray, last, last - 1, f->padding);
        } else {
            hidden_row(f, rows, 3, last + 1, hidden);
            if (left == 0) pad_hidden(f, LEFT - 1, LEFT, hidden);
            if (right == from->width) pad_hidden(f, last, last - 1, hidden);
        }
    }
    if (f->gray) gray_spread(f, h, from->height, last, &w->gray);
}

/* Row y of the output, in [0, 1]; the hidden rows up to y + 1 are there. */
static void developed_row(const image *from, const filter *f, int64_t y, int64_t end, int colors,
                          workspace *w) {
    light_row(f, y, w->scene.input[y & 3][LUMA], w->center, end, &w->light);
    if (f->gray) {
        gray_output(f, &w->scene, y, end, colors, w->light.lift, &w->gray, w->output);
        return;
    }
    const float *hidden[3];
    for (int dy = 0; dy < 3; dy++) {
        int64_t source = y + dy - 1;
        int outside = source < 0 || source >= from->height;
        int64_t kept = outside && f->padding == ZERO ? 3 : clamp(source, 0, from->height - 1) % 3;
        hidden[dy] = w->hidden + kept * f->hidden * PITCH;
    }
    output_row(f, hidden, &w->scene, y, end, colors, w->light.lift, w->output);
}

/* Read row r of a tile, as luma and colour differences, and denoise the one that is HALO -
   NETWORK_HALO rows above it. Where there is noise in coarse octaves, all this is done WAIT rows
   later. */
static inline void scene_row(const image *from, const filter *f, int64_t r, int64_t top, int64_t left,
                             int64_t right, const float center[3], const coarse_octaves *coarse,
                             workspace *w) {
    bands *b = &w->bands;
    const float half = 0.5f / f->levels;
    const int64_t end = LEFT + right - left + HALO;
    if (f->octaves > 1) {
        octave_rows *o = w->octave;
        const int64_t first = f->origin_column + left - LEFT, row = f->origin_row + r;
        float(*ahead)[PITCH] = o->ahead[row & 15];
        load_levels(from, f, r, left, right, LEFT, ahead); /* REACH, in whole vectors */
        to_luma(ahead[0], PITCH, half, 0, end - HALO + REACH);
        read_ahead(o, f, row, first, end, (f->origin_row + top - WAIT + 1) >> 1, center[LUMA], coarse);
        r -= WAIT;
        if (r < top) return;
        less_noise(o, row - WAIT, first, end, b->photo[r & 7]);
    } else {
        load_levels(from, f, r, left, right, HALO, b->photo[r & 7]);
        to_luma(b->photo[r & 7][0], PITCH, half, MARGIN, end);
    }
    if (r - top >= 2) split_soft(b, r - 1, end, 1);
    if (r - top >= 6) split_smooth(b, r - 3, end, 3);
    if (r - top < 10) return;
    if (f->gray) join(b, r - BAND_HALO, f, center, end, 1, &w->scene);
    else join(b, r - BAND_HALO, f, center, end, 0, &w->scene);
}

static APART void render_tile(const image *from, const image *to, const region *at, int64_t left,
                              int64_t right, const filter *f, const coarse_octaves *coarse,
                              workspace *w) {
    const int64_t halo = f->develops ? HALO : NETWORK_HALO, end = LEFT + right - left;
    const int64_t wait = f->octaves > 1 ? WAIT : 0, top = at->top - halo;
    float center[3];
    find_center(f, center);
    w->center = center[LUMA];
    if (f->lift) light_columns(f, left, end, &w->light);
    for (int64_t r = top - wait; r < at->bottom + halo + wait; r++) {
        int64_t q = r - wait - (halo - NETWORK_HALO); /* the newest row that the network can read */
        if (f->develops) scene_row(from, f, r, top, left, right, center, coarse, w);
        else load_levels(from, f, r, left, right, halo, w->scene.input[q & 3]);
        if (q - 1 < at->top - 1) continue;
        network_row(from, f, q - 1, left, right, w);
        if (q - 2 < at->top) continue;
        developed_row(from, f, q - 2, end, color_planes(to), w);
        write_row(from, to, at, q - 2, left, right - left, f, w);
    }
}
