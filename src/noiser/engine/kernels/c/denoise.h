/* The scene: the photo without its noise, and the detail apart from it.

   Luma and two colour differences are split into bands by binomial blurs of one and of two
   pixels (the "a trous" wavelet: Holschneider et al. 1989, Starck and Murtagh 1994). In each
   band a square of 5 x 5 tells how strong the signal is beside the noise, and what is noise is
   taken away: Wiener's filter, locally (Lee 1980). All values are in [0, 1], less the center.

   A row passes through in stages, each a few rows behind the one before it, so all rows live
   in small rings. */

enum { HALO = 7, NETWORK_HALO = 2 };

/* All rows of a tile, of whatever stage, have one frame: its first column is at LEFT, after its
   halo and a margin that only neighbours to the left of a first vector read. Loops run from
   MARGIN to an `end` in whole vectors, over SPAN columns at most; what lies outside the tile and
   its halo is never used. */
enum { ALIGNMENT = 64, MARGIN = 16, LEFT = MARGIN + HALO, SPAN = 512 };
enum { PITCH = MARGIN + SPAN + 2 * MARGIN };

enum { LUMA, RED_LESS_LUMA, BLUE_LESS_LUMA };

/* Luma and colour differences of what is subtracted from each colour, in [0, 1]. */
static void find_center(const filter *f, float center[3]) {
    float half = 0.5f / f->levels, colors[3];
    for (int c = 0; c < 3; c++) colors[c] = 0.5f + f->center[c] * half;
    center[LUMA] = (0.299f * colors[0] + 0.587f * colors[1]) + 0.114f * colors[2];
    center[RED_LESS_LUMA] = colors[0] - center[LUMA];
    center[BLUE_LESS_LUMA] = colors[2] - center[LUMA];
}

/* Of the picture, the bands of which the colours' finest is not wanted, or of a coarse octave. */
typedef struct {
    float photo[8][3][PITCH];  /* luma and colour differences, or levels where none develops */
    float soft[8][3][PITCH];   /* blurred by one pixel */
    float fine[8][3][PITCH];   /* what that took away */
    float smooth[4][3][PITCH]; /* blurred by two pixels more */
    float medium[4][3][PITCH]; /* what that took away */
    float energy[8][4][PITCH]; /* squares of fine and medium luma and colour, over 5 */
    float spare[4][PITCH];
} bands;

enum { FINE_LUMA, MEDIUM_LUMA, MEDIUM_COLOR, FINE_COLOR }; /* energies, in their order */

/* Of the picture, without its noise. */
typedef struct {
    float input[4][3][PITCH]; /* what the network reads */
    float own[4][3][PITCH];   /* what the look reads: that, without its finest band */
    float detail[4][PITCH];   /* what the look gives back */
} scene;

/* White noise of variance 1 has these variances in the bands, as a test proves
   (tests/engine/kernels/test_denoise.py): multiplied with how far above them a signal must stand,
   and with the square's 25 pixels. Noise in colour is taken for 1.5 times that in luma. */
static const float FINE_NOISE = 25.0f * 1.5f * 0.640625f;
static const float MEDIUM_NOISE = 25.0f * 1.5f * 0.074462890625f;
static const float COLOR_NOISE = 25.0f * 2.0f * 2.25f * 0.074462890625f;
static const float FINE_COLOR_NOISE = 25.0f * 2.0f * 2.25f * 0.640625f;

/* Detail of two pixels that is given back, at most: texture, and no edges. */
static const float MOST_MEDIUM = 0.01f;

/* Keeps 0 / 0 out, far below a 16-bit step. */
static const float NO_ENERGY = 25e-9f;

/* Blur by 1 2 1 in both directions, `step` pixels apart; `less`, if any, is what that takes away. */
static inline void blur(const float *above, const float *at, const float *below, int64_t end,
                        int64_t step, float *column, float *out, float *less) {
    for (int64_t i = MARGIN; i < end; i += LANES)
        store(column + i, fma_(all(2.0f), load(at + i), load(above + i) + load(below + i)));
    for (int64_t i = MARGIN; i < end; i += LANES) {
        vec beside = load(column + i - step) + load(column + i + step);
        vec soft = fma_(all(2.0f), load(column + i), beside) * 0.0625f;
        store(out + i, soft);
        if (less) store(less + i, load(at + i) - soft);
    }
}

/* Blur row r by one pixel; `fines` is how many planes' finest bands are wanted. */
static inline void split_soft(bands *b, int64_t r, int64_t end, int fines) {
    for (int c = 0; c < 3; c++)
        blur(b->photo[(r - 1) & 7][c], b->photo[r & 7][c], b->photo[(r + 1) & 7][c], end, 1,
             b->spare[0], b->soft[r & 7][c], c < fines ? b->fine[r & 7][c] : NULL);
}

/* Sum of five values around each column. */
static inline vec five(const float *at) {
    return load(at) + (load(at - 1) + load(at + 1)) + (load(at - 2) + load(at + 2));
}

static inline vec color_energy(const float band[3][PITCH], int64_t i) {
    vec red = load(band[RED_LESS_LUMA] + i), blue = load(band[BLUE_LESS_LUMA] + i);
    return 0.5f * fma_(red, red, blue * blue);
}

