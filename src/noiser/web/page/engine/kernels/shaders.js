// The shaders of the WebGL2 renderer: kernels/reference.py and kernels/denoise.py, one pass after the
// other. All passes draw into frames of the same size: a tile and its margin, where what a pass
// writes is only partly right; the next reads no further than it is. Coarse octaves fill a corner.

/** One triangle that covers the frame. */
export const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}`;

/** Textures by name, each bound to the unit of its place in this list. */
export const TEXTURES = [
  "photo", "softened", "smoothed", "squares", "quiet", "hidden0", "hidden1", "hidden2", "hidden3",
  "lift", "corrected", "change",
];

/** All passes, in order. */
export const PASSES = [
  "corrected", "soft", "smooth", "squares", "change", "quiet", "hidden", "shown",
];

const READING = `
// Where the frame and what is uploaded begin in the picture, and the picture's size.
uniform ivec2 corner, photoCorner, size;
uniform bool zeroPadding;
uniform int octave, octaves;

ivec2 inside(ivec2 at) { return clamp(at + corner, ivec2(0), size - 1) - corner; }

vec4 photoAt(ivec2 at) {
  ivec2 near = inside(at);
  vec4 color = texelFetch(photo, near + corner - photoCorner, 0);
  return zeroPadding && near != at ? vec4(vec3(0.5), 0.0) : color;
}

// Luma, and red and blue less luma.
vec3 opponents(vec3 color) {
  float luma = dot(LUMA, color);
  return vec3(luma, color.rb - luma);
}

vec3 planesAt(ivec2 at) {
  return octaves > 1 ? texelFetch(corrected, at, 0).rgb : opponents(photoAt(at).rgb);
}

// An octave before it is corrected.
vec3 averageAt(ivec2 at) {
  vec3 sum = vec3(0.0);
  int side = 1 << octave;
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++) sum += photoAt(at * side + ivec2(x, y)).rgb;
  return opponents(sum / float(side * side));
}`;

/** An octave of the photo with what changes in the next coarser one: `_doubled`. */
const CORRECTED = `
out vec4 planes;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  planes = vec4(averageAt(at), 0.0);
  for (int i = 0; i < 4 && octave + 1 < octaves; i++) {
    ivec2 far = ivec2(i, i >> 1) & 1, own = (at >> 1) + far * (2 * (at & 1) - 1);
    vec2 weight = mix(vec2(0.75), vec2(0.25), vec2(far));
    planes += weight.x * weight.y * texelFetch(change, own, 0);
  }
}`;

const blurring = (read, step) => `
out vec4 blurred;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec3 sum = vec3(0.0);
  for (int y = -1; y <= 1; y++)
    for (int x = -1; x <= 1; x++)
      sum += float((2 - abs(x)) * (2 - abs(y))) * ${read("at + " + step + " * ivec2(x, y)")};
  blurred = vec4(sum / 16.0, 0.0);
}`;

const SQUARES = `
out vec4 energy;
void main() {
  vec4 sum = vec4(0.0);
  for (int x = -int(SQUARE) / 2; x <= int(SQUARE) / 2; x++) {
    ivec2 at = ivec2(gl_FragCoord.xy) + ivec2(x, 0);
    vec3 soft = texelFetch(softened, at, 0).rgb;
    vec3 fine = planesAt(at) - soft, medium = soft - texelFetch(smoothed, at, 0).rgb;
    vec2 colors = vec2(dot(medium.yz, medium.yz), dot(fine.yz, fine.yz)) / 2.0;
    sum += vec4(fine.x * fine.x, medium.x * medium.x, colors);
  }
  energy = sum / SQUARE;
}`;

/** The photo without its noise, and the detail apart from it: `taken_apart`. */
const SCENE = `
uniform float denoise, fine, medium;
uniform float noise, noiseSlopes[5];

struct Scene { vec3 quiet; float light; vec3 chroma; float detail; };

vec3 allThree(vec2 differences) {
  float green = -dot(LUMA.rb, differences) / LUMA.g;
  return vec3(differences.x, green, differences.y);
}

