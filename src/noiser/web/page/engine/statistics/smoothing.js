// Smoothing: the moments of a video over time, so that its look does not flicker.

import { covarianceOf, meanOf } from "./moments.js";
import { sum } from "../numbers.js";

/** How far the tones of two frames lie apart at a cut, at least [means]. */
const CUT = 0.25;

/** What is darker than this counts as this [luma in [0, 1]]. */
const DARKEST = 4 / 255;

/** What is smaller than this has faded. */
const FADED = 1e-9;

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
      smoothed = goesOn ? moved(smoothed, next, 1 - Math.exp(-passed / seconds)) : next;
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
  const each = (moments) => ({
    padding: moments.padding,
    count: 1,
    mean: meanOf(moments),
    covariance: covarianceOf(moments),
    tones: shares(tones),
    grain: shares(grain),
    cells,
  });
  return { zero: each(measured.zero), replicate: each(measured.replicate) };
}

/** Moves all numbers in an object by a share of the way to those in another. */
function moved(one, other, share) {
  if (typeof other === "number") {
    const value = one + share * (other - one);
    return Math.abs(value) < FADED ? 0 : value;
  }
  if (ArrayBuffer.isView(other)) return other.map((value, i) => moved(one[i], value, share));
  if (typeof other === "string") return other;
  // Cells of a frame of another size replace those before.
  if (one.rows !== other.rows || one.columns !== other.columns) return other;
  const parts = Object.entries(other);
  return Object.fromEntries(parts.map(([name, part]) => [name, moved(one[name], part, share)]));
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
