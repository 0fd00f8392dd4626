// Smoothing: the moments of a video over time, so that its look does not flicker.

import { covarianceOf, meanOf } from "./moments.js";
import { sum } from "./numbers.js";

/** How far the tones of two frames lie apart at a cut, at least [means]. */
const CUT = 0.25;

/** What is darker than this counts as this [luma in [0, 1]]. */
const DARKEST = 4 / 255;

/** Shares of tones below this have faded. */
const FADED = 1e-7;

/**
 * Smooths moments exponentially; at a cut, or where time goes back, the new ones hold at once.
 *
 * @param {number} seconds in which the share of what was before falls to 1/e
 * @returns `add(measured, time)` takes a frame's moments and its time [seconds]; `measured` is
 *   the smoothed ones, or undefined before the first
 */
export function createSmoothing(seconds) {
  let frame;
  let smoothed;
  let before;
  return {
    get measured() {
      return smoothed;
    },
    add(measured, time) {
      const next = normalized(measured);
      const passed = time - before;
      const goesOn = smoothed && passed >= 0 && !isCut(frame.zero.tones, next.zero.tones);
      smoothed = goesOn ? blended(smoothed, next, 1 - Math.exp(-passed / seconds)) : next;
      frame = next;
      before = time;
      return smoothed;
    },
  };
}

/** Turns sums into means, so that frames of any size weigh the same. */
function normalized(measured) {
  const { count, tones, grain, cells } = measured.zero;
  const shares = (histogram) => histogram.map((pixels) => pixels / count);
  const shared = { count: 1, tones: shares(tones), grain: shares(grain), cells };
  const each = (moments) => ({
    padding: moments.padding,
    mean: meanOf(moments),
    covariance: covarianceOf(moments),
    ...shared,
  });
  return { zero: each(measured.zero), replicate: each(measured.replicate) };
}

function blended(one, other, share) {
  const mix = (a, b) => a.map((value, i) => value + share * (b[i] - value));
  const fade = (a, b) => mix(a, b).map((value) => (value < FADED ? 0 : value));
  const { tones, grain, cells } = other.zero;
  const shared = {
    count: 1,
    tones: fade(one.zero.tones, tones),
    grain: fade(one.zero.grain, grain),
    cells: mixedCells(one.zero.cells, cells, mix),
  };
  const each = (padding) => ({
    padding,
    mean: mix(one[padding].mean, other[padding].mean),
    covariance: mix(one[padding].covariance, other[padding].covariance),
    ...shared,
  });
  return { zero: each("zero"), replicate: each("replicate") };
}

/** Mixes the luma of cells; those of a frame of another size replace them. */
function mixedCells(one, other, mix) {
  const same = other.pixels.every((pixels, i) => pixels === one.pixels[i]);
  if (!same || one.columns !== other.columns) return other;
  return { ...other, luma: mix(one.luma, other.luma) };
}

/** Whether tones moved as far as between two scenes: what luma is carried how far, in all. */
function isCut(one, other) {
  let [before, after, moved] = [0, 0, 0];
  for (let tone = 0; tone < one.length; tone++) {
    before += one[tone];
    after += other[tone];
    moved += Math.abs(before - after);
  }
  const mean = (tones) => sum(tones.map((share, tone) => share * tone)) / tones.length;
  return moved / one.length > CUT * Math.max(mean(one), mean(other), DARKEST);
}
