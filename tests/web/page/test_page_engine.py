"""The page's engine in Chromium: number for number and pixel for pixel what Python makes."""

import base64
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import truth
from backlit import backlit
from browsing import StaticHost, chromium, needs_chromium

from noiser.engine.enhancer import Enhancer
from noiser.engine.kernels import reference
from noiser.look.knobs import knobs
from noiser.look.looks import LOOKS
from noiser.look.presets import all_presets
from noiser.look.render_params import develop
from noiser.look.tone_curve import steady
from noiser.model import network
from noiser.statistics.luma_and_noise import Light

pytestmark = needs_chromium

HARNESS = Path(__file__).with_name("page_engine.js")
SIZES = [(1, 1), (1, 7), (9, 1), (2, 2), (17, 16), (33, 47), (2, 1100)]
NATURAL, PAPER = LOOKS["natural"], LOOKS["paper"]


def looks():
    """Give both looks, each knob at both ends, and the presets, by name."""
    found = {name: (name, look) for name, look in LOOKS.items()}
    for name, look in LOOKS.items():
        for knob in knobs():
            for value in (knob.metadata["low"], knob.metadata["high"]):
                found[f"{name} {knob.name} {value:g}"] = name, replace(look, **{knob.name: value})
    for title, preset in all_presets(None).items():
        found[title] = preset.look, replace(LOOKS[preset.look], **preset.knobs)
    return found


def sent(image):
    """Put a picture into what the harness takes; alpha is random where it has none."""
    if image.shape[2] == 3:
        image = truth.as_kind(image, "uint8", 4)
    height, width = image.shape[:2]
    return {"data": base64.b64encode(image.tobytes()).decode(), "width": width, "height": height}


def received(text, height, width):
    """Take a picture out of what the harness gives: uint8 [H,W,4]."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)


def pythons(image, padding):
    """Measure a picture in Python, with its grid of light."""
    region = np.s_[0 : image.shape[0], 0 : image.shape[1]]
    return reference.measure(image, region, padding, with_grid=True)


def numbers_of(moments):
    """List all that moments have, of Python's."""
    return [moments.count, *moments.sums, *moments.products, *moments.tones, *moments.grain]


def numbers_sent(moments):
    """List all that moments have, of the page's, which count in 1/255 and not 1/65535."""
    sums = [257 * int(total) for total in moments["sums"]]
    products = [257**2 * int(total) for total in moments["products"]]
    return [moments["count"], *sums, *products, *moments["tones"], *moments["grain"]]


@pytest.fixture(scope="module")
def page():
    """Open the harness in Chromium; a complaint in its console fails the module's last test."""
    more = {
        "harness.js": HARNESS.read_bytes(),
        "harness.html": b"<!doctype html><script type=module src=harness.js></script>",
    }
    with StaticHost(more) as host, chromium() as browser:
        page = browser.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(host.address + "harness.html")
        page.wait_for_function("window.engine")
        page.complaints = complaints
        yield page


@pytest.fixture
def call(page):
    """Give what calls a function of the harness."""
    return lambda name, *values: page.evaluate(
        "([name, values]) => engine[name](...values)", [name, values]
    )


@pytest.mark.parametrize("padding", ["zero", "replicate"])
@pytest.mark.parametrize("size", SIZES)
def test_moments_are_pythons_to_the_last_integer(call, dark_photo, size, padding):
    """Sums, products and histograms of a dark photo of any size are the same numbers."""
    image = dark_photo(*size, seed=size[0])

    found = call("measure", sent(image))[padding]

    assert numbers_sent(found) == numbers_of(pythons(image, padding))
    assert found["padding"] == padding


def test_moments_of_all_bytes_are_pythons(call):
    """Also where every value occurs, and grain of every size."""
    image = np.random.default_rng(0).integers(0, 256, (41, 61, 3), dtype=np.uint8)

    found = call("measure", sent(image))

    for padding in ("zero", "replicate"):
        assert numbers_sent(found[padding]) == numbers_of(pythons(image, padding))


