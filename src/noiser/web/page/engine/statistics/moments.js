// Measure: what has to be known of a picture as a whole, as sums that add up.
//
// Values are whole multiples of 1/255 in [-1, 1], and every sum is an integer below 2^53: a
// double holds it exactly, so neither the cut nor the order of adding can change a bit.

import { clamp } from "../numbers.js";
import { createSurvey } from "./histograms.js";

/** Zeros on either side of a row, for products with what lies outside. */
const EDGE = 2;

/** Two sums of products ride in one double, 27 bits apart; so many products fit [pixels]. */
const SECOND = 2 ** 27;
const RUN = 1024;

/**
 * Measures a band, for both paddings in one pass; alpha is ignored.
 *
 * @param {{data: Uint8Array, width: number, height: number, first: number, top: number,
 *   bottom: number}} band RGBA bytes from row `first` of a picture of that size; rows from `top`
 *   to `bottom` are measured, and MEASURED_HALO more on either side are read
 * @returns {{zero: object, replicate: object}} the moments; those of disjoint bands add up
 */
export function measure(band, constants) {
  const { TAPS, PAIRS } = constants;
  const sums = { zero: new Float64Array(TAPS), extra: new Float64Array(TAPS) };
  const products = { zero: new Float64Array(PAIRS), extra: new Float64Array(PAIRS) };
  const dots = new Float64Array(3 * 9 * 5);
  const packed = new Float64Array(band.width + 2 * EDGE);
  const survey = createSurvey(band, constants);
  const rowAt = rowReader(band, constants);
  for (let r = band.top - 1; r <= band.bottom; r++) {
    const rows = [r, r + 1, r + 2].filter((y) => y <= band.bottom).map(rowAt);
    if (rows.length === 3) survey.add(r + 1, rows);
    multiply(rows, band.width, packed, dots);
    for (let k = 0; k < 3; k++) {
      if (r + 1 - k < band.top || r + 1 - k >= band.bottom) continue;
      addSums(rows[0], band.width, k, sums);
      for (let lag = 0; k + lag < 3; lag++) {
        addProducts(rows[0], rows[lag], band.width, k, lag, dots, products);
      }
    }
  }
  const shared = { count: band.width * (band.bottom - band.top), ...survey.found };
  return {
    zero: { padding: "zero", ...shared, sums: sums.zero, products: products.zero },
    replicate: {
      padding: "replicate",
      ...shared,
      sums: added(sums.zero, sums.extra),
      products: added(products.zero, products.extra),
    },
  };
}

/** Joins what `measure` found in two disjoint bands of a picture, exactly. */
export function add(one, other) {
  const [a, b] = [one.zero, other.zero];
  const shared = {
    count: a.count + b.count,
    tones: added(a.tones, b.tones),
    grain: added(a.grain, b.grain),
    grid: addedGrids(a.grid, b.grid),
  };
  const join = (padding) => ({
    padding,
    ...shared,
    sums: added(one[padding].sums, other[padding].sums),
    products: added(one[padding].products, other[padding].products),
  });
  return { zero: join("zero"), replicate: join("replicate") };
}

/** Mean of each value under the kernel: [27] in [-1, 1]. */
export function meanOf({ mean, sums, count }) {
  return mean ?? sums.map((total) => total / (count * 255));
}

/**
 * Covariance of the values under the kernel: [378], the upper triangle by rows.
 *
 * `(n P - s s') / n^2` in integers, so nothing cancels.
 */
export function covarianceOf({ covariance, sums, products, count }) {
  if (covariance) return covariance;
  const n = BigInt(count);
  const whole = Array.from(sums, BigInt);
  const divisor = Number((n * 255n) ** 2n);
  const upper = new Float64Array(products.length);
  for (let i = 0, at = 0; i < whole.length; i++) {
    for (let j = i; j < whole.length; j++, at++) {
      upper[at] = Number(n * BigInt(products[at]) - whole[i] * whole[j]) / divisor;
    }
  }
  return upper;
}

/** Gives a function that reads a row of the picture; it keeps the last three. */
function rowReader({ data, width, height, first }, { INTEGER_LUMA }) {
  const empty = () => new Float64Array(width + 2 * EDGE);
  const ring = [0, 1, 2].map(() => ({ colors: [empty(), empty(), empty()], luma: empty() }));
  return (y) => {
    const number = clamp(y, 0, height - 1);
    const row = ring[number % 3];
    if (row.number !== number) {
      row.number = number;
      row.luma.fill(0);
      const start = (number - first) * width * 4;
      row.totals = row.colors.map((color, c) =>
        readColor(data, start + c, width, color, INTEGER_LUMA[c], row.luma),
      );
      // Beside the picture the nearest pixel counts, whatever the padding.
      row.luma[EDGE - 1] = row.luma[EDGE];
      row.luma[EDGE + width] = row.luma[EDGE + width - 1];
    }
    return { ...row, outside: y !== number };
  };
}

/** Reads one colour of a row, gives its sum, and adds its part to luma. */
function readColor(data, start, width, color, weight, luma) {
  let total = 0;
  for (let x = EDGE, at = start; x < width + EDGE; x++, at += 4) {
    const value = 2 * data[at] - 255;
    color[x] = value;
    luma[x] += weight * value;
    total += value;
  }
  return total;
}

