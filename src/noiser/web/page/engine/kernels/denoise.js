// The scene: the photo without its noise, and the detail apart from it.
//
// Luma and two colour differences are split into bands by binomial blurs of one and of two
// pixels. In each band a square of 5 x 5 tells how strong the signal is beside the noise, and
// what is noise is taken away: Wiener's filter, locally (Lee 1980).

import { clamp, emptyPlanes, luma } from "../numbers.js";

/**
 * Splits a photo into bands and joins them again without the noise.
 *
 * @param {Float64Array[]} photo from `opponents`, [0, 1]
 * @param {number} width of the scene; the photo has BAND_HALO pixels more on every side
 * @param {number} height of the scene
 * @param adjustments its noise, and how much of it to take away
 * @returns planes: `gray` and the differences `red` and `blue` are the photo without its noise,
 *   `light` its luma without the finest band, `ownRed` and `ownBlue` its colours less luma,
 *   `detail` what a look gives back
 */
export function takenApart(photo, width, height, adjustments, constants) {
  const { BAND_HALO, MOST_MEDIUM } = constants;
  const { denoise, fine: givenFine, medium: givenMedium } = adjustments;
  const { planes, soft, smooth } = splitUp(photo, width + 2 * BAND_HALO, height + 2 * BAND_HALO);
  const fineEnergy = energyOf(planes, soft, [0], smooth);
  const mediumEnergy = energyOf(soft, smooth, [0], smooth);
  const colorEnergy = energyOf(soft, smooth, [1, 2], smooth);
  const { varianceAt, fineLuma, mediumLuma, mediumColor } = wiener(adjustments, 0, constants);
  const keep = 1 - denoise;
  const [gray, red, blue, light, ownRed, ownBlue, detail] = emptyPlanes(7, width, height);
  const [photo0, photo1, photo2] = planes.values;
  const [soft0, soft1, soft2] = soft.values;
  const [smooth0, smooth1, smooth2] = smooth.values;
  for (let y = 0, i = 0; y < height; y++) {
    let at = (y + 5) * planes.width + 5;
    let atSoft = (y + 4) * soft.width + 4;
    let atSmooth = (y + 2) * smooth.width + 2;
    for (let x = 0; x < width; x++, i++, at++, atSoft++, atSmooth++) {
      const level = smooth0[atSmooth];
      const variance = varianceAt(level);
      const small = fineLuma(fineEnergy[i], variance) * (photo0[at] - soft0[atSoft]);
      const large = mediumLuma(mediumEnergy[i], variance) * (soft0[atSoft] - level);
      const color = mediumColor(colorEnergy[i], variance);
      const quiet = level + large;
      const quietRed = smooth1[atSmooth] + color * (soft1[atSoft] - smooth1[atSmooth]);
      const quietBlue = smooth2[atSmooth] + color * (soft2[atSoft] - smooth2[atSmooth]);
      gray[i] = quiet + small;
      red[i] = denoise * quietRed + keep * photo1[at];
      blue[i] = denoise * quietBlue + keep * photo2[at];
      light[i] = Math.max(quiet, 0);
      ownRed[i] = quietRed;
      ownBlue[i] = quietBlue;
      detail[i] = givenFine * small + givenMedium * clamp(large, -MOST_MEDIUM, MOST_MEDIUM);
    }
  }
  return { gray, red, blue, light, ownRed, ownBlue, detail };
}

/**
 * Takes the noise of a coarse octave away.
 *
 * @param {Float64Array[]} averages as `takenApart` takes a photo
 * @returns {Float64Array[]} without BAND_HALO on every side
 */
export function quieted(averages, width, height, adjustments, octave, constants) {
  const { BAND_HALO } = constants;
  const { planes, soft, smooth } = splitUp(averages, width + 2 * BAND_HALO, height + 2 * BAND_HALO);
  const { varianceAt, fineLuma, mediumLuma, fineColor, mediumColor } = wiener(
    adjustments,
    octave,
    constants,
  );
  const energies = [[0], [1, 2]].flatMap((channels) => [
    energyOf(planes, soft, channels, smooth),
    energyOf(soft, smooth, channels, smooth),
  ]);
  const level = smooth.values[0];
  return planes.values.map((plane, c) => {
    const [fineEnergy, mediumEnergy] = energies.slice(c ? 2 : 0);
    const [fine, medium] = c ? [fineColor, mediumColor] : [fineLuma, mediumLuma];
    const [softer, smoothest] = [soft.values[c], smooth.values[c]];
    const out = new Float64Array(width * height);
    for (let y = 0, i = 0; y < height; y++) {
      let at = (y + 5) * planes.width + 5;
      let atSoft = (y + 4) * soft.width + 4;
      let atSmooth = (y + 2) * smooth.width + 2;
      for (let x = 0; x < width; x++, i++, at++, atSoft++, atSmooth++) {
        const variance = varianceAt(level[atSmooth]);
        const small = fine(fineEnergy[i], variance) * (plane[at] - softer[atSoft]);
        const large = softer[atSoft] - smoothest[atSmooth];
        out[i] = smoothest[atSmooth] + medium(mediumEnergy[i], variance) * large + small;
      }
    }
    return out;
  });
}

