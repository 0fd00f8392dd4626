// Survey: how luma and grain are spread over a band, and where its light is, in integers.

/**
 * Counts tones and sizes of grain, and tones by place and brightness: the grid of light.
 *
 * @param band as for `measure`
 * @returns `add(y, near)` takes a row and those around it, with `luma` [1/256 of 1/255] from one
 *   pixel before the first, at 1; `found` has `tones`, `grain`, and `grid`: binary logarithm of
 *   the cells' side, `shift`, the number of their first row, `top`, and `rows`, `columns`, `pixels`
 *   and the sums of their `tones`, BINS of each cell
 */
export function createSurvey(band, constants) {
  const { TONES, GRAIN_LEVELS, GRAIN_BINS, FIRST_TONES } = constants;
  const tones = new Float64Array(TONES);
  const grain = new Float64Array((GRAIN_LEVELS.length + 1) * GRAIN_BINS);
  const grid = gridOf(band, constants);
  const sorted = (firsts) => tones.map((_, tone) => firsts.filter((first) => tone >= first).length);
  const classes = sorted(GRAIN_LEVELS.map((level) => 4 * level));
  const found = { tones, grain, grid };
  const counting = { ...found, classes, bins: sorted(FIRST_TONES) };
  return {
    found,
    add(y, near) {
      const lumas = near.map((row) => row.luma);
      addRow(lumas, band.width, y, counting, constants);
    },
  };
}

/** Counts the tones, after a blur, and the bends of luma in one row. */
function addRow([above, at, below], width, y, { tones, grain, classes, grid, bins }, constants) {
  const { GRAIN_BINS, GRAIN_STEP, BINS } = constants;
  const { shift } = grid;
  const firstCell = ((y >> shift) - grid.top) * grid.columns;
  const firstBin = 4 * (31 - Math.clz32(GRAIN_STEP));
  let [sum0, bend0, sum1, bend1] = [0, 0, 0, 0];
  for (let x = 1; x < width + 3; x++) {
    const outer = above[x] + below[x];
    const sum2 = outer + 2 * at[x];
    const bend2 = outer - 2 * at[x];
    if (x > 2) {
      // Sixteen times luma in 1/512 of an 8-bit level: a tone is a quarter of one.
      const tone = (sum0 + 2 * sum1 + sum2 + 16 * 256 * 255) >> 11;
      const size = (Math.abs(bend0 - 2 * bend1 + bend2) >> 1) + GRAIN_STEP;
      // Four bins an octave: the highest bit, and the two after it.
      const octave = 31 - Math.clz32(size);
      const bin = 4 * octave + ((size >> (octave - 2)) & 3) - firstBin;
      const cell = (firstCell + ((x - 3) >> shift)) * BINS + bins[tone];
      grid.pixels[cell]++;
      grid.tones[cell] += tone;
      tones[tone]++;
      grain[classes[tone] * GRAIN_BINS + (bin < GRAIN_BINS ? bin : GRAIN_BINS - 1)]++;
    }
    sum0 = sum1;
    sum1 = sum2;
    bend0 = bend1;
    bend1 = bend2;
  }
}

/** Makes the rows of the grid that a band touches, empty; in all, MOST_CELLS each way at most. */
function gridOf({ width, height, top, bottom }, { MOST_CELLS, SMALLEST, BINS }) {
  const least = Math.ceil(Math.max(width, height) / MOST_CELLS);
  const shift = Math.max(32 - Math.clz32(least - 1), SMALLEST);
  const first = top >> shift;
  const rows = ((bottom - 1) >> shift) + 1 - first;
  const columns = ((width - 1) >> shift) + 1;
  const empty = () => new Float64Array(rows * columns * BINS);
  return { shift, top: first, rows, columns, pixels: empty(), tones: empty() };
}
