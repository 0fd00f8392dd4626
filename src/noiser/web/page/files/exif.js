// EXIF: makes a camera's block true for the enhanced photo, and takes the place out of it.

const ORIENTATION = 0x112;
const CAMERA = 0x8769;
const GPS = 0x8825;
const SIZES = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8 };

/**
 * Give a copy of an EXIF block for the enhanced pixels.
 *
 * Orientation becomes 1 where they are upright, width and height [pixels] are those given, and the
 * table of the thumbnail, which shows the dark photo, is unlinked. Null if the block is not one.
 */
export function tidyExif(exif, { width, height, isUpright, keepsLocation }) {
  const bytes = exif.slice();
  try {
    const block = new Block(bytes);
    const facts = { 0x100: width, 0x101: height, 0xa002: width, 0xa003: height };
    if (isUpright) facts[ORIENTATION] = 1;
    const main = block.number(4, 4);
    for (const at of block.entries(main)) {
      const tag = block.tag(at);
      if (tag in facts) block.set(at, facts[tag]);
      if (tag === CAMERA) {
        for (const inner of block.entries(block.number(at + 8, 4))) {
          if (block.tag(inner) in facts) block.set(inner, facts[block.tag(inner)]);
        }
      }
    }
    block.unlinkNext(main);
    if (!keepsLocation) block.removeLocation(main);
    return bytes;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A TIFF block, whose numbers are read and written in its own byte order. */
class Block {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const mark = this.view.getUint16(0);
    if (mark !== 0x4949 && mark !== 0x4d4d) throw new RangeError("no byte order");
    this.isLittle = mark === 0x4949;
  }

  number(at, size) {
    return this.view[size === 2 ? "getUint16" : "getUint32"](at, this.isLittle);
  }

  tag(at) {
    return this.number(at, 2);
  }

  /** Where the entries of the table at `table` begin; all lie inside the block. */
  entries(table) {
    const count = this.number(table, 2);
    this.number(table + 2 + 12 * count, 4);
    return Array.from({ length: count }, (_, i) => table + 2 + 12 * i);
  }

  /** Set a SHORT or LONG; other types stay. */
  set(at, value) {
    const type = this.number(at + 2, 2);
    if (type === 3) this.view.setUint16(at + 8, value, this.isLittle);
    if (type === 4) this.view.setUint32(at + 8, value, this.isLittle);
  }

  unlinkNext(table) {
    this.view.setUint32(table + 2 + 12 * this.number(table, 2), 0, this.isLittle);
  }

  /** Take the place's entry out of the table, and blank what it led to. */
  removeLocation(table) {
    const at = this.entries(table).find((entry) => this.tag(entry) === GPS);
    if (at === undefined) return;
    const places = this.number(at + 8, 4);
    for (const entry of this.entries(places)) this.blank(entry);
    const end = this.entries(table).at(-1) + 16;
    this.bytes.copyWithin(at, at + 12, end);
    this.bytes.fill(0, end - 12, end);
    this.view.setUint16(table, this.number(table, 2) - 1, this.isLittle);
  }

  blank(entry) {
    const length = (SIZES[this.number(entry + 2, 2)] ?? 1) * this.number(entry + 4, 4);
    if (length > 4) {
      const start = this.number(entry + 8, 4);
      this.bytes.fill(0, start, start + length);
    }
    this.bytes.fill(0, entry, entry + 12);
  }
}
