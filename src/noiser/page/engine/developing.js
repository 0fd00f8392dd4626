// Develop: from a picture's light and a look's knobs to the numbers a renderer works with.

import { exposureOf } from "./exposure.js";
import { fold, turned, weightsFor } from "./folding.js";
import { lightOf } from "./light.js";
import { windowOf } from "./locality.js";
import { meanOf } from "./moments.js";
import { luma, steady } from "./numbers.js";

const NEUTRAL = {
  develops: false,
  strength: 1,
  color: 0,
  cast: [0, 0],
  highlights: 0,
  denoise: 0,
  fine: 0,
  medium: 0,
  black: 0,
  chromaFloor: 1,
  detailFloor: 1,
};

/**
 * Puts a picture's statistics and a look into the numbers a renderer works with.
 *
 * @param network from `networkOf`
 * @param moments of the picture, or of a film, smoothed
 * @param look padding and knobs, by their names in Python
 * @param constants of the Python modules, by name
 * @returns {{folded: object, development: object}} the local filter, and what else to do
 */
export function develop(network, moments, look, constants) {
  const { black, highlights, color, detail, denoise } = look;
  const develops = [black, highlights, color, detail, denoise].some(Boolean);
  const window = look.local > 0 ? windowOf(moments, look.local, constants) : null;
  if (develops || look.auto > 0 || look.restraint > 0) {
    return developByLight(network, moments, look, { develops, window }, constants);
  }
  const how = { eps: look.eps, noiseFloor: look.noise_floor, chroma: 1 };
  const plain = fold(network, moments, how, constants);
  const development = completed({ strength: look.strength, window }, constants);
  return { folded: turned(plain, look.contrast, Math.atanh(look.brightness)), development };
}

function developByLight(network, moments, look, known, constants) {
  const { FLOOR, OWN_COLORS, FINE, MEDIUM, CHROMA_FLOOR, DETAIL_FLOOR } = constants;
  const light = lightOf(moments, constants);
  const noiseFloor = Math.hypot(look.noise_floor, look.auto * FLOOR * light.scale);
  const chroma = Math.max(1 - look.color / OWN_COLORS, 0);
  const plain = fold(network, moments, { eps: look.eps, noiseFloor, chroma }, constants);
  const contrast = look.contrast * calibration(network, chroma, constants) ** look.auto;
  const exposure = exposureOf(plain, light, look, contrast, constants);
  const shift = Math.atanh(look.brightness) + look.auto * exposure.shift;
  const black = look.black * exposure.black;
  const development = {
    ...known,
    strength: look.strength * (1 - look.restraint * (1 - light.need)),
    color: 1 - chroma,
    cast: castOf(moments, 1 - look.color, constants),
    highlights: look.highlights,
    denoise: look.denoise,
    fine: FINE * look.detail,
    medium: MEDIUM * look.detail,
    black,
    chromaFloor: CHROMA_FLOOR * light.scale,
    detailFloor: DETAIL_FLOOR * light.scale,
    noise: exposure.visibleNoise(shift, black),
  };
  return { folded: turned(plain, contrast, shift), development: completed(development, constants) };
}

/** Adds what is neutral, and the changes of the slope of `noise` at each of its levels. */
function completed(development, { NOISE_LEVELS }) {
  const noise = development.noise ?? NOISE_LEVELS.map(() => 0);
  const rises = NOISE_LEVELS.slice(1).map(
    (level, i) => (noise[i + 1] - noise[i]) / (level - NOISE_LEVELS[i]),
  );
  const noiseSlopes = [...rises, 0].map((rise, i) => rise - (rises[i - 1] ?? 0));
  return { ...NEUTRAL, ...development, noise, noiseSlopes };
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
    const floor = (2 * FLOOR) ** 2 * square;
    const hidden = floor > 0 ? gray / Math.sqrt(gray * gray + floor) : 0;
    for (let at = k * 9; at < (k + 1) * 9; at++) {
      answer += hidden * luma(LUMA, second[at], second[at + third], second[at + 2 * third]);
    }
  }
  // GELU(x) - GELU(-x) = x
  const slope = answer / (4 * SPREAD);
  if (slope <= 0) return 1; // more light makes it darker: there is nothing to calibrate
  return steady(Math.min(RESPONSE / slope, MOST_CONTRAST));
}
