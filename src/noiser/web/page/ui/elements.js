// Elements of the page: found by their id, made in one call, and a moment between two frames.

/** Give the element with this id. */
export const byId = (id) => document.getElementById(id);

/** Make an element: `make("button", {type: "button"}, "Save")`. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Wait until the browser is about to paint. */
export const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Make a canvas that lies outside the page, with its context. */
export function blankCanvas(width, height, settings = {}) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return { canvas, context: canvas.getContext("2d", settings) };
}

/** Give the canvas' content as an encoded file; quality in [0, 1]. */
export const toBlob = (canvas, type, quality) =>
  new Promise((resolve) => canvas.toBlob(resolve, type, quality));
