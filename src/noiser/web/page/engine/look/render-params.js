// Develop: from a picture's light and a look's knobs to the numbers a renderer works with.

import { curveAt, exposureOf, visibleNoise } from "./tone-curve.js";
import { fold, turned, weightsFor } from "./fold.js";
import { localLight } from "./local-light.js";
import { lightOf } from "../statistics/luma-and-noise.js";
import { meanOf } from "../statistics/moments.js";
import { luma, steady } from "../numbers.js";

/**
 * Puts a picture's statistics and a look into the numbers a renderer works with.
 *
 * Python leaves out what neutral knobs make neutral; here they are multiplied by their zeros.
 *
 * @param network from `networkOf`
 * @param moments of the picture, or of a film, smoothed
 * @param look padding and knobs, by their names in Python
 * @param constants of the Python modules, by name
 * @returns {{folded: object, adjustments: object}} the local filter, and what else to do
 */
export function develop(network, moments, look, constants) {
  const { FLOOR, OWN_COLORS, FINE, MEDIUM, CHROMA_FLOOR, DETAIL_FLOOR, NOISE_LEVELS, BACKLIT_COLOR } = constants;
  const { highlights, color, detail, denoise, auto, local } = look;
  const light = lightOf(moments, constants);
  const noiseFloor = Math.hypot(look.noise_floor, auto * FLOOR * light.scale);
  const chroma = Math.max(1 - color / OWN_COLORS, 0);
  const plain = fold(network, moments, { eps: look.eps, noiseFloor, chroma }, constants);
  const contrast = look.contrast * calibration(network, chroma, constants) ** auto;
  const curveOf = (lumas) => curveAt(lumas, plain, contrast, highlights, constants);
  const found = exposureOf(curveOf, light, constants);
  const shift = Math.atanh(look.brightness) + auto * found.shift;
  const black = look.black * found.black;
  const exposure = { shift, black };
  const share = 1 - look.restraint * (1 - light.need);
  const amount = light.isPattern ? 0 : local;
  const lifted = localLight(moments.grid, curveOf, exposure, share, amount, light, constants);
  const lifts = NOISE_LEVELS.map(lifted.liftOf);
  const noise = visibleNoise(curveOf, light, exposure, lifts, constants);
  const adjustments = {
    develops: [look.black, highlights, color, detail, denoise, local].some(Boolean),
    strength: look.strength * lifted.share,
    color: 1 - chroma,
    cast: castOf(moments, (1 - color) * light.singleIlluminant, constants),
    highlights,
    denoise,
    fine: FINE * detail,
    medium: MEDIUM * detail,
    black,
    chromaFloor: CHROMA_FLOOR * light.scale * (1 - BACKLIT_COLOR * lifted.backlit),
    detailFloor: DETAIL_FLOOR * light.scale,
    noise,
    noiseSlopes: noise.map((octave) => slopeChanges(octave, constants)),
    octaves: denoise && 1 + noise.map((octave) => octave.some(Boolean)).lastIndexOf(true),
    lift: lifted.lift,
  };
  return { folded: turned(plain, contrast, shift), adjustments };
}

/** Computes how the slope of `noise` changes at each of its levels; it is level at the end. */
function slopeChanges(noise, { NOISE_LEVELS }) {
  const slopes = noise.map((value, i) =>
    i + 1 < noise.length ? (noise[i + 1] - value) / (NOISE_LEVELS[i + 1] - NOISE_LEVELS[i]) : 0,
  );
  return slopes.map((slope, i) => slope - (slopes[i - 1] ?? 0));
}

/** Computes a share of the picture's tint: of what keeps its mean from gray (Buchsbaum 1980). */
function castOf(moments, share, { LUMA, TINY }) {
  const mean = meanOf(moments);
  const colors = [0, 1, 2].map((color) => (mean[color * 9 + 4] + 1) / 2);
  const gray = luma(LUMA, ...colors);
  return [colors[0], colors[2]].map((c) => steady((share * (c - gray)) / Math.max(gray, TINY)));
}

/**
 * Computes the contrast at which every network answers a picture alike: the answer to gray that
 * deviates by SPREAD from the mean is compared with RESPONSE.
 */
function calibration(network, chroma, constants) {
  const { SPREAD, FLOOR, RESPONSE, MOST_CONTRAST, LUMA, TAPS } = constants;
  const { first, second } = weightsFor(network, chroma, constants);
  const third = second.length / 3;
  let answer = 0;
  for (let k = 0; k < network.hidden; k++) {
    const kernel = first.subarray(k * TAPS, (k + 1) * TAPS);
    const gray = 2 * SPREAD * kernel.reduce((total, weight) => total + weight, 0);
    const square = kernel.reduce((total, weight) => total + weight * weight, 0);
    // A dead channel answers nothing: 0 / 1.
    const hidden = gray / Math.sqrt(gray * gray + (2 * FLOOR) ** 2 * square || 1);
    for (let at = k * 9; at < (k + 1) * 9; at++) {
      answer += hidden * luma(LUMA, second[at], second[at + third], second[at + 2 * third]);
    }
  }
  // Where more light makes it darker there is nothing to calibrate.
  if (answer <= 0) return 1;
  // GELU(x) - GELU(-x) = x
  return steady(Math.min((RESPONSE * 4 * SPREAD) / answer, MOST_CONTRAST));
}
