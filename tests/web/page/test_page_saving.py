"""What the page saves, in Chromium: bytes against noiser's own, metadata against Pillow."""

import base64
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from browsing import needs_chromium
from pictures import dark_rgb, saved
from PIL import ExifTags, Image, ImageOps
from playwright.sync_api import expect
from spaces import profile
from tagged import LATITUDE, everything, exif_block
from visiting import Visit, left_as_found, pixels, site

from noiser import Enhancer

pytestmark = needs_chromium

ROOT = Path(__file__).parents[3]
GPS, ORIENTATION, CAMERA, EXPOSURE = 34853, 274, 34665, 33434
KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}


def night(width=90, height=60):
    """Give the project's own photo, small: uint8 [h,w,3]."""
    with Image.open(ROOT / "assets" / "night.jpg") as image:
        return np.asarray(image.resize((width, height)))


@pytest.fixture(scope="module")
def visitor():
    with site() as both:
        yield Visit(*both)


@pytest.fixture
def visit(visitor):
    yield from left_as_found(visitor)


def assert_close(found, expected):
    """At most 2 of 255 apart on 99.9 % of the values."""
    apart = np.abs(found.astype(int) - expected.astype(int))
    assert found.shape == expected.shape
    assert np.mean(apart <= 2) >= 0.999, apart.max()


def save_as(visit, format_, *files):
    """Open files, choose a format, save: name and bytes."""
    visit.open(*files)
    visit.page.evaluate("document.querySelector('details:has(#format)').open = true")
    visit.page.select_option("#format", format_)
    return visit.saved()


def test_a_png_has_the_bytes_that_noiser_gives(visit):
    low = night()

    name, data = save_as(visit, "same", ("night.png", saved(Image.fromarray(low), "PNG")))

    assert name == "night-noiser.png"
    assert_close(pixels(data), Enhancer().enhance(low))


def test_a_png_has_the_bytes_of_the_knobs_that_were_moved(visit):
    low = night()
    visit.open(("night.png", saved(Image.fromarray(low), "PNG")))
    visit.changes(lambda: visit.page.get_by_label("Strong").check())
    visit.changes(lambda: visit.set("contrast", 1.5))

    _, data = visit.saved()

    enhancer = Enhancer(
        contrast=1.5, restraint=0.5, brightness=0.4, black=0.5, color=0.85, denoise=1.0, local=0.6
    )
    assert_close(pixels(data), enhancer.enhance(low))


def test_what_is_transparent_keeps_its_alpha_and_its_colours(visit):
    """Canvases multiply colours by alpha; the page must not."""
    low = np.dstack([night(), np.tile(np.arange(90, dtype=np.uint8), (60, 1))])

    _, data = save_as(visit, "same", ("a.png", saved(Image.fromarray(low), "PNG")))

    found = pixels(data)
    np.testing.assert_array_equal(found[..., 3], low[..., 3])
    assert_close(found[..., :3], Enhancer().enhance(low[..., :3]))


def test_what_is_transparent_is_white_in_a_jpeg(visit):
    low = np.dstack([night(), np.zeros((60, 90), np.uint8)])

    _, data = save_as(visit, "jpeg", ("a.png", saved(Image.fromarray(low), "PNG")))

    assert pixels(data).min() > 250


def test_display_p3_keeps_its_numbers_and_its_profile(visit):
    low, icc = night(), profile("Display P3")
    file = saved(Image.fromarray(low), "PNG", icc_profile=icc)

    _, as_png = save_as(visit, "png", ("p3.png", file))
    visit.page.select_option("#format", "jpeg")
    _, as_jpeg = visit.saved()
    shown = visit.page.locator("#frame canvas").evaluate_all(
        "(all) => all.map((canvas) => canvas.getContext('2d').getContextAttributes().colorSpace)"
    )
    assert shown == ["display-p3", "display-p3"]

    assert_close(pixels(as_png), Enhancer().enhance(low))
    assert np.abs(pixels(as_jpeg).mean((0, 1)) - pixels(as_png).mean((0, 1))).max() < 1
    for data in (as_png, as_jpeg):
        assert Image.open(io.BytesIO(data)).info["icc_profile"] == icc


