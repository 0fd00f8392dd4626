/* The scene: the photo without its noise, and the detail apart from it.

   Luma and two colour differences are split into bands by binomial blurs of one and of two
   pixels (the "a trous" wavelet: Holschneider et al. 1989, Starck and Murtagh 1994). In each
   band a square of 5 x 5 tells how strong the signal is beside the noise, and what is noise is
   taken away: Wiener's filter, locally (Lee 1980). All values are in [0, 1], less the center.

   A row passes through in stages, each a few rows behind the one before it, so all rows live
   in small rings. Every plane of a tile begins HALO columns left of it. */

enum { HALO = 7, NETWORK_HALO = 2, BAND_HALO = HALO - NETWORK_HALO };

/* Pixels of a tile, and what the vectors may read beyond it. */
enum { TILE = 254, SPAN = TILE + 2, PITCH = TILE + 2 * HALO + 64 };

enum { LUMA, RED_LESS_LUMA, BLUE_LESS_LUMA };

typedef struct {
    float photo[8][3][PITCH];  /* luma and colour differences, or levels where none develops */
    float soft[8][3][PITCH];   /* blurred by one pixel */
    float fine[8][PITCH];      /* luma less that */
    float smooth[4][3][PITCH]; /* blurred by two pixels more */
    float medium[4][3][PITCH]; /* what that took away */
    float energy[8][3][PITCH]; /* squares of fine and medium luma and medium colour, over 5 */
    float input[4][3][PITCH];  /* what the network reads: the photo without noise */
    float own[4][3][PITCH];    /* what the look reads: that, without its finest band */
    float detail[4][PITCH];    /* what the look gives back */
} bands;

/* White noise of variance 1 has these variances in the bands, as tests/test_scene.py proves:
   multiplied with how far above them a signal must stand, and with the square's 25 pixels.
   Noise in colour is taken for 1.5 times that in luma. */
static const float FINE_NOISE = 25.0f * 1.5f * 0.640625f;
static const float MEDIUM_NOISE = 25.0f * 1.5f * 0.074462890625f;
static const float COLOR_NOISE = 25.0f * 2.0f * 2.25f * 0.074462890625f;

/* Keeps 0 / 0 out, far below a 16-bit step. */
static const float NO_ENERGY = 25e-9f;

/* All loops below run in whole vectors, so up to a vector beyond `to`, where rows have room. */
static inline void blur(const float *above, const float *at, const float *below, int64_t from,
                        int64_t to, int64_t step, float *out) {
    float column[PITCH];
    for (int64_t i = from - step; i < to + step; i += LANES)
        store(column + i, fma_(all(2.0f), load(at + i), load(above + i) + load(below + i)));
    for (int64_t i = from; i < to; i += LANES) {
        vec beside = load(column + i - step) + load(column + i + step);
        store(out + i, fma_(all(2.0f), load(column + i), beside) * 0.0625f);
    }
}

/* Sum of five squares around each column. */
static inline void add_squares(const float *a, int64_t from, int64_t to, float *out) {
    for (int64_t i = from; i < to; i += LANES) {
        vec sum = load(a + i) * load(a + i);
        for (int k = 1; k <= 2; k++) {
            sum = fma_(load(a + i - k), load(a + i - k), sum);
            sum = fma_(load(a + i + k), load(a + i + k), sum);
        }
        store(out + i, sum);
    }
}

static void split_soft(bands *b, int64_t r, int64_t count) {
    for (int c = 0; c < 3; c++)
        blur(b->photo[(r - 1) & 7][c], b->photo[r & 7][c], b->photo[(r + 1) & 7][c], 1, count - 1, 1,
             b->soft[r & 7][c]);
    const float *photo = b->photo[r & 7][LUMA], *soft = b->soft[r & 7][LUMA];
    for (int64_t i = 1; i < count - 1; i += LANES)
        store(b->fine[r & 7] + i, load(photo + i) - load(soft + i));
}

