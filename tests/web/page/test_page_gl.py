"""The page's renderer and its engine, in Chromium, against noiser itself."""

import base64
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from backlit import backlit
from browsing import StaticHost, chromium, needs_chromium
from pictures import saved
from PIL import Image

import noiser
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS
from noiser.look.presets import all_presets

pytestmark = needs_chromium

Enhancer = partial(noiser.Enhancer, kernel="reference", threads=1)
"""What the page is compared with."""

NIGHT = Path(__file__).parents[3] / "assets" / "night.jpg"

ENDS = [(look, {k.name: end}) for look in LOOKS for k in knobs() if k.name != "eps"
        for end in (k.metadata["low"], k.metadata["high"])]  # fmt: skip
"""Each knob at both its ends, for each look."""

HELPERS = """
globalThis.start = async (options) => {
  const { createEngine } = await import("/engine/engine.js");
  globalThis.engine = await createEngine(options);
  return engine.kind;
};
globalThis.bytes = (text) => Uint8ClampedArray.from(atob(text), (c) => c.charCodeAt(0));
globalThis.text = (data) => btoa(Array.from(data, (v) => String.fromCharCode(v)).join(""));
globalThis.photo = (data, width, height) => new ImageData(bytes(data), width, height);
globalThis.canvas = (width, height, settings) =>
  new OffscreenCanvas(width, height).getContext("2d", settings);
globalThis.shown = (context, settings) =>
  text(context.getImageData(0, 0, context.canvas.width, context.canvas.height, settings).data);
"""
"""What the tests say again and again in the page."""


def night(width=120, height=120):
    """The project's own photo, small: uint8 [h,w,3]."""
    with Image.open(NIGHT) as image:
        image.thumbnail((width, height))
        return np.asarray(image.convert("RGB"))


def noisy(height, width):
    """Part of a photo whose noise is correlated over several pixels: uint8 [h,w,3]."""
    with Image.open(NIGHT.parent / "scenes" / "noisy_cat.jpg") as image:
        return np.asarray(image.convert("RGB"))[:height, :width]


def with_alpha(low, alpha=None):
    """Add alpha: opaque, or as given."""
    opaque = np.full(low.shape[:2], 255, np.uint8)
    return np.dstack([low, opaque if alpha is None else alpha])


def sent(low):
    """A picture as the page's `photo` takes it."""
    rgba = with_alpha(low) if low.shape[2] == 3 else low
    return [base64.b64encode(rgba.tobytes()).decode(), rgba.shape[1], rgba.shape[0]]


def received(text, low):
    """A picture as the page's `text` gives it: uint8 [h,w,4]."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(*low.shape[:2], 4)


def enhanced_by(page, low, look="natural", **turned):
    """Open and render a picture in the page: uint8 [h,w,4]."""
    text = page.evaluate(
        """async ([data, look, knobs]) => {
          const picture = await engine.open(photo(...data));
          const image = await picture.render(picture.lookOf(look, knobs));
          picture.close();
          return text(image.data);
        }""",
        [sent(low), look, turned],
    )
    return received(text, low)


def assert_equal_pictures(found, expected):
    """The same on 99 % of the values, within 1 of 255 on 99.9 %, within 2 on all."""
    off = abs(found[..., : expected.shape[2]].astype(int) - expected)
    assert off.max() <= 2
    assert (off <= 1).mean() > 0.999
    assert (off == 0).mean() > 0.99


@pytest.fixture(scope="module")
def browser():
    """One Chromium for all."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def host():
    """The page's files, and an empty document to work in."""
    with StaticHost({"empty.html": b"<!doctype html>", "favicon.ico": b""}) as found:
        yield found


@pytest.fixture
def fresh(browser, host):
    """A maker of documents of their own, which fail the test when they say anything."""
    said, pages = [], []

    def opened(*scripts):
        page = browser.new_page()
        pages.append(page)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for script in (HELPERS, *scripts):
            page.add_init_script(script)
        page.goto(host.address + "empty.html")
        return page

    opened.said = said
    yield opened
    for page in pages:
        page.close()
    assert said == []


@pytest.fixture(scope="module")
def page(browser, host):
    """A document whose engine uses WebGL2."""
    page, said = browser.new_page(), []
    page.add_init_script(HELPERS)
    page.goto(host.address + "empty.html")
    page.on("console", lambda message: said.append(message.text))
    assert page.evaluate("start()") == "webgl2"
    yield page
    assert said == []


