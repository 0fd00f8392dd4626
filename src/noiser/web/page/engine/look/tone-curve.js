// Exposure: brightness and black point of a picture, found before a pixel is rendered.
//
// After the fold the network is a local filter, and what it makes of flat gray is a tone curve.
// With the histogram of the picture's luma it tells the mean of the result.

import { colorsOf } from "./fold.js";
import { gelu } from "../network.js";
import { clamp, steady } from "../numbers.js";

/**
 * Finds brightness and black point from the folded network's tone curve.
 *
 * @returns `shift`, added before the tanh for the wanted mean; `black`, luma that is darkened to
 *   a half; `visibleNoise(shift, black)`, the variance of noise to take away at NOISE_LEVELS
 */
export function exposureOf(plain, light, look, contrast, constants) {
  const darkest = light.quantile(0.02);
  const knots = constants.NOISE_LEVELS.map((level) => Math.max(level, 2 / 255));
  const lumas = Float64Array.from([...light.levels, darkest, ...knots]);
  const beforeTanh = grayResponse(plain, lumas).map((plane) => plane.map((z) => contrast * z));
  const curve = { lumas, darkest, beforeTanh, highlights: look.highlights, light, constants };
  const shift = steady(shiftFor(curve));
  return {
    shift,
    black: steady(blackFor(curve, brightened(curve, shift))),
    visibleNoise: (...chosen) => visibleNoise(curve, ...chosen),
  };
}

/** Computes luma before the black point, for each of the curve's. */
function brightened({ lumas, beforeTanh, highlights, constants }, shift) {
  const weights = beforeTanh.length === 3 ? constants.LUMA : [1];
  return lumas.map((level, i) => {
    let bright = 0;
    for (let c = 0; c < weights.length; c++) {
      bright += (weights[c] * (Math.tanh(beforeTanh[c][i] + shift) + 1)) / 2;
    }
    const missing = Math.max(1 - bright, 0);
    return 1 - Math.sqrt(missing * (missing + highlights * (1 - level - missing)));
  });
}

/** Darkens by the black point. */
function blackened({ lumas, constants: { TINY } }, bright, black) {
  return lumas.map((level, i) => {
    const square = level * level;
    return (bright[i] * (square * (1 + black * black) + TINY)) / (square + black * black + TINY);
  });
}

/** Finds the shift that gives the wanted mean, each with its own black point. */
function shiftFor(curve) {
  const { BRIGHTEST, NIGHT, MIDDLE, CALM, LARGEST_SHIFT, SECTIONS, TINY } = curve.constants;
  const { mean, shares, quantile, overExposure } = curve.light;
  const brightest = Math.max(quantile(0.99), mean, TINY);
  const ceiling = MIDDLE + (CALM - MIDDLE) * clamp((mean - 0.25) / 0.3, 0, 1);
  const wanted = Math.max(
    Math.min(BRIGHTEST * (mean / brightest) ** NIGHT, ceiling),
    (1 - overExposure) * mean,
  );
  const meanAt = (shift) => {
    const bright = brightened(curve, shift);
    const found = blackened(curve, bright, blackFor(curve, bright));
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
function blackFor({ darkest, light, constants }, bright) {
  const { BLACK_SHARE, MOST_BLACK, BLACKEST, BLACK_ENDS, BLACK_RISE, TINY } = constants;
  const wanted = BLACKEST + BLACK_RISE * Math.max(darkest - BLACK_ENDS, 0);
  const share = wanted / Math.max(bright[light.levels.length], TINY);
  // share = l^2 (1 + k^2) / (l^2 + k^2), solved for k
  const square = Math.max(1 - share, 0) / Math.max(share - darkest * darkest, TINY);
  return clamp(darkest * Math.sqrt(square), BLACK_SHARE * light.scale, MOST_BLACK * light.scale);
}

/** Computes the variance of noise to take away: what would be seen in the result. */
function visibleNoise(curve, shift, black) {
  const { SEEN } = curve.constants;
  const { lumas, light } = curve;
  const result = blackened(curve, brightened(curve, shift), black);
  const first = lumas.length - light.noise.length;
  return light.noise.map((noise, i) => {
    const gain = Math.max(result[first + i] / lumas[first + i], 1e-3);
    return steady(Math.max(noise * noise - (SEEN / gain) ** 2, 0));
  });
}

/** Computes what the folded network makes of flat gray, before the tanh, colour by colour. */
function grayResponse(plain, levels) {
  const hidden = plain.firstBias.length;
  const byTaps = (weights, start) =>
    weights.subarray(start, start + 9).reduce((total, weight) => total + weight, 0);
  const active = Array.from(plain.firstBias, (bias, k) =>
    levels.map((level) => {
      let total = bias;
      for (let color = 0; color < 3; color++) {
        const weight = byTaps(plain.firstWeight, k * 27 + color * 9);
        total += weight * (2 * level - 1 - plain.center[color] / 255);
      }
      return gelu(total);
    }),
  );
  return Array.from({ length: colorsOf(plain) }, (_, color) => {
    const weights = active.map((_, k) => byTaps(plain.secondWeight, (color * hidden + k) * 9));
    return levels.map((_, i) =>
      active.reduce((total, plane, k) => total + weights[k] * plane[i], plain.secondBias[color]),
    );
  });
}
