// Controls: looks as chips, knobs as sliders, all made from the facts about noiser.
import { byId, make } from "./elements.js";

/** Knobs that stand in front; the others wait under "More". */
const FIRST = ["strength", "brightness", "contrast", "color", "detail", "denoise", "local"];
/** Of all knobs: what their values are written with. */
const STEP = 0.01;
const HINT = "Double-click a slider to reset it.";
/** What the facts do not say of a look. */
const LOOKS = {
  natural: "a clear picture that stays true to the scene",
  paper: "the network's plain output, as it was published",
};
const SPELLED = { color: "colour", local: "light in dark parts" };

/** The settings that a picture starts with: the first look as it is. */
export const firstSettings = ({ looks }) => ({ choice: Object.keys(looks)[0], knobs: {} });

const titled = (name) => {
  const words = (SPELLED[name] ?? name).replace(/[-_]/g, " ");
  return words[0].toUpperCase() + words.slice(1);
};

/** The panel's upper half; tells `onChange` whenever its `settings` changed. */
export class Controls {
  settings;
  #engine;
  #onChange;
  #rows = new Map();
  #chips = new Map();
  #hint = byId("hint");

  constructor(engine, onChange) {
    const { facts } = engine;
    this.#engine = engine;
    this.#onChange = onChange;
    const [first, ...others] = Object.keys(facts.looks);
    for (const choice of [first, ...Object.keys(facts.presets), ...others]) this.#addChip(choice);
    for (const knob of facts.knobs) this.#addKnob(knob);
    byId("reset").addEventListener("click", () => {
      this.settings.knobs = {};
      this.#changed();
    });
    this.show(firstSettings(facts));
  }

  /** The look that the settings stand for. */
  get look() {
    return this.#engine.lookOf(this.settings.choice, this.settings.knobs);
  }

  /** Show settings; moving a knob changes this very object. */
  show(settings) {
    this.settings = settings;
    this.#update();
  }

  #addChip(choice) {
    const input = make("input", { type: "radio", name: "look", value: choice });
    const about = this.#engine.facts.presets[choice]?.description ?? LOOKS[choice] ?? "";
    input.addEventListener("change", () => {
      this.settings.choice = choice;
      this.settings.knobs = {};
      this.#changed();
      this.#say(about);
    });
    const chip = make("label", { class: "chip", title: about }, input, titled(choice));
    this.#chips.set(choice, input);
    byId("looks").append(chip);
  }

  #addKnob({ name, low, high, help }) {
    const text = help.replaceAll("`", "");
    const input = make("input", {
      type: "range", id: `knob-${name}`, min: low, max: high, step: STEP,
      "aria-describedby": `help-${name}`,
    });
    const output = make("output", { for: input.id });
    const reset = make("button", { type: "button", title: "Reset" }, "↺");
    reset.setAttribute("aria-label", `Reset ${titled(name)}`);
    const label = make("label", { for: input.id }, titled(name));
    const description = make("span", { id: `help-${name}`, hidden: "" }, text);
    const row = make("div", { class: "knob" }, label, reset, output, input, description);
    input.addEventListener("input", () => {
      this.settings.knobs[name] = Number(input.value);
      this.#changed();
    });
    const undo = () => {
      delete this.settings.knobs[name];
      this.#changed();
      input.focus();
    };
    reset.addEventListener("click", undo);
    input.addEventListener("dblclick", undo);
    for (const kind of ["pointerenter", "focusin"]) {
      row.addEventListener(kind, () => this.#say(text));
    }
    this.#rows.set(name, { input, output, reset });
    byId(FIRST.includes(name) ? "knobs" : "more").append(row);
  }

  #say(text) {
    this.#hint.textContent = text ? `${text[0].toUpperCase()}${text.slice(1)}` : HINT;
  }

  #changed() {
    this.#update();
    this.#onChange();
  }

  #update() {
    const { choice } = this.settings;
    const plain = this.#engine.lookOf(choice);
    const look = this.look;
    this.#chips.get(choice).checked = true;
    for (const [name, { input, output, reset }] of this.#rows) {
      input.value = look[name];
      output.value = Number(look[name].toFixed(2));
      reset.classList.toggle("idle", look[name] === plain[name]);
      input.style.setProperty("--part", (look[name] - input.min) / (input.max - input.min));
    }
    byId("reset").disabled = !Object.keys(this.settings.knobs).length;
    if (!this.#hint.textContent) this.#say("");
  }
}
