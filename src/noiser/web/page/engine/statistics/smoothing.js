// Smoothing: the moments of a video over time, so that its look does not flicker.

import { covarianceOf, meanOf } from "./moments.js";
import { mix, sum } from "../numbers.js";

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
 * @param backlitOf tells from a frame's grid how far it is backlit; base by base that is all or
 *   nothing, so it is smoothed itself
 * @returns `add(measured, time)` takes a frame's moments and its time [seconds]; `measured` is
 *   the smoothed ones, or undefined before the first
 */
export function createSmoothing(seconds, backlitOf) {
  let frame;
  let smoothed;
  let before;
  return {
    get measured() {
      if (!smoothed) return undefined;
      const { shared, zero, replicate } = smoothed;
      return { zero: { ...shared, ...zero }, replicate: { ...shared, ...replicate } };
    },
    add(measured, time) {
      const next = normalized(measured, backlitOf);
      const passed = time - before;
      const goesOn = smoothed && passed >= 0 && !isCut(frame.shared.tones, next.shared.tones);
      smoothed = goesOn ? moved(smoothed, next, 1 - Math.exp(-passed / seconds)) : next;
      frame = next;
      before = time;
      return this.measured;
    },
  };
}

/** Turns sums into means, so that frames of any size weigh the same. */
function normalized(measured, backlitOf) {
  const { count, tones, grain, grid } = measured.zero;
  const shares = (sums) => sums.map((total) => total / count);
  const light = { pixels: shares(grid.pixels), tones: shares(grid.tones) };
  const shared = {
    count: 1,
    size: count,
    tones: shares(tones),
    grain: shares(grain),
    grid: { ...grid, ...light, backlit: backlitOf(grid) },
  };
  const each = (moments) => ({
    padding: moments.padding,
    mean: meanOf(moments),
    covariance: covarianceOf(moments),
  });
  return { shared, zero: each(measured.zero), replicate: each(measured.replicate) };
}

/** Moves all numbers in an object by a share of the way to those in another. */
function moved(one, other, share) {
  if (typeof other === "number") {
    const value = mix(one, other, share);
    return Math.abs(value) < FADED ? 0 : value;
  }
  if (ArrayBuffer.isView(other)) return other.map((value, i) => moved(one[i], value, share));
  if (typeof other === "string") return other;
  // The grid of a frame of another size replaces that before.
  if (["shift", "rows", "columns"].some((name) => one[name] !== other[name])) return other;
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
