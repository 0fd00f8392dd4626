/* Gray: the network where luma alone goes through it, in and out.

   One row of the hidden layer is there at a time. It is weighed by each tap of the second kernel
   where it stands, by aligned loads alone; the nine sums that result are added where they count. */

typedef struct {
    float partial[9][PITCH]; /* one hidden row under each tap of the second kernel, all channels */
    float sums[4][PITCH];    /* rows of the output before the tanh; the row of two rows above
                                the newest hidden one is complete */
} gray_rows;

/* Weigh a hidden row with some taps of the second kernel. */
static inline void gray_weigh(const filter *f, const float *hidden, int64_t end, int first, int count,
                              gray_rows *g) {
    for (int64_t j = MARGIN; j < end; j += 2 * LANES) {
        vec sum[9][2];
        for (int t = 0; t < count; t++) sum[t][0] = sum[t][1] = all(0.0f);
        const float *weight = f->second_weight + first, *from = hidden + j;
        for (int k = 0; k < f->hidden; k++, weight += 9, from += PITCH) {
            vec a = load_once(from), b = load_once(from + LANES);
            for (int t = 0; t < count; t++) {
                sum[t][0] = fma_(all(weight[t]), a, sum[t][0]);
                sum[t][1] = fma_(all(weight[t]), b, sum[t][1]);
            }
        }
        for (int t = 0; t < count; t++) {
            store(g->partial[first + t] + j, sum[t][0]);
            store(g->partial[first + t] + j + LANES, sum[t][1]);
        }
    }
}

static void gray_taps(const filter *f, const float *hidden, int64_t end, gray_rows *g) {
#if defined(__AVX512F__) || defined(__ARM_NEON)
    gray_weigh(f, hidden, end, 0, 9, g);
#else /* as many sums as there are registers for */
    gray_weigh(f, hidden, end, 0, 5, g);
    gray_weigh(f, hidden, end, 5, 4, g);
#endif
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

static void gray_output(const filter *f, const scene *s, int64_t y, int64_t end, int colors,
                        const float *lift, gray_rows *g, float (*output)[PITCH]) {
    float *row = g->sums[y & 3];
    /* A loop of its own: what waits for the exponential would keep the rest from beginning.
       Odds up to 2^58: what else is divided by multiplies them. */
    for (int64_t i = MARGIN; i < end; i += LANES)
        store(row + i, odds_of(larger(load(row + i) + load(lift + i), all(-20.0f))));
    for (int64_t i = MARGIN; i < end; i += LANES) {
        vec odds = load(row + i), out[3];
        develop(f, s, y, i, odds, odds + 1.0f, NULL, out);
        store_colors(out, colors, i, output);
    }
}
