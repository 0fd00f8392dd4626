// The coarse octaves: noise that is correlated over several pixels, and its removal.
//
// Averages over squares of 2, 4 and 8 pixels are denoised like the picture itself, the coarsest
// first; what changes is added to the next finer octave, linear between the middles of the squares.

import { mix } from "../numbers.js";
import { quieted } from "./denoise.js";
import { grown } from "./reading.js";

/**
 * Computes what taking the noise of an octave and of all coarser ones away changes in it.
 *
 * @param {(region: object, octave: number) => Float64Array[]} averages gives a region of an
 *   octave: luma, and red and blue less luma
 * @param region in the next finer octave, of which `addDoubled` is to be asked
 * @returns `values`, three planes, and of what region they are
 */
export function changeOf(averages, region, adjustments, constants, octave = 1) {
  const inner = coarser(region);
  const around = grown(inner, constants.BAND_HALO);
  const noisy = averages(around, octave);
  const planes = noisy.map((plane) => plane.slice());
  if (octave + 1 < adjustments.octaves) {
    const next = changeOf(averages, around, adjustments, constants, octave + 1);
    addDoubled(planes, around, next);
  }
  const values = quieted(planes, inner.width, inner.height, adjustments, octave, constants);
  values.forEach((plane, c) => {
    for (let y = 0, i = 0; y < inner.height; y++) {
      let at = (y + inner.y - around.y) * around.width + inner.x - around.x;
      for (let x = 0; x < inner.width; x++) plane[i++] -= noisy[c][at++];
    }
  });
  return { ...inner, values };
}

/** Adds what changes in the next coarser octave to planes of a region. */
export function addDoubled(planes, { x, y, width, height }, change) {
  planes.forEach((plane, c) => {
    const values = change.values[c];
    for (let row = y, i = 0; row < y + height; row++) {
      const near = ((row >> 1) - change.y) * change.width;
      const far = near + (row & 1 ? change.width : -change.width);
      for (let column = x; column < x + width; column++, i++) {
        const own = (column >> 1) - change.x;
        const next = own + 2 * (column & 1) - 1;
        const left = mix(values[near + own], values[far + own], 0.25);
        plane[i] += mix(left, mix(values[near + next], values[far + next], 0.25), 0.25);
      }
    }
  });
}

/** Finds the squares of two that lie around a region, with those beside them. */
function coarser({ x, y, width, height }) {
  const [left, top] = [(x >> 1) - 1, (y >> 1) - 1];
  const right = ((x + width - 1) >> 1) + 2;
  return { x: left, y: top, width: right - left, height: ((y + height - 1) >> 1) + 2 - top };
}
