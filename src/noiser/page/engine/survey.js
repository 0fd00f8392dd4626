// Survey: how luma and grain are spread over a band, and luma by cells, in integers.

import { clamp } from "./numbers.js";

/**
 * Counts tones and sizes of grain, and sums up luma by cells of 16 x 16 pixels.
 *
 * @param band as for `measure`
 * @returns {{tones: Float64Array, grain: Float64Array, cells: object}} cells has the number of
 *   its first row, `top`, and `rows`, `columns`, `pixels` and `luma` [1/256 of 1/255]
 */
export function histograms(band, constants) {
  const { TONES, GRAIN_LEVELS, GRAIN_BINS } = constants;
  const tones = new Uint32Array(TONES);
  const grain = new Uint32Array((GRAIN_LEVELS.length + 1) * GRAIN_BINS);
  const cells = cellsOf(band, constants);
  const lumaAt = lumaReader(band, constants);
  const classes = Uint8Array.from(tones, (_, tone) =>
    GRAIN_LEVELS.reduce((found, level) => found + (tone >= 4 * level), 0),
  );
  for (let y = band.top; y < band.bottom; y++) {
    const near = [y - 1, y, y + 1].map(lumaAt);
    addRow(near, band.width, { tones, grain, classes }, constants);
    addCells(near[1], band.width, y, cells, constants);
  }
  return { tones: Float64Array.from(tones), grain: Float64Array.from(grain), cells };
}

/** Gives a function that reads the luma of a row, and the nearest pixel beside its ends. */
function lumaReader({ data, width, height, first }, { INTEGER_LUMA }) {
  const [red, green, blue] = INTEGER_LUMA;
  const ring = [0, 1, 2].map(() => ({ number: -1, values: new Int32Array(width + 2) }));
  return (y) => {
    const number = clamp(y, 0, height - 1);
    const row = ring[number % 3];
    if (row.number !== number) {
      const { values } = row;
      row.number = number;
      for (let x = 1, at = (number - first) * width * 4; x <= width; x++, at += 4) {
        // Of 2 v - 255, by weights that add up to 256.
        const weighed = red * data[at] + green * data[at + 1] + blue * data[at + 2];
        values[x] = 2 * weighed - 256 * 255;
      }
      values[0] = values[1];
      values[width + 1] = values[width];
    }
    return row.values;
  };
}

/** Counts the tones, after a blur, and the bends of luma in one row. */
function addRow([above, at, below], width, { tones, grain, classes }, constants) {
  const { GRAIN_BINS, GRAIN_STEP } = constants;
  const firstBin = 4 * (31 - Math.clz32(GRAIN_STEP));
  let [sum0, bend0, sum1, bend1] = [0, 0, 0, 0];
  for (let x = 0; x < width + 2; x++) {
    const outer = above[x] + below[x];
    const sum2 = outer + 2 * at[x];
    const bend2 = outer - 2 * at[x];
    if (x > 1) {
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
    for (let x = start; x < end; x++) total += values[x + 1];
    cells.pixels[cell] += end - start;
    cells.luma[cell] += total;
  }
}