// What stays of luma, fine and medium, and of colours, medium and fine.
vec4 weightsAt(ivec2 at, float luma) {
  float variance = noise;
  for (int i = 0; i < 5; i++) variance += noiseSlopes[i] * max(luma - NOISE_LEVELS[i], 0.0);
  vec2 luminance = MARGIN * vec2(FINE_VARIANCE, MEDIUM_VARIANCE);
  vec2 color = COLOR_MARGIN * COLOR_NOISE * vec2(MEDIUM_VARIANCE, FINE_VARIANCE);
  vec4 energy = vec4(0.0);
  for (int y = -int(SQUARE) / 2; y <= int(SQUARE) / 2; y++)
    energy += texelFetch(squares, at + ivec2(0, y), 0);
  vec4 share = max(variance, 0.0) * vec4(luminance, color) / max(energy / SQUARE, NO_ENERGY);
  return 1.0 - denoise + denoise * max(1.0 - share, 0.0);
}

Scene sceneAt(ivec2 at) {
  vec3 planes = planesAt(at);
  vec3 soft = texelFetch(softened, at, 0).rgb;
  vec3 calm = texelFetch(smoothed, at, 0).rgb;
  float keep = 1.0 - denoise;
  vec4 weights = weightsAt(at, calm.x);
  vec3 band = soft - calm;
  float small = weights.x * (planes.x - soft.x);
  float large = weights.y * band.x;
  float luma = calm.x + large;
  vec2 colors = calm.yz + weights.z * band.yz;
  vec2 seen = denoise * colors + keep * planes.yz;
  return Scene(
    luma + small + allThree(seen), max(luma, 0.0), allThree(colors),
    fine * small + medium * clamp(large, -MOST_MEDIUM, MOST_MEDIUM));
}`;

const QUIET = `
out vec4 color;
void main() {
  vec3 seen = sceneAt(ivec2(gl_FragCoord.xy)).quiet;
  color = vec4(seen, dot(LUMA, seen));
}`;

/** What a coarse octave changes: `quieted`, less the octave as it was. */
const CHANGE = `
out vec4 changed;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec3 soft = texelFetch(softened, at, 0).rgb;
  vec3 calm = texelFetch(smoothed, at, 0).rgb;
  vec4 weights = weightsAt(at, calm.x);
  vec3 bands = weights.yzz * (soft - calm) + weights.xww * (planesAt(at) - soft);
  changed = vec4(calm + bands - averageAt(at), 0.0);
}`;

/** GELU with the error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). */
const GELU = `
vec4 gelu(vec4 x) {
  vec4 t = 1.0 / (1.0 + 0.3275911 * sqrt(0.5) * abs(x));
  vec4 tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741
    + t * (-1.453152027 + t * 1.061405429))));
  return max(x, 0.0) - 0.5 * abs(x) * tail * exp(-0.5 * x * x);
}`;

const each = (groups, line) => Array.from({ length: groups }, (_, g) => line(g)).join("\n  ");

const hiding = ({ colors, groups, develops }) => `
uniform vec4 firstWeight[9 * ${colors * groups}], firstBias[${groups}];
uniform vec3 center;
${each(groups, (g) => `layout(location = ${g}) out vec4 answer${g};`)}

vec3 signedAt(ivec2 at) {
  return 2.0 * ${develops ? "texelFetch(quiet, at, 0)" : "photoAt(at)"}.rgb - 1.0 - center;
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec4 sums[${groups}];
  for (int g = 0; g < ${groups}; g++) sums[g] = firstBias[g];
  for (int tap = 0; tap < 9; tap++) {
    vec3 color = signedAt(at + ivec2(tap % 3, tap / 3) - 1);
    ${colors === 1 ? "color.r = dot(LUMA, color);" : ""}
    for (int c = 0; c < ${colors}; c++)
      for (int g = 0; g < ${groups}; g++)
        sums[g] += color[c] * firstWeight[(9 * c + tap) * ${groups} + g];
  }
  ${each(groups, (g) => `answer${g} = gelu(sums[${g}]);`)}
}`;

/** What is added before the tanh, between the eight nearest of the table: `_lift_at`. */
const LIFT = `
uniform float cell;

float liftAt(ivec2 at, float seen) {
  int bins = int(BINS);
  ivec2 size = textureSize(lift, 0);
  ivec3 last = ivec3(size.x / bins, size.y, bins) - 1;
  vec3 place = vec3((vec2(at + corner) + 0.5) / cell - 0.5, (BINS - 1.0) * sqrt(max(seen, 0.0)));
  place = clamp(place, vec3(0.0), vec3(last));
  ivec3 low = ivec3(place);
  vec3 share = place - vec3(low);
  float sum = 0.0;
  for (int i = 0; i < 8; i++) {
    ivec3 step = ivec3(i, i >> 1, i >> 2) & 1, near = min(low + step, last);
    vec3 weight = mix(1.0 - share, share, vec3(step));
    float value = texelFetch(lift, ivec2(near.x * bins + near.z, near.y), 0).r;
    sum += weight.x * weight.y * weight.z * value;
  }
  return sum;
}`;

/** Black, highlights, detail and colours around the network's luma: `_develop`. */
const DEVELOP = `
uniform float ownColor, highlights, black, chromaFloor, detailFloor;
uniform vec2 tint;

