// Numbers: luma, rounding half to even like Python and NumPy, and rounding to 24 bits.

/** Weighs red, green and blue by `constants.LUMA`. */
export function luma(weights, red, green, blue) {
  return weights[0] * red + weights[1] * green + weights[2] * blue;
}

/** Rounds to the nearest integer, halves to the even one. */
export function rint(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor % 2 ? floor + 1 : floor;
  return rest < 0.5 ? floor : floor + 1;
}

/** Rounds to 24 bits: what mathematical libraries differ in lies below. */
export function steady(value) {
  if (value === 0) return 0;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const unit = 2 ** (((bits.getUint16(0) >> 4) & 0x7ff) - 1046);
  return rint(value / unit) * unit;
}

export const sum = (values) => values.reduce((total, value) => total + value, 0);

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Goes a share of the way from one number to another. */
export const mix = (from, to, share) => from + share * (to - from);

/** Goes from 0 at `low` to 1 at `high`, without corners. */
export function rise(value, low, high) {
  const t = clamp((value - low) / (high - low), 0, 1);
  return t * t * (3 - 2 * t);
}

export function emptyPlanes(count, width, height) {
  return Array.from({ length: count }, () => new Float64Array(width * height));
}