@pytest.mark.parametrize(("look", "turned"), [*((look, {}) for look in LOOKS), *ENDS])
def test_a_look_is_the_same_as_in_python(page, look, turned):
    """Every look, and each of its knobs at both ends."""
    low = night()
    assert_equal_pictures(
        enhanced_by(page, low, look, **turned), Enhancer(look, **turned).enhance(low)
    )


@pytest.mark.parametrize("name", all_presets(None))
def test_a_preset_is_the_same_as_in_python(page, name):
    """Presets turn several knobs at once, `local` among them."""
    low, options = night(), all_presets(None)[name].options
    assert_equal_pictures(enhanced_by(page, low, name), Enhancer(**options).enhance(low))


@pytest.mark.parametrize("look", LOOKS)
def test_real_dark_photos_are_the_same_as_in_python(page, shared_data, look):
    """Six photographs, of cameras and phones."""
    paths = sorted((shared_data / "lime").glob("*.bmp"))[:3]
    paths += sorted((shared_data / "lol-v1").rglob("low/*.png"))[:3]
    assert len(paths) == 6
    for path in paths:
        with Image.open(path) as image:
            image.thumbnail((96, 96))
            low = np.asarray(image.convert("RGB"))
        assert_equal_pictures(enhanced_by(page, low, look), Enhancer(look).enhance(low))


@pytest.mark.parametrize("shape", [(90, 60), (30, 400)])
@pytest.mark.parametrize("local", [0.0, 0.5, 1.0])
def test_a_backlit_picture_is_the_same_as_in_python(page, shape, local):
    """Edges between dark and bright, cells of 4 and of 8 pixels."""
    low = backlit(*shape)
    found = enhanced_by(page, low, local=local)
    assert_equal_pictures(found, Enhancer(local=local).enhance(low))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (17, 16)])
@pytest.mark.parametrize("look", LOOKS)
def test_pictures_smaller_than_the_margins_are_the_same_as_in_python(page, shape, look, dark_photo):
    """Where nearly all that is read lies outside the picture."""
    low = dark_photo(*shape)
    found = enhanced_by(page, low, look, local=0.5)
    assert_equal_pictures(found, Enhancer(look, local=0.5).enhance(low))


@pytest.mark.parametrize("shape", [(60, 50), (101, 90), (131, 140), (7, 384), (200, 3)])
@pytest.mark.parametrize(("look", "turned"), [
    ("natural", {}), ("natural", {"denoise": 0.4}), ("paper", {"denoise": 1.0}),
])  # fmt: skip
def test_coarse_noise_is_taken_away_as_in_python(page, shape, look, turned):
    """Of two, three and four octaves, for either padding, in pictures that no square fits into."""
    low = noisy(*shape)
    found = enhanced_by(page, low, look, **turned)
    assert_equal_pictures(found, Enhancer(look, **turned).enhance(low))


def test_knobs_take_more_or_fewer_octaves(page):
    """The same picture, again and again: nothing that is kept of one comes into another."""
    low, strengths = noisy(131, 140), (1.0, 0.0, 0.4, 1.0, 0.0)
    found = page.evaluate(
        """async ([data, strengths]) => {
          const picture = await engine.open(photo(...data));
          const found = [];
          for (const denoise of strengths) {
            found.push(text((await picture.render(picture.lookOf("natural", { denoise }))).data));
          }
          return found;
        }""",
        [sent(low), strengths],
    )
    for denoise, rendered in zip(strengths, found, strict=True):
        expected = Enhancer(denoise=denoise).enhance(low)
        assert_equal_pictures(received(rendered, low), expected)


def test_alpha_is_kept_and_colors_do_not_depend_on_it(page):
    """Colours under transparent pixels are rendered like all others."""
    low = night()
    alpha = np.random.default_rng(0).integers(0, 256, low.shape[:2], np.uint8)
    found = enhanced_by(page, with_alpha(low, alpha))
    assert_equal_pictures(found, Enhancer().enhance(with_alpha(low, alpha)))
    assert (found[..., 3] == alpha).all()


def test_strength_0_gives_the_bytes_of_the_input(page):
    """Not one value is off."""
    every = np.arange(256 * 3, dtype=np.uint8).reshape(16, 16, 3)
    assert (enhanced_by(page, every, strength=0)[..., :3] == every).all()