static void split_smooth(bands *b, int64_t r, int64_t count) {
    float(*medium)[PITCH] = b->medium[r & 3], (*energy)[PITCH] = b->energy[r & 7];
    for (int c = 0; c < 3; c++) {
        const float *soft = b->soft[r & 7][c], *smooth = b->smooth[r & 3][c];
        blur(b->soft[(r - 2) & 7][c], soft, b->soft[(r + 2) & 7][c], 3, count - 3, 2,
             b->smooth[r & 3][c]);
        for (int64_t i = 3; i < count - 3; i += LANES)
            store(medium[c] + i, load(soft + i) - load(smooth + i));
    }
    int64_t from = BAND_HALO, to = count - BAND_HALO;
    float blue[PITCH];
    add_squares(b->fine[r & 7], from, to, energy[0]);
    add_squares(medium[LUMA], from, to, energy[1]);
    add_squares(medium[RED_LESS_LUMA], from, to, energy[2]);
    add_squares(medium[BLUE_LESS_LUMA], from, to, blue);
    for (int64_t i = from; i < to; i += LANES)
        store(energy[2] + i, 0.5f * (load(energy[2] + i) + load(blue + i)));
}

/* Energy of a band over the square, as large as what a weight may be divided by. */
static inline vec energy_at(const bands *b, int64_t r, int which, int64_t i) {
    vec sum = load(b->energy[r & 7][which] + i);
    for (int k = 1; k <= 2; k++)
        sum += load(b->energy[(r - k) & 7][which] + i) + load(b->energy[(r + k) & 7][which] + i);
    return larger(sum, all(NO_ENERGY));
}

/* What is left of a band: `noise` is what the local noise is worth beside its energy. */
static inline vec weight_of(vec noise, const filter *f) {
    vec left = larger(1.0f - noise, all(0.0f));
    return fma_(all(f->denoise), left, all(1.0f - f->denoise));
}

/* Join the bands again, without the noise. One division serves for the three weights. */
static void join(bands *b, int64_t r, const filter *f, const float unit_center[3], int64_t count) {
    const float(*smooth)[PITCH] = b->smooth[r & 3], (*medium)[PITCH] = b->medium[r & 3];
    float(*own)[PITCH] = b->own[r & 3], (*input)[PITCH] = b->input[r & 3];
    for (int64_t i = BAND_HALO; i < count - BAND_HALO; i += LANES) {
        vec level = load(smooth[LUMA] + i) + unit_center[LUMA], noise = all(f->noise);
        for (int k = 0; k < NOISE_KNOTS; k++) {
            vec above = larger(level - f->noise_levels[k], all(0.0f));
            noise = fma_(all(f->noise_slopes[k]), above, noise);
        }
        vec x = energy_at(b, r, 0, i), y = energy_at(b, r, 1, i), z = energy_at(b, r, 2, i);
        vec share = larger(noise, all(0.0f)) / ((x * y) * z);
        vec small = load(b->fine[r & 7] + i) * weight_of(FINE_NOISE * ((y * z) * share), f);
        vec large = load(medium[LUMA] + i) * weight_of(MEDIUM_NOISE * ((x * z) * share), f);
        vec color = weight_of(COLOR_NOISE * ((x * y) * share), f);
        vec luma = load(smooth[LUMA] + i) + large;
        store(b->detail[r & 3] + i, fma_(all(f->fine), small, f->medium * large));
        store(input[LUMA] + i, luma + small);
        store(own[LUMA] + i, larger(luma + unit_center[LUMA], all(0.0f)));
        for (int c = RED_LESS_LUMA; c <= BLUE_LESS_LUMA; c++) {
            vec quiet = fma_(color, load(medium[c] + i), load(smooth[c] + i));
            vec photo = (1.0f - f->denoise) * load(b->photo[r & 7][c] + i);
            store(input[c] + i, fma_(all(f->denoise), quiet, photo));
            store(own[c] + i, quiet + unit_center[c]);
        }
    }
}
