// The scene: the photo without its noise, and the detail apart from it.
//
// Luma and two colour differences are split into bands by binomial blurs of one and of two
// pixels. In each band a square of 5 x 5 tells how strong the signal is beside the noise, and
// what is noise is taken away: Wiener's filter, locally (Lee 1980).

import { clamp, emptyPlanes, luma } from "../numbers.js";

/**
 * Splits a photo into bands and joins them again without the noise.
 *
 * @param {Float64Array[]} photo red, green and blue in [0, 1]
 * @param {number} width of the scene; the photo has BAND_HALO pixels more on every side
 * @param {number} height of the scene
 * @param adjustments its noise, and how much of it to take away
 * @returns planes: `gray` and the differences `red` and `blue` are the photo without its noise,
 *   `light` its luma without the finest band, `ownRed` and `ownBlue` its colours less luma,
 *   `detail` what a look gives back
 */
export function takenApart(photo, width, height, adjustments, constants) {
  const { BAND_HALO, FINE_VARIANCE, MEDIUM_VARIANCE, MARGIN } = constants;
  const { COLOR_MARGIN, COLOR_NOISE, NO_ENERGY, NOISE_LEVELS, MOST_MEDIUM } = constants;
  const { denoise, noise, noiseSlopes, fine: givenFine, medium: givenMedium } = adjustments;
  const bands = splitUp(photo, width + 2 * BAND_HALO, height + 2 * BAND_HALO, constants.LUMA);
  const { planes, soft, smooth } = bands;
  const energies = energiesOf(bands).map((e) => averaged(e, smooth.width, smooth.height));
  const [fineEnergy, mediumEnergy, colorEnergy] = energies;
  const fineNoise = MARGIN * FINE_VARIANCE;
  const mediumNoise = MARGIN * MEDIUM_VARIANCE;
  const colorNoise = COLOR_MARGIN * COLOR_NOISE * MEDIUM_VARIANCE;
  const keep = 1 - denoise;
  const share = (energy, variance) =>
    keep + denoise * Math.max(1 - variance / Math.max(energy, NO_ENERGY), 0);
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
      let variance = noise[0];
      for (let n = 0; n < noiseSlopes.length; n++) {
        variance += noiseSlopes[n] * Math.max(level - NOISE_LEVELS[n], 0);
      }
      variance = Math.max(variance, 0);
      const small = share(fineEnergy[i], fineNoise * variance) * (photo0[at] - soft0[atSoft]);
      const large = share(mediumEnergy[i], mediumNoise * variance) * (soft0[atSoft] - level);
      const color = share(colorEnergy[i], colorNoise * variance);
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

/** Completes red and blue less luma by green less luma: their weighted sum is zero. */
export function greenOf(weights, red, blue) {
  return -(weights[0] * red + weights[2] * blue) / weights[1];
}

/** Blurs luma, red less luma and blue less luma by one pixel and then by two. */
function splitUp([reds, greens, blues], width, height, weights) {
  const values = emptyPlanes(3, width, height);
  const [gray, red, blue] = values;
  for (let i = 0; i < gray.length; i++) {
    gray[i] = luma(weights, reds[i], greens[i], blues[i]);
    red[i] = reds[i] - gray[i];
    blue[i] = blues[i] - gray[i];
  }
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

/** Squares the fine band, the medium one and that of colours: planes as large as `smooth`. */
function energiesOf({ planes, soft, smooth }) {
  const { width, height } = smooth;
  const [fine, medium, color] = emptyPlanes(3, width, height);
  for (let y = 0, i = 0; y < height; y++) {
    let at = (y + 3) * planes.width + 3;
    let atSoft = (y + 2) * soft.width + 2;
    for (let x = 0; x < width; x++, i++, at++, atSoft++) {
      const near = soft.values[0][atSoft];
      fine[i] = (planes.values[0][at] - near) ** 2;
      medium[i] = (near - smooth.values[0][i]) ** 2;
      const red = soft.values[1][atSoft] - smooth.values[1][i];
      const blue = soft.values[2][atSoft] - smooth.values[2][i];
      color[i] = (red * red + blue * blue) / 2;
    }
  }
  return [fine, medium, color];
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