@pytest.mark.parametrize(("low", "pixels", "side"), [
    (night(60, 60), 900, 40), (night(30, 30), 1e6, 7), (night(30, 30), 1, 50),
    (noisy(131, 140), 2500, 53),
])  # fmt: skip
def test_any_tiles_give_the_same_bytes(page, low, pixels, side):
    """Tiles of 40, 7 and one row of 50 pixels, also where there is noise in four octaves."""
    different = page.evaluate(
        """async ([data, limits]) => {
          const { Renderer } = await import("/engine/kernels/webgl.js");
          const { tilesOf } = await import("/engine/kernels/webgl-textures.js");
          const { develop } = await import("/engine/look/render-params.js");
          const { networkOf } = await import("/engine/network.js");
          const constants = engine.facts.constants;
          const picture = await engine.open(photo(...data));
          const { width, height } = picture;
          const renderer = new Renderer(constants);
          let different = 0;
          for (const name of ["natural", "paper"]) {
            const look = picture.lookOf(name, { local: 0.5, denoise: 1 });
            const file = await (await fetch(`/weights/${name}.safetensors`)).arrayBuffer();
            const measured = picture.measured[look.padding];
            const developed = develop(networkOf(file), measured, look, constants);
            const whole = await picture.render(look);
            const region = { x: 0, y: 0, width, height };
            const cut = new Uint8ClampedArray(4 * width * height);
            for (const tile of tilesOf(region, limits)) {
              renderer.render(picture.photo, tile, developed);
              await renderer.read(tile, region, cut);
            }
            different += cut.filter((value, i) => value !== whole.data[i]).length;
          }
          return different;
        }""",
        [sent(low), {"pixels": pixels, "side": side}],
    )
    assert different == 0


def test_a_region_is_that_part_of_the_whole(page):
    """Rendered or painted, in the corner of what takes it."""
    found = page.evaluate(
        """async (data) => {
          const picture = await engine.open(photo(...data));
          const look = picture.lookOf("natural");
          const region = { x: 31, y: 17, width: 40, height: 30 };
          const context = canvas(40, 30);
          await picture.paint(context, look, region);
          const whole = await picture.render(look);
          const part = await picture.render(look, region);
          return [text(whole.data), text(part.data), shown(context)];
        }""",
        sent(low := night()),
    )
    whole, part, painted = found
    expected = received(whole, low)[17:47, 31:71]
    assert (received(part, expected) == expected).all()
    assert (received(painted, expected) == expected).all()


def test_what_is_kept_of_a_tile_is_not_taken_for_another_s(fresh, dark_photo):
    """Regions of a picture so small that each needs all of it, in both looks, small and large."""
    page, low = fresh(), dark_photo(8, 8)
    page.evaluate("start()")
    left, right, whole = (
        {"x": x, "y": 0, "width": width, "height": 8} for x, width in ((0, 4), (4, 4), (0, 8))
    )
    steps = [
        ("natural", {}, left), ("natural", {}, right), ("paper", {"black": 1.0}, right),
        ("natural", {}, right), ("paper", {}, whole), ("natural", {}, right),
    ]  # fmt: skip
    found = page.evaluate(
        """async ([data, steps]) => {
          const picture = await engine.open(photo(...data));
          const found = [];
          for (const [look, knobs, region] of steps) {
            found.push(text((await picture.render(picture.lookOf(look, knobs), region)).data));
          }
          return found;
        }""",
        [sent(low), steps],
    )
    for (look, turned, region), rendered in zip(steps, found, strict=True):
        part = np.s_[:, region["x"] : region["x"] + region["width"]]
        expected = Enhancer(look, **turned).enhance(low)[part]
        assert_equal_pictures(received(rendered, expected), expected)


def test_what_is_wider_than_a_tile_is_painted_whole(page, dark_photo):
    """2100 pixels: two tiles, beside each other."""
    low = dark_photo(4, 2100)
    painted, rendered = page.evaluate(
        """async (data) => {
          const picture = await engine.open(photo(...data));
          const context = canvas(picture.width, picture.height);
          await picture.paint(context, picture.lookOf("natural"));
          return [shown(context), text((await picture.render(picture.lookOf("natural"))).data)];
        }""",
        sent(low),
    )
    assert painted == rendered
    assert_equal_pictures(received(painted, low), Enhancer().enhance(low))


