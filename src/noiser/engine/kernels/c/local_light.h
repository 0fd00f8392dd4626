/* Local light: what is added before the tanh, read from its table by place and luma.

   Linear between the middles of the cells, and between square roots of luma. What depends on the
   column alone is found once for a tile, what depends on the row alone once for a row. */

typedef struct {
    int32_t at[PITCH];                /* of the cell to the left [floats from a row's first] */
    float across[PITCH];              /* how far on the way to the next */
    float row[MOST_CELLS + 1][BINS];  /* the table between two rows of cells; the last is twice */
    float lift[PITCH];                /* zero, where there is no table */
} local_light;

static void light_columns(const filter *f, int64_t left, int64_t end, local_light *l) {
    for (int64_t i = LEFT; i < end; i++) {
        double x = ((double)(f->origin_column + left + i - LEFT) + 0.5) / f->lift_cell - 0.5;
        x = x < 0 ? 0 : x > f->lift_columns - 1 ? f->lift_columns - 1 : x;
        int64_t before = (int64_t)x;
        l->at[i] = (int32_t)(before * BINS);
        l->across[i] = (float)(x - (double)before);
    }
}

static void light_cells(const filter *f, int64_t y, local_light *l) {
    double at = ((double)(f->origin_row + y) + 0.5) / f->lift_cell - 0.5;
    at = at < 0 ? 0 : at > f->lift_rows - 1 ? f->lift_rows - 1 : at;
    int64_t above = (int64_t)at, below = above + 1 < f->lift_rows ? above + 1 : above;
    const vec down = all((float)(at - (double)above));
    int64_t size = f->lift_columns * BINS;
    const float *upper = f->lift + above * size, *lower = f->lift + below * size;
    float *row = l->row[0];
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) {
        vec first = load(upper + i);
        store(row + i, fma_(down, load(lower + i) - first, first));
    }
    for (; i < size; i += 4) { /* a bin more or less does not matter, a rounding does */
        vec first = all(0.0f), last = all(0.0f);
        memcpy(&first, upper + i, 4 * sizeof(float));
        memcpy(&last, lower + i, 4 * sizeof(float));
        first = fma_(down, last - first, first);
        memcpy(row + i, &first, 4 * sizeof(float));
    }
    memcpy(row + size, row + size - BINS, BINS * sizeof(float));
}

static inline vec between(vec share, vec first, vec last) {
    return fma_(share, last - first, first);
}

/* `luma` is what the network reads, less `center`; columns up to `end`. */
static void light_row(const filter *f, int64_t y, const float *luma, float center, int64_t end,
                      local_light *l) {
    if (!f->lift) return;
    light_cells(f, y, l);
    const float *row = l->row[0];
    for (int64_t i = MARGIN; i < end; i += LANES) {
        vec own = larger(load(luma + i) + center, all(0.0f));
        vec bin = (BINS - 1) * root(smaller(own, all(1.0f)));
        ivec low = __builtin_convertvector(smaller(bin, all(BINS - 2)), ivec);
        vec share = bin - __builtin_convertvector(low, vec);
        low += load_integers(l->at + i);
        vec before = between(share, gather(row, low), gather(row + 1, low));
        vec after = between(share, gather(row + BINS, low), gather(row + BINS + 1, low));
        store(l->lift + i, between(load(l->across + i), before, after));
    }
}