/**
 * Sums up products of a row with itself and the two below: `dots[lag][a][b][2 + j - i]` over
 * colour a at x + i and colour b of the lower row at x + j, where both are in the picture.
 */
function multiply([row, next, last], width, packed, dots) {
  dots.fill(0);
  const at = (lag, a, b) => ((lag * 3 + a) * 3 + b) * 5;
  // Of a row with itself these are all there are, but for the order.
  for (const [a, b] of [[0, 1], [1, 2], [2, 0]]) {
    pack(row.colors[a], row.colors[b], packed);
    addDots(row.colors[a], packed, width, dots, at(0, a, a), at(0, a, b));
  }
  for (let b = 0; b < 3 && next; b++) {
    pack(next.colors[b], last?.colors[b], packed);
    for (let a = 0; a < 3; a++) {
      addDots(row.colors[a], packed, width, dots, at(1, a, b), at(2, a, b));
    }
  }
  // Colours the other way round lie the other way round.
  for (const [a, b] of [[1, 0], [2, 1], [0, 2]]) {
    for (let lag = 0; lag < 5; lag++) dots[at(0, a, b) + lag] = dots[at(0, b, a) + 4 - lag];
  }
}

function pack(one, other, packed) {
  if (!other) return packed.set(one);
  for (let x = 0; x < packed.length; x++) packed[x] = one[x] + SECOND * other[x];
}

/** Adds the products of a row with two packed ones, up to two pixels to the left and right. */
function addDots(row, packed, width, dots, one, other) {
  for (let start = 0; start < width; start += RUN) {
    const end = Math.min(start + RUN, width);
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    let q0 = packed[start];
    let q1 = packed[start + 1];
    let q2 = packed[start + 2];
    let q3 = packed[start + 3];
    for (let x = start; x < end; x++) {
      const p = row[x + EDGE];
      const q4 = packed[x + 4];
      s0 += p * q0;
      s1 += p * q1;
      s2 += p * q2;
      s3 += p * q3;
      s4 += p * q4;
      q0 = q1;
      q1 = q2;
      q2 = q3;
      q3 = q4;
    }
    const sums = [s0, s1, s2, s3, s4];
    for (let i = 0; i < 5; i++) {
      const second = Math.round(sums[i] / SECOND);
      dots[one + i] += sums[i] - second * SECOND;
      dots[other + i] += second;
    }
  }
}

/** Adds a row's sums where it lies under row k of the kernel. */
function addSums({ colors, totals, outside }, width, k, { zero, extra }) {
  totals.forEach((total, a) => {
    const at = a * 9 + k * 3;
    const [first, last] = [colors[a][EDGE], colors[a][EDGE + width - 1]];
    const inside = outside ? extra : zero;
    inside[at] += total - last;
    inside[at + 1] += total;
    inside[at + 2] += total - first;
    extra[at] += first;
    extra[at + 2] += last;
  });
}

/**
 * Adds the products of a row under row k of the kernel with one under row k + lag.
 *
 * `dots` has all pairs within the picture. With zeros outside, one pair at an end drops out
 * where both colours are shifted alike; replicated borders add what pairs with them, and rows.
 */
function addProducts(row, other, width, k, lag, dots, { zero, extra }) {
  const inside = row.outside || other.outside ? extra : zero;
  const right = width - 1;
  for (let a = 0; a < 3; a++) {
    for (let b = 0; b < 3; b++) {
      const p = row.colors[a];
      const q = other.colors[b];
      const value = (x, i, j) =>
        p[EDGE + clamp(x + i - 1, 0, right)] * q[EDGE + clamp(x + j - 1, 0, right)];
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          // Within a row each pair comes once.
          if (lag === 0 && (j < i || (i === j && b < a))) continue;
          const at = place(a * 9 + k * 3 + i, b * 9 + (k + lag) * 3 + j);
          const [atLeft, atRight] = [i === 0 || j === 0, i === 2 || j === 2];
          inside[at] += dots[((lag * 3 + a) * 3 + b) * 5 + 2 + j - i];
          if (i === j && i !== 1) inside[at] -= i === 0 ? value(right, 1, 1) : value(0, 1, 1);
          if (atLeft) extra[at] += value(0, i, j);
          if (atRight && !(atLeft && width === 1)) extra[at] += value(right, i, j);
        }
      }
    }
  }
}

/** Finds a pair of taps in the upper triangle of 27 x 27. */
function place(i, j) {
  const [row, column] = i < j ? [i, j] : [j, i];
  return row * 27 - (row * (row + 1)) / 2 + column;
}

function added(one, other) {
  return one.map((value, i) => value + other[i]);
}

/** Adds up what lies in the same cell. */
function addedGrids(one, other) {
  const size = one.pixels.length / one.rows;
  const top = Math.min(one.top, other.top);
  const rows = Math.max(one.top + one.rows, other.top + other.rows) - top;
  const join = (name) => {
    const all = new Float64Array(rows * size);
    const start = (other.top - top) * size;
    all.set(one[name], (one.top - top) * size);
    other[name].forEach((value, i) => (all[start + i] += value));
    return all;
  };
  return { ...one, top, rows, pixels: join("pixels"), tones: join("tones") };
}