def test_a_large_picture_is_painted_whole_after_a_small_one(page):
    """The canvas behind grows, which Chromium shows only if it is not bound otherwise."""
    small, large = night(9, 9), night(70, 70)
    small_found, large_found = page.evaluate(
        """async (pictures) => {
          const found = [];
          for (const data of pictures) {
            const picture = await engine.open(photo(...data));
            const context = canvas(picture.width, picture.height);
            await picture.paint(context, picture.lookOf("natural"));
            found.push(shown(context));
          }
          return found;
        }""",
        [sent(small), sent(large)],
    )
    assert_equal_pictures(received(small_found, small), Enhancer().enhance(small))
    assert_equal_pictures(received(large_found, large), Enhancer().enhance(large))


def test_knobs_and_looks_measure_nothing_again(page):
    """One picture, measured once, for both looks and three settings."""
    counts = page.evaluate(
        """async (data) => {
          const before = { ...engine.counts };
          const picture = await engine.open(photo(...data));
          const context = canvas(picture.width, picture.height);
          await picture.paint(context, picture.lookOf("natural"));
          await picture.paint(context, picture.lookOf("paper"));
          await picture.paint(context, picture.lookOf("natural", { contrast: 2, local: 1 }));
          const { measured, rendered } = engine.counts;
          return [measured - before.measured, rendered - before.rendered];
        }""",
        sent(night(40, 40)),
    )
    assert counts == [1, 3]


def test_a_newer_paint_replaces_one_that_has_not_begun(page):
    """The first and the last are painted; canvases do not replace each other's."""
    assert page.evaluate(
        """async (data) => {
          const picture = await engine.open(photo(...data));
          const look = picture.lookOf("natural");
          const [one, other] = [canvas(9, 9), canvas(9, 9)];
          return Promise.all([one, one, one, other].map((context) => picture.paint(context, look)));
        }""",
        sent(night(9, 9)),
    ) == [False, False, True, True]


def test_others_moments_give_their_look(page):
    """As `render(image, moments)` in Python: a series with one look."""
    low, other = night(), night(60, 60) // 2
    text = page.evaluate(
        """async ([data, others]) => {
          const picture = await engine.open(photo(...data));
          const { measured } = await engine.open(photo(...others));
          const look = picture.lookOf("natural");
          return text((await picture.render(look, undefined, measured)).data);
        }""",
        [sent(low), sent(other)],
    )
    enhancer = Enhancer()
    assert_equal_pictures(received(text, low), enhancer.render(low, enhancer.measure(other)))


def test_a_transparent_bitmap_gives_its_own_numbers(page):
    """A canvas would have rounded them."""
    low = night(40, 40)
    alpha = np.random.default_rng(1).integers(0, 256, low.shape[:2], np.uint8)
    rgba = with_alpha(low, alpha)
    text = page.evaluate(
        """async (png) => {
          const options = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
          const picture = await engine.open(
            await createImageBitmap(new Blob([bytes(png)], { type: "image/png" }), options));
          return text(picture.photo.data);
        }""",
        base64.b64encode(saved(Image.fromarray(rgba), "PNG")).decode(),
    )
    assert (received(text, rgba) == rgba).all()


def test_a_reduced_picture_is_a_small_picture_of_the_same(page):
    """Its pixels are averages, and it is measured once more; a small one stays itself."""
    low = night(240, 240)
    width, height, mean, measured, same = page.evaluate(
        """async (data) => {
          const picture = await engine.open(photo(...data));
          const before = engine.counts.measured;
          const small = await picture.reduced(2400);
          const same = (await small.reduced(2400)) === small;
          const mean = small.measured.replicate.sums[4] / small.measured.replicate.count;
          return [small.width, small.height, mean, engine.counts.measured - before, same];
        }""",
        sent(low),
    )
    assert (width, height, measured, same) == (60, 40, 1, True)
    assert mean == pytest.approx(2 * low[..., 0].mean() - 255, abs=1)


