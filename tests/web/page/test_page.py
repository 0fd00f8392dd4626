"""The page in Chromium: opening, looking, turning knobs; by mouse, by keyboard, by anybody."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from browsing import needs_chromium
from pictures import saved
from PIL import Image
from playwright.sync_api import expect
from spaces import profile
from visiting import Visit, dropped, left_as_found, pixels, site

from noiser.look.knobs import knobs
from noiser.model.network import packaged

pytestmark = needs_chromium

ROOT = Path(__file__).parents[3]
KNOBS = {k.name: k.metadata for k in knobs() if k.name != "eps"}
AXE = ROOT / ".venv" / "axe.min.js"

FOCUSABLE = """
[...document.querySelectorAll("button, input, select, summary, [tabindex]")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled)
  .filter((element) => element.type !== "radio" || element.checked)
  .map((element) => element.id || element.ariaLabel || element.textContent.trim() || element.value)
"""


def night(width=90, height=60, format_="JPEG"):
    """Encode the project's own photo, small, and lighter, so that each knob has its work."""
    with Image.open(ROOT / "assets" / "night.jpg") as image:
        small = image.resize((width, height)).point(lambda v: min(255, 3 * v))
    return saved(small, format_, **{"quality": 95} if format_ == "JPEG" else {})


@pytest.fixture(scope="module")
def started():
    with site() as both:
        yield both


@pytest.fixture(scope="module")
def visitor(started):
    return Visit(*started)


@pytest.fixture
def visit(visitor):
    yield from left_as_found(visitor)


@pytest.fixture
def shown(visit):
    """A visitor with one photo open."""
    visit.open(("night.jpg", night()))
    return visit


def test_the_start_shows_what_the_engine_makes_of_its_own_picture(visitor):
    """Nothing brighter is drawn than what was enhanced: the left half is the dark one."""
    visitor.page.wait_for_function(
        """() => {
          const { width, height } = art;
          const context = art.getContext("2d");
          const mean = (x) => context.getImageData(x, 0, width / 2, height).data
            .reduce((sum, value, i) => sum + (i % 4 < 3 ? value : 0), 0) / width / height / 1.5;
          return mean(0) < 60 && mean(width / 2) > 100;
        }"""
    )
    assert visitor.measured() == 1


def test_the_page_counts_the_numbers_of_its_network_right(visitor):
    network = packaged()
    count = sum(np.size(getattr(network, field.name)) for field in fields(network)
                if isinstance(getattr(network, field.name), np.ndarray))  # fmt: skip

    assert f"{count} numbers" in visitor.page.locator("#welcome").text_content()


def test_a_chosen_photo_is_shown_brighter_beside_itself(shown):
    assert shown.after().mean() > shown.before().mean() + 20
    assert shown.page.locator("#status").inner_text() == "night.jpg, 90 × 60."


def test_both_pictures_fill_the_same_frame_inside_the_stage(shown):
    """At the photo's shape, whatever the window's."""
    boxes = [
        shown.page.locator(part).bounding_box()
        for part in ("#frame", "#frame canvas.before", "#frame canvas:not(.before)")
    ]
    stage = shown.page.locator("#stage").bounding_box()

    assert boxes[1:] == boxes[:1] * 2
    assert boxes[0]["width"] / boxes[0]["height"] == pytest.approx(1.5, rel=0.01)
    assert stage["y"] <= boxes[0]["y"] < stage["y"] + stage["height"] - boxes[0]["height"] + 1


def test_a_dropped_photo_is_opened(visit):
    visit.page.evaluate(
        """(files) => document.getElementById("drop").dispatchEvent(
          new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: transferOf(files)})
        )""",
        [dropped("a.jpg", night())],
    )

    visit.wait_for_status("a.jpg, 90 × 60.")


def test_a_pasted_photo_is_opened(visit):
    visit.page.evaluate(
        """(files) => document.body.dispatchEvent(
          new ClipboardEvent("paste", {bubbles: true, clipboardData: transferOf(files)}))""",
        [dropped("image.png", night(format_="PNG"))],
    )

    visit.wait_for_status("image.png, 90 × 60.")


def test_the_example_is_drawn_and_opened(visit):
    """The largest picture of these tests; it needs no file and no request."""
    visit.page.click("#example")

    visit.wait_for_status("example.png, 1200 × 800.")


def test_the_divider_moves_by_keyboard_and_says_where_it_is(shown):
    split = shown.page.locator("#split")

    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        split.press(key)

    expect(split).to_have_attribute("aria-valuetext", "53 % before")
    frame = shown.page.locator("#frame")
    assert frame.evaluate("(f) => f.style.getPropertyValue('--split')") == "53%"


