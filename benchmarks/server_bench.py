"""What the parts of the server's benchmark share: servers to start, pictures, rows of the table."""

import io
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))  # the attacks are the tests' own

import attacks  # noqa: E402, F401
import injections  # noqa: E402, F401
import loads  # noqa: E402, F401
import multiparts  # noqa: E402, F401
import processes  # noqa: E402, F401
import serving  # noqa: E402
from serving import NOISER, Service  # noqa: E402

T = TypeVar("T")

STOCK = (sys.executable, str(ROOT / "benchmarks" / "stock_fastapi.py"), "--port", "0")

HOSTILE = ROOT.parent / "shared" / "data" / "hostile"
"""Files made to break decoders; beside the project, never inside it."""


@dataclass
class Row:
    """One fact, and what it must be."""

    what: str
    found: float | str
    bar: str = ""
    is_met: bool | None = None
    """None where it is only told."""

    part: str = ""

    def shown(self) -> str:
        """Write the number as briefly as is honest."""
        return f"{self.found:.4g}" if isinstance(self.found, float) else str(self.found)

    def line(self) -> str:
        """Write the row for who waits."""
        verdict = {True: "yes", False: "NO", None: ""}[self.is_met]
        return f"{self.what}: {self.shown()}" + (f" ({self.bar}: {verdict})" if self.bar else "")


def at_most(what: str, found: float, bar: float, unit: str = "") -> Row:
    """Make a row of a number that must not be larger."""
    return Row(f"{what} [{unit}]" if unit else what, found, f"<= {bar:g}", found <= bar)


def exactly(what: str, found: float | str, bar: float | str) -> Row:
    """Make a row of what must be just so."""
    return Row(what, found, str(bar), found == bar)


@dataclass
class Bench:
    """What is measured, and how much of it."""

    folder: Path
    """For whatever has to lie somewhere."""

    is_stock: bool
    share: float
    """Of all numbers and times."""

    soak_seconds: float

    def count(self, whole: int) -> int:
        """Take the share of a number, but at least 1."""
        return max(1, round(whole * self.share))

    def some(self, whole: list[T]) -> list[T]:
        """Take the share of a list, evenly."""
        return whole[:: max(1, round(1 / self.share))]

    def serve(self, *words: str, wrap: tuple[str, ...] = ()) -> Service:
        """Start the server; its words are noiser's, and the stock endpoint has none."""
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        command = (*wrap, *(STOCK if self.is_stock else NOISER))
        return Service(*(() if self.is_stock else words), command=command, temporary=temporary)

    @cached_property
    def night(self) -> bytes:
        """Give the project's photograph, 600 x 400, JPEG."""
        return (ROOT / "assets" / "night.jpg").read_bytes()

    @cached_property
    def tiny(self) -> bytes:
        """Give a picture that costs nothing."""
        return picture(16, 12, "PNG")

    @cached_property
    def large(self) -> bytes:
        """Give a picture of 24 megapixels that takes a second or more."""
        return picture(6000, 4000, "JPEG")

    def request(self, service: Service, image: bytes, query: str = "") -> bytes:
        """Write a request as a browser sends it."""
        kind, body = serving.multipart([("image", "photo", image)])
        path = f"/v1/enhance{query}"
        head = service.head("POST", path, len(body), Content_Type=kind, Connection="close")
        return head + body


def picture(width: int, height: int, format_: str, seed: int = 0) -> bytes:
    """Make a dark picture with grain, and save it."""
    rng = np.random.default_rng(seed)
    small = (rng.random((max(1, height // 8), max(1, width // 8), 3)) ** 3 * 90).astype(np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, format_)
    return buffer.getvalue()


def noise(width: int, height: int) -> bytes:
    """Make a PNG that no encoder can make smaller: its answer is large."""
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    pixels = rng.integers(0, 90, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
