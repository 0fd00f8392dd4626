"""The page in Firefox: a photo is opened, enhanced and saved, as in Chromium."""

import io

import numpy as np
from driving import bytes_of, found_in_firefox, needs_firefox
from pictures import saved
from PIL import Image
from truth import dark_photo

from noiser import Enhancer

pytestmark = needs_firefox

SAVE = """
  await until(() => document.body.dataset.ready !== undefined, "the engine");
  await open(NAME, TYPE);
  await until(() => !find("#work").hidden && !find("#save").disabled, "the photo");
  const before = handedOut.length;
  find("#save").click();
  const blob = await until(
    () => handedOut.slice(before).find(({ type }) => type === TYPE), "the file"
  );
  return { file: await textOf(blob), engine: find("#engine").textContent };
"""


def saved_by_firefox(folder, name, kind, data):
    """Open a photo and save it as it came: the file's bytes."""
    script = f"const NAME = {name!r}, TYPE = {kind!r};{SAVE}"
    found = found_in_firefox(folder, script, {name: data})
    assert not found["faults"]
    assert "error" not in found, found
    return bytes_of(found["file"])


def test_a_png_has_the_pixels_that_noiser_gives(tmp_path):
    low = dark_photo(90, 120, seed=3)

    data = saved_by_firefox(tmp_path, "night.png", "image/png", saved(Image.fromarray(low), "PNG"))

    found = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    difference = abs(found - Enhancer().enhance(low))
    assert (difference <= 1).mean() >= 0.999
    assert difference.max() <= 2


def test_a_jpeg_is_that_of_noiser(tmp_path):
    low = np.kron(dark_photo(30, 40, seed=3), np.ones((4, 4, 1), np.uint8))
    photo = Image.fromarray(low)
    sent = saved(photo, "JPEG", quality=95)

    data = saved_by_firefox(tmp_path, "night.jpg", "image/jpeg", sent)

    found = Image.open(io.BytesIO(data))
    assert (found.format, found.size) == ("JPEG", photo.size)
    expected = Enhancer().enhance(np.asarray(Image.open(io.BytesIO(sent))))
    assert abs(np.asarray(found).astype(int) - expected).mean() < 3
