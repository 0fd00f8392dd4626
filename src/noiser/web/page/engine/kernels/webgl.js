// The renderer in WebGL2: a tile of a picture in six passes, and in five more for each coarse
// octave with noise, all in single precision.

import { Frames, GlError, nearest, place, succeeded } from "./webgl-textures.js";
import { Programs, valuesOf } from "./webgl-programs.js";
import { PASSES, TEXTURES } from "./shaders.js";

/**
 * Renders tiles on the graphics processor.
 *
 * A photo is `{data, width, height}` of RGBA bytes. Its object stands for its pixels: the same
 * object, the same pixels.
 */
export class Renderer {
  #gl;
  #canvas;
  #constants;
  #frame;
  #frames;
  #programs;
  #photo = new WeakRef({});
  #uploaded = {};
  #prepared = {};
  #values = {};

  /** @throws {GlError} WebGL2 or a part of it is missing */
  constructor(constants) {
    const gl = newContext();
    if (!gl) throw new GlError("WebGL2 is missing");
    if (!gl.getExtension("EXT_color_buffer_float")) throw new GlError("float targets are missing");
    this.#gl = gl;
    this.#canvas = gl.canvas;
    this.#constants = constants;
    this.#frames = new Frames(gl);
    this.#programs = new Programs(gl, constants);
    gl.disable(gl.DITHER);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    for (const name of ["photo", "lift"]) {
      this.#activate(name);
      nearest(gl);
    }
    this.lost = new Promise((resolve) => {
      this.#canvas.addEventListener("webglcontextlost", resolve, { once: true });
    });
  }