def test_the_largest_sums_are_exact(call):
    """White beside black, row after row wider than two sums share a double: no bit is lost."""
    image = np.full((3, 5000, 3), 255, np.uint8)
    image[1, ::2] = 0

    found = call("measure", sent(image))

    for padding in ("zero", "replicate"):
        assert numbers_sent(found[padding]) == numbers_of(pythons(image, padding))


@pytest.mark.parametrize("size", [(1, 1), (4, 5), (3, 256), (257, 3), (40, 50), (9, 513), (600, 8)])
def test_the_grid_of_light_is_pythons(call, dark_photo, size):
    """Pixels and tones of each cell and brightness are the same integers, cells of any side."""
    image = dark_photo(*size)
    image[: size[0] // 2] = 255 - image[: size[0] // 2]

    grid = call("measure", sent(image))["zero"]["grid"]

    wanted = pythons(image, "zero").grid
    shape = grid["rows"], grid["columns"], -1
    found = [np.reshape(grid[name], shape) for name in ("pixels", "tones")]
    assert np.array_equal(found, wanted.sums)
    assert (grid["shift"], grid["top"]) == (wanted.shift, 0)


@pytest.mark.parametrize("size", [(40, 23), (40, 1000), (300, 9)])
@pytest.mark.parametrize("cuts", [[1], [16], [39], [5, 6, 7, 21], list(range(1, 40))])
def test_any_cut_into_bands_adds_up_to_the_whole(call, dark_photo, cuts, size):
    """Each band has the rows it needs around it; the sum is that of the whole picture."""
    image = sent(dark_photo(*size))

    assert call("measure", image, cuts) == call("measure", image)


def test_alpha_is_not_measured(call, dark_photo):
    """Two pictures that differ in alpha alone have the same moments."""
    image = dark_photo(12, 13)
    clear, solid = (np.dstack([image, np.full((12, 13), a, np.uint8)]) for a in (0, 255))

    assert call("measure", sent(clear)) == call("measure", sent(solid))


def noisy(height, width):
    """Give a part of a photo whose noise is correlated over several pixels: uint8 [H,W,3]."""
    from PIL import Image

    file = Path(__file__).parents[3] / "assets" / "scenes" / "noisy_cat.jpg"
    return np.asarray(Image.open(file).convert("RGB"))[:height, :width]


@pytest.mark.parametrize("size", [(1, 384), (200, 3), (131, 140)])
@pytest.mark.parametrize("cuts", [[], [1, 2, 9, 17, 18], list(range(3, 120, 13))])
def test_grain_of_coarse_octaves_is_pythons(call, size, cuts):
    """Averages of squares of 2, 4 and 8 pixels, of pictures of any size, in bands of any height."""
    image = noisy(*size)
    grain = pythons(image, "zero").grain
    assert all(sum(grain[240 * octave :][:240]) for octave in range(4))

    found = call("measure", sent(image), [cut for cut in cuts if cut < size[0]])

    assert found["zero"]["grain"] == list(grain)


FOLDED = {
    "center": "center", "firstWeight": "first_weight", "firstBias": "first_bias",
    "secondWeight": "second_weight", "secondBias": "second_bias", "chroma": "chroma",
}  # fmt: skip
"""Python's names of the numbers of a folded network, by the page's."""

DEVELOPMENT = {
    "color": "color", "cast": "cast", "black": "black", "highlights": "highlights",
    "denoise": "denoise", "fine": "fine", "medium": "medium", "chromaFloor": "chroma_floor",
    "detailFloor": "detail_floor", "noise": "noise", "noiseSlopes": "noise_slopes",
    "octaves": "octaves",
}  # fmt: skip
"""The same of a adjustments that develops; else nobody looks at them."""


def assert_near(found, wanted):
    """Compare all numbers of a adjustments: within a millionth of the largest of a kind."""
    folded, adjustments = wanted
    mine = found["adjustments"]
    pairs = [(found["folded"][name], getattr(folded, python)) for name, python in FOLDED.items()]
    pairs.append((mine["strength"], adjustments.strength))
    if adjustments.develops:
        pairs += [(mine[name], getattr(adjustments, is_)) for name, is_ in DEVELOPMENT.items()]
    for number, theirs in pairs:
        values = np.ravel(np.asarray(theirs, np.float64))
        assert np.ravel(number) == pytest.approx(values, rel=1e-6, abs=1e-6 * abs(values).max())
    assert mine["develops"] == adjustments.develops
    assert_near_lift(mine["lift"], adjustments.lift)


def assert_near_lift(found, wanted):
    """Compare what is added before the tanh; what Python leaves out is zeros here."""
    if wanted is None:
        assert not np.any(found["table"])
        return
    table = np.reshape(found["table"], wanted.table.shape)
    assert [found["rows"], found["columns"], 12] == [*wanted.table.shape]
    assert found["cell"] == wanted.cell
    assert abs(table - wanted.table).max() <= 1 / 4096


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (50, 70)])
def test_developments_are_pythons(call, dark_photo, size):
    """Filter, black point, noise and all else, of both looks, all knobs' ends, all presets."""
    image = dark_photo(*size, seed=3)
    chosen = list(looks().values())

    developed = call("develop", sent(image), [[name, asdict(look)] for name, look in chosen])

    moments = {padding: pythons(image, padding) for padding in ("zero", "replicate")}
    assert len(chosen) > 50
    for found, (name, look) in zip(developed, chosen, strict=True):
        assert_near(found, develop(network.packaged(name), moments[look.padding], look))


