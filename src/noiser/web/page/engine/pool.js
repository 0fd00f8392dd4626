// The pool: a few workers, between whom a picture is cut into bands.

import { add } from "./statistics/moments.js";
import { clamp } from "./numbers.js";

const MOST_WORKERS = 4;

/** A band is worth sending from so many pixels on, and copied at once up to so many. */
const LEAST_PIXELS = 2 ** 16;
const MOST_PIXELS = 2 ** 20;

/**
 * Starts the workers.
 *
 * `measure(image)` gives the moments for both paddings, `render(image, developed, region)` the
 * region's RGBA bytes. An image is `{data, width, height}`, 8-bit RGBA, and is only read. Both
 * give promises, which are rejected with a sentence where a worker fails. `close()` ends them.
 */
export function createPool(constants, size = workersHere()) {
  const crew = createCrew(size);

  /** Has a band worked on: rows `top` to `bottom`, and `halo` more that are only read. */
  const send = (image, { top, bottom }, halo, what) =>
    crew.run(() => {
      const { width, height } = image;
      const first = Math.max(top - halo, 0);
      const last = Math.min(bottom + halo, height);
      const data = image.data.slice(first * width * 4, last * width * 4);
      const band = { data, width, height, first, top, bottom };
      return [{ band, constants, ...what }, [data.buffer]];
    });

  return {
    async measure(image) {
      const bands = cut(0, image.height, image.width, size);
      const found = await Promise.all(bands.map((band) => send(image, band, constants.MEASURED_HALO)));
      return found.reduce(add);
    },

    async render(image, developed, { x, y, width, height }) {
      const { NETWORK_HALO, BAND_HALO, OCTAVE_HALO } = constants;
      const isCoarse = developed.adjustments.octaves > 1;
      const halo = isCoarse ? OCTAVE_HALO : NETWORK_HALO + BAND_HALO;
      const data = new Uint8ClampedArray(width * height * 4);
      const bands = cut(y, y + height, width, size).map(async (band) => {
        const part = { x, y: band.top, width, height: band.bottom - band.top };
        const bytes = await send(image, band, halo, { region: part, developed });
        data.set(bytes, (band.top - y) * width * 4);
      });
      await Promise.all(bands);
      return { data, width, height };
    },

    close: crew.close,
  };
}

const workersHere = () => Math.min(navigator.hardwareConcurrency || 1, MOST_WORKERS);

/** Cuts rows into bands for so many workers. */
function cut(top, bottom, width, workers) {
  const pixels = clamp(((bottom - top) * width) / workers, LEAST_PIXELS, MOST_PIXELS);
  const rows = Math.max(Math.ceil(pixels / width), 1);
  return Array.from({ length: Math.ceil((bottom - top) / rows) }, (_, i) => {
    const first = top + i * rows;
    return { top: first, bottom: Math.min(first + rows, bottom) };
  });
}

/** Starts workers that take jobs one at a time, in the order they came. */
function createCrew(size) {
  const waiting = [];
  const workers = new Set();
  const idle = [];
  let failure = null;

  const proceed = () => {
    while (waiting.length && failure) waiting.shift().reject(new Error(failure));
    while (waiting.length && idle.length) {
      const worker = idle.pop();
      worker.job = waiting.shift();
      worker.postMessage(...worker.job.message());
    }
  };

  const dismiss = (why) => {
    for (const worker of workers) {
      worker.terminate();
      worker.job?.reject(new Error(why));
    }
    failure = why;
    proceed();
  };

  for (let i = 0; i < size; i++) {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data: { found, error } }) => {
      const { resolve, reject } = worker.job;
      worker.job = null;
      idle.push(worker);
      if (error) reject(new Error(error));
      else resolve(found);
      proceed();
    };
    worker.onerror = ({ message }) => {
      dismiss(`a worker could not go on: ${message || "no answer"}`);
    };
    workers.add(worker);
    idle.push(worker);
  }

  return {
    run: (message) =>
      new Promise((resolve, reject) => {
        waiting.push({ message, resolve, reject });
        proceed();
      }),
    close: () => dismiss("the pictures are closed"),
  };
}
