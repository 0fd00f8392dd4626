// Renders on the processor: what browsers without WebGL2 show, and what it is compared with.

import { colorsOf } from "../look/fold.js";
import { filtered } from "./convolution.js";
import { clamp, emptyPlanes, luma, mix } from "../numbers.js";
import { greenOf, opponents, takenApart } from "./denoise.js";
import { addDoubled, changeOf } from "./octaves.js";
import { grown, read } from "./reading.js";

/** Side of the squares that are rendered at a time: their planes stay in the cache [pixels]. */
const TILE = 128;

/**
 * Applies the folded network and the look to a region.
 *
 * @param {{data: Uint8Array, width: number, height: number, first: number}} band RGBA bytes from
 *   row `first` of a picture of that size: the region's, and seven more above and below, or
 *   OCTAVE_HALO where there is noise in coarse octaves
 * @param {{x: number, y: number, width: number, height: number}} region of the picture
 * @param {{folded: object, adjustments: object}} developed
 * @returns {Uint8ClampedArray} RGBA bytes of the region; the same for any cut into regions
 */
export function render(band, region, developed, constants) {
  const { folded, adjustments } = developed;
  const { NETWORK_HALO, BAND_HALO, LUMA } = constants;
  const photo = (part, octave) => opponents(read(band, part, folded.padding, octave), LUMA);
  const around = grown(region, NETWORK_HALO + BAND_HALO);
  const change = adjustments.octaves > 1 && changeOf(photo, around, adjustments, constants);
  const corrected = (part) => {
    const planes = photo(part);
    if (change) addDoubled(planes, part, change);
    return planes;
  };
  const out = new Uint8ClampedArray(region.width * region.height * 4);
  for (let y = 0; y < region.height; y += TILE) {
    for (let x = 0; x < region.width; x += TILE) {
      const tile = {
        x: region.x + x,
        y: region.y + y,
        width: Math.min(TILE, region.width - x),
        height: Math.min(TILE, region.height - y),
      };
      const colors = enhanced(band, tile, developed, corrected, constants);
      write(band, tile, colors, adjustments.strength, out, region);
    }
  }
  return out;
}

/** Computes red, green and blue of a tile in [0, 1]; `photo` gives a region's planes. */
function enhanced(band, tile, { folded, adjustments }, photo, constants) {
  const { NETWORK_HALO, BAND_HALO, LUMA } = constants;
  const around = grown(tile, NETWORK_HALO);
  if (!adjustments.develops) {
    const seen = read(band, around, folded.padding);
    const [none] = emptyPlanes(1, tile.width, tile.height);
    return filtered(seen, band, tile, folded, none, LUMA);
  }
  const planes = photo(grown(around, BAND_HALO));
  const scene = takenApart(planes, around.width, around.height, adjustments, constants);
  const seen = colorsOf(folded) === 1 ? [scene.gray] : joined(scene, LUMA);
  const lift = liftAt(adjustments.lift, tile, scene.gray, constants);
  const made = filtered(seen, band, tile, folded, lift, LUMA);
  return composed(scene, made, tile, adjustments, constants);
}

/** Reads the lift at each pixel, linear between cells and between square roots of luma. */
function liftAt({ table, rows, columns, cell }, { x, y, width, height }, seen, constants) {
  const { BINS, NETWORK_HALO } = constants;
  const near = (at, size) => {
    const place = clamp((at + 0.5) / cell - 0.5, 0, size - 1);
    const low = Math.trunc(place);
    return { low: low * BINS, high: Math.min(low + 1, size - 1) * BINS, share: place - low };
  };
  const across = Array.from({ length: width }, (_, i) => near(x + i, columns));
  const [first, end] = [across[0].low, across[width - 1].high + BINS];
  // The table between two rows of cells.
  const line = new Float64Array(end);
  const out = new Float64Array(width * height);
  for (let row = 0, i = 0; row < height; row++) {
    const { low: above, high: below, share: down } = near(y + row, rows);
    for (let at = first; at < end; at++) {
      line[at] = mix(table[above * columns + at], table[below * columns + at], down);
    }
    let at = (row + NETWORK_HALO) * (width + 2 * NETWORK_HALO) + NETWORK_HALO;
    for (let column = 0; column < width; column++, i++, at++) {
      const { low, high, share } = across[column];
      const root = (BINS - 1) * Math.sqrt(clamp(seen[at], 0, 1));
      const bin = Math.min(Math.trunc(root), BINS - 2);
      const left = mix(line[low + bin], line[low + bin + 1], root - bin);
      const right = mix(line[high + bin], line[high + bin + 1], root - bin);
      out[i] = mix(left, right, share);
    }
  }
  return out;
}

