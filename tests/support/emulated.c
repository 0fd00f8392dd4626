/* Run the kernel on what emulated.py wrote: `emulated render|measure JOB RESULT`.

   Built for another processor together with kernel.c, and run by an emulator. The structures
   have the same layout on every 64-bit little-endian machine; pointers are set anew. */

#include <stdio.h>

#include "kernel.c"

#define CALL(name) NAMED(name, VARIANT)

static void *read_all(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) exit(2);
    long size = ftell(file);
    void *data = malloc(size + 1);
    rewind(file);
    if (!data || fread(data, 1, size, file) != (size_t)size) exit(2);
    fclose(file);
    return data;
}

/* Take the next part of a job: its size, then its bytes. None is a null pointer. */
static void *part(char **at) {
    int64_t size;
    memcpy(&size, *at, sizeof size);
    void *data = size ? malloc(size) : NULL;
    if (size) memcpy(data, *at + sizeof size, size);
    *at += sizeof size + size;
    return data;
}

int main(int count, char **words) {
    if (count != 4) return 2;
    char *at = read_all(words[2]);
    FILE *result = fopen(words[3], "wb");
    image *from = part(&at);
    from->data = part(&at);
    region *where = part(&at);
    if (!strcmp(words[1], "measure")) {
        int32_t *padding = part(&at);
        int64_t sums[TAPS], products[TAPS][TAPS];
        uint32_t tones[TONES], grain[GRAINS];
        grid *light = part(&at);
        light->first_tones = part(&at);
        light->sums = part(&at);
        if (CALL(noiser_measure)(from, where, *padding, sums, products, tones, grain, light)) return 1;
        fwrite(sums, sizeof sums, 1, result);
        fwrite(products, sizeof products, 1, result);
        fwrite(tones, sizeof tones, 1, result);
        fwrite(grain, sizeof grain, 1, result);
        if (light->sums)
            fwrite(light->sums, sizeof *light->sums, 2 * light->rows * light->columns * BINS, result);
    } else {
        image *to = part(&at);
        int64_t size = to->height * to->row;
        to->data = malloc(size);
        filter *f = part(&at);
        const float **arrays[] = {&f->first_weight, &f->first_bias, &f->second_weight,
                                  &f->second_bias, &f->lift};
        for (int i = 0; i < 5; i++) *arrays[i] = part(&at);
        if (CALL(noiser_render)(from, to, where, f)) return 1;
        fwrite(to->data, size, 1, result);
    }
    return fclose(result) != 0;
}
