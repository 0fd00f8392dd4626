// What the tests of the page's engine call in the browser: pictures come and go as base64.

import { backlitOf, basesOf } from "./engine/look/local-light.js";
import { develop } from "./engine/look/render-params.js";
import { add, measure } from "./engine/statistics/moments.js";
import { erf, networkOf } from "./engine/network.js";
import { rint, steady } from "./engine/numbers.js";
import { createPool } from "./engine/pool.js";
import { render } from "./engine/kernels/reference.js";
import { createSmoothing } from "./engine/statistics/smoothing.js";

const { constants } = await (await fetch("facts.json")).json();
const networks = {};
for (const name of ["natural", "paper"]) {
  const file = await fetch(`weights/${name}.safetensors`);
  networks[name] = networkOf(await file.arrayBuffer());
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toBase64 = (bytes) => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
const open = ({ data, ...size }) => ({ data: fromBase64(data), ...size });

/** Takes rows and those around them out of a picture, as they would be sent to a worker. */
function bandOf({ data, width, height }, top, bottom, halo) {
  const first = Math.max(top - halo, 0);
  const last = Math.min(bottom + halo, height);
  const rows = data.slice(first * width * 4, last * width * 4);
  return { data: rows, width, height, first, top, bottom };
}

/** Replaces typed arrays by lists, all the way down. */
function plain(value) {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

/** Measures a picture, whole or cut before the given rows; the last band comes first. */
function measured(image, cuts = []) {
  const picture = open(image);
  const rows = [0, ...cuts, image.height];
  const halo = constants.MEASURED_HALO;
  const bands = rows.slice(1).map((bottom, i) => bandOf(picture, rows[i], bottom, halo));
  return bands.reverse().map((band) => measure(band, constants)).reduce(add);
}

/** Gives what develops a picture, which is measured once. */
function developing(image) {
  const moments = measured(image);
  return ([name, look]) => develop(networks[name], moments[look.padding], look, constants);
}

/** A promise that nobody keeps is a failure too. */
const MOST_MILLISECONDS = 30000;

async function withPool(size, work) {
  const pool = createPool(constants, size);
  const late = new Promise((_, reject) => {
    setTimeout(reject, MOST_MILLISECONDS, new Error("nothing came of it"));
  });
  try {
    return await Promise.race([work(pool), late]);
  } catch (error) {
    return { error: error.message };
  } finally {
    pool.close();
  }
}

const smoothing = (seconds) =>
  createSmoothing(seconds, (grid) => backlitOf(basesOf(grid, constants), constants));

window.engine = {
  measure: (image, cuts) => plain(measured(image, cuts)),

  develop: (image, looks) => looks.map(developing(image)).map(plain),

  developWith: (text, image, look) => {
    const moments = measured(image)[look.padding];
    const network = networkOf(fromBase64(text).buffer);
    return plain(develop(network, moments, look, constants));
  },

  render: (image, looks) => {
    const { width, height } = image;
    const band = bandOf(open(image), 0, height, 0);
    const region = { x: 0, y: 0, width, height };
    const rendered = (developed) => toBase64(render(band, region, developed, constants));
    return looks.map(developing(image)).map(rendered);
  },

  renderRegions: (image, look, regions) => {
    const developed = developing(image)(look);
    const halo = developed.adjustments.octaves > 1 ? constants.OCTAVE_HALO : 7;
    return regions.map((region) => {
      const band = bandOf(open(image), region.y, region.y + region.height, halo);
      return toBase64(render(band, region, developed, constants));
    });
  },

  pooled: (image, [name, look], region, size) =>
    withPool(size, async (pool) => {
      const picture = open(image);
      const moments = await pool.measure(picture);
      const found = develop(networks[name], moments[look.padding], look, constants);
      const made = await pool.render(picture, found, region);
      const kept = toBase64(picture.data) === image.data;
      return { moments: plain(moments), made: { ...made, data: toBase64(made.data) }, kept };
    }),

  poolFails: (image) =>
    withPool(2, (pool) => {
      const region = { x: 0, y: 0, width: 1, height: 1 };
      return pool.render(open(image), { folded: {}, adjustments: {} }, region);
    }),

  poolFailsTwice: (image) =>
    withPool(1, async (pool) => {
      const first = await pool.measure(open(image)).catch((error) => error.message);
      const second = await pool.measure(open(image)).catch((error) => error.message);
      return [first, second];
    }),

  poolAfterwards: (image) =>
    withPool(1, (pool) => {
      pool.close();
      return pool.measure(open(image));
    }),

  smooth: (seconds, frames) => {
    const film = smoothing(seconds);
    const before = film.measured === undefined;
    const found = frames.map(([image, time]) => plain(film.add(measured(image), time)));
    return { before, found, last: plain(film.measured) };
  },

  developSmoothed: (frames, name, look) => {
    const film = smoothing(1);
    return frames.map(([image, time]) => {
      const moments = film.add(measured(image), time)[look.padding];
      return plain(develop(networks[name], moments, look, constants));
    });
  },

  /** Renders one picture by what is known after each frame of a film. */
  renderSmoothed: (frames, image, [name, look]) => {
    const film = smoothing(1);
    const { width, height } = image;
    const band = bandOf(open(image), 0, height, 0);
    return frames.map(([frame, time]) => {
      const moments = film.add(measured(frame), time)[look.padding];
      const developed = develop(networks[name], moments, look, constants);
      return toBase64(render(band, { x: 0, y: 0, width, height }, developed, constants));
    });
  },

  numbers: (values) => values.map((value) => [erf(value), rint(value), steady(value)]),

  networkOf: (text) => {
    try {
      return plain(networkOf(fromBase64(text).buffer));
    } catch (error) {
      return { error: error.message };
    }
  },
};
