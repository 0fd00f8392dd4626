"""Downstream: does enhancement help what comes after it? Reading signs in the dark.

    noiser experiment downstream

Claim tested: an enhanced picture serves a recognizer better than the dark one. 600 drawn
signs with known text are darkened as a camera would see them at 1/30, 1/60 and 1/120 of the
light, and read as they are and after five enhancements by an OCR engine that others trained
for other pictures (RapidOCR 3.10 with PP-OCRv6, Apache-2.0, weights in its wheel, one thread).
The amounts of light were chosen by how well the engine reads the *dark* signs, on others.

Text is one line. What the engine finds is joined from left to right, spaces are removed, and
case counts. Letters and digits that people confuse (0 and O, 1 and I, c and C) are not used.

The answer depends on the reader. By hand, an older engine (PP-OCRv4 in rapidocr-onnxruntime
1.4.4 with its own settings; 100 signs each at 1/20, 1/40 and 1/80) read 32 % of the dark signs,
46 % after the paper's look, 58 % after CLAHE, 89 % after the natural look.

Detection is not measured. The wheels of OpenCV 5 have neither HOG nor cascades; tried by hand,
OpenCV 4's HOG found at most one of the five people of `exdark8`, enhanced or not, so it cannot
tell enhancements apart.

Cost: 5 minutes on one core. Expect the engine to read every clean sign; of those at 1/120 of
the light 19 % as they are, 78 % after the natural look, 51 % after the paper's, 44 % after CLAHE.
"""

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments import classical, downstream_report
from experiments.lab import Cell, Claim, Json, Results, Scale
from noiser.core.color import to_bytes
from noiser.core.types import ByteImage, Plane, UnitImage

NEEDS: tuple[str, ...] = ()

FIGURES = ("downstream.png", "downstream_signs.png")

DARKNESS = (30, 60, 120)
"""The light is divided by these: the engine reads nearly all dark signs, most, hardly any."""

COUNT = 200
"""Signs at each darkness."""

SEED = 883
"""Of the signs and their noise."""

FULL_WELL = 1000.0
"""Electrons that white would free in a pixel at high ISO, were all the light there."""

READ_NOISE = 2.0
"""Standard deviation of reading a pixel [electrons]."""

DETECTOR_SIDE = 160
"""Shorter side to which the engine enlarges pictures before it looks for text [pixels].

Its default of 736 is for pages: ten times slower, and it reads fewer even of the clean signs.
"""

WORDS = (
    "Airport", "Arrivals", "Bakery", "Bridge", "Danger", "Dentist", "Departures", "Elevator",
    "Emergency", "Entrance", "Exit", "Ferry", "Forest", "Gallery", "Garden", "Ground", "Harbour",
    "Hotel", "Hostel", "Laundry", "Library", "Lobby", "Luggage", "Market", "Museum", "Nature",
    "Night", "North", "Reception", "Restaurant", "River", "Theatre", "Ticket", "Toilets", "Tunnel",
)  # fmt: skip
"""Half of the signs show one of these, the others two letters and three digits."""

LETTERS, DIGITS = "ABDEFGHJLMNRTY", "2346789"
"""Of codes."""

FONTS = ("Sans", "Sans-Bold", "Serif", "Serif-Bold", "SansMono", "SansMono-Bold")
"""Faces of the DejaVu family, as matplotlib brings them."""

CONDITIONS = (
    "dark input", "natural look", "clean", "gamma 2.2", "auto-gamma", "CLAHE", "paper look"
)  # fmt: skip
"""What the engine reads; the first two are enough to see that everything runs."""


def plan(scale: Scale) -> list[Cell]:
    """Read the signs of each darkness under each condition."""
    return [
        Cell(read_signs, {"condition": condition, "darkness": darkness, "count": count})
        for count in (2 if scale.quick else COUNT,)
        for condition in scale.some(CONDITIONS)
        for darkness in DARKNESS
    ]