  /** Starts to compile what a filter needs. */
  warm(developed) {
    const values = valuesOf(developed);
    PASSES.forEach((pass) => this.#programs.start(pass, values));
  }

  /**
   * Renders a tile; `read` and `paint` give it out.
   * @param photo
   * @param {{x: number, y: number, width: number, height: number}} tile
   * @param {{folded: object, adjustments: object}} developed from `develop`
   */
  render(photo, tile, developed) {
    this.#check();
    const gl = this.#gl;
    const { noise, noiseSlopes, octaves, lift } = developed.adjustments;
    const frame = this.#around(tile, octaves);
    if (!this.#frames.fit(frame.width, frame.height)) this.#prepared = {};
    this.#upload(photo, frame);
    this.#setLift(lift);
    const values = {
      ...valuesOf(developed),
      corner: [frame.x, frame.y],
      photoCorner: [this.#uploaded.x, this.#uploaded.y],
      size: [photo.width, photo.height],
    };
    for (let octave = Math.max(octaves - 1, 0); octave >= 0; octave--) {
      const own = { octave, noise: noise[octave][0], noiseSlopes: noiseSlopes[octave] };
      this.#values = { ...values, ...own };
      gl.viewport(0, 0, frame.width >> octave, frame.height >> octave);
      if (!values.develops) continue;
      this.#prepare(tile);
      const name = octave ? "change" : "quiet";
      this.#draw(name, name);
    }
    const hidden = Array.from({ length: this.#values.groups }, (_, group) => `hidden${group}`);
    this.#draw("hidden", ...hidden);
    this.#draw("shown", "shown");
  }

  /** Copies the tile that was rendered last into a region's bytes. */
  async read(tile, region, data) {
    const gl = this.#gl;
    const { width, height } = tile;
    const bytes = new Uint8Array(4 * width * height);
    const buffer = gl.createBuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frames.target("shown"));
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, bytes.length, gl.STREAM_READ);
    const [left, above] = this.#inFrame(tile);
    gl.readPixels(left, above, width, height, gl.RGBA, gl.UNSIGNED_BYTE, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    await this.#finish();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, bytes);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.deleteBuffer(buffer);
    this.#check();
    place(bytes, tile, region, data);
  }

  /** Draws the tile that was rendered last into a 2D canvas, and waits until it is there. */
  async paint(tile, region, context, colorSpace) {
    const gl = this.#gl;
    const { width, height } = tile;
    const canvas = this.#canvas;
    if (gl.drawingBufferColorSpace !== colorSpace) {
      gl.drawingBufferColorSpace = colorSpace;
      // Chromium's buffers keep their colour space until their size changes.
      canvas.width = 0;
    }
    if (canvas.width < width) canvas.width = width;
    if (canvas.height < height) canvas.height = height;
    const [left, above] = this.#inFrame(tile);
    const top = canvas.height;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#frames.target("shown"));
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    // A canvas counts its rows from below.
    gl.blitFramebuffer(
      left, above, left + width, above + height, 0, top, width, top - height,
      gl.COLOR_BUFFER_BIT, gl.NEAREST,
    );
    // Chromium draws an empty canvas while it is bound to read from a frame.
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    const [x, y] = [tile.x - region.x, tile.y - region.y];
    context.clearRect(x, y, width, height);
    context.drawImage(canvas, 0, 0, width, height, x, y, width, height);
    await this.#finish();
  }

  /** Reads the bytes of anything that WebGL takes as a texture, alpha apart. */
  pixelsOf(source) {
    const gl = this.#gl;
    const { width, height } = source;
    this.#activate();
    const texture = nearest(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
    const target = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    succeeded(gl);
    const data = new Uint8ClampedArray(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(data.buffer));
    gl.deleteFramebuffer(target);
    gl.deleteTexture(texture);
    this.#check();
    return { data, width, height };
  }

  /** Waits until all that was asked for is done. */
  async #finish() {
    const gl = this.#gl;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    while (fence && gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    gl.deleteSync(fence);
    this.#check();
  }

  /** Longest side of what WebGL takes as a texture [pixels]. */
  get longest() {
    return this.#gl.getParameter(this.#gl.MAX_TEXTURE_SIZE);
  }

  /**
   * The bands of a tile and their energy depend on the picture alone: once, for all knobs; but not
   * where there is noise in coarse octaves.
   */
  #prepare(tile) {
    const { zeroPadding, octaves } = this.#values;
    const key = { ...tile, zeroPadding, octaves };
    if (octaves > 1) this.#draw("corrected", "corrected");
    else if (same(this.#prepared, key)) return;
    this.#draw("soft", "softened");
    this.#draw("smooth", "smoothed");
    this.#draw("squares", "squares");
    this.#prepared = key;
  }

  /** Runs one pass into its frames. */
  #draw(pass, ...names) {
    const gl = this.#gl;
    this.#activate();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frames.target(...names));
    this.#programs.use(pass, this.#values);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    for (const name of names.filter((each) => TEXTURES.includes(each))) {
      this.#activate(name);
      gl.bindTexture(gl.TEXTURE_2D, this.#frames.texture(name));
    }
  }

  /** Uploads what a frame shows of a photo, unless it is there. */
  #upload(photo, frame) {
    const gl = this.#gl;
    const [x, y] = [Math.max(frame.x, 0), Math.max(frame.y, 0)];
    const width = Math.min(frame.x + frame.width, photo.width) - x;
    const height = Math.min(frame.y + frame.height, photo.height) - y;
    const key = { x, y, width, height };
    if (this.#photo.deref() === photo && same(this.#uploaded, key)) return;
    // Weakly: a picture that is closed is not kept for what was seen of it last.
    this.#photo = new WeakRef(photo);
    this.#uploaded = key;
    this.#prepared = {};
    this.#activate("photo");
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, photo.width);
    gl.texImage2D(
      gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE,
      new Uint8Array(photo.data.buffer, photo.data.byteOffset), 4 * (y * photo.width + x),
    );
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
  }

  /** Uploads what is added before the tanh: a row of cells in each row, BINS to a cell. */
  #setLift({ table, rows }) {
    const gl = this.#gl;
    const width = table.length / rows;
    this.#activate("lift");
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, width, rows, 0, gl.RED, gl.FLOAT, table);
  }

  /** Gives the frame of a tile; with coarse octaves it holds their squares whole. */
  #around({ x, y, width, height }, octaves) {
    const { NETWORK_HALO, BAND_HALO, OCTAVE_HALO, OCTAVES } = this.#constants;
    const [margin, side] =
      octaves > 1 ? [OCTAVE_HALO, 1 << (OCTAVES - 1)] : [NETWORK_HALO + BAND_HALO, 1];
    const [left, top] = [x, y].map((first) => Math.floor((first - margin) / side) * side);
    const [right, bottom] = [x + width, y + height].map(
      (last) => Math.ceil((last + margin) / side) * side,
    );
    this.#frame = { x: left, y: top, width: right - left, height: bottom - top };
    return this.#frame;
  }

  /** Finds a tile's first pixel in its frame. */
  #inFrame({ x, y }) {
    return [x - this.#frame.x, y - this.#frame.y];
  }

  /** Makes a texture's unit the active one, or one that is free. */
  #activate(name) {
    const unit = name ? TEXTURES.indexOf(name) : TEXTURES.length;
    this.#gl.activeTexture(this.#gl.TEXTURE0 + unit);
  }

  #check() {
    if (this.#gl.isContextLost()) throw new GlError("the context is lost");
  }
}

/** Older browsers have canvases off the screen, but no WebGL for them. */
function newContext() {
  const options = { antialias: false, depth: false, premultipliedAlpha: false };
  return (
    new OffscreenCanvas(1, 1).getContext("webgl2", options) ??
    document.createElement("canvas").getContext("webgl2", options)
  );
}

function same(one, other) {
  return Object.keys(other).every((key) => one[key] === other[key]);
}
