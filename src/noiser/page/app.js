// The page: opens, shows and saves photos; every part does one of these, and this one joins them.
import { Controls, firstSettings } from "./controls.js";
import { byId, make } from "./elements.js";
import { createEngine } from "./engine/engine.js";
import { Gallery } from "./gallery.js";
import { Live } from "./live.js";
import { closePhoto, openPhoto, OpeningError } from "./opening.js";
import { darken, drawScene, examplePhoto } from "./scene.js";
import { download, encodePhoto, formatOf, savedName } from "./saving.js";
import { Viewer } from "./viewer.js";
import { Zip } from "./zip.js";

/** Largest picture that is enhanced while a knob moves [pixels]: on the GPU and on the CPU. */
const PREVIEW = { webgl2: 1.5e6, cpu: 2e5 };

const say = (text) => (byId("status").textContent = text);

/** Tell what went wrong, until the visitor has read it. */
function complain(text) {
  const close = make("button", { type: "button", "aria-label": "Dismiss" }, "×");
  const item = make("li", {}, make("span", {}, text), close);
  close.addEventListener("click", () => item.remove());
  byId("problems").append(item);
}

const messageOf = (error) =>
  error instanceof OpeningError ? error.message : `That did not work: ${error.message}`;

function drawArt() {
  const context = byId("art").getContext("2d", { willReadFrequently: true });
  const { width, height } = context.canvas;
  drawScene(context);
  darken(context, width / 2, height);
}

