// The engine: opens pictures and renders them, on the graphics processor where that can be.

import { develop } from "./developing.js";
import { Film } from "./film.js";
import { Renderer } from "./gl.js";
import { GlError, tilesOf } from "./gl-frames.js";
import { networkOf } from "./network.js";
import { Picture, photoOf } from "./picture.js";
import { createPool } from "./pool.js";

const UNUSABLE = "The graphics processor cannot be used here, so the main processor does all: the \
same pictures, only slower.";
const WISHED = "The main processor works, as was asked for.";

/**
 * Fetches facts and weights, and starts the workers; from then on nothing is fetched.
 * @param {{prefer?: "webgl2"|"cpu"}} options
 */
export async function createEngine({ prefer } = {}) {
  const fetched = async (path) => {
    const response = await fetch(new URL(`../${path}`, import.meta.url));
    if (!response.ok) throw new Error(`${path} cannot be loaded (${response.status})`);
    return response;
  };
  const facts = await (await fetched("facts.json")).json();
  const networks = {};
  const load = async (name) => {
    const file = await fetched(`weights/${name}.safetensors`);
    networks[name] = networkOf(await file.arrayBuffer());
  };
  await Promise.all(Object.keys(facts.looks).map(load));
  return new Engine(facts, networks, await createPool(facts.constants), prefer);
}

class Engine {
  /** What renders: "webgl2" or "cpu". */
  kind = "cpu";
  /** Why the processor renders, for the visitor. */
  why = WISHED;
  /** How many pictures were measured and rendered so far. */
  counts = { measured: 0, rendered: 0 };
  #lose;
  /** Resolves when the graphics processor is lost for good. */
  lost = new Promise((resolve) => {
    this.#lose = resolve;
  });

  #networks;
  #pool;
  #renderer;
  #turn = Promise.resolve();
  #newest = new WeakMap();

  constructor(facts, networks, pool, prefer) {
    this.facts = facts;
    this.#networks = networks;
    this.#pool = pool;
    if (prefer !== "cpu") this.#start();
  }

  /**
   * Reads and measures a picture; whoever passed it may close it then.
   * @param {ImageBitmap|ImageData|HTMLCanvasElement|OffscreenCanvas} source
   * @returns {Promise<Picture>}
   */
  async open(source, { colorSpace = source.colorSpace ?? "srgb" } = {}) {
    const photo = await this.#either(
      (renderer) => photoOf(source, colorSpace, renderer),
      () => photoOf(source, colorSpace),
    );
    return new Picture(this, photo, await this.measure(photo), colorSpace);
  }

  /** Measures a photo for either padding. */
  measure(photo) {
    this.counts.measured += 1;
    return this.#pool.measure(photo);
  }

  /** Gives a look or preset by its name, with some knobs turned. */
  lookOf(name, knobs = {}) {
    const { description, look = name, ...preset } = this.facts.presets[name] ?? {};
    if (!this.facts.looks[look]) throw new Error(`${name} is no look`);
    return { name: look, ...this.facts.looks[look], ...preset, ...knobs };
  }

  /** Starts a live video, whose moments follow it in about so many seconds. */
  film({ seconds = 0.7 } = {}) {
    return new Film(this, seconds);
  }

  /** Renders a region of a picture into the corner of a 2D canvas; see `Picture.paint`. */
  async paint(picture, context, look, region, measured) {
    const developed = this.#develop(look, measured);
    const call = {};
    this.#newest.set(context, call);
    const isOld = () => this.#newest.get(context) !== call;
    const finished = await this.#either(
      async (renderer) => {
        for (const tile of tilesOf(region)) {
          const painted = await this.#inTurn(async () => {
            if (isOld()) return false;
            renderer.render(picture.photo, tile, developed);
            renderer.paint(tile, region, context, picture.colorSpace);
            await renderer.finish();
            return true;
          });
          if (!painted) return false;
        }
        return true;
      },
      () =>
        this.#inTurn(async () => {
          if (isOld()) return false;
          context.putImageData(await this.#byPool(picture, developed, region), 0, 0);
          return true;
        }),
    );
    if (finished) this.counts.rendered += 1;
    return finished;
  }

  /** Renders a region of a picture to bytes; see `Picture.render`. */
  async render(picture, look, region, measured) {
    const developed = this.#develop(look, measured);
    const image = await this.#either(
      async (renderer) => {
        const made = imageData(picture, region);
        for (const tile of tilesOf(region)) {
          await this.#inTurn(async () => {
            renderer.render(picture.photo, tile, developed);
            await renderer.read(tile, region, made.data);
          });
        }
        return made;
      },
      () => this.#inTurn(() => this.#byPool(picture, developed, region)),
    );
    this.counts.rendered += 1;
    return image;
  }

  async #byPool(picture, developed, region) {
    const made = await this.#pool.render(picture.photo, developed, region);
    return imageData(picture, region, made.data);
  }

  #develop(look, measured) {
    return develop(this.#networks[look.name], measured[look.padding], look, this.facts.constants);
  }

  /** Runs one job after the other. */
  #inTurn(job) {
    const run = this.#turn.then(job);
    this.#turn = run.catch(() => {});
    return run;
  }

  /** Works with the renderer, or without where there is none (any more). */
  async #either(withRenderer, without) {
    if (!this.#renderer) return without();
    try {
      return await withRenderer(this.#renderer);
    } catch (error) {
      if (!(error instanceof GlError)) throw error;
      console.warn(error.message);
      this.#stop();
      return without();
    }
  }

  #start() {
    try {
      this.#renderer = new Renderer(this.facts.constants);
    } catch (error) {
      if (!(error instanceof GlError)) throw error;
      this.why = UNUSABLE;
      return;
    }
    [this.kind, this.why] = ["webgl2", ""];
    this.#renderer.lost.then(() => this.#stop());
  }

  #stop() {
    this.#renderer = undefined;
    [this.kind, this.why] = ["cpu", UNUSABLE];
    this.#lose();
  }
}

function imageData({ colorSpace }, { width, height }, data) {
  const settings = { colorSpace };
  if (!data) return new ImageData(width, height, settings);
  return new ImageData(data, width, height, settings);
}
