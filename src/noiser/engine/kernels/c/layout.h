/* Layout: where the fields of the structures lie, for native.py to compare with its own.

   First how many numbers there are, then the sources' stamp by the build hook (0 without), then
   of each structure its size and the offsets of its fields in order [bytes]. */

#ifndef STAMP
#define STAMP 0
#endif

#define OF_IMAGE(field) offsetof(image, field)
#define OF_REGION(field) offsetof(region, field)
#define OF_GRID(field) offsetof(grid, field)
#define OF_FILTER(field) offsetof(filter, field)

#define NUMBERS                                                                                    \
    STAMP, sizeof(image), OF_IMAGE(data), OF_IMAGE(row), OF_IMAGE(column), OF_IMAGE(channel),      \
        OF_IMAGE(height), OF_IMAGE(width), OF_IMAGE(channels), OF_IMAGE(depth), sizeof(region),    \
        OF_REGION(top), OF_REGION(bottom), OF_REGION(left), OF_REGION(right), sizeof(grid),        \
        OF_GRID(sums), OF_GRID(first_tones), OF_GRID(rows), OF_GRID(columns),                      \
        OF_GRID(origin_row), OF_GRID(origin_column), OF_GRID(shift), sizeof(filter),               \
        OF_FILTER(first_weight), OF_FILTER(first_bias), OF_FILTER(second_weight),                  \
        OF_FILTER(second_bias), OF_FILTER(lift), OF_FILTER(lift_rows), OF_FILTER(lift_columns),    \
        OF_FILTER(origin_row), OF_FILTER(origin_column), OF_FILTER(lift_cell),                     \
        OF_FILTER(hidden), OF_FILTER(padding),                                                     \
        OF_FILTER(develops), OF_FILTER(octaves), OF_FILTER(gray), OF_FILTER(center), OF_FILTER(levels),                \
        OF_FILTER(cast), OF_FILTER(strength), OF_FILTER(color), OF_FILTER(highlights),             \
        OF_FILTER(denoise), OF_FILTER(fine), OF_FILTER(medium), OF_FILTER(black),                  \
        OF_FILTER(chroma_floor), OF_FILTER(detail_floor), OF_FILTER(noise),                        \
        OF_FILTER(noise_levels), OF_FILTER(noise_slopes)

#define COUNT (sizeof((int64_t[]){NUMBERS}) / sizeof(int64_t))

const int64_t EXPORT(noiser_layout)[] = {COUNT, NUMBERS};
