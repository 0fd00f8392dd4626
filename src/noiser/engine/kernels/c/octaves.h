/* Coarse octaves: noise that is correlated over several pixels, and its removal.

   Averages over squares of 2, 4 and 8 pixels, counted from the picture's first pixel, are denoised
   like the picture itself, the coarsest first; what changes is added to the next finer octave,
   linear between the middles of the squares (a pyramid: Burt and Adelson 1983).

   Octaves 2 and 3 are denoised once for a band. Octave 1 accompanies the rows of a tile, so it
   only exists as a few of its rows; the picture's wait for it. */

enum { BAND_HALO = HALO - NETWORK_HALO };

/* Rows that a row of the picture waits for octave 1, and columns that this reads on either side of
   a tile: those of its halo, two beside them for the squares between which they lie, and the halo
   of those squares' bands. */
enum { WAIT = 2 * (BAND_HALO + 1), REACH = HALO + 2 + 2 * BAND_HALO };

/* Where a frame of octave 1 begins: its first square, at MARGIN, lies on the picture's columns
   2 (MARGIN - SHIFT) or one more, which are the first that are read. */
enum { SHIFT = MARGIN - (LEFT - REACH) / 2 };

/* Three planes of squares. */
typedef struct {
    region at;             /* from the picture's first pixel on [squares] */
    int64_t pitch, stride; /* from row to row, and from plane to plane */
    float *first;
} planes;

/* Averages of octaves 2 and 3. What denoising an octave adds to them is written over them, a few
   columns to the left: there the next columns' neighbours have been read. */
typedef struct {
    planes noisy[OCTAVES], added[OCTAVES];
    int64_t floats; /* memory that they need, with `sums` at its end */
    float *sums;
} coarse_octaves;

/* Rows of an octave around the one that is being denoised. */
typedef struct {
    bands bands;               /* averages less the noise of coarser octaves */
    float noisy[8][3][PITCH];  /* averages */
    float added[4][3][PITCH];  /* what taking the noise away adds to them */
    float ahead[16][3][PITCH]; /* rows of the picture that wait */
    float between[PITCH];
} octave_rows;

static region around(region at, int64_t by) {
    return (region){at.top - by, at.bottom + by, at.left - by, at.right + by};
}

/* Squares that lie around a region of the next finer octave, with those beside them. */
static region coarser(region at) {
    return (region){(at.top >> 1) - 1, ((at.bottom - 1) >> 1) + 2, (at.left >> 1) - 1,
                    ((at.right - 1) >> 1) + 2};
}

static float *plane_at(const planes *p, int c, int64_t row, int64_t column) {
    return p->first + c * p->stride + (row - p->at.top) * p->pitch + column - p->at.left;
}

/* Average squares of two. */
static inline void halve(const float *above, const float *below, int64_t count, float *to) {
    for (int64_t i = 0; i < count; i += LANES) {
        vec first = load(above + 2 * i) + load(below + 2 * i);
        vec second = load(above + 2 * i + LANES) + load(below + 2 * i + LANES);
        store(to + i, 0.25f * pair_sums(first, second));
    }
}

/* Where the first two places between the same middles of squares begin, in a frame with column
   `first` at 0: in the second half of a square, at MARGIN or one before. */
static int64_t first_pair(int64_t first) { return MARGIN - 1 + (first & 1); }

/* Read between the middles of squares of two, and add that. Two places at a time lie between the
   middles of the same two squares, the first two between those that `nearer` and `farther` begin
   with: the row of squares that holds the places, and the next nearest. */
static inline void add_between(const float *nearer, const float *farther, int64_t pairs,
                               float *between, const float *from, float *to) {
    for (int64_t i = 0; i < pairs + 1; i += LANES) {
        vec own = load(nearer + i);
        store(between + i, fma_(all(0.25f), load(farther + i) - own, own));
    }
    for (int64_t i = 0; i < pairs; i += LANES) {
        vec before = load(between + i), after = load(between + i + 1), places[2];
        interleave(fma_(all(0.25f), after - before, before),
                   fma_(all(0.25f), before - after, after), places);
        store(to + 2 * i, load(from + 2 * i) + places[0]);
        store(to + 2 * i + LANES, load(from + 2 * i + LANES) + places[1]);
    }
}

