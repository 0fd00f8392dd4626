// The page: opens, shows and saves photos; every part does one of these, and this one joins them.
import { Controls, firstSettings } from "./ui/controls.js";
import { blankCanvas, byId, make } from "./ui/elements.js";
import { createEngine } from "./engine/engine.js";
import { Gallery } from "./ui/gallery.js";
import { Live } from "./ui/live.js";
import { openPhoto, OpeningError } from "./files/open.js";
import { darken, drawScene, examplePhoto } from "./ui/example.js";
import { Saver } from "./files/save.js";
import { Viewer } from "./ui/viewer.js";

/** Largest picture that is enhanced while a knob moves [pixels]: on the GPU and on the CPU. */
const PREVIEW = { webgl2: 1.5e6, cpu: 2e5 };

const say = (text) => (byId("status").textContent = text);

/** Tell what went wrong, until the visitor has read it. */
function complain(text) {
  const close = make("button", { type: "button", "aria-label": "Dismiss" }, "×");
  const item = make("p", {}, make("span", {}, text), close);
  close.addEventListener("click", () => item.remove());
  byId("problems").append(item);
}

const messageOf = (error) =>
  error instanceof OpeningError ? error.message : `That did not work: ${error.message}`;

/** Free what was open; nobody may be painting it any more. */
function close(open) {
  open?.preview.close();
  open?.picture.close();
}

/** Draw the start's picture: dark, until the engine is there. */
function drawArt() {
  const context = byId("art").getContext("2d", { willReadFrequently: true });
  drawScene(context);
  darken(context, context.canvas.width, context.canvas.height);
  return context;
}

/** Bring light into the right half of it: what the engine makes of it, and nothing else. */
async function lightArt(context, engine) {
  const { width, height } = context.canvas;
  const half = { x: width / 2, y: 0, width: width / 2, height };
  const after = blankCanvas(half.width, height);
  const picture = await engine.open(context.canvas);
  await picture.paint(after.context, picture.lookOf(firstSettings(engine.facts).choice), half);
  context.drawImage(after.canvas, half.x, 0);
}

