// The example: a house by a lake at night, drawn, then exposed far too short.
import { blankCanvas, toBlob } from "./elements.js";

/** Share of the light that the short exposure gets. */
const EXPOSURE = 1 / 24;
/** Electrons that white frees in one pixel, and the noise of reading one. */
const FULL_WELL = 9000;
const READ_NOISE = 3;
const SIZE = { width: 1200, height: 800 };

/** Draw the scene as it is, by light of the moon, over the whole canvas. */
export function drawScene(context) {
  const { width: w, height: h } = context.canvas;
  const random = randomNumbers(7);
  fill(context, [0, 0, w, h * 0.62], [[0, "#27406e"], [0.6, "#6f8fb4"], [1, "#e8c9a4"]]);
  for (let i = 0; i < 140; i++) {
    context.fillStyle = `rgba(255,255,255,${0.3 + 0.7 * random()})`;
    const size = h * (0.0012 + 0.0022 * random());
    context.fillRect(w * random(), h * 0.4 * random(), size, size);
  }
  context.fillStyle = "#fff6df";
  disc(context, w * 0.78, h * 0.17, h * 0.05);
  ridge(context, 0.47, 0.13, 2.2, "#5b6d8c", random);
  ridge(context, 0.54, 0.07, 4.1, "#46604f", random);
  fill(context, [0, h * 0.6, w, h * 0.4], [[0, "#c9b79f"], [0.25, "#7892ae"], [1, "#2e4a6b"]]);
  reflect(context, 0.6);
  house(context, w * 0.27, h * 0.6, h * 0.2);
  for (let i = 0; i < 16; i++) {
    const x = i < 9 ? w * (0.015 + 0.022 * i) : w * (0.47 + 0.07 * (i - 9));
    fir(context, x, h * (0.605 + 0.01 * random()), h * (0.1 + 0.13 * random()));
  }
  fill(context, [0, h * 0.88, w, h * 0.12], [[0, "#6b7a4b"], [1, "#3b4a2e"]]);
  for (let i = 0; i < 900; i++) {
    context.strokeStyle = `hsl(${70 + 40 * random()} 35% ${22 + 30 * random()}%)`;
    context.lineWidth = h / 500;
    const [x, y] = [w * random(), h * (0.89 + 0.13 * random())];
    context.beginPath();
    context.moveTo(x, y);
    context.quadraticCurveTo(x, y - h * 0.02, x + h * 0.02 * (random() - 0.5), y - h * 0.04);
    context.stroke();
  }
}

/** Expose what is drawn too short: little light, counted in electrons, with a sensor's noise. */
export function darken(context, [x, y, width, height]) {
  const image = context.getImageData(x, y, width, height);
  const { data } = image;
  const random = randomNumbers(11);
  const linear = Float32Array.from({ length: 256 }, (_, v) => (v / 255) ** 2.2 * EXPOSURE);
  for (let i = 0; i < data.length; i++) {
    if (i % 4 === 3) continue;
    const light = linear[data[i]] * FULL_WELL;
    const normal = (random() + random() + random() + random() - 2) * 1.73;
    const counted = light + normal * Math.sqrt(light + READ_NOISE ** 2);
    data[i] = 255 * Math.max(0, counted / FULL_WELL) ** (1 / 2.2);
  }
  context.putImageData(image, x, y);
}

/** Give the example as a photo's file. */
export async function examplePhoto() {
  const { canvas, context } = blankCanvas(SIZE.width, SIZE.height);
  drawScene(context);
  darken(context, [0, 0, SIZE.width, SIZE.height]);
  return new File([await toBlob(canvas, "image/png")], "example.png", { type: "image/png" });
}

/** Numbers in [0, 1), the same ones each time. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function fill(context, [x, y, width, height], stops) {
  const gradient = context.createLinearGradient(0, y, 0, y + height);
  for (const [at, color] of stops) gradient.addColorStop(at, color);
  context.fillStyle = gradient;
  context.fillRect(x, y, width, height + 1);
}

function disc(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fill();
}

function ridge(context, base, rise, waves, color, random) {
  const { width: w, height: h } = context.canvas;
  const phase = 6 * random();
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(0, h * 0.61);
  for (let i = 0; i <= 200; i++) {
    const t = (i / 200) * waves * 3 + phase;
    const wave = 0.5 * Math.sin(t) + 0.3 * Math.sin(2.3 * t + 1) + 0.12 * Math.sin(7.1 * t);
    context.lineTo((w * i) / 200, h * (base - rise * wave * 0.8));
  }
  context.lineTo(w, h * 0.61);
  context.fill();
}

/** Mirror what is above the line in what is below it, dimly. */
function reflect(context, line) {
  const { canvas } = context;
  const { width: w, height: h } = canvas;
  context.save();
  context.globalAlpha = 0.45;
  context.translate(0, 2 * h * line);
  context.scale(1, -1);
  context.drawImage(canvas, 0, h * 0.3, w, h * 0.3, 0, h * 0.3, w, h * 0.3);
  context.restore();
}

function house(context, x, ground, size) {
  context.fillStyle = "#8a5a44";
  context.fillRect(x, ground - size * 0.55, size, size * 0.57);
  context.fillStyle = "#5a3b3a";
  context.beginPath();
  context.moveTo(x - size * 0.12, ground - size * 0.52);
  context.lineTo(x + size / 2, ground - size);
  context.lineTo(x + size * 1.12, ground - size * 0.52);
  context.fill();
  context.fillStyle = "#ffd98a";
  for (const left of [0.14, 0.62]) {
    context.fillRect(x + size * left, ground - size * 0.4, size * 0.22, size * 0.2);
    const glow = context.createLinearGradient(0, ground, 0, ground + size * 0.9);
    glow.addColorStop(0, "rgba(255,217,138,.7)");
    glow.addColorStop(1, "rgba(255,217,138,0)");
    context.save();
    context.fillStyle = glow;
    context.fillRect(x + size * left, ground + size * 0.04, size * 0.22, size * 0.9);
    context.restore();
  }
}

function fir(context, x, ground, size) {
  context.fillStyle = "#2f4a3c";
  for (let i = 0; i < 4; i++) {
    const width = size * (0.11 + 0.06 * i);
    context.beginPath();
    context.moveTo(x, ground - size * (1 - 0.2 * i));
    context.lineTo(x - width, ground - size * (0.62 - 0.2 * i));
    context.lineTo(x + width, ground - size * (0.62 - 0.2 * i));
    context.fill();
  }
}