static int64_t next_nearest(int64_t row) { return (row >> 1) + (row & 1 ? 1 : -1); }

/* Take a row of averages, the columns from MARGIN to `end`, of which `first` is the one at 0, and
   denoise the row that is BAND_HALO above it; `done` rows were taken before it. */
static inline void take_row(octave_rows *o, const filter *f, int octave, int64_t row, int64_t first,
                            int64_t end, int64_t done, float center, const coarse_octaves *coarse) {
    bands *b = &o->bands;
    const int64_t at = first_pair(first), column = (first + at) >> 1;
    for (int c = 0; c < 3; c++) {
        const float *from = o->noisy[row & 7][c];
        float *to = b->photo[row & 7][c];
        if (octave + 1 < f->octaves) {
            const planes *added = &coarse->added[octave + 1];
            add_between(plane_at(added, c, row >> 1, column),
                        plane_at(added, c, next_nearest(row), column), (end - at + 1) >> 1,
                        o->between, from + at, to + at);
        } else
            memcpy(to + MARGIN, from + MARGIN, (end - MARGIN) * sizeof *to);
    }
    if (done >= 2) split_soft(b, row - 1, end, 3);
    if (done >= 6) split_smooth(b, row - 3, end, 4);
    if (done < 10) return;
    int64_t r = row - BAND_HALO;
    quiet(b, r, f, octave, center, end, o->noisy[r & 7], o->added[r & 3]);
}

/* ---- Octaves 2 and 3, of a band ---------------------------------------------------- */

/* Find what averages are needed to render a region of the image, and how they lie in memory. Vectors
   may read and write a little beyond a row. */
static void plan_coarse(const region *at, const filter *f, coarse_octaves *o) {
    const region place = {at->top + f->origin_row, at->bottom + f->origin_row,
                          at->left + f->origin_column, at->right + f->origin_column};
    const region read = around(place, REACH);
    region finer = {read.top >> 1, (read.bottom + 1) >> 1, read.left >> 1, (read.right + 1) >> 1};
    for (int octave = 2; octave < f->octaves; octave++) {
        o->added[octave].at = coarser(finer);
        o->noisy[octave].at = finer = around(o->added[octave].at, BAND_HALO);
    }
    if (f->octaves == 4) /* the third is averaged of the second */
        o->noisy[2].at = (region){2 * finer.top, 2 * finer.bottom, 2 * finer.left, 2 * finer.right};
    o->floats = MARGIN;
    for (int octave = 2; octave < f->octaves; octave++) {
        planes *noisy = &o->noisy[octave];
        noisy->pitch = ((noisy->at.right - noisy->at.left + 15) & ~(int64_t)15) + 2 * MARGIN;
        noisy->stride = (noisy->at.bottom - noisy->at.top) * noisy->pitch;
        o->floats += 3 * noisy->stride;
    }
    if (f->octaves > 2) o->floats += 4 * 4 * (o->noisy[2].at.right - o->noisy[2].at.left) + SUMS;
}

static void place_coarse(const filter *f, float *memory, coarse_octaves *o) {
    memory += MARGIN;
    for (int octave = 2; octave < f->octaves; octave++) {
        planes *noisy = &o->noisy[octave], *added = &o->added[octave];
        noisy->first = memory;
        added->pitch = noisy->pitch;
        added->stride = noisy->stride;
        added->first = plane_at(noisy, 0, added->at.top, added->at.left - BAND_HALO);
        memory += 3 * noisy->stride;
    }
    o->sums = memory;
}