/** Gives the noise's variance by luma, and what stays of a band by its energy and that (Wiener). */
function wiener({ denoise, noise, noiseSlopes }, octave, constants) {
  const { FINE_VARIANCE, MEDIUM_VARIANCE, MARGIN, COLOR_MARGIN } = constants;
  const { COLOR_NOISE, NO_ENERGY, NOISE_LEVELS } = constants;
  const [slopes, first] = [noiseSlopes[octave], noise[octave][0]];
  const keep = 1 - denoise;
  const share = (factor) => (energy, variance) =>
    keep + denoise * Math.max(1 - (factor * variance) / Math.max(energy, NO_ENERGY), 0);
  return {
    varianceAt(luma) {
      let variance = first;
      for (let n = 0; n < slopes.length; n++) {
        variance += slopes[n] * Math.max(luma - NOISE_LEVELS[n], 0);
      }
      return Math.max(variance, 0);
    },
    fineLuma: share(MARGIN * FINE_VARIANCE),
    mediumLuma: share(MARGIN * MEDIUM_VARIANCE),
    fineColor: share(COLOR_MARGIN * COLOR_NOISE * FINE_VARIANCE),
    mediumColor: share(COLOR_MARGIN * COLOR_NOISE * MEDIUM_VARIANCE),
  };
}

/** Completes red and blue less luma by green less luma: their weighted sum is zero. */
export function greenOf(weights, red, blue) {
  return -(weights[0] * red + weights[2] * blue) / weights[1];
}

/** Turns red, green and blue into luma, and red and blue less luma. */
export function opponents(planes, weights) {
  const [reds, grays, blues] = planes;
  for (let i = 0; i < grays.length; i++) {
    const gray = luma(weights, reds[i], grays[i], blues[i]);
    reds[i] -= gray;
    blues[i] -= gray;
    grays[i] = gray;
  }
  return [grays, reds, blues];
}

/** Blurs planes by one pixel and then by two. */
function splitUp(values, width, height) {
  const planes = { values, width, height };
  const soft = blurred(planes, 1);
  return { planes, soft, smooth: blurred(soft, 2) };
}

/** Blurs by 1 2 1 in both directions, `step` pixels apart; the edge goes. */
function blurred({ values, width, height }, step) {
  const [inner, rows] = [width - 2 * step, height - 2 * step];
  const down = new Float64Array(width * rows);
  const blur = (plane) => {
    for (let i = 0, j = step * width, k = 2 * j; i < down.length; i++, j++, k++) {
      down[i] = plane[i] + 2 * plane[j] + plane[k];
    }
    const out = new Float64Array(inner * rows);
    for (let y = 0, i = 0; y < rows; y++) {
      for (let x = 0, at = y * width; x < inner; x++, i++, at++) {
        out[i] = (down[at] + 2 * down[at + step] + down[at + 2 * step]) / 16;
      }
    }
    return out;
  };
  return { values: values.map(blur), width: inner, height: rows };
}

/** Averages the squares of a band of some channels: of what lies between two blurs. */
function energyOf(finer, coarser, channels, { width, height }) {
  const out = new Float64Array(width * height);
  const [edge, within] = [finer, coarser].map((blur) => (blur.width - width) / 2);
  for (const c of channels) {
    const [one, other] = [finer.values[c], coarser.values[c]];
    for (let y = 0, i = 0; y < height; y++) {
      let at = (y + edge) * finer.width + edge;
      let below = (y + within) * coarser.width + within;
      for (let x = 0; x < width; x++, i++, at++, below++) {
        const band = one[at] - other[below];
        out[i] += (band * band) / channels.length;
      }
    }
  }
  return averaged(out, width, height);
}

/** Averages over the square; the edge goes. No running sum: it would depend on where it began. */
function averaged(plane, width, height) {
  const [inner, rows] = [width - 4, height - 4];
  const down = new Float64Array(width * rows);
  for (let i = 0; i < down.length; i++) {
    const upper = plane[i] + plane[i + width] + plane[i + 2 * width];
    down[i] = upper + plane[i + 3 * width] + plane[i + 4 * width];
  }
  const out = new Float64Array(inner * rows);
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0, at = y * width; x < inner; x++, i++, at++) {
      out[i] = (down[at] + down[at + 1] + down[at + 2] + down[at + 3] + down[at + 4]) / 25;
    }
  }
  return out;
}
