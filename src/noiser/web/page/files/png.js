// PNG: encodes bands of RGBA bytes exactly, also where they are transparent; a canvas would not.

/** Rows are told by Paeth's predictor: good for photos, and one filter is little code. */
const PAETH = 4;

/**
 * Encode a picture that comes in bands of its full width, from top to bottom.
 *
 * @param {{width: number, height: number, hasAlpha: boolean, chunks: [string, Uint8Array][]}} about
 * @param {AsyncIterable<{data: Uint8ClampedArray, height: number}>} bands RGBA, 0 to 255.
 * @returns {Promise<Blob>}
 */
export async function encodePng({ width, height, hasAlpha, chunks }, bands) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = hasAlpha ? 6 : 2;
  const parts = [Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), ...chunk("IHDR", header)];
  for (const [type, data] of chunks) parts.push(...chunk(type, data));
  const { readable, writable } = new CompressionStream("deflate");
  const [packed] = await Promise.all([
    collect(readable, (piece) => chunk("IDAT", piece)),
    filterInto(writable, width, hasAlpha ? 4 : 3, bands),
  ]);
  parts.push(...packed, ...chunk("IEND", new Uint8Array(0)));
  return new Blob(parts, { type: "image/png" });
}

async function filterInto(writable, width, channels, bands) {
  const writer = writable.getWriter();
  const stride = width * channels;
  let above = new Uint8Array(stride + channels); // a pixel of zeros stands left of each row
  let row = new Uint8Array(stride + channels);
  try {
    for await (const { data, height } of bands) {
      const filtered = new Uint8Array(height * (stride + 1));
      for (let y = 0, at = 0, from = 0; y < height; y++) {
        filtered[at++] = PAETH;
        for (let to = channels; to < row.length; from += 4) {
          for (let c = 0; c < channels; c++) row[to++] = data[from + c];
        }
        for (let i = channels; i < row.length; i++) {
          filtered[at++] = row[i] - paeth(row[i - channels], above[i], above[i - channels]);
        }
        [above, row] = [row, above];
      }
      await writer.write(filtered);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}

function paeth(left, above, corner) {
  const a = Math.abs(above - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + above - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

function chunk(type, data) {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, data.length);
  for (let i = 0; i < 4; i++) head[4 + i] = type.charCodeAt(i);
  const tail = new Uint8Array(4);
  new DataView(tail.buffer).setUint32(0, crc32(data, crc32(head.subarray(4))));
  return [head, data, tail];
}

async function collect(readable, wrap) {
  const parts = [];
  for (const reader = readable.getReader();;) {
    const { done, value } = await reader.read();
    if (done) return parts;
    parts.push(...wrap(value));
  }
}

/** Compress bytes as PNG's iCCP chunk wants them. */
export async function deflate(bytes) {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Decompress bytes; null if they are damaged or become longer than `most` [bytes]. */
export async function inflate(bytes, most) {
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const parts = [];
  let length = 0;
  try {
    for (const reader = plain.getReader();;) {
      const { done, value } = await reader.read();
      if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
      length += value.length;
      parts.push(value);
      if (length > most) {
        await reader.cancel();
        return null;
      }
    }
  } catch {
    return null;
  }
}

// CRC-32, as PNG and ZIP use it.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** Give the checksum of bytes; with `before`, of what that belongs to followed by these bytes. */
export function crc32(bytes, before = 0) {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