def test_the_divider_follows_a_dragging_hand(shown):
    box = shown.page.locator("#frame").bounding_box()
    mouse = shown.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 4, box["y"] + 30, steps=3)
    mouse.up()

    assert shown.page.locator("#split").input_value() == "25"


def test_each_knob_moves_the_picture_and_measures_nothing_again(shown):
    assert len(KNOBS) == shown.page.locator(".knob").count() >= 10
    measured = shown.measured()

    for name, facts in KNOBS.items():
        value = float(shown.page.input_value(f"#knob-{name}"))
        far = max(facts["low"], facts["high"], key=lambda end: abs(end - value))
        shown.changes(lambda name=name, far=far: shown.set(name, far))
        shown.changes(lambda name=name, value=value: shown.set(name, value))

    assert shown.measured() == measured


def test_a_knob_is_called_what_a_photographer_calls_it(shown):
    for name, said in (("color", "Colour"), ("local", "Light in dark parts")):
        label = shown.page.get_by_label(said, exact=True)
        assert label.get_attribute("id") == f"knob-{name}"


def test_another_look_is_another_picture_of_the_same_measurement(shown):
    """Also the paper's, whose border is another one."""
    measured = shown.measured()

    for look in ("Strong", "Paper", "Natural"):
        shown.changes(lambda look=look: shown.page.get_by_label(look, exact=True).check())

    assert shown.measured() == measured


def test_a_knob_is_reset_by_a_double_click_and_by_its_button(shown):
    natural = shown.after()
    for act in ("#knob-brightness", "[aria-label='Reset Brightness']"):
        shown.changes(lambda: shown.set("brightness", 0.9))
        target = shown.page.locator(act)
        shown.changes(target.dblclick if act.startswith("#") else target.click)
        np.testing.assert_array_equal(shown.after(), natural)


def test_reset_all_gives_the_look_itself(shown):
    natural = shown.after()
    shown.changes(lambda: shown.set("contrast", 2))
    shown.changes(lambda: shown.set("strength", 0.3))

    shown.changes(lambda: shown.page.click("#reset"))

    np.testing.assert_array_equal(shown.after(), natural)


def test_strength_0_shows_the_photo_itself(shown):
    shown.changes(lambda: shown.set("strength", 0))

    np.testing.assert_array_equal(shown.after(), shown.before())


def test_original_covers_the_enhanced_picture(shown):
    shown.page.click("#compare")

    before = shown.page.locator("#frame canvas.before")
    assert before.evaluate("(canvas) => getComputedStyle(canvas).clipPath") == "none"


def test_at_100_percent_keys_move_the_photo_and_its_pixels_are_the_full_ones(started):
    visit = Visit(*started, viewport={"width": 390, "height": 560}, reduced_motion="reduce")
    photo = night(430, 300, "PNG")
    visit.open(("large.png", photo))

    visit.changes(lambda: visit.page.click("#zoom"))
    width, height = visit.page.evaluate("[stage.clientWidth, stage.clientHeight]")
    assert visit.after().shape == (height, width, 4)
    visit.page.locator("#stage").press("End")

    left, top = (430 - width) // 2, 300 - height
    region = pixels(photo)[top : top + height, left : left + width]
    visit.until(lambda: np.array_equal(visit.before()[..., :3], region))
    assert visit.findings() == []


def test_several_photos_have_looks_of_their_own_and_arrow_keys_lead_through_them(visit):
    visit.open(("a.jpg", night()), ("b.jpg", night(60, 60)))
    strip = visit.page.locator("#strip button")
    expect(strip).to_have_count(2)
    visit.changes(lambda: visit.set("brightness", -0.5))

    strip.first.press("ArrowRight")
    visit.page.keyboard.press("Enter")

    visit.wait_for_status("b.jpg, 60 × 60.")
    assert visit.page.input_value("#knob-brightness") == "0"
    expect(strip.nth(1)).to_have_attribute("aria-current", "true")


def test_use_for_all_hands_the_look_on(visit):
    visit.open(("a.jpg", night()), ("b.jpg", night(60, 60)))
    expect(visit.page.locator("#strip button")).to_have_count(2)
    visit.changes(lambda: visit.set("brightness", -0.9))

    visit.page.click("#everywhere")
    visit.page.locator("#strip button").nth(1).click()

    visit.wait_for_status("b.jpg, 60 × 60.")
    assert visit.page.input_value("#knob-brightness") == "-0.9"


def test_removing_the_last_photo_leads_back_to_the_start(shown):
    shown.page.click("#remove")

    expect(shown.page.locator("#welcome")).to_be_visible()
    expect(shown.page.locator("#work")).to_be_hidden()