def washed_out(dark):
    """White nearly everywhere, the rest bright."""
    bright = 170 + dark // 8
    bright[:22] = 255
    return bright


def with_lamps(dark):
    """A dark, warm scene with lamps some 4.7 times above its mean, between one light and many."""
    night = dark // 32 + np.array([14, 8, 3], np.uint8)
    night[:2] = np.rint(6.4 * night.mean())
    return night


@pytest.mark.parametrize("turned", [
    lambda dark: 255 - dark, lambda dark: 90 + dark // 4, washed_out, with_lamps,
    lambda _: backlit(), lambda _: backlit(400, 9),
])  # fmt: skip
def test_bright_pictures_are_developed_like_pythons(call, dark_photo, turned):
    """Calm brightness, restraint, over-exposure, tint and the noise of bright classes too."""
    image = turned(dark_photo(30, 30))

    (found,) = call("develop", sent(image), [["natural", asdict(NATURAL)]])

    moments = pythons(image, "replicate")
    light = Light.of(moments)
    assert turned is not washed_out or light.over_exposure > 0.5
    assert turned is not with_lamps or 0.05 < light.single_illuminant < 0.95
    assert_near(found, develop(network.packaged("natural"), moments, NATURAL))


def blurry(dark):
    """Noise of the size of two octaves, under texture that is larger the larger the scale."""
    wide = np.kron(np.random.default_rng(1).normal(0, 12, (34, 34)), np.ones((4, 4)))
    return np.clip(70 + wide[..., None] + dark / 8, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "octaves"),
    [
        (noisy(60, 50), 2),
        (noisy(101, 90), 3),
        (noisy(131, 140), 4),
        (np.random.default_rng(0).normal(60, 9, (140, 130, 3)).clip(0, 255).astype(np.uint8), 3),
        (blurry(truth.dark_photo(136, 136)), 4),
        (noisy(131, 140) // 10 * 2, 4),
        (np.full((131, 140, 3), 9, np.uint8), 4),
    ],
    ids=["two", "three", "four", "white", "blurry", "few tones", "flat"],
)
def test_noise_is_developed_by_octave_like_pythons(call, image, octaves):
    """As many as there are pixels for; white, correlated, textured, rounded, and none at all."""
    chosen = {"natural": NATURAL, "paper": replace(PAPER, denoise=0.7)}

    developed = call("develop", sent(image), [[n, asdict(look)] for n, look in chosen.items()])

    for found, (name, look) in zip(developed, chosen.items(), strict=True):
        wanted = develop(network.packaged(name), pythons(image, look.padding), look)
        assert name == "paper" or wanted.adjustments.octaves == octaves
        assert_near(found, wanted)


@pytest.mark.parametrize("tones", [(0, 255), (20, 60), (195, 255)])
def test_patterns_are_developed_like_pythons(call, tones):
    """A checkerboard of single pixels, dark and bright: no noise, and no over-exposed photo."""
    image = np.repeat(np.take(tones, np.indices((30, 30, 1)).sum(0) % 2), 3, 2).astype(np.uint8)

    (found,) = call("develop", sent(image), [["natural", asdict(NATURAL)]])

    moments = pythons(image, "replicate")
    assert_near(found, develop(network.packaged("natural"), moments, NATURAL))


