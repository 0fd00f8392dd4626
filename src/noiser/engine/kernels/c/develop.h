/* Develop: the network's luma, with the photo's own black, highlights, detail and colours; the
   reference kernel has the formulas. */

static inline vec weighed(const vec colors[3]) {
    return fma_(all(0.299f), colors[0], fma_(all(0.587f), colors[1], 0.114f * colors[2]));
}

/* `dark` is what the network's luma misses to white, times `denominator`; `chroma` is the
   network's, which may be none. Divisions are slow: one serves for the black point, both gains
   and the denominator, another for what keeps colours within 1. */
static inline void develop(const filter *f, const scene *s, int64_t y, int64_t at, vec dark,
                           vec denominator, const vec *chroma, vec out[3]) {
    const float(*own)[PITCH] = s->own[y & 3];
    vec light = load(own[LUMA] + at);
    vec square = light * light, black = square + (f->black * f->black + 1e-12f);
    vec toned = fma_(square, all(1.0f + f->black * f->black), all(1e-12f));
    vec for_color = light + f->chroma_floor, for_detail = light + f->detail_floor;
    vec floors = for_color * for_detail, rest = black * denominator;
    vec divided = 1.0f / (rest * floors);
    dark = dark * ((black * floors) * divided);
    vec both = fma_(all(f->highlights), larger(1.0f - light, all(0.0f)) - dark, dark);
    vec tone = toned * ((denominator * floors) * divided);
    vec bright = (1.0f - root(dark * both)) * tone;
    vec common = bright * (rest * divided);
    vec gain = (f->color * common) * for_detail;
    vec level = fma_(common * for_color, load(s->detail[y & 3] + at), bright);
    vec red = load(own[RED_LESS_LUMA] + at), blue = load(own[BLUE_LESS_LUMA] + at);
    vec green = fma_(all(-0.299f / 0.587f), red, (-0.114f / 0.587f) * blue);
    vec colors[3] = {gain * red, gain * green, gain * blue};
    if (chroma)
        for (int c = 0; c < 3; c++) colors[c] = fma_(tone, chroma[c], colors[c]);
    /* Where a colour would pass 1 it gives up half in saturation, half in brightness. */
    vec most = larger(larger(colors[0], colors[1]), larger(colors[2], all(1e-6f)));
    vec over = (level + most) + 1.0f, shared = 1.0f / (most * over);
    vec room = smaller(larger(1.0f - level, all(0.0f)) * (over * shared), all(1.0f));
    vec dimmed = smaller(2.0f * (most * shared), all(1.0f));
    vec kept = fma_(all(0.5f), room, all(0.5f));
    for (int c = 0; c < 3; c++) out[c] = dimmed * fma_(kept, colors[c], level);
}

static inline void store_colors(vec out[3], int colors, int64_t at, float (*output)[PITCH]) {
    if (colors == 1) out[0] = weighed(out);
    for (int c = 0; c < colors; c++)
        store(output[c] + at, larger(smaller(out[c], all(1.0f)), all(0.0f)));
}
