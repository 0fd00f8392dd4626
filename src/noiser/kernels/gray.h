/* Gray: the network where luma alone goes through it, in and out.

   Both convolutions in one loop: a vector of a hidden channel is made, activated and at once
   spread over the 3 x 3 places that it counts for. The hidden layer is never stored. */

typedef struct {
    float partial[9][PITCH]; /* one hidden row under each tap of the second kernel, all channels */
    float sums[4][PITCH];    /* rows of the output before the tanh; the row of two rows above
                                the newest hidden one is complete */
} gray_rows;

static inline void gray_hidden(const filter *f, const float *const rows[3], const float *window,
                               int64_t end, gray_rows *g) {
    for (int64_t j = MARGIN; j < end; j += LANES) {
        const float *first = f->first_weight, *second = f->second_weight;
        vec x[9], sum[9];
        for (int dy = 0; dy < 3; dy++)
            for (int dx = 0; dx < 3; dx++) x[3 * dy + dx] = load_once(rows[dy] + j + dx - 1);
        for (int t = 0; t < 9; t++) sum[t] = all(0.0f);
        for (int k = 0; k < f->hidden; k++, first += 9, second += 9) {
            vec hidden = all(f->first_bias[k]);
            if (window) hidden = fma_(all(f->first_gray[k]), load(window + j), hidden);
            vec part[3] = {hidden, first[3] * x[3], first[6] * x[6]}; /* side by side */
            part[0] = fma_(all(first[0]), x[0], part[0]);
            for (int t = 1; t < 3; t++)
                for (int dy = 0; dy < 3; dy++)
                    part[dy] = fma_(all(first[3 * dy + t]), x[3 * dy + t], part[dy]);
            vec active = part[0] + (part[1] + part[2]);
            gelu(&active, 1, &active);
            for (int t = 0; t < 9; t++) sum[t] = fma_(all(second[t]), active, sum[t]);
        }
        for (int t = 0; t < 9; t++) store(g->partial[t] + j, sum[t]);
    }
}

/* Outside the image the hidden layer is zero, or its nearest column's. */
static void gray_border(gray_rows *g, int64_t outside, int64_t inside, int padding) {
    for (int t = 0; t < 9; t++)
        g->partial[t][outside] = padding == ZERO ? 0.0f : g->partial[t][inside];
}

static inline vec gray_tap(const gray_rows *g, int dy, int64_t at) {
    const float(*p)[PITCH] = g->partial + 3 * dy;
    return (load(p[0] + at - 1) + load(p[1] + at)) + load(p[2] + at + 1);
}

/* Add hidden row h to the rows of the output that it counts for. */
static void gray_spread(const filter *f, int64_t h, int64_t height, int64_t end, gray_rows *g) {
    float *above = g->sums[(h - 1) & 3], *at = g->sums[h & 3], *below = g->sums[(h + 1) & 3];
    const vec bias = all(f->second_bias[0]), none = all(0.0f);
    if (h < 0) return; /* the border of row 0 is added with that row */
    for (int64_t i = MARGIN; i < end; i += LANES) {
        if (h == height) {
            store(above + i, load(above + i) + (f->padding == ZERO ? none : gray_tap(g, 2, i)));
            continue;
        }
        vec first = gray_tap(g, 0, i);
        vec before = h ? load(at + i) : bias + (f->padding == ZERO ? none : first);
        store(above + i, load(above + i) + gray_tap(g, 2, i));
        store(at + i, before + gray_tap(g, 1, i));
        store(below + i, bias + first);
    }
}

static void gray_output(const filter *f, const bands *b, int64_t y, int64_t end, int colors,
                        const gray_rows *g, float (*output)[PITCH]) {
    for (int64_t i = MARGIN; i < end; i += LANES) {
        vec odds = odds_of(load(g->sums[y & 3] + i)), out[3];
        develop(f, b, y, i, odds, odds + 1.0f, NULL, out);
        store_colors(out, colors, i, output);
    }
}