def dead(net):
    """Let a hidden channel read nothing."""
    weight = net.first_weight.copy()
    weight[1] = 0.0
    return replace(net, first_weight=weight)


def turned_off(net):
    """Let no hidden channel reach the output."""
    return replace(net, second_weight=np.zeros_like(net.second_weight))


def turned_over(net):
    """Let more light make it darker."""
    return replace(net, second_weight=-net.second_weight)


@pytest.mark.parametrize("changed", [dead, turned_off, turned_over])
@pytest.mark.parametrize("color", [0.0, 1.0])
def test_networks_that_answer_oddly_are_developed_like_pythons(call, dark_photo, changed, color):
    """A dead channel, one without an answer, a wrong one: numbers, and the same ones."""
    net = changed(network.packaged("natural"))
    image, look = dark_photo(20, 30), replace(NATURAL, color=color)

    text = base64.b64encode(network.to_bytes(net)).decode()
    found = call("developWith", text, sent(image), asdict(look))

    assert_near(found, develop(net, pythons(image, look.padding), look))


def enhanced(image, name, look):
    """Enhance in Python by the reference."""
    enhancer = Enhancer(name, kernel="reference", threads=1)
    enhancer.look = look
    return enhancer.enhance(image)


def night(size):
    """Give the project's own photo as a thumbnail: uint8 [H,W,3]."""
    from PIL import Image

    photo = Image.open(Path(__file__).parents[3] / "assets" / "night.jpg").convert("RGB")
    return np.asarray(photo.resize(size))


@pytest.mark.parametrize(
    "image",
    [night((60, 40)), truth.dark_photo(13, 150), backlit(30, 290)],
    ids=["night", "wide", "backlit"],
)
def test_pictures_are_the_references(call, image):
    """Of each look no value is off by more than 1 of 255, and 99.9 % of all are equal."""
    image = truth.as_kind(image, "uint8", 4)
    chosen = [(name, look) for name, look in looks().values() if look.eps == NATURAL.eps]

    made = call("render", sent(image), [[name, asdict(look)] for name, look in chosen])

    differences = np.stack(
        [
            abs(received(text, *image.shape[:2]).astype(int) - enhanced(image, name, look))
            for text, (name, look) in zip(made, chosen, strict=True)
        ]
    )
    assert differences.max() <= 1
    assert (differences > 0).mean() < 0.001
    assert (differences[..., 3] == 0).all()


@pytest.mark.parametrize("size", [(60, 50), (101, 90), (131, 140), (7, 384), (3, 2), (1, 1)])
def test_noisy_pictures_are_the_references(call, size):
    """Coarse noise is taken away alike: of each look, for either padding, at sizes of any kind."""
    image = truth.as_kind(noisy(*size), "uint8", 4)
    padded = replace(PAPER, denoise=1.0)
    chosen = [("natural", NATURAL), ("natural", replace(NATURAL, denoise=0.4)), ("paper", padded)]

    made = call("render", sent(image), [[name, asdict(look)] for name, look in chosen])

    for text, (name, look) in zip(made, chosen, strict=True):
        difference = abs(received(text, *size).astype(int) - enhanced(image, name, look))
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.001


@pytest.mark.parametrize("image", [night((60, 40)), backlit()], ids=["night", "backlit"])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1e-3), (0.499, 0.5), (0.5, 0.501), (0.999, 1.0)])
def test_local_light_comes_and_goes_smoothly(call, image, low, high):
    """No step where it begins, nor where all of it was; by and by it changes much."""
    looks = [["natural", asdict(replace(NATURAL, local=local))] for local in (low, high, 1 - high)]

    made = [received(text, *image.shape[:2]) for text in call("render", sent(image), looks)]

    one, other, far = (picture.astype(int) for picture in made)
    assert abs(one - other).max() <= 1
    assert abs(one - far).max() > 5 or abs(0.5 - high) < 0.01


