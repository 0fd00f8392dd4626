// Grain: how large the bends of luma are, in integers; here also of averages of squares.

import { clamp } from "../numbers.js";

/** Averages are taken, and rounded, of luma in 1/256 of 1/65535. */
const FINER = 257;

/**
 * Gives a function that finds tones, after a blur, and bins of grain in a row: of three rows, with
 * luma from one pixel before the first.
 *
 * @param {number} scale what luma is multiplied by, beside 1/256 of 1/255
 * @returns `(rows, tones, bins) => {}`, which fills both arrays
 */
export function createScan(scale, { GRAIN_BINS, GRAIN_STEP }) {
  const firstBin = 4 * (31 - Math.clz32(GRAIN_STEP));
  const [half, zero, step] = [2 * scale, 16 * 256 * 255 * scale, 2048 * scale];
  return ([above, at, below], tones, bins) => {
    let [sum0, bend0, sum1, bend1] = [0, 0, 0, 0];
    for (let x = 0; x < tones.length + 2; x++) {
      const outer = above[x] + below[x];
      const sum2 = outer + 2 * at[x];
      const bend2 = outer - 2 * at[x];
      if (x > 1) {
        // Sixteen times luma in 1/512 of an 8-bit level: a tone is a quarter of one.
        tones[x - 2] = (sum0 + 2 * sum1 + sum2 + zero) / step;
        const size = Math.trunc(Math.abs(bend0 - 2 * bend1 + bend2) / half) + GRAIN_STEP;
        // Four bins an octave: the highest bit, and the two after it.
        const octave = 31 - Math.clz32(size);
        const bin = 4 * octave + ((size >> (octave - 2)) & 3) - firstBin;
        bins[x - 2] = bin < GRAIN_BINS ? bin : GRAIN_BINS - 1;
      }
      sum0 = sum1;
      sum1 = sum2;
      bend0 = bend1;
      bend1 = bend2;
    }
  };
}

/**
 * Counts the grain of the coarse octaves' averages that begin in a band.
 *
 * @param band as for `measure`
 * @param {Float64Array} grain counted into
 * @param {Float64Array} classes of grain by tone
 */
export function countCoarse(band, grain, classes, constants) {
  const { OCTAVES, CLASSES, GRAIN_BINS } = constants;
  const { width, top, bottom } = band;
  const scan = createScan(FINER, constants);
  let averages = lumaAround(band, constants);
  for (let n = 1; n < OCTAVES; n++) {
    averages = halved(averages);
    const { values, columns, x, y } = averages;
    const [tones, bins] = [1, 2].map(() => new Uint16Array(squares(width, n)));
    for (let row = squares(top, n); row < squares(bottom, n); row++) {
      const start = (row - y) * columns - x - 1;
      scan([-columns, 0, columns].map((next) => values.subarray(start + next)), tones, bins);
      tones.forEach((tone, i) => {
        grain[(n * CLASSES + classes[tone]) * GRAIN_BINS + bins[i]]++;
      });
    }
  }
}

/** Counts the squares of 2^n that begin in so many pixels. */
const squares = (pixels, n) => -(-pixels >> n);

/** Reads luma of the coarsest squares that begin in a band, and of those beside them. */
function lumaAround({ data, width, height, first, top, bottom }, { OCTAVES, INTEGER_LUMA }) {
  const n = OCTAVES - 1;
  const [x, y] = [-1 << n, (squares(top, n) - 1) << n];
  const columns = (squares(width, n) + 2) << n;
  const values = new Int32Array((((squares(bottom, n) + 1) << n) - y) * columns);
  const [red, green, blue] = INTEGER_LUMA;
  for (let i = 0, row = y; i < values.length; row++) {
    const start = (clamp(row, 0, height - 1) - first) * width;
    for (let column = x; column < x + columns; column++, i++) {
      const at = 4 * (start + clamp(column, 0, width - 1));
      const luma = red * data[at] + green * data[at + 1] + blue * data[at + 2];
      values[i] = FINER * (2 * luma - 256 * 255);
    }
  }
  return { values, columns, x, y };
}

/** Averages squares of two, rounded. */
function halved({ values, columns, x, y }) {
  const out = new Int32Array(values.length / 4);
  for (let i = 0, at = 0; i < out.length; at += columns) {
    for (const end = at + columns; at < end; at += 2, i++) {
      const below = at + columns;
      out[i] = (values[at] + values[at + 1] + values[below] + values[below + 1] + 2) >> 2;
    }
  }
  return { values: out, columns: columns / 2, x: x / 2, y: y / 2 };
}
