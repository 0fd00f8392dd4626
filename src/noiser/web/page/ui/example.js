// The example: a house by a lake at night, drawn, then exposed far too short.
import { blankCanvas, toBlob } from "./elements.js";

/** Share of the light that the short exposure gets. */
const EXPOSURE = 1 / 24;
/** Electrons that white frees in one pixel, and the noise of reading one. */
const FULL_WELL = 9000;
const READ_NOISE = 3;

/** Draw the scene as it is, by light of the moon, over the whole canvas. */
export function drawScene(context) {
  const { canvas } = context;
  const { width: w, height: h } = canvas;
  const random = randomNumbers(7);
  /** A polygon; places are shares of the height, from the left and from the top. */
  const shape = (color, ...points) => {
    context.fillStyle = color;
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x * h, y * h);
    context.fill();
  };
  const wide = w / h;
  const box = (color, x, y, width, height) =>
    shape(color, [x, y], [x + width, y], [x + width, y + height], [x, y + height]);
  const fade = (from, to, ...stops) => {
    const gradient = context.createLinearGradient(0, from * h, 0, to * h);
    stops.forEach((color, i) => gradient.addColorStop(i / (stops.length - 1), color));
    return gradient;
  };
  const ridge = (color, base, rise, waves) => {
    const points = [[0, 0.61]];
    for (let x = 0; x < wide + 0.01; x += 0.01) {
      const t = x * waves + base * 9;
      points.push([x, base - rise * (Math.sin(t) + Math.sin(2.3 * t) / 2 + Math.sin(7 * t) / 5)]);
    }
    shape(color, ...points, [wide, 0.61]);
  };
  box(fade(0, 0.6, "#27406e", "#6f8fb4", "#e8c9a4"), 0, 0, wide, 0.61);
  for (let i = 0; i < 140; i++) {
    box(`rgba(255,255,255,${random()})`, wide * random(), random() * 0.4, 0.003, 0.003);
  }
  context.fillStyle = "#fff6df";
  context.beginPath();
  context.arc(w * 0.78, h * 0.13, h * 0.05, 0, 7);
  context.fill();
  ridge("#5b6d8c", 0.46, 0.06, 3.3);
  ridge("#46604f", 0.53, 0.03, 6);
  box(fade(0.6, 1, "#c9b79f", "#6f8aa8", "#2e4a6b"), 0, 0.6, wide, 0.4);
  context.globalAlpha = 0.45;
  context.setTransform(1, 0, 0, -1, 0, 1.2 * h);
  context.drawImage(canvas, 0, h * 0.2, w, h * 0.4, 0, h * 0.2, w, h * 0.4);
  context.resetTransform();
  context.globalAlpha = 1;
  const x = 0.27 * wide;
  box("#8a5a44", x, 0.49, 0.2, 0.12);
  shape("#5a3b3a", [x - 0.025, 0.495], [x + 0.1, 0.4], [x + 0.225, 0.495]);
  for (const window of [x + 0.03, x + 0.125]) {
    box("#ffd98a", window, 0.52, 0.045, 0.045);
    box(fade(0.6, 0.8, "#ffd98ab0", "#ffd98a00"), window, 0.615, 0.045, 0.2);
  }
  for (let i = 0; i < 16; i++) {
    const foot = wide * (i < 9 ? 0.02 + 0.022 * i : 0.07 * i - 0.15);
    const size = 0.1 + 0.13 * random();
    for (let step = 0; step < 4; step++) {
      const [half, top] = [size * (0.11 + 0.06 * step), 0.61 - size * (1 - 0.2 * step)];
      const base = top + size * 0.4;
      shape("#2f4a3c", [foot, top], [foot - half, base], [foot + half, base]);
    }
  }
}

/** Expose what is drawn too short: little light, counted in electrons, with a sensor's noise. */
export function darken(context, width, height) {
  const image = context.getImageData(0, 0, width, height);
  const { data } = image;
  const random = randomNumbers(11);
  for (let i = 0; i < data.length; i++) {
    if (i % 4 === 3) continue;
    const light = (data[i] / 255) ** 2.2 * EXPOSURE * FULL_WELL;
    const normal = (random() + random() + random() + random() - 2) * Math.sqrt(3);
    const counted = light + normal * Math.sqrt(light + READ_NOISE ** 2);
    data[i] = 255 * Math.max(0, counted / FULL_WELL) ** (1 / 2.2);
  }
  context.putImageData(image, 0, 0);
}

/** Give the example as a photo's file. */
export async function examplePhoto() {
  const { canvas, context } = blankCanvas(1200, 800);
  drawScene(context);
  darken(context, canvas.width, canvas.height);
  const blob = await toBlob(canvas, "image/png");
  return new File([blob], "example.png", { type: blob.type });
}

/** Numbers in [0, 1), the same ones each time. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