@pytest.mark.parametrize("saves", ["jpeg", "png"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_exif_and_profile_are_kept(visit, kind, saves):
    """Whatever the photo's format and the saved one's.

    The orientation is upright then, but for WebP, which Chromium does not turn.
    """
    icc = profile("Adobe RGB")
    file = everything(KINDS[kind], orientation=6, icc_profile=icc)

    _, data = save_as(visit, saves, (f"a.{kind}", file))

    image = Image.open(io.BytesIO(data))
    exif = image.getexif()
    size = (64, 48) if kind == "webp" else (48, 64)
    assert image.size == size
    assert image.info["icc_profile"] == icc
    assert exif[ORIENTATION] == (6 if kind == "webp" else 1)
    assert exif.get_ifd(CAMERA)[EXPOSURE] == 1 / 8
    assert exif.get_ifd(GPS)[2][0] == 51
    assert (exif.get_ifd(CAMERA)[40962], exif.get_ifd(CAMERA)[40963]) == size
    assert Image.open(io.BytesIO(file)).getexif().get_ifd(ExifTags.IFD.IFD1)
    assert not exif.get_ifd(ExifTags.IFD.IFD1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_becomes_upright(visit, orientation):
    low = Image.fromarray(night())
    file = saved(low, "PNG", exif=exif_block(orientation=orientation))

    _, data = save_as(visit, "same", ("a.png", file))

    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    assert_close(pixels(data), Enhancer().enhance(np.asarray(upright.convert("RGB"))))


def test_the_place_is_taken_out_on_request(visit):
    visit.open(("a.jpg", everything("JPEG")))
    visit.page.evaluate("document.querySelector('details:has(#location)').open = true")
    visit.page.uncheck("#location")

    _, data = visit.saved()

    exif = Image.open(io.BytesIO(data)).getexif()
    assert GPS not in exif
    assert exif.get_ifd(CAMERA)[EXPOSURE] == 1 / 8
    assert LATITUDE in everything("JPEG")
    assert LATITUDE not in data


def test_all_photos_are_saved_in_one_archive(visit):
    photo = saved(Image.fromarray(night()), "PNG")
    visit.open(("a.png", photo), ("a.png", photo), ("Łódź.jpg", everything("JPEG")))
    expect(visit.page.locator("#strip button")).to_have_count(3)

    name, data = visit.saved("#save-all")

    archive = zipfile.ZipFile(io.BytesIO(data))
    assert name == "noiser.zip"
    assert archive.testzip() is None
    assert archive.namelist() == ["a-noiser.png", "a-noiser (2).png", "Łódź-noiser.jpg"]
    assert_close(pixels(archive.read("a-noiser (2).png")), Enhancer().enhance(night()))


def test_saving_is_cancelled(visit):
    visit.open(("a.png", saved(Image.fromarray(night()), "PNG")))
    visit.page.evaluate(
        """() => new Promise((resolve) => {
          new MutationObserver(() => resolve(cancel.click())).observe(cancel, {attributes: true});
          save.click();
        })"""
    )

    visit.wait_for_status("Cancelled.")
    expect(visit.page.locator("#save")).to_be_enabled()


def test_files_that_are_damaged_anywhere_are_read_without_an_error(visitor):
    """Cut at each length and changed at each byte of the first 1,500."""
    files = [everything(format_, icc_profile=profile("sRGB")) for format_ in KINDS.values()]
    count = visitor.run(
        """async (files) => {
          const { readMetadata, describeProfile, jpegWith } = await import("/files/metadata.js");
          const { tidyExif } = await import("/files/exif.js");
          let read = 0;
          for (const bytes_ of files.map(bytes)) {
            for (let at = 0; at < Math.min(bytes_.length, 1500); at++) {
              const changed = bytes_.slice();
              changed[at] ^= 0xff;
              for (const damaged of [bytes_.slice(0, at), changed]) {
                const { exif, icc } = await readMetadata(damaged);
                if (exif) tidyExif(exif, { width: 1, height: 1, keepsLocation: false });
                if (icc) describeProfile(icc);
                if (damaged[0] === 0xff) jpegWith(damaged, { exif, icc });
                read += 1;
              }
            }
          }
          return read;
        }""",
        *files,
    )

    assert count > 3000


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_of_either_byte_order_is_set_upright(visitor, order):
    block = exif_block(order, orientation=8)[6:]
    text = visitor.run(
        """async ([block]) => {
          const { tidyExif } = await import("/files/exif.js");
          const facts = { width: 7, height: 9, isUpright: true, keepsLocation: true };
          return base64(tidyExif(bytes(block), facts));
        }""",
        block,
    )

    exif = Image.Exif()
    exif.load(b"Exif\0\0" + from_text(text))
    assert (exif[ORIENTATION], exif[256], exif.get_ifd(GPS)[1]) == (1, 7, "N")


def from_text(text):
    """Give the bytes that the page sent in base64."""
    return base64.b64decode(text)


def test_a_profile_longer_than_a_segment_goes_through_a_jpeg(visitor):
    icc = np.random.default_rng(1).bytes(150_000)
    text = visitor.run(
        """async ([file, icc]) => {
          const { jpegWith, readMetadata } = await import("/files/metadata.js");
          const made = jpegWith(bytes(file), { exif: null, icc: bytes(icc) });
          const again = (await readMetadata(made)).icc;
          return [base64(made), base64(again) === icc];
        }""",
        saved(Image.fromarray(dark_rgb()), "JPEG", icc_profile=profile("sRGB")),
        icc,
    )

    assert Image.open(io.BytesIO(from_text(text[0]))).info["icc_profile"] == icc
    assert text[1]


@pytest.mark.parametrize("shape", [(1, 1, 4), (1, 7, 3), (9, 1, 4), (13, 17, 3), (40, 31, 4)])
def test_a_png_written_in_bands_is_read_by_others(visitor, shape):
    values = np.random.default_rng(2).integers(0, 256, (*shape[:2], 4), np.uint8)
    text = visitor.run(
        """async ([data, width, height, hasAlpha]) => {
          const { encodePng } = await import("/files/png.js");
          async function* bands() {
            for (let y = 0; y < height; y += 4) {
              const rows = Math.min(4, height - y);
              const band = bytes(data).slice(4 * y * width, 4 * (y + rows) * width);
              yield { data: band, height: rows };
            }
          }
          const blob = await encodePng({ width, height, hasAlpha, chunks: [] }, bands());
          return base64(new Uint8Array(await blob.arrayBuffer()));
        }""",
        values.tobytes(), shape[1], shape[0], shape[2] == 4,
    )  # fmt: skip

    np.testing.assert_array_equal(pixels(from_text(text)), values[..., : shape[2]])


def test_an_archive_keeps_any_name_and_any_content(visitor):
    names = ["A.jpg", "a.jpg", "no suffix", "no suffix", ".hidden", "日本.png"]
    text = visitor.run(
        """async (names) => {
          const { Zip } = await import("/files/zip.js");
          const zip = new Zip();
          for (const [i, name] of names.entries()) {
            await zip.add(name, new Blob([new Uint8Array(1000 * i).fill(i)]));
          }
          return base64(new Uint8Array(await zip.finish().arrayBuffer()));
        }""",
        *names,
    )

    archive = zipfile.ZipFile(io.BytesIO(from_text(text)))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "A.jpg", "a (2).jpg", "no suffix", "no suffix (2)", ".hidden", "日本.png",
    ]  # fmt: skip
    assert [len(archive.read(name)) for name in archive.namelist()] == [*range(0, 6000, 1000)]
