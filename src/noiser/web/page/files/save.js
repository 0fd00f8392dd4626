// Saving: full resolution, band by band, as PNG or JPEG, with the photo's own metadata.
import { blankCanvas, byId, make, toBlob } from "../ui/elements.js";
import { tidyExif } from "./exif.js";
import { jpegWith } from "./metadata.js";
import { openPhoto } from "./open.js";
import { deflate, encodePng } from "./png.js";
import { Zip } from "./zip.js";

/** Rendered at a time [pixels]: bounds memory, and lets cancelling be quick. */
const BAND = 2 ** 21;
const ARCHIVE = "noiser.zip";
const SUFFIX = { jpeg: ".jpg", png: ".png" };

/** Saves one photo, or all in one archive; one saving at a time, which the visitor can cancel. */
export class Saver {
  #engine;
  #say;
  #cancelling = null;

  constructor(engine, say) {
    this.#engine = engine;
    this.#say = say;
    byId("cancel").addEventListener("click", () => this.#cancelling.abort());
  }

  /** Save what is open: `{entry, photo, picture}`. */
  save(open) {
    return this.#longly(async (signal) => {
      const { name, blob } = await this.#encode(open, "Saving", signal);
      download(name, blob);
      this.#say(`Saved ${name}.`);
    });
  }

  /** Save the gallery's photos, which are opened one after another; `current` is open already. */
  saveAll(entries, current) {
    return this.#longly(async (signal) => {
      let zip = new Zip();
      for (const [i, entry] of [...entries].entries()) {
        const label = `Saving ${i + 1} of ${entries.length}`;
        const { name, blob } = entry === current?.entry
          ? await this.#encode(current, label, signal)
          : await this.#openFor(entry, (open) => this.#encode(open, label, signal));
        if (await zip.add(name, blob)) continue;
        download(ARCHIVE, zip.finish());
        zip = new Zip();
        await zip.add(name, blob);
      }
      download(ARCHIVE, zip.finish());
      this.#say(`Saved ${entries.length} photos in ${ARCHIVE}.`);
    });
  }

  async #longly(act) {
    this.#cancelling = new AbortController();
    const { signal } = this.#cancelling;
    const buttons = ["save", "save-all", "remove"].map(byId);
    const were = buttons.map(({ disabled }) => disabled);
    for (const button of buttons) button.disabled = true;
    byId("cancel").hidden = false;
    try {
      await act(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#say("Cancelled.");
    } finally {
      byId("cancel").hidden = true;
      buttons.forEach((button, i) => (button.disabled = were[i]));
    }
  }

  async #encode({ entry, photo, picture }, label, signal) {
    const format = formatOf(photo, byId("format").value);
    const blob = await encodePhoto(photo, picture, {
      look: picture.lookOf(entry.settings.choice, entry.settings.knobs),
      format,
      quality: Math.min(Math.max(byId("quality").valueAsNumber || 95, 1), 100) / 100,
      keepsLocation: byId("location").checked,
      progress: (share) => this.#say(`${label}: ${Math.floor(100 * share)} %`),
      signal,
    });
    return { name: savedName(photo.file, format), blob };
  }

  async #openFor(entry, act) {
    const photo = await openPhoto(entry.file);
    let picture;
    try {
      picture = await this.#engine.open(photo.bitmap, photo);
      return await act({ entry, photo, picture });
    } finally {
      photo.bitmap.close();
      picture?.close();
    }
  }
}

/** Give the name of the enhanced photo: `night.jpeg` becomes `night-noiser.jpg`. */
const savedName = (file, format) =>
  `${file.name.replace(/\.[^.]*$/, "") || "photo"}-noiser${SUFFIX[format]}`;

/** Choose what a photo is saved as: what was asked for, or what is most like itself. */
function formatOf({ metadata }, wanted) {
  if (wanted !== "same") return wanted;
  return metadata.kind === "png" || metadata.hasAlpha ? "png" : "jpeg";
}

/**
 * Encode an enhanced photo.
 *
 * @param photo As `openPhoto` gives it.
 * @param picture The engine's, of the same photo.
 * @param options `{look, format, quality, keepsLocation, progress, signal}`; quality in [0, 1],
 *   `progress(share)`, an AbortSignal.
 * @returns {Promise<Blob>}
 */
async function encodePhoto(photo, picture, options) {
  const { metadata } = photo;
  const exif = metadata.exif && tidyExif(metadata.exif, { ...photo, ...options });
  const told = { exif, icc: metadata.icc };
  return options.format === "png"
    ? asPng(photo, bands(picture, options), told)
    : asJpeg(photo, bands(picture, options), told, options.quality);
}

async function* bands(picture, { look, progress, signal }) {
  const { width, height } = picture;
  const most = Math.max(16, Math.floor(BAND / width));
  for (let y = 0; y < height; y += most) {
    signal.throwIfAborted();
    const rows = Math.min(most, height - y);
    const { data } = await picture.render(look, { x: 0, y, width, height: rows });
    yield { data, y, height: rows };
    progress((y + rows) / height);
  }
  signal.throwIfAborted();
}

async function asPng({ width, height, metadata }, rendered, { exif, icc }) {
  const chunks = metadata.kind === "png" ? [...metadata.chunks] : [];
  if (icc) {
    const packed = await deflate(icc);
    const data = new Uint8Array(5 + packed.length);
    data.set([0x69, 0x63, 0x63]); // its name, "icc"; a zero; method 0
    data.set(packed, 5);
    chunks.push(["iCCP", data]);
  }
  if (exif) chunks.push(["eXIf", exif]);
  return encodePng({ width, height, hasAlpha: metadata.hasAlpha, chunks }, rendered);
}

async function asJpeg({ width, height, metadata, colorSpace }, rendered, told, quality) {
  const { canvas, context } = blankCanvas(width, height, { colorSpace });
  for await (const { data, y, height: rows } of rendered) {
    context.putImageData(new ImageData(data, width, rows, { colorSpace }), 0, y);
  }
  if (metadata.hasAlpha) {
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
  }
  const blob = await toBlob(canvas, "image/jpeg", quality);
  canvas.width = canvas.height = 0; // frees its memory at once
  if (blob?.type !== "image/jpeg") throw new Error("too large for this browser's JPEG; PNG works");
  const bytes = jpegWith(new Uint8Array(await blob.arrayBuffer()), told);
  return new Blob([bytes], { type: blob.type });
}

/** Hand a file to the visitor. */
function download(name, blob) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
