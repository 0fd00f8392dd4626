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

static inline vec load(const float *from) { return *(const unaligned_vec *)from; }
static inline void store(float *to, vec v) { *(unaligned_vec *)to = v; }

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
#else
    vec found;
    for (int i = 0; i < LANES; i++) found[i] = from[at[i] & 7];
    return found;
#endif
}

/* GELU(x) = max(x, 0) - t(|x|) with t(a) = a (1 - Phi(a)), the exact (erf) form. On [0, 5.2] t is
   cut into eight pieces around the whole values of s = a * 7.499 / 5.2, each a polynomial of
   degree 6 in the distance from the middle; beyond, it is constant. In single precision off by at
   most 7e-8 below 5.1 and 6e-7 above, as tests/test_native.py proves. scripts/fit_gelu.py
   derives the table: a row for each power, a column for each piece. At most WIDE at a time. */
static inline void gelu(const vec *x, int count, vec *out) {
    static const float table[7][8] __attribute__((aligned(32))) = {
        {0.000000000e+00f, 1.692105830e-01f, 1.147529706e-01f, 3.900530562e-02f,
         7.686239667e-03f, 9.119406459e-04f, 6.604371447e-05f, 2.936843202e-06f},
        {3.467128873e-01f, 1.837771758e-02f, -8.927576244e-02f, -5.311561748e-02f,
         -1.446024701e-02f, -2.170242369e-03f, -1.895336754e-04f, -9.856628822e-06f},
        {-1.918270290e-01f, -1.145700142e-01f, -2.809999278e-03f, 2.564861812e-02f,
         1.165862102e-02f, 2.357577905e-03f, 2.558558772e-04f, 1.582435107e-05f},
        {0.000000000e+00f, 4.252632707e-02f, 2.441072091e-02f, -1.731870114e-03f,
         -4.850459751e-03f, -1.512800809e-03f, -2.138000564e-04f, -1.606376645e-05f},
        {1.536959969e-02f, 2.616188955e-03f, -8.466621861e-03f, -3.341461299e-03f,
         7.658436080e-04f, 6.068701041e-04f, 1.221949351e-04f, 1.158311352e-05f},
        {0.000000000e+00f, -3.661136841e-03f, -1.903286320e-04f, 1.355655724e-03f,
         2.474963840e-04f, -1.330970990e-04f, -5.003931437e-05f, -6.560935617e-06f},
        {-1.081424882e-03f, 1.323979668e-04f, 6.478733267e-04f, -1.040541902e-04f,
         -1.534334588e-04f, 1.652581432e-06f, 1.344402062e-05f, 2.612179514e-06f},
    };
    vec s[WIDE], t[WIDE];
    ivec piece[WIDE];
    for (int v = 0; v < count; v++) {
        vec magnitude = (vec)((ivec)x[v] & 0x7fffffff);
        s[v] = smaller(magnitude, all(5.2f)) * (7.499f / 5.2f);
        vec shifted = s[v] + 12582912.0f; /* 1.5 * 2^23: the sum has no fraction bits left */
        piece[v] = (ivec)shifted;
        s[v] = s[v] - (shifted - 12582912.0f);
        t[v] = pick(table[6], piece[v]);
    }
    for (int i = 5; i >= 0; i--) /* side by side: a chain alone waits for each of its steps */
        for (int v = 0; v < count; v++) t[v] = fma_(t[v], s[v], pick(table[i], piece[v]));
    for (int v = 0; v < count; v++) out[v] = larger(x[v], all(0.0f)) - t[v];
}

/* 2^x for x in [-64, 64] (clamped): 2^round(x) by the exponent's bits, the rest by its
   Taylor polynomial of degree 7, off by less than 6e-9 on [-1/2, 1/2]. */
static inline vec exp2_(vec x) {
    x = larger(smaller(x, all(64.0f)), all(-64.0f));
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
