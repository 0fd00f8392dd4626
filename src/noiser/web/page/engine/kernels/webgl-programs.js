// Programs: the shaders, compiled when they are first needed, and the numbers they are given.

import { colorsOf, grayKernel } from "../look/fold.js";
import { GlError } from "./webgl-textures.js";
import { TEXTURES, VERTEX, fragment } from "./shaders.js";

/** The programs of a context. */
export class Programs {
  #gl;
  #constants;
  #vertex;
  #made = new Map();

  constructor(gl, constants) {
    this.#gl = gl;
    this.#constants = constants;
    this.#vertex = compiled(gl, gl.VERTEX_SHADER, VERTEX);
  }

  /**
   * Starts to compile the program of a pass, which browsers do beside other work.
   * @param {string} pass as in shaders.js
   * @param {object} values of its kind and its uniforms, by name: `valuesOf`, and more
   */
  start(pass, values) {
    const source = fragment(pass, values, this.#constants);
    if (!this.#made.has(source)) {
      const gl = this.#gl;
      const program = gl.createProgram();
      gl.attachShader(program, this.#vertex);
      gl.attachShader(program, compiled(gl, gl.FRAGMENT_SHADER, source));
      gl.linkProgram(program);
      this.#made.set(source, { program });
    }
    return this.#made.get(source);
  }

  /** Uses the program of a pass, with these numbers. */
  use(pass, values) {
    const made = this.start(pass, values);
    made.setters ??= settersOf(this.#gl, made.program);
    this.#gl.useProgram(made.program);
    made.setters.forEach((set, name) => set(values[name]));
  }
}

function compiled(gl, type, source) {
  const shader = gl.createShader(type);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

/** Finds how each number of a program is set; textures are set once and for all. */
function settersOf(gl, program) {
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    const logs = gl.getAttachedShaders(program)?.map((shader) => gl.getShaderInfoLog(shader));
    throw new GlError(logs?.join("") ?? "the context is lost");
  }
  const setters = new Map();
  gl.useProgram(program);
  for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
    const { name, type } = gl.getActiveUniform(program, i);
    const place = gl.getUniformLocation(program, name);
    if (type === gl.SAMPLER_2D) {
      gl.uniform1i(place, TEXTURES.indexOf(name));
      continue;
    }
    const set = {
      [gl.FLOAT]: "uniform1fv", [gl.FLOAT_VEC2]: "uniform2fv", [gl.FLOAT_VEC3]: "uniform3fv",
      [gl.FLOAT_VEC4]: "uniform4fv", [gl.INT_VEC2]: "uniform2iv", [gl.BOOL]: "uniform1iv",
      [gl.INT]: "uniform1iv",
    }[type];
    setters.set(name.replace("[0]", ""), (value) => {
      gl[set](place, typeof value === "object" ? value : [value]);
    });
  }
  return setters;
}

/**
 * Lays out a filter and a adjustments as the shaders read them: by name. `colors` that differ,
 * `groups` of four hidden channels and `develops` tell which shaders that are.
 */
export function valuesOf({ folded, adjustments }) {
  const { firstWeight, firstBias, secondWeight, secondBias, center } = folded;
  const hidden = firstBias.length;
  const groups = Math.ceil(hidden / 4);
  const colors = colorsOf(folded);
  const kernelsOf = (k) =>
    colors === 3 ? firstWeight.subarray(27 * k, 27 * (k + 1)) : grayKernel(firstWeight, k);
  const kernels = Array.from({ length: hidden }, (_, k) => kernelsOf(k));
  const first = new Float32Array(36 * colors * groups);
  const second = new Float32Array(36 * colors * groups);
  for (let color = 0; color < colors; color++) {
    for (let tap = 0; tap < 9; tap++) {
      const start = (9 * color + tap) * 4 * groups;
      for (let k = 0; k < hidden; k++) {
        first[start + k] = kernels[k][9 * color + tap];
        second[start + k] = secondWeight[(color * hidden + k) * 9 + tap];
      }
    }
  }
  return {
    ...adjustments,
    colors,
    groups,
    tint: adjustments.cast,
    ownColor: adjustments.color,
    cell: adjustments.lift.cell,
    firstWeight: first,
    secondWeight: second,
    firstBias: padded(firstBias, groups),
    secondBias,
    center: Array.from(center, (level) => level / 255),
    zeroPadding: folded.padding === "zero",
  };
}

/** Fills up to whole groups of four. */
function padded(values, groups) {
  const found = new Float32Array(4 * groups);
  found.set(values);
  return found;
}