class App {
  #engine;
  #gallery = new Gallery((entry) => this.#select(entry));
  #viewer = new Viewer({
    fail: (error) => complain(messageOf(error)),
    onPainted: (canvas, isWhole) => this.#onPainted(canvas, isWhole),
  });
  #controls;
  #live;
  /** What is shown: `{entry, photo, picture, preview}`. */
  #current = null;
  /** Openings wait for each other, so that pictures come in order and memory is bounded. */
  #queue = Promise.resolve();
  #saving = null;

  constructor(engine) {
    this.#engine = engine;
    this.#controls = new Controls(engine, () => this.#onLook());
    this.#live = new Live({
      engine, viewer: this.#viewer, say, look: () => this.#controls.look,
    });
    if (engine.why) byId("engine").textContent = engine.why;
    engine.lost.then(() => say("The graphics card went away; the processor goes on, slower."));
    this.#connect();
  }

  #connect() {
    const on = (id, act) => byId(id).addEventListener("click", () => this.#try(act));
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
    on("example", async () => this.add([await examplePhoto()]));
    on("webcam", () => this.#goLive(() => this.#live.camera()));
    on("grab", async () => this.add([await this.#live.grab()]));
    on("stop", () => this.#stopLive());
    on("remove", () => this.#remove());
    on("everywhere", () => this.#useForAll());
    on("save", () => this.#save());
    on("save-all", () => this.#saveAll());
    on("cancel", () => this.#saving?.abort());
    addEventListener("paste", (event) => this.add([...event.clipboardData.files]));
    addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("dragging");
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dragging");
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dragging");
      this.add([...event.dataTransfer.files]);
    });
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      complain(messageOf(error));
    }
  }

  /** Open files one after another; the first photo is shown, a video is played. */
  add(files) {
    let isShown = false;
    for (const [i, file] of files.entries()) {
      this.#queue = this.#queue.then(() => this.#try(async () => {
        if (file.type.startsWith("video/")) {
          await this.#goLive(() => this.#live.file(file));
          return;
        }
        say(files.length > 1 ? `Opening ${i + 1} of ${files.length}…` : "Opening…");
        this.#showWork();
        try {
          const photo = await openPhoto(file);
          const entry = this.#gallery.add(photo, firstSettings(this.#engine.facts));
          if (isShown) closePhoto(photo);
          else await this.#show(entry, photo);
          isShown = true;
        } finally {
          if (!isShown) say("");
          this.#afterCount();
        }
      }));
    }
    return this.#queue;
  }

  #showWork() {
    byId("work").hidden = false;
    byId("welcome").hidden = true;
    document.body.dataset.state = "open";
  }

  /** Show how many there are; without any, the start. */
  #afterCount() {
    const count = this.#gallery.entries.length;
    const isEmpty = count === 0 && !this.#live.isOn;
    for (const id of ["everywhere", "save-all"]) byId(id).hidden = count < 2;
    for (const id of ["save", "remove"]) byId(id).disabled = !this.#current;
    byId("work").hidden = isEmpty;
    byId("welcome").hidden = !isEmpty;
    document.body.dataset.state = isEmpty ? "empty" : "open";
  }

  #select(entry) {
    if (entry === this.#current?.entry) return this.#queue;
    this.#queue = this.#queue.then(() => this.#try(async () => {
      say("Opening…");
      await this.#show(entry, await openPhoto(entry.file));
    }));
    return this.#queue;
  }

  async #show(entry, photo) {
    this.#live.stop();
    const { source, colorSpace } = photo;
    const picture = await this.#engine.open(source, { colorSpace });
    const preview = await picture.reduced(PREVIEW[this.#engine.kind]);
    this.#close();
    this.#current = { entry, photo, picture, preview };
    this.#gallery.mark(entry);
    this.#controls.show(entry.settings);
    this.#viewer.show(this.#subject(this.#current));
    this.#tell();
    this.#afterCount();
  }

  #close() {
    if (!this.#current) return;
    const { photo, picture, preview } = this.#current;
    if (preview !== picture) preview.close();
    picture.close();
    closePhoto(photo);
    this.#current = null;
  }

  /** Give what the viewer shows of an opened photo. */
  #subject({ entry, photo, picture, preview }) {
    const { width, height } = preview;
    const look = () => this.#lookOf(entry);
    return {
      fit: { width, height },
      full: { width: picture.width, height: picture.height },
      colorSpace: photo.colorSpace,
      after: (context, region) => (region
        ? picture.paint(context, look(), region)
        : preview.paint(context, look())),
      before: (context, region) => {
        context.globalCompositeOperation = "copy";
        context.imageSmoothingQuality = "high";
        const part = region ?? { x: 0, y: 0, width: photo.width, height: photo.height };
        const { canvas } = context;
        context.drawImage(
          photo.source, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height,
        );
      },
    };
  }

  #lookOf({ settings }) {
    return this.#engine.lookOf(settings.choice, settings.knobs);
  }

  #tell() {
    const { photo } = this.#current;
    const size = `${photo.file.name}, ${photo.width} × ${photo.height}.`;
    say([size, ...photo.remarks].join(" "));
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

  async #goLive(play) {
    try {
      await play();
    } catch (error) {
      const why = { NotAllowedError: "it was not allowed", NotFoundError: "there is none" };
      throw new OpeningError(error.name === "NotSupportedError"
        ? "This browser cannot play this video."
        : `The camera does not answer: ${why[error.name] ?? error.message}.`);
    }
    this.#close();
    this.#gallery.mark(null);
    this.#controls.show(firstSettings(this.#engine.facts));
    this.#showWork();
    this.#afterCount();
  }

  async #stopLive() {
    this.#live.stop();
    say("");
    const entry = this.#gallery.entries.at(-1);
    if (entry) await this.#select(entry);
    else this.#afterCount();
  }

  async #remove() {
    const { entry } = this.#current;
    const next = this.#gallery.remove(entry);
    if (next) await this.#select(next);
    else {
      this.#viewer.show(null);
      this.#close();
      say("");
    }
    this.#afterCount();
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

  /** Do something long, one at a time, that the visitor can cancel. */
  async #longly(act) {
    this.#saving = new AbortController();
    const { signal } = this.#saving;
    const buttons = ["save", "save-all", "remove"].map(byId);
    for (const button of buttons) button.disabled = true;
    byId("cancel").hidden = false;
    try {
      await act(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      say("Cancelled.");
    } finally {
      byId("cancel").hidden = true;
      for (const button of buttons) button.disabled = false;
      this.#afterCount();
    }
  }

  #encode({ entry, photo, picture }, label, signal) {
    const format = formatOf(photo, byId("format").value);
    const name = savedName(photo.file, format);
    const blob = encodePhoto(photo, picture, {
      look: this.#lookOf(entry),
      format,
      quality: Math.min(Math.max(byId("quality").valueAsNumber || 95, 1), 100) / 100,
      keepsLocation: byId("location").checked,
      progress: (share) => say(`${label}: ${Math.floor(100 * share)} %`),
      signal,
    });
    return blob.then((encoded) => ({ name, blob: encoded }));
  }

  #save() {
    return this.#longly(async (signal) => {
      const { name, blob } = await this.#encode(this.#current, "Saving", signal);
      download(name, blob);
      say(`Saved ${name}.`);
    });
  }

  #saveAll() {
    return this.#longly(async (signal) => {
      const entries = [...this.#gallery.entries];
      let zip = new Zip();
      for (const [i, entry] of entries.entries()) {
        const label = `Saving ${i + 1} of ${entries.length}`;
        const { name, blob } = await this.#withOpen(entry, (open) => this.#encode(open, label, signal));
        if (await zip.add(name, blob)) continue;
        download("noiser.zip", zip.finish());
        zip = new Zip();
        await zip.add(name, blob);
      }
      download("noiser.zip", zip.finish());
      say(`Saved ${entries.length} photos in noiser.zip.`);
    });
  }

  /** Open a photo for one act, unless it is the one that is shown. */
  async #withOpen(entry, act) {
    if (entry === this.#current?.entry) return act(this.#current);
    const photo = await openPhoto(entry.file);
    let picture;
    try {
      picture = await this.#engine.open(photo.source, { colorSpace: photo.colorSpace });
      return await act({ entry, photo, picture });
    } finally {
      picture?.close();
      closePhoto(photo);
    }
  }
}

drawArt();
try {
  const engine = await createEngine({});
  /** For tests, and for the curious. */
  window.noiser = { engine, app: new App(engine) };
  document.body.dataset.ready = engine.kind;
} catch (error) {
  complain(`This page could not start: ${error.message}`);
}
