// Local light: what each part of a picture needs beside the one tone curve for all.
//
// The grid tells how bright the surroundings of any luma at any place are, without crossing edges.
// Where the result would stay dark its odds are raised, before the tanh; where a backlit picture
// has light enough, it is left as it is. Why and by whom: `look/local_light.py`.

import { blackened, brightened, inverse } from "./tone-curve.js";
import { clamp, mix, rint, rise, sum } from "../numbers.js";

/** Bases by grid: a knob that moves changes none. */
const known = new WeakMap();

/**
 * Finds the lift of every place and luma.
 *
 * @param grid of the picture; `backlit` in it holds, where a film has smoothed it
 * @param {(lumas: Float64Array) => object} curveOf gives the tone curve at lumas
 * @param {{shift: number, black: number}} exposure that all of the picture is rendered with
 * @param {number} share of the enhanced picture that its light as a whole asks for
 * @param {number} amount the knob: at 0.5 the lift as it was chosen, at 1 twice that
 * @param light of the picture: of it, how noisy it is
 * @returns `lift`, added before the tanh, with its `table` of BINS square roots of luma at the
 *   middle of each cell; the `share` of the enhanced picture; and `liftOf(luma)`, of flat parts
 */
export function localLight(grid, curveOf, { shift, black }, share, amount, light, constants) {
  const { STEPS, EVEN_LIFT, BACKLIT_LIFT, EVEN_TOP, BACKLIT_TOP, BACKDROP } = constants;
  const { FADES, DROWNS, KEPT_MEAN, SOME_LIGHT, LIGHT_ENOUGH, TINY } = constants;
  if (!known.has(grid)) known.set(grid, basesOf(grid, constants));
  const bases = known.get(grid);
  const least = Math.min(2 * amount, 1);
  const backlit = (grid.backlit ?? backlitOf(bases, constants)) * least;
  const { levels, weights, knots } = bases;
  const curve = curveOf(levels);
  const bright = blackened(curve, brightened(curve, shift), black).map(inside);
  const raised = (luma, i, lift, top) => {
    const square = levels[i] ** 2;
    const strength = (2 * amount * square) / (square + (DROWNS * light.calmest) ** 2 + TINY);
    const missing = Math.max(logOdds(top) - logOdds(luma), 0);
    return lumaOf(logOdds(luma) + (lift * strength * missing * luma) / (luma + FADES));
  };
  const dark = (BACKDROP * sum(levels.map((level, i) => level * weights[i]))) ** 2 + TINY;
  const lifted = bright.map((luma, i) =>
    raised(luma, i, (EVEN_LIFT * levels[i] ** 2) / (levels[i] ** 2 + dark), EVEN_TOP),
  );
  const even = meanKept(lifted, bright, weights, KEPT_MEAN);
  let most = 1;
  const lit = levels.map((level, i) => {
    const luma = raised(mix(level, bright[i], share), i, BACKLIT_LIFT, BACKLIT_TOP);
    return mix(luma, level, least * rise(level, SOME_LIGHT, LIGHT_ENOUGH));
  });
  for (let i = lit.length; i--; ) lit[i] = most = Math.min(most, lit[i]);
  const shown = mix(share, 1, backlit);
  const enhanced = levels.map((level, i) => {
    const wanted = mix(mix(level, even[i], share), lit[i], backlit);
    return (wanted - (1 - shown) * level) / shown;
  });
  const before = inverse(curve, bright, black);
  const found = inverse(curve, enhanced, black).map((after, i) => {
    const most = Math.abs(logOdds(enhanced[i]) - logOdds(bright[i]));
    // Mathematical libraries differ in less.
    return rint(clamp(after - before[i], -most, most) * STEPS) / STEPS;
  });
  const table = Float32Array.from(knots, (knot) => found[knot]);
  return {
    lift: { table, rows: grid.rows, columns: grid.columns, cell: 1 << grid.shift },
    share: shown,
    backlit,
    liftOf: (luma) => between(found, luma),
  };
}

/** Smooths a grid: the knot of each place and brightness's mean luma; the knots' shares, lumas. */
export function basesOf({ pixels, tones, columns }, { BINS, TONES, KNOTS }) {
  const row = columns * BINS;
  const [down, across] = [[row, pixels.length], [BINS, row]];
  const smoothed = (values) =>
    [down, down, down, across, across, across, [1, BINS]].reduce(blurred, values);
  const light = smoothed(tones);
  const knots = smoothed(pixels).map((count, i) => {
    const own = ((i % BINS) / (BINS - 1)) ** 2;
    const base = count > 0 ? Math.min(light[i] / ((TONES - 1) * count), 1) : own;
    return rint((KNOTS - 1) * Math.sqrt(base));
  });
  const total = sum(pixels);
  const weights = new Float64Array(KNOTS);
  knots.forEach((knot, i) => (weights[knot] += pixels[i] / total));
  const levels = weights.map((_, i) => (i / (KNOTS - 1)) ** 2);
  return { knots, weights, levels };
}

/** Blurs by 1 2 1 within each `block` of values, `step` apart; nothing lies outside. */
function blurred(values, [step, block]) {
  const out = new Float64Array(values.length);
  for (let first = 0; first < out.length; first += block) {
    for (let at = 0, i = first; at < block; at++, i++) {
      const before = at < step ? 0 : values[i - step];
      out[i] = before + 2 * values[i] + (at + step < block ? values[i + step] : 0);
    }
  }
  return out;
}

/** Tells how far dark parts stand before bright ones, from 0 to 1. */
export function backlitOf({ levels, weights }, constants) {
  const { DARK, BRIGHT, DARK_SHARES, BRIGHT_SHARES, SHARES_BETWEEN } = constants;
  const dark = sum(weights.filter((_, i) => levels[i] < DARK));
  const bright = sum(weights.filter((_, i) => levels[i] > BRIGHT));
  return (
    rise(dark, ...DARK_SHARES) *
    rise(bright, ...BRIGHT_SHARES) *
    (1 - rise(1 - dark - bright, ...SHARES_BETWEEN))
  );
}

/** Lowers log-odds until a share of what the mean has gained is gone; gives the lumas. */
function meanKept(raised, before, weights, share) {
  const odds = raised.map(logOdds);
  const mean = (lumas) => sum(weights.map((weight, i) => weight * lumas[i]));
  const wanted = mix(mean(raised), mean(before), share);
  let [low, high] = [0, 2];
  for (let i = 0; i < 16; i++) {
    const middle = (low + high) / 2;
    if (mean(odds.map((z) => lumaOf(z - middle))) > wanted) low = middle;
    else high = middle;
  }
  return odds.map((z) => lumaOf(z - high));
}

/** Reads between values at even steps of the square root of luma. */
function between(values, luma) {
  const at = (values.length - 1) * Math.sqrt(luma);
  const low = Math.min(Math.trunc(at), values.length - 2);
  return mix(values[low], values[low + 1], at - low);
}

const inside = (luma) => clamp(luma, 1e-6, 1 - 1e-6);

const logOdds = (luma) => Math.log(inside(luma) / (1 - inside(luma)));

const lumaOf = (odds) => 1 / (1 + Math.exp(-odds));
