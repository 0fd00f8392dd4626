/* Rows of an image, read as numbers of any type. */

/* Read `count` values, `stride` elements apart, each through EXPRESSION of `v`. The usual
   strides are spelled out so that the compiler can vectorize them. */
#define DEFINE_READ(NAME, FROM, TO, ARGUMENTS, EXPRESSION)                                 \
    static void NAME(const char *source, int64_t stride, int64_t count, TO *to ARGUMENTS) { \
        const FROM *from = (const FROM *)source;                                            \
        switch (stride) {                                                                   \
        case 1: READ_LOOP(FROM, TO, 1, EXPRESSION)                                          \
        case 3: READ_LOOP(FROM, TO, 3, EXPRESSION)                                          \
        case 4: READ_LOOP(FROM, TO, 4, EXPRESSION)                                          \
        default: READ_LOOP(FROM, TO, stride, EXPRESSION)                                    \
        }                                                                                   \
    }
#define READ_LOOP(FROM, TO, STRIDE, EXPRESSION)   \
    for (int64_t i = 0; i < count; i++) {         \
        const FROM v = from[i * (STRIDE)];        \
        to[i] = (TO)(EXPRESSION);                 \
    }                                             \
    break;
#define NONE
