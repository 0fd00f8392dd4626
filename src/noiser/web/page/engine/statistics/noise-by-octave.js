// Noise by octave: how noisy a picture is at each scale, read from the grain in its moments.

import { mix, rise, sum } from "../numbers.js";

/**
 * Finds the noise of a picture and of averages of its squares.
 *
 * @param grain as in the moments
 * @param {number} size what of a pixel in it counts for, in pixels
 * @returns `isPattern`, whether what looks like noise is a fine pattern; `calmest`, the deviation
 *   of the noise where the picture is calmest; and `noise`, that of each octave at NOISE_LEVELS,
 *   0 where nothing is known
 */
export function noiseOf(grain, size, constants) {
  const { OCTAVES, FEWEST, LEAST_NOISE, ROUNDING, NOISE_BELOW } = constants;
  const { WHITE_SHARE, WHITE_RISES, SHARE_OF_LEAST, MOST_LEFT, NOISE_FALLS, TEXTURE_RISES, FULL, EMPTY_RISES } = constants;
  const length = grain.length / OCTAVES;
  const [finest, ...coarse] = Array.from({ length: OCTAVES }, (_, n) =>
    grain.slice(n * length, (n + 1) * length),
  )
    .filter((bins, n) => !n || size * sum(bins) >= FEWEST)
    .map((bins) => octaveOf(bins, constants));
  const isPattern = NOISE_BELOW * finest.calmest > 1;
  const noise = Array.from({ length: OCTAVES }, () => LEAST_NOISE.map(() => 0));
  const least = (found, n) => found.map((d, i) => Math.max(d, SHARE_OF_LEAST[n] * LEAST_NOISE[i]));
  noise[0] = isPattern ? noise[0].fill(ROUNDING) : least(finest.byLevel, 0);
  let believed = 1;
  if (coarse.length) {
    const rises = coarse[0].calmest / Math.max(finest.calmest, 1e-9);
    believed -= WHITE_SHARE * (1 - rise(rises, ...WHITE_RISES));
  }
  for (let n = 0; n < coarse.length && !isPattern; n++) {
    const { calmest, byLevel } = coarse[n];
    const next = coarse[n + 1];
    let share = believed;
    if (next) {
      const rises = next.calmest / Math.max(calmest, 1e-9);
      const above = rise(rises, NOISE_FALLS, TEXTURE_RISES);
      share *= 1 - above;
      believed *= 1 - rise(calmest, ...FULL) * (1 - rise(rises, ...EMPTY_RISES)) * above;
    }
    const isPast = n && (!next || calmest <= coarse[n - 1].calmest);
    const most = (i) => (isPast ? MOST_LEFT * noise[n][i] : Infinity);
    noise[n + 1] = least(byLevel.map((d, i) => Math.min(share * d, most(i))), n + 1);
  }
  return { isPattern, calmest: Math.max(isPattern ? 0 : finest.calmest, ROUNDING), noise };
}

/** Reads the noise of one octave; a class with few pixels leans on the whole picture. */
function octaveOf(grain, constants) {
  const { GRAIN_BINS, TRUSTED_SHARE, EVENNESS } = constants;
  const classes = [];
  for (let start = 0; start < grain.length; start += GRAIN_BINS) {
    const bins = grain.slice(start, start + GRAIN_BINS);
    classes.push({ count: sum(bins), size: deviationOf(bins, constants) });
  }
  const total = sum(grain);
  const trusted = classes.filter(({ count }) => count >= TRUSTED_SHARE * total);
  // Black hides its noise below zero, so it is believed only where there is nothing else.
  const lit = trusted.filter((found) => found !== classes[0]);
  const calmest = Math.min(...(lit.length ? lit : trusted).map(({ size }) => size));
  const whole = sum(classes.map(({ count, size }) => count * size)) / total;
  const byLevel = classes.map(({ count, size }) =>
    Math.min(mix(whole, size, count / (count + 0.01 * total)), EVENNESS * calmest),
  );
  byLevel[0] = Math.max(byLevel[0], calmest);
  return { calmest, byLevel };
}

/** Reads the noise's deviation from a histogram of grain, luma in [0, 1]; 0 if it is empty. */
function deviationOf(counts, constants) {
  const { SHARE_OF_GRAIN, BEYOND_FLAT, MOST_FLAT, MOST_HIDDEN, LAPLACIAN_GAIN } = constants;
  const total = sum(counts);
  if (!total) return 0;
  const by = (share) =>
    quantileOf(counts, share * total, constants) / (LAPLACIAN_GAIN * normal(share, constants));
  const found = by(SHARE_OF_GRAIN);
  const flat = counts[0] / total;
  if (flat + BEYOND_FLAT <= SHARE_OF_GRAIN || flat >= MOST_FLAT) return found;
  return Math.max(found, Math.min(by(flat + BEYOND_FLAT), MOST_HIDDEN));
}

/** Finds a quantile of a histogram of grain, luma in [0, 1]. */
function quantileOf(counts, wanted, { GRAIN_STEP }) {
  // Lower edge of a bin: four an octave, evenly spaced within it.
  const edge = (index) => GRAIN_STEP * (2 ** Math.floor(index / 4) * (1 + (index % 4) / 4) - 1);
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (count && below + count >= wanted) {
      return mix(edge(index), edge(index + 1), (wanted - below) / count) / (256 * 255);
    }
    below += count;
  }
  return 0;
}

/** Gives a quantile of the size of a standard normal number. */
function normal(share, { NORMAL_QUANTILES }) {
  const low = Math.min(Math.trunc(share * 10), NORMAL_QUANTILES.length - 2);
  return mix(NORMAL_QUANTILES[low], NORMAL_QUANTILES[low + 1], share * 10 - low);
}