def test_a_wide_gamut_picture_keeps_its_numbers(page):
    """Opened from a Display P3 canvas, and painted on one."""
    low = night(40, 40)
    read, painted, rendered, space = page.evaluate(
        """async ([data, width, height]) => {
          const settings = { colorSpace: "display-p3" };
          const source = canvas(width, height, settings);
          source.putImageData(new ImageData(bytes(data), width, height, settings), 0, 0);
          const picture = await engine.open(source.canvas, settings);
          const look = picture.lookOf("natural");
          const context = canvas(width, height, settings);
          await picture.paint(context, look);
          const image = await picture.render(look);
          return [
            text(picture.photo.data), shown(context, settings), text(image.data), image.colorSpace];
        }""",
        sent(low),
    )
    assert (received(read, low)[..., :3] == low).all()
    assert (painted, space) == (rendered, "display-p3")
    assert_equal_pictures(received(rendered, low), Enhancer().enhance(low))


def test_many_pictures_leave_no_textures_behind(fresh):
    """As many as after the first two, however many come."""
    page = fresh(
        """globalThis.living = 0;
        const { createTexture, deleteTexture } = WebGL2RenderingContext.prototype;
        Object.assign(WebGL2RenderingContext.prototype, {
          createTexture() { living += 1; return createTexture.call(this); },
          deleteTexture(one) { living -= 1; return deleteTexture.call(this, one); },
        });"""
    )
    page.evaluate("start()")
    counts = []
    for size in (30, 50, 40, 60, 20):
        for look in LOOKS:
            enhanced_by(page, night(size, size), look)
        counts.append(page.evaluate("living"))
    assert counts[0] > 0
    assert len(set(counts[1:])) == 1


def test_the_first_look_is_compiled_before_there_is_a_picture(fresh):
    """Some drivers take seconds: not when a visitor waits for the first picture."""
    page = fresh(
        """globalThis.compiled = 0;
        const { compileShader } = WebGL2RenderingContext.prototype;
        WebGL2RenderingContext.prototype.compileShader = function (shader) {
          compiled += 1;
          compileShader.call(this, shader);
        };"""
    )
    page.evaluate("start()")
    before = page.evaluate("compiled")
    enhanced_by(page, night(20, 20))
    assert page.evaluate("[compiled, engine.counts.measured]") == [before, 1]
    enhanced_by(page, night(20, 20), "paper")
    assert page.evaluate("compiled") > before


def test_a_picture_that_is_closed_is_forgotten(fresh):
    """Its bytes are collected, though it was the last that was rendered."""
    page = fresh()
    page.evaluate("start()")
    page.evaluate(
        """async (data) => {
          const picture = await engine.open(photo(...data));
          await picture.render(picture.lookOf("natural"));
          globalThis.kept = new WeakRef(picture.photo.data);
          picture.close();
        }""",
        sent(night(40, 40)),
    )
    page.request_gc()
    assert page.evaluate("kept.deref() === undefined")


def test_without_wish_for_webgl_the_processor_renders_the_same(fresh):
    """And says that it was asked to."""
    page = fresh()
    assert page.evaluate("start({ prefer: 'cpu' })") == "cpu"
    assert page.evaluate("engine.why") == "The main processor works, as was asked for."
    low = night(60, 60)
    assert_equal_pictures(enhanced_by(page, low), Enhancer().enhance(low))


UNUSABLE = (
    "The graphics processor cannot be used here, so the main processor does all: "
    "the same pictures, only slower."
)


@pytest.mark.parametrize("missing", ["webgl2", "EXT_color_buffer_float"])
def test_without_webgl_or_float_targets_the_processor_renders(fresh, missing):
    """And one sentence tells the visitor why."""
    page = fresh(
        f"""for (const [kind, name] of [[OffscreenCanvas, "getContext"],
            [HTMLCanvasElement, "getContext"], [WebGL2RenderingContext, "getExtension"]]) {{
          const own = kind.prototype[name];
          kind.prototype[name] = function (what, ...more) {{
            return what === "{missing}" ? null : own.call(this, what, ...more);
          }};
        }}"""
    )
    assert page.evaluate("start()") == "cpu"
    assert page.evaluate("engine.why") == UNUSABLE
    low = night(40, 40)
    assert_equal_pictures(enhanced_by(page, low), Enhancer().enhance(low))


def test_a_shader_that_does_not_compile_leaves_the_picture_to_the_processor(fresh):
    """The picture that was asked for comes all the same."""
    page = fresh(
        """const { shaderSource } = WebGL2RenderingContext.prototype;
        WebGL2RenderingContext.prototype.shaderSource = function (shader, source) {
          shaderSource.call(this, shader, source.replace("roundEven", "noSuchFunction"));
        };"""
    )
    assert page.evaluate("start()") == "webgl2"
    low = night(40, 40)
    assert_equal_pictures(enhanced_by(page, low), Enhancer().enhance(low))
    assert page.evaluate("[engine.kind, engine.why]") == ["cpu", UNUSABLE]
    assert "noSuchFunction" in fresh.said.pop()


