// Live: a camera or a video file, enhanced frame by frame.
import { blankCanvas, byId, toBlob } from "./elements.js";

/** Largest frame at first [pixels]: on the GPU, and where the CPU renders. */
const MOST_PIXELS = { webgl2: 1e6, cpu: 5e4 };
/** Frames that take longer become smaller, so that they take about this long [seconds]. */
const [LONG, SHORT] = [1 / 8, 1 / 20];
/** Smallest frame that becomes of it [pixels]. */
const LEAST = 3e4;
/** Time over which the moments are smoothed [seconds]. */
const SMOOTHING = 0.7;

/** Plays into the viewer until it is stopped; `look()` gives the look of the moment. */
export class Live {
  #engine;
  #viewer;
  #look;
  #say;
  #video = null;
  #film;
  #most;
  #frames = 0;
  #busy = 0;
  #since = null;

  constructor({ engine, viewer, look, say }) {
    this.#engine = engine;
    this.#viewer = viewer;
    this.#look = look;
    this.#say = say;
    byId("pause").addEventListener("click", () => this.#togglePause());
  }

  get isOn() {
    return this.#video !== null;
  }

  /** Play the camera; the browser asks the visitor first. */
  async camera() {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    await this.#play((video) => (video.srcObject = stream), "Camera");
  }

  /** Play a video file, again and again, without sound. */
  async file(file) {
    await this.#play((video) => (video.src = URL.createObjectURL(file)), file.name);
  }

  /** Stop, and let go of the camera. */
  stop() {
    const video = this.#video;
    this.#video = null;
    if (!video) return;
    release(video);
    this.#viewer.show(null);
    this.#showButtons(false);
  }

  /** Render again where the video stands still: the look has changed. */
  refresh() {
    if (this.#video?.paused) this.#viewer.repaint();
  }

  /** Give the frame of this moment, at its full size and not enhanced, as a file. */
  async grab() {
    const { canvas, context } = blankCanvas(this.#video.videoWidth, this.#video.videoHeight);
    context.drawImage(this.#video, 0, 0);
    const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
    const blob = await toBlob(canvas, "image/png");
    return new File([blob], `frame-${time}.png`, { type: blob.type });
  }

  async #play(connect, name) {
    this.stop();
    const video = Object.assign(document.createElement("video"), {
      muted: true, loop: true, playsInline: true,
    });
    connect(video);
    try {
      await video.play();
    } catch (error) {
      release(video);
      throw error;
    }
    this.#video = video;
    this.#film = this.#engine.film({ seconds: SMOOTHING });
    this.#most = MOST_PIXELS[this.#engine.kind];
    this.#since = null;
    this.#showButtons(true);
    await this.#viewer.show(this.#subject(video, name));
    this.#follow(video);
  }

  /** What the viewer shows: both of its sides come from one and the same frame. */
  #subject(video, name) {
    const pixels = video.videoWidth * video.videoHeight;
    const scale = Math.min(1, Math.sqrt(this.#most / pixels));
    const width = Math.max(1, Math.round(video.videoWidth * scale));
    const height = Math.max(1, Math.round(video.videoHeight * scale));
    const { canvas, context } = blankCanvas(width, height);
    return {
      fit: { width, height }, full: null, most: video.videoWidth, colorSpace: "srgb", moves: true,
      before: (target) => target.drawImage(canvas, 0, 0),
      after: async (target) => {
        context.drawImage(video, 0, 0, width, height);
        const start = performance.now();
        await this.#film.frame(canvas, target, this.#look());
        this.#busy += (performance.now() - start) / 1000;
        if (this.#video === video && !video.paused) this.#count(video, name);
      },
    };
  }

  /** Ask for a painting whenever the video has a new frame. */
  #follow(video) {
    const next = (step) => (video.requestVideoFrameCallback?.(step) ?? requestAnimationFrame(step));
    const step = () => {
      if (this.#video !== video) return;
      this.#viewer.repaint();
      next(step);
    };
    step();
  }

  #count(video, name) {
    // The first frame does not count: it waits for shaders and moments.
    if (this.#since === null) return this.#restartCount();
    this.#frames += 1;
    const seconds = (performance.now() - this.#since) / 1000;
    if (seconds < 1) return;
    const rate = this.#frames / seconds;
    this.#say(`${name}: ${rate.toFixed(rate < 10 ? 1 : 0)} frames per second`);
    const took = this.#busy / this.#frames;
    if (took > LONG && this.#most > LEAST) {
      const pixels = Math.min(this.#most, video.videoWidth * video.videoHeight);
      this.#most = Math.max(LEAST, (pixels * SHORT) / took);
      this.#viewer.show(this.#subject(video, name));
    }
    this.#restartCount();
  }

  #restartCount() {
    this.#frames = this.#busy = 0;
    this.#since = performance.now();
  }

  #togglePause() {
    const { paused } = this.#video;
    if (paused) this.#video.play();
    else this.#video.pause();
    byId("pause").textContent = paused ? "Pause" : "Play";
  }

  #showButtons(areShown) {
    for (const id of ["pause", "grab", "stop"]) byId(id).hidden = !areShown;
    byId("pause").textContent = "Pause";
    byId("status").setAttribute("aria-live", areShown ? "off" : "polite");
  }
}

function release(video) {
  video.pause();
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  if (video.src) URL.revokeObjectURL(video.src);
  video.srcObject = null;
}
