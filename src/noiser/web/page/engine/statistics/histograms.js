// Survey: how luma and grain are spread over a band, and luma by cells, in integers.

/**
 * Counts tones and sizes of grain, and sums up luma by cells of 16 x 16 pixels.
 *
 * @param band as for `measure`
 * @returns `add(y, near)` takes a row and those around it, with `luma` [1/256 of 1/255] from one
 *   pixel before the first, at 1; `found` has `tones`, `grain`, and `cells`: the number of their
 *   first row, `top`, and `rows`, `columns`, `pixels` and `luma`
 */
export function createSurvey(band, constants) {
  const { TONES, GRAIN_LEVELS, GRAIN_BINS } = constants;
  const tones = new Float64Array(TONES);
  const grain = new Float64Array((GRAIN_LEVELS.length + 1) * GRAIN_BINS);
  const cells = cellsOf(band, constants);
  const classes = tones.map((_, tone) => GRAIN_LEVELS.filter((level) => tone >= 4 * level).length);
  return {
    found: { tones, grain, cells },
    add(y, near) {
      const lumas = near.map((row) => row.luma);
      addRow(lumas, band.width, { tones, grain, classes }, constants);
      addCells(lumas[1], band.width, y, cells, constants);
    },
  };
}

/** Counts the tones, after a blur, and the bends of luma in one row. */
function addRow([above, at, below], width, { tones, grain, classes }, constants) {
  const { GRAIN_BINS, GRAIN_STEP } = constants;
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
      tones[tone]++;
      grain[classes[tone] * GRAIN_BINS + (bin < GRAIN_BINS ? bin : GRAIN_BINS - 1)]++;
    }
    sum0 = sum1;
    sum1 = sum2;
    bend0 = bend1;
    bend1 = bend2;
  }
}

/** Makes the cells that a band touches, empty. */
function cellsOf({ width, top, bottom }, { CELL }) {
  const first = Math.floor(top / CELL);
  const rows = Math.ceil(bottom / CELL) - first;
  const columns = Math.ceil(width / CELL);
  const empty = () => new Float64Array(rows * columns);
  return { top: first, rows, columns, pixels: empty(), luma: empty() };
}

function addCells(values, width, y, cells, { CELL }) {
  let cell = (Math.floor(y / CELL) - cells.top) * cells.columns;
  for (let start = 0; start < width; start += CELL, cell++) {
    const end = Math.min(start + CELL, width);
    let total = 0;
    for (let x = start; x < end; x++) total += values[x + 2];
    cells.pixels[cell] += end - start;
    cells.luma[cell] += total;
  }
}
