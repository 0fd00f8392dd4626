"""Visiting: somebody at the page, who notes whatever it should not do."""

import base64
import io
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
from browsing import StaticHost, chromium
from PIL import Image
from playwright.sync_api import expect

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
"""A camera of Chromium's own that shows a moving test picture, and a visitor who allows it."""

WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""

HELPERS = """
window.shown = (kind) => {
  const canvas = document.querySelector(`#frame canvas${kind}`);
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return [width, height, base64(context.getImageData(0, 0, width, height).data)];
};
window.base64 = (data) =>
  btoa(Array.from(data, (value) => String.fromCharCode(value)).join(""));
window.bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
window.fileOf = ([name, type, text]) => new File([bytes(text)], name, { type });
window.transferOf = (files) => {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(fileOf(file));
  return transfer;
};
"""


@contextmanager
def site():
    """Start a host and a browser with a camera: `(host, browser)`."""
    with StaticHost() as host, chromium(*CAMERA) as browser:
        yield host, browser


class Visit:
    """One visitor at the page; `findings()` has to be empty when the visit ends.

    Args:
        host: Where the page is.
        browser: A started Chromium.
        without_gpu: Take WebGL away first.
        options: For Playwright's new context.
    """

    def __init__(self, host, browser, without_gpu=False, **options):
        self.notes = []
        self.origin = host.address
        self.context = browser.new_context(**{"viewport": {"width": 1000, "height": 700}} | options)
        self.page = page = self.context.new_page()
        page.add_init_script(WATCH + HELPERS)
        if without_gpu:
            page.add_init_script(
                "for (const kind of [HTMLCanvasElement, OffscreenCanvas]) {"
                "  const original = kind.prototype.getContext;"
                "  kind.prototype.getContext = function (name, options) {"
                "    return name === 'webgl2' ? null : original.call(this, name, options); } }"
            )
        page.on("console", lambda message: self.notes.append(message.text))
        page.on("pageerror", lambda error: self.notes.append(str(error)))
        page.on("request", self._note_request)
        page.goto(host.address)
        page.locator("body[data-ready]").wait_for()

    def _note_request(self, request):
        if request.url.startswith(("blob:", "data:")):
            return
        if urlsplit(request.url).netloc != urlsplit(self.origin).netloc:
            self.notes.append(f"asked {request.url}")

    def findings(self):
        """Give messages, errors, violations and requests to others since the last time."""
        found = self.notes + self.page.evaluate("violations.splice(0)")
        self.notes = []
        return found

    def start_over(self):
        """Go back to the empty page, and to its own choices, as a visitor would."""
        page = self.page
        while page.locator("#problems button").count():
            page.locator("#problems button").first.click()
        if page.locator("#stop").is_visible():
            page.click("#stop")
        page.evaluate("HTMLFormElement.prototype.reset.call(panel)")
        for id_ in ("zoom", "compare"):
            if page.get_attribute(f"#{id_}", "aria-pressed") == "true":
                page.click(f"#{id_}")
        while page.locator("#work").is_visible():
            page.click("#remove")
            page.evaluate("noiser.app.add([])")

    def open(self, *files):
        """Choose files by the button; wait for the first photo."""
        self.page.set_input_files("#files", [_upload(name, data) for name, data in files])
        self.wait_for_status(f"{files[0][0]}, ")
        self.page.locator("#frame canvas.before").wait_for()

    def wait_for_status(self, text):
        """Wait until the page says this."""
        expect(self.page.locator("#status")).to_contain_text(text, timeout=20_000)

    def after(self):
        """Give the enhanced picture as it is shown: uint8 [h,w,4]."""
        return self._pixels(":not(.before)")

    def before(self):
        """Give the photo as it is shown beside it: uint8 [h,w,4]."""
        return self._pixels(".before")

    def _pixels(self, kind):
        width, height, text = self.page.evaluate("(kind) => shown(kind)", kind)
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)

    def changes(self, act):
        """Do something; wait until the enhanced picture is another one."""
        before = self.page.evaluate("shown(':not(.before)').join()")
        act()
        self.page.evaluate(
            """async (before) => {
              const end = performance.now() + 10000;
              while (shown(":not(.before)").join() === before) {
                if (performance.now() > end) throw new Error("the picture stays the same");
                await new Promise(requestAnimationFrame);
              }
            }""",
            before,
        )

    def until(self, holds):
        """Wait, frame by frame, until something holds."""
        end = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < end
            self.page.evaluate("new Promise(requestAnimationFrame)")

    def measured(self):
        """Give how many pictures the engine has measured so far."""
        return self.page.evaluate("noiser.engine.counts.measured")

    def set(self, knob, value):
        """Move a knob as a hand does."""
        self.page.evaluate(
            """([knob, value]) => {
              const input = document.getElementById(`knob-${knob}`);
              input.value = value;
              input.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            [knob, value],
        )

    def saved(self, button="#save"):
        """Save; give the file's name and bytes."""
        with self.page.expect_download() as download:
            self.page.click(button)
        with open(download.value.path(), "rb") as file:  # noqa: PTH123 - Playwright's path
            return download.value.suggested_filename, file.read()

    def run(self, script, *arguments):
        """Run a script in the page; bytes are handed over in base64."""
        return self.page.evaluate(script, [_text(argument) for argument in arguments])


def left_as_found(visitor):
    """Lend a visitor of an empty page, which must not say, ask or try anything it should not.

    For fixtures, which `yield from` it.
    """
    yield visitor
    found = visitor.findings()
    visitor.start_over()
    assert found == []


def _text(argument):
    return base64.b64encode(argument).decode() if isinstance(argument, bytes) else argument


def _upload(name, data):
    kinds = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
    kind = kinds.get(name.rsplit(".")[-1], "application/octet-stream")
    return {"name": name, "mimeType": kind, "buffer": data}


def dropped(name, data, kind="image/png"):
    """A file as the page's helper `transferOf` takes it."""
    return [name, kind, base64.b64encode(data).decode()]


def pixels(data):
    """Decode a file: uint8 [h,w,3] or [h,w,4]."""
    return np.asarray(Image.open(io.BytesIO(data)))
