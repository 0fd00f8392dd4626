// Tone curve: what a look makes of flat gray; and exposure, which is found by it.
//
// After the fold the network is a local filter, and flat gray goes through it as through a curve.
// With the histogram of the picture's luma it tells the mean of the result, before a pixel is
// rendered.

import { colorsOf } from "./fold.js";
import { gelu } from "../network.js";
import { clamp, mix, steady } from "../numbers.js";

/** Gives the tone curve at these lumas, for the formulas of the kernels below. */
export function curveAt(lumas, plain, contrast, highlights, constants) {
  const beforeTanh = grayResponse(plain, lumas).map((plane) => plane.map((z) => contrast * z));
  return { lumas, beforeTanh, highlights, constants };
}

/** Computes luma before the black point; `lifts` by luma are added to the shift. */
export function brightened({ lumas, beforeTanh, highlights, constants }, shift, lifts = []) {
  const weights = beforeTanh.length === 3 ? constants.LUMA : [1];
  return lumas.map((level, i) => {
    let bright = 0;
    for (let c = 0; c < weights.length; c++) {
      bright += (weights[c] * (Math.tanh(beforeTanh[c][i] + shift + (lifts[i] ?? 0)) + 1)) / 2;
    }
    const missing = Math.max(1 - bright, 0);
    return 1 - Math.sqrt(missing * (missing + highlights * (1 - level - missing)));
  });
}

/** Darkens by the black point. */
export function blackened({ lumas, constants }, bright, black) {
  return lumas.map((level, i) => bright[i] * shareLeft(level, black, constants));
}

/** Computes what must stand before the tanh for the lumas to come out as `result`. */
export function inverse({ lumas, highlights, constants }, result, black) {
  const { TINY, LEAST_MISSING } = constants;
  return lumas.map((level, i) => {
    const most = Math.max(shareLeft(level, black, constants), TINY);
    const square = (1 - clamp(result[i] / most, 0, 1)) ** 2;
    const own = highlights * (1 - level);
    // square = missing ((1 - highlights) missing + own)
    const both = own + Math.sqrt(own * own + 4 * (1 - highlights) * square);
    const missing = (2 * square) / Math.max(both, TINY);
    return Math.atanh(1 - 2 * clamp(missing, LEAST_MISSING, 1 - LEAST_MISSING));
  });
}

/** Computes the share of white that the black point leaves of a luma. */
function shareLeft(level, black, { TINY }) {
  const square = level * level;
  return (square * (1 + black * black) + TINY) / (square + black * black + TINY);
}

/**
 * Finds brightness and black point from the folded network's tone curve.
 *
 * @param {(lumas: Float64Array) => object} curveOf gives the curve at lumas
 * @returns `shift`, added before the tanh for the wanted mean; `black`, luma that is darkened to
 *   a half
 */
export function exposureOf(curveOf, light, constants) {
  const darkest = light.quantile(0.02);
  const curve = { ...curveOf(Float64Array.from([...light.levels, darkest])), darkest, light };
  const shift = steady(shiftFor(curve, constants));
  return { shift, black: steady(blackFor(curve, brightened(curve, shift), constants)) };
}

/** Finds the shift that gives the wanted mean, each with its own black point. */
function shiftFor(curve, constants) {
  const { BRIGHTEST, NIGHT, MIDDLE, CALM, LARGEST_SHIFT, SECTIONS, TINY } = constants;
  const { mean, shares, quantile, overExposure } = curve.light;
  const brightest = Math.max(quantile(0.99), mean, TINY);
  const ceiling = mix(MIDDLE, CALM, clamp((mean - 0.25) / 0.3, 0, 1));
  const wanted = Math.max(
    Math.min(BRIGHTEST * (mean / brightest) ** NIGHT, ceiling),
    (1 - overExposure) * mean,
  );
  const meanAt = (shift) => {
    const bright = brightened(curve, shift);
    const found = blackened(curve, bright, blackFor(curve, bright, constants));
    return shares.reduce((total, share, i) => total + share * found[i], 0);
  };
  let low = -LARGEST_SHIFT;
  let width = 2 * LARGEST_SHIFT;
  // To 1e-5, a hundredth of an 8-bit level at most: SECTIONS four times over, by halves.
  for (const least = width / SECTIONS ** 4; width > least; ) {
    width /= 2;
    if (meanAt(low + width) < wanted) low += width;
  }
  return low + width / 2;
}

/** Finds the black point that sends the darkest fiftieth where it belongs. */
function blackFor({ darkest, light }, bright, constants) {
  const { BLACK_SHARE, MOST_BLACK, BLACKEST, BLACK_ENDS, BLACK_RISE, TINY } = constants;
  const wanted = BLACKEST + BLACK_RISE * Math.max(darkest - BLACK_ENDS, 0);
  const share = wanted / Math.max(bright[light.levels.length], TINY);
  // share = l^2 (1 + k^2) / (l^2 + k^2), solved for k
  const square = Math.max(1 - share, 0) / Math.max(share - darkest * darkest, TINY);
  return clamp(darkest * Math.sqrt(square), BLACK_SHARE * light.scale, MOST_BLACK * light.scale);
}

/**
 * Computes the variance of noise to take away, by octave and NOISE_LEVELS: what would be seen.
 *
 * @param {number[]} lifts what is added for flat parts of these levels
 */
export function visibleNoise(curveOf, light, { shift, black }, lifts, { NOISE_LEVELS, SEEN }) {
  const lumas = Float64Array.from(NOISE_LEVELS, (level) => Math.max(level, 2 / 255));
  const curve = curveOf(lumas);
  const result = blackened(curve, brightened(curve, shift, lifts), black);
  const hidden = lumas.map((luma, i) => (SEEN / Math.max(result[i] / luma, 1e-3)) ** 2);
  return light.noise.map((octave) =>
    octave.map((noise, i) => steady(Math.max(noise * noise - hidden[i], 0))),
  );
}

/** Computes what the folded network makes of flat gray, before the tanh, colour by colour. */
function grayResponse(plain, levels) {
  const hidden = plain.firstBias.length;
  const byTaps = (weights, start) =>
    weights.subarray(start, start + 9).reduce((total, weight) => total + weight, 0);
  const active = Array.from(plain.firstBias, (bias, k) => {
    const weights = [0, 9, 18].map((at) => byTaps(plain.firstWeight, k * 27 + at));
    return levels.map((level) => {
      const add = (total, weight, c) => total + weight * (2 * level - 1 - plain.center[c] / 255);
      return gelu(weights.reduce(add, bias));
    });
  });
  return Array.from({ length: colorsOf(plain) }, (_, color) => {
    const weights = active.map((_, k) => byTaps(plain.secondWeight, (color * hidden + k) * 9));
    return levels.map((_, i) =>
      active.reduce((total, plane, k) => total + weights[k] * plane[i], plain.secondBias[color]),
    );
  });
}
