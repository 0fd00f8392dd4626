// Light: what a look has to know of a picture, read from the histograms in its moments.

import { mix, rise, sum } from "../numbers.js";
import { noiseOf } from "./noise-by-octave.js";

/**
 * How a picture's light is spread, and how noisy it is.
 *
 * `levels` and `shares` are luma in [0, 1] of the tones that occur and their shares of the
 * pixels; `mean` the mean luma; `need` how much of the effect the picture needs, from 0.1 to 1;
 * `overExposure` how far it is over-exposed; `singleIlluminant` whether one light falls on all;
 * `isPattern`, `calmest` and `noise` how noisy it is, as `noiseOf` gives it; `scale` the picture's
 * own unit of luma; `quantile(share)` the luma below which a share lies.
 */
export function lightOf(moments, constants) {
  const { levels, shares } = spreadOf(moments.tones, constants);
  const mean = meanBy(levels, shares, (level) => level);
  const noise = noiseOf(moments.grain, moments.size ?? 1, constants);
  const { NEEDY, SATED, LEAST_NEED, ONE_LIGHT, MANY_LIGHTS, WHITE_TONE } = constants;
  const { SOME_WHITE, MUCH_WHITE, SOME_DARK, NO_DARK } = constants;
  const quantile = (share) => quantileOf(moments.tones, share, constants);
  const dark = meanBy(levels, shares, Math.sqrt) ** 2;
  const white = sum(moments.tones.slice(WHITE_TONE)) / sum(moments.tones);
  const overExposure =
    !noise.isPattern &&
    rise(white, SOME_WHITE, MUCH_WHITE) * rise(quantile(0.02), SOME_DARK, NO_DARK);
  return {
    levels,
    shares,
    mean,
    need: mix(LEAST_NEED, 1, Math.max(1 - rise(dark, NEEDY, SATED), overExposure)),
    overExposure,
    singleIlluminant: 1 - rise(quantile(0.99), ONE_LIGHT * mean, MANY_LIGHTS * mean),
    ...noise,
    scale: Math.max(mean, constants.NOISE_BELOW * noise.calmest),
    quantile,
  };
}

/** Gives luma and share of the tones that occur, neighbours joined where they are many. */
function spreadOf(tones, { TONES, MOST_LEVELS }) {
  const occurring = [...tones.keys()].filter((tone) => tones[tone] > 0);
  const total = sum(tones);
  const step = Math.ceil(occurring.length / MOST_LEVELS);
  const levels = [];
  const shares = [];
  for (let start = 0; start < occurring.length; start += step) {
    const joined = occurring.slice(start, start + step);
    const share = sum(joined.map((tone) => tones[tone] / total));
    const lights = joined.map(
      (tone) => (tones[tone] / total) * Math.min((tone + 0.5) / (TONES - 1), 1),
    );
    levels.push(sum(lights) / share);
    shares.push(share);
  }
  return { levels, shares };
}

function meanBy(levels, shares, curve) {
  return sum(levels.map((level, i) => shares[i] * curve(level)));
}

/** Finds the luma below which a share of the pixels lies, linear within a tone. */
function quantileOf(tones, share, { TONES }) {
  const wanted = share * sum(tones);
  let below = 0;
  let tone = 0;
  // An empty tone has no place.
  while (tones[tone] === 0 || below + tones[tone] < wanted) below += tones[tone++];
  return Math.min((tone + (wanted - below) / tones[tone]) / (TONES - 1), 1);
}
