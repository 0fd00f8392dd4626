/* Vectors of single-precision numbers, and the functions the network is made of. */

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

/* GELU(x) = max(x, 0) - t(|x|) with t(a) = a (1 - Phi(a)), the exact (erf) form. t is a
   polynomial of degree 16 in s = a / 2.6 - 1 on [0, 5.2] and constant beyond. In single
   precision off by at most 2e-7 below 5.1 and 6e-7 above, as tests/test_native.py proves: in s,
   unlike in a, the coefficients are small. scripts/fit_gelu.py derives them. */
static inline void gelu(const vec x[WIDE], float *out) {
    static const float tail[17] = {
        1.211908925e-02f, -7.970247418e-02f, 2.185329348e-01f, -2.854922712e-01f,
        6.152698770e-02f, 3.723329306e-01f, -5.569658279e-01f, 2.230072320e-01f,
        2.762759030e-01f, -3.898728788e-01f, 6.930128485e-02f, 2.077232301e-01f,
        -1.282609552e-01f, -5.364458635e-02f, 5.750750378e-02f, 5.649050698e-03f,
        -1.003672369e-02f,
    };
    vec s[WIDE], t[WIDE];
    for (int v = 0; v < WIDE; v++) {
        vec magnitude = (vec)((ivec)x[v] & 0x7fffffff);
        s[v] = fma_(smaller(magnitude, all(5.2f)), all(1.0f / 2.6f), all(-1.0f));
        t[v] = all(tail[16]);
    }
    for (int i = 15; i >= 0; i--) /* side by side: a chain alone waits for each of its steps */
        for (int v = 0; v < WIDE; v++) t[v] = fma_(t[v], s[v], all(tail[i]));
    for (int v = 0; v < WIDE; v++) store(out + v * LANES, larger(x[v], all(0.0f)) - t[v]);
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

/* (tanh(z) + 1) / 2, and what is missing to 1: a difference from 1 would lose its digits. */
static inline vec unit_tanh(vec z, vec *missing) {
    vec odds = exp2_(z * -2.8853901f); /* -2 / ln 2 */
    vec value = 1.0f / (odds + 1.0f);
    *missing = odds * value;
    return value;
}
