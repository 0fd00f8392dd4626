// Frames: the textures that the passes draw into, and how a picture is cut into tiles.

/** Raised where WebGL2 does not do what it should; the processor can. */
export class GlError extends Error {}

/** Most pixels of a tile: its frames take about 150 bytes a pixel [pixels]. */
const TILE_PIXELS = 1.6e6;

/** Longest side of a tile: with its margin, less than every WebGL2 can hold [pixels]. */
const TILE_SIDE = 1800;

/**
 * Cuts a region into tiles of about the same size, row by row.
 * @param {{x: number, y: number, width: number, height: number}} region
 */
export function tilesOf(region, { pixels = TILE_PIXELS, side = TILE_SIDE } = {}) {
  const columns = cut(region.x, region.width, side);
  const rows = cut(region.y, region.height, Math.max(Math.min(pixels / columns[0][1], side), 1));
  return rows.flatMap(([y, height]) => columns.map(([x, width]) => ({ x, y, width, height })));
}

/** Cuts a length into parts of at most `most`: [first, length] of each. */
function cut(first, length, most) {
  const part = Math.ceil(length / Math.ceil(length / Math.floor(most)));
  return Array.from({ length: Math.ceil(length / part) }, (_, i) => [
    first + i * part,
    Math.min(part, length - i * part),
  ]);
}

/** Copies a tile's bytes to where they belong in a region's. */
export function place(bytes, tile, region, data) {
  const length = 4 * tile.width;
  for (let row = 0; row < tile.height; row++) {
    const start = 4 * ((tile.y - region.y + row) * region.width + tile.x - region.x);
    data.set(bytes.subarray(row * length, (row + 1) * length), start);
  }
}

/** Makes frames by name, and keeps them for all tiles that fit. */
export class Frames {
  #gl;
  #width = 0;
  #height = 0;
  #textures = new Map();
  #targets = new Map();

  constructor(gl) {
    this.#gl = gl;
  }

  /** Makes room for frames of this size. Returns whether what was drawn is still there. */
  fit(width, height) {
    if (width <= this.#width && height <= this.#height) return true;
    this.#textures.forEach((texture) => this.#gl.deleteTexture(texture));
    this.#targets.forEach((target) => this.#gl.deleteFramebuffer(target));
    this.#textures.clear();
    this.#targets.clear();
    [this.#width, this.#height] = [width, height];
    return false;
  }

  /** Gives a frame's texture: floats but for `shown`, half as wide and high for coarse octaves. */
  texture(name) {
    if (!this.#textures.has(name)) {
      const gl = this.#gl;
      const texture = nearest(gl);
      const format = name === "shown" ? gl.RGBA8 : gl.RGBA32F;
      const half = name === "change" ? 2 : 1;
      gl.texStorage2D(gl.TEXTURE_2D, 1, format, this.#width / half, this.#height / half);
      this.#textures.set(name, texture);
    }
    return this.#textures.get(name);
  }

  /** Gives what draws into one frame, or several at once. */
  target(...names) {
    const key = names.join();
    if (!this.#targets.has(key)) this.#targets.set(key, this.#made(names));
    return this.#targets.get(key);
  }

  #made(names) {
    const gl = this.#gl;
    const textures = names.map((name) => this.texture(name));
    const target = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, target);
    const places = textures.map((texture, i) => {
      const place = gl.COLOR_ATTACHMENT0 + i;
      gl.framebufferTexture2D(gl.FRAMEBUFFER, place, gl.TEXTURE_2D, texture, 0);
      return place;
    });
    gl.drawBuffers(places);
    succeeded(gl);
    return target;
  }
}

/** Makes a texture, bound to the active unit, that is read pixel by pixel. */
export function nearest(gl) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  }
  return texture;
}

/** Makes sure that there was memory for the target that is bound; asking takes a while. */
export function succeeded(gl) {
  const error = gl.getError();
  const status = gl.checkFramebufferStatus(gl.FRAMEBUFFER);
  if (error || status !== gl.FRAMEBUFFER_COMPLETE) throw new GlError(`${error}, ${status}`);
}
