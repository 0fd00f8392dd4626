// Locality: the mean of a window in the place of the picture's, exact under any tiling.

import { rint, sum } from "../numbers.js";

/**
 * Computes the local means around every cell, less the picture's.
 *
 * @param moments with cells
 * @param {number} amount share of the difference, from 0 to 1
 * @returns {{gray: Float32Array, rows: number, columns: number, cell: number}} the mean over a
 *   square of a quarter of the longer side, twice, so that it has no corners; in [-2, 2], at the
 *   middle of each cell
 */
export function windowOf({ cells }, amount, { WINDOW, CELL }) {
  const { rows, columns } = cells;
  const mean = sum(cells.luma) / sum(cells.pixels);
  const reach = Math.max(rint((WINDOW * Math.max(rows, columns)) / 2), 1);
  const window = (values) => boxed(boxed(values, rows, columns, reach), rows, columns, reach);
  const count = window(Float64Array.from(cells.pixels));
  const total = window(Float64Array.from(cells.luma, (luma, i) => luma - cells.pixels[i] * mean));
  const gray = Float32Array.from(
    total,
    (luma, i) => (amount * luma) / Math.max(count[i], 1e-9) / (256 * 255),
  );
  return { gray, rows, columns, cell: CELL };
}

/** Adds up squares of `2 reach + 1` cells, cut off at the borders. */
function boxed(values, rows, columns, reach) {
  const down = values.slice();
  for (let column = 0; column < columns; column++) {
    boxLine(values, down, column, columns, rows, reach);
  }
  const across = down.slice();
  for (let row = 0; row < rows; row++) boxLine(down, across, row * columns, 1, columns, reach);
  return across;
}

/** Adds up along one line of `size` values, `step` apart. */
function boxLine(values, out, first, step, size, reach) {
  const upTo = new Float64Array(size + 1);
  for (let i = 0; i < size; i++) upTo[i + 1] = upTo[i] + values[first + i * step];
  for (let i = 0; i < size; i++) {
    out[first + i * step] = upTo[Math.min(i + reach + 1, size)] - upTo[Math.max(i - reach, 0)];
  }
}
