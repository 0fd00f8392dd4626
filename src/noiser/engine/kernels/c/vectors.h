/* Vectors of numbers, and the functions the network is made of. */

#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 16, WIDE = 4 };
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 8, WIDE = 2 };
#elif defined(__ARM_NEON)
#include <arm_neon.h>
enum { LANES = 4, WIDE = 4 };
#else
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
enum { LANES = 4, WIDE = 2 };
#endif

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));
typedef float unaligned_vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

typedef int32_t unaligned_ivec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

static inline vec load(const float *from) { return *(const unaligned_vec *)from; }
static inline void store(float *to, vec v) { *(unaligned_vec *)to = v; }

static inline ivec load_integers(const int32_t *from) { return *(const unaligned_ivec *)from; }

/* Load once for several uses. Left alone, the compiler repeats the load in each of them, and
   loads are what the convolutions run out of first. */
static inline vec load_once(const float *from) {
    vec v = load(from);
#if defined(__x86_64__)
    __asm__("" : "+v"(v));
#endif
    return v;
}

static inline vec all(float value) { return value - (vec){0}; }

/* min and max take b where a is neither smaller nor larger, like the x86 instructions. */
#if defined(__AVX512F__)
static inline vec fma_(vec a, vec b, vec c) {
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
static inline vec smaller(vec a, vec b) { return (vec)_mm512_min_ps((__m512)a, (__m512)b); }
static inline vec larger(vec a, vec b) { return (vec)_mm512_max_ps((__m512)a, (__m512)b); }
static inline vec root(vec a) { return (vec)_mm512_sqrt_ps((__m512)a); }
#elif defined(__AVX2__)
static inline vec fma_(vec a, vec b, vec c) {
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
static inline vec smaller(vec a, vec b) { return (vec)_mm256_min_ps((__m256)a, (__m256)b); }
static inline vec larger(vec a, vec b) { return (vec)_mm256_max_ps((__m256)a, (__m256)b); }
static inline vec root(vec a) { return (vec)_mm256_sqrt_ps((__m256)a); }
#else
static inline vec fma_(vec a, vec b, vec c) {
#if defined(__ARM_NEON)
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

static inline vec smaller(vec a, vec b) {
    ivec mask = a < b;
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

static inline vec larger(vec a, vec b) {
    ivec mask = a > b;
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

static inline vec root(vec a) {
    for (int i = 0; i < LANES; i++) a[i] = sqrtf(a[i]);
    return a;
}
#endif

typedef int16_t words __attribute__((vector_size(LANES * 4)));
typedef int16_t unaligned_words __attribute__((vector_size(LANES * 4), aligned(2), may_alias));

static inline words load_words(const int16_t *from) {
    words w = *(const unaligned_words *)from;
#if defined(__x86_64__)
    __asm__("" : "+v"(w)); /* once, as above */
#endif
    return w;
}

/* Products of 16-bit numbers, summed in pairs. */
static inline ivec pair_products(words a, words b) {
#if defined(__AVX512F__)
    return (ivec)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (ivec)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (ivec)_mm_madd_epi16((__m128i)a, (__m128i)b);
#elif defined(__ARM_NEON)
    int32x4_t low = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
    return (ivec)vpaddq_s32(low, vmull_high_s16((int16x8_t)a, (int16x8_t)b));
#else
    ivec sums;
    for (int i = 0; i < LANES; i++)
        sums[i] = (int32_t)a[2 * i] * b[2 * i] + (int32_t)a[2 * i + 1] * b[2 * i + 1];
    return sums;
#endif
}

static inline int32_t sum_of(ivec v) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_epi32((__m512i)v);
#else
    int32_t sum = 0;
    for (int i = 0; i < LANES; i++) sum += v[i];
    return sum;
#endif
}

/* Of eight numbers, the one that the lowest three bits of each lane name. */
static inline vec pick(const float from[8], ivec at) {
#if defined(__AVX512F__)
    return (vec)_mm512_permutexvar_ps((__m512i)at, _mm512_castps256_ps512(_mm256_load_ps(from)));
#elif defined(__AVX2__)
    return (vec)_mm256_permutevar8x32_ps(_mm256_load_ps(from), (__m256i)at);
#elif defined(__ARM_NEON)
    const uint8_t *bytes = (const uint8_t *)from;
    uint8x16x2_t table = {{vld1q_u8(bytes), vld1q_u8(bytes + 16)}};
    return (vec)vqtbl2q_u8(table, (uint8x16_t)((at & 7) * 0x04040404 + 0x03020100));
#else
    vec found;
    for (int i = 0; i < LANES; i++) found[i] = from[at[i] & 7];
    return found;
#endif
}

/* a0 b0 a1 b1 ... */
static inline void interleave(vec a, vec b, vec out[2]) {
#if defined(__AVX512F__)
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    out[0] = (vec)_mm512_permutex2var_ps((__m512)a, low, (__m512)b);
    out[1] = (vec)_mm512_permutex2var_ps((__m512)a, high, (__m512)b);
#elif defined(__AVX2__)
    __m256 low = _mm256_unpacklo_ps((__m256)a, (__m256)b);
    __m256 high = _mm256_unpackhi_ps((__m256)a, (__m256)b);
    out[0] = (vec)_mm256_permute2f128_ps(low, high, 0x20);
    out[1] = (vec)_mm256_permute2f128_ps(low, high, 0x31);
#elif defined(__SSE2__)
    out[0] = (vec)_mm_unpacklo_ps((__m128)a, (__m128)b);
    out[1] = (vec)_mm_unpackhi_ps((__m128)a, (__m128)b);
#elif defined(__ARM_NEON)
    out[0] = (vec)vzip1q_f32((float32x4_t)a, (float32x4_t)b);
    out[1] = (vec)vzip2q_f32((float32x4_t)a, (float32x4_t)b);
#else
    for (int i = 0; i < 2 * LANES; i++) out[i / LANES][i % LANES] = i % 2 ? b[i / 2] : a[i / 2];
#endif
}

/* a0 + a1, a2 + a3, ..., b0 + b1, ... */
static inline vec pair_sums(vec a, vec b) {
#if defined(__AVX512F__)
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    return (vec)_mm512_permutex2var_ps((__m512)a, even, (__m512)b) +
           (vec)_mm512_permutex2var_ps((__m512)a, odd, (__m512)b);
#elif defined(__AVX2__)
    __m256d sums = _mm256_castps_pd(_mm256_hadd_ps((__m256)a, (__m256)b));
    return (vec)_mm256_castpd_ps(_mm256_permute4x64_pd(sums, 0xd8));
#elif defined(__SSE2__)
    return (vec)_mm_shuffle_ps((__m128)a, (__m128)b, 0x88) +
           (vec)_mm_shuffle_ps((__m128)a, (__m128)b, 0xdd);
#elif defined(__ARM_NEON)
    return (vec)vpaddq_f32((float32x4_t)a, (float32x4_t)b);
#else
    vec sums;
    for (int i = 0; i < LANES; i++)
        sums[i] = i < LANES / 2 ? a[2 * i] + a[2 * i + 1] : b[2 * i - LANES] + b[2 * i + 1 - LANES];
    return sums;
#endif
}

/* Of many numbers, those that the lanes name. */
static inline vec gather(const float *from, ivec at) {
#if defined(__AVX512F__)
    return (vec)_mm512_i32gather_ps((__m512i)at, from, 4);
#elif defined(__AVX2__)
    return (vec)_mm256_i32gather_ps(from, (__m256i)at, 4);
#else
    vec found;
    for (int i = 0; i < LANES; i++) found[i] = from[at[i]];
    return found;
#endif
}

/* GELU(x) = max(x, 0) - t(|x|) with t(a) = a (1 - Phi(a)), the exact (erf) form, of WIDE vectors.
   Here x and GELU(x) are in units of 5.2 / 7.499, as native.py packs the weights. Up to 7.499 t is
   cut into eight pieces around the whole numbers, each a polynomial of degree 6 in the distance
   from the middle; beyond, it is constant. In single precision off by at most 7e-8 below 5.1 and
   6e-7 above, as tests/engine/kernels/test_native.py proves. scripts/fit_gelu.py derives the table: a row for
   each power, a column for each piece. */
static inline void gelu(const vec x[WIDE], vec out[WIDE]) {
    static const float table[7][8] __attribute__((aligned(32))) = {
        {0.000000000e+00f, 2.440211922e-01f, 1.654870212e-01f, 5.625014752e-02f,
         1.108444482e-02f, 1.315123634e-03f, 9.524264897e-05f, 4.235266715e-06f},
        {5.000000000e-01f, 2.650278807e-02f, -1.287459582e-01f, -7.659884542e-02f,
         -2.085334435e-02f, -3.129740013e-03f, -2.733294095e-04f, -1.421439629e-05f},
        {-2.766367197e-01f, -1.652231812e-01f, -4.052343313e-03f, 3.698826581e-02f,
         1.681307703e-02f, 3.399899462e-03f, 3.689737059e-04f, 2.282054083e-05f},
        {0.000000000e+00f, 6.132787094e-02f, 3.520307690e-02f, -2.497556619e-03f,
         -6.994922645e-03f, -2.181633376e-03f, -3.083243500e-04f, -2.316580321e-05f},
        {2.216473594e-02f, 3.772846423e-03f, -1.220984571e-02f, -4.818772897e-03f,
         1.104434836e-03f, 8.751766873e-04f, 1.762191969e-04f, 1.670418715e-05f},
        {0.000000000e+00f, -5.279781763e-03f, -2.744758676e-04f, 1.955012092e-03f,
         3.569183173e-04f, -1.919413771e-04f, -7.216246740e-05f, -9.461626178e-06f},
        {-1.559539465e-03f, 1.909331477e-04f, 9.343080455e-04f, -1.500581420e-04f,
         -2.212687541e-04f, 2.383213086e-06f, 1.938782952e-05f, 3.767064300e-06f},
    };
    vec s[WIDE], t[WIDE];
    ivec piece[WIDE];
    for (int v = 0; v < WIDE; v++) {
        vec magnitude = (vec)((ivec)x[v] & 0x7fffffff);
        s[v] = smaller(magnitude, all(7.499f));
        vec shifted = s[v] + 12582912.0f; /* 1.5 * 2^23: the sum has no fraction bits left */
        piece[v] = (ivec)shifted;
        s[v] = s[v] - (shifted - 12582912.0f);
        t[v] = pick(table[6], piece[v]);
    }
    for (int i = 5; i >= 0; i--) /* side by side: a chain alone waits for each of its steps */
        for (int v = 0; v < WIDE; v++) t[v] = fma_(t[v], s[v], pick(table[i], piece[v]));
    for (int v = 0; v < WIDE; v++) out[v] = larger(x[v], all(0.0f)) - t[v];
}

/* 2^x for x in [-126, 126] (clamped): 2^round(x) by the exponent's bits, the rest by its
   Taylor polynomial of degree 7, off by less than 6e-9 on [-1/2, 1/2]. */
static inline vec exp2_(vec x) {
    x = larger(smaller(x, all(126.0f)), all(-126.0f));
    vec shifted = x + 12582912.0f; /* 1.5 * 2^23: the sum has no fraction bits left */
    vec f = x - (shifted - 12582912.0f);
    vec p = all(1.5252734e-5f);
    p = fma_(p, f, all(1.5403530e-4f));
    p = fma_(p, f, all(1.3333558e-3f));
    p = fma_(p, f, all(9.6181291e-3f));
    p = fma_(p, f, all(5.5504109e-2f));
    p = fma_(p, f, all(2.4022651e-1f));
    p = fma_(p, f, all(6.9314718e-1f));
    p = fma_(p, f, all(1.0f));
    ivec exponent = ((ivec)shifted - 0x4b400000) << 23;
    return (vec)((ivec)p + exponent);
}

/* (1 - tanh(z)) / (1 + tanh(z)). So (tanh(z) + 1) / 2 is 1 / (odds + 1), and what that misses
   to 1 is odds / (odds + 1): as a difference from 1 it would lose its digits. */
static inline vec odds_of(vec z) { return exp2_(z * -2.8853901f); /* -2 / ln 2 */ }
