// Reading: a region of a picture, or of averages of its squares, that may reach beyond it.

import { clamp, emptyPlanes } from "../numbers.js";

/**
 * Reads red, green and blue in [0, 1].
 *
 * @param {{data: Uint8Array, width: number, height: number, first: number}} band as for `render`
 * @param region of the averages over squares of 2^octave pixels
 */
export function read({ data, width, height, first }, region, padding, octave = 0) {
  const planes = emptyPlanes(3, region.width, region.height);
  const share = 1 / (255 << (2 * octave));
  const outside = (at, size) => padding === "zero" && (at < 0 || at >= size);
  for (let y = 0; y < region.height << octave; y++) {
    const row = (region.y << octave) + y;
    const start = (clamp(row, 0, height - 1) - first) * width;
    for (let x = 0; x < region.width << octave; x++) {
      const column = (region.x << octave) + x;
      const missing = outside(row, height) || outside(column, width);
      const at = (start + clamp(column, 0, width - 1)) * 4;
      const i = (y >> octave) * region.width + (x >> octave);
      for (let c = 0; c < 3; c++) planes[c][i] += share * (missing ? 127.5 : data[at + c]);
    }
  }
  return planes;
}

/** Widens a region on all sides. */
export function grown({ x, y, width, height }, by) {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}