/* Blur row r by two pixels more, and sum up the first `energies` of its bands. */
static inline void split_smooth(bands *b, int64_t r, int64_t end, int energies) {
    float(*medium)[PITCH] = b->medium[r & 3], (*energy)[PITCH] = b->energy[r & 7];
    const float(*fine)[PITCH] = b->fine[r & 7];
    for (int c = 0; c < 3; c++)
        blur(b->soft[(r - 2) & 7][c], b->soft[r & 7][c], b->soft[(r + 2) & 7][c], end, 2,
             b->spare[0], b->smooth[r & 3][c], medium[c]);
    for (int64_t i = MARGIN; i < end; i += LANES) {
        vec small = load(fine[LUMA] + i), large = load(medium[LUMA] + i);
        store(b->spare[FINE_LUMA] + i, small * small);
        store(b->spare[MEDIUM_LUMA] + i, large * large);
        store(b->spare[MEDIUM_COLOR] + i, color_energy(medium, i));
        if (energies > FINE_COLOR) store(b->spare[FINE_COLOR] + i, color_energy(fine, i));
    }
    for (int which = 0; which < energies; which++)
        for (int64_t i = MARGIN; i < end; i += LANES)
            store(energy[which] + i, five(b->spare[which] + i));
}

/* Energy of a band over the square, as large as what a weight may be divided by. */
static inline vec energy_at(const bands *b, int64_t r, int which, int64_t i) {
    vec sum = load(b->energy[r & 7][which] + i);
    for (int k = 1; k <= 2; k++)
        sum += load(b->energy[(r - k) & 7][which] + i) + load(b->energy[(r + k) & 7][which] + i);
    return larger(sum, all(NO_ENERGY));
}

/* Variance of an octave's noise, where the luma is `level`. */
static inline vec noise_at(const filter *f, int octave, vec level) {
    vec noise = all(f->noise[octave]);
    for (int k = 0; k < NOISE_KNOTS; k++) {
        vec above = larger(level - f->noise_levels[k], all(0.0f));
        noise = fma_(all(f->noise_slopes[octave][k]), above, noise);
    }
    return larger(noise, all(0.0f));
}

/* What is left of a band: `noise` is what the local noise is worth beside its energy. */
static inline vec weight_of(vec noise, const filter *f) {
    vec left = larger(1.0f - noise, all(0.0f));
    return fma_(all(f->denoise), left, all(1.0f - f->denoise));
}

/* Join the bands again, without the noise. One division serves for the three weights. */
static inline void join(const bands *b, int64_t r, const filter *f, const float unit_center[3],
                        int64_t end, int gray, scene *s) {
    const float(*smooth)[PITCH] = b->smooth[r & 3], (*medium)[PITCH] = b->medium[r & 3];
    float(*own)[PITCH] = s->own[r & 3], (*input)[PITCH] = s->input[r & 3];
    for (int64_t i = MARGIN; i < end; i += LANES) {
        vec x = energy_at(b, r, FINE_LUMA, i), y = energy_at(b, r, MEDIUM_LUMA, i);
        vec z = energy_at(b, r, MEDIUM_COLOR, i);
        vec share = noise_at(f, 0, load(smooth[LUMA] + i) + unit_center[LUMA]) / ((x * y) * z);
        vec small = load(b->fine[r & 7][LUMA] + i) * weight_of(FINE_NOISE * ((y * z) * share), f);
        vec large = load(medium[LUMA] + i) * weight_of(MEDIUM_NOISE * ((x * z) * share), f);
        vec given = larger(smaller(large, all(MOST_MEDIUM)), all(-MOST_MEDIUM));
        vec color = weight_of(COLOR_NOISE * ((x * y) * share), f);
        vec luma = load(smooth[LUMA] + i) + large;
        vec light = larger(luma + unit_center[LUMA], all(0.0f));
        store(s->detail[r & 3] + i, fma_(all(f->fine), small, f->medium * given));
        store(input[LUMA] + i, luma + small);
        store(own[LUMA] + i, light);
        for (int c = RED_LESS_LUMA; c <= BLUE_LESS_LUMA; c++) {
            vec quiet = fma_(color, load(medium[c] + i), load(smooth[c] + i));
            store(own[c] + i, fma_(all(-f->cast[c - 1]), light, quiet + unit_center[c]));
            if (gray) continue; /* only luma goes through the network */
            vec photo = (1.0f - f->denoise) * load(b->photo[r & 7][c] + i);
            store(input[c] + i, fma_(all(f->denoise), quiet, photo));
        }
    }
}

/* What taking the noise of a coarse octave away adds to its averages, which were `noisy` before
   that of coarser ones was taken away. */
static inline void quiet(const bands *b, int64_t r, const filter *f, int octave, float center,
                         int64_t end, const float noisy[3][PITCH], float added[3][PITCH]) {
    const float(*smooth)[PITCH] = b->smooth[r & 3], (*medium)[PITCH] = b->medium[r & 3];
    const float(*fine)[PITCH] = b->fine[r & 7];
    for (int64_t i = MARGIN; i < end; i += LANES) {
        vec x = energy_at(b, r, FINE_LUMA, i), y = energy_at(b, r, MEDIUM_LUMA, i);
        vec z = energy_at(b, r, MEDIUM_COLOR, i), w = energy_at(b, r, FINE_COLOR, i);
        vec lumas = x * y, colors = z * w;
        vec share = noise_at(f, octave, load(smooth[LUMA] + i) + center) / (lumas * colors);
        vec for_luma = colors * share, for_color = lumas * share;
        vec small[3], large[3];
        small[LUMA] = weight_of(FINE_NOISE * (y * for_luma), f);
        large[LUMA] = weight_of(MEDIUM_NOISE * (x * for_luma), f);
        small[RED_LESS_LUMA] = small[BLUE_LESS_LUMA] = weight_of(FINE_COLOR_NOISE * (z * for_color), f);
        large[RED_LESS_LUMA] = large[BLUE_LESS_LUMA] = weight_of(COLOR_NOISE * (w * for_color), f);
        for (int c = 0; c < 3; c++) {
            vec both = fma_(large[c], load(medium[c] + i), load(smooth[c] + i));
            store(added[c] + i, fma_(small[c], load(fine[c] + i), both) - load(noisy[c] + i));
        }
    }
}