def test_real_photos_are_the_references(call, shared_data):
    """Thumbnails of dark photos by others: no value is off by more than 1 of 255."""
    from PIL import Image

    files = sorted((shared_data / "exdark8").glob("*.jpg"))[:3]
    assert len(files) == 3
    for file in files:
        image = np.asarray(Image.open(file).convert("RGB").resize((96, 64)))
        for name, look in LOOKS.items():
            (made,) = call("render", sent(image), [[name, asdict(look)]])
            found = received(made, 64, 96)[..., :3].astype(int)
            difference = abs(found - enhanced(image, name, look))
            assert difference.max() <= 1
            assert (difference > 0).mean() < 0.001


def test_strength_0_is_the_photo(call, dark_photo):
    """Nothing of the enhanced picture: the photo's own bytes, alpha among them."""
    image = truth.as_kind(dark_photo(9, 11), "uint8", 4)

    (made,) = call("render", sent(image), [["natural", asdict(replace(NATURAL, strength=0.0))]])

    assert (received(made, 9, 11) == image).all()


@pytest.mark.parametrize("look", ["paper", "document", "natural color 0", "paper denoise 1"])
def test_any_cut_into_regions_gives_the_same_bytes(call, look):
    """Where regions and the squares within them end cannot be seen, nor at any octave."""
    name, chosen = looks()[look]
    image = sent(noisy(250, 140)[-150:])
    octaves = 0 if look == "paper" else 4
    assert call("develop", image, [[name, asdict(chosen)]])[0]["adjustments"]["octaves"] == octaves
    look = [name, asdict(chosen)]
    regions = [
        {"x": x, "y": y, "width": width, "height": height}
        for y, height in ((0, 3), (3, 140), (143, 7))
        for x, width in ((0, 1), (1, 130), (131, 9))
    ]

    parts = call("renderRegions", image, look, regions)
    (whole,) = call("render", image, [look])

    wanted = received(whole, 150, 140)
    for region, part in zip(regions, parts, strict=True):
        rows = slice(region["y"], region["y"] + region["height"])
        columns = slice(region["x"], region["x"] + region["width"])
        found = received(part, region["height"], region["width"])
        assert (found == wanted[rows, columns]).all()


def test_several_workers_measure_and_render_as_one(call):
    """A picture of several bands: the same moments, the same bytes, and the photo is left."""
    image = sent(np.tile(noisy(150, 125), (2, 4, 1)))
    look = ["natural", asdict(replace(NATURAL, local=0.5))]
    region = {"x": 7, "y": 5, "width": 490, "height": 290}

    many = call("pooled", image, look, region, 3)
    (alone,) = call("renderRegions", image, look, [region])

    assert many["moments"] == call("measure", image)
    assert many["made"] == {"data": alone, "width": 490, "height": 290}
    assert many["kept"]


def test_a_worker_that_fails_says_so(call, dark_photo):
    """The promise is rejected with a sentence, and nothing hangs."""
    assert call("poolFails", sent(dark_photo(8, 8)))["error"].startswith(
        "the picture could not be worked on: "
    )


def test_a_pool_that_is_closed_takes_no_more(call, dark_photo):
    """It says so and does not hang."""
    found = call("poolAfterwards", sent(dark_photo(8, 8)))

    assert found == {"error": "the pictures are closed"}


def test_a_worker_that_does_not_start_says_so(page, call, dark_photo):
    """Where the worker's file is missing, all that waits and all that comes is rejected."""
    page.route("**/engine/worker.js", lambda route: route.fulfill(status=404))
    try:
        found = call("poolFailsTwice", sent(dark_photo(8, 8)))
    finally:
        page.unroute("**/engine/worker.js")

    assert found == ["a worker could not go on: no answer"] * 2


def frame(level, size=(8, 10)):
    """Make a frame of two grays around a level [8 bits]."""
    image = np.full((*size, 3), level, np.uint8)
    image[:, ::2] += 4
    return image


def smoothed_mean(found):
    """Give the middle of the mean of red: what the fold takes for the picture's."""
    return found["replicate"]["mean"][4]