KEEPING = """const { getContext } = OffscreenCanvas.prototype;
OffscreenCanvas.prototype.getContext = function (...wanted) {
  const found = getContext.apply(this, wanted);
  if (wanted[0] === "webgl2") globalThis.gl = found;
  return found;
};"""
"""Lets a test reach the renderer's context."""


def test_when_the_context_is_lost_the_processor_goes_on(fresh):
    """`lost` resolves, and the next picture is the same."""
    page = fresh(KEEPING)
    page.evaluate("start()")
    low = night(40, 40)
    before = enhanced_by(page, low)
    page.evaluate("gl.getExtension('WEBGL_lose_context').loseContext(), engine.lost")
    assert page.evaluate("[engine.kind, engine.why]") == ["cpu", UNUSABLE]
    assert_equal_pictures(enhanced_by(page, low), before)


def test_a_picture_that_is_asked_for_while_the_context_is_lost_comes_all_the_same(fresh):
    """Before anybody has heard of it."""
    page, low = fresh(KEEPING), night(40, 40)
    page.evaluate("start()")
    text = page.evaluate(
        """async (data) => {
          const picture = await engine.open(photo(...data));
          gl.getExtension("WEBGL_lose_context").loseContext();
          return text((await picture.render(picture.lookOf("paper"))).data);
        }""",
        sent(low),
    )
    assert_equal_pictures(received(text, low), Enhancer("paper").enhance(low))
    assert fresh.said.pop() == "the context is lost"


def test_a_film_renders_its_first_frame_by_its_own_moments(page):
    """Scaled to the canvas; as the picture alone would be."""
    low = night(60, 60)
    painted, kept = page.evaluate(
        """async ([data, width, height]) => {
          const source = canvas(width, height);
          source.putImageData(photo(data, width, height), 0, 0);
          const context = canvas(width, height);
          const look = engine.lookOf("natural");
          const kept = await engine.film().frame(source.canvas, context, look);
          return [shown(context), kept];
        }""",
        sent(low),
    )
    assert kept is True
    assert_equal_pictures(received(painted, low), Enhancer().enhance(low))


def test_a_film_measures_one_frame_at_a_time(page):
    """Three frames at once: one is measured, all wait for it, and the last is painted."""
    painted, measured = page.evaluate(
        """async (data) => {
          const source = await createImageBitmap(photo(...data));
          const [film, context] = [engine.film({ seconds: 1 }), canvas(30, 20)];
          const before = engine.counts.measured;
          const look = engine.lookOf("natural");
          const frames = [1, 2, 3].map(() => film.frame(source, context, look));
          return [await Promise.all(frames), engine.counts.measured - before];
        }""",
        sent(night(60, 60)),
    )
    assert painted == [False, False, True]
    assert measured == 1


def test_a_video_without_a_frame_yet_is_waited_for(page):
    """Nothing is painted, nothing measured."""
    assert page.evaluate(
        """async () => {
          const before = engine.counts.measured;
          const video = document.createElement("video");
          const painted = await engine.film().frame(video, canvas(9, 9), engine.lookOf("natural"));
          return [painted, engine.counts.measured - before];
        }"""
    ) == [False, 0]


def test_a_film_that_cannot_be_measured_says_so_at_its_frames(page):
    """Not in the console, where nobody looks."""
    assert page.evaluate(
        """async (data) => {
          const broken = { measure: async () => { throw new Error("no worker is left"); } };
          Object.setPrototypeOf(broken, engine);
          const film = engine.film.call(broken);
          const source = await createImageBitmap(photo(...data));
          const look = engine.lookOf("natural");
          const frames = [1, 2].map(() => film.frame(source, canvas(9, 9), look));
          const found = await Promise.allSettled(frames);
          return found.map(({ reason }) => reason.message);
        }""",
        sent(night(9, 9)),
    ) == ["no worker is left", "no worker is left"]


def test_a_name_that_is_no_look_is_refused(page):
    """In a sentence."""
    assert "dusk is no look" in page.evaluate(
        "() => { try { engine.lookOf('dusk'); } catch (error) { return error.message; } }"
    )
