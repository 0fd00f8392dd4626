// ZIP: files in one archive, stored as they are; photos are compressed already.
import { crc32 } from "./png.js";

/** Longest archive, for which 32 bits are enough [bytes]. */
export const MOST_BYTES = 0xffffffff - (1 << 20);

const UTF8_NAMES = 0x800;
const VERSION = 20;

/** An archive that grows file by file; content stays in blobs, which browsers keep on disk. */
export class Zip {
  #parts = [];
  #directory = [];
  #names = new Set();
  /** Length so far [bytes]. */
  size = 0;

  /** Add a file; of two with the same name the second becomes "name (2)". Null is no more room. */
  async add(name, blob, changed = new Date()) {
    if (this.size + blob.size > MOST_BYTES) return null;
    const unique = this.#unique(name);
    const bytes = new TextEncoder().encode(unique);
    const fields = [
      [VERSION, 2], [UTF8_NAMES, 2], [0, 2], ...dosTime(changed),
      [await checksum(blob), 4], [blob.size, 4], [blob.size, 4], [bytes.length, 2], [0, 2],
    ];
    const local = record(0x04034b50, fields);
    this.#directory.push(
      record(0x02014b50, [[VERSION, 2], ...fields, [0, 2], [0, 2], [0, 2], [0, 4], [this.size, 4]]),
      bytes,
    );
    this.#parts.push(local, bytes, blob);
    this.size += local.length + bytes.length + blob.size;
    return unique;
  }

  /** Give the whole archive. */
  finish() {
    const length = this.#directory.reduce((sum, piece) => sum + piece.length, 0);
    const count = this.#names.size;
    const end = record(0x06054b50, [
      [0, 2], [0, 2], [count, 2], [count, 2], [length, 4], [this.size, 4], [0, 2],
    ]);
    return new Blob([...this.#parts, ...this.#directory, end], { type: "application/zip" });
  }

  #unique(name) {
    const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/s.exec(name);
    let unique = name;
    for (let n = 2; this.#names.has(unique.toLowerCase()); n++) {
      unique = `${stem} (${n})${suffix ?? ""}`;
    }
    this.#names.add(unique.toLowerCase());
    return unique;
  }
}

/** Lay numbers of 2 or 4 bytes after a signature, lowest byte first. */
function record(signature, fields) {
  const bytes = new Uint8Array(4 + fields.reduce((sum, [, size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  let at = 4;
  for (const [value, size] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

function dosTime(date) {
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  const years = Math.min(Math.max(date.getFullYear(), 1980), 2107) - 1980;
  return [[time, 2], [(years << 9) | ((date.getMonth() + 1) << 5) | date.getDate(), 2]];
}

async function checksum(blob) {
  let crc = 0;
  for (const reader = blob.stream().getReader();;) {
    const { done, value } = await reader.read();
    if (done) return crc;
    crc = crc32(value, crc);
  }
}
