// The engine: opens pictures and renders them, on the graphics processor where that can be.

import { develop } from "./look/render-params.js";
import { Film } from "./video.js";
import { Renderer } from "./kernels/webgl.js";
import { GlError, place, tilesOf } from "./kernels/webgl-textures.js";
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
  const engine = new Engine(facts, networks, createPool(facts.constants), prefer);
  await engine.warm();
  return engine;
}

class Engine {
  /** What renders: "webgl2" or "cpu". */
  kind = "cpu";
  /** Why the main processor renders, for the visitor. */
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
    this.#renderer = new Processor(pool);
    if (prefer !== "cpu") this.#start();
  }

  /** Has the shaders of the first look compiled while nobody waits, and the workers started. */
  async warm() {
    const dot = { data: new Uint8ClampedArray(4), width: 1, height: 1 };
    const measured = await this.#pool.measure(dot);
    const developed = this.#develop(this.lookOf(Object.keys(this.facts.looks)[0]), measured);
    this.#renderer.warm?.(developed);
  }

  /**
   * Reads and measures a picture; whoever passed it may close it then.
   * @param {ImageBitmap|ImageData|HTMLCanvasElement|OffscreenCanvas} source
   * @returns {Promise<Picture>}
   */
  async open(source, { colorSpace = source.colorSpace ?? "srgb" } = {}) {
    const photo = await this.#guarded((renderer) => photoOf(source, colorSpace, renderer));
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
  paint(picture, context, look, region, measured) {
    const call = {};
    this.#newest.set(context, call);
    const isWanted = () => this.#newest.get(context) === call;
    const give = (renderer, tile) => renderer.paint(tile, region, context, picture.colorSpace);
    return this.#draw(picture.photo, look, region, measured, give, isWanted);
  }

  /** Renders a region of a picture to bytes; see `Picture.render`. */
  async render(picture, look, region, measured) {
    const { width, height } = region;
    const { colorSpace } = picture;
    // Firefox takes settings only behind an array.
    const data = new Uint8ClampedArray(4 * width * height);
    const image = new ImageData(data, width, height, { colorSpace });
    const give = (renderer, tile) => renderer.read(tile, region, image.data);
    await this.#draw(picture.photo, look, region, measured, give, () => true);
    return image;
  }

  /** Renders tile by tile, and gives each out; ends where it is wanted no more. */
  async #draw(photo, look, region, measured, give, isWanted) {
    const developed = this.#develop(look, measured);
    for (const tile of tilesOf(region)) {
      const drawn = await this.#inTurn(async (renderer) => {
        if (!isWanted()) return false;
        await renderer.render(photo, tile, developed);
        await give(renderer, tile);
        return true;
      });
      if (!drawn) return false;
    }
    this.counts.rendered += 1;
    return true;
  }

  #develop(look, measured) {
    return develop(this.#networks[look.name], measured[look.padding], look, this.facts.constants);
  }

  /** Runs one job after the other. */
  #inTurn(job) {
    const run = this.#turn.then(() => this.#guarded(job));
    this.#turn = run.catch(() => {});
    return run;
  }

  /** Works with the renderer; if WebGL2 fails, once more without it. */
  async #guarded(job) {
    try {
      return await job(this.#renderer);
    } catch (error) {
      if (!(error instanceof GlError)) throw error;
      console.warn(error.message);
      this.#stop();
      return job(this.#renderer);
    }
  }

  #start() {
    try {
      const renderer = new Renderer(this.facts.constants);
      renderer.lost.then(() => this.#stop());
      this.#renderer = renderer;
      [this.kind, this.why] = ["webgl2", ""];
    } catch (error) {
      if (!(error instanceof GlError)) throw error;
      this.why = UNUSABLE;
    }
  }

  #stop() {
    this.#renderer = new Processor(this.#pool);
    [this.kind, this.why] = ["cpu", UNUSABLE];
    this.#lose();
  }
}

/** Renders tiles by the pool's workers; the same verbs as `Renderer` in gl.js. */
class Processor {
  #pool;
  #made;

  constructor(pool) {
    this.#pool = pool;
  }

  /** Renders a tile; `read` and `paint` give it out. */
  async render(photo, tile, developed) {
    this.#made = await this.#pool.render(photo, developed, tile);
  }

  /** Copies the tile that was rendered last into a region's bytes. */
  read(tile, region, data) {
    place(this.#made.data, tile, region, data);
  }

  /** Draws the tile that was rendered last into a 2D canvas. */
  paint(tile, region, context, colorSpace) {
    const image = new ImageData(this.#made.data, tile.width, tile.height, { colorSpace });
    context.putImageData(image, tile.x - region.x, tile.y - region.y);
  }
}