/* Denoise octave 2 or 3, where it is known what coarser ones add to it. */
static APART void denoise_octave(coarse_octaves *coarse, const filter *f, int octave, float center,
                                 octave_rows *o) {
    const planes *noisy = &coarse->noisy[octave], *added = &coarse->added[octave];
    const region at = added->at;
    for (int64_t left = at.left, width; left < at.right; left += width) {
        width = at.right - left < SPAN - 2 * BAND_HALO ? at.right - left : SPAN - 2 * BAND_HALO;
        for (int64_t row = at.top - BAND_HALO, done = 0; row < at.bottom + BAND_HALO; row++, done++) {
            for (int c = 0; c < 3; c++)
                memcpy(o->noisy[row & 7][c] + MARGIN, plane_at(noisy, c, row, left - BAND_HALO),
                       (width + 2 * BAND_HALO) * sizeof(float));
            take_row(o, f, octave, row, left - BAND_HALO - MARGIN, MARGIN + width + 2 * BAND_HALO,
                     done, center, coarse);
            if (done < 10) continue;
            int64_t r = row - BAND_HALO;
            for (int c = 0; c < 3; c++)
                memcpy(plane_at(added, c, r, left), o->added[r & 3][c] + MARGIN + BAND_HALO,
                       width * sizeof(float));
        }
    }
}

/* Find what denoising octaves 2 and 3 adds to octave 1, all that rendering a region reads of it. */
static APART void denoise_coarse(const image *im, const filter *f, coarse_octaves *coarse,
                                 octave_rows *o) {
    const planes *second = &coarse->noisy[2], *third = &coarse->noisy[3];
    float center[3];
    find_center(f, center);
    for (int64_t row = second->at.top; row < second->at.bottom; row++)
        load_squares(im, f, 4 * row - f->origin_row, 4 * second->at.left - f->origin_column,
                     second->at.right - second->at.left, coarse->sums,
                     plane_at(second, 0, row, second->at.left), second->stride);
    for (int64_t row = third->at.top; row < third->at.bottom; row++)
        for (int c = 0; c < 3; c++)
            halve(plane_at(second, c, 2 * row, second->at.left),
                  plane_at(second, c, 2 * row + 1, second->at.left), third->at.right - third->at.left,
                  plane_at(third, c, row, third->at.left));
    for (int octave = f->octaves - 1; octave >= 2; octave--)
        denoise_octave(coarse, f, octave, center[LUMA], o);
}

/* ---- Octave 1, of a tile ----------------------------------------------------------- */

/* The column at 0 of octave 1's frame, for the picture's `first`. */
static int64_t first_square(int64_t first) { return ((first + 1) >> 1) - SHIFT; }

/* Take row `row` of the picture, read ahead; `first` is the picture's column at 0 of its frame, and
   `top` the first row of octave 1 that is needed. Of an odd row octave 1 gets one more. */
static inline void read_ahead(octave_rows *o, const filter *f, int64_t row, int64_t first,
                              int64_t end, int64_t top, float center, const coarse_octaves *coarse) {
    const int64_t odd = first & 1, square = row >> 1, at = 2 * (MARGIN - SHIFT) + odd;
    const int64_t last = ((end - 1 - odd) >> 1) + SHIFT + 1 + BAND_HALO;
    if (!(row & 1) || square < top) return;
    for (int c = 0; c < 3; c++)
        halve(o->ahead[(row - 1) & 15][c] + at, o->ahead[row & 15][c] + at, last + 1 - MARGIN,
              o->noisy[square & 7][c] + MARGIN);
    take_row(o, f, 1, square, first_square(first), last + 1, square - top, center, coarse);
}

/* Give a row of the picture without the noise of octave 1. */
static inline void less_noise(octave_rows *o, int64_t row, int64_t first, int64_t end,
                              float (*to)[PITCH]) {
    const int64_t at = first_pair(first), square = ((first + at) >> 1) - first_square(first);
    for (int c = 0; c < 3; c++)
        add_between(o->added[(row >> 1) & 3][c] + square, o->added[next_nearest(row) & 3][c] + square,
                    (end - at + 1) >> 1, o->between, o->ahead[row & 15][c] + at, to[c] + at);
}
