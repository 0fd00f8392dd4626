// The viewer: a picture before and after, with a divider; fitted, or pixel by pixel.
import { blankCanvas, byId, nextFrame } from "./elements.js";

/**
 * Shows one subject at a time: `{fit: {width, height}, full: {width, height} | null, colorSpace,
 * async before(context, region), async after(context, region)}`. `region` [pixels of `full`] is null
 * where all is wanted at the size of `fit`. A subject without `full` has no 100 % view. `most` is half
 * of the width at which it is shown, at most [CSS pixels].
 */
export class Viewer {
  #stage = byId("stage");
  #frame = byId("frame");
  #extent = byId("extent");
  #split = byId("split");
  #zoom = byId("zoom");
  #compare = byId("compare");
  #subject = null;
  #pair = null;
  #spare = null;
  #isFull = false;
  #isWanted = false;
  #isLooping = false;
  #painting = Promise.resolve();
  #fail;
  #onPainted;

  constructor({ fail, onPainted }) {
    this.#fail = fail;
    this.#onPainted = onPainted;
    this.#split.addEventListener("input", () => this.#showSplit());
    this.#zoom.addEventListener("click", () => this.setFull(!this.#isFull));
    this.#compare.addEventListener("click", () => this.#setOriginal(!this.#isOriginal()));
    this.#frame.addEventListener("dblclick", (event) => this.setFull(!this.#isFull, event));
    this.#frame.addEventListener("pointerdown", (event) => this.#drag(event));
    this.#stage.addEventListener("scroll", () => this.repaint());
    new ResizeObserver(() => {
      if (!this.#isFull) return;
      this.#layOut();
      this.repaint();
    }).observe(this.#stage);
    this.#showSplit();
  }

  /**
   * Show a subject, or nothing. The last one stays until this one is painted; once the promise
   * is kept, nobody paints it any more.
   */
  show(subject) {
    const isSame = subject?.full?.width === this.#subject?.full?.width
      && subject?.full?.height === this.#subject?.full?.height;
    this.#subject = subject;
    this.#zoom.disabled = !subject?.full;
    if (!subject) {
      this.#clear();
      this.#pair = this.#spare = null;
    } else if (this.#isFull && !(subject.full && isSame)) this.setFull(false);
    else this.repaint();
    return this.#painting;
  }

  /** Paint again: in the next frame, and only what is wanted then. */
  async repaint() {
    this.#isWanted = true;
    if (this.#isLooping) return;
    this.#isLooping = true;
    while (this.#isWanted && this.#subject) {
      this.#isWanted = false;
      await nextFrame();
      const subject = this.#subject;
      if (!subject) break;
      this.#painting = this.#paint(subject).catch((error) => {
        if (subject === this.#subject) this.#fail(error);
      });
      await this.#painting;
    }
    this.#isLooping = false;
  }

  /** Show 100 %, one pixel of the picture to one of the screen, or all of the picture. */
  setFull(isFull, around) {
    if (!this.#subject || (isFull && !this.#subject.full)) return;
    const box = this.#frame.getBoundingClientRect();
    const x = around ? (around.clientX - box.left) / box.width : 0.5;
    const y = around ? (around.clientY - box.top) / box.height : 0.5;
    this.#isFull = isFull;
    this.#zoom.setAttribute("aria-pressed", isFull);
    this.#stage.classList.toggle("full", isFull);
    if (isFull) {
      this.#stage.tabIndex = 0;
      this.#stage.setAttribute("role", "region");
      this.#stage.setAttribute("aria-label", "Photo at 100 %; arrow keys move it");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) this.#stage.removeAttribute(name);
    }
    this.#layOut();
    this.#stage.scrollLeft = x * this.#extent.offsetWidth - this.#stage.clientWidth / 2;
    this.#stage.scrollTop = y * this.#extent.offsetHeight - this.#stage.clientHeight / 2;
    this.repaint();
  }

  #layOut() {
    const { fit, full, most = (full ?? fit).width } = this.#subject;
    const { style } = this.#frame;
    style.setProperty("--ratio", fit.width / fit.height);
    style.setProperty("--most", `${2 * most}px`);
    for (const name of ["width", "height"]) {
      const client = name === "width" ? this.#stage.clientWidth : this.#stage.clientHeight;
      const size = full ? full[name] / devicePixelRatio : 0;
      this.#extent.style[name] = this.#isFull ? `${size}px` : "";
      style[name] = this.#isFull ? `${Math.min(size, client)}px` : "";
    }
  }

  /** The part of the picture that the stage shows at 100 %. */
  #region() {
    const { full } = this.#subject;
    const part = (size, client, scroll) => {
      const length = Math.min(size, Math.round(client * devicePixelRatio));
      return [Math.min(Math.max(0, Math.round(scroll * devicePixelRatio)), size - length), length];
    };
    const [x, width] = part(full.width, this.#stage.clientWidth, this.#stage.scrollLeft);
    const [y, height] = part(full.height, this.#stage.clientHeight, this.#stage.scrollTop);
    return { x, y, width, height };
  }

  async #paint(subject) {
    const region = this.#isFull ? this.#region() : null;
    const { width, height } = region ?? subject.fit;
    if (!width || !height) return;
    const place = JSON.stringify([region, width, height]);
    const moved = subject !== this.#pair?.subject || place !== this.#pair.place;
    const pair = moved ? this.#another(subject, width, height) : this.#pair;
    await subject.after(pair.after.context, region);
    if (moved || subject.moves) await subject.before(pair.before.context, region);
    if (subject !== this.#subject) return;
    if (moved) {
      this.#clear();
      this.#frame.prepend(pair.after.canvas, pair.before.canvas);
      [this.#pair, this.#spare] = [pair, this.#pair];
      this.#layOut();
    }
    pair.place = place;
    this.#onPainted(pair.after.canvas, !region);
  }

  #clear() {
    this.#pair?.after.canvas.remove();
    this.#pair?.before.canvas.remove();
  }

  /** Give canvases that are not shown: both sides of the divider change at once. */
  #another(subject, width, height) {
    const { canvas } = this.#spare?.after ?? {};
    const fits = subject === this.#spare?.subject && canvas.width === width
      && canvas.height === height;
    return fits ? this.#spare : makePair(subject, width, height);
  }

  #isOriginal() {
    return this.#compare.getAttribute("aria-pressed") === "true";
  }

  #setOriginal(isOriginal) {
    this.#compare.setAttribute("aria-pressed", isOriginal);
    this.#frame.classList.toggle("original", isOriginal);
  }

  #showSplit() {
    this.#frame.style.setProperty("--split", `${this.#split.value}%`);
    this.#split.setAttribute("aria-valuetext", `${this.#split.value} % before`);
  }