def report(results: Results) -> str:
    """Tell how well the engine read: accuracy, its change by each enhancement, wrong letters."""
    return downstream_report.told(outcomes(results))


def figures(results: Results, folder: Path) -> None:
    """Draw accuracy under each condition, and the first sign of each darkness."""
    found = outcomes(results)
    downstream_report.chart(found, folder / FIGURES[0])
    downstream_report.sheet(found, seen, folder / FIGURES[1])


def claims(results: Results) -> list[Claim]:
    """Judge both looks by the change they make, and leave detection open."""
    return downstream_report.judged(outcomes(results))


def outcomes(results: Results) -> downstream_report.Outcomes:
    """Sort the results by condition and darkness."""
    found: downstream_report.Outcomes = {}
    for given, values in results.pairs(read_signs):
        found.setdefault(given["condition"], {})[given["darkness"]] = values
    return {condition: dict(sorted(each.items())) for condition, each in found.items()}


def read_signs(condition: str, darkness: int, count: int) -> Json:
    """Read signs under a condition.

    Returns:
        For each sign the text `read`, its `edits` from the truth and the truth's `lengths`
        [characters]; `mean` of the pictures [share of the full range].
    """
    texts, edits, lengths, means = [], [], [], []
    for index in range(count):
        truth, image = seen(condition, darkness, index)
        text = read(image)
        texts.append(text)
        edits.append(distance(text, truth.replace(" ", "")))
        lengths.append(len(truth.replace(" ", "")))
        means.append(float(image.mean()) / 255)
    return {"read": texts, "edits": edits, "lengths": lengths, "mean": math.fsum(means) / count}


def seen(condition: str, darkness: int, index: int) -> tuple[str, ByteImage]:
    """Give a sign's text and its picture under a condition: the same sign for each."""
    rng = np.random.default_rng([SEED, darkness, index])
    truth, reference = sign(rng)
    if condition == "clean":
        return truth, reference
    return truth, enhancements()[condition](darkened(rng, reference, darkness))


@cache
def enhancements() -> dict[str, Callable[[ByteImage], ByteImage]]:
    """Map the conditions but `clean` to functions from uint8 [H,W,3] to the same."""
    from noiser import Enhancer

    return {
        "dark input": lambda low: low,
        "gamma 2.2": classical.gamma,
        "auto-gamma": classical.auto_gamma,
        "CLAHE": classical.clahe,
        "paper look": Enhancer("paper", threads=1).enhance,
        "natural look": Enhancer("natural", threads=1).enhance,
    }


def sign(rng: np.random.Generator) -> tuple[str, ByteImage]:
    """Draw a well-lit sign: its text and uint8 [H,W,3] in [0, 255], sRGB."""
    height, width = int(rng.integers(96, 161)), int(rng.integers(320, 481))
    letters, digits = rng.choice(list(LETTERS), 2), rng.choice(list(DIGITS), 3)
    words = [str(rng.choice(WORDS)), f"{''.join(letters)} {''.join(digits)}"]
    text = words[int(rng.integers(2))]
    contrast = rng.uniform(0.3, 0.6) * rng.choice([-1, 1])
    ground = rng.uniform(max(0.1, 0.1 - contrast), min(0.9, 0.9 - contrast))
    tints = rng.uniform(-0.08, 0.08, (2, 3))
    ink = lettering(rng, text, height, width)[..., None]
    rough = rng.uniform(0.01, 0.05) * texture(rng, height, width)[..., None]
    painted = (ground + tints[0] + rough) * (1 - ink) + (ground + contrast + tints[1]) * ink
    slopes = rng.uniform(-0.15, 0.15, 2)
    lamp = slopes[0] * np.linspace(-1, 1, height)[:, None] + slopes[1] * np.linspace(-1, 1, width)
    return text, to_bytes(painted * (1 + lamp[..., None]))


