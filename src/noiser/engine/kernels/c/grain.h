/* Grain of coarse octaves: of averages over squares of 2, 4 and 8 pixels, counted from the
   picture's first pixel. A square counts in the region that holds its first pixel. Whatever the
   padding, the nearest pixel stands for what lies outside the image.

   Rows of luma come from the top down; every second one completes a row of averages, of which each
   octave has four at a time. */

enum { CLASS_BINS = 5 * GRAIN_BINS, COARSEST = OCTAVES - 1, WIDEST = 1 << COARSEST };

typedef struct {
    region counts;          /* pixels of which the squares count, in the picture */
    region reads;           /* whole squares of the coarsest octave around them */
    int64_t unit;           /* of luma [1/65535] */
    const int32_t *before;  /* the last row of luma */
    int32_t *rows[OCTAVES]; /* [4][averages in a row], 1/256 of 1/65535; the first is not used */
    survey *found;
} pyramid;

/* Squares that begin at `pixel` or after it, from the picture's first on. */
static int64_t squares_from(int64_t pixel, int octave) { return -(-pixel >> octave); }

static int64_t width_at(const pyramid *p, int octave) {
    return (p->reads.right - p->reads.left) >> octave;
}

/* Begin at the top of a region. Returns 0 without memory; the caller frees that of octave 1. */
static int begin_pyramid(const region *at, int64_t unit, survey *found, pyramid *p) {
    const int64_t row = found->light->origin_row, column = found->light->origin_column;
    p->counts = (region){at->top + row, at->bottom + row, at->left + column, at->right + column};
    p->reads = (region){(squares_from(p->counts.top, COARSEST) - 1) * WIDEST,
                        (squares_from(p->counts.bottom, COARSEST) + 1) * WIDEST,
                        (squares_from(p->counts.left, COARSEST) - 1) * WIDEST,
                        (squares_from(p->counts.right, COARSEST) + 1) * WIDEST};
    p->unit = unit;
    p->found = found;
    p->rows[1] = malloc(4 * width_at(p, 0) * sizeof(int32_t));
    for (int octave = 2; octave < OCTAVES && p->rows[1]; octave++)
        p->rows[octave] = p->rows[octave - 1] + 4 * width_at(p, octave - 1);
    return p->rows[1] != NULL;
}

/* Sort `count` averages into their classes and by size, as survey_row does. */
static void count_grain(const int32_t *const near[3], int64_t count, int octave, survey *found) {
    const uint32_t half_peak = 16 * 256 * 65535, level = 4 * 2048 * 257, size_step = 2 * 257;
    uint32_t *even = found->grain[0] + octave * CLASS_BINS;
    uint32_t *odd = found->grain[1] + octave * CLASS_BINS;
    for (int64_t start = 0; start < count; start += CHUNK) {
        const int64_t averages = count - start < CHUNK ? count - start : CHUNK;
        int32_t sum[CHUNK + 2], bend[CHUNK + 2];
        uint8_t size[CHUNK];
        const int32_t *above = near[0] + start, *own = near[1] + start, *below = near[2] + start;
        for (int64_t i = 0; i < averages + 2; i++) {
            sum[i] = above[i] + 2 * own[i] + below[i];
            bend[i] = above[i] - 2 * own[i] + below[i];
        }
        for (int64_t i = 0; i < averages; i++) {
            uint32_t light = (uint32_t)(sum[i] + 2 * sum[i + 1] + sum[i + 2]) + half_peak;
            int32_t bent = bend[i] - 2 * bend[i + 1] + bend[i + 2];
            uint32_t magnitude = (uint32_t)(bent < 0 ? -bent : bent) / size_step;
            int32_t class_ = (light >= 2 * level) + (light >= 8 * level) + (light >= 32 * level) +
                             (light >= 101 * level);
            size[i] = (uint8_t)(class_ * GRAIN_BINS + grain_bin(magnitude));
        }
        for (int64_t i = 0; i + 1 < averages; i += 2) {
            even[size[i]]++;
            odd[size[i + 1]]++;
        }
        if (averages % 2) even[size[averages - 1]]++;
    }
}

/* Count the squares of a row that begin in the region. */
static void count_row(const pyramid *p, int octave, int64_t row) {
    const int64_t left = squares_from(p->counts.left, octave), width = width_at(p, octave);
    const int32_t *near[3];
    if (row < squares_from(p->counts.top, octave)) return;
    if (row >= squares_from(p->counts.bottom, octave)) return;
    for (int k = 0; k < 3; k++)
        near[k] = p->rows[octave] + ((row + k - 1) & 3) * width + left - 1 - (p->reads.left >> octave);
    count_grain(near, squares_from(p->counts.right, octave) - left, octave, p->found);
}

static void average(const int32_t *above, const int32_t *below, int64_t count, int32_t unit,
                    int32_t *to) {
    for (int64_t i = 0; i < count; i++) {
        int32_t sum = above[2 * i] + above[2 * i + 1] + below[2 * i] + below[2 * i + 1];
        to[i] = (unit * sum + 2) >> 2;
    }
}

/* Take row `row` of the picture's luma, with all columns that are read. */
static void take_luma(pyramid *p, int64_t row, const int32_t *luma) {
    const int32_t *above = p->before, *below = luma;
    p->before = luma;
    for (int octave = 1; octave < OCTAVES && row & 1; octave++) {
        row >>= 1;
        const int64_t width = width_at(p, octave);
        int32_t *to = p->rows[octave] + (row & 3) * width;
        average(above, below, width, octave == 1 ? (int32_t)p->unit : 1, to);
        count_row(p, octave, row - 1);
        above = p->rows[octave] + ((row - 1) & 3) * width;
        below = to;
    }
}
