// Films: frames of a video, rendered at once by moments that follow them smoothly.

import { backlitOf, basesOf } from "./look/local-light.js";
import { createSmoothing } from "./statistics/smoothing.js";

/** A video that plays; `engine.film` makes it. */
export class Film {
  #engine;
  #smoothing;
  #measuring;
  #failed;
  #context;

  /** @param {number} seconds after which moments follow a change of light by two thirds */
  constructor(engine, seconds) {
    this.#engine = engine;
    const { constants } = engine.facts;
    const isBacklit = (grid) => backlitOf(basesOf(grid, constants), constants);
    this.#smoothing = createSmoothing(seconds, isBacklit);
  }

  /**
   * Draws a frame, enhanced, over the whole of a 2D canvas. One frame at a time is measured;
   * those that come meanwhile are rendered by what is known. Only the first waits.
   * @param {HTMLVideoElement|ImageBitmap|HTMLCanvasElement|OffscreenCanvas} source
   * @param {CanvasRenderingContext2D} context
   * @param look from `lookOf`
   * @returns {Promise<boolean>} false if a newer call for the same canvas came first, or there is
   *   no frame yet
   */
  async frame(source, context, look) {
    const { width, height } = context.canvas;
    if (!(source.videoWidth ?? source.width)) return false;
    const photo = this.#grab(source, width, height);
    if (!this.#measuring) this.#measure(photo);
    if (!this.#smoothing.measured) await this.#measuring;
    if (this.#failed) throw this.#failed;
    const picture = { photo, width, height, colorSpace: "srgb" };
    const all = { x: 0, y: 0, width, height };
    return this.#engine.paint(picture, context, look, all, this.#smoothing.measured);
  }

  /** Reads a frame as large as it is shown. */
  #grab(source, width, height) {
    const settings = { alpha: false, willReadFrequently: true };
    if (this.#context?.canvas.width !== width || this.#context.canvas.height !== height) {
      this.#context = new OffscreenCanvas(width, height).getContext("2d", settings);
    }
    this.#context.drawImage(source, 0, 0, width, height);
    return this.#context.getImageData(0, 0, width, height);
  }

  #measure(photo) {
    const time = performance.now() / 1000;
    this.#measuring = this.#engine
      .measure(photo)
      .then((measured) => this.#smoothing.add(measured, time))
      .catch((error) => {
        this.#failed = error;
      })
      .finally(() => {
        this.#measuring = undefined;
      });
  }
}