/**
 * Puts the photo's own black, highlights, detail and colours around the network's luma; the
 * formula is in `kernels/reference.py`.
 */
function composed(scene, made, { width, height }, adjustments, constants) {
  const { TINY, LEAST_CHROMA, NETWORK_HALO, LUMA } = constants;
  const { color, cast, highlights, chromaFloor, detailFloor } = adjustments;
  const black = adjustments.black ** 2;
  const out = emptyPlanes(3, width, height);
  const [reds, greens, blues] = out;
  for (let y = 0, i = 0; y < height; y++) {
    let at = (y + NETWORK_HALO) * (width + 2 * NETWORK_HALO) + NETWORK_HALO;
    for (let x = 0; x < width; x++, i++, at++) {
      const light = scene.light[at];
      // The photo's own chroma, less the tint.
      const ownRed = scene.ownRed[at] - cast[0] * light;
      const ownBlue = scene.ownBlue[at] - cast[1] * light;
      const bright = luma(LUMA, made[0][i], made[1][i], made[2][i]);
      const missing = Math.max(1 - bright, 0);
      const both = missing + highlights * (Math.max(1 - light, 0) - missing);
      const square = light * light;
      const tone = (square * (1 + black) + TINY) / (square + black + TINY);
      let level = (1 - Math.sqrt(missing * both)) * tone;
      const gain = (color * level) / (light + chromaFloor);
      const ownGreen = greenOf(LUMA, ownRed, ownBlue);
      const red = gain * ownRed + tone * (made[0][i] - bright);
      const green = gain * ownGreen + tone * (made[1][i] - bright);
      const blue = gain * ownBlue + tone * (made[2][i] - bright);
      level += (level / (light + detailFloor)) * scene.detail[at];
      // Where a colour would pass 1 it gives up half in saturation, half in brightness; the hue
      // stays.
      const most = Math.max(red, green, blue, LEAST_CHROMA);
      const room = Math.min(Math.max(1 - level, 0) / most, 1);
      const dimmed = Math.min(2 / (1 + level + most), 1);
      reds[i] = dimmed * (level + (0.5 + 0.5 * room) * red);
      greens[i] = dimmed * (level + (0.5 + 0.5 * room) * green);
      blues[i] = dimmed * (level + (0.5 + 0.5 * room) * blue);
    }
  }
  return out;
}

/** Joins luma and differences to red, green and blue. */
function joined({ gray, red, blue }, weights) {
  const out = emptyPlanes(3, gray.length, 1);
  const [reds, greens, blues] = out;
  for (let i = 0; i < gray.length; i++) {
    reds[i] = gray[i] + red[i];
    greens[i] = gray[i] + greenOf(weights, red[i], blue[i]);
    blues[i] = gray[i] + blue[i];
  }
  return out;
}

/** Mixes in the input, and copies alpha; an array of this kind rounds halves to even. */
function write({ data, width, first }, tile, colors, strength, out, region) {
  for (let y = 0, i = 0; y < tile.height; y++) {
    let from = ((tile.y + y - first) * width + tile.x) * 4;
    let to = ((tile.y + y - region.y) * region.width + tile.x - region.x) * 4;
    for (let x = 0; x < tile.width; x++, i++, from += 4, to += 4) {
      for (let c = 0; c < 3; c++) {
        const value = 255 * clamp(colors[c][i], 0, 1);
        out[to + c] = strength * value + (1 - strength) * data[from + c];
      }
      out[to + 3] = data[from + 3];
    }
  }
}