@pytest.mark.parametrize(
    "image", [truth.dark_photo(20, 30), noisy(131, 140)], ids=["dark", "noisy"]
)
def test_a_still_film_has_the_moments_of_its_frame(call, image):
    """Smoothing what stays changes nothing: the adjustments is that of the photo."""
    frames = [[sent(image), time] for time in (0.0, 0.04, 0.5)]

    found = call("developSmoothed", frames, "natural", asdict(NATURAL))[-1]

    moments = pythons(image, "replicate")
    assert_near(found, develop(network.packaged("natural"), moments, NATURAL))


def test_a_change_of_light_is_followed_by_its_time(call):
    """After `seconds`, 1/e of the difference is left; however many frames there were."""
    first, last = (2 * level / 255 - 1 for level in (102, 110))

    for times in ([0, 0.5], [0, 0.1, 0.2, 0.3, 0.4, 0.5]):
        frames = [[sent(frame(100 if time == 0 else 108)), time] for time in times]
        found = smoothed_mean(call("smooth", 0.5, frames)["last"])
        assert found == pytest.approx(last + (first - last) / math.e, abs=1e-12)


def test_the_variance_of_a_film_is_that_within_its_frames(call):
    """Light that comes and goes does not count as contrast."""
    still = call("smooth", 1, [[sent(frame(100)), 0]])["last"]["zero"]
    moving = call("smooth", 1, [[sent(frame(100)), 0], [sent(frame(110)), 0.5]])["last"]["zero"]

    place = sum(27 - i for i in range(4))  # red in the middle, by itself
    assert moving["covariance"][place] == pytest.approx(still["covariance"][place], abs=1e-12)


def test_flicker_is_damped(call):
    """Lamps at a tenth more and less move the smoothed mean by less than a tenth of that."""
    frames = [[sent(frame(110 if i % 2 else 100)), i * 0.04] for i in range(30)]

    means = [smoothed_mean(found) for found in call("smooth", 0.7, frames)["found"][20:]]

    assert 0 < max(means) - min(means) < 0.1 * 2 * 10 / 255


def half_lit(level):
    """Make a frame of dark gray beside bright: uint8 [16,40,3]."""
    image = np.full((16, 40, 3), 200, np.uint8)
    image[:, :24] = level
    return image


def test_what_becomes_backlit_does_so_by_and_by(call):
    """Where all of a base passes what counts as dark in one frame, no frame shows a step."""
    dark, less_dark = (sent(half_lit(level)) for level in (48, 54))
    frames = [[less_dark if i else dark, 0.04 * i] for i in range(60)]

    made = call("renderSmoothed", frames, less_dark, ["natural", asdict(NATURAL)])

    film = np.array([received(text, 16, 40)[..., 0].astype(int) for text in made])
    assert abs(film[-1] - film[0]).max() > 20
    assert abs(np.diff(film, axis=0)).max() < 5


def test_the_grid_of_a_film_follows_its_frames(call):
    """After `seconds`, 1/e of where light was is left, and the rest is where it is."""
    frames = [[sent(half_lit(24)), 0], [sent(half_lit(24)[:, ::-1]), 0.5]]

    (before, after) = (each["zero"]["grid"] for each in call("smooth", 0.5, frames)["found"])

    for name, near in (("pixels", 1e-12), ("tones", 1e-9)):
        first = np.array(before[name])
        last = first.reshape(4, 10, 12)[:, ::-1].ravel()
        wanted = last + (first - last) / math.e
        assert after[name] == pytest.approx(wanted, abs=near)
        assert abs(first - last).max() > 100 * near


@pytest.mark.parametrize(("level", "holds"), [(180, True), (112, False)])
def test_a_cut_holds_at_once(call, level, holds):
    """Another scene does not fade in by the light of the one before; a passing cloud does."""
    found = call("smooth", 1, [[sent(frame(100)), 0], [sent(frame(level)), 0.04]])["last"]
    fresh = call("smooth", 1, [[sent(frame(level)), 0]])["last"]

    assert (found == fresh) is holds


def test_noise_in_the_dark_is_no_cut(call):
    """Black and nearly black are one scene."""
    frames = [[sent(frame(0)), 0], [sent(frame(1)), 0.04]]

    found = call("smooth", 1, frames)["last"]

    assert found != call("smooth", 1, [frames[1]])["last"]


