// Survey: how luma and grain are spread over a band, and where its light is, in integers.

import { countCoarse, createScan } from "./grain.js";

/**
 * Counts tones and sizes of grain, and tones by place and brightness: the grid of light.
 *
 * @param band as for `measure`
 * @returns `add(y, near)` takes a row and those around it, with `luma` [1/256 of 1/255] from one
 *   pixel before the first, at 1; `found` has `tones`, `grain`, and `grid`: binary logarithm of
 *   the cells' side, `shift`, the number of their first row, `top`, and `rows`, `columns`, `pixels`
 *   and the sums of their `tones`, BINS of each cell
 */
export function createSurvey(band, constants) {
  const { TONES, GRAINS, GRAIN_LEVELS, GRAIN_BINS, FIRST_TONES, BINS } = constants;
  const tones = new Float64Array(TONES);
  const grain = new Float64Array(GRAINS);
  const grid = gridOf(band, constants);
  const sorted = (firsts) => tones.map((_, tone) => firsts.filter((first) => tone >= first).length);
  const classes = sorted(GRAIN_LEVELS.map((level) => 4 * level));
  const brightness = sorted(FIRST_TONES);
  const scan = createScan(1, constants);
  const [rowTones, rowBins] = [1, 2].map(() => new Uint16Array(band.width));
  countCoarse(band, grain, classes, constants);
  return {
    found: { tones, grain, grid },
    add(y, near) {
      scan(near.map((row) => row.luma.subarray(1)), rowTones, rowBins);
      const firstCell = ((y >> grid.shift) - grid.top) * grid.columns;
      for (let x = 0; x < band.width; x++) {
        const tone = rowTones[x];
        const cell = (firstCell + (x >> grid.shift)) * BINS + brightness[tone];
        grid.pixels[cell]++;
        grid.tones[cell] += tone;
        tones[tone]++;
        grain[classes[tone] * GRAIN_BINS + rowBins[x]]++;
      }
    },
  };
}

/** Makes the rows of the grid that a band touches, empty; in all, MOST_CELLS each way at most. */
function gridOf({ width, height, top, bottom }, { MOST_CELLS, SMALLEST, BINS }) {
  const least = Math.ceil(Math.max(width, height) / MOST_CELLS);
  const shift = Math.max(32 - Math.clz32(least - 1), SMALLEST);
  const first = top >> shift;
  const rows = ((bottom - 1) >> shift) + 1 - first;
  const columns = ((width - 1) >> shift) + 1;
  const empty = () => new Float64Array(rows * columns * BINS);
  return { shift, top: first, rows, columns, pixels: empty(), tones: empty() };
}
