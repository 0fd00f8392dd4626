"""The whole way: `noiser serve`, a photo dropped in Chromium, and the bytes of `noiser enhance`."""

import base64
import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from browsing import chromium, needs_chromium
from PIL import Image
from serving import Service
from visiting import Visit, dropped, pixels

from noiser.look.knobs import knobs
from noiser.look.looks import NATURAL

pytestmark = needs_chromium

NIGHT = Path(__file__).parents[3] / "assets" / "night.jpg"
PHOTOS = (
    "lol-v1/dev40_256px/low/100.png",
    "lol-v1/dev40_256px/low/112.png",
    "dicm12/33.jpg",
    "lime/8.bmp",
)
"""Real dark photos, seen as thumbnails."""


@pytest.fixture(scope="module")
def visit():
    """A visitor of the page as the server gives it, with all its headers."""
    with Service() as service, chromium() as browser:
        yield Visit(SimpleNamespace(address=f"http://{service.address}/"), browser)


def thumbnail(file, side=120):
    """Encode a photo small, as a camera would: JPEG."""
    with Image.open(file) as image:
        small = image.convert("RGB")
        small.thumbnail((side, side))
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=95)
        return buffer.getvalue()


def of_the_command_line(folder, data, turned):
    """Enhance a file by the command line: uint8 [h,w,3]."""
    (folder / "low.jpg").write_bytes(data)
    words = [w for name, v in turned.items() for w in (f"--{name.replace('_', '-')}", str(v))]
    command = [sys.executable, "-m", "noiser", "enhance", "low.jpg", "-o", "bright.png", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return pixels((folder / "bright.png").read_bytes())


def whole_way(visit, folder, data, turned):
    """Drop, move the divider and the knobs, save; compare with the command line."""
    visit.start_over()
    visit.page.evaluate(
        "(file) => document.body.dispatchEvent(new DragEvent('drop', {"
        " bubbles: true, cancelable: true, dataTransfer: transferOf([file]) }))",
        dropped("low.jpg", data, "image/jpeg"),
    )
    visit.wait_for_status("low.jpg, ")
    visit.page.locator("#frame canvas.before").wait_for()
    measured = visit.measured()
    visit.page.evaluate("split.value = 50")
    visit.page.focus("#split")
    for _ in range(5):
        visit.page.keyboard.press("ArrowRight")
    for name, value in turned.items():
        visit.set(name, value)
    visit.page.evaluate("document.querySelector('details:has(#format)').open = true")
    visit.page.select_option("#format", "png")

    name, saved = visit.saved()

    found, expected = pixels(saved), of_the_command_line(folder, data, turned)
    apart = np.abs(found.astype(int) - expected.astype(int))
    assert (name, found.shape) == ("low-noiser.png", expected.shape)
    assert np.mean(apart <= 2) >= 0.999, apart.max()
    assert visit.page.input_value("#split") == "55"
    assert visit.measured() == measured
    assert visit.findings() == []


@pytest.mark.parametrize("knob", [k.name for k in knobs() if k.name != "eps"])
def test_each_knob_gives_what_the_command_line_gives(visit, tmp_path, knob):
    """Turned to half of the way to the farther end of its range."""
    ends = next((k.metadata["low"], k.metadata["high"]) for k in knobs() if k.name == knob)
    own = getattr(NATURAL, knob)
    far = max(ends, key=lambda end: abs(end - own))

    whole_way(visit, tmp_path, thumbnail(NIGHT), {knob: round((own + far) / 2, 2)})


@pytest.mark.parametrize("name", PHOTOS)
def test_real_photos_come_out_as_on_the_command_line(visit, tmp_path, shared_data, name):
    whole_way(visit, tmp_path, thumbnail(shared_data / name), {"color": 0.7, "local": 0.2})


def test_the_api_gives_the_very_bytes_of_the_command_line(visit, tmp_path):
    """From the page's own origin, as a script of the page could ask."""
    data = thumbnail(NIGHT)
    found = visit.run(
        """async ([text]) => {
          const query = "v1/enhance?format=png&color=1";
          const answer = await fetch(query, { method: "POST", body: bytes(text) });
          return base64(new Uint8Array(await answer.arrayBuffer()));
        }""",
        data,
    )

    of_the_command_line(tmp_path, data, {"color": 1})

    assert base64.b64decode(found) == (tmp_path / "bright.png").read_bytes()
    assert visit.findings() == []