def test_a_file_that_is_no_photo_is_named_and_the_others_go_on(visit):
    files = [dropped("bad.jpg", b"\xff\xd8no"), dropped("b.jpg", night()), dropped("c.jpg", b"")]
    visit.page.evaluate("(files) => noiser.app.add([...transferOf(files).files])", files)

    visit.wait_for_status("b.jpg, 90 × 60.")
    sentences = visit.page.locator("#problems span")
    expect(sentences).to_have_count(2)
    assert sentences.all_inner_texts() == [
        f"{name}: no picture that this browser can read; JPEG, PNG and WebP work"
        for name in ("bad.jpg", "c.jpg")
    ]


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        (
            "x.heic",
            9,
            "this browser cannot read HEIC; Safari can, or choose JPEG, PNG or WebP",
        ),
        ("x.nef", 9, "browsers cannot read this kind of file; the program noiser enhance can"),
        ("x.jpg", 3e8, "300 MB found; this page takes up to 200 MB"),
        ("x.png", 0, "400 megapixels found; this page takes up to 100"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_sentence(visitor, name, size, sentence):
    header = saved(Image.new("1", (20_000, 20_000)), "PNG")[:33]
    message = visitor.run(
        """async ([name, size, header]) => {
          const { openPhoto } = await import("/files/open.js");
          const file = fileOf([name, "", size ? "" : header]);
          if (size > 9) Object.defineProperty(file, "size", { value: size });
          return openPhoto(file).catch((error) => error.message);
        }""",
        name, size, header,
    )  # fmt: skip

    assert message == f"{name}: {sentence}"


@pytest.mark.parametrize(
    ("data", "remark"),
    [
        pytest.param(
            saved(Image.new("I;16", (8, 8), 900), "PNG"), "16 bits: this page works in 8", id="deep"
        ),
        pytest.param(
            saved(
                Image.new("P", (8, 8)), "GIF", save_all=True, loop=0,
                append_images=[Image.new("P", (8, 8), 3)],
            ),
            "It moves: this is the first frame.",
            id="moving",
        ),
        pytest.param(
            saved(Image.new("RGB", (8, 8)), "PNG", icc_profile=profile("Adobe RGB")),
            "Its colour profile (Adobe RGB) is kept; shown here as sRGB.",
            id="Adobe RGB",
        ),
    ],
)  # fmt: skip
def test_what_the_page_cannot_keep_it_says(visit, data, remark):
    visit.open(("x.png", data))

    visit.wait_for_status(remark)


def test_a_loaded_page_works_without_network(visit):
    visit.page.wait_for_load_state("networkidle")
    visit.context.set_offline(True)
    try:
        visit.open(("night.jpg", night()))
        visit.changes(lambda: visit.set("brightness", 0.5))

        assert visit.saved()[0] == "night-noiser.jpg"
    finally:
        visit.context.set_offline(False)


def test_without_webgl_the_processor_renders_and_the_page_says_so(started):
    visit = Visit(*started, without_gpu=True)
    visit.open(("night.jpg", night()))

    assert visit.after().mean() > visit.before().mean() + 20
    assert "main processor" in visit.page.locator("#engine").text_content()
    assert visit.findings() == []


def test_every_control_is_reached_by_the_tab_key(shown):
    for summary in shown.page.locator("summary").all():
        summary.click()
    expected = shown.page.evaluate(FOCUSABLE)
    reached = []
    shown.page.evaluate("document.activeElement.blur()")
    for _ in range(len(expected) + 2):
        shown.page.keyboard.press("Tab")
        reached += shown.page.evaluate(
            FOCUSABLE.replace(
                "[...document", "[document.activeElement].filter((e) => [...document"
            ).replace('[tabindex]")]', '[tabindex]")].includes(e))')
        )

    assert len(expected) > 20
    assert set(reached) == set(expected)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(started, scheme):
    """Neither in the empty page nor with a photo, all details open, and a problem told."""
    if not AXE.exists():
        pytest.skip(".venv/axe.min.js is not there (npm pack axe-core)")
    visit = Visit(*started, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    visit.page.add_script_tag(path=AXE)
    found = visit.page.evaluate("axe.run().then((result) => result.violations)")

    visit.open(("night.jpg", night()), ("b.jpg", night()), ("bad.jpg", b""))
    for summary in visit.page.locator("summary").all():
        summary.click()
    found += visit.page.evaluate("axe.run().then((result) => result.violations)")

    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []


@pytest.mark.parametrize(("width", "text"), [(320, "100%"), (390, "200%"), (768, "200%")])
def test_a_narrow_page_with_large_text_needs_no_sideways_scrolling(started, width, text):
    visit = Visit(*started, viewport={"width": width, "height": 800})
    visit.page.evaluate("(text) => (document.documentElement.style.fontSize = text)", text)
    wide = [visit.page.evaluate("document.documentElement.scrollWidth")]
    visit.open(("night.jpg", night()))
    wide.append(visit.page.evaluate("document.documentElement.scrollWidth"))

    assert max(wide) <= width
    assert visit.findings() == []


@pytest.fixture
def live(visit):
    """A visitor whose camera has small frames: software renders them here."""
    visit.page.evaluate(
        """() => {
          const ask = MediaDevices.prototype.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async () =>
            (window.stream = await ask({ video: { width: 160, height: 120 } }));
        }"""
    )
    return visit


def test_the_camera_is_shown_live_until_it_is_stopped(live):
    live.page.click("#webcam")
    live.wait_for_status("frames per second")
    live.changes(lambda: None)

    live.page.click("#stop")

    expect(live.page.locator("#welcome")).to_be_visible()
    assert live.page.evaluate("stream.getTracks().map((track) => track.readyState)") == ["ended"]


def test_a_frame_of_the_camera_becomes_a_photo(live):
    live.page.click("#webcam")
    live.wait_for_status("frames per second")

    live.page.click("#grab")

    live.wait_for_status(".png, 160 × 120.")


def test_a_paused_frame_follows_the_knobs(live):
    live.page.click("#webcam")
    live.wait_for_status("frames per second")
    live.page.click("#pause")
    expect(live.page.locator("#pause")).to_have_text("Play")
    live.changes(lambda: live.set("brightness", 0.5))  # a frame on its way may still come
    live.changes(lambda: live.set("brightness", 0.9))
    still = live.before()

    live.changes(lambda: live.set("brightness", -0.9))

    np.testing.assert_array_equal(live.before(), still)


def test_frames_that_take_too_long_become_smaller_and_are_shown_as_large(visit):
    """As if each frame waited for as many milliseconds as it has 300 pixels."""
    visit.page.evaluate(
        """() => {
          const film = noiser.engine.film({});
          const { frame } = Object.getPrototypeOf(film);
          window.slow = (on) => {
            Object.getPrototypeOf(film).frame = on
              ? async function (...all) {
                  const { width, height } = all[1].canvas;
                  await new Promise((resolve) => setTimeout(resolve, (width * height) / 300));
                  return frame.apply(this, all);
                }
              : frame;
          };
          slow(true);
          const ask = MediaDevices.prototype.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = () => ask({ video: { width: 640, height: 480 } });
        }"""
    )
    visit.page.click("#webcam")
    visit.page.locator("#frame canvas.before").wait_for()
    canvas = "document.querySelector('#frame canvas')"
    assert visit.page.evaluate(f"{canvas}.width") == 640
    visit.page.wait_for_function(f"() => {canvas}.width * {canvas}.height < 40_000", timeout=20_000)
    shown, own = visit.page.evaluate(f"[{canvas}.clientWidth, {canvas}.width]")
    visit.page.evaluate("slow(false)")

    assert shown > 2 * own


@pytest.mark.parametrize("width", [390, 1000, 1440])
def test_a_long_name_leaves_the_photo_its_room(visitor, width):
    """Also beside the five buttons of a video."""
    page = visitor.page
    page.set_viewport_size({"width": width, "height": 700})
    visitor.open((f"{'long-name-' * 9}.jpg", night()))
    page.evaluate(
        "for (const id of ['pause', 'grab', 'stop']) document.getElementById(id).hidden = 0"
    )

    assert page.evaluate("document.getElementById('status').clientHeight") < 120
    assert page.evaluate("document.getElementById('stage').clientHeight") > 170

    page.evaluate(
        "for (const id of ['pause', 'grab', 'stop']) document.getElementById(id).hidden = 1"
    )
    visitor.start_over()
    page.set_viewport_size({"width": 1000, "height": 700})


def test_a_camera_that_is_not_allowed_is_said_in_one_sentence(visit):
    visit.page.evaluate(
        """() => (navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException("Permission denied", "NotAllowedError");
        })"""
    )
    visit.page.click("#webcam")

    expect(visit.page.locator("#problems span")).to_have_text(
        "The camera does not answer: it was not allowed"
    )


def test_a_video_file_is_played_enhanced(visit):
    """Recorded by the browser itself: it knows its own formats."""
    visit.page.evaluate(
        """async () => {
          const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 48});
          const context = canvas.getContext("2d");
          const recorder = new MediaRecorder(canvas.captureStream(20), {mimeType: "video/webm"});
          const pieces = [];
          recorder.ondataavailable = ({ data }) => pieces.push(data);
          const stopped = new Promise((resolve) => (recorder.onstop = resolve));
          recorder.start();
          for (let i = 0; i < 20; i++) {
            context.fillStyle = `rgb(${20 + i} 20 10)`;
            context.fillRect(0, 0, 64, 48);
            await new Promise(requestAnimationFrame);
          }
          recorder.stop();
          await stopped;
          noiser.app.add([new File(pieces, "night.webm", { type: "video/webm" })]);
        }"""
    )

    visit.wait_for_status("night.webm: ")