def lettering(rng: np.random.Generator, text: str, height: int, width: int) -> Plane:
    """Letter a text somewhere, slightly turned and blurred: ink in [0, 1]."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    face = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"DejaVu{rng.choice(FONTS)}.ttf"
    size = int(rng.integers(22, 45))
    font = ImageFont.truetype(str(face), size)
    while font.getlength(text) > width - 30:
        size -= 1
        font = font.font_variant(size=size)
    left, top, right, bottom = map(int, font.getbbox(text))
    x = int(rng.integers(12, width - (right - left) - 12)) - left
    y = int(rng.integers(12, height - (bottom - top) - 12)) - top
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).text((x, y), text, fill=255, font=font)
    center = (x + (left + right) / 2, y + (top + bottom) / 2)
    turned = mask.rotate(rng.uniform(-3, 3), Image.Resampling.BICUBIC, center=center)
    return np.asarray(turned.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))) / 255


def texture(rng: np.random.Generator, height: int, width: int) -> Plane:
    """Draw clouds, stripes or bricks of mean 0 and deviation 1."""
    y, x = np.mgrid[:height, :width].astype(float)
    kind = rng.integers(3)
    if kind == 0:
        spectrum = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
        grain = np.fft.rfft2(rng.standard_normal((height, width)))
        plane = np.fft.irfft2(grain / np.maximum(spectrum, 0.01), (height, width))
    elif kind == 1:
        angle, period = rng.uniform(0, math.pi), rng.uniform(8, 30)
        plane = np.sin((x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / period)
    else:
        course = rng.integers(14, 30)
        shifted = x + (y // course % 2) * course
        plane = 1.0 - ((y % course < 2) | (shifted % (2 * course) < 2))
    plane = plane + 0.3 * rng.standard_normal((height, width))
    normal: Plane = (plane - plane.mean()) / plane.std()
    return normal


def darkened(rng: np.random.Generator, reference: ByteImage, darkness: int) -> ByteImage:
    """Photograph a picture with too little light: shot noise, read noise, 12 bits, sRGB, 8 bits.

    Args:
        rng: Source of the noise.
        reference: uint8 [H,W,3] in [0, 255], sRGB.
        darkness: What the light is divided by.

    Returns:
        uint8 [H,W,3] in [0, 255], sRGB.
    """
    unit = reference / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    electrons = rng.poisson(linear / darkness * FULL_WELL)
    counted = electrons + rng.normal(0.0, READ_NOISE, electrons.shape)
    digital: UnitImage = np.rint(np.clip(counted / FULL_WELL, 0, 1) * 4095) / 4095
    curve = 1.055 * np.maximum(digital, 0.0031308) ** (1 / 2.4) - 0.055
    return to_bytes(np.where(digital <= 0.0031308, digital * 12.92, curve))


@cache
def engine() -> Any:
    """Load the OCR engine, on one thread; the signs are upright, so it need not turn them."""
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    threads = ("intra_op_num_threads", "inter_op_num_threads")
    return RapidOCR(
        params={
            **{f"EngineConfig.onnxruntime.{name}": 1 for name in threads},
            "Det.limit_side_len": DETECTOR_SIDE,
            "Global.use_cls": False,
            "Global.log_level": "error",
        }
    )


def read(image: ByteImage) -> str:
    """Read a picture's text, from left to right, without spaces; none is the empty text."""
    found = engine()(np.ascontiguousarray(image[..., ::-1]))
    if found.txts is None:
        return ""
    lefts = [float(box[:, 0].min()) for box in found.boxes]
    pieces = sorted(zip(lefts, found.txts, strict=True))
    return "".join(text for _, text in pieces).replace(" ", "")


def distance(text: str, truth: str) -> int:
    """Count the insertions, deletions and substitutions between texts (Levenshtein, 1966)."""
    row = list(range(len(truth) + 1))
    for i, char in enumerate(text, 1):
        diagonal, row[0] = row[0], i
        for j, wanted in enumerate(truth, 1):
            changed = diagonal + (char != wanted)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, changed)
    return row[-1]
