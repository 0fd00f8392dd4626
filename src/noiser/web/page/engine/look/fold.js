// Fold: moments and weights become one local filter; the normalization is gone.

import { covarianceOf, meanOf } from "../statistics/moments.js";
import { luma, mix, rint } from "../numbers.js";

/**
 * Puts the picture's statistics into the network's weights.
 *
 * @param network from `networkOf`
 * @param moments of the picture
 * @param {{eps: number, noiseFloor: number, chroma: number}} how `noiseFloor` is a deviation
 *   [share of the full range], `chroma` the share of it that passes through, in [0, 1]
 * @returns the filter `tanh(second * GELU(first * (x - center)))`, x in [-1, 1]
 */
export function fold(network, moments, { eps, noiseFloor, chroma }, constants) {
  const { TAPS } = constants;
  const mean = meanOf(moments);
  const covariance = covarianceOf(moments);
  const center = [0, 1, 2].map((color) => rint(mean[color * 9 + 4] * 255));
  const { first, second, bias } = weightsFor(network, chroma, constants);
  const firstBias = new Float64Array(network.hidden);
  for (let k = 0; k < network.hidden; k++) {
    const kernel = first.subarray(k * TAPS, (k + 1) * TAPS);
    const scale = inverseDeviation(kernel, covariance, eps, noiseFloor);
    kernel.forEach((weight, tap) => {
      firstBias[k] -= weight * scale * (mean[tap] - center[Math.floor(tap / 9)] / 255);
      kernel[tap] = weight * scale;
    });
  }
  return {
    padding: moments.padding,
    center,
    firstWeight: first,
    firstBias,
    secondWeight: second,
    secondBias: bias,
    chroma,
  };
}

/** Turns contrast and brightness: the tanh of `contrast * z + shift` in that of `z`'s place. */
export function turned(folded, contrast, shift) {
  return {
    ...folded,
    secondWeight: folded.secondWeight.map((weight) => weight * contrast),
    secondBias: folded.secondBias.map((bias) => bias * contrast + shift),
  };
}

/** How many colours differ, of those that go in and of those that come out: 3, or luma alone. */
export const colorsOf = (folded) => (folded.chroma ? 3 : 1);

/** Adds up a hidden channel's kernels of red, green and blue: that of their luma, where it is one. */
export function grayKernel(firstWeight, k) {
  const [red, green, blue] = [0, 9, 18].map((at) => firstWeight.subarray(k * 27 + at));
  return Float64Array.from({ length: 9 }, (_, tap) => red[tap] + green[tap] + blue[tap]);
}

/**
 * Puts the fading of chroma, before the network and after it, into copies of its weights.
 *
 * Chroma is what a colour differs from its luma by; fading it is linear, so it costs nothing.
 */
export function weightsFor(network, chroma, { LUMA, TAPS }) {
  const first = network.firstWeight.slice();
  const second = network.secondWeight.slice();
  const bias = network.secondBias.slice();
  for (let start = 0; start < first.length; start += TAPS) {
    for (let tap = start; tap < start + 9; tap++) {
      const ofGray = first[tap] + first[tap + 9] + first[tap + 18];
      for (let color = 0; color < 3; color++) {
        const at = tap + 9 * color;
        first[at] = mix(LUMA[color] * ofGray, first[at], chroma);
      }
    }
  }
  for (const values of [second, bias]) fadeColors(values, chroma, LUMA);
  return { first, second, bias };
}

/** Brings red, green and blue, a third of the values each, nearer to their luma. */
function fadeColors(values, chroma, weights) {
  const third = values.length / 3;
  for (let i = 0; i < third; i++) {
    const gray = luma(weights, values[i], values[i + third], values[i + 2 * third]);
    for (let at = i; at < values.length; at += third) {
      values[at] = mix(gray, values[at], chroma);
    }
  }
}

/** Computes what instance normalization multiplies a hidden channel by. */
function inverseDeviation(kernel, covariance, eps, noiseFloor) {
  let variance = 0;
  let square = 0;
  for (let i = 0, at = 0; i < kernel.length; i++) {
    square += kernel[i] * kernel[i];
    // Off the diagonal each term stands for two that are equal.
    variance += kernel[i] * kernel[i] * covariance[at++];
    for (let j = i + 1; j < kernel.length; j++) {
      variance += 2 * kernel[i] * kernel[j] * covariance[at++];
    }
  }
  return 1 / Math.sqrt(Math.max(variance, 0) + eps + (2 * noiseFloor) ** 2 * square);
}
