// Metadata: what a photo's file says besides its pixels (JPEG, PNG, WebP), and how to say it again.
//
// Nothing here throws because of a file: what cannot be read is left out.
import { inflate } from "./png.js";

/** Longest profile taken from a PNG file [bytes]. */
const MOST_PROFILE = 16 << 20;
const EXIF = "Exif\0\0";
const ICC = "ICC_PROFILE\0";
/** Longest content of a JPEG segment [bytes]. */
const SEGMENT = 65533;
/** PNG chunks about colours and resolution that are handed on to a PNG file as they are. */
const HANDED_ON = ["cHRM", "gAMA", "sRGB", "cICP", "pHYs"];

const latin = (bytes) => String.fromCharCode(...bytes);
const codes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const starts = (bytes, text) => latin(bytes.subarray(0, text.length)) === text;
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A JPEG file's segments before its pixels: `{marker, at, end, data}`. */
function* jpegSegments(bytes) {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    if (marker === 0xda || end < at + 4 || end > bytes.length) return;
    yield { marker, at, end, data: bytes.subarray(at + 4, end) };
    at = end;
  }
}

/** The chunks of a PNG file (or, with `webp`, of a WebP file): `{type, data}`. */
function* chunksOf(bytes, webp) {
  const view = viewOf(bytes);
  for (let at = webp ? 12 : 8; at + 8 <= bytes.length;) {
    const length = view.getUint32(webp ? at + 4 : at, webp);
    const type = latin(bytes.subarray(webp ? at : at + 4, webp ? at + 4 : at + 8));
    if (at + 8 + length > bytes.length) return;
    yield { type, data: bytes.subarray(at + 8, at + 8 + length) };
    at += webp ? 8 + length + (length % 2) : 12 + length;
  }
}

function readJpeg(bytes, found) {
  const pieces = [];
  for (const { marker, data } of jpegSegments(bytes)) {
    if (marker === 0xe1 && starts(data, EXIF)) found.exif ??= data.slice(EXIF.length);
    if (marker === 0xe2 && starts(data, ICC)) pieces[data[12]] = data.subarray(14);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && data.length > 5) {
      found.height = (data[1] << 8) | data[2];
      found.width = (data[3] << 8) | data[4];
    }
  }
  const whole = pieces.filter(Boolean);
  if (whole.length && whole.length === pieces.length - 1) found.icc = joined(whole);
}

async function readPng(bytes, found) {
  for (const { type, data } of chunksOf(bytes, false)) {
    if (type === "IHDR" && data.length >= 13) {
      found.width = viewOf(data).getUint32(0);
      found.height = viewOf(data).getUint32(4);
      found.isDeep = data[8] === 16;
      found.hasAlpha = data[9] >= 4;
    } else if (type === "iCCP") {
      const name = data.indexOf(0);
      if (name > 0) found.icc = await inflate(data.subarray(name + 2), MOST_PROFILE);
    } else if (type === "eXIf") found.exif = data.slice();
    else if (type === "tRNS") found.hasAlpha = true;
    else if (type === "acTL") found.moves = true;
    else if (HANDED_ON.includes(type)) found.chunks.push([type, data.slice()]);
  }
}

function readWebp(bytes, found) {
  for (const { type, data } of chunksOf(bytes, true)) {
    if (type === "VP8X" && data.length >= 10) {
      found.width = 1 + (data[4] | (data[5] << 8) | (data[6] << 16));
      found.height = 1 + (data[7] | (data[8] << 8) | (data[9] << 16));
      found.hasAlpha = Boolean(data[0] & 16);
    } else if (type === "VP8L") found.hasAlpha = Boolean(data[4] & 16);
    else if (type === "ICCP") found.icc = data.slice();
    else if (type === "EXIF") found.exif = data.slice(starts(data, EXIF) ? EXIF.length : 0);
    else if (type === "ANIM") found.moves = true;
  }
}

/**
 * Read what a file says besides its pixels.
 *
 * Returns `{kind, width, height, exif, icc, chunks, hasAlpha, isDeep, moves}`: `kind` is "jpeg",
 * "png", "webp" or "" (nothing is read then); width and height [pixels] are those of the file,
 * not turned, 0 where not read; `exif` is a TIFF block, `icc` a profile, both null where absent.
 */
export async function readMetadata(bytes) {
  const found = {
    kind: "", width: 0, height: 0, exif: null, icc: null, chunks: [],
    hasAlpha: false, isDeep: false, moves: false,
  };
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    found.kind = "jpeg";
    readJpeg(bytes, found);
  } else if (starts(bytes, "\x89PNG\r\n\x1a\n")) {
    found.kind = "png";
    await readPng(bytes, found);
  } else if (starts(bytes, "RIFF") && starts(bytes.subarray(8), "WEBP")) {
    found.kind = "webp";
    readWebp(bytes, found);
  } else {
    found.hasAlpha = true;
    found.moves = starts(bytes, "GIF8") && latin(bytes.subarray(0, 999)).includes("NETSCAPE2.0");
  }
  return found;
}

/** Tell a profile's colours ("RGB ", "GRAY", "CMYK") and its name; "" where it has none. */
export function describeProfile(icc) {
  const unknown = { colors: "", name: "" };
  if (icc.length < 132) return unknown;
  const view = viewOf(icc);
  const tags = Math.min(view.getUint32(128), 100);
  for (let at = 132; at < 132 + 12 * tags && at + 12 <= icc.length; at += 12) {
    if (view.getUint32(at) !== 0x64657363) continue; // "desc"
    const start = view.getUint32(at + 4);
    const data = icc.subarray(start, start + Math.min(view.getUint32(at + 8), 999));
    const text = data.subarray(starts(data, "mluc") ? 28 : 12);
    const name = latin(text).replace(/[^ -~]/g, "").trim();
    return { colors: latin(icc.subarray(16, 20)), name };
  }
  return { ...unknown, colors: latin(icc.subarray(16, 20)) };
}

/** Put EXIF and profile into an encoded JPEG file, in the place of any that it has. */
export function jpegWith(bytes, { exif, icc }) {
  const head = [bytes.subarray(0, 2)];
  const kept = [];
  let pixels = 2;
  for (const { marker, at, end, data } of jpegSegments(bytes)) {
    pixels = end;
    if (marker === 0xe0) head.push(bytes.subarray(at, end));
    else if (marker !== 0xe1 && !(marker === 0xe2 && starts(data, ICC))) {
      kept.push(bytes.subarray(at, end));
    }
  }
  if (exif && exif.length + EXIF.length <= SEGMENT) head.push(segment(0xe1, codes(EXIF), exif));
  const most = SEGMENT - ICC.length - 2;
  const count = icc ? Math.ceil(icc.length / most) : 0;
  for (let i = 0; i < count && count < 256; i++) {
    const piece = icc.subarray(i * most, (i + 1) * most);
    head.push(segment(0xe2, codes(ICC), Uint8Array.of(i + 1, count), piece));
  }
  return joined([...head, ...kept, bytes.subarray(pixels)]);
}

function segment(marker, ...data) {
  const length = 2 + data.reduce((sum, piece) => sum + piece.length, 0);
  return joined([Uint8Array.of(0xff, marker, length >> 8, length & 255), ...data]);
}

function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