  #drag(event) {
    if (event.button !== 0 || !this.#subject) return;
    const isHandle = event.target.id === "handle";
    const isTouch = event.pointerType === "touch";
    if (this.#isFull && !isHandle && isTouch) return; // the browser scrolls
    const isPan = this.#isFull && !isHandle;
    let { clientX: x, clientY: y } = event;
    const move = (now) => {
      if (isPan) {
        this.#stage.scrollBy(x - now.clientX, y - now.clientY);
        ({ clientX: x, clientY: y } = now);
      } else {
        const box = this.#frame.getBoundingClientRect();
        this.#split.value = (100 * (now.clientX - box.left)) / box.width;
        this.#showSplit();
      }
    };
    const leave = new AbortController();
    this.#frame.setPointerCapture(event.pointerId);
    const { signal } = leave;
    this.#frame.addEventListener("pointermove", move, { signal });
    for (const end of ["pointerup", "pointercancel"]) {
      this.#frame.addEventListener(end, () => leave.abort(), { signal });
    }
    if (!isPan) this.#split.focus({ preventScroll: true, focusVisible: false });
    event.preventDefault();
  }
}

function makePair(subject, width, height) {
  const after = blankCanvas(width, height, { colorSpace: subject.colorSpace });
  const before = blankCanvas(width, height, { colorSpace: subject.colorSpace });
  after.canvas.setAttribute("role", "img");
  after.canvas.setAttribute("aria-label", "Enhanced photo");
  before.canvas.className = "before";
  before.canvas.setAttribute("aria-hidden", "true");
  return { subject, after, before };
}
