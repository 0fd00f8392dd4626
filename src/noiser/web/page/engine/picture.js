// Pictures: the bytes of a photo, what was measured of them, and what can be made of both.

/** Rows are read through a canvas of at most this area: what every phone allows [pixels]. */
const BAND_PIXELS = 1 << 22;

/** A photo that was measured; `engine.open` makes it. */
export class Picture {
  #engine;

  /**
   * @param engine
   * @param {{data: Uint8ClampedArray, width: number, height: number}} photo RGBA bytes
   * @param {{zero: object, replicate: object}} measured moments for either padding
   * @param {PredefinedColorSpace} colorSpace of the bytes
   */
  constructor(engine, photo, measured, colorSpace) {
    this.#engine = engine;
    this.photo = photo;
    this.measured = measured;
    this.colorSpace = colorSpace;
  }

  get width() {
    return this.photo.width;
  }

  get height() {
    return this.photo.height;
  }

  /** Gives a look or preset by its name, with some knobs turned. */
  lookOf(name, knobs = {}) {
    return this.#engine.lookOf(name, knobs);
  }

  /**
   * Draws a region, enhanced, into the corner of a 2D canvas.
   * @returns {Promise<boolean>} false if a newer call for the same canvas came first
   */
  paint(context, look, region = this.#all, measured = this.measured) {
    return this.#engine.paint(this, context, look, region, measured);
  }

  /** Renders a region. @returns {Promise<ImageData>} exact bytes, alpha kept */
  render(look, region = this.#all, measured = this.measured) {
    return this.#engine.render(this, look, region, measured);
  }

  /** Gives a smaller copy, itself measured; this one if it is small enough. */
  async reduced(maxPixels) {
    const share = Math.sqrt(maxPixels / (this.width * this.height));
    if (share >= 1) return this;
    const bitmap = await createImageBitmap(new ImageData(this.photo.data, this.width), {
      resizeWidth: Math.max(Math.floor(this.width * share), 1),
      resizeHeight: Math.max(Math.floor(this.height * share), 1),
      resizeQuality: "high",
      premultiplyAlpha: "none",
      colorSpaceConversion: "none",
    });
    try {
      return await this.#engine.open(bitmap, { colorSpace: this.colorSpace });
    } finally {
      bitmap.close();
    }
  }

  /** Forgets the bytes. */
  close() {
    this.photo = { data: new Uint8ClampedArray(), width: 0, height: 0 };
  }

  get #all() {
    return { x: 0, y: 0, width: this.width, height: this.height };
  }
}

/**
 * Reads the bytes of a photo.
 * @param {ImageData|ImageBitmap|HTMLCanvasElement|OffscreenCanvas} source ImageData is not copied
 * @param {PredefinedColorSpace} colorSpace in which a canvas gives its numbers
 * @param {Renderer|Processor} renderer in WebGL2, it reads what is transparent exactly
 * @returns {{data: Uint8ClampedArray, width: number, height: number}}
 */
export function photoOf(source, colorSpace, renderer) {
  const { width, height } = source;
  if (source instanceof ImageData) return { data: source.data, width, height };
  const bitmap = source instanceof ImageBitmap;
  const data = new Uint8ClampedArray(4 * width * height);
  const rows = Math.min(Math.max(Math.floor(BAND_PIXELS / width), 1), height);
  // The numbers of a bitmap pass through a canvas of its own space, sRGB, as they are.
  const settings = { colorSpace: bitmap ? "srgb" : colorSpace, willReadFrequently: true };
  const context = new OffscreenCanvas(width, rows).getContext("2d", settings);
  context.globalCompositeOperation = "copy";
  for (let y = 0; y < height; y += rows) {
    context.drawImage(source, 0, -y);
    const band = context.getImageData(0, 0, width, Math.min(rows, height - y), settings);
    data.set(band.data, 4 * y * width);
  }
  // Canvases multiply by alpha, textures do not.
  if (bitmap && Math.max(width, height) <= renderer.longest && !isOpaque(data)) {
    return renderer.pixelsOf(source);
  }
  return { data, width, height };
}

function isOpaque(data) {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}
