// The gallery: the strip of opened photos; arrow keys move in it.
import { byId, make } from "./elements.js";

/** Height of a thumbnail [pixels]. */
const HEIGHT = 112;

/** Keeps `{file, settings, button, canvas}` by photo, not pixels: those are opened when shown. */
export class Gallery {
  entries = [];
  #strip = byId("strip");
  #onSelect;

  constructor(onSelect) {
    this.#onSelect = onSelect;
    this.#strip.addEventListener("keydown", (event) => this.#move(event));
  }

  /** Add an opened photo at the end. */
  add(photo, settings) {
    const width = Math.round((HEIGHT * photo.width) / photo.height);
    const canvas = make("canvas", { width: Math.min(Math.max(width, 40), 240), height: HEIGHT });
    const button = make("button", { type: "button", "aria-label": photo.file.name }, canvas);
    const entry = { file: photo.file, settings, button, canvas };
    button.addEventListener("click", () => this.#onSelect(entry));
    this.#strip.append(make("li", {}, button));
    this.entries.push(entry);
    this.thumbnail(entry, photo.bitmap);
    this.#update();
    return entry;
  }

  /** Take a photo out; gives the one that should be shown now. */
  remove(entry) {
    const at = this.entries.indexOf(entry);
    this.entries.splice(at, 1);
    entry.button.parentElement.remove();
    this.#update();
    return this.entries[Math.min(at, this.entries.length - 1)];
  }

  /** Mark the photo that is shown. */
  mark(entry) {
    for (const { button } of this.entries) button.removeAttribute("aria-current");
    entry?.button.setAttribute("aria-current", "true");
    entry?.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Draw a photo's small picture. */
  thumbnail({ canvas }, source) {
    const context = canvas.getContext("2d");
    const scale = Math.max(canvas.width / source.width, canvas.height / source.height);
    const [width, height] = [source.width * scale, source.height * scale];
    context.imageSmoothingQuality = "high";
    context.drawImage(
      source, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height,
    );
  }

  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    const at = this.entries.findIndex(({ button }) => button === document.activeElement) + step;
    this.entries[Math.min(Math.max(at, 0), this.entries.length - 1)].button.focus();
    event.preventDefault();
  }

  #update() {
    this.#strip.hidden = this.entries.length < 2;
  }
}
