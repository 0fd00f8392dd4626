// The network as plain arrays, read from a safetensors file, and its activation.

/**
 * Reads the four arrays of a network.
 *
 * @param {ArrayBuffer} file a safetensors file
 * @returns {{hidden: number, firstWeight: Float64Array, firstBias: Float64Array,
 *   secondWeight: Float64Array, secondBias: Float64Array}} [K,3,3,3], [K], [3,K,3,3] and [3],
 *   where K is the number of hidden channels
 */
export function networkOf(file) {
  const start = 8 + Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, start - 8)));
  const read = (name) => {
    const { data_offsets, shape } = header[name];
    const [first, last] = data_offsets.map((offset) => start + offset);
    const values = Float64Array.from(new Float32Array(file.slice(first, last)));
    if (values.length !== shape.reduce((size, side) => size * side)) {
      throw new Error(`the weights are damaged: ${name} has ${values.length} values`);
    }
    return values;
  };
  return {
    hidden: header.first_bias.shape[0],
    firstWeight: read("first_weight"),
    firstBias: read("first_bias"),
    secondWeight: read("second_weight"),
    secondBias: read("second_bias"),
  };
}

/** The activation, `x Phi(x)` (Hendrycks and Gimpel 2016). */
export function gelu(x) {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** The error function to double precision: a series of terms of one sign, so none cancel. */
export function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  const twice = 2 * x * x;
  let total = x;
  for (let n = 3, term = x; Math.abs(term) > 1e-17 * Math.abs(total); n += 2) {
    term *= twice / n;
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}
