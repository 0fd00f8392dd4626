// Opening: from a file to pixels whose numbers are the file's own, or one sentence why not.
import { describeProfile, readMetadata } from "./metadata.js";

/** Largest file [bytes]. */
const MOST_BYTES = 200e6;
/** Largest photo [pixels]; the browser holds all of them. */
const MOST_PIXELS = 100e6;
/** Files that browsers do not read, but noiser does. */
const ELSEWHERE = /\.(dng|cr[23w]|nef|arw|orf|raf|rw2|pef|tiff?)$/i;

/** A file that cannot be opened; its message is for the visitor. */
export class OpeningError extends Error {}

/**
 * Decode a photo.
 *
 * Returns `{file, bitmap, width, height, isUpright, metadata, colorSpace, remarks}`: the bitmap's
 * numbers are the file's own, whatever their colour space; who opens closes it. `remarks` are
 * sentences for the visitor.
 */
export async function openPhoto(file) {
  if (file.size > MOST_BYTES) {
    refuse(file, `${megas(file.size)} MB found; this page takes up to ${megas(MOST_BYTES)} MB`);
  }
  const metadata = await readMetadata(new Uint8Array(await bytesOf(file)));
  checkPixels(file, metadata.width * metadata.height);
  const bitmap = await decoded(file);
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) bitmap.close();
  checkPixels(file, width * height);
  // Browsers turn photos by their EXIF data, but most leave WebP as it is.
  const isUpright = metadata.kind !== "webp" || metadata.width !== width;
  return { file, bitmap, width, height, isUpright, metadata, ...judge(metadata) };
}

async function bytesOf(file) {
  try {
    return await file.arrayBuffer();
  } catch {
    return refuse(file, "it cannot be read; is it still there?");
  }
}

async function decoded(file) {
  try {
    return await createImageBitmap(file, {
      colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image",
    });
  } catch {
    if (/\.hei[cf]$/i.test(file.name) || /hei[cf]/.test(file.type)) {
      refuse(file, "this browser cannot read HEIC; Safari can, or choose JPEG, PNG or WebP");
    }
    if (ELSEWHERE.test(file.name)) {
      refuse(file, "browsers cannot read this kind of file; the program noiser enhance can");
    }
    return refuse(file, "no picture that this browser can read; JPEG, PNG and WebP work");
  }
}

function refuse(file, reason) {
  throw new OpeningError(`${file.name}: ${reason}`);
}

function checkPixels(file, pixels) {
  if (pixels <= MOST_PIXELS) return;
  const most = megas(MOST_PIXELS);
  refuse(file, `${megas(pixels)} megapixels found; this page takes up to ${most}`);
}

const megas = (number) => Math.ceil(number / 1e6);

/** Choose how to show the numbers, and collect what the visitor should know. */
function judge(metadata) {
  const remarks = [];
  let colorSpace = "srgb";
  if (metadata.icc) {
    const { colors, name } = describeProfile(metadata.icc);
    if (colors !== "RGB ") {
      metadata.icc = null;
      remarks.push("Its colour profile is not one for RGB and is left out.");
    } else if (name.includes("P3")) colorSpace = "display-p3";
    else if (!/srgb/i.test(name)) {
      remarks.push(`Its colour profile (${name || "unnamed"}) is kept; shown here as sRGB.`);
    }
  }
  if (metadata.isDeep) remarks.push("16 bits: this page works in 8; noiser enhance keeps 16.");
  if (metadata.moves) remarks.push("It moves: this is the first frame.");
  if (!metadata.kind) remarks.push("EXIF data is kept for JPEG, PNG and WebP only.");
  return { colorSpace, remarks };
}