vec3 developed(Scene scene, vec3 network) {
  float light = scene.light, bright = dot(LUMA, network);
  float missing = max(1.0 - bright, 0.0);
  float both = missing + highlights * (max(1.0 - light, 0.0) - missing);
  float square = light * light, blacker = black * black;
  float tone = (square * (1.0 + blacker) + TINY) / (square + blacker + TINY);
  float level = (1.0 - sqrt(max(missing * both, 0.0))) * tone;
  float gain = ownColor * level / (light + chromaFloor);
  vec3 chroma = gain * (scene.chroma - allThree(tint * light)) + tone * (network - bright);
  level += level / (light + detailFloor) * scene.detail;
  float most = max(max(chroma.r, max(chroma.g, chroma.b)), LEAST_CHROMA);
  float room = min(max(1.0 - level, 0.0) / most, 1.0);
  return min(2.0 / (1.0 + level + most), 1.0) * (level + (0.5 + 0.5 * room) * chroma);
}`;

const showing = ({ colors, groups, develops }) => `
uniform vec4 secondWeight[9 * ${colors * groups}];
uniform vec3 secondBias;
uniform float strength;
out vec4 color;

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec3 sums = secondBias;
  for (int tap = 0; tap < 9; tap++) {
    ivec2 place = at + ivec2(tap % 3, tap / 3) - 1, near = inside(place);
    if (zeroPadding && near != place) continue;
    vec4 answer[${groups}];
    ${each(groups, (g) => `answer[${g}] = texelFetch(hidden${g}, near, 0);`)}
    for (int c = 0; c < ${colors}; c++)
      for (int g = 0; g < ${groups}; g++)
        sums[c] += dot(answer[g], secondWeight[(9 * c + tap) * ${groups} + g]);
  }
  ${colors === 1 ? "sums = sums.rrr;" : ""}
  ${develops ? "Scene scene = sceneAt(at); sums += liftAt(at, dot(LUMA, scene.quiet));" : ""}
  // (tanh + 1) / 2
  vec3 network = 1.0 / (1.0 + exp(-2.0 * clamp(sums, -20.0, 20.0)));
  vec3 enhanced = ${develops ? "developed(scene, network)" : "network"};
  vec4 own = photoAt(at);
  vec3 value = strength * 255.0 * clamp(enhanced, 0.0, 1.0)
    + (1.0 - strength) * round(255.0 * own.rgb);
  color = vec4(roundEven(value) / 255.0, own.a);
}`;

/**
 * Write the fragment shader of a pass.
 * @param {string} pass of `PASSES`
 * @param {{colors: 1|3, groups: number, develops: boolean}} kind colours that differ, hidden
 *   channels in fours, and whether there is more to do than the network
 * @param {object} constants of the Python modules
 */
export function fragment(pass, kind, constants) {
  const own = {
    corrected: () => CORRECTED,
    soft: () => blurring((at) => `planesAt(${at})`, 1),
    smooth: () => blurring((at) => `texelFetch(softened, ${at}, 0).rgb`, 2),
    squares: () => SQUARES,
    change: () => SCENE + CHANGE,
    quiet: () => SCENE + QUIET,
    hidden: () => GELU + hiding(kind),
    shown: () => (kind.develops ? SCENE + LIFT + DEVELOP : "") + showing(kind),
  }[pass]();
  const body = READING + own;
  const named = new Set(body.match(/\b[A-Z][A-Z_]+\b/g));
  return `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
${[...named].map((name) => constant(name, constants[name])).join("\n")}
uniform sampler2D ${TEXTURES.join(", ")};
${body}`;
}

function constant(name, value) {
  if (!Array.isArray(value)) return `const float ${name} = ${literal(value)};`;
  const type = value.length === 3 ? "vec3" : `float[${value.length}]`;
  return `const ${type} ${name} = ${type}(${value.map(literal).join(", ")});`;
}

function literal(value) {
  return /[.e]/.test(String(value)) ? String(value) : `${value}.0`;
}
