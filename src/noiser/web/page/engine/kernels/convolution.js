// The folded network on planes: `tanh(second * GELU(first * (x - center)))`.

import { colorsOf, grayKernel } from "../look/fold.js";
import { gelu } from "../network.js";
import { clamp, luma, mix } from "../numbers.js";

/** The activation between its knots is a line: wrong by 2e-6 at most. */
const REACH = 6;
const KNOTS = 256;
const ACTIVE = Float64Array.from({ length: 2 * REACH * KNOTS + 2 }, (_, i) =>
  gelu(i / KNOTS - REACH),
);

/**
 * Computes both convolutions.
 *
 * @param {Float64Array[]} seen three planes in [0, 1], or luma alone where nothing else passes
 *   through: the tile and two pixels more on every side
 * @param {{width: number, height: number}} picture its size, for what lies outside
 * @param tile of the picture
 * @param folded the filter
 * @param {Float64Array} lift of each pixel of the tile, added before the tanh
 * @returns {Float64Array[]} red, green and blue of the tile in [0, 1]
 */
export function filtered(seen, picture, tile, folded, lift, weights) {
  const colors = colorsOf(folded);
  const { center, firstWeight, firstBias, secondWeight, secondBias } = folded;
  const centers = colors === 3 ? center : [luma(weights, ...center)];
  const signed = seen.map((plane, c) => centered(plane, centers[c] / 255));
  const inner = { x: tile.x - 1, y: tile.y - 1, width: tile.width + 2, height: tile.height + 2 };
  const hidden = Array.from(firstBias, (bias, k) => {
    const plane = new Float64Array(inner.width * inner.height).fill(bias);
    signed.forEach((values, c) => {
      const kernel = firstWeight.subarray(k * 27 + c * 9, k * 27 + c * 9 + 9);
      correlate(values, colors === 3 ? kernel : grayKernel(firstWeight, k), plane, inner);
    });
    activate(plane);
    surround(plane, inner, picture, folded.padding);
    return plane;
  });
  const [red, green = red, blue = red] = Array.from({ length: colors }, (_, c) => {
    const plane = lift.map((value) => value + secondBias[c]);
    hidden.forEach((values, k) => {
      const start = (c * hidden.length + k) * 9;
      correlate(values, secondWeight.subarray(start, start + 9), plane, tile);
    });
    return squashed(plane);
  });
  return [red, green, blue];
}

/** Adds the correlation with a 3x3 kernel; `values` has a pixel more on every side. */
function correlate(values, kernel, out, { width, height }) {
  const [a, b, c, d, e, f, g, h, i] = kernel;
  const pitch = width + 2;
  for (let y = 0, to = 0; y < height; y++) {
    let upper = y * pitch;
    let middle = upper + pitch;
    let lower = middle + pitch;
    // Each value is read once, and handed on to the left.
    let u0 = values[upper++];
    let u1 = values[upper++];
    let m0 = values[middle++];
    let m1 = values[middle++];
    let l0 = values[lower++];
    let l1 = values[lower++];
    for (const end = to + width; to < end; to++) {
      const u2 = values[upper++];
      const m2 = values[middle++];
      const l2 = values[lower++];
      const above = a * u0 + b * u1 + c * u2;
      const at = d * m0 + e * m1 + f * m2;
      out[to] += above + at + (g * l0 + h * l1 + i * l2);
      u0 = u1;
      u1 = u2;
      m0 = m1;
      m1 = m2;
      l0 = l1;
      l1 = l2;
    }
  }
}

function centered(plane, center) {
  const out = new Float64Array(plane.length);
  for (let i = 0; i < plane.length; i++) out[i] = 2 * plane[i] - 1 - center;
  return out;
}

/** The tanh, from [-1, 1] to [0, 1]. */
function squashed(plane) {
  for (let i = 0; i < plane.length; i++) plane[i] = 1 / (1 + Math.exp(-2 * plane[i]));
  return plane;
}

function activate(plane) {
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i];
    const at = (value + REACH) * KNOTS;
    if (at <= 0) {
      plane[i] = 0;
    } else if (value < REACH) {
      const knot = Math.trunc(at);
      plane[i] = mix(ACTIVE[knot], ACTIVE[knot + 1], at - knot);
    }
  }
}

/** Sets what the second convolution sees outside the picture. */
function surround(plane, { x, y, width, height }, picture, padding) {
  const nearest = (at, first, size) => clamp(at + first, 0, size - 1) - first;
  for (let row = 0, i = 0; row < height; row++) {
    const from = nearest(row, y, picture.height);
    for (let column = 0; column < width; column++, i++) {
      const at = from * width + nearest(column, x, picture.width);
      if (at !== i) plane[i] = padding === "zero" ? 0 : plane[at];
    }
  }
}