def test_going_back_in_time_starts_anew(call):
    """A film that is wound back is judged by what it shows then."""
    found = call("smooth", 1, [[sent(frame(100)), 3], [sent(frame(108)), 1]])["last"]

    assert found == call("smooth", 1, [[sent(frame(108)), 1]])["last"]


def test_a_frame_shown_twice_changes_nothing(call):
    """No time has passed: a paused film stays as it is."""
    frames = [[sent(frame(100)), 0], [sent(frame(108)), 0]]

    found = call("smooth", 1, frames)["found"]

    assert smoothed_mean(found[1]) == smoothed_mean(found[0])


@pytest.mark.parametrize(("first", "then"), [
    ((8, 10), (40, 20)), ((8, 10), (8, 600)), ((8, 256), (16, 512)),
])  # fmt: skip
def test_frames_of_another_size_go_on(call, first, then):
    """Means weigh the same whatever the size; the grid is that of the last."""
    frames = [[sent(frame(100, first)), 0], [sent(frame(108, then)), 0.5]]

    found = call("smooth", 0.5, frames)

    old, new = (2 * level / 255 - 1 for level in (102, 110))
    assert smoothed_mean(found["last"]) == pytest.approx(new + (old - new) / math.e, abs=2e-3)
    grid = found["last"]["zero"]["grid"]
    own = call("measure", frames[1][0])["zero"]["grid"]
    assert grid["pixels"] == [pixels / (then[0] * then[1]) for pixels in own["pixels"]]
    assert (grid["rows"], grid["shift"]) == (own["rows"], own["shift"])
    assert found["before"]


def test_tones_that_have_faded_are_gone(call):
    """What was seen long ago does not stay as a tone of no weight."""
    frames = [[sent(frame(100)), 0], *([sent(frame(104)), time] for time in range(1, 24))]

    found = call("smooth", 1, frames)["last"]["zero"]["tones"]

    fresh = call("smooth", 1, [frames[1]])["last"]["zero"]["tones"]
    assert [t > 0 for t in found] == [t > 0 for t in fresh]


def test_numbers_are_pythons(call):
    """The error function, rounding half to even and rounding to 24 bits."""
    values = [
        0.0,
        0.5,
        1.5,
        2.5,
        -0.5,
        -1.5,
        1e-9,
        0.3,
        -0.7,
        1.0,
        3.3,
        -5.9,
        6.5,
        1 / 3,
        -1e5,
        2.0,
        1.1e-300,
        -3e-308,
        1.7e308,
    ]

    found = call("numbers", values)

    for value, (erf, rounded, short) in zip(values, found, strict=True):
        assert erf == pytest.approx(math.erf(value), rel=1e-14, abs=0)
        assert rounded == round(value)
        assert short == steady(value)


def test_the_smallest_numbers_stay_numbers(call):
    """Below 2^-1022, where a double has fewer bits, what is left of 24 of them."""
    found = [short for _, _, short in call("numbers", [1.7e-310, -1.7e-310, 5e-324])]

    assert found == pytest.approx([1.7e-310, -1.7e-310, 0.0], rel=0, abs=2.0**-1047)


def test_weights_are_pythons(call):
    """The arrays of a file, as they lie."""
    data = network.packaged_bytes("natural")

    found = call("networkOf", base64.b64encode(data).decode())

    wanted = network.from_bytes(data)
    assert found["hidden"] == wanted.hidden_channels
    for name in ("first_weight", "first_bias", "second_weight", "second_bias"):
        head, tail = name.split("_")
        assert found[head + tail.title()] == getattr(wanted, name).ravel().tolist()


def test_damaged_weights_are_refused(call):
    """An array of another size than the header says is named."""
    data = network.packaged_bytes("natural")
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["second_bias"]["data_offsets"][1] -= 4
    short = json.dumps(header).encode()
    broken = len(short).to_bytes(8, "little") + short + data[8 + size :]

    found = call("networkOf", base64.b64encode(broken).decode())

    assert found == {"error": "the weights are damaged: second_bias has 2 values"}


def test_nothing_was_thrown_besides(page):
    """No test before this one left an error that nobody caught."""
    assert page.complaints == []