class App {
  #engine;
  #gallery = new Gallery((entry) => this.#inTurn(() => this.#open(entry)));
  #viewer = new Viewer({
    fail: (error) => complain(messageOf(error)),
    onPainted: (canvas, isWhole) => this.#onPainted(canvas, isWhole),
  });
  #controls;
  #live;
  #saver;
  /** What is shown: `{entry, photo, picture, preview}`. */
  #current = null;
  /** What is under way, and all that waits for it. */
  #queue = Promise.resolve();

  constructor(engine) {
    this.#engine = engine;
    this.#controls = new Controls(engine, () => this.#onLook());
    this.#saver = new Saver(engine, say);
    this.#live = new Live({
      engine, viewer: this.#viewer, say, look: () => this.#controls.look,
    });
    if (engine.why) byId("engine").textContent = engine.why;
    engine.lost.then(() => say("The graphics card went away; the processor goes on, slower."));
    this.#connect();
  }

  #connect() {
    const on = (id, act) => byId(id).addEventListener("click", act);
    const onTurn = (id, act) => on(id, () => this.#inTurn(act));
    const files = byId("files");
    on("choose", () => files.click());
    on("take", () => byId("capture").click());
    for (const input of [files, byId("capture")]) {
      input.addEventListener("change", () => {
        this.add([...input.files]);
        input.value = "";
      });
    }
    byId("drop").addEventListener("click", () => files.click());
    on("everywhere", () => this.#useForAll());
    onTurn("example", async () => void this.add([await examplePhoto()]));
    onTurn("webcam", () => this.#goLive());
    onTurn("grab", async () => void this.add([await this.#live.grab()]));
    onTurn("stop", () => this.#stopLive());
    onTurn("remove", () => this.#remove());
    onTurn("save", () => this.#saver.save(this.#current));
    onTurn("save-all", () => this.#saver.saveAll(this.#gallery.entries, this.#current));
    addEventListener("paste", (event) => this.add([...event.clipboardData.files]));
    addEventListener("dragover", () => document.body.classList.add("dragging"));
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dragging");
    });
    addEventListener("drop", (event) => {
      document.body.classList.remove("dragging");
      this.add([...event.dataTransfer.files]);
    });
  }

  /** Do something after all that was begun before: pixels are closed only when nobody works. */
  #inTurn(act) {
    this.#queue = this.#queue.then(act).catch((error) => complain(messageOf(error)));
    return this.#queue;
  }

  /** Open files one after another; the first photo is shown, a video is played. */
  add(files) {
    let isShown = false;
    for (const [i, file] of files.entries()) {
      this.#inTurn(async () => {
        if (file.type.startsWith("video/")) {
          await this.#goLive(file);
          return;
        }
        say(files.length > 1 ? `Opening ${i + 1} of ${files.length}…` : "Opening…");
        this.#update(true);
        try {
          const photo = await openPhoto(file);
          const entry = this.#gallery.add(photo, firstSettings(this.#engine.facts));
          if (isShown) photo.bitmap.close();
          else await this.#show(entry, photo);
          isShown = true;
        } finally {
          this.#tell();
        }
      });
    }
    return this.#queue;
  }

  /** Show what fits to how many photos there are; without any, the start. */
  #update(isOpen = this.#live.isOn || this.#gallery.entries.length > 0) {
    const count = this.#gallery.entries.length;
    for (const id of ["everywhere", "save-all"]) byId(id).hidden = count < 2;
    for (const id of ["save", "remove"]) byId(id).disabled = !this.#current;
    byId("work").hidden = !isOpen;
    byId("welcome").hidden = isOpen;
    document.body.dataset.state = isOpen ? "open" : "empty";
  }

  async #open(entry) {
    if (!entry || entry === this.#current?.entry) return;
    say("Opening…");
    try {
      await this.#show(entry, await openPhoto(entry.file));
    } finally {
      this.#tell();
    }
  }

  async #show(entry, photo) {
    this.#live.stop();
    const before = this.#current;
    try {
      const picture = await this.#engine.open(photo.bitmap, photo);
      const preview = await picture.reduced(PREVIEW[this.#engine.kind]);
      this.#current = { entry, photo, picture, preview };
    } finally {
      photo.bitmap.close();
    }
    this.#gallery.mark(entry);
    this.#controls.show(entry.settings);
    await this.#viewer.show(this.#subject(this.#current));
    close(before);
  }

  /** Give what the viewer shows of an opened photo. */
  #subject({ entry, photo, picture, preview }) {
    const { choice } = firstSettings(this.#engine.facts);
    const paint = (context, region, look) => (region
      ? picture.paint(context, look, region)
      : preview.paint(context, look));
    return {
      fit: { width: preview.width, height: preview.height },
      full: { width: picture.width, height: picture.height },
      colorSpace: photo.colorSpace,
      before: (context, region) => paint(context, region, picture.lookOf(choice, { strength: 0 })),
      after: (context, region) => {
        const { settings } = entry;
        return paint(context, region, picture.lookOf(settings.choice, settings.knobs));
      },
    };
  }

  /** Say what is shown, and show what fits. */
  #tell() {
    this.#update();
    if (this.#live.isOn) return;
    const { file, width, height, remarks } = this.#current?.photo ?? {};
    say(file ? [`${file.name}, ${width} × ${height}.`, ...remarks].join(" ") : "");
  }

  #onLook() {
    if (this.#live.isOn) this.#live.refresh();
    else this.#viewer.repaint();
  }

  #onPainted(canvas, isWhole) {
    if (isWhole && this.#current && !this.#live.isOn) {
      this.#gallery.thumbnail(this.#current.entry, canvas);
    }
  }

  async #goLive(file) {
    try {
      await (file ? this.#live.file(file) : this.#live.camera());
    } catch (error) {
      if (!this.#current) await this.#stopLive();
      const why = { NotAllowedError: "it was not allowed", NotFoundError: "there is none" };
      throw new OpeningError(file
        ? `${file.name}: no video that this browser can play`
        : `The camera does not answer: ${why[error.name] ?? error.message}`);
    }
    close(this.#current);
    this.#current = null;
    this.#gallery.mark(null);
    this.#controls.show(firstSettings(this.#engine.facts));
    this.#update();
  }

  async #stopLive() {
    this.#live.stop();
    await this.#open(this.#gallery.entries.at(-1));
    this.#tell();
  }

  async #remove() {
    const next = this.#gallery.remove(this.#current.entry);
    if (!next) {
      const before = this.#current;
      this.#current = null;
      await this.#viewer.show(null);
      close(before);
    }
    await this.#open(next);
    this.#tell();
  }

  #useForAll() {
    for (const entry of this.#gallery.entries) {
      const { choice, knobs } = this.#controls.settings;
      if (entry.settings !== this.#controls.settings) {
        Object.assign(entry.settings, { choice, knobs: { ...knobs } });
      }
    }
    say("All photos have this look now.");
  }
}

// A photo that is dropped too early must not replace the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
const art = drawArt();
try {
  const engine = await createEngine({});
  /** For tests, and for the curious. */
  window.noiser = { engine, app: new App(engine) };
  document.body.dataset.ready = engine.kind;
  await lightArt(art, engine);
} catch (error) {
  complain(`This page could not start: ${error.message}`);
}
