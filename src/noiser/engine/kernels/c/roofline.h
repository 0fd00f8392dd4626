/* Roofline: how many multiply-adds a second this instruction set can do here.

   Sums enough to hide the latency of each other, and nothing else: no loads, no stores. What the
   convolutions reach is told as a share of it (Williams, Waterman and Patterson 2009). */

#if defined(__x86_64__)
#define STEP(sum) sum = fma_(sum, half, half); __asm__("" : "+v"(sum)); /* not in closed form */
#else
#define STEP(sum) sum = fma_(sum, half, half);
#endif

/* Do 8 * LANES * rounds multiply-adds; return that number. */
int64_t EXPORT(noiser_multiply_adds)(int64_t rounds) {
    vec half = all(0.5f), a = all(1.0f), b = all(2.0f), c = all(3.0f), d = all(4.0f);
    vec e = all(5.0f), f = all(6.0f), g = all(7.0f), h = all(8.0f);
    for (int64_t r = 0; r < rounds; r++) {
        STEP(a) STEP(b) STEP(c) STEP(d) STEP(e) STEP(f) STEP(g) STEP(h)
    }
    vec sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    volatile float sink = sum[0];
    (void)sink;
    return 8 * LANES * rounds;
}
